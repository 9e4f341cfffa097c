//! Entering a conversation: the sections of the paper's transaction (García, section 3.1), on both sides.
//!
//! The entering section is that of [`Requests`](crate::group::Requests): asking, and being passed on to the coordinator.
//! Here are the critical section, in which the coordinator writes the Admit and tells everybody, and the exit section,
//! in which the newcomer hears from each participant that it is in the list there too.

use super::{Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::membership::{PARTICIPANTS_MAX, Participant};
use crate::group::op::{Admit, Body, ConversationKind, Evict, OpId};
use crate::group::ticket::{Ticket, TicketBody, TicketSerial};
use crate::identity::NodeId;
use crate::io::{CloseReason, Refusal, RequestId};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Answer, AnswerCode, AutomaticEntryToPeer, Frame, Want};

/// How long a newcomer waits for the word of each participant. Whoever has not answered by then is suspected already.
const EXIT_MAX: Duration = Duration::from_secs(15);
/// How long a newcomer that is not in our list is left without an answer: the ListUpdate may be on its way (DESIGN,
/// section 6), lost packets included.
const LIST_UPDATE_MAX: Duration = Duration::from_millis(2_500);
/// How long what is on its way from the coordinator is waited for before the newcomer itself is asked for it.
const LIST_UPDATE_FIRST: Duration = Duration::from_millis(150);
/// Newcomers that may wait for our word at once: more enter one after another at the coordinator.
const EXPECTED_MAX: usize = 32;
/// How long the word of a participant is good with which a newcomer asks the coordinator: some tries to reach it.
const DERIVATION_MS: u64 = 5 * 60 * 1000;

/// What became of somebody whom a participant accepted.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is in, by this operation.
    Admitted(OpId),
    /// The coordinator is to let it in, for this ticket.
    Derived {
        /// Whom to ask.
        coordinator: NodeId,
        /// What to show.
        ticket: Box<Ticket>,
    },
}

/// How far a request of ours has come, for the concept that keeps requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// We are in.
    In,
    /// A participant did not know of us: we are out again, and may try once more.
    Undone,
    /// Every participant that can be reached knows of us.
    Settled,
    /// It came to nothing.
    Failed(CloseReason),
}

/// The exit section of our own entry.
pub(super) struct Exit {
    request: RequestId,
    admit: OpId,
    /// Who has not answered.
    pending: Set<NodeId>,
    /// Whom of them we have told over the present link.
    told: Set<NodeId>,
    until: Instant,
}

/// A newcomer that wants our word and is not in our list yet.
pub(super) struct Expected {
    request: RequestId,
    admit: OpId,
    /// When to ask the newcomer for the Admit itself.
    ask_at: Option<Instant>,
    until: Instant,
}

impl Expected {
    fn word(&self, code: AnswerCode) -> Frame {
        Answer::word(self.request, Some(self.admit), code)
    }
}

/// Newcomers that want our word.
pub(super) type Arrivals = Table<NodeId, Expected>;

// The critical section.
impl Conversation {
    /// The first in the list that is not suspected. Nobody is asked: who is linked here is not suspected here.
    pub(crate) fn coordinator(&self, me: NodeId, linked: &Set<NodeId>) -> Option<NodeId> {
        self.unsuspected(me, linked).next()
    }

    fn unsuspected(&self, me: NodeId, linked: &Set<NodeId>) -> impl Iterator<Item = NodeId> {
        let nodes = self.list().iter().map(|one| one.node);
        nodes.filter(move |node| *node == me || linked.contains_key(node))
    }

