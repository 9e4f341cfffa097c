//! Where history is given from admission on, a newcomer sees nothing older and lacks nothing newer (DESIGN, section 6).

use tertulia_proto::group::{Body, History};
use tertulia_proto::io::{Consent, RequestOutcome};
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationId, ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// Ana and Eva have talked before Zoe comes in through `host`, the seat with this number.
fn joined(seed: u64, host: usize) -> (World, [Seat; 3], ConversationId) {
    let mut world = World::new(seed);
    let [ana, eva, zoe] = ["Ana", "Eva", "Zoe"].map(|name| world.native(name));
    let talk = world.create_from_admission(ana);
    world.let_in(ana, eva, talk);
    for turn in 0..20 {
        world.say([ana, eva][turn % 2], talk, &format!("between us {turn}"));
        world.run_for(Duration::from_millis(30));
    }
    world.run_for(Duration::from_secs(1));
    world.let_in([ana, eva][host], zoe, talk);
    (world, [ana, eva, zoe], talk)
}

fn settle_texts(world: &mut World, seats: &[Seat], talk: ConversationId, texts: &[&str]) {
    world.settle("all have heard it", SOON, |world| {
        seats.iter().all(|seat| {
            let shown = world.texts(*seat, talk);
            texts.iter().all(|text| shown.iter().any(|one| one == text))
        })
    });
}

#[test]
fn nothing_older_is_sent_and_the_list_is_the_same() {
    for host in [0, 1] {
        let (mut world, [ana, eva, zoe], talk) = joined(1, host);
        world.run_for(SOON);
        assert!(world.texts(zoe, talk).is_empty());
        assert_eq!(world.participants(zoe, talk), world.participants(ana, talk));
        assert_eq!(world.participants(zoe, talk), [ana, eva, zoe].map(|seat| world.id(seat)));
    }
}

#[test]
fn not_a_word_of_the_past_crosses_the_wire_to_a_newcomer() {
    let mut world = World::new(2);
    let [ana, eva, zoe] = ["Ana", "Eva", "Zoe"].map(|name| world.native(name));
    let talk = world.create_from_admission(ana);
    world.let_in(ana, eva, talk);
    world.say(eva, talk, "a secret");
    world.run_for(Duration::from_secs(1));
    world.tamper(move |_, to, bytes| {
        if to == zoe
            && let Ok(Frame::Operations(sent)) = Frame::decode(&bytes)
        {
            let is_secret =
                |body: &Body| matches!(body, Body::Message(said) if said.text.as_str() == "a secret");
            assert!(!sent.operations.iter().any(|operation| is_secret(&operation.content().body)));
        }
        vec![bytes]
    });
    world.let_in(eva, zoe, talk);
    world.say(zoe, talk, "what did I miss?");
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.texts(zoe, talk), ["what did I miss?"]);
    assert_eq!(world.texts(ana, talk), ["a secret", "what did I miss?"]);
}

#[test]
fn everything_newer_is_heard_by_all_and_comparisons_come_to_rest() {
    let (mut world, seats, talk) = joined(3, 1);
    let [ana, eva, zoe] = seats;
    for (seat, text) in [(zoe, "hello"), (ana, "welcome"), (eva, "good to see you")] {
        world.say(seat, talk, text);
        world.run_for(Duration::from_millis(300));
    }
    settle_texts(&mut world, &seats, talk, &["hello", "welcome", "good to see you"]);
    world.run_for(SOON);
    let begun = |world: &World| seats.iter().map(|seat| world.stat(*seat, "comparison_begun")).sum::<u64>();
    let before = begun(&world);
    world.run_for(Duration::from_secs(30));
    assert_eq!(begun(&world), before, "equal conversations are not compared again and again");
}

