//! The coordinator is found without a message: by the list and by who is suspected, at each node for itself (section 3.2).

use super::{overhear, three};
use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationId, Duration, NodeId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn coordinator(world: &World, seat: Seat, talk: ConversationId) -> Option<NodeId> {
    let view = world.node(seat)?.conversation(talk)?;
    view.participants.iter().find(|one| one.coordinator).map(|one| one.person.node)
}

#[test]
fn the_next_in_the_list_takes_over_and_gives_back_without_a_word() {
    let (mut world, [ana, eva, bob], talk, _) = three(1);
    let heard = overhear(&mut world, |_, _, _| true);
    world.cut(ana, eva);
    world.cut(ana, bob);
    world.settle("Eva is the coordinator", SOON.times(2), |world| {
        [eva, bob].iter().all(|seat| coordinator(world, *seat, talk) == Some(world.id(eva)))
    });
    assert_eq!(coordinator(&world, ana, talk), Some(world.id(ana)), "suspicion is local");
    world.heal(ana, eva);
    world.heal(ana, bob);
    world.settle("Ana is again", SOON.times(5), |world| {
        [ana, eva, bob].iter().all(|seat| coordinator(world, *seat, talk) == Some(world.id(ana)))
    });
    world.run_for(Duration::from_secs(10));
    // Heartbeats, and the way back to each other: nothing else was sent.
    let is_needed = |frame: &Frame| {
        matches!(
            frame,
            Frame::Hello(_)
                | Frame::Proof(_)
                | Frame::Ping(_)
                | Frame::Pong(_)
                | Frame::Bye(_)
                | Frame::Lookup(_)
                | Frame::Contact(_)
                | Frame::Signal(_)
                | Frame::Unreachable(_)
                | Frame::Heads(_)
        )
    };
    let other: Vec<_> = heard.borrow().iter().filter(|(.., frame)| !is_needed(frame)).cloned().collect();
    assert!(other.is_empty(), "an election needs no message: {other:?}");
}
