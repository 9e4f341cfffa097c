//! Envelopes: two whom no link can bring together talk all the same, and nobody who carries it reads or changes it.

use crate::overlay::{ring, settle};
use tertulia_proto::{ConversationId, ConversationKind, Duration};
use tertulia_sim::{Seat, World};

/// A ring in which two are in a conversation that was asked for through the overlay, and can never be linked.
fn apart(seed: u64) -> (World, Vec<Seat>, [Seat; 2], ConversationId) {
    let (mut world, seats) = ring(seed, 30);
    settle(&mut world, &seats, Duration::from_secs(90));
    let pairs = seats.iter().flat_map(|one| seats.iter().map(move |other| (*one, *other)));
    let (one, other) = pairs
        .filter(|(one, other)| one != other && !world.is_linked(*one, *other))
        .last()
        .expect("thirty nodes are not all linked");
    world.wall(one, other);
    let asked = world.connect(one, other, Some(ConversationKind::Private));
    assert!(asked.is_ok(), "{asked:?}");
    world.settle("the request has arrived", Duration::from_secs(90), |world| requests(world, other) > 0);
    let talk = world.accept_last(other);
    world.settle_agreement(talk, &[one, other], Duration::from_secs(60));
    (world, seats, [one, other], talk)
}

fn requests(world: &World, seat: Seat) -> usize {
    let is_one = |event: &tertulia_proto::Event| matches!(event, tertulia_proto::Event::Request { .. });
    world.events(seat).iter().filter(|(_, event)| is_one(event)).count()
}

fn is_carried(world: &World, seat: Seat, talk: ConversationId) -> bool {
    let view = world.node(seat).and_then(|node| node.conversation(talk));
    view.is_some_and(|view| view.participants.iter().any(|one| one.carried))
}

#[test]
fn two_who_cannot_be_linked_talk_through_others() {
    let (mut world, _, [one, other], talk) = apart(1);
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
    let (mut world, _, [one, other], talk) = apart(2);
    world.heal_all();
    world.settle("they are linked", Duration::from_secs(60), |world| world.is_linked(one, other));
    assert!(!is_carried(&world, one, talk) && !is_carried(&world, other, talk));
    world.say(one, talk, "now directly");
    world.settle("it arrives", Duration::from_secs(5), |world| world.texts(other, talk) == ["now directly"]);
}

#[test]
fn what_is_said_arrives_though_carriers_are_lost() {
    let (mut world, seats, [one, other], talk) = apart(3);
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
