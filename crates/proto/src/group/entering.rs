//! Requests to talk: ours that wait for an answer, and others' that wait for a person.

use crate::ctx::Ctx;
use crate::group::ticket::{Ticket, TicketSerial};
use crate::group::{ConversationId, ConversationKind, OpId};
use crate::identity::{DeviceKey, Name, NodeId};
use crate::io::{CloseReason, Event, Greeting, Person, RequestId, RequestOutcome};
use crate::io::{Refusal, Wake};
use crate::store::Key;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::cbor::{decode, structure};
use crate::wire::{Answer, AnswerCode, ConnectionRequest, Frame};
use std::collections::VecDeque;

/// Requests that may wait for a person at once: a hall of people who come at once, and more than anybody reads.
pub(super) const WAITING_MAX: usize = 64;
/// Requests of one node that may wait at once.
pub(super) const WAITING_PER_NODE_MAX: usize = 4;
/// Requests of ours that may wait for an answer at once.
pub(super) const ASKED_MAX: usize = 64;
/// How long a request outlives the link that it went over, in case the link comes back.
const GRACE: Duration = Duration::from_secs(20);
/// Tickets whose uses are counted at once: those that have expired make room.
const COUNTED_TICKETS_MAX: usize = 1_024;
/// Granted requests that are remembered: those of the last minutes matter.
const GRANTED_MAX: usize = 64;

/// Requests under way.
#[derive(Default)]
pub(crate) struct Requests {
    outgoing: Table<RequestId, Outgoing>,
    incoming: Table<RequestId, Incoming>,
    granted: VecDeque<Granted>,
    ticket_uses: Table<(DeviceKey, TicketSerial), Uses>,
}

/// How often a ticket was used.
struct Uses {
    count: u32,
    expires_ms: u64,
}

structure! { Uses { 0 => count, 1 => expires_ms } }

/// A request that was answered with Yes. Asked again, because the answer was lost with its link, it is
/// answered the same.
struct Granted {
    request: RequestId,
    node: NodeId,
    conversation: ConversationId,
    admit: OpId,
}

structure! { Granted { 0 => request, 1 => node, 2 => conversation, 3 => admit } }

/// A request of ours.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub node: NodeId,
    pub kind: ConversationKind,
    pub conversation: Option<ConversationId>,
    /// What to call the conversation, once we are in.
    pub name: Name,
    pub greeting: Greeting,
    pub ticket: Option<Ticket>,
    /// When to give up, while there is no link.
    pub until: Option<Instant>,
}

/// A request that waits for a person here.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub from: Person,
    pub kind: ConversationKind,
    pub conversation: Option<ConversationId>,
}

impl Requests {
    /// Asks to talk; the request goes out now or when the node is linked.
    pub(crate) fn ask(&mut self, ctx: &mut Ctx<'_>, request: Outgoing) -> Result<RequestId, Refusal> {
        if self.outgoing.len() >= ASKED_MAX {
            return Err(Refusal::TooManyRequests);
        }
        let id = RequestId(ctx.rng.bytes());
        ctx.post(request.node, request.frame(id));
        self.outgoing.insert(id, request);
        Ok(id)
    }

    /// Sends again what the node has not answered.
    pub(crate) fn on_linked(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        for (id, request) in self.outgoing.iter_mut().filter(|(_, request)| request.node == node) {
            request.until = None;
            ctx.post(node, request.frame(*id));
        }
    }

