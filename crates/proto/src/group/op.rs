//! Operations: the signed, hash-linked facts that a conversation is made of (DESIGN, section 6).

use crate::group::ticket::Ticket;
use crate::identity::{AccountId, Certificate, DeviceKey, Identity, NodeId, Profile, Signature};
use crate::io::{Emoji, MessageText};
use crate::store::Key;
use crate::wire::bounded::{List, fixed_bytes};
use crate::wire::cbor::{self, Reader, Wire, Writer, numbered, structure};
use crate::wire::signed::{read_pair, verify, write_pair};
use std::cmp::Ordering;
use std::sync::Arc;

fixed_bytes! {
    /// An operation: BLAKE3 over its content.
    OpId, 32
}
fixed_bytes! {
    /// A conversation: the first 128 bits of the id of its Create.
    ConversationId, 16
}

/// The most heads that an operation names. More stay heads until a later operation takes them in.
pub const DEPENDENCIES_MAX: usize = 16;
/// The largest operation on the wire: with its frame around it, it fits into 16 KiB.
pub const OPERATION_MAX: usize = 12 * 1024;

const CONTEXT: &str = "tertulia operation v1";

/// How many may be in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationKind {
    /// Two users.
    Private,
    /// Two or more.
    Public,
}

numbered! { ConversationKind { 0 => Private, 1 => Public } }

impl ConversationKind {
    /// The word for it in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// Which of the past a newcomer is given, decided at Create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// Everything.
    All,
    /// What comes after their admission.
    FromAdmission,
}

numbered! { History { 0 => All, 1 => FromAdmission } }

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Begins a conversation; its author is the first participant.
    Create(Create),
    /// Lets a node in.
    Admit(Admit),
    /// The author leaves.
    Leave,
    /// The author says something.
    Message(Message),
    /// A node is out that has not answered for long (DESIGN, section 6).
    Evict(Evict),
    /// The author changes the words of a message of theirs.
    Edit(Edit),
    /// The author takes a message of theirs back.
    Delete(Delete),
    /// The author reacts to a message, or no longer does.
    React(React),
    /// A kind that this version does not know: kept and passed on, never interpreted.
    Unknown(u32),
}

/// The beginning of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Private or public.
    pub kind: ConversationKind,
    /// What newcomers are given of the past.
    pub history: History,
    /// Makes two conversations of one author in one millisecond differ.
    pub nonce: [u8; 16],
    /// The author's certificate: with it every operation of theirs can be verified.
    pub certificate: Certificate,
    /// What the author says of themself.
    pub profile: Profile,
}

structure! { Create { 0 => kind, 1 => history, 2 => nonce, 3 => certificate, 4 => profile } }

/// The admission of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admit {
    /// The newcomer's certificate.
    pub certificate: Certificate,
    /// What the newcomer says of themself: not the word of the one who admits.
    pub profile: Profile,
    /// The word of the participant who let the newcomer in, when that is not the author.
    pub ticket: Option<Ticket>,
}

structure! { Admit { 0 => certificate, 1 => profile, 2 => ticket } }

/// The end of somebody's silence in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evict {
    /// Who is out.
    pub node: NodeId,
}

structure! { Evict { 0 => node } }

/// Something said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The words.
    pub text: MessageText,
    /// The message that it replies to.
    pub reply_to: Option<OpId>,
}

structure! { Message { 0 => text, 1 => reply_to } }

/// Other words for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which message.
    pub message: OpId,
    /// The words.
    pub text: MessageText,
}

structure! { Edit { 0 => message, 1 => text } }

/// The end of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Which message.
    pub message: OpId,
}

structure! { Delete { 0 => message } }

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    /// Which message.
    pub message: OpId,
    /// What to show beside it.
    pub emoji: Emoji,
    /// Whether it is given or taken back.
    pub on: bool,
}

structure! { React { 0 => message, 1 => emoji, 2 => on } }

impl Wire for Body {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.kind().into());
        match self {
            Self::Create(create) => create.write(to),
            Self::Admit(admit) => admit.write(to),
            Self::Message(message) => message.write(to),
            Self::Evict(evict) => evict.write(to),
            Self::Edit(edit) => edit.write(to),
            Self::Delete(delete) => delete.write(to),
            Self::React(react) => react.write(to),
            // An unknown operation is never written anew: it travels as the bytes that it came in.
            Self::Leave | Self::Unknown(_) => to.map(0),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.pair()?;
        match u32::read(from)? {
            0 => Create::read(from).map(Self::Create),
            1 => Admit::read(from).map(Self::Admit),
            2 => from.skip().map(|()| Self::Leave),
            3 => Message::read(from).map(Self::Message),
            4 => Evict::read(from).map(Self::Evict),
            5 => Edit::read(from).map(Self::Edit),
            6 => Delete::read(from).map(Self::Delete),
            7 => React::read(from).map(Self::React),
            kind => from.skip().map(|()| Self::Unknown(kind)),
        }
    }
}

impl Body {
    /// Whether it may change who is in the conversation.
    pub(crate) fn concerns_list(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Admit(_) | Self::Leave | Self::Evict(_))
    }

    fn kind(&self) -> u32 {
        match self {
            Self::Create(_) => 0,
            Self::Admit(_) => 1,
            Self::Leave => 2,
            Self::Message(_) => 3,
            Self::Evict(_) => 4,
            Self::Edit(_) => 5,
            Self::Delete(_) => 6,
            Self::React(_) => 7,
            Self::Unknown(kind) => *kind,
        }
    }

    /// The message that it changes, if it changes one.
    pub(crate) fn target(&self) -> Option<OpId> {
        match self {
            Self::Edit(Edit { message, .. })
            | Self::Delete(Delete { message })
            | Self::React(React { message, .. }) => Some(*message),
            _ => None,
        }
    }
}

