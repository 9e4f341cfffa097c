//! Nobody sees an answer before what it answers, whichever way each comes.

use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, Event, OpId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Conditions, Seat, World};

fn delivered(world: &World, seat: Seat) -> Vec<OpId> {
    let message =
        |event: &Event| if let Event::Message { message, .. } = event { Some(*message) } else { None };
    world.events(seat).iter().filter_map(|(_, event)| message(event)).collect()
}

#[test]
fn an_answer_that_comes_first_is_held_back() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.cut(ana, zoe);
    // Zoe could ask Eva for what is missing: somebody keeps these questions from arriving.
    world.tamper(move |from, to, bytes| {
        let asks = matches!(Frame::decode(&bytes), Ok(Frame::Want(_) | Frame::Heads(_) | Frame::Ping(_)));
        if asks && (from == zoe || to == zoe) { Vec::new() } else { vec![bytes] }
    });
    let question = world.say(ana, talk, "who is there?");
    world.settle("Eva hears it", SOON, |world| world.shown(eva, talk).contains(&question));
    let answer = world.say(eva, talk, "me");
    world.run_for(Duration::from_millis(1500));
    assert_eq!(world.shown(ana, talk), [question, answer]);
    assert_eq!(delivered(&world, zoe), [], "the answer waits for its question");

    world.heal(ana, zoe);
    world.settle("Zoe sees both", SOON, |world| world.shown(zoe, talk).len() == 2);
    assert_eq!(delivered(&world, zoe), [question, answer]);
}

#[test]
fn what_is_missing_is_asked_for() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.cut(ana, zoe);
    // A comparison that a heartbeat begins would find it, too, by chance earlier.
    world.tamper(|_, _, bytes| match Frame::decode(&bytes) {
        Ok(Frame::Ping(_) | Frame::Heads(_)) => Vec::new(),
        _ => vec![bytes],
    });
    let question = world.say(ana, talk, "who is there?");
    world.settle("Eva hears it", SOON, |world| world.shown(eva, talk).contains(&question));
    let answer = world.say(eva, talk, "me");
    let took = world.settle("Zoe sees both", SOON, |world| world.shown(zoe, talk).len() == 2);
    assert!(took < Duration::from_millis(1000), "asking the sender takes one round trip: {took:?}");
    assert_eq!(delivered(&world, zoe), [question, answer]);
}

#[test]
fn a_chain_of_answers_over_links_of_all_speeds_keeps_its_order() {
    let mut world = World::new(3);
    let seats: Vec<_> = (0..5).map(|number| world.native(&format!("Node {number}"))).collect();
    let talk = world.gather(&seats);
    world.conditions = Conditions { jitter: Duration::from_millis(900), ..Conditions::CALM };
    let mut chain = Vec::new();
    for turn in 0..25 {
        let seat = seats[turn % 5];
        chain.push(world.say(seat, talk, &format!("{turn}")));
        let latest = chain[turn];
        let next = seats[(turn + 1) % 5];
        world.settle("the next hears it", SOON, |world| world.shown(next, talk).contains(&latest));
    }
    world.settle_agreement(talk, &seats, SOON);
    for &seat in &seats {
        assert_eq!(world.shown(seat, talk), chain);
        assert_eq!(delivered(&world, seat), chain, "told in causal order, too");
    }
}
