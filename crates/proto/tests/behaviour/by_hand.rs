//! Two tabs with nothing in common meet by an invite with an offer and a reply code that people carry.

use tertulia_proto::io::{Path, RequestOutcome};
use tertulia_proto::{ConversationId, ConversationKind, Duration, ReplyCode};
use tertulia_sim::people::SOON;
use tertulia_sim::{Manners, Seat, World};

/// Ana and Eva, in a conversation, by hand.
fn two(seed: u64) -> (World, Seat, Seat, ConversationId) {
    let mut world = World::new(seed);
    let (ana, eva) = (world.tab("Ana"), world.tab("Eva"));
    world.teach(ana, Manners::Yes);
    let invite = world.invite_by_hand(ana, None);
    let (code, request) = world.open_by_hand(eva, &invite, Some(ConversationKind::Public));
    // People take their time, and the code passes through their clipboards as text.
    world.run_for(Duration::from_secs(120));
    let code = ReplyCode::parse(&code.to_string()).unwrap();
    world.complete_by_hand(ana, &code).unwrap();
    let RequestOutcome::Yes(talk) = world.outcome(eva, request) else { panic!("Ana says yes to all") };
    world.settle_agreement(talk, &[ana, eva], SOON);
    (world, ana, eva, talk)
}

#[test]
fn two_tabs_meet_and_talk() {
    let (mut world, ana, eva, talk) = two(1);
    assert_eq!((world.path(ana, eva), world.path(eva, ana)), (Some(Path::ByHand), Some(Path::ByHand)));
    world.say(eva, talk, "no node anywhere");
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.texts(ana, talk), ["no node anywhere"]);
}

#[test]
fn a_third_joins_through_one_and_is_introduced_to_the_other() {
    let (mut world, ana, eva, talk) = two(2);
    world.say(ana, talk, "before");
    let zoe = world.tab("Zoe");
    world.teach(eva, Manners::Yes);
    let invite = world.invite_by_hand(eva, Some(talk));
    let (code, request) = world.open_by_hand(zoe, &invite, None);
    world.complete_by_hand(eva, &code).unwrap();
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva, zoe], SOON);
    assert_eq!(world.path(zoe, eva), Some(Path::ByHand));
    assert_eq!(world.path(zoe, ana), Some(Path::Introduction));
    world.kill(eva);
    world.say(zoe, talk, "after");
    world.settle_agreement(talk, &[ana, zoe], SOON);
    assert_eq!(world.texts(ana, talk), ["before", "after"]);
}

#[test]
fn a_reply_code_works_once_and_for_its_own_offer() {
    let mut world = World::new(3);
    let (ana, eva, zoe) = (world.tab("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let (to_eva, to_zoe) = (world.invite_by_hand(ana, None), world.invite_by_hand(zoe, None));
    let (for_ana, _) = world.open_by_hand(eva, &to_eva, None);
    let (for_zoe, _) = world.open_by_hand(eva, &to_zoe, None);
    assert!(world.complete_by_hand(ana, &for_zoe).is_err(), "it answers another's offer");
    world.complete_by_hand(ana, &for_ana).unwrap();
    assert!(world.complete_by_hand(ana, &for_ana).is_err(), "it was used");
    world.settle("linked", SOON, |world| world.is_linked(ana, eva) && world.is_linked(eva, ana));
    assert!(!world.is_linked(ana, zoe));
}

#[test]
fn two_may_answer_one_invite_and_the_first_code_counts() {
    let mut world = World::new(4);
    let (ana, eva, zoe) = (world.tab("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let invite = world.invite_by_hand(ana, None);
    let (from_eva, _) = world.open_by_hand(eva, &invite, None);
    let (from_zoe, _) = world.open_by_hand(zoe, &invite, None);
    world.complete_by_hand(ana, &from_zoe).unwrap();
    assert!(world.complete_by_hand(ana, &from_eva).is_err());
    world.settle("linked", SOON, |world| world.is_linked(ana, zoe) && world.is_linked(zoe, ana));
    assert!(!world.is_linked(ana, eva));
}
