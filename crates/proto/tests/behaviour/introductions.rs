//! Two nodes that nobody can dial are introduced by one that both are linked to, and need it no longer then.

use tertulia_proto::io::{Path, RequestOutcome};
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Manners, Seat, World};

fn three(seed: u64) -> (World, Seat, Seat, Seat) {
    let mut world = World::new(seed);
    let (nodo, ana, eva) = (world.native("Nodo"), world.tab("Ana"), world.tab("Eva"));
    world.introducer(ana, nodo);
    world.teach(ana, Manners::Yes);
    (world, nodo, ana, eva)
}

#[test]
fn two_tabs_get_a_link_of_their_own_and_keep_it() {
    let (mut world, nodo, ana, eva) = three(1);
    let invite = world.invite(ana);
    assert!(invite.endpoint.is_none() && invite.via.len() == 1);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    let RequestOutcome::Yes(talk) = world.outcome(eva, request) else { panic!("Ana says yes to all") };
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(
        (world.path(eva, ana), world.path(ana, eva)),
        (Some(Path::Introduction), Some(Path::Introduction))
    );

    world.kill(nodo);
    world.say(ana, talk, "is it gone?");
    world.run_for(Duration::from_secs(30));
    world.say(eva, talk, "it is");
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.texts(ana, talk), ["is it gone?", "it is"]);
    assert!(world.closings(ana, eva).is_empty(), "their link never broke");
}

#[test]
fn newcomers_are_introduced_to_every_participant() {
    let mut world = World::new(2);
    let nodo = world.native("Nodo");
    let tabs: Vec<_> = (0..4).map(|number| world.tab(&format!("Tab {number}"))).collect();
    let all = [&[nodo], &tabs[..]].concat();
    let talk = world.gather(&all);
    for &one in &tabs {
        for &other in tabs.iter().filter(|other| **other != one) {
            assert_eq!(world.path(one, other), Some(Path::Introduction));
        }
    }
    world.kill(nodo);
    for &tab in &tabs {
        world.say(tab, talk, "still here");
    }
    world.settle_agreement(talk, &tabs, SOON);
    assert_eq!(world.texts(tabs[0], talk).len(), 4);
}

#[test]
fn where_the_first_way_ends_the_second_is_tried() {
    let mut world = World::new(5);
    let nodo = world.native("Nodo");
    let tabs: Vec<_> = (0..4).map(|number| world.tab(&format!("Tab {number}"))).collect();
    for &tab in &tabs {
        world.introducer(tab, nodo);
    }
    let talk = world.gather(&tabs);
    let (here, there) = tabs.split_at(2);
    let is_whole = |world: &World| {
        tabs.iter().all(|one| tabs.iter().all(|other| one == other || world.is_linked(*one, *other)))
    };
    world.settle("all are linked", SOON, is_whole);

    // Each keeps a friend of its own island, who could introduce it, but is linked to nobody of the other.
    world.partition(&[&[&[nodo], here].concat(), there]);
    world.run_for(Duration::from_secs(60));
    assert!(!is_whole(&world));
    world.heal_all();
    world.settle("all are linked again", Duration::from_secs(60), is_whole);
    world.say(here[0], talk, "there you are");
    world.settle_agreement(talk, &tabs, SOON);
}

#[test]
fn who_was_not_invited_is_not_introduced() {
    let (mut world, _, ana, eva) = three(3);
    let mut invite = world.invite(ana);
    invite.pass = None;
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert!(matches!(world.outcome(eva, request), RequestOutcome::Failed(_)));
    assert!(!world.is_linked(ana, eva) && world.channels(ana, eva) == 0);
}

#[test]
fn an_introducer_that_goes_before_the_answer_is_no_harm_but_to_the_request() {
    let (mut world, nodo, ana, eva) = three(4);
    let invite = world.invite(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    world.settle("Eva is linked to the introducer", SOON, |world| world.is_linked(eva, nodo));
    world.kill(nodo);
    let answered = |world: &World| {
        world.events(eva).iter().any(|(_, event)| match event {
            tertulia_proto::Event::Answered { request: answered, .. } => Some(*answered) == request,
            _ => false,
        })
    };
    world.settle("the request ends", SOON.times(3), answered);
    assert_eq!(world.channels(ana, eva), 0);
}

#[test]
fn a_carrier_that_changes_a_letter_changes_nothing_else() {
    let (mut world, nodo, ana, eva) = three(5);
    world.tamper(move |from, _, mut bytes| {
        if from == nodo && matches!(Frame::decode(&bytes), Ok(Frame::Signal(_))) {
            let at = bytes.len() - 20;
            bytes[at] ^= 1;
        }
        vec![bytes]
    });
    let invite = world.invite(ana);
    world.open(eva, &invite, Some(ConversationKind::Public));
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.channels(ana, eva), 0);
    assert!(world.stat(ana, "signal_not_for_us") > 0);
    assert!(world.is_linked(ana, nodo), "the carrier's link is not to blame");
}

#[test]
fn a_replayed_letter_is_answered_once() {
    let (mut world, nodo, ana, eva) = three(6);
    world.tamper(move |from, to, bytes| {
        let is_letter = matches!(Frame::decode(&bytes), Ok(Frame::Signal(_)));
        if from == nodo && to == ana && is_letter { vec![bytes.clone(), bytes] } else { vec![bytes] }
    });
    let invite = world.invite(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert!(matches!(world.outcome(eva, request), RequestOutcome::Yes(_)));
    assert_eq!(world.channels(ana, eva), 1);
    assert!(world.stat(ana, "signal_replayed") > 0);
}
