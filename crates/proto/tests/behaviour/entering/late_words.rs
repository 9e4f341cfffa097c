//! A word on an entry that was undone says nothing of the one that is made anew.

use super::{NOT_UPDATED_GROUP, Overheard, YES, answers, overhear, three};
use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::group::{Body, Operation};
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::{Answer, Frame};
use tertulia_proto::{ConversationId, Duration, Event};
use tertulia_sim::{Seat, World};

/// Somebody whose entry has been undone and who asks anew, and the word of the first in the list on what was undone,
/// which is still on its way.
struct Undone {
    world: World,
    members: [Seat; 3],
    zoe: Seat,
    talk: ConversationId,
    heard: Overheard,
    word: Answer,
}

fn undone() -> Undone {
    let (mut world, members, talk, _) = three(2);
    let [ana, _, bob] = members;
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    let (is_deaf, is_slow) = (Rc::new(Cell::new(true)), Rc::new(Cell::new(true)));
    let (deaf, slow) = (Rc::clone(&is_deaf), Rc::clone(&is_slow));
    let is_word = |answer: &Answer| answer.code == YES && answer.conversation.is_none();
    let heard = overhear(&mut world, move |from, to, frame| {
        let tells = matches!(
            frame,
            Frame::ListUpdate(_) | Frame::Operations(_) | Frame::Heads(_) | Frame::ConnectionRelease(_)
        );
        let is_late = from == ana && matches!(frame, Frame::Answer(answer) if is_word(answer));
        !(slow.get() && is_late || to == bob && deaf.get() && tells)
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    for _ in 0..20_000 {
        if world.stat(zoe, "entry_undone") == 1 {
            break;
        }
        world.run_for(Duration::from_millis(1));
    }
    is_slow.set(false);
    is_deaf.set(false);
    let word = heard.borrow().iter().find_map(|(from, to, frame)| match frame {
        Frame::Answer(answer) if (*from, *to) == (ana, zoe) && is_word(answer) => Some((**answer).clone()),
        _ => None,
    });
    let word = word.expect("a word of the first in the list");
    Undone { world, members, zoe, talk, heard, word }
}

/// Says something as the first in the list, and sees the newcomer in nevertheless.
#[track_caller]
fn is_in_after(undone: Undone, late: Answer) {
    let Undone { mut world, members: [ana, eva, bob], zoe, talk, heard, .. } = undone;
    assert!(world.inject(ana, zoe, Frame::Answer(Box::new(late)).encode()));
    world.run_for(Duration::from_secs(60));
    assert_eq!(answers(&heard, NOT_UPDATED_GROUP).len(), 1);
    assert_eq!((world.stat(zoe, "entry_retried"), world.stat(zoe, "answer_late")), (1, 1));
    let told = |event: &Event| matches!(event, Event::Trouble { .. });
    assert!(!world.events(zoe).iter().any(|(_, event)| told(event)));
    world.settle_agreement(talk, &[ana, eva, bob, zoe], Duration::from_secs(1));
}

#[test]
fn a_participants_yes_that_comes_late_does_not_end_the_retry() {
    let undone = undone();
    let word = undone.word.clone();
    assert!(word.admit.is_some(), "it names the entry that it is about");
    is_in_after(undone, word);
}

#[test]
fn nor_does_that_of_a_peer_that_does_not_say_which_entry_it_means() {
    let undone = undone();
    let word = Answer { admit: None, ..undone.word.clone() };
    is_in_after(undone, word);
}

#[test]
fn nor_does_what_let_the_newcomer_in_the_first_time() {
    let undone = undone();
    let word = Answer { conversation: Some(undone.talk), ..undone.word.clone() };
    is_in_after(undone, word);
}

#[test]
fn a_no_to_nothing_is_no_word_on_an_entry() {
    let (mut world, [ana, eva, bob], talk, _) = three(5);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    // Bob's word is lost: only what is said in its place could stand for it.
    let heard = overhear(&mut world, move |from, to, frame| {
        (from, to) != (bob, zoe) || !matches!(frame, Frame::Answer(_))
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle("told", Duration::from_secs(5), |_| answers(&heard, YES).contains(&(bob, zoe)));
    let word = heard.borrow().iter().find_map(|(from, _, frame)| match frame {
        Frame::Answer(answer) if *from == bob => Some((**answer).clone()),
        _ => None,
    });
    let no = Answer { code: 1, ..word.expect("Bob's word") };
    assert!(world.inject(bob, zoe, Frame::Answer(Box::new(no)).encode()));
    world.settle("passed over", Duration::from_secs(1), |world| {
        world.stat(zoe, "answer_of_another_entry") == 1
    });
    world.settle_agreement(talk, &[ana, eva, bob, zoe], Duration::from_secs(5));
}

#[test]
fn who_asks_anew_sees_to_it_that_its_leave_is_not_held_back() {
    let (mut world, [ana, eva, bob], talk, invite) = three(6);
    let zoe = world.native("Zoe");
    world.introducer(zoe, bob);
    let (is_slow, is_undone) = (Rc::new(Cell::new(true)), Rc::new(Cell::new(false)));
    let (slow, undone) = (Rc::clone(&is_slow), Rc::clone(&is_undone));
    // Bob hears nothing until Zoe undoes her entry, and Eva, whom she asks, nothing of what Ana says.
    overhear(&mut world, move |from, to, frame| {
        let tells =
            matches!(frame, Frame::ListUpdate(_) | Frame::Operations(_) | Frame::Heads(_) | Frame::Want(_));
        undone.set(undone.get() || from == zoe && matches!(frame, Frame::ConnectionRelease(_)));
        let is_deaf = to == bob && !undone.get();
        let is_lost =
            to == eva && (from != zoe && slow.get() || from == zoe && !undone.get() && !is_admit(frame));
        !(tells && (is_deaf || is_lost))
    });
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.say(ana, talk, "welcome");
    world.settle("asked anew", Duration::from_secs(10), |world| world.stat(zoe, "entry_retried") == 1);
    world.run_for(Duration::from_millis(400));
    is_slow.set(false);
    world.settle_agreement(talk, &[ana, eva, bob, zoe], Duration::from_secs(20));
    let told = |event: &Event| matches!(event, Event::Trouble { .. });
    assert!(!world.events(zoe).iter().any(|(_, event)| told(event)));
}

/// Whether a frame brings an Admit, and nothing that was said.
fn is_admit(frame: &Frame) -> bool {
    let is_it = |operation: &Operation| matches!(operation.content().body, Body::Admit(_));
    matches!(frame, Frame::Operations(sent) if sent.operations.iter().all(is_it))
}
