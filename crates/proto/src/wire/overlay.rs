//! Frames of the overlay: what Pastry says from node to node, and what is routed with it.

use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::ring::{Key, LEAVES_MAX, ROW_MAX};
use crate::wire::bounded::{List, fixed_bytes};
use crate::wire::cbor::{Reader, Wire, Writer, numbered, structure};
use crate::wire::{FRAME_MAX, Frame};
use std::sync::Arc;

/// The most nodes that a message passes, its origin included: a network of a million needs seven, and some who are lost on the
/// way are gone around.
pub const PATH_MAX: usize = 16;
/// The most contacts that a join collects: six whole rows, as many as a network of some ten million has.
pub const COLLECTED_MAX: usize = 6 * ROW_MAX;
/// The most bytes that these take: with a leaf set beside them and a whole path they stay below the limit of a frame.
pub const COLLECTED_BYTES_MAX: usize = 12 * 1024;

fixed_bytes! {
    /// One message on its way through the overlay, so that an answer is known by it.
    RouteId, 8
}

/// A frame inside another: only kinds that may be routed, so that none holds another that holds another. Shared, because a
/// hop keeps what it sent until the next one has acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load(pub Arc<Frame>);

impl Load {
    /// The frame, taken out, or once more where a hop has kept it.
    pub(crate) fn into_frame(self) -> Option<Frame> {
        match Arc::try_unwrap(self.0) {
            Ok(frame) => Some(frame),
            // To clone each kind of frame costs the page more than to write and read this one.
            #[cfg(target_family = "wasm")]
            Err(shared) => Frame::read_routed(&mut Reader::new(&shared.encode())),
            #[cfg(not(target_family = "wasm"))]
            Err(shared) => Some((*shared).clone()),
        }
    }
}

impl Wire for Load {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Frame::read_routed(from).map(|frame| Self(Arc::new(frame)))
    }
}

/// A frame that this version carries and does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    pub(super) kind: u32,
    /// The item that it is, as it came.
    pub(super) body: Box<[u8]>,
}

/// A message to whoever is closest to a key (DIMA, section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub key: Key,
    /// Which message.
    pub id: RouteId,
    /// Who had it, the origin first: an answer goes back the same way, and nobody has it twice.
    pub path: List<NodeId, PATH_MAX>,
    /// What it is.
    pub load: Load,
}

structure! { Route { 0 => key, 1 => id, 2 => path, 3 => load } }

impl Route {
    /// Whether a message that came as so many bytes stays within a frame when all who may have it have added themselves.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        /// What one of them adds.
        const NODE: usize = 1 + 16;
        bytes + (PATH_MAX - self.path.len()) * NODE <= FRAME_MAX
    }
}

/// The acknowledgement of one hop: a message was taken over, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Which.
    pub id: RouteId,
    /// A better next hop than the sender of this, where the one that it came from had an empty place (DIMA, section 2.3: "a new
    /// route via its downstream node").
    pub hint: Option<Arc<Contact>>,
    /// Why the message was not taken over, if it was not.
    pub declined: Option<Decline>,
}

structure! { Hop { 0 => id, 1 => hint, 2 => declined } }

/// Why a message is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Whoever declines has no place in the ring yet.
    Outside,
}

numbered! { Decline { 0 => Outside } }

/// The answer to a routed message, on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Which message is answered.
    pub id: RouteId,
    /// Whom it still has to pass, the next one last; the first is the origin of the message.
    pub path: List<NodeId, PATH_MAX>,
    /// The answer.
    pub load: Load,
}

structure! { Return { 0 => id, 1 => path, 2 => load } }

/// What a node says of its leaf set to one who is or may be in it: that it is there, whom the other may lack, who is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaves {
    /// The sender.
    pub sender: Arc<Contact>,
    /// The first bytes of the ids in the sender's leaf set.
    pub knows: List<u32, LEAVES_MAX>,
    /// Nodes that the receiver may lack.
    pub leaves: List<Arc<Contact>, LEAVES_MAX>,
    /// Nodes that are gone, or the sender itself, which is about to go.
    pub gone: List<NodeId, LEAVES_MAX>,
    /// Whether an answer is wanted.
    pub asks: bool,
}

structure! {
    Leaves { 0 => sender, 1 => knows or default, 2 => leaves or default, 3 => gone or default, 4 => asks or default }
}

/// A word to those whom a newcomer has in its routing table: it may have a place in theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The newcomer.
    pub sender: Arc<Contact>,
}

structure! { Arrival { 0 => sender } }

/// A question for a row of a routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRequest {
    /// Which: how many digits its nodes share with the node that is asked.
    pub row: u16,
}

structure! { RowRequest { 0 => row } }

/// A row of a routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The sender and the nodes in it.
    pub contacts: List<Arc<Contact>, { ROW_MAX + 1 }>,
}

structure! { Row { 0 => contacts } }

/// A newcomer asks for its place: routed to the newcomer's own id (DIMA, section 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The newcomer.
    pub sender: Arc<Contact>,
    /// Rows of the nodes on the way.
    pub contacts: List<Arc<Contact>, COLLECTED_MAX>,
}

structure! { Join { 0 => sender, 1 => contacts or default } }

/// The answer of the node that is closest to the newcomer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the join collected.
    pub contacts: List<Arc<Contact>, COLLECTED_MAX>,
    /// The leaf set of the closest, and itself.
    pub leaves: List<Arc<Contact>, { LEAVES_MAX + 1 }>,
}

structure! { Joined { 0 => contacts or default, 1 => leaves or default } }
