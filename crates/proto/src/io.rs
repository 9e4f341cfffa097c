//! What goes into a node and what comes out of it. Nothing else crosses the boundary.

mod recall;
mod refusal;
mod view;

pub use recall::{Lacking, Recalled};
pub use refusal::Refusal;
pub use view::{
    BlockedView, ConversationView, Found, LeftView, MessageState, MessageView, ParticipantView, PeerView,
    Person, ReactionView, Window,
};

use crate::directory::FoundPerson;
use crate::directory::words::Words;
use crate::endpoint::{Description, Endpoint, Fingerprint};
use crate::group::archive::Imported;
use crate::group::{ConversationId, ConversationKind, History, OpId};
use crate::identity::{AccountId, Name, NodeId};
use crate::invite::{Invite, ReplyCode};
use crate::wire::bounded::{Text, fixed_bytes};

/// The longest text of a message, in bytes: a page of prose, and its operation stays within one frame.
pub const MESSAGE_MAX: usize = 8 * 1024;
/// The longest greeting of a request, in bytes.
pub const GREETING_MAX: usize = 280;
/// The longest reaction, in bytes: one emoji with its joiners and modifiers.
pub const EMOJI_MAX: usize = 32;

/// The text of a message.
pub type MessageText = Text<MESSAGE_MAX>;
/// What accompanies a request.
pub type Greeting = Text<GREETING_MAX>;
/// A reaction: one emoji, or a short word.
pub type Emoji = Text<EMOJI_MAX>;

/// One channel to one peer, as the core and its driver call it. Never on the wire.
///
/// The core counts its own links up from one; the driver makes those for connections that come in
/// with [`LinkId::inbound`], so that neither has to ask the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

impl LinkId {
    const INBOUND: u64 = 1 << 63;

    /// The driver's `n`th connection that came in.
    pub const fn inbound(n: u64) -> Self {
        Self(n | Self::INBOUND)
    }

    /// Whether the peer dialled us.
    pub const fn is_inbound(self) -> bool {
        self.0 & Self::INBOUND != 0
    }
}

fixed_bytes! {
    /// One request to talk, as both sides and the API call it.
    RequestId, 8
}

fixed_bytes! {
    /// One search for people, as the page and the API call it.
    SearchId, 8
}

/// Whether somebody is there (RFC 2778).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// One of their nodes has just answered.
    Online,
    /// They are listed, and none of their nodes is in the network any more.
    Offline,
    /// Nothing was heard.
    Unknown,
}

impl Presence {
    /// The word for it on the page and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }
}

/// What a driver tells its node.
#[derive(Clone, Debug)]
pub enum Input {
    /// The channel of a link is open; these certificates were shown in DTLS, as this side saw them.
    Opened {
        /// Which link: one that the core asked for, or a new one that came in.
        link: LinkId,
        /// Our own certificate.
        local: Fingerprint,
        /// The peer's certificate.
        remote: Fingerprint,
    },
    /// A message arrived on a channel.
    Frame {
        /// On which link.
        link: LinkId,
        /// The bytes, as they came.
        bytes: Vec<u8>,
    },
    /// The offer or the answer that an [`Output::Offer`] or [`Output::Accept`] asked for is ready.
    Described {
        /// For which link.
        link: LinkId,
        /// Our side's half.
        description: Description,
    },
    /// A link could not be opened, or is gone.
    Closed {
        /// Which link.
        link: LinkId,
        /// Why, for people: ends up in what the peer table and the notices say.
        reason: CloseReason,
    },
    /// The addresses at which this node listens have changed.
    Listening {
        /// The endpoint to put into invites, or nothing for a tab.
        endpoint: Option<Endpoint>,
    },
    /// A deadline of [`Node::poll_timeout`](crate::Node::poll_timeout) may have passed.
    Tick,
}

