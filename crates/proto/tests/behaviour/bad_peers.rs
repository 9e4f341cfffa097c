//! One bad peer is one bad link: the others do not notice.

use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::wire::{DeviceHead, Frame, Heads, Lookup, Want, bounded::List};
use tertulia_proto::{Duration, NodeId, OpId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

struct Scene {
    world: World,
    ana: Seat,
    eve: Seat,
    /// Frames about conversations that Ana has sent to Eve.
    told: Rc<Cell<u32>>,
}

/// Ana and Zoe talk while Eve, who is linked to Ana and in no conversation of theirs, sends `frames`, made for
/// the conversation and its latest message.
fn talk_beside(frames: impl Fn(tertulia_proto::ConversationId, OpId) -> Vec<Vec<u8>>) -> Scene {
    let mut world = World::new(1);
    let (ana, zoe, eve) = (world.native("Ana"), world.tab("Zoe"), world.tab("Eve"));
    let talk = world.gather(&[ana, zoe]);
    let invite = world.invite(ana);
    world.open(eve, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eve));
    let told = listen(&mut world, ana, eve);
    for number in 0..20 {
        let message = world.say(zoe, talk, &format!("{number}"));
        for bytes in frames(talk, message) {
            world.inject(eve, ana, bytes);
        }
        let took = world.settle("heard", SOON, |world| world.shown(ana, talk).contains(&message));
        assert!(took < Duration::from_millis(100), "message {number} took {took:?}");
    }
    assert!(world.closings(ana, zoe).is_empty());
    Scene { world, ana, eve, told }
}

/// Counts frames that tell something of a conversation.
fn listen(world: &mut World, from: Seat, to: Seat) -> Rc<Cell<u32>> {
    let told = Rc::new(Cell::new(0));
    let count = Rc::clone(&told);
    world.tamper(move |sender, receiver, bytes| {
        let tells = match Frame::decode(&bytes) {
            Ok(Frame::Operations(_) | Frame::Heads(_) | Frame::Delivered(_)) => true,
            Ok(Frame::Ping(ping)) => !ping.digests.is_empty(),
            _ => false,
        };
        if sender == from && receiver == to && tells {
            count.set(count.get() + 1);
        }
        vec![bytes]
    });
    told
}

#[test]
fn rubbish_ends_only_the_link_it_comes_from() {
    let Scene { world, ana, eve, .. } = talk_beside(|_, _| vec![b"GET / HTTP/1.1\r\n".to_vec(); 10]);
    assert!(!world.is_linked(ana, eve));
}

#[test]
fn floods_are_cut_to_their_allowance() {
    let Scene { world, ana, .. } = talk_beside(|_, _| {
        let lookup = Frame::Lookup(Lookup { node: NodeId([7; 16]) });
        vec![lookup.encode(); 200]
    });
    assert!(world.stat(ana, "frame_over_rate") > 1000);
}

#[test]
fn a_conversation_tells_nothing_to_whoever_is_not_in_it() {
    let Scene { mut world, ana, eve, told } = talk_beside(|conversation, message| {
        let want = Want { conversation, ids: List::first([message]), deep: false };
        let devices = List::first([DeviceHead { node: NodeId([9; 16]), seq: 9 }]);
        let heads = Heads { conversation, devices, answer: false, heads: List::default(), more: false };
        vec![Frame::Want(want).encode(), Frame::Heads(heads).encode()]
    });
    world.run_for(SOON);
    assert!(world.is_linked(ana, eve), "to ask is no offence");
    assert_eq!(told.get(), 0);
}
