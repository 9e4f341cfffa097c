//! One bad peer is one bad link: the others do not notice.

use tertulia_proto::wire::{DeviceHead, Frame, Heads, Lookup, Want, bounded::List};
use tertulia_proto::{ConversationId, Duration, NodeId, OpId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// Ana and Zoe talk while Eve, who is linked to Ana and in no conversation of theirs, sends `frames`.
fn talk_beside(frames: impl Fn(ConversationId) -> Vec<Vec<u8>>) -> (World, Seat, Seat) {
    let mut world = World::new(1);
    let (ana, zoe, eve) = (world.native("Ana"), world.tab("Zoe"), world.tab("Eve"));
    let talk = world.gather(&[ana, zoe]);
    let invite = world.invite(ana);
    world.open(eve, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eve));
    for number in 0..20 {
        for bytes in frames(talk) {
            world.inject(eve, ana, bytes);
        }
        let message = world.say(zoe, talk, &format!("{number}"));
        let took = world.settle("heard", SOON, |world| world.shown(ana, talk).contains(&message));
        assert!(took < Duration::from_millis(100), "message {number} took {took:?}");
    }
    assert!(world.closings(ana, zoe).is_empty());
    (world, ana, eve)
}

#[test]
fn rubbish_ends_only_the_link_it_comes_from() {
    let (world, ana, eve) = talk_beside(|_| vec![b"GET / HTTP/1.1\r\n".to_vec(); 10]);
    assert!(!world.is_linked(ana, eve));
}

#[test]
fn floods_are_cut_to_their_allowance() {
    let (world, ana, _) = talk_beside(|_| {
        let lookup = Frame::Lookup(Lookup { node: NodeId([7; 16]) });
        vec![lookup.encode(); 200]
    });
    assert!(world.stat(ana, "frame_over_rate") > 1000);
}

#[test]
fn a_conversation_answers_nobody_who_is_not_in_it() {
    let (world, ana, eve) = talk_beside(|talk| {
        let want = Want { conversation: talk, ids: List::first([OpId([0; 32])]) };
        let nobody = DeviceHead { node: NodeId([9; 16]), seq: 9 };
        let heads = Heads {
            conversation: talk,
            devices: List::first([nobody]),
            answer: false,
            heads: List::default(),
        };
        vec![Frame::Want(want).encode(), Frame::Heads(heads).encode()]
    });
    assert!(world.node(eve).unwrap().conversations().is_empty());
    assert_eq!(world.stat(eve, "operation_unasked"), 0, "nothing was sent to her");
    assert!(world.is_linked(ana, eve) || !world.closings(ana, eve).is_empty());
}
