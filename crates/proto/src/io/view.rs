//! How a node shows what it knows: conversations, messages, people, links.

use crate::endpoint::Endpoint;
use crate::group::{ConversationId, ConversationKind, OpId};
use crate::identity::{AccountId, Name, NodeId};
use crate::io::{LinkId, Path, RequestId};
use std::ops::Range;

/// A node and its user, as much as one needs to show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The node.
    pub node: NodeId,
    /// The user.
    pub user: AccountId,
    /// What they call themself.
    pub name: Name,
}

/// How far a message of ours has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Kept until somebody can be reached.
    Queued,
    /// Handed to at least one link.
    Sent,
    /// Part of the conversation at some of the others.
    Delivered {
        /// The users that have it, on any of their nodes.
        by: Vec<AccountId>,
        /// How many others are in the conversation.
        of: usize,
    },
    /// Read by some of the others, as far as they tell.
    Read {
        /// The users that have read it, on any of their nodes.
        by: Vec<AccountId>,
        /// How many users have it, those included.
        delivered_to: usize,
        /// How many others are in the conversation.
        of: usize,
    },
}

/// A message as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    /// Its operation.
    pub id: OpId,
    /// Who wrote it.
    pub author: AccountId,
    /// On which node.
    pub node: NodeId,
    /// What the author was called when admitted.
    pub name: Name,
    /// When, by the author's clock: for display only.
    pub time_ms: u64,
    /// What it says now; nothing when it was taken back.
    pub text: String,
    /// Whether the text tells what its author does: it was written behind `/me `, which is left out.
    pub emote: bool,
    /// Whether its author has changed the words.
    pub edited: bool,
    /// Whether its author has taken it back.
    pub deleted: bool,
    /// How others, and we, react to it, in the order in which the reactions came.
    pub reactions: Vec<ReactionView>,
    /// The message that it replies to; that one need not be here.
    pub reply_to: Option<OpId>,
    /// How far it has come, for our own.
    pub state: Option<MessageState>,
}

/// A reaction to a message as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionView {
    /// What.
    pub emoji: String,
    /// The users who react so, in the order in which they came to.
    pub by: Vec<AccountId>,
    /// Whether we are among them.
    pub mine: bool,
}

/// A message that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it was said.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageView,
    /// Where in its text the words are: bytes, in order, apart from each other.
    pub places: Vec<Range<usize>>,
}

/// A conversation as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    /// Which one.
    pub id: ConversationId,
    /// Private or public.
    pub kind: ConversationKind,
    /// What it is called here.
    pub name: String,
    /// Who is in it, in the order of entry.
    pub participants: Vec<ParticipantView>,
    /// Messages of others since the last [`Command::Read`].
    pub unread: usize,
    /// Whether we are in it; what is over keeps its messages.
    pub open: bool,
}

/// A participant as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantView {
    /// Who.
    pub person: Person,
    /// Whether it is this node.
    pub me: bool,
    /// Whether it is the first in the list that can be reached (García, section 3.2).
    pub coordinator: bool,
    /// Whether it can be talked with now; true for ourselves.
    pub linked: bool,
    /// Whether that is through others, who carry sealed envelopes, because no link can be had.
    pub carried: bool,
    /// Who let it in; nobody let in the one who began the conversation.
    pub admitted_by: Option<Person>,
    /// Whether it has written two operations under one count: its device lost its memory, or it cheats.
    pub forked: bool,
}

/// A message that somebody has left while the person was away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftView {
    /// The request that the answering machine answered, which names the message.
    pub request: RequestId,
    /// Who left it.
    pub from: Person,
    /// What.
    pub text: String,
    /// When it came, milliseconds since 1970.
    pub time_ms: u64,
}

/// A user whom the person wants to hear nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedView {
    /// Who.
    pub user: AccountId,
    /// What they were called when they were blocked; empty if that was not known.
    pub name: Name,
}

/// A link as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Who is there.
    pub person: Person,
    /// The link's number, for the driver's own figures of it.
    pub link: LinkId,
    /// How it came to be.
    pub path: Path,
    /// The last measured round-trip time, microseconds.
    pub rtt_micros: Option<u64>,
    /// Since when it is usable, milliseconds since 1970.
    pub since_ms: u64,
    /// Bytes of frames that came in.
    pub bytes_in: u64,
    /// Bytes of frames that went out.
    pub bytes_out: u64,
    /// Whether it can be dialled, and so introduce others.
    pub endpoint: Option<Endpoint>,
}

/// Which messages of a conversation to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Only those after this one.
    pub after: Option<OpId>,
    /// Only those before this one.
    pub before: Option<OpId>,
    /// At most so many: the first ones after `after` if that is given, else the last ones.
    pub limit: Option<usize>,
}