/// What an operation says, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The conversation; nothing in a Create, whose id names it.
    pub conversation: Option<ConversationId>,
    /// The user who speaks.
    pub author: AccountId,
    /// The device that signs.
    pub device: DeviceKey,
    /// Counts the device's operations in this conversation, from one.
    pub seq: u64,
    /// The device's operation before this one.
    pub previous: Option<OpId>,
    /// The heads that the author had seen, and its own operation before this one.
    pub dependencies: List<OpId, DEPENDENCIES_MAX>,
    /// One more than the highest of the dependencies; one in a Create.
    pub lamport: u64,
    /// The author's clock, milliseconds since 1970: for display only, order never depends on it.
    pub time_ms: u64,
    /// What it does.
    pub body: Body,
}

structure! {
    Content {
        0 => conversation, 1 => author, 2 => device, 3 => seq, 4 => previous, 5 => dependencies or default,
        6 => lamport, 7 => time_ms, 8 => body,
    }
}

impl Content {
    /// Whether the parts that can be judged without any other operation fit together: a Create depends on
    /// nothing and speaks for its author; anything else depends on something, its author's last word included.
    fn is_in_place(&self) -> bool {
        match &self.body {
            Body::Create(create) => {
                let begins =
                    self.conversation.is_none() && self.dependencies.is_empty() && self.previous.is_none();
                begins && self.seq == 1 && self.lamport == 1 && create.speaks_for(self)
            }
            _ => {
                let continues = self.previous.is_none_or(|previous| self.dependencies.contains(&previous));
                let counts = self.seq >= 1 && (self.seq == 1) == self.previous.is_none() && self.lamport >= 2;
                self.conversation.is_some() && !self.dependencies.is_empty() && continues && counts
            }
        }
    }
}

impl Create {
    fn speaks_for(&self, content: &Content) -> bool {
        let Self { certificate, profile, .. } = self;
        let is_author = certificate.device == content.device && certificate.account == content.author;
        is_author && profile.account == content.author
    }
}

/// A signed operation. Its signature is checked by [`Operation::verify`], once its author's certificate is at
/// hand: a newcomer's operations may arrive before the Admit that carries it. It never changes: clones are the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    id: OpId,
    content: Content,
    bytes: Vec<u8>,
    signature: Signature,
}

impl Operation {
    /// Signs `content` as `me`.
    pub(crate) fn sign(content: Content, me: &Identity) -> Self {
        let bytes = cbor::encode(&content);
        let id = OpId(*blake3::hash(&bytes).as_bytes());
        Self(Arc::new(Parts { id, content, bytes, signature: me.sign(CONTEXT, &id.0) }))
    }

    /// Its id.
    pub fn id(&self) -> OpId {
        self.0.id
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.0.content
    }

    /// The node that signed it.
    pub fn node(&self) -> NodeId {
        self.0.content.device.node()
    }

    /// The conversation that it belongs to: for a Create, the one that it begins.
    pub fn conversation(&self) -> ConversationId {
        self.0.content.conversation.unwrap_or_else(|| begun_by(&self.0.id))
    }

    /// Whether the device that it names signed it.
    pub fn verify(&self) -> bool {
        verify(&self.0.content.device.0, CONTEXT, &self.0.id.0, &self.0.signature)
    }

    /// The order in which a conversation is shown: causal, ties by author and id (DESIGN, section 6).
    pub fn display_key(&self) -> DisplayKey {
        DisplayKey { lamport: self.0.content.lamport, author: self.0.content.author, id: self.0.id }
    }

    /// Where it is kept: under its lamport, so that what it depends on stands before it.
    pub(crate) fn key(&self) -> Key {
        Key::Operation(self.conversation(), self.0.content.lamport, self.0.id)
    }

    /// Bytes that it takes on the wire, about: what buffers of operations are bounded by.
    pub fn size(&self) -> usize {
        self.0.bytes.len() + 72
    }
}

/// The conversation that the Create with this id begins.
fn begun_by(create: &OpId) -> ConversationId {
    let mut id = [0; 16];
    id.copy_from_slice(&create.0[..16]);
    ConversationId(id)
}

/// Where an operation stands in the order of display. A linear extension of causality, because an
/// operation's lamport is higher than those of all that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisplayKey {
    /// The operation's lamport.
    pub lamport: u64,
    /// Its author.
    pub author: AccountId,
    /// Its id.
    pub id: OpId,
}

impl Ord for DisplayKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.lamport, self.author, self.id).cmp(&(other.lamport, other.author, other.id))
    }
}

impl PartialOrd for DisplayKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Wire for Operation {
    fn write(&self, to: &mut Writer) {
        write_pair(to, &self.0.bytes, &self.0.signature);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (bytes, signature) = read_pair(from)?;
        if bytes.len() > OPERATION_MAX {
            return None;
        }
        let content: Content = cbor::decode(bytes)?;
        let id = OpId(*blake3::hash(bytes).as_bytes());
        content.is_in_place().then(|| Self(Arc::new(Parts { id, content, bytes: bytes.to_vec(), signature })))
    }
}
