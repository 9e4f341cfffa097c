//! Frames: what goes over a link, how it is coded, and how much of it there may be.
//!
//! A frame is one message of the data channel: a CBOR array of a kind and a map with numbered fields.
//! A kind that we do not know is skipped, a field that we do not know is ignored: either side may be newer.

pub mod bounded;
pub mod cbor;
mod directory;
mod entry;
mod envelope;
pub mod letter;
mod overlay;
mod people;
pub(crate) mod seal;
pub mod signed;
#[cfg(test)]
mod tests;

pub use directory::{Filed, Found, Keep, Kept, Publish, RECORDS_MAX, Seek};
pub use entry::{
    Answer, AnswerCode, AutomaticEntryToCoordinator, AutomaticEntryToPeer, ConnectionRelease,
    ConnectionRequest, LeaveOperation, ListOperation, ListUpdate, Newcomer,
};
pub use overlay::{
    Arrival, COLLECTED_BYTES_MAX, COLLECTED_MAX, Decline, Hop, Join, Joined, Later, Leaves, Load, PATH_MAX,
    Return, Route, RouteId, Row, RowRequest,
};
pub use people::{LeftMessage, Typing};

pub use envelope::{ENCLOSED_MAX, ENVELOPE_MAX, Enclosed, Sealed};

use crate::endpoint::Endpoint;
use crate::group::{ConversationId, OpId, Operation, PARTICIPANTS_MAX};
use crate::identity::{Certificate, NodeId, Profile, Signature};
use crate::io::CloseReason;
use bounded::{Blob, List, fixed_bytes};
use cbor::{Reader, Wire, Writer, structure};

/// The largest frame: what every WebRTC stack carries as one message without trouble.
pub const FRAME_MAX: usize = 16 * 1024;
/// The most operations in one frame; their bytes are bounded by the frame itself.
pub const OPERATIONS_MAX: usize = 64;
/// The most ids that are asked for at once.
pub const WANT_MAX: usize = 256;
/// The most devices that a comparison lists; with it the frame stays below its limit.
pub const DEVICES_MAX: usize = 512;
/// The most heads that a comparison names.
pub const HEADS_MAX: usize = 16;
/// The most conversations whose heads one PING carries: two nodes that share more take turns.
pub const DIGESTS_MAX: usize = 32;
/// The largest sealed envelope: an offer with sixteen candidates and a certificate is a fifth of it.
pub const SEALED_MAX: usize = 8 * 1024;
/// The ability of a node that is part of the overlay, as a bit of [`Hello::features`].
pub const OVERLAY: u64 = 1;
/// The version of the protocol that this code speaks.
pub const VERSION: u16 = 1;

fixed_bytes! {
    /// Fresh randomness of one side of a handshake.
    Nonce, 32
}
fixed_bytes! {
    /// One run of a node: tells a restarted peer from one that opened a second link.
    SessionId, 8
}
fixed_bytes! {
    /// A hash of the heads of a conversation.
    HeadsDigest, 8
}