/// What a node tells its driver to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Open a channel to an endpoint, with an answer fabricated from it (DESIGN, section 5.1).
    Dial {
        /// The link that it will be.
        link: LinkId,
        /// Where to.
        endpoint: Endpoint,
    },
    /// Prepare an offer and report it with [`Input::Described`]. The native nodes whose STUN answers may help
    /// to find our own addresses are given along.
    Offer {
        /// The link that it will be.
        link: LinkId,
        /// Endpoints to ask for our reflexive address.
        stun: Vec<Endpoint>,
    },
    /// Take an offer, prepare the answer and report it with [`Input::Described`].
    Accept {
        /// The link that it will be.
        link: LinkId,
        /// The peer's offer.
        offer: Description,
        /// Endpoints to ask for our reflexive address.
        stun: Vec<Endpoint>,
    },
    /// Take the answer to the offer of this link.
    Complete {
        /// Whose offer was answered.
        link: LinkId,
        /// The peer's answer.
        answer: Description,
    },
    /// Send a frame: whole, in order, reliably.
    Send {
        /// On which link.
        link: LinkId,
        /// One message of the channel.
        bytes: Vec<u8>,
    },
    /// Send a frame that is `head` and behind it the records of these keys as they are kept, one behind the other.
    ///
    /// What is not in the node's memory goes out this way. If one of the records is not there, nothing is sent: whoever
    /// lacks it asks again, perhaps somebody else.
    SendKept {
        /// On which link.
        link: LinkId,
        /// How the frame begins.
        head: Vec<u8>,
        /// What it goes on with.
        keys: Vec<Vec<u8>>,
    },
    /// Close the channel and forget the link. No [`Input::Closed`] is expected for it.
    Close {
        /// Which link.
        link: LinkId,
    },
    /// Keep a record under a key of at most [`KEY_MAX`](crate::store::KEY_MAX) bytes, in place of the one that is
    /// there.
    ///
    /// Outputs are in order: a driver performs none that comes after this one before this one is durable. It
    /// may make many durable at once. A crash between two outputs leaves a node that
    /// [`Node::restore`](crate::Node::restore) can go on from, whatever the two are.
    Store {
        /// Under what.
        key: Vec<u8>,
        /// The record; none removes the one that is there.
        value: Option<Vec<u8>>,
    },
    /// Something that the person, the page or the API should know.
    Event(Event),
}

/// Why a link ended or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum CloseReason {
    /// Nobody answered in time.
    #[error("nobody answered: the other side may be offline or out of reach")]
    Unreachable,
    /// The channel broke.
    #[error("the connection broke")]
    Broken,
    /// The peer said goodbye.
    #[error("the other side closed the connection")]
    Left,
    /// No sign of life for too long.
    #[error("the other side stopped answering")]
    Silent,
    /// Somebody else answered than the invite names, or a proof did not hold.
    #[error("the other side could not prove who it is: do not trust this invite, ask for a new one")]
    Unproven,
    /// The peer broke the protocol.
    #[error("the other side sent what it must not")]
    Misbehaved,
    /// No version that both speak.
    #[error("the other side speaks another version of the protocol: update both")]
    Incompatible,
    /// Another link to the same node is in use.
    #[error("a second connection to the same node was not needed")]
    Duplicate,
    /// No room for another link.
    #[error("there is no room for another connection")]
    Full,
    /// We closed it.
    #[error("closed here")]
    Closed,
    /// More waits to be sent than the link carries.
    #[error("the connection was too slow for what had to be sent")]
    Backlog,
    /// This host cannot do what the link needs.
    #[error("this device could not open a connection")]
    Unable,
    /// The participants did not agree on who is in a conversation.
    #[error("the participants do not agree yet on who is in this conversation: ask again in a minute")]
    Disagreed,
    /// No introducer could reach the peer.
    #[error("nobody could introduce us: the other side may be offline")]
    NoIntroducer,
}

/// How a link came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Dialled at an endpoint.
    Dial,
    /// Through nodes that were linked to both.
    Introduction,
    /// With an invite and a reply code that people carried.
    ByHand,
}

impl Path {
    /// The word for it in the API and the peer table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Introduction => "introduction",
            Self::ByHand => "by hand",
        }
    }
}

