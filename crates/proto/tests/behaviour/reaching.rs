//! Trying again: what it costs while somebody is gone, and how soon it succeeds when they are back.

use tertulia_proto::{ConversationId, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// A native node and two tabs that it has introduced to each other, in one conversation.
fn three(seed: u64) -> (World, [Seat; 3], ConversationId) {
    let mut world = World::new(seed);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    world.introducer(eva, ana);
    world.introducer(zoe, ana);
    let talk = world.gather(&[ana, eva, zoe]);
    (world, [ana, eva, zoe], talk)
}

#[test]
fn who_is_gone_costs_no_more_than_one_connection() {
    let (mut world, [_, eva, zoe], _) = three(1);
    world.keep_trace();
    world.kill(zoe);
    world.run_for(Duration::from_secs(180));
    let count =
        |kind| world.trace().records().iter().filter(|one| one.seat == eva && one.kind == kind).count();
    assert!(world.stat(eva, "unreachable_unasked") == 0 && !world.is_linked(eva, zoe));
    assert_eq!(
        count("offer"),
        1,
        "a browser's connections are few: an offer is made when the carrier knows the target"
    );
}

#[test]
fn who_was_gone_is_linked_soon_after_anybody_is() {
    let (mut world, [ana, eva, zoe], talk) = three(2);
    world.partition(&[&[ana], &[eva], &[zoe]]);
    world.run_for(Duration::from_secs(200));
    world.heal_all();
    world.settle("somebody is linked", Duration::from_secs(45), |world| {
        world.is_linked(ana, eva) && world.is_linked(ana, zoe)
    });
    let took = world.settle_agreement(talk, &[ana, eva, zoe], SOON);
    assert!(took < Duration::from_secs(2), "it took {} ms", took.as_millis());
}
