//! What a person granted is granted again while the entry is under way, and ends with it.

use super::three;
use tertulia_proto::ConversationKind;
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::wire::{ConnectionRequest, Frame};
use tertulia_proto::{ConversationId, Duration, Event};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// Zoe beside the three, let in by Ana, whom she asked with this request.
fn let_in(seed: u64) -> (World, [Seat; 4], ConversationId, RequestId) {
    let (mut world, [ana, eva, bob], talk, _) = three(seed);
    let (zoe, invite) = (world.native("Zoe"), world.invite_into(ana, talk));
    let asked = world.open(zoe, &invite, None);
    let request = world.request(ana, 0);
    world.answer(ana, request, Consent::Into(talk)).unwrap();
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    (world, [ana, eva, bob, zoe], talk, asked.unwrap())
}

/// Has `from` say once more what it asked with.
fn ask_again(world: &mut World, from: Seat, to: Seat, request: RequestId, talk: ConversationId) {
    let (kind, conversation) = (ConversationKind::Public, Some(talk));
    let asked = ConnectionRequest { request, kind, conversation, greeting: None, ticket: None };
    assert!(world.inject(from, to, Frame::ConnectionRequest(Box::new(asked)).encode()));
    world.run_for(SOON);
}

#[test]
fn whoever_left_has_to_ask_anew() {
    let (mut world, [ana, eva, bob, zoe], talk, request) = let_in(1);
    world.run_for(Duration::from_secs(70));
    world.leave(zoe, talk).unwrap();
    world.settle_agreement(talk, &[ana, eva, bob], SOON);
    world.introducer(zoe, ana);
    let asked = |world: &World| {
        world.events(ana).iter().filter(|(_, event)| matches!(event, Event::Request { .. })).count()
    };
    assert_eq!(asked(&world), 1);
    ask_again(&mut world, zoe, ana, request, talk);
    assert_eq!(world.participants(ana, talk).len(), 3, "nobody said yes to this");
    assert_eq!(asked(&world), 2, "a person decides");
}

#[test]
fn whoever_is_in_may_ask_for_ever() {
    let (mut world, [ana, _, _, zoe], talk, request) = let_in(2);
    world.run_for(Duration::from_secs(300));
    ask_again(&mut world, zoe, ana, request, talk);
    assert_eq!(world.participants(ana, talk).len(), 4);
    assert_eq!(
        world.events(ana).iter().filter(|(_, event)| matches!(event, Event::Request { .. })).count(),
        1
    );
}
