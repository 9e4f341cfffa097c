//! A ticket in an invite lets its bearer in without asking: while it is good.

use tertulia_proto::io::RequestOutcome;
use tertulia_proto::{ConversationId, ConversationKind, Duration, Event, Invite};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn asked(world: &World, seat: Seat) -> bool {
    world.events(seat).iter().any(|(_, event)| matches!(event, Event::Request { .. }))
}

fn hosted(seed: u64) -> (World, Seat, ConversationId) {
    let mut world = World::new(seed);
    let ana = world.native("Ana");
    let talk = world.create(ana, ConversationKind::Public);
    (world, ana, talk)
}

#[test]
fn it_lets_in_without_asking() {
    let (mut world, ana, talk) = hosted(1);
    let eva = world.tab("Eva");
    let invite = world.ticket_into(ana, talk);
    let request = world.open(eva, &invite, None);
    assert_eq!(world.outcome(eva, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert!(!asked(&world, ana));
}

#[test]
fn an_expired_one_asks() {
    let (mut world, ana, talk) = hosted(2);
    let eva = world.tab("Eva");
    let soon = world.now().as_millis() + 1000;
    let mut invite = world.invite_with(ana, Some(talk), true, Some(soon));
    world.run_for(Duration::from_secs(2));
    // The bearer's own node would refuse it: this one looks away, and the host must not.
    invite.expires_ms = None;
    world.open(eva, &invite, None);
    world.request(ana, 0);
    assert!(!world.is_in(eva, talk));
}

#[test]
fn a_used_up_one_asks() {
    let (mut world, ana, talk) = hosted(3);
    let friend = world.tab("Friend");
    world.let_in(ana, friend, talk);
    let invite = world.ticket_into(ana, talk);
    let uses = invite.ticket.as_ref().unwrap().uses;
    for guest in 0..uses {
        assert!(!asked(&world, ana), "guest {guest} of {uses} had to ask");
        enter(&mut world, &invite, ana, talk);
    }
    let late = world.tab("Late");
    world.open(late, &invite, None);
    world.request(ana, 0);
    assert!(!world.is_in(late, talk));
}

fn enter(world: &mut World, invite: &Invite, host: Seat, talk: ConversationId) {
    let guest = world.tab("Guest");
    let request = world.open(guest, invite, None);
    assert_eq!(world.outcome(guest, request), RequestOutcome::Yes(talk));
    // Who stays would be introduced to all who come later: a full house is another test's.
    world.quit(guest).unwrap();
    world.settle("gone", SOON, |world| {
        world.participants(host, talk).len() == 2 && !world.is_linked(host, guest)
    });
}

#[test]
fn one_for_another_conversation_asks() {
    let (mut world, ana, talk) = hosted(4);
    let (eva, other) = (world.tab("Eva"), world.create(ana, ConversationKind::Public));
    let ticket = world.ticket_into(ana, other).ticket;
    let invite = Invite { ticket, ..world.invite_into(ana, talk) };
    world.open(eva, &invite, None);
    world.request(ana, 0);
    assert!(!world.is_in(eva, talk));
}

#[test]
fn one_that_somebody_else_signed_asks() {
    let (mut world, ana, talk) = hosted(5);
    let (eva, eve) = (world.tab("Eva"), world.native("Eve"));
    // Eve was never in the conversation: what she signs for it is her word alone.
    let hers = world.create(eve, ConversationKind::Public);
    let ticket = world.ticket_into(eve, hers).ticket;
    let invite = Invite { ticket, ..world.invite_into(ana, talk) };
    world.open(eva, &invite, None);
    world.request(ana, 0);
    assert!(!world.is_in(eva, talk));
}

#[test]
fn its_uses_are_counted_across_restarts() {
    let (mut world, ana, talk) = hosted(6);
    let friend = world.tab("Friend");
    world.let_in(ana, friend, talk);
    let invite = world.ticket_into(ana, talk);
    let uses = invite.ticket.as_ref().unwrap().uses;
    for guest in 0..uses {
        enter(&mut world, &invite, ana, talk);
        if guest % 20 == 0 {
            world.kill(ana);
            world.resume(ana);
            world.settle_agreement(talk, &[ana, friend], SOON);
        }
    }
    assert!(!asked(&world, ana));
    world.kill(ana);
    world.resume(ana);
    let late = world.tab("Late");
    world.open(late, &invite, None);
    world.request(ana, 0);
    assert!(!world.is_in(late, talk));
}
