//! Envelopes: two whom no link can bring together talk all the same, and nobody who carries it reads or changes it.

use crate::overlay::{ring, settle};
use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::group::History;
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::overlay::ring::distance;
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationId, ConversationKind, Duration, Event, Reply};
use tertulia_sim::{Seat, World};

/// Two who stand side by side on the ring.
fn neighbours(places: &[u128]) -> [usize; 2] {
    let next = (1..places.len()).min_by_key(|at| places[*at].wrapping_sub(places[0]));
    [0, next.expect("there are others")]
}

/// A ring in which two are in a conversation that was asked for through the overlay, and can never be linked.
fn apart(seed: u64, are_next: bool) -> (World, Vec<Seat>, [Seat; 2], ConversationId) {
    let (mut world, seats) = ring(seed, 30);
    settle(&mut world, &seats, Duration::from_secs(90));
    let ids: Vec<_> = seats.iter().map(|seat| world.id(*seat).place()).collect();
    let farthest = (1..ids.len()).max_by_key(|at| distance(ids[0], ids[*at])).expect("there are others");
    let [one, other] =
        if are_next { neighbours(&ids).map(|at| seats[at]) } else { [seats[0], seats[farthest]] };
    world.wall(one, other);
    world.sever(one, other);
    world.run_for(Duration::from_secs(30));
    let asked = world.connect(one, other, Some(ConversationKind::Private));
    assert!(asked.is_ok(), "{asked:?}");
    world.settle("the request has arrived", Duration::from_secs(90), |world| request(world, other).is_some());
    let request = request(&world, other).expect("it has");
    let answer = world.answer(other, request, Consent::New(History::All));
    let Ok(Reply::Conversation(talk)) = answer else { panic!("not accepted: {answer:?}") };
    world.settle("both are in", Duration::from_secs(60), |world| {
        world.is_in(one, talk) && world.is_in(other, talk)
    });
    (world, seats, [one, other], talk)
}

fn request(world: &World, seat: Seat) -> Option<RequestId> {
    world.events(seat).iter().rev().find_map(|(_, event)| match event {
        Event::Request { request, .. } => Some(*request),
        _ => None,
    })
}

fn is_carried(world: &World, seat: Seat, talk: ConversationId) -> bool {
    let view = world.node(seat).and_then(|node| node.conversation(talk));
    view.is_some_and(|view| view.participants.iter().any(|one| one.carried))
}

#[test]
fn two_who_cannot_be_linked_talk_through_others() {
    let (mut world, _, [one, other], talk) = apart(1, false);
    assert!(!world.is_linked(one, other) && is_carried(&world, one, talk) && is_carried(&world, other, talk));
    for n in 0..10 {
        world.say(if n % 2 == 0 { one } else { other }, talk, &format!("message {n}"));
        world.run_for(Duration::from_millis(700));
    }
    world.settle("both have all", Duration::from_secs(20), |world| {
        world.texts(one, talk).len() == 10 && world.texts(other, talk).len() == 10
    });
    assert!(world.stat(one, "envelope_sent") > 5);
}

#[test]
fn a_link_takes_over_as_soon_as_there_is_one() {
    let (mut world, _, [one, other], talk) = apart(2, true);
    world.heal_all();
    world.settle("they are linked", Duration::from_secs(60), |world| world.is_linked(one, other));
    world.settle("both know that", Duration::from_secs(5), |world| {
        !is_carried(world, one, talk) && !is_carried(world, other, talk)
    });
    world.say(one, talk, "now directly");
    world.settle("it arrives", Duration::from_secs(5), |world| world.texts(other, talk) == ["now directly"]);
}

#[test]
fn what_is_said_arrives_though_carriers_are_lost() {
    let (mut world, seats, [one, other], talk) = apart(3, false);
    for (n, seat) in seats.iter().filter(|seat| ![one, other].contains(*seat)).enumerate() {
        if n % 4 == 0 {
            world.kill(*seat);
        }
    }
    for n in 0..6 {
        world.say(one, talk, &format!("message {n}"));
        world.run_for(Duration::from_secs(3));
    }
    world.settle("all is there", Duration::from_secs(90), |world| world.texts(other, talk).len() == 6);
}

#[test]
fn neighbours_on_the_ring_who_cannot_be_linked_find_each_other() {
    let (mut world, _, [one, other], talk) = apart(4, true);
    world.say(other, talk, "so near and yet so far");
    world.settle("it arrives", Duration::from_secs(30), |world| world.texts(one, talk).len() == 1);
}

#[test]
fn more_than_an_envelope_holds_is_caught_up_on_in_several() {
    let (mut world, _, [one, other], talk) = apart(5, false);
    let is_lossy = Rc::new(Cell::new(true));
    let loses = Rc::clone(&is_lossy);
    world.tamper(move |_, _, bytes| {
        let is_envelope = matches!(Frame::decode(&bytes), Ok(Frame::Route(route)) if matches!(*route.load.0, Frame::Sealed(_)));
        if loses.get() && is_envelope { Vec::new() } else { vec![bytes] }
    });
    for n in 0..12 {
        world.say(one, talk, &format!("{n}{}", "x".repeat(3_000)));
        world.run_for(Duration::from_millis(100));
    }
    // Until no hop is tried again.
    world.run_for(Duration::from_secs(20));
    is_lossy.set(false);
    world.settle("all is there", Duration::from_secs(60), |world| world.texts(other, talk).len() == 12);
    assert_eq!(world.stat(one, "envelope_too_large"), 0);
}
