//! Whoever is asked and is not the coordinator passes the newcomer on with the list and a ticket (section 2.3.1).

use super::{DERIVATION, YES, answers, overhear, sent, three};
use tertulia_proto::io::{Consent, RequestOutcome};
use tertulia_proto::wire::Frame;
use tertulia_sim::people::SOON;

#[test]
fn the_coordinator_updates_the_list_before_it_says_yes() {
    let (mut world, [ana, eva, bob], talk, invite) = three(1);
    let zoe = world.native("Zoe");
    let heard = overhear(&mut world, |_, _, _| true);
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    assert_eq!(answers(&heard, DERIVATION), [(eva, zoe)]);
    let updates = sent(&heard, |frame| matches!(frame, Frame::ListUpdate(_)));
    assert_eq!(updates, [(ana, eva), (ana, bob)], "the coordinator alone admits, and tells everybody");
    let heard = heard.borrow();
    let at = |is_it: &dyn Fn(&Frame) -> bool| heard.iter().position(|(.., frame)| is_it(frame)).unwrap();
    let update = at(&|frame| matches!(frame, Frame::ListUpdate(_)));
    assert!(update < at(&|frame| matches!(frame, Frame::Answer(answer) if answer.code == YES)));
}

#[test]
fn the_newcomer_asks_the_coordinator_and_tells_every_participant() {
    let (mut world, [ana, eva, bob], talk, invite) = three(2);
    let zoe = world.native("Zoe");
    let heard = overhear(&mut world, |_, _, _| true);
    world.open(zoe, &invite, None);
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    world.run_for(SOON);
    let entries = sent(&heard, |frame| matches!(frame, Frame::AutomaticEntryToCoordinator(_)));
    assert!(entries.contains(&(eva, ana)), "Eva hands the entry in: {entries:?}");
    assert!(entries.iter().all(|(_, to)| *to == ana), "nobody but the coordinator is asked: {entries:?}");
    let mut told = sent(&heard, |frame| matches!(frame, Frame::AutomaticEntryToPeer(_)));
    told.sort_unstable();
    assert_eq!(told, [(zoe, ana), (zoe, eva), (zoe, bob)]);
    for seat in [ana, eva, bob] {
        assert!(answers(&heard, YES).contains(&(seat, zoe)));
    }
}

#[test]
fn the_word_of_a_person_is_enough_and_everybody_sees_whose_it_was() {
    let (mut world, [ana, eva, bob], talk, _) = three(3);
    let zoe = world.native("Zoe");
    let invite = world.invite_into(eva, talk);
    let seen = world.events(eva).len();
    let asked = world.open(zoe, &invite, None);
    let request = world.request(eva, seen);
    world.answer(eva, request, Consent::Into(talk)).unwrap();
    assert_eq!(world.outcome(zoe, asked), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    for seat in [ana, eva, bob, zoe] {
        let list = world.node(seat).unwrap().conversation(talk).unwrap().participants;
        let entered = list.iter().find(|one| one.person.node == world.id(zoe)).unwrap();
        assert_eq!(entered.admitted_by.as_ref().map(|by| by.node), Some(world.id(eva)));
    }
}

#[test]
fn a_coordinator_out_of_reach_is_passed_over() {
    let (mut world, [ana, eva, bob], talk, invite) = three(4);
    let zoe = world.native("Zoe");
    world.wall(zoe, ana);
    // Eva takes Ana for there, but what she hands in does not arrive either.
    overhear(&mut world, move |_, to, frame| {
        to != ana || !matches!(frame, Frame::AutomaticEntryToCoordinator(_))
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle("Bob and Eva know", SOON, |world| {
        [eva, bob].iter().all(|seat| world.participants(*seat, talk).contains(&world.id(zoe)))
    });
}
