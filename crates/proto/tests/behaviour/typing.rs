//! Those in a conversation see that somebody writes; nobody else does, and nobody too often.

use tertulia_proto::wire::{Frame, Typing};
use tertulia_proto::{Command, ConversationId, ConversationKind, Duration, Event, Refusal};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn type_in(world: &mut World, seat: Seat, conversation: ConversationId) {
    world.command(seat, Command::Typing { conversation }).unwrap();
}

/// How often a seat was told that another writes.
fn told(world: &World, seat: Seat, writer: Seat) -> usize {
    let node = world.id(writer);
    let is_it = |event: &Event| matches!(event, Event::Typing { node: one, .. } if *one == node);
    world.events(seat).iter().filter(|(_, event)| is_it(event)).count()
}

#[test]
fn the_others_are_told_at_most_every_three_seconds() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    for _ in 0..70 {
        type_in(&mut world, eva, talk);
        world.run_for(Duration::from_millis(100));
    }
    assert_eq!((told(&world, ana, eva), told(&world, zoe, eva), told(&world, eva, eva)), (3, 3, 0));
    assert!(world.shown(ana, talk).is_empty());
    assert_eq!(world.stat(ana, "typing_over_rate"), 0);
}

#[test]
fn whoever_says_it_too_often_is_not_listened_to() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    for _ in 0..20 {
        world.inject(eva, ana, Frame::Typing(Typing { conversation: talk }).encode());
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!((told(&world, ana, eva), world.stat(ana, "typing_over_rate")), (1, 19));
    assert!(world.is_linked(ana, eva));
}

#[test]
fn strangers_are_not_listened_to() {
    let mut world = World::new(3);
    let (ana, eva, eve) = (world.native("Ana"), world.tab("Eva"), world.tab("Eve"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let invite = world.invite(ana);
    world.open(eve, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eve));
    world.inject(eve, ana, Frame::Typing(Typing { conversation: talk }).encode());
    world.run_for(Duration::from_secs(1));
    assert_eq!((told(&world, ana, eve), world.stat(ana, "conversation_not_shared")), (0, 1));
}

#[test]
fn nobody_writes_in_what_is_over() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.leave(eva, talk).unwrap();
    let refused = world.command(eva, Command::Typing { conversation: talk });
    assert_eq!(refused.unwrap_err(), Refusal::ConversationOver);
}