    /// Lets `newcomer` in, or has the coordinator do so. One who is in the list already, because it lost its memory,
    /// is let in anew and keeps its place.
    pub(crate) fn admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        newcomer: &Participant,
        ticket: Option<Ticket>,
    ) -> Result<Admission, Refusal> {
        self.writable()?;
        if !self.has_room_for(newcomer) {
            let is_private = self.kind() == ConversationKind::Private;
            return Err(if is_private { Refusal::Private } else { Refusal::Crowded });
        }
        let me = ctx.me.node();
        match self.coordinator(me, linked).filter(|coordinator| *coordinator != me) {
            Some(coordinator) if !self.has(&newcomer.node) => {
                let ticket = Box::new(ticket.unwrap_or_else(|| self.ticket_for(ctx, newcomer.node)));
                Ok(Admission::Derived { coordinator, ticket })
            }
            _ => Ok(Admission::Admitted(self.write_admit(ctx, linked, newcomer, ticket))),
        }
    }

    /// Lets in whoever shows the word of a participant: the coordinator's part, as far as we know or the newcomer does,
    /// who may reach nobody before us in the list. Two coordinators do no harm.
    pub(crate) fn admit_by_ticket(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        newcomer: &Participant,
        ticket: &Ticket,
    ) -> Result<OpId, AnswerCode> {
        if let Some(admit) = self.graph.last_admit(&newcomer.node).filter(|_| self.has(&newcomer.node)) {
            return Ok(admit);
        }
        if !self.honours(ctx, ticket, &newcomer.node) {
            ctx.count("ticket_refused");
            return Err(AnswerCode::No);
        }
        if !self.has_room_for(newcomer) {
            ctx.count("request_without_room");
            return Err(AnswerCode::No);
        }
        Ok(self.write_admit(ctx, linked, newcomer, Some(ticket.clone())))
    }

    fn write_admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        newcomer: &Participant,
        ticket: Option<Ticket>,
    ) -> OpId {
        let (certificate, profile) = (newcomer.certificate.clone(), newcomer.profile.clone());
        self.write(ctx, linked, Body::Admit(Admit { certificate, profile, ticket }))
    }

    /// Whether a ticket lets `newcomer` in here and now: a participant's, for this conversation, in time, not used up.
    pub(crate) fn honours(&self, ctx: &Ctx<'_>, ticket: &Ticket, newcomer: &NodeId) -> bool {
        let is_ours = ticket.lets(newcomer, &self.id) && self.has(&ticket.issuer.node());
        is_ours && ticket.expires_ms > ctx.now.as_millis() && self.membership.has_use_left(ticket)
    }

    /// Our word to the coordinator that somebody may enter.
    fn ticket_for(&self, ctx: &mut Ctx<'_>, newcomer: NodeId) -> Ticket {
        ctx.me.sign_body(TicketBody {
            issuer: ctx.me.certificate().device,
            conversation: self.id,
            serial: TicketSerial(ctx.rng.bytes()),
            expires_ms: ctx.now.as_millis() + DERIVATION_MS,
            uses: 1,
            bearer: Some(newcomer),
        })
    }

    /// Who is in it and not suspected, in the order of entry.
    pub(crate) fn present(&self, me: NodeId, linked: &Set<NodeId>) -> List<NodeId, PARTICIPANTS_MAX> {
        List::first(self.unsuspected(me, linked))
    }

    /// Signs out, as coordinator, whoever has been away for `after` while more than half of the list was on our side: so
    /// no two sides of a partition sign each other out, and absence never ends a conversation of two.
    pub(crate) fn evict(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        suspected: &Table<NodeId, Instant>,
        after: Duration,
    ) {
        let me = ctx.me.node();
        let is_larger_half = self.may_write() && self.unsuspected(me, linked).count() * 2 > self.list().len();
        self.larger_since = is_larger_half.then(|| self.larger_since.unwrap_or(ctx.now));
        if self.larger_since.is_none() || self.coordinator(me, linked) != Some(me) {
            return;
        }
        let is_due = |(_, due): &(NodeId, Instant)| *due <= ctx.now;
        let gone: Vec<_> = self.evictions(suspected, after).filter(is_due).map(|(node, _)| node).collect();
        for node in gone {
            ctx.count("participant_evicted");
            self.write(ctx, linked, Body::Evict(Evict { node }));
        }
    }

    /// Signs out, as coordinator, one who says itself that it is not in: it has given up before it heard that it was let
    /// in. Whoever has spoken since has lost its memory, and keeps its place.
    pub(crate) fn on_absence(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>, node: NodeId) {
        let me = ctx.me.node();
        if self.may_write() && self.coordinator(me, linked) == Some(me) && !self.graph.has_spoken(&node) {
            ctx.count("participant_absent");
            self.write(ctx, linked, Body::Evict(Evict { node }));
        }
    }

    /// Who is to be signed out when, if nothing changes.
    fn evictions<'a>(
        &'a self,
        suspected: &'a Table<NodeId, Instant>,
        after: Duration,
    ) -> impl Iterator<Item = (NodeId, Instant)> + 'a {
        let listed = self.list().iter().map(|one| one.node);
        let both = move |node| Some((node, *suspected.get(&node)?, self.larger_since?));
        listed.filter_map(both).map(move |(node, since, larger)| (node, since.max(larger) + after))
    }

    /// When somebody is to be signed out next, after `now`.
    pub(crate) fn next_eviction(
        &self,
        suspected: &Table<NodeId, Instant>,
        after: Duration,
        now: Instant,
    ) -> Option<Instant> {
        self.evictions(suspected, after).map(|(_, due)| due).filter(|due| *due > now).min()
    }
}

// The exit section.
impl Conversation {
    /// Begins to tell every participant that we are in.
    pub(super) fn begin_exit(&mut self, ctx: &mut Ctx<'_>, request: RequestId, admit: OpId) {
        let me = ctx.me.node();
        let mut pending = Set::default();
        for one in self.list().iter().filter(|one| one.node != me) {
            pending.insert(one.node, ());
        }
        let until = ctx.now + EXIT_MAX;
        self.exit = Some(Exit { request, admit, pending, told: Set::default(), until });
    }

    /// Tells those who are linked by now.
    pub(super) fn continue_exit(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        let Some(exit) = &mut self.exit else { return };
        let (request, conversation, admit) = (exit.request, self.id, exit.admit);
        for node in exit.pending.keys().filter(|node| linked.contains_key(node)) {
            if exit.told.insert(*node, ()).is_none() {
                let entry = AutomaticEntryToPeer { request, conversation, admit };
                ctx.post(*node, Frame::AutomaticEntryToPeer(entry));
            }
        }
    }

