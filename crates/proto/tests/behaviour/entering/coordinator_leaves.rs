//! The coordinator goes while one is entering: the next in the list takes its place without a word (section 3.2).

use super::{overhear, three, until};
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::Frame;
use tertulia_sim::people::SOON;

#[test]
fn it_leaves_between_derivation_and_entry() {
    let (mut world, [ana, eva, bob], talk, invite) = three(1);
    let zoe = world.native("Zoe");
    let heard = overhear(&mut world, |_, _, _| true);
    let request = world.open(zoe, &invite, None);
    until(&mut world, &heard, |frame| matches!(frame, Frame::AutomaticEntryToCoordinator(_)));
    world.leave(ana, talk).unwrap();
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[eva, bob, zoe], SOON);
    assert_eq!(world.participants(zoe, talk), [eva, bob, zoe].map(|seat| world.id(seat)));
}

#[test]
fn it_dies_between_derivation_and_entry() {
    let (mut world, [ana, eva, bob], talk, invite) = three(2);
    let zoe = world.native("Zoe");
    let heard = overhear(&mut world, |_, _, _| true);
    let request = world.open(zoe, &invite, None);
    until(&mut world, &heard, |frame| matches!(frame, Frame::AutomaticEntryToCoordinator(_)));
    world.kill(ana);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[eva, bob, zoe], SOON.times(2));
}

#[test]
fn it_dies_after_it_wrote_the_entry_and_before_anybody_heard_of_it() {
    let (mut world, [ana, eva, bob], talk, invite) = three(3);
    let zoe = world.native("Zoe");
    let heard = overhear(&mut world, move |from, _, _| from != ana);
    let request = world.open(zoe, &invite, None);
    until(&mut world, &heard, |frame| matches!(frame, Frame::ListUpdate(_)));
    world.kill(ana);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[eva, bob, zoe], SOON.times(2));
}

#[test]
fn only_the_newcomer_heard_of_the_entry_and_everybody_hears_of_it_from_there() {
    let (mut world, [ana, eva, bob], talk, _) = three(4);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    overhear(&mut world, move |from, to, _| from != ana || to == zoe);
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.kill(ana);
    world.dismiss();
    world.settle("all know", SOON.times(2), |world| {
        [eva, bob, zoe]
            .iter()
            .all(|seat| world.participants(*seat, talk).contains(&world.id(zoe)) && world.is_in(*seat, talk))
    });
    world.say(zoe, talk, "here I am");
    world.settle_agreement(talk, &[eva, bob, zoe], SOON.times(2));
    assert_eq!(world.texts(bob, talk), ["here I am"]);
}
