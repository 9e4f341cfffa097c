//! What people do with their nodes and see of them: what tests and scenarios are written in.

use crate::place::Seat;
use crate::wire::{Stage, Wire};
use crate::world::World;
use std::collections::BTreeSet;
use tertulia_proto::group::History;
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, Greeting, MessageText, MessageView, Path, RequestId, RequestOutcome};
use tertulia_proto::{
    CloseReason, Command, ConversationId, ConversationKind, Duration, Event, Invite, NodeId, OpId, Refusal,
    Reply, ReplyCode, Window,
};

/// How long people wait for something that needs a few round trips.
pub const SOON: Duration = Duration::from_secs(10);

// What they do.
impl World {
    /// Makes an invite to a node and nothing more.
    #[track_caller]
    pub fn invite(&mut self, seat: Seat) -> Invite {
        self.invite_with(seat, None, false, None)
    }

    /// Makes an invite into a conversation.
    #[track_caller]
    pub fn invite_into(&mut self, seat: Seat, conversation: ConversationId) -> Invite {
        self.invite_with(seat, Some(conversation), false, None)
    }

    /// Makes an invite into a conversation that lets the bearer in without asking.
    #[track_caller]
    pub fn ticket_into(&mut self, seat: Seat, conversation: ConversationId) -> Invite {
        self.invite_with(seat, Some(conversation), true, None)
    }

    /// Makes an invite that is not by hand.
    #[track_caller]
    pub fn invite_with(
        &mut self,
        seat: Seat,
        conversation: Option<ConversationId>,
        ticket: bool,
        expires_ms: Option<u64>,
    ) -> Invite {
        let command = Command::Invite { conversation, ticket, expires_ms, by_hand: false };
        match self.command(seat, command) {
            Ok(Reply::Invite(invite)) => *invite,
            other => self.fail(&format!("{seat:?} makes no invite: {other:?}")),
        }
    }

    /// Makes an invite by hand and waits for its offer.
    #[track_caller]
    pub fn invite_by_hand(&mut self, seat: Seat, conversation: Option<ConversationId>) -> Invite {
        let seen = self.events(seat).len();
        let command = Command::Invite { conversation, ticket: false, expires_ms: None, by_hand: true };
        if let Err(refusal) = self.command(seat, command) {
            self.fail(&format!("{seat:?} makes no invite by hand: {refusal}"));
        }
        self.wait_for(seat, seen, "an invite by hand", |event| match event {
            Event::InviteReady { invite, .. } => Some((**invite).clone()),
            _ => None,
        })
    }

    /// Follows an invite by hand and waits for the reply code, and for the request that goes with it.
    #[track_caller]
    pub fn open_by_hand(
        &mut self,
        seat: Seat,
        invite: &Invite,
        kind: Option<ConversationKind>,
    ) -> (ReplyCode, Option<RequestId>) {
        let seen = self.events(seat).len();
        let request = self.open(seat, invite, kind);
        let code = self.wait_for(seat, seen, "a reply code", |event| match event {
            Event::ReplyReady { code, .. } => Some((**code).clone()),
            _ => None,
        });
        (code, request)
    }

    /// Enters a reply code.
    pub fn complete_by_hand(&mut self, seat: Seat, reply: &ReplyCode) -> Result<Reply, Refusal> {
        self.command(seat, Command::Complete { reply: Box::new(reply.clone()) })
    }

    /// Follows an invite, read from its text as a person's would be.
    #[track_caller]
    pub fn open(&mut self, seat: Seat, invite: &Invite, kind: Option<ConversationKind>) -> Option<RequestId> {
        let invite = match Invite::parse(&invite.to_string(), self.now()) {
            Ok(invite) => Box::new(invite),
            Err(error) => self.fail(&format!("{seat:?} cannot read an invite: {error}")),
        };
        match self.command(seat, Command::Open { invite, kind, greeting: Greeting::cut("hello") }) {
            Ok(Reply::Opening { request, .. }) => request,
            other => self.fail(&format!("{seat:?} cannot open an invite: {other:?}")),
        }
    }

