//! The entering transaction and its neighbours, case by case as the paper has them (García et al., sections 2 and 3).

mod coordinator_leaves;
mod derivation;
mod disconnected_group;
mod elections;
mod establishment;
mod eviction;
mod forged_entries;
mod given_up;
mod granted_once;
mod late_words;
mod latency;
mod left_alone;
mod not_updated_group;
mod one_per_type;
mod several_at_once;
mod void_entries;
mod without_a_link;

use std::cell::RefCell;
use std::rc::Rc;
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationId, Duration, Invite};
use tertulia_sim::{Seat, World};

/// What went over the wires, in the order in which it was sent.
type Overheard = Rc<RefCell<Vec<(Seat, Seat, Frame)>>>;

/// The codes of answers.
const YES: u16 = 0;
const DERIVATION: u16 = 3;
const DISCONNECTED_GROUP: u16 = 4;
const NOT_UPDATED_GROUP: u16 = 5;

/// Writes down what goes over the wires from now on, and lets through what `passes` says.
fn overhear(world: &mut World, mut passes: impl FnMut(Seat, Seat, &Frame) -> bool + 'static) -> Overheard {
    let heard = Overheard::default();
    let notes = Rc::clone(&heard);
    world.tamper(move |from, to, bytes| {
        let frame = Frame::decode(&bytes).expect("our own frames are frames");
        let goes_on = passes(from, to, &frame);
        notes.borrow_mut().push((from, to, frame));
        if goes_on { vec![bytes] } else { vec![] }
    });
    heard
}

/// The answers with a code, as pairs of who gave it and who got it.
fn answers(heard: &Overheard, code: u16) -> Vec<(Seat, Seat)> {
    let is_it = |frame: &Frame| matches!(frame, Frame::Answer(answer) if answer.code == code);
    sent(heard, is_it)
}

/// The frames that `is_it` says yes to, as pairs of who sent it and who got it.
fn sent(heard: &Overheard, is_it: impl Fn(&Frame) -> bool) -> Vec<(Seat, Seat)> {
    let heard = heard.borrow();
    heard.iter().filter(|(.., frame)| is_it(frame)).map(|(from, to, _)| (*from, *to)).collect()
}

/// Ana, Eva and Bob, native and in one conversation that Ana began, and an invite by which whoever bears it asks Eva
/// and need not wait for her.
fn three(seed: u64) -> (World, [Seat; 3], ConversationId, Invite) {
    let mut world = World::new(seed);
    let seats = ["Ana", "Eva", "Bob"].map(|name| world.native(name));
    let talk = world.gather(&seats);
    let invite = world.ticket_into(seats[1], talk);
    (world, seats, talk, invite)
}

/// Lets time pass until something that was sent fits.
#[track_caller]
fn until(world: &mut World, heard: &Overheard, is_it: impl Fn(&Frame) -> bool) {
    for _ in 0..10_000 {
        if !sent(heard, &is_it).is_empty() {
            return;
        }
        world.run_for(Duration::from_millis(1));
    }
    world.fail("what was waited for was not sent");
}
