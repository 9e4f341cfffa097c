//! Operations: the signed, hash-linked facts that a conversation is made of (DESIGN, section 6).

use crate::identity::{AccountId, Certificate, DeviceKey, Identity, NodeId, Profile, Signature};
use crate::io::MessageText;
use crate::wire::bounded::{List, fixed_bytes, numbered};
use crate::wire::decode_whole;
use crate::wire::signed::verify;
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
use minicbor::{Decode as DeriveDecode, Encode as DeriveEncode};
use std::cmp::Ordering;

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
    /// A kind that this version does not know: kept and passed on, never interpreted.
    Unknown(u32),
}

/// The beginning of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEncode, DeriveDecode)]
#[cbor(map)]
pub struct Create {
    /// Private or public.
    #[n(0)]
    pub kind: ConversationKind,
    /// What newcomers are given of the past.
    #[n(1)]
    pub history: History,
    /// Makes two conversations of one author in one millisecond differ.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// The author's certificate: with it every operation of theirs can be verified.
    #[n(3)]
    pub certificate: Certificate,
    /// What the author says of themself.
    #[n(4)]
    pub profile: Profile,
}

/// The admission of a node.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEncode, DeriveDecode)]
#[cbor(map)]
pub struct Admit {
    /// The newcomer's certificate.
    #[n(0)]
    pub certificate: Certificate,
    /// What the newcomer says of themself: not the word of the one who admits.
    #[n(1)]
    pub profile: Profile,
}

/// Something said.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEncode, DeriveDecode)]
#[cbor(map)]
pub struct Message {
    /// The words.
    #[n(0)]
    pub text: MessageText,
    /// The message that it replies to.
    #[n(1)]
    pub reply_to: Option<OpId>,
}

impl<C> Encode<C> for Body {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?;
        match self {
            Self::Create(create) => create.encode(e.u32(0)?, c),
            Self::Admit(admit) => admit.encode(e.u32(1)?, c),
            Self::Leave => e.u32(2)?.map(0)?.ok(),
            Self::Message(message) => message.encode(e.u32(3)?, c),
            // Never written anew: an unknown operation travels as the bytes that it came in.
            Self::Unknown(kind) => e.u32(*kind)?.map(0)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Body {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, Error> {
        if d.array()? != Some(2) {
            return Err(Error::message("operation body is not a pair"));
        }
        Ok(match d.u32()? {
            0 => Self::Create(Create::decode(d, c)?),
            1 => Self::Admit(Admit::decode(d, c)?),
            2 => {
                d.skip()?;
                Self::Leave
            }
            3 => Self::Message(Message::decode(d, c)?),
            kind => {
                d.skip()?;
                Self::Unknown(kind)
            }
        })
    }
}

/// What an operation says, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEncode, DeriveDecode)]
#[cbor(map)]
pub struct Content {
    /// The conversation; nothing in a Create, whose id names it.
    #[n(0)]
    pub conversation: Option<ConversationId>,
    /// The user who speaks.
    #[n(1)]
    pub author: AccountId,
    /// The device that signs.
    #[n(2)]
    pub device: DeviceKey,
    /// Counts the device's operations in this conversation, from one.
    #[n(3)]
    pub seq: u64,
    /// The device's operation before this one.
    #[n(4)]
    pub previous: Option<OpId>,
    /// The heads that the author had seen, and its own operation before this one.
    #[n(5)]
    #[cbor(default)]
    pub dependencies: List<OpId, DEPENDENCIES_MAX>,
    /// One more than the highest of the dependencies; one in a Create.
    #[n(6)]
    pub lamport: u64,
    /// The author's clock, milliseconds since 1970: for display only, order never depends on it.
    #[n(7)]
    pub time_ms: u64,
    /// What it does.
    #[n(8)]
    pub body: Body,
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
/// hand: a newcomer's operations may arrive before the Admit that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    id: OpId,
    content: Content,
    bytes: Vec<u8>,
    signature: Signature,
}

impl Operation {
    /// Signs `content` as `me`.
    pub(crate) fn sign(content: Content, me: &Identity) -> Self {
        let bytes = crate::wire::encode(&content);
        let id = OpId(*blake3::hash(&bytes).as_bytes());
        Self { id, content, bytes, signature: me.sign(CONTEXT, &id.0) }
    }

    /// Its id.
    pub fn id(&self) -> OpId {
        self.id
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The node that signed it.
    pub fn node(&self) -> NodeId {
        self.content.device.node()
    }

    /// The conversation that it belongs to: for a Create, the one that it begins.
    pub fn conversation(&self) -> ConversationId {
        self.content.conversation.unwrap_or_else(|| begun_by(&self.id))
    }

    /// Whether the device that it names signed it.
    pub fn verify(&self) -> bool {
        verify(&self.content.device.0, CONTEXT, &self.id.0, &self.signature)
    }

    /// The order in which a conversation is shown: causal, ties by author and id (DESIGN, section 6).
    pub fn display_key(&self) -> DisplayKey {
        DisplayKey { lamport: self.content.lamport, author: self.content.author, id: self.id }
    }

    /// Bytes that it takes on the wire, about: what buffers of operations are bounded by.
    pub fn size(&self) -> usize {
        self.bytes.len() + 72
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

impl<C> Encode<C> for Operation {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.bytes(&self.bytes)?;
        self.signature.encode(e, c)
    }
}

impl<'b, C> Decode<'b, C> for Operation {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, Error> {
        if d.array()? != Some(2) {
            return Err(Error::message("operation is not a pair"));
        }
        let bytes = d.bytes()?;
        if bytes.len() > OPERATION_MAX {
            return Err(Error::message("operation over its limit"));
        }
        let signature = Signature::decode(d, c)?;
        let content: Content = decode_whole(bytes)?;
        if !content.is_in_place() {
            return Err(Error::message("operation out of place"));
        }
        Ok(Self { id: OpId(*blake3::hash(bytes).as_bytes()), content, bytes: bytes.to_vec(), signature })
    }
}