    /// Keeps a link from one seat to the native node at another, which can then introduce it.
    #[track_caller]
    pub fn introducer(&mut self, seat: Seat, native: Seat) {
        let invite = Box::new(self.invite(native));
        if let Err(refusal) = self.command(seat, Command::Introducer { invite }) {
            self.fail(&format!("{seat:?} takes no introducer: {refusal}"));
        }
        self.settle("linked to the introducer", SOON, |world| world.is_linked(seat, native));
    }

    /// Asks a node that is known already for a conversation.
    pub fn connect(
        &mut self,
        seat: Seat,
        other: Seat,
        kind: Option<ConversationKind>,
    ) -> Result<Reply, Refusal> {
        let node = self.id(other);
        self.command(seat, Command::Connect { node, kind, greeting: Greeting::default() })
    }

    /// Answers a request.
    pub fn answer(&mut self, seat: Seat, request: RequestId, answer: Consent) -> Result<Reply, Refusal> {
        let reply = self.command(seat, Command::Answer { request, answer });
        if let (Consent::New(History::FromAdmission), Ok(Reply::Conversation(id))) = (answer, &reply) {
            self.oracle.from_admission.insert(*id);
        }
        reply
    }

    /// Begins a conversation.
    #[track_caller]
    pub fn create(&mut self, seat: Seat, kind: ConversationKind) -> ConversationId {
        match self.command(seat, Command::Create { kind, name: Name::default(), history: History::All }) {
            Ok(Reply::Conversation(id)) => id,
            other => self.fail(&format!("{seat:?} begins no conversation: {other:?}")),
        }
    }

    /// Begins a public conversation whose newcomers are given nothing of the past.
    #[track_caller]
    pub fn create_from_admission(&mut self, seat: Seat) -> ConversationId {
        let (kind, history) = (ConversationKind::Public, History::FromAdmission);
        match self.command(seat, Command::Create { kind, name: Name::default(), history }) {
            Ok(Reply::Conversation(id)) => {
                self.oracle.from_admission.insert(id);
                id
            }
            other => self.fail(&format!("{seat:?} begins no conversation: {other:?}")),
        }
    }

    /// Says something.
    #[track_caller]
    pub fn say(&mut self, seat: Seat, conversation: ConversationId, text: &str) -> OpId {
        match self.try_say(seat, conversation, text) {
            Ok(Reply::Message(id)) => id,
            other => self.fail(&format!("{seat:?} cannot say {text:?}: {other:?}")),
        }
    }

    /// Says something if the node takes it.
    pub fn try_say(
        &mut self,
        seat: Seat,
        conversation: ConversationId,
        text: &str,
    ) -> Result<Reply, Refusal> {
        self.command(seat, Command::Send { conversation, text: MessageText::cut(text), reply_to: None })
    }

    /// Leaves a conversation.
    pub fn leave(&mut self, seat: Seat, conversation: ConversationId) -> Result<Reply, Refusal> {
        self.command(seat, Command::Leave { conversation })
    }

    /// Leaves everything and ends, as a node does at SIGTERM: its farewells are sent first.
    pub fn quit(&mut self, seat: Seat) -> Result<Reply, Refusal> {
        self.command(seat, Command::Quit)
    }

    /// Brings two seats into a new conversation: the second follows an invite of the first, who says yes.
    #[track_caller]
    pub fn befriend(&mut self, host: Seat, guest: Seat, kind: ConversationKind) -> ConversationId {
        let invite = self.invite(host);
        let seen = self.events(host).len();
        let asked = self.open(guest, &invite, Some(kind));
        let request = self.request(host, seen);
        if let Err(refusal) = self.answer(host, request, Consent::New(History::All)) {
            self.fail(&format!("{host:?} cannot say yes: {refusal}"));
        }
        let RequestOutcome::Yes(conversation) = self.outcome(guest, asked) else {
            self.fail(&format!("{guest:?} was not let in"))
        };
        self.settle_agreement(conversation, &[host, guest], SOON);
        conversation
    }

