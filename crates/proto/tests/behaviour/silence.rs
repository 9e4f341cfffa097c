//! A peer that is gone without a word is noticed, long before the network itself notices.

use tertulia_proto::{CloseReason, ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Conditions, World};

#[test]
fn a_killed_peer_is_noticed_within_ten_seconds() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.run_for(Duration::from_secs(30));
    world.kill(eva);
    let took = world.settle("noticed", SOON, |world| !world.is_linked(ana, eva));
    assert!(took > Duration::from_secs(4), "a moment's silence is nothing: {took:?}");
    assert_eq!(world.closings(ana, eva), [CloseReason::Silent]);
    let view = world.node(ana).unwrap().conversation(talk).unwrap();
    assert!(view.open && view.participants.len() == 2, "it is greyed, not removed");
    assert!(!view.participants[1].linked);
}

#[test]
fn a_coordinator_that_is_silent_is_skipped() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    world.kill(seats[0]);
    world.settle("Eva coordinates", SOON, |world| {
        let view = world.node(seats[2]).unwrap().conversation(talk).unwrap();
        let coordinators: Vec<_> = view.participants.iter().map(|listed| listed.coordinator).collect();
        coordinators == [false, true, false]
    });
}

#[test]
fn a_quiet_link_on_a_rough_network_lives() {
    let mut world = World::new(3);
    world.conditions = Conditions { connect_failure_permille: 0, ..Conditions::ROUGH };
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.befriend(ana, eva, ConversationKind::Public);
    world.run_for(Duration::from_secs(30 * 60));
    assert!(world.closings(ana, eva).is_empty() && world.is_linked(ana, eva));
}

#[test]
fn the_round_trip_is_measured() {
    let mut world = World::new(4);
    world.conditions = Conditions { jitter: Duration::default(), ..Conditions::CALM };
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.befriend(ana, eva, ConversationKind::Public);
    world.run_for(Duration::from_secs(5));
    let measured: Vec<_> = world.node(ana).unwrap().peers().iter().map(|peer| peer.rtt_micros).collect();
    assert_eq!(measured, [Some(40_000)]);
}
