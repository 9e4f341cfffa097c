//! A frame over the limit ends its link, an unknown one is skipped; both are counted.

use tertulia_proto::wire::FRAME_MAX;
use tertulia_proto::{CloseReason, Duration};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn a_frame_over_the_limit_ends_its_link_and_no_other() {
    let mut world = World::new(1);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.gather(&[ana, eva, zoe]);
    assert!(world.inject(eva, ana, vec![0x82; FRAME_MAX + 1]));
    world.settle("counted", SOON, |world| world.stat(ana, "frame_too_large") == 1);
    assert_eq!(world.closings(ana, eva), [CloseReason::Misbehaved]);
    assert!(world.closings(ana, zoe).is_empty() && world.is_linked(ana, zoe));
    world.say(zoe, talk, "what happened?");
    world.settle_agreement(talk, &[ana, zoe], SOON);
}

#[test]
fn a_frame_of_the_limit_is_read() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.gather(&[ana, eva]);
    assert!(world.inject(eva, ana, vec![0xff; FRAME_MAX]));
    world.settle("counted", SOON, |world| world.stat(ana, "frame_malformed") == 1);
    assert!(world.is_linked(ana, eva) && world.stat(ana, "frame_too_large") == 0);
}

#[test]
fn an_unknown_kind_is_skipped_and_counted() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.gather(&[ana, eva]);
    // [999, {0: "from the future"}]
    let unknown = [&[0x82, 0x19, 0x03, 0xe7, 0xa1, 0x00, 0x6f], &b"from the future"[..]].concat();
    for _ in 0..100 {
        assert!(world.inject(eva, ana, unknown.clone()));
    }
    world.settle("counted", SOON, |world| world.stat(ana, "frame_unknown_kind") == 100);
    world.say(eva, talk, "and now in words");
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert!(world.closings(ana, eva).is_empty());
}

#[test]
fn a_flood_of_malformed_frames_ends_its_link() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.gather(&[ana, eva]);
    for _ in 0..200 {
        world.inject(eva, ana, vec![0x00]);
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.closings(ana, eva), [CloseReason::Misbehaved]);
}
