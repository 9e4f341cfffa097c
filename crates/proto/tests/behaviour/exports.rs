//! An export says all that a conversation is, and an import makes the same of it elsewhere.

use proptest::prelude::*;
use std::collections::BTreeMap;
use tertulia_proto::group::archive::{Export, Imported, LINE_MAX};
use tertulia_proto::identity::{Identity, Name};
use tertulia_proto::io::{Emoji, MessageText, Recalled};
use tertulia_proto::rng::Rng;
use tertulia_proto::{
    Command, Config, ConversationId, ConversationKind, Instant, Node, OpId, Output, Refusal, Reply, Window,
};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

const NOW: Instant = Instant::from_millis(1_800_000_000_000);

/// Everything that a node exports.
pub(crate) fn exported(node: &Node) -> String {
    let mut export = Export::of(node.exportable());
    std::iter::from_fn(|| node.export(&mut export, &Recalled::default()).unwrap()).collect()
}

/// What one line says, without the first, which says when and by whom.
fn body(text: &str) -> &str {
    text.split_once('\n').unwrap().1
}

fn stranger() -> Node {
    let identity = Identity::generate(&mut Rng::new([77; 32]), &Name::cut("Iris"), 1);
    Node::new(identity, Config::NATIVE, [2; 32], NOW)
}

/// Imports a text as drivers do, a few lines at a time.
pub(crate) fn import(node: &mut Node, text: &str) -> Imported {
    let mut imported = Imported::default();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let mut pieces: Vec<String> = lines.chunks(7).map(<[&str]>::concat).collect();
    pieces.push(String::new());
    let last = pieces.len() - 1;
    for (at, text) in pieces.into_iter().enumerate() {
        let reply = node.command(Command::Import { text, last: at == last }, NOW);
        let Ok(Reply::Imported(piece)) = reply else { panic!("{reply:?}") };
        imported.add(&piece);
    }
    imported
}

/// Three people who say, change, come and go.
fn talk(world: &mut World) -> ([Seat; 3], ConversationId) {
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    let mut said: Vec<OpId> = Vec::new();
    for turn in 0..70 {
        said.push(world.say(seats[turn % 3], talk, &format!("said {turn}")));
        if turn % 10 == 0 {
            world.settle_agreement(talk, &seats, SOON);
        }
    }
    world.settle_agreement(talk, &seats, SOON);
    let text = MessageText::cut("said better");
    world.command(ana, Command::Edit { conversation: talk, message: said[0], text }).unwrap();
    world.command(eva, Command::Delete { conversation: talk, message: said[1] }).unwrap();
    let emoji = Emoji::cut("👍");
    world.command(zoe, Command::React { conversation: talk, message: said[0], emoji, on: true }).unwrap();
    world.settle_agreement(talk, &seats, SOON);
    world.leave(zoe, talk).unwrap();
    world.run_for(SOON);
    (seats, talk)
}

#[test]
fn what_was_exported_and_imported_is_exported_the_same() {
    let mut world = World::new(1);
    let ([ana, ..], talk) = talk(&mut world);
    let name = Name::cut("Plans \"A\"");
    world.command(ana, Command::Rename { conversation: talk, name }).unwrap();
    world.command(ana, Command::Read { conversation: talk }).unwrap();
    let text = exported(world.node(ana).unwrap());
    let mut iris = stranger();
    let imported = import(&mut iris, &text);
    let operations = text.lines().count() as u64 - 3;
    let all = Imported { conversations: 1, taken: operations, ..Imported::default() };
    assert_eq!(imported, all);
    assert_eq!(body(&exported(&iris)), body(&text));
    let view = iris.conversation(talk).unwrap();
    assert_eq!((view.name.as_str(), view.open, view.unread), ("Plans \"A\"", false, 0));
    let shown = |node: &Node| -> Vec<_> {
        let messages = node.messages(talk, Window::default(), &Recalled::default()).unwrap().into_iter();
        messages.map(|one| (one.id, one.text, one.edited, one.deleted, one.reactions.len())).collect()
    };
    assert_eq!(shown(&iris), shown(world.node(ana).unwrap()));
    let mut search =
        tertulia_proto::group::Search::new("better", 10, None, tertulia_proto::group::Letter::of);
    assert_eq!(iris.find(&mut search, &mut Recalled::default()).unwrap().len(), 1);
}

#[test]
fn who_imports_is_no_participant_and_sends_nothing() {
    let mut world = World::new(2);
    let ([ana, ..], talk) = talk(&mut world);
    let mut iris = stranger();
    import(&mut iris, &exported(world.node(ana).unwrap()));
    while let Some(output) = iris.poll_output() {
        assert!(matches!(output, Output::Store { .. } | Output::Event(_)), "{output:?}");
    }
    let send = Command::Send { conversation: talk, text: MessageText::cut("hello"), reply_to: None };
    assert_eq!(iris.command(send, NOW).unwrap_err(), Refusal::ConversationOver);
    assert!(iris.conversation(talk).unwrap().participants.iter().all(|one| !one.me));
}