/// What may go over a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Who I am: the first frame of each side.
    Hello(Box<Hello>),
    /// The proof that I hold the keys I showed, for this link only.
    Proof(Proof),
    /// Are you there? With a digest of each conversation that we share.
    Ping(Ping),
    /// I am.
    Pong(Pong),
    /// The last frame of a side: the link is to be closed.
    Bye(Bye),
    /// Who is this node? Asked of a node that is linked to it.
    Lookup(Lookup),
    /// This is who it is.
    Contact(Box<Contact>),
    /// A sealed offer or answer to be carried to a node.
    Signal(Signal),
    /// That node is not linked to me.
    Unreachable(Unreachable),
    /// A wish to talk (García, section 2.2).
    ConnectionRequest(Box<ConnectionRequest>),
    /// The answer to it (García, section 2.2).
    Answer(Box<Answer>),
    /// Let me in: a participant has accepted me (García, section 2.2).
    AutomaticEntryToCoordinator(Box<AutomaticEntryToCoordinator>),
    /// The coordinator has let me in: do you know? (García, section 2.2).
    AutomaticEntryToPeer(AutomaticEntryToPeer),
    /// The list of participants changes (García, section 2.2).
    ListUpdate(Box<ListUpdate>),
    /// I leave (García, section 2.2).
    ConnectionRelease(Box<ConnectionRelease>),
    /// A message for whoever is away, and whose answering machine answered.
    LeftMessage(LeftMessage),
    /// Operations of conversations.
    Operations(Operations),
    /// Operations that I lack.
    Want(Want),
    /// How far I am in a conversation, device by device.
    Heads(Heads),
    /// I have your operations up to this one.
    Delivered(Delivered),
    /// What you are given of the time before you came.
    Past(Past),
    /// I am writing something.
    Typing(Typing),
    /// To whoever is closest to a key.
    Route(Route),
    /// One hop of that was made.
    Hop(Hop),
    /// The answer to it.
    Return(Return),
    /// About our leaf sets.
    Leaves(Leaves),
    /// I am new in the overlay.
    Arrival(Arrival),
    /// Which nodes are in this row of your routing table?
    RowRequest(RowRequest),
    /// These.
    Row(Row),
    /// Where in the overlay is my place?
    Join(Join),
    /// Here.
    Joined(Joined),
    /// Keep this record, you who are near its key.
    Keep(Keep),
    /// Keep this record, and have it kept.
    Publish(Box<Publish>),
    /// It is kept.
    Filed(Filed),
    /// Who is listed under these words?
    Seek(Seek),
    /// These.
    Found(Found),
    /// A frame for somebody who cannot be linked.
    Sealed(Sealed),
    /// One of a routed kind that a later version has added: it is only ever inside another, to be carried on.
    Later(Later),
}

/// Frames go from hand to hand, and a simulated ring has tens of thousands under way: what is large of them stands aside.
const _: () = assert!(size_of::<Frame>() <= 96, "a frame is too large to be handed on");

/// The first frame of each side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The lowest version that the sender speaks.
    pub version_min: u16,
    /// The highest version that the sender speaks.
    pub version_max: u16,
    /// Optional abilities, a bit each: [`OVERLAY`].
    pub features: u64,
    /// The sender's device, vouched for by its account.
    pub certificate: Certificate,
    /// The sender's user.
    pub profile: Profile,
    /// Fresh for each link.
    pub nonce: Nonce,
    /// Fresh for each run of the sender.
    pub session: SessionId,
    /// Where the sender can be dialled, if it can.
    pub endpoint: Option<Endpoint>,
}

structure! {
    Hello {
        0 => version_min, 1 => version_max, 2 => features, 3 => certificate, 4 => profile, 5 => nonce,
        6 => session, 7 => endpoint,
    }
}

/// The second frame of each side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// By the device key, over the transcript of the handshake.
    pub signature: Signature,
}

structure! { Proof { 0 => signature } }

/// A heartbeat and a measurement (Doyen et al., section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Ties the PONG to it.
    pub correlator: u64,
    /// What the sender has of the conversations that both are in.
    pub digests: List<Digest, DIGESTS_MAX>,
}

structure! { Ping { 0 => correlator, 1 => digests or default } }

/// What somebody has of one conversation, in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Over its heads.
    pub heads: HeadsDigest,
}

structure! { Digest { 0 => conversation, 1 => heads } }

/// The answer to a PING.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong {
    /// That of the PING.
    pub correlator: u64,
}

structure! { Pong { 0 => correlator } }

/// The end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why: [`FarewellCode`], or a number of a later version.
    pub code: u16,
}

structure! { Bye { 0 => code } }

/// Why a side says goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarewellCode {
    /// It goes away, or needs the link no longer.
    Left,
    /// Another link to the same node is kept.
    Duplicate,
    /// It has no room.
    Full,
    /// The handshake did not hold.
    Unproven,
    /// No common version.
    Incompatible,
    /// The other side broke the protocol.
    Misbehaved,
}

impl FarewellCode {
    const ALL: [Self; 6] =
        [Self::Left, Self::Duplicate, Self::Full, Self::Unproven, Self::Incompatible, Self::Misbehaved];

    /// The number on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// What it means to the side that reads it. An unknown number is a plain goodbye.
    pub fn reason(code: u16) -> CloseReason {
        match Self::ALL.into_iter().find(|known| known.code() == code) {
            Some(Self::Duplicate) => CloseReason::Duplicate,
            Some(Self::Full) => CloseReason::Full,
            Some(Self::Unproven) => CloseReason::Unproven,
            Some(Self::Incompatible) => CloseReason::Incompatible,
            Some(Self::Misbehaved) => CloseReason::Misbehaved,
            Some(Self::Left) | None => CloseReason::Left,
        }
    }
}

