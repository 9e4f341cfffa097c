//! Whatever bytes a peer sends, nobody panics, nothing false is shown, and other links go on.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::rc::Rc;
use tertulia_proto::{ConversationId, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

const CASES: u32 = 24;
/// A Route up to what it holds: [40, {0: key, 1: id, 2: [], 3:
const ROUTED: &[u8] = b"\x82\x18\x28\xa4\x00\x50a key of 16 byte\x01\x48 8 bytes\x02\x80\x03";

#[test]
fn random_frames_harm_only_their_own_link() {
    let any_bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let body = || proptest::collection::vec(any::<u8>(), 0..120);
    let of_a_kind = (0u8..64, body()).prop_map(|(kind, body)| framed(kind, &body));
    let routed = (0u8..64, body()).prop_map(|(kind, body)| [ROUTED, &framed(kind, &body)].concat());
    let frame = prop_oneof![any_bytes, of_a_kind, routed];
    check(&proptest::collection::vec(frame, 1..40), |frames| {
        let (mut world, seats, talk) = three();
        for bytes in frames {
            world.inject(seats[1], seats[0], bytes);
        }
        survives(world, seats, talk);
    });
}

#[test]
fn true_frames_with_a_few_bytes_changed_harm_only_their_own_link() {
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>());
    check(&proptest::collection::vec(change, 1..60), |changes| {
        let (mut world, seats, talk) = three();
        let tape = record(&mut world, seats[1]);
        for number in 0..10 {
            world.say(seats[1], talk, &format!("{number}"));
            world.run_for(Duration::from_millis(300));
        }
        world.dismiss();
        let tape = tape.take();
        for (frame, at, value) in changes {
            let mut bytes = frame.get(&tape).clone();
            let at = at.index(bytes.len());
            bytes[at] = value;
            world.inject(seats[1], seats[0], bytes);
        }
        survives(world, seats, talk);
    });
}

fn three() -> (World, [Seat; 3], ConversationId) {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    (world, seats, talk)
}

fn record(world: &mut World, seat: Seat) -> Rc<RefCell<Vec<Vec<u8>>>> {
    let tape = Rc::new(RefCell::new(Vec::new()));
    let recorder = Rc::clone(&tape);
    world.tamper(move |from, _, bytes| {
        if from == seat {
            recorder.borrow_mut().push(bytes.clone());
        }
        vec![bytes]
    });
    tape
}

/// The first and the third, who did nothing, talk on over the link they had.
fn survives(mut world: World, [ana, _, zoe]: [Seat; 3], talk: ConversationId) {
    world.run_for(Duration::from_secs(3));
    let message = world.say(zoe, talk, "still here");
    world.settle("heard", SOON, |world| world.shown(ana, talk).contains(&message));
    assert!(world.closings(ana, zoe).is_empty() && world.is_linked(ana, zoe));
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let head: &[u8] = if kind < 24 { &[0x82] } else { &[0x82, 0x18] };
    [head, &[kind], body].concat()
}

/// Checks a property with a fixed seed: no files, and the same cases everywhere.
fn check<S: Strategy>(strategy: &S, property: impl Fn(S::Value)) {
    let config =
        Config { cases: CASES, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
