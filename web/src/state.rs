//! What the page shows of its node: plain data, folded from events and from views read anew. No browser in here.

mod feed;
mod notice;
mod seeking;
mod words;

pub(crate) use feed::{Feed, Row};
pub(crate) use notice::{Notice, NoticeId, Notices, Tone};
pub(crate) use seeking::{SOUGHT_MAX, Seeking, Sought, WORDLESS, enough};
pub(crate) use words::{beginning, progress, reacted, said, snippet, typed};

use crate::letters::{lower, sentence};
use tertulia_proto::AccountId;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::group::{ConversationId, ConversationKind};
use tertulia_proto::identity::{Name, NodeId};
use tertulia_proto::invite::Invite;
use tertulia_proto::io::{
    BlockedView, CloseReason, ConversationView, Event, LeftView, LinkId, MessageView, PeerView, Person,
    RequestId, RequestOutcome, SearchId,
};
use tertulia_proto::table::Table;

/// Requests that wait for the person at once; the core keeps fewer, this only holds if it should not.
const REQUESTS_MAX: usize = 64;
/// Links that are gone and still told of: enough to see why the last evening went wrong.
const LOST_MAX: usize = 20;
/// Characters of a message that stand in the list of conversations: two lines on a phone.
const PREVIEW_MAX: usize = 120;

/// What the page shows, except the messages of the conversation in view (those are in [`Feed`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// All conversations, the latest first.
    pub(crate) conversations: Vec<ConversationView>,
    /// The last message of each.
    pub(crate) previews: Table<ConversationId, Preview>,
    /// Usable links.
    pub(crate) peers: Vec<PeerView>,
    /// Links that are gone, the latest first.
    pub(crate) lost: Vec<Lost>,
    /// Requests that wait for the person, the oldest first.
    pub(crate) requests: Vec<Asked>,
    /// Requests of ours that wait for others.
    pub(crate) waiting: Vec<Waiting>,
    /// Answering machines that wait for a message of ours.
    pub(crate) machines: Vec<Machine>,
    /// Messages that were left here, the oldest first.
    pub(crate) inbox: Vec<LeftView>,
    /// Whom the person wants to hear nothing of.
    pub(crate) blocked: Vec<BlockedView>,
    /// Whether the answering machine answers requests.
    pub(crate) is_away: bool,
    /// The words that the person is listed under.
    pub(crate) listed: Vec<String>,
    /// How many nodes stand next to this one in the network; none outside of it.
    pub(crate) neighbours: usize,
    /// Who is writing.
    pub(crate) writing: Vec<Writer>,
    /// Invites by hand that nobody has replied to yet.
    pub(crate) offers: Vec<Offered>,
    /// What the person is told.
    pub(crate) notices: Notices,
}

/// The last message of a conversation, cut to a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preview {
    /// Who wrote it, and its beginning.
    pub(crate) line: String,
    /// When, by the author's clock.
    pub(crate) time_ms: u64,
}

/// A link that is gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lost {
    /// To whom.
    pub(crate) person: Person,
    /// Why.
    pub(crate) reason: CloseReason,
}

/// A request of somebody's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// To be answered with this.
    pub(crate) request: RequestId,
    /// Who asks.
    pub(crate) from: Person,
    /// For which kind of conversation.
    pub(crate) kind: ConversationKind,
    /// Which of ours they ask to enter.
    pub(crate) conversation: Option<ConversationId>,
    /// Their words.
    pub(crate) greeting: String,
}

/// A request of ours that has no answer yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waiting {
    /// Which one.
    pub(crate) request: RequestId,
    /// On which link.
    pub(crate) link: LinkId,
    /// Whom we asked.
    pub(crate) to: Name,
    /// What to call the conversation here, when they let us in.
    pub(crate) name: Name,
    /// How the link comes about.
    pub(crate) way: Way,
}

/// How the link of a request comes about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Way {
    /// By itself.
    Direct,
    /// By a reply code, which is being prepared until it is there.
    ByHand(Option<String>),
}