/// A question for a node's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Whose.
    pub node: NodeId,
}

structure! { Lookup { 0 => node } }

/// A node's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// It names the node by itself.
    pub certificate: Certificate,
}

structure! { Contact { 0 => certificate } }

/// An envelope that its carrier can neither read nor change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// For whom.
    pub to: NodeId,
    /// HPKE to the recipient's sealing key.
    pub sealed: Blob<SEALED_MAX>,
}

structure! { Signal { 0 => to, 1 => sealed } }

/// The word of a carrier that it cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Whom it is not linked to.
    pub node: NodeId,
}

structure! { Unreachable { 0 => node } }

/// Operations, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    /// The operations.
    pub operations: List<Operation, OPERATIONS_MAX>,
    /// Participants whom the sender has no link to: to be sent on to those of them whom the receiver has one to.
    pub onward: List<NodeId, PARTICIPANTS_MAX>,
}

structure! { Operations { 0 => operations, 1 => onward or default } }

/// A request for operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Which.
    pub ids: List<OpId, WANT_MAX>,
    /// Whether what they depend on is missing too, as far as can be told: asked for again and again.
    pub deep: bool,
}

structure! { Want { 0 => conversation, 1 => ids, 2 => deep or default } }

/// How far a node is in a conversation. The receiver sends what it has beyond it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The last operation of each device that the sender has.
    pub devices: List<DeviceHead, DEVICES_MAX>,
    /// Whether it answers a Heads: then it is not answered itself.
    pub answer: bool,
    /// The sender's heads: what equal counts hide, when a device that lost its memory counted anew.
    pub heads: List<OpId, HEADS_MAX>,
    /// Whether it only says that operations came ahead of it and more are to come, on a word that they have.
    pub more: bool,
}

structure! {
    Heads { 0 => conversation, 1 => devices, 2 => answer, 3 => heads or default, 4 => more or default }
}

/// The last operation of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceHead {
    /// The device's node.
    pub node: NodeId,
    /// Its count.
    pub seq: u64,
}

/// A pair, for there may be five hundred of them.
impl Wire for DeviceHead {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        self.node.write(to);
        self.seq.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.pair()?;
        Some(Self { node: NodeId::read(from)?, seq: u64::read(from)? })
    }
}

/// An acknowledgement to the author: all up to `seq` is part of the conversation here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The receiver's own count.
    pub seq: u64,
    /// The receiver's own count up to which the person here has read, if the person shares that.
    pub read: Option<u64>,
}

structure! { Delivered { 0 => conversation, 1 => seq, 2 => read } }

/// What a newcomer is given of the time before its own, where that is not everything; a piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Operations that make the list.
    pub operations: List<Operation, OPERATIONS_MAX>,
    /// What to do without.
    pub roots: List<OpId, WANT_MAX>,
    /// How far each device had come.
    pub devices: List<DeviceHead, DEVICES_MAX>,
}

structure! {
    Past { 0 => conversation, 1 => operations or default, 2 => roots or default, 3 => devices or default }
}

/// Why bytes are no frame for us. Each is counted under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than [`FRAME_MAX`]: nothing of it was looked at.
    TooLarge,
    /// Not a frame, or one whose values are not legal.
    Malformed,
    /// A kind that this version does not know.
    UnknownKind,
}

/// Writes and reads each kind under its number.
macro_rules! frame_kinds {
    ($($number:literal => $kind:ident,)*) => {
        impl Frame {
            /// The frame as bytes.
            pub fn encode(&self) -> Vec<u8> {
                let mut to = Writer::default();
                self.write(&mut to);
                to.into_bytes()
            }

            /// Writes the frame.
            pub(crate) fn write(&self, to: &mut Writer) {
                to.array(2);
                match self {
                    $(Self::$kind(body) => {
                        to.unsigned($number);
                        body.write(to);
                    })*
                    Self::Later(Later { kind, body }) => {
                        to.unsigned((*kind).into());
                        to.item(body);
                    }
                }
            }

         /// Reads what follows the number of a kind.
            fn read_kind(kind: u32, from: &mut Reader<'_>) -> Result<Self, FrameError> {
                let frame = match kind {
                    $($number => Wire::read(from).map(Self::$kind),)*
                    _ => return Err(FrameError::UnknownKind),
                };
                frame.ok_or(FrameError::Malformed)
            }
        }
    };
}

