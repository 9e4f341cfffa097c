//! The node: the only boundary.

use crate::group::{ConversationId, OpId};
use crate::identity::Identity;
use crate::io::{
    Command, ConversationView, Input, MessageView, Output, PeerView, Person, Reply,
};
use crate::time::Instant;
use std::collections::BTreeMap;

/// What a node is told at its birth and does not change.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many links it keeps at most: 40 in a tab, 200 natively (DESIGN, section 5).
    pub link_budget: usize,
}

impl Config {
    /// What fits a browser tab.
    pub const TAB: Self = Self { link_budget: 40 };
    /// What fits a native node.
    pub const NATIVE: Self = Self { link_budget: 200 };
}

/// Why a node wants to be woken: for traces and for people who debug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A link's heartbeat, handshake or farewell is due.
    Link,
    /// An introduction runs out or is tried again.
    Introduction,
    /// A conversation asks for what is missing, or acknowledges.
    Group,
}

/// Why a command was not taken, and what that left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such conversation.
    #[error("there is no such conversation")]
    UnknownConversation,
}

impl Refusal {
    /// A stable word for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownConversation => "unknown_conversation",
        }
    }

    /// What is as it was before the command.
    pub const fn unchanged(self) -> &'static str {
        "nothing was changed"
    }
}

/// Which messages of a conversation to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Only those after this one.
    pub after: Option<OpId>,
    /// Only those before this one.
    pub before: Option<OpId>,
    /// At most so many, the latest ones (the earliest ones after `after`).
    pub limit: Option<usize>,
}

/// One running instance of a user.
pub struct Node {
    identity: Identity,
    now: Instant,
}

impl Node {
    /// A node at `now`; `seed` must be fresh and secret.
    pub fn new(identity: Identity, _config: Config, _seed: [u8; 32], now: Instant) -> Self {
        Self { identity, now }
    }

    /// Takes one input. Drain [`Self::poll_output`] afterwards.
    pub fn handle(&mut self, _input: Input, now: Instant) {
        self.now = now;
    }

    /// Takes one command of the person's. Drain [`Self::poll_output`] afterwards, also when it was refused.
    pub fn command(&mut self, _command: Command, now: Instant) -> Result<Reply, Refusal> {
        self.now = now;
        Err(Refusal::UnknownConversation)
    }

    /// The next output, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// The earliest deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        None
    }

    /// Who this node is.
    pub fn me(&self) -> Person {
        Person { node: self.identity.node(), user: self.identity.account(), name: self.identity.profile().name.clone() }
    }

    /// The keys and the profile: to be kept after [`Command::SetName`].
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// All conversations, the latest first.
    pub fn conversations(&self) -> Vec<ConversationView> {
        Vec::new()
    }

    /// One conversation.
    pub fn conversation(&self, _id: ConversationId) -> Option<ConversationView> {
        None
    }

    /// Messages of a conversation in the order of display.
    pub fn messages(&self, _id: ConversationId, _window: Window) -> Vec<MessageView> {
        Vec::new()
    }

    /// One message.
    pub fn message(&self, _conversation: ConversationId, _id: OpId) -> Option<MessageView> {
        None
    }

    /// All usable links.
    pub fn peers(&self) -> Vec<PeerView> {
        Vec::new()
    }

    /// Counters by name: what was dropped and why, and how much went well.
    pub fn stats(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }
}