/// An answering machine that has answered a request of ours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Machine {
    /// The request.
    pub(crate) request: RequestId,
    /// Whose it is.
    pub(crate) of: Name,
}

/// Somebody who is writing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Writer {
    /// Where.
    pub(crate) conversation: ConversationId,
    /// On which node.
    pub(crate) node: NodeId,
    /// How often that was told of them: the last time counts.
    pub(crate) times: u32,
}

/// An invite by hand of ours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offered {
    /// Its link.
    pub(crate) link: LinkId,
    /// The conversation that it asks into.
    pub(crate) conversation: Option<ConversationId>,
    /// Whether it lets the bearer in without asking.
    pub(crate) ticket: bool,
    /// The invite, once it is prepared.
    pub(crate) invite: Option<Box<Invite>>,
}

/// Somebody known from a link or a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// Who.
    pub(crate) person: Person,
    /// Whether a link to them is usable now.
    pub(crate) linked: bool,
}

/// Which views events have made stale.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stale {
    /// The list of conversations, with participants and unread counts.
    pub(crate) conversations: bool,
    /// The messages of these.
    pub(crate) messages: Vec<ConversationId>,
    /// The links.
    pub(crate) peers: bool,
    /// Who is blocked, what was left here, and whether we are away or listed.
    pub(crate) people: bool,
}

/// What the page should do of itself after events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Follow {
    /// A request of ours was accepted: show the conversation, under this name if there is one.
    Enter(ConversationId, Name),
    /// Somebody is writing: forget it if they do not go on.
    Forget(Writer),
    /// A search has found these people: show them where it was begun, and whether that is all.
    Show(SearchId, Vec<FoundPerson>, bool),
}

impl Stale {
    fn said_in(&mut self, conversation: ConversationId) {
        if !self.messages.contains(&conversation) {
            self.messages.push(conversation);
        }
    }
}

impl State {
    /// Takes one event in. What must be read anew is added to `stale`.
    pub(crate) fn fold(&mut self, event: Event, stale: &mut Stale) -> Option<Follow> {
        match event {
            Event::LinkOpened { node, .. } => {
                self.lost.retain(|lost| lost.person.node != node);
                stale.peers = true;
                stale.conversations = true;
            }
            Event::LinkClosed { node, reason } => {
                self.lose(node, reason);
                stale.peers = true;
                stale.conversations = true;
            }
            Event::InviteReady { link, invite } => self.offer_ready(link, invite),
            Event::ReplyReady { link, code } => self.reply_ready(link, code.to_string()),
            Event::Request { request, from, kind, conversation, greeting } => {
                self.ask(Asked { request, from, kind, conversation, greeting });
            }
            Event::RequestWithdrawn { request } => self.withdraw(request),
            Event::Answered { request, outcome } => return self.answered(request, outcome),
            Event::ConversationOpened { .. } | Event::ConversationChanged { .. } => {
                stale.conversations = true;
            }
            Event::ConversationEnded { conversation } => {
                self.tell_ended(conversation);
                stale.conversations = true;
            }
            Event::ConversationForgotten { .. } => stale.conversations = true,
            Event::Message { conversation, .. } => {
                stale.conversations = true;
                stale.said_in(conversation);
            }
            Event::MessageState { conversation, .. } | Event::MessageChanged { conversation, .. } => {
                stale.said_in(conversation);
            }
            Event::Typing { conversation, node } => return Some(self.writes(conversation, node)),
            Event::LeftMessage { message } => {
                let line =
                    [message.from.name.as_str(), " left a message while you were away. It is under People."]
                        .concat();
                self.notices.quiet(line);
                stale.people = true;
            }
            Event::Found { search, people, is_over } => return Some(Follow::Show(search, people, is_over)),
            Event::Trouble { what, why, remedy } => {
                self.notices.urgent(format!("{}: {why}.", sentence(&what)), sentence(&remedy));
            }
        }
        None
    }

