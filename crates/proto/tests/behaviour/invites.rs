//! An invite alone is enough to meet: nothing else passes between the two sides beforehand.

use tertulia_proto::io::Path;
use tertulia_proto::{ConversationKind, Event};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn two_natives_meet_and_talk() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    assert_eq!(world.path(eva, ana), Some(Path::Dial));
    let first = world.say(ana, talk, "¿qué tal?");
    world.settle_agreement(talk, &[ana, eva], SOON);
    let second = world.say(eva, talk, "muy bien");
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.shown(eva, talk), [first, second]);
    assert_eq!(world.texts(ana, talk), ["¿qué tal?", "muy bien"]);
}

#[test]
fn a_tab_meets_a_native_node() {
    let mut world = World::new(2);
    let (nodo, tab) = (world.native("Nodo"), world.tab("Tab"));
    let talk = world.befriend(nodo, tab, ConversationKind::Private);
    world.say(tab, talk, "from a tab");
    world.settle_agreement(talk, &[nodo, tab], SOON);
    assert_eq!(world.texts(nodo, talk), ["from a tab"]);
}

#[test]
fn each_sees_who_the_other_is() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    for (seat, other) in [(ana, eva), (eva, ana)] {
        let view = world.node(seat).unwrap().conversation(talk).unwrap();
        let names: Vec<_> = view.participants.iter().map(|listed| listed.person.name.as_str()).collect();
        assert_eq!(names, ["Ana", "Eva"], "in the order of entry");
        assert_eq!(view.participants.iter().filter(|listed| listed.me).count(), 1);
        assert!(view.participants[0].coordinator && !view.participants[1].coordinator);
        let met = world.node(other).unwrap().me();
        assert!(world.node(seat).unwrap().peers().iter().any(|peer| peer.person == met));
    }
}

#[test]
fn an_invite_to_a_native_node_needs_nobody_else() {
    let mut world = World::new(4);
    let (ana, eva, other) = (world.native("Ana"), world.tab("Eva"), world.native("Other"));
    world.introducer(ana, other);
    world.kill(other);
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(eva, ana) && world.is_linked(ana, eva));
}

#[test]
fn an_invite_into_a_conversation_asks_for_that_one() {
    let mut world = World::new(5);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let invite = world.invite_into(ana, talk);
    let seen = world.events(ana).len();
    world.open(zoe, &invite, None);
    let asked = world.wait_for(ana, seen, "a request", |event| match event {
        Event::Request { conversation, from, greeting, .. } => {
            Some((*conversation, from.name.to_string(), greeting.clone()))
        }
        _ => None,
    });
    assert_eq!(asked, (Some(talk), "Zoe".to_owned(), "hello".to_owned()));
}

#[test]
fn nobody_at_home_is_said_so() {
    let mut world = World::new(6);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let invite = world.invite(ana);
    world.kill(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    let begun = world.now();
    let gave_up = |world: &World| {
        world.events(eva).iter().any(|(_, event)| match event {
            Event::Answered { request: answered, outcome } => {
                Some(*answered) == request && matches!(outcome, tertulia_proto::io::RequestOutcome::Failed(_))
            }
            _ => false,
        })
    };
    world.settle("told that nobody answers", SOON.times(3), gave_up);
    assert!(world.now().since(begun) <= SOON.times(2), "people should not wait longer than 20 s");
}
