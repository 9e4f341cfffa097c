//! One conversation as this node takes part in it.

mod archive;
mod change;
mod comparison;
mod delivery;
mod entry;
mod horizon;
mod intake;
mod keeping;
mod pacing;
mod reading;
mod typing;
mod view;

use crate::ctx::Ctx;
use crate::group::graph::Graph;
use crate::group::membership::{Membership, Participant};
use crate::group::op::{Body, ConversationId, ConversationKind, Message, OpId, Operation};
use crate::identity::{Name, NodeId};
use crate::io::Refusal;
use crate::io::{CloseReason, Event, RequestId};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{
    ConnectionRelease, DEVICES_MAX, Delivered, DeviceHead, Frame, LeaveOperation, ListOperation, ListUpdate,
    Operations,
};
use entry::{Arrivals, Exit};
use pacing::{Page, Source};

pub(crate) use entry::{Admission, Progress};
pub use pacing::PAGE_MAX;
pub(crate) use pacing::PAGES_MAX;

/// How long an acknowledgement waits for others to go along with it.
const ACK_DELAY: Duration = Duration::from_millis(30);
/// How long what is missing may still be on its way over another link before it is asked for.
const ASK_FIRST: Duration = Duration::from_millis(100);
/// How long the one asked may take before the next is asked; doubled each time (DESIGN, section 6).
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// The longest such wait.
const ASK_MAX: Duration = Duration::from_secs(8);
/// How often is asked before what waits is dropped, some three minutes: a comparison of heads brings it back
/// if it was real.
const ASK_TURNS_MAX: usize = 24;
/// How long a conversation must have been quiet before differing heads mean more than messages in flight.
const QUIET: Duration = Duration::from_millis(300);
/// Operations that may wait here when one who is not in our list sends more.
const HELD_FOR_OTHERS_MAX: usize = 256;
/// How long a newcomer waits for the operations that let it in, and for each that stands before them.
pub const ENTERING_MAX: Duration = Duration::from_secs(30);

/// A conversation with all that this node knows of it.
pub(crate) struct Conversation {
    id: ConversationId,
    graph: Graph,
    /// Bytes of operations that may be in memory.
    resident_max: usize,
    membership: Membership,
    phase: Phase,
    name: Name,
    unread: usize,
    /// How far each device had come when the person saw all of it.
    read: List<DeviceHead, DEVICES_MAX>,
    /// The count of our last operation that went over a link.
    sent_seq: u64,
    /// The count of our last operation that each node has.
    acked: Table<NodeId, u64>,
    to_ack: Table<NodeId, u64>,
    ack_at: Option<Instant>,
    /// The count of our last operation that each node says was read there.
    read_by: Table<NodeId, u64>,
    /// How far each device had come when the person last saw all of it and wanted that told.
    shared: List<DeviceHead, DEVICES_MAX>,
    ask: Option<Ask>,
    /// What is on its way to each node of all that it lacks.
    pages: Table<NodeId, Page>,
    /// Whom we get from what we lack.
    source: Option<Source>,
    changed: Instant,
    /// Whom we are let in by, while we enter: their operations are welcome.
    hosts: Vec<NodeId>,
    /// What had brought us in before we asked to enter again: alone in our list, or short of what put us out, we are in it
    /// still, and not let in by that unless it is named.
    admit_of_old: Option<OpId>,
    exit: Option<Exit>,
    arrivals: Arrivals,
    /// Whether the list has changed since this was last looked at.
    list_changed: bool,
    /// Since when more than half of the list has been on our side.
    larger_since: Option<Instant>,
    /// Whether we were put out, and have not asked to enter again.
    is_evicted: bool,
    /// Whether the person wants nothing of it to be kept.
    is_forgotten: bool,
    /// Whether others may have more of us than is here: it was imported, and compared with nobody since.
    is_uncompared: bool,
    /// When the others were last told that the person is writing.
    typed: Option<Instant>,
    /// When each node last said that of its own.
    typing: Table<NodeId, Instant>,
}