impl Frame {
    /// The number of a frame's kind, known here or not; the rest is not read.
    pub fn kind_of(bytes: &[u8]) -> Option<u32> {
        kind(&mut Reader::new(bytes))
    }

    /// Reads one frame. Nothing is allocated for one over the limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_MAX {
            return Err(FrameError::TooLarge);
        }
        let mut from = Reader::new(bytes);
        let kind = kind(&mut from).ok_or(FrameError::Malformed)?;
        let frame = Self::read_kind(kind, &mut from)?;
        if from.is_at_end() { Ok(frame) } else { Err(FrameError::Malformed) }
    }

    /// The one node that a routed frame is for, if it is not for whoever is closest.
    pub(crate) fn addressee(&self) -> Option<NodeId> {
        match self {
            Self::Lookup(lookup) => Some(lookup.node),
            Self::Signal(signal) => Some(signal.to),
            Self::Sealed(sealed) => Some(sealed.to),
            _ => None,
        }
    }

    /// Reads a frame that another holds.
    pub(crate) fn read_routed(from: &mut Reader<'_>) -> Option<Self> {
        let kind = kind(from).filter(|kind| is_routed(*kind))?;
        match Self::read_kind(kind, from) {
            Err(FrameError::UnknownKind) => Some(Self::Later(Later { kind, body: from.item()?.into() })),
            known => known.ok(),
        }
    }
}

fn kind(from: &mut Reader<'_>) -> Option<u32> {
    from.pair()?;
    u32::read(from)
}

frame_kinds! {
    0 => Hello,
    1 => Proof,
    2 => Ping,
    3 => Pong,
    4 => Bye,
    8 => Lookup,
    9 => Contact,
    10 => Signal,
    11 => Unreachable,
    16 => ConnectionRequest,
    17 => Answer,
    18 => AutomaticEntryToCoordinator,
    19 => AutomaticEntryToPeer,
    20 => ListUpdate,
    21 => ConnectionRelease,
    22 => LeftMessage,
    32 => Operations,
    33 => Want,
    34 => Heads,
    35 => Delivered,
    37 => Past,
    36 => Typing,
    40 => Route,
    41 => Hop,
    42 => Return,
    43 => Leaves,
    44 => Arrival,
    45 => RowRequest,
    46 => Row,
    47 => Keep,
    48 => Join,
    49 => Joined,
    50 => Publish,
    51 => Filed,
    52 => Seek,
    53 => Found,
    54 => Sealed,
}

/// Whether frames of a kind may be routed through the overlay: those of introductions, and those that are for nothing else.
fn is_routed(kind: u32) -> bool {
    matches!(kind, 8..=11 | 48..=63)
}

/// Packs operations into as few frames as their limits allow, in order.
pub(crate) fn operation_frames(mut operations: &[&Operation]) -> Vec<Frame> {
    let sizes: Vec<_> = operations.iter().map(|operation| operation.size()).collect();
    let mut frames = Vec::new();
    for length in frame_lengths(&sizes) {
        let (first, rest) = operations.split_at(length);
        let packed = List::first(first.iter().copied().cloned());
        frames.push(Frame::Operations(Operations { operations: packed, onward: List::default() }));
        operations = rest;
    }
    frames
}

/// How many operations go into each frame, of operations of these sizes in order.
pub(crate) fn frame_lengths(sizes: &[usize]) -> Vec<usize> {
    const ROOM: usize = FRAME_MAX - 64;
    let (mut lengths, mut room) = (Vec::new(), 0);
    for size in sizes {
        match lengths.last_mut() {
            Some(length) if *size <= room && *length < OPERATIONS_MAX => *length += 1,
            _ => {
                lengths.push(1);
                room = ROOM;
            }
        }
        room = room.saturating_sub(*size);
    }
    lengths
}

/// A frame of [`Operations`] up to the first of `count` operations; behind the last it ends. Operations are kept as they
/// stand in a frame, so that a driver makes one of records.
pub(crate) fn operations_head(count: usize) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(2);
    to.unsigned(OPERATIONS);
    to.map(1);
    to.unsigned(0);
    to.array(count);
    to.into_bytes()
}

/// The number of the kind [`Frame::Operations`].
const OPERATIONS: u64 = 32;
