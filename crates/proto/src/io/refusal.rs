//! Refusals: why a command was not taken.

/// Why a command was not taken. Nothing was changed by it, unless [`Refusal::unchanged`] says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No conversation has this id.
    #[error("there is no such conversation")]
    UnknownConversation,
    /// We are not in that conversation any more.
    #[error("this conversation is over: begin a new one, or ask to enter again")]
    ConversationOver,
    /// We are in that conversation by an import, and have heard nobody of it since: what we would write might be in
    /// place of something that we have written.
    #[error(
        "this conversation was imported and may have gone on since: it opens when one of its participants is connected"
    )]
    Uncompared,
    /// A third user cannot enter a private conversation.
    #[error("a private conversation is for two: make a public one to invite others")]
    Private,
    /// The conversation is full.
    #[error("the conversation is full")]
    Crowded,
    /// As many conversations as a node keeps.
    #[error("there are too many conversations: leave some first")]
    TooManyConversations,
    /// No request has this id, or it was withdrawn.
    #[error("there is no such request: it may have been answered or withdrawn")]
    UnknownRequest,
    /// Two nodes share at most one conversation of each kind, by this node's settings.
    #[error("you share a conversation of this kind with them already")]
    OnePerType,
    /// As many requests as may wait.
    #[error("too many requests are waiting for an answer: wait for some of them")]
    TooManyRequests,
    /// Who asked is not linked any more.
    #[error("who asked is not connected any more: they can ask again")]
    RequesterGone,
    /// No node is known by this id.
    #[error("this node is not known here: use an invite")]
    UnknownNode,
    /// Not part of the network, or not yet.
    #[error("this node is not connected to the network yet: open an invite first, or wait a moment")]
    NotInNetwork,
    /// Nothing to look for.
    #[error("there is no word in this: letters or digits are needed")]
    NoWords,
    /// The invite is our own.
    #[error("this invite is your own: hand it to somebody else")]
    OwnInvite,
    /// The invite has expired.
    #[error("the invite has expired: ask for a new one")]
    Expired,
    /// The invite names no way that this node can go.
    #[error("this invite names no way to reach its maker: ask for a new one")]
    NoWay,
    /// An introducer must be a native node's invite.
    #[error("this invite is not that of a node that can introduce: it has no address")]
    NoEndpoint,
    /// As many introducers as a node keeps.
    #[error("there are enough introducers already")]
    TooManyIntroducers,
    /// A ticket lets into a conversation, and none was named.
    #[error("a ticket needs a conversation to let people into")]
    TicketNeedsConversation,
    /// The reply code answers no offer that is open.
    #[error(
        "this reply code does not fit the invite that is open here: use the latest, and make a new invite if the page was reloaded"
    )]
    NoSuchOffer,
    /// As many links by hand as may wait.
    #[error("too many invites by hand are waiting for their reply: use one of them")]
    TooManyByHand,
    /// A message without text.
    #[error("a message needs some text")]
    Empty,
    /// The message that is replied to or changed is not there.
    #[error("there is no such message in this conversation")]
    UnknownMessage,
    /// The message is somebody else's.
    #[error("this message is somebody else's: only its author can change it or take it back")]
    NotYours,
    /// The message was taken back.
    #[error("this message was deleted, which is final")]
    Deleted,
    /// What is to be shown beside a message is nothing that can be.
    #[error("a reaction is one emoji or a short word")]
    NoReaction,
    /// No answering machine waits for a message about this request.
    #[error("no answering machine waits for this message: it was left already, or too long ago")]
    NoMachine,
    /// Nobody blocks themself.
    #[error("this is you: block somebody else")]
    Yourself,
    /// As many people as may be blocked.
    #[error("there are too many blocked people: unblock some first")]
    TooManyBlocked,
    /// As many reactions as one message shows.
    #[error("this message has as many different reactions as it can show: join one of them")]
    TooManyReactions,
}

impl Refusal {
    /// A stable word for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownConversation => "unknown_conversation",
            Self::ConversationOver => "conversation_over",
            Self::Uncompared => "uncompared",
            Self::Private => "private",
            Self::Crowded => "crowded",
            Self::TooManyConversations => "too_many_conversations",
            Self::UnknownRequest => "unknown_request",
            Self::OnePerType => "one_per_type",
            Self::TooManyRequests => "too_many_requests",
            Self::RequesterGone => "requester_gone",
            Self::NotInNetwork => "not_in_network",
            Self::NoWords => "no_words",
            Self::UnknownNode => "unknown_node",
            Self::OwnInvite => "own_invite",
            Self::Expired => "expired",
            Self::NoWay => "no_way",
            Self::NoEndpoint => "no_endpoint",
            Self::TooManyIntroducers => "too_many_introducers",
            Self::TicketNeedsConversation => "ticket_needs_conversation",
            Self::NoSuchOffer => "no_such_offer",
            Self::TooManyByHand => "too_many_by_hand",
            Self::Empty => "empty",
            Self::UnknownMessage => "unknown_message",
            Self::NotYours => "not_yours",
            Self::Deleted => "deleted",
            Self::NoReaction => "no_reaction",
            Self::TooManyReactions => "too_many_reactions",
            Self::NoMachine => "no_machine",
            Self::Yourself => "yourself",
            Self::TooManyBlocked => "too_many_blocked",
        }
    }

    /// What is as it was before the command.
    pub const fn unchanged(self) -> &'static str {
        match self {
            Self::Private | Self::Crowded => "the conversation is as it was, and the request still waits",
            Self::RequesterGone => "nobody was let in",
            Self::Empty | Self::UnknownMessage | Self::NoMachine => "nothing was sent",
            Self::NoSuchOffer => "the invites that wait for a reply still wait",
            _ => "nothing was changed",
        }
    }
}