    /// Takes note that a node is gone: its requests are off, ours to it have a while to live.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: NodeId, reason: CloseReason) {
        for request in self.outgoing.values_mut().filter(|request| request.node == node) {
            request.until = Some(ctx.now + GRACE);
        }
        if reason == CloseReason::Duplicate {
            return;
        }
        let gone: Vec<_> = self
            .incoming
            .iter()
            .filter(|(_, request)| request.from.node == node)
            .map(|(id, _)| *id)
            .collect();
        for request in gone {
            self.incoming.remove(&request);
            ctx.tell(Event::RequestWithdrawn { request });
        }
    }

    /// Takes note that a node cannot be reached.
    pub(crate) fn on_unreachable(&mut self, ctx: &mut Ctx<'_>, node: NodeId, reason: CloseReason) {
        let to_it = self.outgoing.iter().filter(|(_, request)| request.node == node).map(|(id, _)| *id);
        for request in to_it.collect::<Vec<_>>() {
            self.outgoing.remove(&request);
            ctx.tell(Event::Answered { request, outcome: RequestOutcome::Failed(reason) });
        }
    }

    /// Takes an answer to a request of ours. With Yes it yields the request, for the caller to enter.
    pub(crate) fn on_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: NodeId,
        answer: &Answer,
    ) -> Option<(Outgoing, ConversationId, OpId)> {
        if self.outgoing.get(&answer.request).is_none_or(|request| request.node != from) {
            ctx.count("answer_unasked");
            return None;
        }
        let request = self.outgoing.remove(&answer.request)?;
        let outcome = match (AnswerCode::read(answer.code), answer.conversation, answer.admit) {
            (Some(AnswerCode::Yes), Some(conversation), Some(admit)) => {
                return Some((request, conversation, admit));
            }
            (Some(AnswerCode::No), ..) => RequestOutcome::No,
            _ => RequestOutcome::Failed(CloseReason::Incompatible),
        };
        ctx.tell(Event::Answered { request: answer.request, outcome });
        None
    }

    /// Lets a request wait for a person.
    pub(crate) fn wait(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: Incoming, greeting: String) {
        if self.incoming.contains_key(&id) {
            ctx.count("request_known");
            return;
        }
        let of_node = self.incoming.values().filter(|waiting| waiting.from.node == request.from.node).count();
        if self.incoming.len() >= WAITING_MAX || of_node >= WAITING_PER_NODE_MAX {
            ctx.count("request_refused_full");
            refuse(ctx, request.from.node, id);
            return;
        }
        let Incoming { from, kind, conversation } = request.clone();
        self.incoming.insert(id, request);
        ctx.tell(Event::Request { request: id, from, kind, conversation, greeting });
    }

    /// A request that waits here.
    pub(crate) fn waiting(&self, id: &RequestId) -> Option<&Incoming> {
        self.incoming.get(id)
    }

    /// Takes a request off the list of those that wait.
    pub(crate) fn settle(&mut self, id: &RequestId) {
        self.incoming.remove(id);
    }

    /// Remembers that `node` was let in, and tells it.
    pub(crate) fn grant(
        &mut self,
        ctx: &mut Ctx<'_>,
        node: NodeId,
        request: RequestId,
        (conversation, admit): (ConversationId, OpId),
    ) {
        if self.granted.len() == GRANTED_MAX
            && let Some(oldest) = self.granted.pop_front()
        {
            ctx.drop_kept(Key::Granted(oldest.request));
        }
        let granted = Granted { request, node, conversation, admit };
        ctx.keep(Key::Granted(request), &granted);
        self.granted.push_back(granted);
        accept(ctx, node, request, (conversation, admit));
    }

    /// Answers a request again that was granted before, if who asked `is_in` that conversation still; yields it.
    pub(crate) fn regrant(
        &self,
        ctx: &mut Ctx<'_>,
        (node, request): (NodeId, RequestId),
        is_in: impl Fn(&ConversationId) -> bool,
    ) -> Option<ConversationId> {
        let is_it = |granted: &&Granted| granted.request == request && granted.node == node;
        let granted = self.granted.iter().find(is_it).filter(|granted| is_in(&granted.conversation))?;
        accept(ctx, node, request, (granted.conversation, granted.admit));
        Some(granted.conversation)
    }

    /// Takes one use off a ticket; false when there is none left, or too many tickets are being counted.
    pub(crate) fn use_ticket(&mut self, ctx: &mut Ctx<'_>, ticket: &Ticket) -> bool {
        let now_ms = ctx.now.as_millis();
        if ticket.expires_ms <= now_ms {
            return false;
        }
        let key = (ticket.issuer, ticket.serial);
        if self.ticket_uses.len() >= COUNTED_TICKETS_MAX && !self.ticket_uses.contains_key(&key) {
            self.ticket_uses.retain(|(issuer, serial), counted| {
                if counted.expires_ms <= now_ms {
                    ctx.drop_kept(Key::Ticket(*issuer, *serial));
                }
                counted.expires_ms > now_ms
            });
        }
        if self.ticket_uses.len() >= COUNTED_TICKETS_MAX && !self.ticket_uses.contains_key(&key) {
            return false;
        }
        let counted =
            self.ticket_uses.or_insert_with(key, || Uses { count: 0, expires_ms: ticket.expires_ms });
        counted.count = counted.count.saturating_add(1);
        ctx.keep(Key::Ticket(key.0, key.1), counted);
        counted.count <= ticket.uses
    }

    /// Takes back a request that was granted, or nothing when the record is none.
    pub(crate) fn take_granted(&mut self, record: &[u8]) -> Option<()> {
        let granted = decode(record)?;
        if self.granted.len() < GRANTED_MAX {
            self.granted.push_back(granted);
        }
        Some(())
    }

    /// Takes back how often a ticket was used, or nothing when the record is none.
    pub(crate) fn take_uses(&mut self, ticket: (DeviceKey, TicketSerial), record: &[u8]) -> Option<()> {
        let uses = decode(record)?;
        if self.ticket_uses.len() < COUNTED_TICKETS_MAX {
            self.ticket_uses.insert(ticket, uses);
        }
        Some(())
    }

    /// The nodes that we have asked.
    pub(crate) fn asked(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.outgoing.values().map(|request| request.node)
    }

    /// Whether a request from or to `node` is under way.
    pub(crate) fn concerns(&self, node: &NodeId) -> bool {
        self.asked().any(|asked| asked == *node)
            || self.incoming.values().any(|request| request.from.node == *node)
    }

    /// Gives up on what has waited too long for its link.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let is_over = |request: &Outgoing| request.until.is_some_and(|until| until <= ctx.now);
        let over = self.outgoing.iter().filter(|(_, request)| is_over(request)).map(|(id, _)| *id);
        for request in over.collect::<Vec<_>>() {
            self.outgoing.remove(&request);
            ctx.tell(Event::Answered { request, outcome: RequestOutcome::Failed(CloseReason::Unreachable) });
        }
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.outgoing.values().filter_map(|request| request.until).min().map(|at| (at, Wake::Group))
    }
}

