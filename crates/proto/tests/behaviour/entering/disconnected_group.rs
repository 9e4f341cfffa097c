//! A participant that has left meanwhile says so, and the entry goes through (section 3.1).

use super::{DISCONNECTED_GROUP, answers, overhear, three};
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::Frame;
use tertulia_sim::people::SOON;

#[test]
fn who_left_is_no_obstacle() {
    let (mut world, [ana, eva, bob], talk, _) = three(1);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.introducer(zoe, bob);
    // Nobody hears of Bob's farewell before Zoe tells him that she is in.
    let heard = overhear(&mut world, move |from, _, frame| {
        from != bob || matches!(frame, Frame::Answer(_) | Frame::Pong(_))
    });
    world.leave(bob, talk).unwrap();
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    world.settle("Bob says so", SOON, |_| answers(&heard, DISCONNECTED_GROUP) == [(bob, zoe)]);
    assert_eq!((world.stat(zoe, "entry_undone"), world.is_in(zoe, talk)), (0, true));
    world.dismiss();
    world.say(zoe, talk, "hello");
    world.settle("Eva hears it", SOON, |world| world.texts(eva, talk) == ["hello"]);
}

#[test]
fn a_coordinator_that_has_left_sends_the_newcomer_on() {
    let (mut world, [ana, eva, bob], talk, invite) = three(2);
    let zoe = world.native("Zoe");
    world.introducer(zoe, ana);
    // Ana's farewell is lost on the way to everybody; only Zoe, who asks her, hears that she is out.
    let heard = overhear(&mut world, move |from, to, frame| {
        from != ana || to == zoe || matches!(frame, Frame::Pong(_))
    });
    world.leave(ana, talk).unwrap();
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    assert!(answers(&heard, DISCONNECTED_GROUP).contains(&(ana, zoe)));
    world.dismiss();
    world.settle_agreement(talk, &[eva, bob, zoe], SOON.times(2));
}