    /// Takes the conversations read anew, and tells who came and went.
    pub(crate) fn take_conversations(&mut self, conversations: Vec<ConversationView>) {
        for now in conversations.iter().filter(|now| now.open) {
            if let Some(before) = self.conversation(now.id).filter(|before| before.open) {
                let told = comings_and_goings(before, now);
                told.into_iter().for_each(|line| self.notices.quiet(line));
            }
        }
        self.conversations = conversations;
    }

    /// Notes the last message of a conversation.
    pub(crate) fn take_preview(&mut self, conversation: ConversationId, last: &MessageView) {
        let author = if last.state.is_none() { last.name.as_str() } else { "You" };
        let line = [author, ": ", &words::cut(&said(last), PREVIEW_MAX)].concat();
        self.previews.insert(conversation, Preview { line, time_ms: last.time_ms });
        self.writing.retain(|writer| (writer.conversation, writer.node) != (conversation, last.node));
    }

    /// Somebody has not gone on writing since.
    pub(crate) fn forget_writer(&mut self, writer: &Writer) {
        self.writing.retain(|one| one != writer);
    }

    /// Whether the person wants to hear nothing of a user.
    pub(crate) fn blocks(&self, user: &AccountId) -> bool {
        self.blocked.iter().any(|one| one.user == *user)
    }

    /// The conversation with this id.
    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&ConversationView> {
        self.conversations.iter().find(|conversation| conversation.id == id)
    }

    /// Messages of others that the person has not seen, in all conversations.
    pub(crate) fn unread(&self) -> usize {
        self.conversations.iter().map(|conversation| conversation.unread).sum()
    }

    /// Whether a linked native node can introduce the bearer of an invite.
    pub(crate) fn has_introducer(&self) -> bool {
        self.peers.iter().any(|peer| peer.endpoint.is_some())
    }

    /// The usable link to this node.
    pub(crate) fn peer(&self, node: NodeId) -> Option<&PeerView> {
        self.peers.iter().find(|peer| peer.person.node == node)
    }