    /// Takes note that a link is gone, and a word that was on its way with it.
    pub(super) fn forget_told(&mut self, node: &NodeId) {
        if let Some(exit) = &mut self.exit {
            exit.told.remove(node);
        }
    }

    /// Takes the word of a participant; false when it is none for our exit section.
    pub(crate) fn on_peer_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        from: NodeId,
        answer: &Answer,
    ) -> bool {
        let Some(exit) = self.exit.as_mut().filter(|exit| exit.request == answer.request) else {
            return false;
        };
        // A word on an entry before this one says nothing of this one, and what is no word at all neither.
        let is_meant = answer.admit.is_none_or(|admit| admit == exit.admit);
        let code = AnswerCode::read(answer.code).filter(|_| is_meant);
        let words = [AnswerCode::Yes, AnswerCode::DisconnectedGroup, AnswerCode::NotUpdatedGroup];
        let Some(code) = code.filter(|code| words.contains(code)) else {
            ctx.count("answer_of_another_entry");
            return true;
        };
        if exit.pending.remove(&from).is_none() {
            return true;
        }
        let request = exit.request;
        if code == AnswerCode::NotUpdatedGroup {
            ctx.count("entry_undone");
            self.undo_entry(ctx, linked, request);
        } else if exit.pending.is_empty() {
            self.exit = None;
            ctx.report(self.id, request, Progress::Settled);
        }
        true
    }

    /// Whether an entry by `admit` is over: it is here, and we are out.
    pub(crate) fn is_bygone(&self, me: &NodeId, admit: &OpId) -> bool {
        !self.has(me) && self.graph.place(admit).is_some()
    }

    /// Takes the entry back as a whole: everybody is told, and the request may be made anew.
    fn undo_entry(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>, request: RequestId) {
        self.exit = None;
        // Not over: the way back in is under way.
        self.phase = Phase::Entering { request, admit: None, until: ctx.now + super::ENTERING_MAX };
        self.admit_of_old = self.graph.last_admit(&ctx.me.node());
        self.write(ctx, linked, Body::Leave);
        ctx.report(self.id, request, Progress::Undone);
    }

    /// Gives our word on a newcomer, at once or when its Admit had time to come.
    pub(crate) fn on_peer_entry(&mut self, ctx: &mut Ctx<'_>, from: NodeId, entry: &AutomaticEntryToPeer) {
        let say = |ctx: &mut Ctx<'_>, code| {
            ctx.post(from, Answer::word(entry.request, Some(entry.admit), code));
        };
        if !self.is_open() {
            say(ctx, AnswerCode::DisconnectedGroup);
        } else if self.has(&from) && self.graph.place(&entry.admit).is_some() {
            say(ctx, AnswerCode::Yes);
        } else if self.arrivals.len() < EXPECTED_MAX || self.arrivals.contains_key(&from) {
            ctx.count("entry_waits_for_list_update");
            let (ask_at, until) = (Some(ctx.now + LIST_UPDATE_FIRST), ctx.now + LIST_UPDATE_MAX);
            let expected = Expected { request: entry.request, admit: entry.admit, ask_at, until };
            self.arrivals.insert(from, expected);
        } else {
            ctx.count("entry_refused_full");
            say(ctx, AnswerCode::NotUpdatedGroup);
        }
    }

    /// Gives our word on those who have come into the list, and on those who had time enough.
    pub(super) fn answer_arrivals(&mut self, ctx: &mut Ctx<'_>) {
        if self.arrivals.is_empty() {
            return;
        }
        let (graph, membership, id) = (&self.graph, &self.membership, self.id);
        self.arrivals.retain(|node, expected| {
            if membership.has(node) && graph.place(&expected.admit).is_some() {
                ctx.post(*node, expected.word(AnswerCode::Yes));
                return false;
            }
            if expected.until <= ctx.now {
                ctx.count("entry_not_updated");
                ctx.post(*node, expected.word(AnswerCode::NotUpdatedGroup));
                return false;
            }
            if expected.ask_at.is_some_and(|at| at <= ctx.now) {
                expected.ask_at = None;
                let ids = List::first([expected.admit].into_iter().filter(|id| !graph.has(id)));
                if !ids.is_empty() {
                    ctx.post(*node, Frame::Want(Want { conversation: id, ids, deep: false }));
                }
            }
            true
        });
    }

    /// Ends an exit section that has had its time: who has not answered is suspected, and that is all.
    pub(super) fn end_exit(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(exit) = self.exit.take_if(|exit| exit.until <= ctx.now) {
            ctx.report(self.id, exit.request, Progress::Settled);
        }
    }

    /// The earliest deadline of an entry, ours or others'.
    pub(super) fn poll_entry(&self) -> Option<Instant> {
        let arrivals = self.arrivals.values().map(|one| one.ask_at.unwrap_or(one.until)).min();
        arrivals.into_iter().chain(self.exit.as_ref().map(|exit| exit.until)).min()
    }
}