    /// Brings seats into one new public conversation that the first begins: each further one follows an
    /// invite with a ticket. Waits until they agree.
    #[track_caller]
    pub fn gather(&mut self, seats: &[Seat]) -> ConversationId {
        let conversation = self.create(seats[0], ConversationKind::Public);
        for (count, &seat) in seats.iter().enumerate().skip(1) {
            self.let_in(seats[0], seat, conversation);
            self.settle_agreement(conversation, &seats[..=count], SOON);
        }
        conversation
    }

    /// Brings a guest into a conversation with a ticket, and waits until the guest is in it.
    #[track_caller]
    pub fn let_in(&mut self, host: Seat, guest: Seat, conversation: ConversationId) {
        let invite = self.ticket_into(host, conversation);
        self.open(guest, &invite, None);
        self.settle("the guest is in", SOON, |world| world.is_in(guest, conversation));
    }

    /// Waits until these nodes agree on a conversation.
    #[track_caller]
    pub fn settle_agreement(
        &mut self,
        conversation: ConversationId,
        seats: &[Seat],
        limit: Duration,
    ) -> Duration {
        let begun = self.now();
        while let Some(what) = self.disagreement(conversation, seats) {
            if self.now() >= begun + limit {
                self.fail(&format!("no agreement after {} ms: {what}", limit.as_millis()));
            }
            self.run_for(Duration::from_millis(50));
        }
        self.now().since(begun)
    }

    /// Waits until the node at a seat tells of something, among its events from number `seen` on: for as long
    /// as a node may try to open a link, and a little more.
    #[track_caller]
    pub fn wait_for<T>(
        &mut self,
        seat: Seat,
        seen: usize,
        what: &str,
        find: impl Fn(&Event) -> Option<T>,
    ) -> T {
        let search = |world: &Self| world.events(seat)[seen..].iter().find_map(|(_, event)| find(event));
        self.settle(what, SOON.times(2), |world| search(world).is_some());
        match search(self) {
            Some(found) => found,
            None => self.fail(&format!("{what} came and went")),
        }
    }

    /// Waits for the end of a request.
    #[track_caller]
    pub fn outcome(&mut self, seat: Seat, request: Option<RequestId>) -> RequestOutcome {
        let Some(wanted) = request else { self.fail(&format!("{seat:?} asked for nothing")) };
        self.wait_for(seat, 0, "an answer", |event| match event {
            Event::Answered { request, outcome } if *request == wanted => Some(*outcome),
            _ => None,
        })
    }

    /// Waits for a request at a seat, among its events from number `seen` on.
    #[track_caller]
    pub fn request(&mut self, seat: Seat, seen: usize) -> RequestId {
        self.wait_for(seat, seen, "a request", |event| match event {
            Event::Request { request, .. } => Some(*request),
            _ => None,
        })
    }
}

// What they see.
impl World {
    /// What every living node sees, for people who look for a cause: its links, and for each conversation
    /// whether it is in it, with whom, and how many messages it shows.
    pub fn summary(&self) -> String {
        let seat_of = |node: &NodeId| self.seats().find(|seat| self.id(*seat) == *node).map(|seat| seat.0);
        let seats_of = |nodes: Vec<NodeId>| nodes.iter().filter_map(seat_of).collect::<Vec<_>>();
        let mut lines = Vec::new();
        for seat in self.seats() {
            let Some(node) = self.node(seat) else { continue };
            let linked = node.peers().iter().map(|view| view.person.node).collect();
            lines.push(format!("{seat:?} {} is linked to {:?}", self.id(seat), seats_of(linked)));
            for view in node.conversations() {
                let (with, shown) = (self.participants(seat, view.id), self.shown(seat, view.id).len());
                let whether = if view.open { "in" } else { "no more in" };
                let with = seats_of(with);
                lines.push(format!("  {whether} {:?} with {with:?}, {shown} messages", view.id));
            }
            lines.push(format!("  {:?}", node.stats()));
        }
        lines.join("\n")
    }