impl Outgoing {
    fn frame(&self, request: RequestId) -> Frame {
        let greeting = Some(self.greeting.clone()).filter(|greeting| !greeting.as_str().is_empty());
        let Self { kind, conversation, ticket, .. } = self;
        let (kind, conversation, ticket) = (*kind, *conversation, ticket.clone());
        Frame::ConnectionRequest(ConnectionRequest { request, kind, conversation, greeting, ticket })
    }
}

impl AnswerCode {
    /// The number on the wire.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
        }
    }

    fn read(code: u16) -> Option<Self> {
        [Self::Yes, Self::No].into_iter().find(|known| known.code() == code)
    }
}

/// Answers No.
pub(crate) fn refuse(ctx: &mut Ctx<'_>, to: NodeId, request: RequestId) {
    ctx.post(
        to,
        Frame::Answer(Answer { request, code: AnswerCode::No.code(), conversation: None, admit: None }),
    );
}

/// Answers Yes.
fn accept(ctx: &mut Ctx<'_>, to: NodeId, request: RequestId, (conversation, admit): (ConversationId, OpId)) {
    let (conversation, admit) = (Some(conversation), Some(admit));
    ctx.post(to, Frame::Answer(Answer { request, code: AnswerCode::Yes.code(), conversation, admit }));
}