    /// The request of ours on this link.
    pub(crate) fn waiting_on(&self, link: LinkId) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| waiting.link == link)
    }

    /// The invite by hand for this purpose that nobody has replied to.
    pub(crate) fn offered(&self, conversation: Option<ConversationId>, ticket: bool) -> Option<&Offered> {
        self.offers.iter().find(|offer| offer.conversation == conversation && offer.ticket == ticket)
    }

    /// The open private conversation with somebody, on whichever node of theirs.
    pub(crate) fn private_with(&self, person: &Person) -> Option<ConversationId> {
        let is_there =
            |view: &ConversationView| view.participants.iter().any(|one| one.person.user == person.user);
        let mut private =
            self.conversations.iter().filter(|view| view.open && view.kind == ConversationKind::Private);
        private.find(|view| is_there(view)).map(|view| view.id)
    }

    /// Everybody known from links and conversations but ourselves, by name; each once.
    pub(crate) fn people(&self) -> Vec<Known> {
        let mut people = Table::default();
        let mut take = |person: &Person| {
            let linked = self.peers.iter().any(|peer| peer.person.node == person.node);
            people.insert(person.node, Known { person: person.clone(), linked });
        };
        let participants = self.conversations.iter().flat_map(|conversation| &conversation.participants);
        participants.filter(|participant| !participant.me).for_each(|participant| take(&participant.person));
        self.peers.iter().for_each(|peer| take(&peer.person));
        let mut by_name = Table::default();
        for known in people.into_values() {
            by_name.insert((lower(known.person.name.as_str()), known.person.node), known);
        }
        by_name.into_values()
    }

    fn lose(&mut self, node: NodeId, reason: CloseReason) {
        let Some(peer) = self.peer(node) else { return };
        if reason == CloseReason::Duplicate {
            return;
        }
        let lost = Lost { person: peer.person.clone(), reason };
        self.lost.retain(|lost| lost.person.node != node);
        self.lost.insert(0, lost);
        self.lost.truncate(LOST_MAX);
    }

    fn offer_ready(&mut self, link: LinkId, invite: Box<Invite>) {
        if let Some(offer) = self.offers.iter_mut().find(|offer| offer.link == link) {
            offer.invite = Some(invite);
        }
    }

    fn reply_ready(&mut self, link: LinkId, code: String) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.link == link) {
            waiting.way = Way::ByHand(Some(code));
        }
    }

    fn ask(&mut self, asked: Asked) {
        self.requests.retain(|known| known.request != asked.request);
        if self.requests.len() < REQUESTS_MAX {
            self.requests.push(asked);
        }
    }

    fn writes(&mut self, conversation: ConversationId, node: NodeId) -> Follow {
        let is_it = |one: &&mut Writer| (one.conversation, one.node) == (conversation, node);
        let writer = match self.writing.iter_mut().find(is_it) {
            Some(writer) => {
                writer.times += 1;
                writer.clone()
            }
            None => {
                let writer = Writer { conversation, node, times: 0 };
                self.writing.push(writer.clone());
                writer
            }
        };
        Follow::Forget(writer)
    }

    fn withdraw(&mut self, request: RequestId) {
        if let Some(at) = self.requests.iter().position(|asked| asked.request == request) {
            let asked = self.requests.remove(at);
            self.notices.quiet(format!("{} is gone and no longer asks to talk.", asked.from.name));
        }
    }

    fn answered(&mut self, request: RequestId, outcome: RequestOutcome) -> Option<Follow> {
        let at = self.waiting.iter().position(|waiting| waiting.request == request)?;
        let waiting = self.waiting.remove(at);
        let to = &waiting.to;
        match outcome {
            RequestOutcome::Yes(conversation) => {
                self.notices.quiet(format!("{to} let you in."));
                return Some(Follow::Enter(conversation, waiting.name));
            }
            RequestOutcome::AnsweringMachine => self.machines.push(Machine { request, of: waiting.to }),
            RequestOutcome::No => self.notices.urgent(
                format!("{to} did not let you in."),
                "Nothing else has changed. You can ask once more.".into(),
            ),
            RequestOutcome::Failed(reason) => self.notices.urgent(
                format!("Your request did not reach {to}: {reason}."),
                remedy(reason, &waiting.way).into(),
            ),
        }
        None
    }

    fn tell_ended(&mut self, conversation: ConversationId) {
        if let Some(view) = self.conversation(conversation).filter(|view| view.open) {
            self.notices.quiet(format!("“{}” has ended for you. Its messages stay here.", view.name));
        }
    }
}

fn comings_and_goings(before: &ConversationView, now: &ConversationView) -> Vec<String> {
    let came = missing_in(&now.participants, &before.participants)
        .map(|name| format!("{name} is now in “{}”.", now.name));
    let went = missing_in(&before.participants, &now.participants)
        .map(|name| format!("{name} left “{}”.", before.name));
    came.chain(went).collect()
}

fn missing_in<'a>(
    these: &'a [tertulia_proto::io::ParticipantView],
    those: &'a [tertulia_proto::io::ParticipantView],
) -> impl Iterator<Item = &'a Name> {
    let is_new = move |node: NodeId| those.iter().all(|other| other.person.node != node);
    these.iter().filter(move |one| !one.me && is_new(one.person.node)).map(|one| &one.person.name)
}

/// What a person can do about a request that came to nothing.
fn remedy(reason: CloseReason, way: &Way) -> &'static str {
    match (reason, way) {
        (CloseReason::Unproven, _) => {
            "Do not use this invite again. Ask for a new one over a channel that you trust."
        }
        (CloseReason::Incompatible, _) => "Reload this page and ask the other side to do the same.",
        (_, Way::ByHand(_)) => {
            "An invite by hand works once and only while its page stays open: ask for a new one."
        }
        (_, Way::Direct) => "Ask them to keep Tertulia open, then try again.",
    }
}

#[cfg(test)]
mod tests;
