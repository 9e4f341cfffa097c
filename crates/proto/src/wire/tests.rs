//! What frames are, and what is none.

use super::*;
use crate::overlay::contact;
use crate::overlay::ring::Key;
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn a_frame_survives() {
    let frame = Frame::Pong(Pong { correlator: 7 });
    assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
}

#[test]
fn limits_and_unknown_kinds_are_told_apart() {
    assert_eq!(Frame::decode(&vec![0; FRAME_MAX + 1]), Err(FrameError::TooLarge));
    assert_eq!(Frame::decode(&[0x82, 0x18, 99, 0xa0]), Err(FrameError::UnknownKind));
    assert_eq!(Frame::decode(&[0x82, 0x03]), Err(FrameError::Malformed));
}

#[test]
fn a_field_of_a_later_version_is_ignored() {
    let mut bytes = Frame::Pong(Pong { correlator: 7 }).encode();
    // The map of one pair becomes one of two: 200 => "new".
    bytes[2] = 0xa2;
    bytes.extend([0x18, 200, 0x63, b'n', b'e', b'w']);
    assert_eq!(Frame::decode(&bytes), Ok(Frame::Pong(Pong { correlator: 7 })));
}

/// A Route that holds these bytes.
fn routed(load: &[u8]) -> Vec<u8> {
    [&b"\x82\x18\x28\xa4\x00\x50a key of 16 byte\x01\x48 8 bytes\x02\x80\x03"[..], load].concat()
}

/// Frames with much in them.
fn overlay_frames() -> Vec<Frame> {
    let contact = |n: u8| Arc::new(contact::Contact { node: NodeId([n; 16]), endpoint: None });
    let contacts = || (0..16).map(contact);
    let leaves = Leaves {
        sender: contact(1),
        knows: List::first(0..16),
        leaves: List::first(contacts()),
        gone: List::first([NodeId([2; 16])]),
        asks: true,
    };
    let join = Join { sender: contact(1), contacts: List::first(contacts()) };
    let joined = Joined { contacts: List::first(contacts()), leaves: List::first(contacts()) };
    let (key, id) = (Key([3; 16]), RouteId([4; 8]));
    let path = || List::first([NodeId([5; 16]), NodeId([6; 16])]);
    vec![
        Frame::Leaves(leaves),
        Frame::Row(Row { contacts: List::first(contacts()) }),
        Frame::Hop(Hop { id, hint: Some(contact(7)), declined: None }),
        Frame::Hop(Hop { id, hint: None, declined: Some(Decline::Outside) }),
        Frame::Route(Route { key, id, path: path(), load: Load(Arc::new(Frame::Join(join))) }),
        Frame::Return(Return { id, path: path(), load: Load(Arc::new(Frame::Joined(joined))) }),
    ]
}

#[test]
fn nothing_that_may_not_be_routed_is_read_from_a_route() {
    let lookup = Frame::Lookup(Lookup { node: NodeId([7; 16]) }).encode();
    assert!(Frame::decode(&routed(&lookup)).is_ok());
    let nested = routed(&lookup);
    let pong = Frame::Pong(Pong { correlator: 7 }).encode();
    for load in [nested, pong, overlay_frames()[0].encode(), vec![0x82, 0x18, 64, 0xa0]] {
        assert_eq!(Frame::decode(&routed(&load)), Err(FrameError::Malformed));
    }
}

#[test]
fn what_a_later_version_routes_is_carried_as_it_came() {
    // Fields of any form, the number of them written longer than it need be.
    let later = [0x82, 0x18, 60, 0xb8, 2, 0x03, 0xf9, 0x3c, 0x00, 0x20, 0x9f, 0x61, 0x61, 0xff];
    let frame = Frame::decode(&routed(&later)).expect("it is carried");
    assert_eq!(frame.encode(), routed(&later));
    assert_eq!(Frame::decode(&later), Err(FrameError::UnknownKind), "only inside another");
    for cut in 3..later.len() {
        assert_eq!(Frame::decode(&routed(&later[..cut])), Err(FrameError::Malformed), "{cut}");
    }
}

#[test]
fn a_message_has_room_for_all_who_may_have_it() {
    let Ok(Frame::Route(route)) =
        Frame::decode(&routed(&Frame::Lookup(Lookup { node: NodeId([7; 16]) }).encode()))
    else {
        panic!("it is one")
    };
    let whole = FRAME_MAX - 17 * PATH_MAX;
    assert!(route.has_room(whole) && !route.has_room(whole + 1));
    let path = List::first([NodeId([1; 16]); PATH_MAX]);
    let grown = Frame::Route(Route { path, ..route.clone() }).encode().len();
    assert_eq!(grown - Frame::Route(route).encode().len(), 17 * PATH_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(kind in 0u8..64, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Frame::decode(&bytes);
        let headed = [&[0x82, 0x18, kind][..], &bytes].concat();
        let _ = Frame::decode(&headed);
        let _ = Frame::decode(&routed(&headed));
    }

    #[test]
    fn true_frames_with_a_byte_changed_do_not_panic_and_come_out_as_they_go_in(
        which: prop::sample::Index, at: prop::sample::Index, value: u8)
    {
        let frames = overlay_frames();
        let mut bytes = frames[which.index(frames.len())].encode();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }
}