#[test]
fn what_was_imported_lasts() {
    let mut world = World::new(3);
    let ([ana, ..], _) = talk(&mut world);
    let text = exported(world.node(ana).unwrap());
    let mut iris = stranger();
    import(&mut iris, &text);
    let mut kept = std::collections::BTreeMap::new();
    while let Some(output) = iris.poll_output() {
        match output {
            Output::Store { key, value: Some(value) } => drop(kept.insert(key, value)),
            Output::Store { key, value: None } => drop(kept.remove(&key)),
            _ => {}
        }
    }
    let identity = Identity::from_bytes(&iris.identity().to_bytes()).unwrap();
    let again = Node::restore(identity, Config::NATIVE, [3; 32], NOW, kept);
    assert!(again.stats().is_empty(), "{:?}", again.stats());
    assert_eq!(body(&exported(&again)), body(&text));
}

#[test]
fn one_conversation_of_several_is_exported_by_itself() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talks = [(); 3].map(|()| world.befriend(ana, eva, ConversationKind::Public));
    for talk in talks {
        world.say(ana, talk, "hello");
    }
    let node = world.node(ana).unwrap();
    let mut export = Export::of([talks[1]]);
    let text: String =
        std::iter::from_fn(|| node.export(&mut export, &Recalled::default()).unwrap()).collect();
    assert_eq!((export.conversations, export.operations), (1, 3));
    let mut iris = stranger();
    let imported = import(&mut iris, &text);
    assert_eq!((imported.conversations, imported.taken), (1, 3));
    let all = exported(node);
    let imported = import(&mut iris, &all);
    assert_eq!((imported.conversations, imported.taken, imported.known), (2, 6, 3));
    assert_eq!(body(&exported(&iris)), body(&all));
}

#[test]
fn the_horizon_of_who_came_later_goes_along() {
    let mut world = World::new(5);
    let [ana, eva, zoe] = ["Ana", "Eva", "Zoe"].map(|name| world.native(name));
    let talk = world.create_from_admission(ana);
    world.let_in(ana, eva, talk);
    world.say(eva, talk, "between us");
    world.run_for(SOON);
    world.let_in(eva, zoe, talk);
    world.say(zoe, talk, "hello");
    world.say(ana, talk, "welcome");
    world.run_for(SOON);
    let text = exported(world.node(zoe).unwrap());
    assert!(!text.contains("between us"));
    let mut iris = stranger();
    let imported = import(&mut iris, &text);
    assert!(imported.refused.is_empty(), "{imported:?}");
    assert_eq!(body(&exported(&iris)), body(&text));
    // What Zoe was not given she does not take from Ana's file either: her list of heads is that of all the others.
    let more = exported(world.node(ana).unwrap());
    let Ok(Reply::Imported(imported)) = world.command(zoe, Command::Import { text: more, last: true }) else {
        panic!("not taken");
    };
    assert_eq!((imported.taken, imported.refused.get(&"import_before_our_time")), (0, Some(&1)));
    let begun = world.stat(zoe, "comparison_begun");
    world.run_for(SOON);
    assert_eq!(world.stat(zoe, "comparison_begun"), begun);
}

#[test]
fn a_piece_is_bounded_whatever_the_length_of_the_history() {
    let mut node = stranger();
    let (kind, name) = (ConversationKind::Public, Name::default());
    let history = tertulia_proto::group::History::All;
    let created = node.command(Command::Create { kind, name, history }, NOW);
    let Ok(Reply::Conversation(conversation)) = created else { panic!("{created:?}") };
    for turn in 0..300 {
        let text = MessageText::cut(&"long ".repeat(turn));
        let _ = node.command(Command::Send { conversation, text, reply_to: None }, NOW);
    }
    let mut export = Export::of(node.exportable());
    let mut records = BTreeMap::new();
    while let Some(output) = node.poll_output() {
        if let Output::Store { key, value: Some(value) } = output {
            records.insert(key, value);
        }
    }
    let next = || {
        Recalled::answer(
            |recalled| node.export(&mut export, recalled),
            |key: &[u8]| records.get(key).cloned(),
        )
    };
    let pieces: Vec<_> = std::iter::from_fn(next).collect();
    assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() < 4 * LINE_MAX));
    assert_eq!(export.operations, 300);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_harms_nothing_and_the_whole_one_mends_it(
        damage in proptest::collection::vec((any::<u16>(), 0u8..5, any::<u8>()), 1..12),
    ) {
        let mut world = World::new(6);
        let ([ana, ..], _) = talk(&mut world);
        let text = exported(world.node(ana).unwrap());
        let mut lines: Vec<Vec<u8>> = text.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
        for (which, how, byte) in damage {
            let at = usize::from(which) % lines.len();
            let place = usize::from(byte) * lines[at].len() / 256;
            match how {
                0 => lines[at].truncate(place),
                1 => lines[at][place] = byte,
                2 => { lines.remove(at); }
                3 => { let twice = lines[at].clone(); lines.insert(at, twice); }
                _ => { let line = lines.remove(at); lines.insert(place % lines.len(), line); }
            }
        }
        let damaged = String::from_utf8_lossy(&lines.concat()).into_owned();
        let mut iris = stranger();
        import(&mut iris, &damaged);
        import(&mut iris, &text);
        // The line of the conversation may have been lost with the name that it had there.
        let again = exported(&iris);
        prop_assert_eq!(body(body(&again)), body(body(&text)));
    }

    #[test]
    fn anything_is_taken_for_a_file_without_harm(text in "[\\PC\n]{0,400}", bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut iris = stranger();
        import(&mut iris, &text);
        import(&mut iris, &String::from_utf8_lossy(&bytes));
        prop_assert!(iris.conversations().is_empty());
    }
}
