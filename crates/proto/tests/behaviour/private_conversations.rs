//! A private conversation is between two users.

use tertulia_proto::ConversationKind;
use tertulia_proto::group::History;
use tertulia_proto::io::{Consent, RequestOutcome};
use tertulia_sim::World;

#[test]
fn a_third_user_is_not_let_in() {
    let mut world = World::new(1);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    // Zoe asks all the same: what she knows is its id.
    let mut invite = world.invite(ana);
    let kind = ConversationKind::Private;
    let name = tertulia_proto::identity::Name::default();
    invite.conversation = Some(tertulia_proto::invite::InvitedTo { id: talk, kind, name });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::No);
    assert_eq!(world.participants(eva, talk).len(), 2);
}

#[test]
fn a_ticket_makes_no_room_for_a_third() {
    let mut world = World::new(3);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.create(ana, ConversationKind::Private);
    let invite = world.ticket_into(ana, talk);
    for (guest, outcome) in [(eva, RequestOutcome::Yes(talk)), (zoe, RequestOutcome::No)] {
        let request = world.open(guest, &invite, None);
        assert_eq!(world.outcome(guest, request), outcome);
    }
    assert!(!world.is_in(zoe, talk));
    assert_eq!(world.participants(eva, talk).len(), 2);
}

#[test]
fn a_person_cannot_let_a_third_in_by_mistake() {
    let mut world = World::new(2);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    let invite = world.invite(ana);
    let asked = world.open(zoe, &invite, Some(ConversationKind::Public));
    let seen = world.events(ana).len();
    let request = world.request(ana, seen);
    assert!(world.answer(ana, request, Consent::Into(talk)).is_err());
    world.answer(ana, request, Consent::New(History::All)).unwrap();
    let RequestOutcome::Yes(other) = world.outcome(zoe, asked) else {
        panic!("a refused answer changes nothing")
    };
    assert_ne!(other, talk);
    assert_eq!(world.participants(ana, talk).len(), 2);
}