#[test]
fn what_crossed_the_admission_is_heard_too() {
    let (mut world, [ana, eva, zoe], talk) = joined(4, 0);
    let bob = world.native("Bob");
    // Eva has not heard of Bob when she speaks, and stands on what he is not given.
    world.cut(ana, eva);
    world.cut(eva, zoe);
    world.say(eva, talk, "who is there?");
    world.let_in(ana, bob, talk);
    world.heal(ana, eva);
    world.heal(eva, zoe);
    settle_texts(&mut world, &[ana, eva, zoe, bob], talk, &["who is there?"]);
    world.say(bob, talk, "I am");
    settle_texts(&mut world, &[ana, eva, zoe, bob], talk, &["I am"]);
}

#[test]
fn who_leaves_and_returns_lacks_what_was_said_meanwhile_and_talks_on() {
    let (mut world, [ana, eva, zoe], talk) = joined(5, 0);
    world.say(zoe, talk, "I go");
    settle_texts(&mut world, &[ana, eva], talk, &["I go"]);
    world.leave(zoe, talk).unwrap();
    world.run_for(Duration::from_secs(1));
    world.say(ana, talk, "now that she is gone");
    world.run_for(Duration::from_secs(1));
    world.let_in(eva, zoe, talk);
    world.say(zoe, talk, "back");
    settle_texts(&mut world, &[ana, eva, zoe], talk, &["back"]);
    world.run_for(SOON);
    assert_eq!(world.texts(zoe, talk), ["I go", "back"]);
}

#[test]
fn a_restart_keeps_the_horizon() {
    let (mut world, [ana, eva, zoe], talk) = joined(6, 1);
    world.say(ana, talk, "after");
    settle_texts(&mut world, &[zoe], talk, &["after"]);
    world.kill(zoe);
    world.run_for(Duration::from_secs(1));
    world.resume(zoe);
    world.say(eva, talk, "welcome back");
    settle_texts(&mut world, &[ana, eva, zoe], talk, &["welcome back"]);
    world.say(zoe, talk, "thanks");
    settle_texts(&mut world, &[ana, eva, zoe], talk, &["thanks"]);
    assert_eq!(world.texts(zoe, talk), ["after", "welcome back", "thanks"]);
}

#[test]
fn who_lost_its_memory_goes_on_with_its_own_count() {
    let (mut world, [ana, eva, zoe], talk) = joined(7, 0);
    world.say(zoe, talk, "one");
    settle_texts(&mut world, &[ana, eva], talk, &["one"]);
    world.kill(zoe);
    world.run_for(Duration::from_secs(12));
    world.restart(zoe);
    let invite = world.ticket_into(ana, talk);
    world.open(zoe, &invite, None);
    world.settle("in again", SOON, |world| world.is_in(zoe, talk));
    world.say(zoe, talk, "two");
    settle_texts(&mut world, &[ana, eva], talk, &["two"]);
    for seat in [ana, eva] {
        let list = world.node(seat).unwrap().conversation(talk).unwrap().participants;
        assert!(list.iter().all(|one| !one.forked), "a count went on where it was");
    }
}

#[test]
fn whoever_accepts_into_a_new_conversation_says_what_newcomers_see() {
    let mut world = World::new(7);
    let [ana, eva, zoe] = ["Ana", "Eva", "Zoe"].map(|name| world.native(name));
    for (history, heard) in [(History::FromAdmission, vec!["hello"]), (History::All, vec!["before", "hello"])]
    {
        let invite = world.invite(ana);
        let seen = world.events(ana).len();
        let asked = world.open(eva, &invite, Some(ConversationKind::Public));
        let request = world.request(ana, seen);
        world.answer(ana, request, Consent::New(history)).unwrap();
        let RequestOutcome::Yes(talk) = world.outcome(eva, asked) else { panic!("Eva was let in") };
        settle_texts(&mut world, &[eva], talk, &[]);
        world.say(eva, talk, "before");
        settle_texts(&mut world, &[ana], talk, &["before"]);
        world.let_in(eva, zoe, talk);
        world.say(ana, talk, "hello");
        settle_texts(&mut world, &[ana, eva, zoe], talk, &["hello"]);
        world.run_for(SOON);
        assert_eq!(world.texts(zoe, talk), heard);
    }
}
