//! What is forgotten is gone here, for good, and others are told no more than that somebody left.

use std::collections::BTreeMap;
use tertulia_proto::group::History;
use tertulia_proto::identity::Name;
use tertulia_proto::io::MessageText;
use tertulia_proto::{
    Command, Config, ConversationKind, Duration, Event, Identity, Instant, Node, Output, Refusal, Reply,
};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn it_is_left_dropped_and_not_taken_in_again() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.say(ana, talk, "a secret");
    world.settle_agreement(talk, &seats, SOON);
    world.command(eva, Command::Forget { conversation: talk }).unwrap();
    assert!(world.node(eva).unwrap().conversation(talk).is_none());
    assert!(world.shown(eva, talk).is_empty());
    let told = |event: &Event| world.events(eva).iter().any(|(_, one)| one == event);
    assert!(told(&Event::ConversationEnded { conversation: talk }));
    assert!(told(&Event::ConversationForgotten { conversation: talk }));
    world.settle("the others see it", SOON, |world| world.participants(ana, talk).len() == 2);
    world.say(zoe, talk, "who was that?");
    world.run_for(Duration::from_secs(30));
    assert!(world.node(eva).unwrap().conversations().is_empty());
    let again = world.command(eva, Command::Forget { conversation: talk });
    assert_eq!(again.unwrap_err(), Refusal::UnknownConversation);
}

#[test]
fn whoever_comes_back_is_given_it_all_again() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, _] = seats;
    let talk = world.gather(&seats);
    world.say(ana, talk, "one");
    world.say(eva, talk, "two");
    world.settle_agreement(talk, &seats, SOON);
    world.command(eva, Command::Forget { conversation: talk }).unwrap();
    world.run_for(SOON);
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &seats, SOON);
    assert_eq!(world.shown(eva, talk).len(), 2);
    world.say(eva, talk, "three");
    world.settle_agreement(talk, &seats, SOON);
}

#[test]
fn what_is_over_can_be_forgotten() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.say(ana, talk, "goodbye");
    world.leave(eva, talk).unwrap();
    world.settle("over for Ana", SOON, |world| !world.is_in(ana, talk));
    world.command(ana, Command::Forget { conversation: talk }).unwrap();
    assert!(world.node(ana).unwrap().conversations().is_empty());
}

const NOW: Instant = Instant::from_millis(1_800_000_000_000);

fn identity() -> Identity {
    Identity::generate(&mut tertulia_proto::rng::Rng::new([1; 32]), &Name::cut("Ana"), 1)
}

fn keep(kept: &mut BTreeMap<Vec<u8>, Vec<u8>>, output: Output) {
    match output {
        Output::Store { key, value: Some(value) } => drop(kept.insert(key, value)),
        Output::Store { key, value: None } => drop(kept.remove(&key)),
        _ => {}
    }
}

/// Everything that a node has its driver do.
fn outputs(node: &mut Node) -> Vec<Output> {
    std::iter::from_fn(|| node.poll_output()).collect()
}

#[test]
fn no_record_stays_and_no_crash_brings_half_of_it_back() {
    let mut node = Node::new(identity(), Config::NATIVE, [2; 32], NOW);
    let create =
        Command::Create { kind: ConversationKind::Public, name: Name::cut("Plans"), history: History::All };
    let Ok(Reply::Conversation(talk)) = node.command(create, NOW) else { panic!("not created") };
    for number in 0..5 {
        let text = MessageText::cut(&number.to_string());
        node.command(Command::Send { conversation: talk, text, reply_to: None }, NOW).unwrap();
    }
    let mut before = BTreeMap::new();
    outputs(&mut node).into_iter().for_each(|output| keep(&mut before, output));
    node.command(Command::Forget { conversation: talk }, NOW).unwrap();
    let steps = outputs(&mut node);
    for crash in 0..=steps.len() {
        let mut kept = before.clone();
        steps[..crash].iter().cloned().for_each(|output| keep(&mut kept, output));
        let mut again = Node::restore(identity(), Config::NATIVE, [3; 32], NOW, kept.clone());
        let shown = again
            .messages(talk, tertulia_proto::Window::default(), &tertulia_proto::io::Recalled::default())
            .unwrap()
            .len();
        assert!([0, 5].contains(&shown), "{shown} messages after a crash at step {crash}");
        outputs(&mut again).into_iter().for_each(|output| keep(&mut kept, output));
        assert!(shown > 0 || kept.is_empty(), "records stay after a crash at step {crash}");
    }
}