/// Where we stand in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Somebody said yes; what lets us in is on its way, by this operation or, as long as only the coordinator knows, by
    /// any new one.
    Entering { request: RequestId, admit: Option<OpId>, until: Instant },
    /// We are in it.
    Open,
    /// We are not in it any more, or nobody else is.
    Over,
}

/// A question for operations that are missing.
struct Ask {
    at: Instant,
    delay: Duration,
    source: NodeId,
    turn: usize,
    /// Times asked since anything last came.
    fruitless: usize,
}

impl Conversation {
    /// An empty conversation that we enter.
    pub(crate) fn entering(ctx: &Ctx<'_>, id: ConversationId, phase: Phase, name: Name) -> Self {
        Self {
            id,
            graph: Graph::default(),
            resident_max: ctx.resident_max,
            membership: Membership::default(),
            phase,
            name,
            unread: 0,
            read: List::default(),
            sent_seq: 0,
            acked: Table::default(),
            to_ack: Table::default(),
            ack_at: None,
            read_by: Table::default(),
            shared: List::default(),
            ask: None,
            pages: Table::default(),
            source: None,
            changed: ctx.now,
            hosts: Vec::new(),
            admit_of_old: None,
            exit: None,
            arrivals: Table::default(),
            list_changed: true,
            larger_since: None,
            is_evicted: false,
            is_forgotten: false,
            is_uncompared: false,
            typed: None,
            typing: Table::default(),
        }
    }

    /// A conversation that begins with `create`, which is ours.
    pub(crate) fn begin(ctx: &mut Ctx<'_>, create: Body, name: Name) -> Self {
        let mut conversation = Self::entering(ctx, ConversationId([0; 16]), Phase::Open, name);
        let operation = conversation.graph.write(ctx.me, ctx.now.as_millis(), create);
        conversation.id = operation.conversation();
        conversation.membership = Membership::of(conversation.graph.list_operations());
        Self::keep_operation(ctx, &operation);
        conversation.keep_settings(ctx);
        conversation
    }

    /// Which one it is.
    pub(crate) fn id(&self) -> ConversationId {
        self.id
    }

    /// Whether we are in it.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether we are not in it, by more than a file says.
    pub(crate) fn is_past(&self) -> bool {
        self.phase == Phase::Over && !self.is_uncompared
    }

    /// Expects to be let in by these nodes: for the first time, again, or knowing more than before.
    pub(crate) fn expect(&mut self, ctx: &mut Ctx<'_>, phase: Phase, hosts: &[NodeId]) {
        (self.phase, self.admit_of_old) = (phase, self.graph.last_admit(&ctx.me.node()));
        for host in hosts.iter().filter(|host| !self.hosts.contains(host)).copied().collect::<Vec<_>>() {
            self.hosts.push(host);
        }
        self.on_membership(ctx);
    }

    /// Whether nothing of it ever arrived: what was to let us in did not come.
    pub(crate) fn is_void(&self) -> bool {
        self.phase == Phase::Over && self.graph.is_empty()
    }

    /// Gives it a name of ours.
    pub(crate) fn rename(&mut self, ctx: &mut Ctx<'_>, name: Name) {
        self.name = name;
        self.keep_settings(ctx);
    }

    /// The name that was given here, if any.
    pub(crate) fn given_name(&self) -> &Name {
        &self.name
    }

    /// Private or public; public before the Create is here.
    pub(crate) fn kind(&self) -> ConversationKind {
        match self.graph.create().map(|create| &create.content().body) {
            Some(Body::Create(create)) => create.kind,
            _ => ConversationKind::Public,
        }
    }

    /// Whether `node` is in it.
    pub(crate) fn has(&self, node: &NodeId) -> bool {
        self.membership.has(node)
    }

    /// Who is in it, in the order of entry.
    pub(crate) fn list(&self) -> &[Participant] {
        self.membership.list()
    }

    /// Whether `newcomer` could be let in now: it is in the list already, or there is room.
    pub(crate) fn has_room_for(&self, newcomer: &Participant) -> bool {
        self.has(&newcomer.node) || self.membership.has_room_for(newcomer)
    }