/// What a person or a program asks of a node. The answer is a [`Reply`] or a [`Refusal`](crate::Refusal).
#[derive(Clone, Debug)]
pub enum Command {
    /// Make an invite to this node.
    Invite {
        /// Ask the bearer into this conversation.
        conversation: Option<ConversationId>,
        /// Let the bearer in without asking. Needs a conversation.
        ticket: bool,
        /// When it stops to work, milliseconds since 1970.
        expires_ms: Option<u64>,
        /// Carry an offer, to be answered by a reply code: needs no node in between.
        by_hand: bool,
    },
    /// Follow an invite.
    Open {
        /// The invite.
        invite: Box<Invite>,
        /// Ask for a new conversation of this kind, when the invite names none.
        kind: Option<ConversationKind>,
        /// Words to go along with the request.
        greeting: Greeting,
    },
    /// Link to a node that is known from a conversation or a link, and ask for a conversation if `kind` is given.
    Connect {
        /// Whom.
        node: NodeId,
        /// Which kind of conversation to ask for.
        kind: Option<ConversationKind>,
        /// Words to go along with the request.
        greeting: Greeting,
    },
    /// Finish a link by hand with the reply to our offer.
    Complete {
        /// The reply.
        reply: Box<ReplyCode>,
    },
    /// Keep a link to a native node that can introduce us. Repeated until it holds.
    Introducer {
        /// The invite of the native node: only node and endpoint count.
        invite: Box<Invite>,
    },
    /// Take note of a native node that can be dialled, by what the local network says: it is, when there is next to no link
    /// and this node seeks some. Held until it is linked or others are met; nothing is kept of it before it has proven itself.
    Meet {
        /// Which node.
        node: NodeId,
        /// Where.
        endpoint: Endpoint,
    },
    /// Answer a request.
    Answer {
        /// Which one.
        request: RequestId,
        /// Yes into a conversation, yes into a new one, no, or the answering machine.
        answer: Consent,
    },
    /// Begin a conversation that others can be invited to.
    Create {
        /// Private or public.
        kind: ConversationKind,
        /// What to call it here; empty for the participants' names.
        name: Name,
        /// What newcomers are given of the past.
        history: History,
    },
    /// Say something.
    Send {
        /// Where.
        conversation: ConversationId,
        /// What.
        text: MessageText,
        /// The message that it replies to.
        reply_to: Option<OpId>,
    },
    /// Give a message of one's own other words.
    Edit {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: OpId,
        /// What it says from now on.
        text: MessageText,
    },
    /// Take a message of one's own back.
    Delete {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: OpId,
    },
    /// React to a message, or no longer.
    React {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: OpId,
        /// With what.
        emoji: Emoji,
        /// Whether the reaction is given or taken back.
        on: bool,
    },
    /// Tell the others that the person is writing. As often as one likes: they are told every few seconds.
    Typing {
        /// Where.
        conversation: ConversationId,
    },
    /// Call a conversation something, here only.
    Rename {
        /// Which one.
        conversation: ConversationId,
        /// What; empty for the participants' names.
        name: Name,
    },
    /// Note that the person has seen all of a conversation.
    Read {
        /// Which one.
        conversation: ConversationId,
    },
    /// Tell authors from now on that their messages were read, or no longer. They are not told until the person
    /// wants it.
    ShareRead {
        /// Whether they are told.
        on: bool,
    },
    /// Hear nothing more of a user, or hear of them again. What they say stays part of the conversations, for
    /// others stand on it; here it is not shown.
    Block {
        /// Whom.
        user: AccountId,
        /// Whether they are blocked.
        on: bool,
    },
    /// Leave a conversation.
    Leave {
        /// Which one.
        conversation: ConversationId,
    },
    /// Leave a conversation if that is still to do, and drop all of it here. Nothing of it is taken in again, unless
    /// the person enters it anew.
    Forget {
        /// Which one.
        conversation: ConversationId,
    },
    /// Have the answering machine answer every request that comes from now on without a ticket, or no longer.
    Away {
        /// Whether the person is away.
        on: bool,
    },
    /// Leave a message with the answering machine that answered a request of ours. It goes out now, or when the
    /// node can be reached.
    LeaveMessage {
        /// Which request.
        request: RequestId,
        /// The message.
        text: MessageText,
    },
    /// Take a message that was left here out of the inbox.
    Dismiss {
        /// The request that it was left for.
        request: RequestId,
    },
    /// Take in a piece of an export. Each line is judged by itself, and what is wrong with one harms nothing: a
    /// conversation that is not here is history from then on, one that is here is completed, and nobody becomes a
    /// participant by it. One conversation of ours goes on when a participant has been heard.
    Import {
        /// Whole lines, each of at most [`LINE_MAX`](crate::group::archive::LINE_MAX) bytes.
        text: String,
        /// Whether nothing follows.
        last: bool,
    },
    /// List this user in the directory under these words from now on, instead of those before; under none: no longer. Whoever
    /// is in the network can find them by any of these, and learn name and node.
    Publish {
        /// The words.
        words: Words,
    },
    /// Look for people who are listed under any of these words. What is found comes as [`Event::Found`].
    SearchPeople {
        /// The words.
        words: Words,
        /// How many are wanted at the most.
        limit: usize,
    },
    /// Take another display name. Links that open from now on show it.
    SetName {
        /// The name.
        name: Name,
    },
    /// Leave every conversation and close every link.
    Quit,
    /// Close every link and stay in every conversation: the node that is restored from the records goes on.
    Close,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Into a conversation of its own, which gives newcomers so much of the past.
    New(History),
    /// Into this conversation.
    Into(ConversationId),
    /// Not at all.
    No,
    /// Not now: whoever asks may leave a message.
    AnsweringMachine,
}

