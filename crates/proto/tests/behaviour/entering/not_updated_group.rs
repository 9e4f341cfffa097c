//! A participant that does not have the newcomer in its list says so, and the entry is undone as a whole (section 3.1).

use super::{NOT_UPDATED_GROUP, answers, overhear, sent, three};
use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, Event};
use tertulia_sim::people::SOON;

/// Whether a frame could tell of who is in the conversation.
fn tells(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::ListUpdate(_) | Frame::Operations(_) | Frame::Heads(_) | Frame::ConnectionRelease(_)
    )
}

#[test]
fn an_update_that_is_on_its_way_is_waited_for() {
    let (mut world, [ana, eva, bob], talk, _) = three(1);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    // The ListUpdate to Bob is lost with its packet; the newcomer comes first.
    let heard = overhear(&mut world, move |from, to, frame| {
        (from, to) != (ana, bob) || !matches!(frame, Frame::ListUpdate(_))
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    assert_eq!(world.stat(bob, "entry_waits_for_list_update"), 1);
    assert!(answers(&heard, NOT_UPDATED_GROUP).is_empty());
}

#[test]
fn without_it_the_entry_is_undone_everywhere_and_tried_once_more() {
    let (mut world, [ana, eva, bob], talk, _) = three(2);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    let is_deaf = Rc::new(Cell::new(true));
    let deaf = Rc::clone(&is_deaf);
    let heard = overhear(&mut world, move |_, to, frame| to != bob || !deaf.get() || !tells(frame));
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle("undone", SOON, |world| world.stat(zoe, "entry_undone") == 1);
    is_deaf.set(false);
    let mut released = sent(&heard, |frame| matches!(frame, Frame::ConnectionRelease(_)));
    released.sort_unstable();
    assert_eq!(released, [(zoe, ana), (zoe, eva), (zoe, bob)], "each one contacted is told");
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    world.run_for(Duration::from_secs(20));
    assert_eq!((world.stat(zoe, "entry_retried"), world.stat(zoe, "entry_undone")), (1, 1));
    assert_eq!(answers(&heard, NOT_UPDATED_GROUP), [(bob, zoe)]);
    assert_eq!(world.participants(zoe, talk), [ana, eva, bob, zoe].map(|seat| world.id(seat)));
}

#[test]
fn a_second_time_it_is_given_up_and_the_person_is_told() {
    let (mut world, [ana, eva, bob], talk, _) = three(3);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    overhear(&mut world, move |_, to, frame| to != bob || !tells(frame));
    world.open(zoe, &invite, None);
    world.settle("given up", SOON.times(2), |world| world.stat(zoe, "entry_undone") == 2);
    world.settle("over", Duration::from_secs(40), |world| {
        let told = |event: &Event| matches!(event, Event::Trouble { .. });
        !world.is_in(zoe, talk) && world.events(zoe).iter().any(|(_, event)| told(event))
    });
    assert_eq!(world.stat(zoe, "entry_retried"), 1);
    let before = [ana, eva, bob].map(|seat| world.id(seat));
    world.settle("as before", SOON, |world| {
        [ana, eva].iter().all(|seat| world.participants(*seat, talk) == before)
    });
}