    /// The node's name in the network.
    pub fn id(&self, seat: Seat) -> NodeId {
        self.places[seat.0].id
    }

    /// Everybody whom a living node sees a usable link to, and itself.
    pub fn linked(&self, seat: Seat) -> BTreeSet<NodeId> {
        let peers = self.node(seat).map(|node| node.peers()).unwrap_or_default();
        peers.iter().map(|view| view.person.node).chain([self.id(seat)]).collect()
    }

    /// Whether a node sees a usable link to another; every living node is linked to itself.
    pub fn is_linked(&self, seat: Seat, other: Seat) -> bool {
        let peer = self.id(other);
        let sees = |node: &tertulia_proto::Node| node.peers().iter().any(|view| view.person.node == peer);
        self.node(seat).is_some_and(|node| seat == other || sees(node))
    }

    /// How many channels are open at both ends between two seats, whatever their nodes make of them.
    pub fn channels(&self, one: Seat, other: Seat) -> usize {
        let is_open = |wire: &&Wire| wire.ends.iter().all(|end| end.stage == Stage::Open);
        self.wires.iter().filter(|wire| wire.joins(one, other)).filter(is_open).count()
    }

    /// How a node came by its link to another.
    pub fn path(&self, seat: Seat, other: Seat) -> Option<Path> {
        let peer = self.id(other);
        let views = self.node(seat)?.peers();
        views.iter().find(|view| view.person.node == peer).map(|view| view.path)
    }

    /// Whether a node is in a conversation.
    pub fn is_in(&self, seat: Seat, conversation: ConversationId) -> bool {
        let view = self.node(seat).and_then(|node| node.conversation(conversation));
        view.is_some_and(|view| view.open)
    }

    /// The participants that a node lists, in order.
    pub fn participants(&self, seat: Seat, conversation: ConversationId) -> Vec<NodeId> {
        let view = self.node(seat).and_then(|node| node.conversation(conversation));
        view.into_iter().flat_map(|view| view.participants).map(|listed| listed.person.node).collect()
    }

    /// The messages that a node shows, in order.
    pub fn shown(&self, seat: Seat, conversation: ConversationId) -> Vec<OpId> {
        self.messages(seat, conversation).into_iter().map(|message| message.id).collect()
    }

    /// The texts that a node shows, in order.
    pub fn texts(&self, seat: Seat, conversation: ConversationId) -> Vec<String> {
        self.messages(seat, conversation).into_iter().map(|message| message.text).collect()
    }

    /// The messages that a node shows, in order; none when it is dead.
    pub fn messages(&self, seat: Seat, conversation: ConversationId) -> Vec<MessageView> {
        let all = Window::default();
        self.places[seat.0]
            .ask(|node, recalled| node.messages(conversation, all, recalled))
            .unwrap_or_default()
    }

    /// A message as a living node shows it.
    pub fn message(&self, seat: Seat, conversation: ConversationId, id: OpId) -> Option<MessageView> {
        self.places[seat.0].ask(|node, recalled| node.message(conversation, id, recalled)).flatten()
    }

    /// Why usable links to another node ended, in order.
    pub fn closings(&self, seat: Seat, other: Seat) -> Vec<CloseReason> {
        let peer = self.id(other);
        let closed = |event: &Event| match event {
            Event::LinkClosed { node, reason } if *node == peer => Some(*reason),
            _ => None,
        };
        self.events(seat).iter().filter_map(|(_, event)| closed(event)).collect()
    }

    /// A counter of a node; zero when it has none of that name.
    pub fn stat(&self, seat: Seat, name: &str) -> u64 {
        self.node(seat).and_then(|node| node.stats().get(name).copied()).unwrap_or_default()
    }
}
