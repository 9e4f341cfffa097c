//! What was said is found again: the present words of what may be seen, the newest first.

use proptest::prelude::*;
use std::collections::BTreeMap;
use tertulia_proto::Window;
use tertulia_proto::group::{Letter, Search};
use tertulia_proto::identity::{Identity, Name};
use tertulia_proto::io::{Found, MessageText, MessageView, Recalled};
use tertulia_proto::rng::Rng;
use tertulia_proto::{Command, Config, ConversationId, ConversationKind, Instant, Node, OpId, Output, Reply};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

const NOW: Instant = Instant::from_millis(1_800_000_000_000);

type Records = BTreeMap<Vec<u8>, Vec<u8>>;

fn find(
    (node, records): (&Node, &Records),
    query: &str,
    limit: usize,
    only: Option<ConversationId>,
) -> Vec<Found> {
    let mut search = Search::new(query, limit, only, Letter::of);
    Recalled::answer(|recalled| node.find(&mut search, recalled), |key| records.get(key).cloned())
}

fn found(world: &World, seat: Seat, query: &str) -> Vec<Found> {
    find((world.node(seat).unwrap(), &Records::new()), query, 100, None)
}

fn texts(world: &World, seat: Seat, query: &str) -> Vec<String> {
    found(world, seat, query).into_iter().map(|found| found.message.text).collect()
}

#[test]
fn the_newest_words_of_all_conversations_are_found() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talks = [(); 2].map(|()| world.befriend(ana, eva, ConversationKind::Public));
    let mut said: Vec<OpId> = Vec::new();
    for (at, text) in ["bread and butter", "Butter only", "no bread", "a butterfly"].into_iter().enumerate() {
        said.push(world.say([ana, eva][at % 2], talks[at / 2], text));
        world.settle_agreement(talks[at / 2], &[ana, eva], SOON);
    }
    assert_eq!(texts(&world, eva, "BUTTER"), ["a butterfly", "Butter only", "bread and butter"]);
    assert_eq!(texts(&world, eva, "butter bread"), ["bread and butter"]);
    assert_eq!(texts(&world, eva, "\"butter\""), ["Butter only", "bread and butter"]);
    let evas = (world.node(eva).unwrap(), &Records::new());
    assert_eq!(find(evas, "butter", 100, Some(talks[0])).len(), 2);
    assert_eq!(find(evas, "butter", 1, None)[0].message.id, said[3]);
    assert_eq!(found(&world, eva, "fly but"), []);
    assert_eq!(found(&world, eva, "bread butter")[0].places, [0..5, 10..16]);

    let text = MessageText::cut("margarine");
    world.command(ana, Command::Edit { conversation: talks[0], message: said[0], text }).unwrap();
    world.command(eva, Command::Delete { conversation: talks[1], message: said[3] }).unwrap();
    world.run_for(SOON);
    assert_eq!(texts(&world, eva, "butter"), ["Butter only"]);
    assert_eq!(texts(&world, eva, "marg"), ["margarine"]);
    let user = world.node(ana).unwrap().me().user;
    world.command(eva, Command::Block { user, on: true }).unwrap();
    assert!(texts(&world, eva, "marg").is_empty(), "blocked people's words are not found");
}

/// One thing that Ana does with her only conversation.
#[derive(Clone, Debug)]
enum Step {
    Say(String),
    Edit(usize, String),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let words = || "[aAbé ]{1,8}";
    prop_oneof![
        4 => words().prop_map(Step::Say),
        2 => (0usize..8, words()).prop_map(|(at, text)| Step::Edit(at, text)),
        1 => (0usize..8).prop_map(Step::Delete),
    ]
}

/// What comes of these steps, where next to nothing stays in memory.
fn talk(steps: &[Step]) -> (Node, Records, ConversationId) {
    let identity = Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1);
    let mut node = Node::new(identity, Config { resident_max: 300, ..Config::NATIVE }, [2; 32], NOW);
    let (kind, name) = (ConversationKind::Public, Name::default());
    let history = tertulia_proto::group::History::All;
    let created = node.command(Command::Create { kind, name, history }, NOW);
    let Ok(Reply::Conversation(conversation)) = created else { panic!("{created:?}") };
    let mut said: Vec<OpId> = Vec::new();
    for step in steps {
        // What is refused, such as blank words, changes nothing for either search.
        let reply = match step {
            Step::Say(text) => {
                let (text, reply_to) = (MessageText::cut(text), None);
                node.command(Command::Send { conversation, text, reply_to }, NOW)
            }
            Step::Edit(at, text) => said.get(*at).map_or(Ok(Reply::Done), |message| {
                let (message, text) = (*message, MessageText::cut(text));
                node.command(Command::Edit { conversation, message, text }, NOW)
            }),
            Step::Delete(at) => said.get(*at).map_or(Ok(Reply::Done), |message| {
                node.command(Command::Delete { conversation, message: *message }, NOW)
            }),
        };
        if let Ok(Reply::Message(id)) = reply {
            said.push(id);
        }
    }
    let mut records = Records::new();
    while let Some(output) = node.poll_output() {
        if let Output::Store { key, value: Some(value) } = output {
            records.insert(key, value);
        }
    }
    (node, records, conversation)
}

fn is_found(query: &str, message: &MessageView) -> bool {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    let (asked, there) = (words(query), words(&message.text));
    !asked.is_empty() && asked.iter().all(|word| there.iter().any(|there| there.starts_with(word)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_looking_through_everything_does(
        steps in proptest::collection::vec(step(), 0..24), query in "[abÉ ]{0,4}", limit in 0usize..6,
    ) {
        let (node, records, conversation) = talk(&steps);
        let read = |key: &[u8]| records.get(key).cloned();
        let all = |recalled: &mut Recalled| node.messages(conversation, Window::default(), recalled);
        let all = Recalled::answer(all, read);
        let expected: Vec<_> =
            all.iter().rev().filter(|message| is_found(&query, message)).take(limit).map(|message| message.id).collect();
        let found: Vec<_> =
            find((&node, &records), &query, limit, None).iter().map(|found| found.message.id).collect();
        prop_assert_eq!(found, expected);
    }
}
