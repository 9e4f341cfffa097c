//! A request may be refused, and may be left waiting.

use tertulia_proto::group::History;
use tertulia_proto::io::{Consent, RequestOutcome};
use tertulia_proto::{ConversationKind, Event};
use tertulia_sim::people::SOON;
use tertulia_sim::{Manners, World};

#[test]
fn a_refusal_is_told_and_opens_nothing() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.teach(ana, Manners::No);
    let invite = world.invite(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert_eq!(world.outcome(eva, request), RequestOutcome::No);
    assert!(world.node(ana).unwrap().conversations().iter().all(|view| !view.open));
    assert!(world.node(eva).unwrap().conversations().iter().all(|view| !view.open));
    assert!(world.is_linked(eva, ana), "a refusal ends no link");
}

#[test]
fn an_answer_counts_once() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let invite = world.invite(ana);
    let asked = world.open(eva, &invite, Some(ConversationKind::Public));
    let request = world.request(ana, 0);
    world.answer(ana, request, Consent::No).unwrap();
    assert!(world.answer(ana, request, Consent::New(History::All)).is_err(), "it was answered already");
    assert_eq!(world.outcome(eva, asked), RequestOutcome::No);
}

#[test]
fn a_request_whose_sender_goes_away_is_withdrawn() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let invite = world.invite(ana);
    world.open(eva, &invite, Some(ConversationKind::Public));
    let request = world.request(ana, 0);
    world.quit(eva).unwrap();
    world.wait_for(ana, 0, "the withdrawal", |event| match event {
        Event::RequestWithdrawn { request: gone } if *gone == request => Some(()),
        _ => None,
    });
    assert!(world.answer(ana, request, Consent::New(History::All)).is_err());
    world.run_for(SOON);
    assert!(world.node(ana).unwrap().conversations().iter().all(|view| !view.open));
}

#[test]
fn a_stranger_in_the_conversation_is_refused_alone() {
    let mut world = World::new(4);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let invite = world.invite_into(ana, talk);
    world.teach(ana, Manners::No);
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::No);
    assert!(!world.is_in(zoe, talk));
    assert_eq!(world.participants(eva, talk).len(), 2);
    assert!(world.node(zoe).unwrap().conversation(talk).is_none(), "who is not let in learns nothing");
}
