//! Nobody between two nodes, and nobody who once heard them, passes for either of them.

use std::cell::RefCell;
use std::rc::Rc;
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::Frame;
use tertulia_proto::{CloseReason, ConversationKind, Fingerprint};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// What the counters say of handshakes that did not hold, whatever it was that did not.
fn refused(world: &World, seat: Seat) -> u64 {
    ["handshake_unproven", "handshake_out_of_order", "frame_malformed", "frame_out_of_place"]
        .iter()
        .map(|name| world.stat(seat, name))
        .sum()
}

#[test]
fn a_swapped_fingerprint_closes_the_link_and_is_counted() {
    for victim in 0..2 {
        let mut world = World::new(1);
        let seats = [world.native("Ana"), world.tab("Eva")];
        let [ana, eva] = seats;
        world.intercept(
            move |seeing, _, shown| {
                if seeing == seats[victim] { Fingerprint([0x66; 32]) } else { shown }
            },
        );
        let invite = world.invite(ana);
        let request = world.open(eva, &invite, Some(ConversationKind::Public));
        let outcome = world.outcome(eva, request);
        assert!(matches!(outcome, RequestOutcome::Failed(CloseReason::Unproven)), "{outcome:?}");
        assert!(world.stat(ana, "handshake_unproven") + world.stat(eva, "handshake_unproven") > 0);
        world.run_for(SOON);
        assert_eq!(world.channels(ana, eva), 0);
        assert!(world.closings(ana, eva).is_empty(), "it was never usable");
    }
}

#[test]
fn a_man_in_the_middle_who_swaps_both_is_found_out() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.intercept(|_, _, _| Fingerprint([0x66; 32]));
    let invite = world.invite(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert_eq!(world.outcome(eva, request), RequestOutcome::Failed(CloseReason::Unproven));
}

#[test]
fn one_altered_bit_in_the_handshake_closes_the_link() {
    // Each byte of a first frame and of a proof would be thousands of worlds: every 23rd is a good part.
    for frame in 0..2 {
        for at in (0..500).step_by(23) {
            let mut world = World::new(3);
            let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
            let altered = alter(&mut world, eva, frame, at);
            let invite = world.invite(ana);
            world.open(eva, &invite, None);
            world.run_for(SOON);
            if *altered.borrow() {
                assert!(!world.is_linked(ana, eva), "byte {at} of frame {frame}");
                assert!(!world.is_linked(eva, ana), "byte {at} of frame {frame}");
                assert!(refused(&world, ana) + refused(&world, eva) > 0, "byte {at} of frame {frame}");
            } else {
                assert!(world.is_linked(ana, eva), "nothing was altered");
            }
        }
    }
}

/// Flips a bit of byte `at` of the `frame`th frame from a seat, and says whether there was one.
fn alter(world: &mut World, seat: Seat, frame: usize, at: usize) -> Rc<RefCell<bool>> {
    let altered = Rc::new(RefCell::new(false));
    let (told, mut count) = (Rc::clone(&altered), 0);
    world.tamper(move |from, _, mut bytes| {
        if from == seat {
            if let Some(byte) = bytes.get_mut(at).filter(|_| count == frame) {
                *byte ^= 1;
                *told.borrow_mut() = true;
            }
            count += 1;
        }
        vec![bytes]
    });
    altered
}

#[test]
fn what_was_said_in_one_handshake_proves_nothing_in_another() {
    let mut world = World::new(4);
    let (ana, eva, eve) = (world.native("Ana"), world.tab("Eva"), world.tab("Eve"));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let tape = Rc::clone(&heard);
    world.tamper(move |from, _, bytes| {
        if from == eva {
            tape.borrow_mut().push(bytes.clone());
        }
        vec![bytes]
    });
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eva));
    world.kill(eva);
    world.settle("noticed", SOON, |world| !world.is_linked(ana, eva));

    let mut replay = heard.borrow().clone().into_iter();
    world.tamper(move |from, _, bytes| match from == eve {
        true => replay.next().into_iter().collect(),
        false => vec![bytes],
    });
    world.open(eve, &invite, None);
    world.run_for(SOON);
    assert!(!world.is_linked(ana, eva) && !world.is_linked(ana, eve));
    assert!(world.stat(ana, "handshake_unproven") > 0);
}

#[test]
fn a_mirror_is_nobody() {
    let mut world = World::new(5);
    let (ana, eve) = (world.native("Ana"), world.tab("Eve"));
    let said = Rc::new(RefCell::new(Vec::new()));
    world.tamper(move |from, to, bytes| {
        if from == ana {
            said.borrow_mut().push(bytes.clone());
            return vec![bytes];
        }
        assert_eq!(to, ana);
        said.borrow_mut().drain(..).collect()
    });
    let invite = world.invite(ana);
    world.open(eve, &invite, None);
    world.run_for(SOON);
    assert_eq!(world.node(ana).unwrap().peers(), []);
    assert!(refused(&world, ana) > 0);
}

#[test]
fn somebody_else_than_the_invite_names_is_refused() {
    let mut world = World::new(6);
    let (ana, eva, eve) = (world.native("Ana"), world.tab("Eva"), world.native("Eve"));
    let mut invite = world.invite(ana);
    invite.endpoint = world.invite(eve).endpoint;
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert_eq!(world.outcome(eva, request), RequestOutcome::Failed(CloseReason::Unproven));
    assert!(!world.is_linked(eva, eve));
}

#[test]
fn nobody_is_linked_to_oneself() {
    let mut world = World::new(8);
    let (ana, eva) = (world.tab("Ana"), world.native("Eva"));
    let own = world.invite(eva).endpoint;
    world.introducer(ana, eva);
    let mut invite = world.invite(ana);
    // Somebody sends Eva back to herself as the introducer.
    invite.node = tertulia_proto::NodeId([7; 16]);
    invite.via = tertulia_proto::wire::bounded::List::first(own);
    world.open(eva, &invite, None);
    world.run_for(SOON);
    assert!(world.stat(eva, "handshake_unproven") > 0);
    let me = world.node(eva).unwrap().me();
    assert!(world.node(eva).unwrap().peers().iter().all(|peer| peer.person != me));
}

#[test]
fn frames_before_the_proof_are_out_of_place() {
    let mut world = World::new(7);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let early = Frame::Pong(tertulia_proto::wire::Pong { correlator: 1 }).encode();
    let mut first = true;
    world.tamper(move |from, _, bytes| {
        if from == eva && std::mem::take(&mut first) { vec![early.clone(), bytes] } else { vec![bytes] }
    });
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.run_for(SOON);
    assert!(!world.is_linked(ana, eva));
    assert!(world.stat(ana, "frame_out_of_place") > 0);
}
