//! Requests of others: those that wait for a person, and those that were granted and are under way.

use crate::ctx::Ctx;
use crate::group::ticket::Ticket;
use crate::group::{ConversationId, ConversationKind};
use crate::identity::{AccountId, NodeId};
use crate::io::{CloseReason, Event, Person, RequestId};
use crate::store::Key;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::cbor::{decode, structure};
use crate::wire::{Answer, AnswerCode};

/// Requests that may wait for a person at once: a hall of people who come at once, and more than anybody reads.
pub(super) const WAITING_MAX: usize = 64;
/// Requests of one node that may wait at once.
pub(super) const WAITING_PER_NODE_MAX: usize = 4;
/// Granted requests that are remembered: those of the last minutes matter.
const GRANTED_MAX: usize = 64;
/// How long a request is granted again to one who is not in the list: an entry takes 30 s at most, may be undone 15 s after
/// it, and what is asked anew then may wait 20 s for its link. After that an entry has come to something, and who was in and
/// is not any more has left or was signed out.
const GRANTED_FOR: Duration = Duration::from_secs(65);

/// Requests under way.
#[derive(Default)]
pub(crate) struct Requests {
    incoming: Table<RequestId, Incoming>,
    granted: Vec<Granted>,
}

/// A request that was answered with Yes or Derivation. Asked again, because the answer was lost with its link or the
/// entry was undone, it is granted again.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The request.
    pub request: RequestId,
    /// Whose.
    pub node: NodeId,
    /// Into which conversation.
    pub conversation: ConversationId,
    /// What it was granted for, if that was a ticket.
    pub ticket: Option<Ticket>,
    /// While the coordinator has yet to let the newcomer in: the lamport up to which the newcomer was sent what was
    /// said.
    pub awaits: Option<u64>,
    /// Until when it is granted again, if the newcomer is not in the list: milliseconds since 1970.
    pub until_ms: Option<u64>,
}

structure! { Granted {
    0 => request, 1 => node, 2 => conversation, 3 => ticket, 4 => awaits, 5 => until_ms,
} }

/// A request that waits for a person here.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub from: Person,
    pub kind: ConversationKind,
    pub conversation: Option<ConversationId>,
}

impl Requests {
    /// Takes note that a node is gone: its requests are off.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: NodeId, reason: CloseReason) {
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

    /// Refuses what a user asks, without the person.
    pub(crate) fn withdraw(&mut self, ctx: &mut Ctx<'_>, user: &AccountId) {
        self.incoming.retain(|request, waiting| {
            let stays = waiting.from.user != *user;
            if !stays {
                refuse(ctx, waiting.from.node, *request);
                ctx.tell(Event::RequestWithdrawn { request: *request });
            }
            stays
        });
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

    /// Remembers what was granted. What is granted again ends when it would have.
    pub(crate) fn grant(&mut self, ctx: &mut Ctx<'_>, mut granted: Granted) {
        let known = self.granted(granted.node, granted.request);
        let until = known.map_or(Some((ctx.now + GRANTED_FOR).as_millis()), |known| known.until_ms);
        granted.until_ms = until;
        self.granted.retain(|known| known.request != granted.request);
        if self.granted.len() == GRANTED_MAX {
            let oldest = self.granted.remove(0);
            ctx.drop_kept(Key::Granted(oldest.request));
        }
        ctx.keep(Key::Granted(granted.request), &granted);
        self.granted.push(granted);
    }

    /// Takes back a request that was granted, or nothing when the record is none.
    pub(crate) fn take_granted(&mut self, record: &[u8]) -> Option<()> {
        let granted = decode(record)?;
        if self.granted.len() < GRANTED_MAX {
            self.granted.push(granted);
        }
        Some(())
    }

    /// What was granted to a node before and is to be granted again: it is in the list, as `is_in` says, or its entry may
    /// still be under way.
    pub(crate) fn granted_before(
        &self,
        now: Instant,
        (node, request): (NodeId, RequestId),
        is_in: impl Fn(&ConversationId) -> bool,
    ) -> Option<&Granted> {
        let granted = self.granted(node, request)?;
        let is_underway = granted.until_ms.is_some_and(|until| now.as_millis() < until);
        Some(granted).filter(|granted| is_underway || is_in(&granted.conversation))
    }

    fn granted(&self, node: NodeId, request: RequestId) -> Option<&Granted> {
        self.granted.iter().find(|granted| granted.request == request && granted.node == node)
    }

    /// Takes out the next granted entry that the coordinator had yet to carry out and that `is_in` says is done.
    pub(crate) fn take_done(&mut self, is_in: impl Fn(&Granted) -> bool) -> Option<(Granted, u64)> {
        let done = self.granted.iter_mut().find(|granted| granted.awaits.is_some() && is_in(granted))?;
        let since = done.awaits.take()?;
        Some((done.clone(), since))
    }

    /// Whether a request of `node` is under way.
    pub(crate) fn concerns(&self, node: &NodeId) -> bool {
        self.incoming.values().any(|request| request.from.node == *node)
    }
}

/// Answers No.
pub(crate) fn refuse(ctx: &mut Ctx<'_>, to: NodeId, request: RequestId) {
    ctx.post(to, Answer::bare(request, AnswerCode::No));
}