/// What a command that was taken yields.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done.
    Done,
    /// The invite.
    Invite(Box<Invite>),
    /// A link is being opened, and perhaps a request follows; both end in an event.
    Opening {
        /// The link: its number only serves to match the events of a link by hand.
        link: LinkId,
        /// The request, when one was asked for.
        request: Option<RequestId>,
    },
    /// The conversation that was made or joined.
    Conversation(ConversationId),
    /// The message that was taken.
    Message(OpId),
    /// The search that was begun.
    Search(SearchId),
    /// What a piece of an import has come to.
    Imported(Box<Imported>),
}

/// What happens to a node, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A link is proven and usable.
    LinkOpened {
        /// To whom.
        node: NodeId,
        /// How.
        path: Path,
    },
    /// A link that was usable is gone.
    LinkClosed {
        /// To whom.
        node: NodeId,
        /// Why.
        reason: CloseReason,
    },
    /// An invite by hand is ready to be handed over.
    InviteReady {
        /// The link of the reply to the command.
        link: LinkId,
        /// The invite.
        invite: Box<Invite>,
    },
    /// The reply code for an invite by hand is ready to be handed back.
    ReplyReady {
        /// The link of the reply to the command.
        link: LinkId,
        /// The code.
        code: Box<ReplyCode>,
    },
    /// Somebody asks to talk.
    Request {
        /// To be answered with this.
        request: RequestId,
        /// Who.
        from: Person,
        /// Which kind of conversation.
        kind: ConversationKind,
        /// The conversation of ours that they ask to enter.
        conversation: Option<ConversationId>,
        /// Their words.
        greeting: String,
    },
    /// A request of ours was answered, or came to nothing.
    Answered {
        /// Which one.
        request: RequestId,
        /// How.
        outcome: RequestOutcome,
    },
    /// Somebody has left a message: it waits in the [inbox](crate::Node::inbox).
    LeftMessage {
        /// The message.
        message: LeftView,
    },
    /// A request that waited here need not be answered any more: who asked is gone.
    RequestWithdrawn {
        /// Which one.
        request: RequestId,
    },
    /// We are in a conversation.
    ConversationOpened {
        /// Which one.
        conversation: ConversationId,
    },
    /// Its participants, their links or its name changed.
    ConversationChanged {
        /// Which one.
        conversation: ConversationId,
    },
    /// It is over for us: we left, or fewer than two are in it.
    ConversationEnded {
        /// Which one.
        conversation: ConversationId,
    },
    /// All of it is dropped here, as the person wished.
    ConversationForgotten {
        /// Which one.
        conversation: ConversationId,
    },
    /// A message was delivered, from others or from ourselves.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Which: [`Node::message`](crate::Node::message) has it.
        message: OpId,
    },
    /// A message was given other words, was taken back, or has other reactions.
    MessageChanged {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: OpId,
    },
    /// Somebody is writing, or was a few seconds ago.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// On which node.
        node: NodeId,
    },
    /// A search for people has found these, the best first: once when they are known, and once more when it is known who of them
    /// is there.
    Found {
        /// Which search.
        search: SearchId,
        /// Whom.
        people: Vec<FoundPerson>,
        /// Whether nothing more comes.
        is_over: bool,
    },
    /// More is known of how far a message of ours has come.
    MessageState {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: OpId,
        /// How far.
        state: MessageState,
    },
    /// Something that a person should know.
    Trouble {
        /// What happened.
        what: String,
        /// Why.
        why: String,
        /// What they can do.
        remedy: String,
    },
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// Accepted, into this conversation.
    Yes(ConversationId),
    /// Refused.
    No,
    /// The person is away: for a while, [`Command::LeaveMessage`] leaves a message.
    AnsweringMachine,
    /// The link could not be opened or broke before an answer came.
    Failed(CloseReason),
}

/// Why a node wants to be woken: for traces and for people who debug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A link's heartbeat, handshake or farewell is due.
    Link,
    /// Somebody whom we want a link to is to be tried again.
    Reach,
    /// A conversation asks for what is missing, acknowledges, or gives up.
    Group,
    /// The directory publishes, hands records on, or searches on.
    Directory,
    /// The overlay watches its neighbours, or sends another way what was not acknowledged.
    Overlay,
}