    /// Says something.
    pub(crate) fn say(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        message: Message,
    ) -> Result<OpId, Refusal> {
        self.writable()?;
        let id = self.write(ctx, linked, Body::Message(message));
        ctx.tell(Event::Message { conversation: self.id, message: id });
        Ok(id)
    }

    /// Leaves, with a word to the others.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        if self.may_write() {
            self.write(ctx, linked, Body::Leave);
        }
    }

    /// Writes an operation and sends it to all participants that are linked.
    fn write(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>, body: Body) -> OpId {
        let before: Vec<_> = self.list().iter().map(|one| one.node).collect();
        let operation = self.graph.write(ctx.me, ctx.now.as_millis(), body);
        let me = ctx.me.node();
        self.changed = ctx.now;
        Self::keep_operation(ctx, &operation);
        let (near, far): (Vec<_>, Vec<_>) =
            before.into_iter().filter(|node| *node != me).partition(|node| linked.contains_key(node));
        for (at, node) in near.into_iter().enumerate() {
            self.sent_seq = operation.content().seq;
            // The first, whom we take for the coordinator, sends it on to those whom we have no link to.
            let onward = if at == 0 { &far[..] } else { &[] };
            ctx.post(node, frame_of(&operation, onward));
        }
        if operation.content().body.concerns_list() {
            self.on_membership(ctx);
        }
        self.graph.trim(self.resident_max);
        operation.id()
    }

    /// Sends a newcomer what was said from the lamport `lamport` on, a page of it; yields how far that is.
    pub(crate) fn send_since(&mut self, ctx: &mut Ctx<'_>, to: NodeId, lamport: u64) -> u64 {
        if !self.is_open_book() && !self.has(&to) {
            // What it may read begins with its Admit.
            return self.lamport();
        }
        self.give_past(ctx, to);
        let (mine, rest) =
            self.send_page(ctx, to, &[], &|graph, place| graph.rows().row(place).lamport >= lamport);
        // With all that it may read nothing of ours waits any more.
        let all = self.graph.last_seq(&ctx.me.node());
        self.sent_seq = self.sent_seq.max(if rest.is_none() { all } else { mine });
        rest.unwrap_or_else(|| self.lamport())
    }

    /// The highest lamport.
    pub(crate) fn lamport(&self) -> u64 {
        self.graph.in_order().next_back().map_or(0, |place| self.graph.rows().row(place).lamport)
    }

    /// Computes the list anew and says what that changed.
    fn on_membership(&mut self, ctx: &mut Ctx<'_>) {
        let membership = Membership::of(self.graph.list_operations());
        let is_changed = membership.list() != self.list();
        self.membership = membership;
        self.list_changed |= is_changed;
        let me = ctx.me.node();
        let (is_in, was_open) = (self.has(&me), self.is_open());
        if let Phase::Entering { request, admit, .. } = self.phase
            && is_in
        {
            self.on_let_in(ctx, request, admit);
        }
        match self.phase {
            // What came with our Admit, too, may have put everybody else out.
            Phase::Open if !is_in || self.membership.is_alone() => {
                self.is_evicted |= !is_in && !self.graph.has_left(&me);
                self.phase = Phase::Over;
                ctx.tell(Event::ConversationEnded { conversation: self.id });
            }
            Phase::Open if is_changed && was_open => {
                ctx.tell(Event::ConversationChanged { conversation: self.id });
            }
            _ => {}
        }
        self.answer_arrivals(ctx);
    }

    /// We are in the list: open, once the operation that did it is here.
    fn on_let_in(&mut self, ctx: &mut Ctx<'_>, request: RequestId, admit: Option<OpId>) {
        let (me, is_new) = (ctx.me.node(), admit.is_some());
        let admit =
            admit.or_else(|| self.graph.last_admit(&me).filter(|last| self.admit_of_old != Some(*last)));
        let Some(admit) = admit.filter(|admit| self.graph.place(admit).is_some()) else { return };
        // Who let us in stood on all that is known of us.
        self.is_uncompared &= !is_new;
        self.phase = Phase::Open;
        self.hosts.clear();
        self.sent_seq = self.graph.last_seq(&me);
        // What came before we were in is no news.
        self.note_read(ctx);
        ctx.tell(Event::ConversationOpened { conversation: self.id });
        ctx.report(self.id, request, Progress::In);
        self.begin_exit(ctx, request, admit);
    }

    /// Does what is due: acknowledges, asks for what is missing, gives up entering.
    pub(crate) fn on_timeout(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        asks: &dyn Fn(&RequestId) -> bool,
    ) {
        if self.ack_at.is_some_and(|at| at <= ctx.now) {
            self.ack_at = None;
            for (node, seq) in self.to_ack.take() {
                ctx.post(node, Frame::Delivered(Delivered { conversation: self.id, seq, read: None }));
            }
        }
        if self.ask.as_ref().is_some_and(|ask| ask.at <= ctx.now) {
            self.ask_for_missing(ctx, linked);
        }
        if let Phase::Entering { request, until, .. } = self.phase
            && (until <= ctx.now || !asks(&request))
        {
            // Who was told that it came to nothing is not let in later.
            self.phase = Phase::Over;
            ctx.report(self.id, request, Progress::Failed(CloseReason::Unreachable));
            if self.membership.had_company() {
                ctx.tell(Event::ConversationEnded { conversation: self.id });
            }
        }
        self.ask_for_page(ctx);
        self.answer_arrivals(ctx);
        self.continue_exit(ctx, linked);
        self.end_exit(ctx);
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let entering = match self.phase {
            Phase::Entering { until, .. } => Some(until),
            _ => None,
        };
        let asking = self.ask.as_ref().map(|ask| ask.at);
        [self.ack_at, asking, entering, self.poll_entry(), self.poll_page()].into_iter().flatten().min()
    }

    /// The time of the last operation, for the order of the list of conversations.
    pub(crate) fn changed(&self) -> Instant {
        self.changed
    }

    /// Whether there is anything to show: not before we are in for the first time.
    pub(crate) fn is_shown(&self) -> bool {
        !matches!(self.phase, Phase::Entering { .. }) || self.membership.had_company()
    }

    /// Whether `node` is letting us in.
    pub(crate) fn is_let_in_by(&self, node: &NodeId) -> bool {
        matches!(self.phase, Phase::Entering { .. }) && self.hosts.contains(node)
    }

    /// The operation that brought `node` in, if it is in.
    pub(crate) fn admit_of(&self, node: &NodeId) -> Option<OpId> {
        self.graph.last_admit(node).filter(|_| self.has(node))
    }

    /// Takes note that a link is gone.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: &NodeId) {
        self.forget_told(node);
        self.lose_page(ctx, node);
    }

    /// Takes note that we were signed out while away, once: the kind, the name, and whom to ask to enter again.
    pub(crate) fn take_evicted(
        &mut self,
        linked: &Set<NodeId>,
    ) -> Option<(ConversationId, ConversationKind, Name, NodeId)> {
        let at = self.list().iter().map(|one| one.node).find(|node| linked.contains_key(node))?;
        std::mem::take(&mut self.is_evicted).then(|| (self.id, self.kind(), self.name.clone(), at))
    }

    /// Whether the list has changed since this was last asked.
    pub(crate) fn take_list_changed(&mut self) -> bool {
        std::mem::take(&mut self.list_changed)
    }
}

/// The frame in which an operation goes to those who are in the conversation, under the paper's name for it.
fn frame_of(operation: &Operation, onward: &[NodeId]) -> Frame {
    let sent = operation.clone();
    match operation.content().body {
        Body::Admit(_) | Body::Evict(_) => {
            Frame::ListUpdate(Box::new(ListUpdate { operation: ListOperation(sent) }))
        }
        Body::Leave => {
            Frame::ConnectionRelease(Box::new(ConnectionRelease { operation: LeaveOperation(sent) }))
        }
        _ => Frame::Operations(Operations {
            operations: List::first([sent]),
            onward: List::first(onward.iter().copied()),
        }),
    }
}
