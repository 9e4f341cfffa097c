//! Who has given up is not in, whatever the others did meanwhile, and stays in nobody's list.

use super::{DISCONNECTED_GROUP, answers, overhear, three};
use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::io::{CloseReason, RequestOutcome};
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationId, ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Manners, Seat, World};

/// Whether a frame lets a newcomer in.
fn lets_in(frame: &Frame) -> bool {
    matches!(frame, Frame::Answer(_) | Frame::Operations(_) | Frame::Heads(_) | Frame::ListUpdate(_))
}

/// Somebody who is in everybody's list and hears nothing of it.
fn unaware(seed: u64) -> (World, [Seat; 3], Seat, ConversationId, Rc<Cell<bool>>) {
    let (mut world, seats, talk, _) = three(seed);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(seats[0], talk));
    let is_deaf = Rc::new(Cell::new(true));
    let deaf = Rc::clone(&is_deaf);
    overhear(&mut world, move |_, to, frame| to != zoe || !deaf.get() || !lets_in(frame));
    world.open(zoe, &invite, None);
    world.settle("let in", SOON, |world| world.participants(seats[1], talk).len() == 4);
    (world, seats, zoe, talk, is_deaf)
}

#[track_caller]
fn are_among_themselves(world: &mut World, seats: &[Seat; 3], talk: ConversationId) {
    let before = seats.map(|seat| world.id(seat));
    world.settle("as before", SOON.times(3), |world| {
        seats.iter().all(|seat| world.participants(*seat, talk) == before)
    });
}

#[test]
fn who_gave_up_before_it_heard_that_it_was_let_in_is_taken_out_again() {
    let (mut world, seats, zoe, talk, is_deaf) = unaware(41);
    for one in seats {
        world.wall(zoe, one);
        world.sever(zoe, one);
    }
    world.run_for(Duration::from_secs(25));
    is_deaf.set(false);
    assert_eq!(world.participants(seats[0], talk).len(), 4, "away is not out");
    world.heal_all();
    world.settle("linked again", SOON.times(4), |world| world.is_linked(seats[0], zoe));
    are_among_themselves(&mut world, &seats, talk);
    assert!(!world.is_in(zoe, talk));
    let invite = world.ticket_into(seats[0], talk);
    let again = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, again), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[seats[0], seats[1], seats[2], zoe], SOON);
}

#[test]
fn while_it_still_asks_it_says_nothing() {
    let (mut world, seats, zoe, talk, is_deaf) = unaware(42);
    world.run_for(Duration::from_secs(15));
    assert_eq!(world.stat(seats[0], "participant_absent"), 0);
    is_deaf.set(false);
    world.sever(zoe, seats[0]);
    world.settle_agreement(talk, &[seats[0], seats[1], seats[2], zoe], SOON.times(2));
}

#[test]
fn who_stopped_while_it_was_let_in_is_taken_out_again() {
    let (mut world, seats, zoe, talk, is_deaf) = unaware(43);
    world.kill(zoe);
    is_deaf.set(false);
    world.restart(zoe);
    world.settle("linked again", SOON.times(4), |world| world.is_linked(seats[0], zoe));
    are_among_themselves(&mut world, &seats, talk);
}

#[test]
fn who_was_told_that_nobody_answers_is_not_let_in_later() {
    let (mut world, seats, talk, _) = three(44);
    let [ana, eva, bob] = seats;
    let zoe = world.native("Zoe");
    world.teach(bob, Manners::Yes);
    let invite = world.invite_into(bob, talk);
    let is_slow = Rc::new(Cell::new(true));
    let slow = Rc::clone(&is_slow);
    // Bob's word gets to Zoe, and nobody hears of it who could let her in: neither from her nor from him.
    let heard = overhear(&mut world, move |_, _, frame| {
        !slow.get() || !matches!(frame, Frame::AutomaticEntryToCoordinator(_))
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Failed(CloseReason::Unreachable));
    is_slow.set(false);
    let handed_in = heard.borrow().iter().find_map(|(from, to, frame)| {
        let is_it = (*from, *to) == (bob, ana) && matches!(frame, Frame::AutomaticEntryToCoordinator(_));
        is_it.then(|| frame.encode())
    });
    assert!(world.inject(bob, ana, handed_in.expect("Bob hands her in")));
    world.settle("let in", SOON, |world| world.participants(eva, talk).len() == 4);
    are_among_themselves(&mut world, &seats, talk);
    assert!(!world.is_in(zoe, talk));
    world.let_in(ana, zoe, talk);
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
}

#[test]
fn who_lost_its_memory_and_had_spoken_keeps_its_place() {
    let (mut world, [ana, eva, bob], talk, _) = three(45);
    world.say(bob, talk, "I am here");
    let heard = overhear(&mut world, |_, _, _| true);
    world.run_for(Duration::from_secs(2));
    world.kill(bob);
    world.restart(bob);
    world.run_for(Duration::from_secs(40));
    assert!(answers(&heard, DISCONNECTED_GROUP).contains(&(bob, ana)), "he does not know of it");
    assert_eq!([ana, eva].map(|seat| world.participants(seat, talk).len()), [3, 3]);
}

#[test]
fn a_conversation_of_two_ends_where_the_other_never_came() {
    let mut world = World::new(46);
    let (ana, zoe) = (world.native("Ana"), world.native("Zoe"));
    world.teach(ana, Manners::Yes);
    let invite = world.invite(ana);
    let is_deaf = Rc::new(Cell::new(true));
    let deaf = Rc::clone(&is_deaf);
    overhear(&mut world, move |_, to, frame| to != zoe || !deaf.get() || !lets_in(frame));
    world.open(zoe, &invite, Some(ConversationKind::Private));
    world.run_for(Duration::from_secs(5));
    world.wall(ana, zoe);
    world.sever(ana, zoe);
    world.run_for(Duration::from_secs(25));
    is_deaf.set(false);
    world.heal_all();
    world.settle("over", SOON.times(4), |world| world.stat(ana, "participant_absent") == 1);
}
