//! General establishment: one asks, the other says yes to a new conversation, and both are in it (section 2.3.1).

use super::{DERIVATION, YES, answers, overhear, sent};
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, RequestOutcome};
use tertulia_proto::wire::Frame;
use tertulia_proto::{Command, ConversationKind};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn a_request_and_a_yes_make_a_conversation_of_two() {
    for kind in [ConversationKind::Private, ConversationKind::Public] {
        let mut world = World::new(1);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let heard = overhear(&mut world, |_, _, _| true);
        let talk = world.befriend(ana, eva, kind);
        assert_eq!(sent(&heard, |frame| matches!(frame, Frame::ConnectionRequest(_))), [(eva, ana)]);
        // Ana is the coordinator of what she began: nobody is passed on.
        assert_eq!((answers(&heard, YES)[0], answers(&heard, DERIVATION).len()), ((ana, eva), 0));
        for seat in [ana, eva] {
            assert_eq!(world.participants(seat, talk), [world.id(ana), world.id(eva)]);
        }
    }
}

#[test]
fn a_no_makes_none() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let invite = world.invite(ana);
    let asked = world.open(eva, &invite, Some(ConversationKind::Public));
    let request = world.request(ana, 0);
    world.answer(ana, request, Consent::No).unwrap();
    assert_eq!(world.outcome(eva, asked), RequestOutcome::No);
    assert!(world.node(ana).unwrap().conversations().is_empty());
    assert!(world.node(eva).unwrap().conversations().is_empty());
}

#[test]
fn each_names_it_for_itself() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.command(ana, Command::Rename { conversation: talk, name: Name::cut("Plans") }).unwrap();
    world.run_for(SOON);
    assert_eq!(world.node(ana).unwrap().conversation(talk).unwrap().name, "Plans");
    assert_eq!(world.node(eva).unwrap().conversation(talk).unwrap().name, "Ana");
}

#[test]
fn the_one_asked_may_choose_a_conversation_of_its_own() {
    let mut world = World::new(4);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let invite = world.invite(ana);
    let seen = world.events(ana).len();
    let asked = world.open(zoe, &invite, Some(ConversationKind::Public));
    let request = world.request(ana, seen);
    world.answer(ana, request, Consent::Into(talk)).unwrap();
    assert_eq!(world.outcome(zoe, asked), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &seats, SOON);
}
