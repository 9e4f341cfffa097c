//! One conversation as this node takes part in it.

mod change;
mod comparison;
mod delivery;
mod intake;
mod keeping;
mod view;

use crate::ctx::Ctx;
use crate::group::graph::Graph;
use crate::group::membership::{Membership, Participant, has_room};
use crate::group::op::{Admit, Body, ConversationId, ConversationKind, Message, OpId};
use crate::identity::{Name, NodeId};
use crate::io::Refusal;
use crate::io::{Event, RequestId};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{DEVICES_MAX, Delivered, DeviceHead, Frame, operation_frames};

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
/// How long a newcomer waits for the operations that let it in.
pub const ENTERING_MAX: Duration = Duration::from_secs(30);

/// A conversation with all that this node knows of it.
pub(crate) struct Conversation {
    id: ConversationId,
    graph: Graph,
    membership: Membership,
    phase: Phase,
    name: Name,
    unread: usize,
    /// How far each device had come when the person saw all of it.
    read: List<DeviceHead, DEVICES_MAX>,
    /// Whether there were ever two in it: before that it waits, after that it ends.
    had_company: bool,
    /// The count of our last operation that went over a link.
    sent_seq: u64,
    /// The count of our last operation that each node has.
    acked: Table<NodeId, u64>,
    to_ack: Table<NodeId, u64>,
    ack_at: Option<Instant>,
    ask: Option<Ask>,
    changed: Instant,
}

/// Where we stand in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Somebody said yes; what lets us in is on its way.
    Entering { request: RequestId, from: NodeId, admit: OpId, until: Instant },
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
}

impl Conversation {
    /// An empty conversation that we enter.
    pub(crate) fn entering(ctx: &Ctx<'_>, id: ConversationId, phase: Phase, name: Name) -> Self {
        Self {
            id,
            graph: Graph::default(),
            membership: Membership::default(),
            phase,
            name,
            unread: 0,
            read: List::default(),
            had_company: false,
            sent_seq: 0,
            acked: Table::default(),
            to_ack: Table::default(),
            ack_at: None,
            ask: None,
            changed: ctx.now,
        }
    }

    /// A conversation that begins with `create`, which is ours.
    pub(crate) fn begin(ctx: &mut Ctx<'_>, create: Body, name: Name) -> Self {
        let mut conversation = Self::entering(ctx, ConversationId([0; 16]), Phase::Open, name);
        let operation = conversation.graph.write(ctx.me, ctx.now.as_millis(), create);
        conversation.id = operation.conversation();
        conversation.membership = Membership::of(conversation.graph.in_order());
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

    /// Enters again what we had left.
    pub(crate) fn reenter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Whether nothing of it ever arrived: what was to let us in did not come.
    pub(crate) fn is_void(&self) -> bool {
        self.phase == Phase::Over && self.graph.create().is_none()
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

    /// Notes that everything was seen.
    pub(crate) fn mark_read(&mut self, ctx: &mut Ctx<'_>) {
        if self.unread > 0 {
            self.note_read(ctx);
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

    /// Lets `newcomer` in, and tells the others. One who is in the list already, because it lost its memory,
    /// is let in anew and keeps its place.
    pub(crate) fn admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        newcomer: &Participant,
    ) -> Result<OpId, Refusal> {
        if !self.is_open() {
            return Err(Refusal::ConversationOver);
        }
        if !self.has_room_for(newcomer) {
            return Err(if self.kind() == ConversationKind::Private {
                Refusal::Private
            } else {
                Refusal::Crowded
            });
        }
        let admit = Admit { certificate: newcomer.certificate.clone(), profile: newcomer.profile.clone() };
        Ok(self.write(ctx, linked, Body::Admit(admit)))
    }

    /// Whether `newcomer` could be let in now: it is in the list already, or there is room.
    pub(crate) fn has_room_for(&self, newcomer: &Participant) -> bool {
        self.has(&newcomer.node) || has_room(self.list(), self.kind(), newcomer)
    }

    /// Says something.
    pub(crate) fn say(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        message: Message,
    ) -> Result<OpId, Refusal> {
        if !self.is_open() {
            return Err(Refusal::ConversationOver);
        }
        let id = self.write(ctx, linked, Body::Message(message));
        ctx.tell(Event::Message { conversation: self.id, message: id });
        Ok(id)
    }

    /// Leaves, with a word to the others.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        if self.is_open() {
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
        let frames = operation_frames([&operation]);
        for node in before.into_iter().filter(|node| *node != me && linked.contains_key(node)) {
            self.sent_seq = operation.content().seq;
            frames.iter().for_each(|frame| ctx.post(node, frame.clone()));
        }
        if !operation.content().body.is_talk() {
            self.on_membership(ctx);
        }
        operation.id()
    }

    /// Sends everything to a newcomer.
    pub(crate) fn send_all(&mut self, ctx: &mut Ctx<'_>, to: NodeId) {
        self.sent_seq = self.graph.last_seq(&ctx.me.node());
        operation_frames(self.graph.in_order()).into_iter().for_each(|frame| ctx.post(to, frame));
    }

    /// Computes the list anew and says what that changed.
    fn on_membership(&mut self, ctx: &mut Ctx<'_>) {
        let membership = Membership::of(self.graph.in_order());
        let is_changed = membership.list() != self.list();
        self.membership = membership;
        let me = ctx.me.node();
        let is_in = self.has(&me);
        self.had_company |= self.list().len() > 1;
        match self.phase {
            Phase::Entering { request, admit, .. } if is_in && self.graph.operation(&admit).is_some() => {
                self.phase = Phase::Open;
                self.sent_seq = self.graph.last_seq(&me);
                // What came before we were in is no news.
                self.note_read(ctx);
                ctx.tell(Event::ConversationOpened { conversation: self.id });
                let outcome = crate::io::RequestOutcome::Yes(self.id);
                ctx.tell(Event::Answered { request, outcome });
            }
            Phase::Open if !is_in || (self.had_company && self.list().len() < 2) => {
                self.phase = Phase::Over;
                ctx.tell(Event::ConversationEnded { conversation: self.id });
            }
            Phase::Open if is_changed => ctx.tell(Event::ConversationChanged { conversation: self.id }),
            _ => {}
        }
    }

    /// Does what is due: acknowledges, asks for what is missing, gives up entering.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        if self.ack_at.is_some_and(|at| at <= ctx.now) {
            self.ack_at = None;
            for (node, seq) in self.to_ack.take() {
                ctx.post(node, Frame::Delivered(Delivered { conversation: self.id, seq }));
            }
        }
        if self.ask.as_ref().is_some_and(|ask| ask.at <= ctx.now) {
            self.ask_for_missing(ctx, linked);
        }
        if let Phase::Entering { request, until, .. } = self.phase
            && until <= ctx.now
        {
            self.phase = Phase::Over;
            let outcome = crate::io::RequestOutcome::Failed(crate::io::CloseReason::Unreachable);
            ctx.tell(Event::Answered { request, outcome });
        }
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let entering = match self.phase {
            Phase::Entering { until, .. } => Some(until),
            _ => None,
        };
        [self.ack_at, self.ask.as_ref().map(|ask| ask.at), entering].into_iter().flatten().min()
    }

    /// The time of the last operation, for the order of the list of conversations.
    pub(crate) fn changed(&self) -> Instant {
        self.changed
    }

    /// Who let us in or is letting us in.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }
}
