//! Whoever has no link to a participant, because it has just come or because none can be opened, is heard there at once
//! through the coordinator.

use super::three;
use tertulia_proto::Duration;
use tertulia_sim::people::SOON;

#[test]
fn words_go_through_the_coordinator() {
    let (mut world, [ana, _, bob], talk, _) = three(1);
    let (zoe, invite) = (world.native("Zoe"), world.ticket_into(ana, talk));
    world.wall(zoe, bob);
    world.open(zoe, &invite, None);
    world.settle("Zoe is in", SOON, |world| world.is_in(zoe, talk));
    world.run_for(Duration::from_secs(10));
    for (seat, other, text) in [(zoe, bob, "hello Bob"), (bob, zoe, "hello Zoe")] {
        world.say(seat, talk, text);
        let took =
            world.settle("heard", SOON, |world| world.texts(other, talk).iter().any(|one| one == text));
        assert!(took <= Duration::from_millis(80), "{text:?} took {} ms over two links", took.as_millis());
    }
    assert!(!world.is_linked(zoe, bob));
    assert_eq!(world.stat(ana, "operation_sent_on"), 2);
}
