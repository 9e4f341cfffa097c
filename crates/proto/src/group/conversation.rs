//! One conversation as this node takes part in it.

use crate::ctx::Ctx;
use crate::group::graph::{Graph, Taken};
use crate::group::membership::{Membership, Participant, has_room};
use crate::group::op::{Admit, Body, ConversationId, ConversationKind, Message, OpId, Operation};
use crate::identity::{AccountId, Name, NodeId};
use crate::io::{ConversationView, Event, MessageState, MessageView, ParticipantView, Person, RequestId};
use crate::io::{Refusal, Window};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Delivered, DeviceHead, Frame, Heads, WANT_MAX, Want, operation_frames};

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
    pub(crate) fn begin(ctx: &Ctx<'_>, create: Body, name: Name) -> Self {
        let mut conversation = Self::entering(ctx, ConversationId([0; 16]), Phase::Open, name);
        let operation = conversation.graph.write(ctx.me, ctx.now.as_millis(), create);
        conversation.id = operation.conversation();
        conversation.membership = Membership::of(conversation.graph.in_order());
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
    pub(crate) fn rename(&mut self, name: Name) {
        self.name = name;
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
    pub(crate) fn mark_read(&mut self) {
        self.unread = 0;
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
        let frames = operation_frames([&operation]);
        for node in before.into_iter().filter(|node| *node != me && linked.contains_key(node)) {
            self.sent_seq = operation.content().seq;
            frames.iter().for_each(|frame| ctx.post(node, frame.clone()));
        }
        if !matches!(operation.content().body, Body::Message(_)) {
            self.on_membership(ctx);
        }
        operation.id()
    }

    /// Sends everything to a newcomer.
    pub(crate) fn send_all(&mut self, ctx: &mut Ctx<'_>, to: NodeId) {
        self.sent_seq = self.graph.last_seq(&ctx.me.node());
        operation_frames(self.graph.in_order()).into_iter().for_each(|frame| ctx.post(to, frame));
    }

    /// Whether operations of this conversation are welcome from `from`. They prove themselves, and one who is
    /// not in our list may be in everybody else's: the Admit that says so must be able to arrive.
    pub(crate) fn welcomes(&self, from: &NodeId) -> bool {
        match &self.phase {
            Phase::Entering { from: admitter, .. } => admitter == from || self.has(from),
            Phase::Open => self.has(from) || self.graph.held() < HELD_FOR_OTHERS_MAX,
            Phase::Over => false,
        }
    }

    /// Takes in an operation that came from `from`.
    pub(crate) fn on_operation(&mut self, ctx: &mut Ctx<'_>, from: NodeId, operation: Operation) {
        match self.graph.take(operation) {
            Taken::Known => ctx.count("operation_known"),
            Taken::Refused(reason) => ctx.count(reason),
            Taken::Held => {
                ctx.count("operation_held_back");
                let at = ctx.now + ASK_FIRST;
                self.ask.get_or_insert(Ask { at, delay: ASK_AGAIN, source: from, turn: 0 });
            }
            Taken::Delivered(ids, refused) => {
                self.changed = ctx.now;
                refused.into_iter().for_each(|reason| ctx.count(reason));
                for id in ids {
                    ctx.count("operation_delivered");
                    self.on_delivered_here(ctx, &id);
                }
            }
        }
    }

    fn on_delivered_here(&mut self, ctx: &mut Ctx<'_>, id: &OpId) {
        let Some(operation) = self.graph.operation(id) else { return };
        let (node, seq) = (operation.node(), operation.content().seq);
        let is_message = matches!(operation.content().body, Body::Message(_));
        let counts = is_message && self.membership.counts(operation);
        let is_mine = node == ctx.me.node();
        if !is_mine {
            let highest = self.to_ack.or_insert_with(node, || 0);
            *highest = seq.max(*highest);
            self.ack_at.get_or_insert(ctx.now + ACK_DELAY);
        }
        if counts && self.is_open() {
            self.unread += usize::from(!is_mine);
            ctx.tell(Event::Message { conversation: self.id, message: *id });
        }
        if !is_message {
            self.on_membership(ctx);
        }
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

    /// Answers a question for operations.
    pub(crate) fn on_want(&self, ctx: &mut Ctx<'_>, from: NodeId, want: &Want) {
        let found = want.ids.iter().filter_map(|id| self.graph.operation(id));
        operation_frames(found).into_iter().for_each(|frame| ctx.post(from, frame));
    }

    /// Sends what the other side lacks, and asks for what we lack unless this was the answer to that.
    pub(crate) fn on_heads(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        let me = ctx.me.node();
        let beyond = self.graph.beyond(&heads.devices);
        let mine =
            beyond.iter().filter(|operation| operation.node() == me).map(|operation| operation.content().seq);
        let waited = self.sent_seq + 1..=mine.max().unwrap_or(0);
        if !beyond.is_empty() {
            ctx.count("comparison_sent_missing");
        }
        operation_frames(beyond).into_iter().for_each(|frame| ctx.post(from, frame));
        if self.graph.is_behind(&heads.devices) {
            if !heads.answer {
                self.compare(ctx, from, true);
            }
        } else {
            self.want_heads(ctx, from, heads);
        }
        if let Some(head) = heads.devices.iter().find(|head| head.node == me) {
            self.on_acked(ctx, from, head.seq);
        }
        self.sent_seq = self.sent_seq.max(*waited.end());
        for seq in waited {
            self.tell_state(ctx, seq);
        }
    }

    /// Asks for heads that we do not have although all counts agree: some device lost its memory and counted
    /// anew. What they depend on follows by the same way as all that is held back.
    pub(crate) fn want_heads(&self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        let unknown: Vec<_> = heads.heads.iter().filter(|id| !self.graph.has(id)).copied().collect();
        if !unknown.is_empty() {
            ctx.count("comparison_wanted_heads");
            ctx.post(from, Frame::Want(Want { conversation: self.id, ids: List::first(unknown) }));
        }
    }

    /// Tells `to` how far we are.
    pub(crate) fn compare(&self, ctx: &mut Ctx<'_>, to: NodeId, answer: bool) {
        let devices: List<DeviceHead, { crate::wire::DEVICES_MAX }> = List::first(self.graph.device_heads());
        let heads = List::first(self.graph.heads());
        ctx.post(to, Frame::Heads(Heads { conversation: self.id, devices, answer, heads }));
    }

    /// Takes note of the other side's heads, and compares if they have differed for a while.
    pub(crate) fn on_digest(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: crate::wire::HeadsDigest) {
        if heads != self.graph.digest() && ctx.now.since(self.changed) >= QUIET {
            ctx.count("comparison_begun");
            self.compare(ctx, from, false);
        }
    }

    /// A hash over our heads.
    pub(crate) fn digest(&self) -> crate::wire::HeadsDigest {
        self.graph.digest()
    }

    /// Takes an acknowledgement.
    pub(crate) fn on_acked(&mut self, ctx: &mut Ctx<'_>, from: NodeId, seq: u64) {
        let me = ctx.me.node();
        let seq = seq.min(self.graph.last_seq(&me));
        let acked = self.acked.or_insert_with(from, || 0);
        let news = *acked + 1..=seq;
        *acked = seq.max(*acked);
        for seq in news {
            self.tell_state(ctx, seq);
        }
    }

    /// Tells how far our own operation with this count has come, if it is a message.
    fn tell_state(&self, ctx: &mut Ctx<'_>, seq: u64) {
        let Some(operation) = self.graph.at(&ctx.me.node(), seq) else { return };
        if matches!(operation.content().body, Body::Message(_)) {
            let state = self.state(ctx.me.account(), seq);
            ctx.tell(Event::MessageState { conversation: self.id, message: operation.id(), state });
        }
    }

    fn state(&self, me: AccountId, seq: u64) -> MessageState {
        let (mut others, mut by) = (Set::default(), Set::default());
        for one in self.list().iter().filter(|one| one.certificate.account != me) {
            others.insert(one.certificate.account, ());
            if self.acked.get(&one.node).is_some_and(|acked| *acked >= seq) {
                by.insert(one.certificate.account, ());
            }
        }
        if !by.is_empty() {
            MessageState::Delivered { by: by.keys().copied().collect(), of: others.len() }
        } else if seq <= self.sent_seq {
            MessageState::Sent
        } else {
            MessageState::Queued
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

    /// Asks whoever sent what waits, then one participant after another.
    fn ask_for_missing(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        let missing = self.graph.missing(WANT_MAX);
        let Some(mut ask) = self.ask.take() else { return };
        if missing.is_empty() {
            return;
        }
        if ask.turn >= ASK_TURNS_MAX {
            let lost = self.graph.give_up();
            (0..lost).for_each(|_| ctx.count("operation_held_back_lost"));
            return;
        }
        let me = ctx.me.node();
        let others = self.list().iter().map(|one| one.node).filter(|node| *node != ask.source && *node != me);
        let able: Vec<_> =
            [ask.source].into_iter().chain(others).filter(|node| linked.contains_key(node)).collect();
        if let Some(to) = able.get(ask.turn % able.len().max(1)) {
            ctx.count("operations_asked_for");
            ctx.post(*to, Frame::Want(Want { conversation: self.id, ids: List::first(missing) }));
        }
        ask.at = ctx.now + ask.delay;
        ask.delay = ask.delay.times(2).min(ASK_MAX);
        ask.turn += 1;
        self.ask = Some(ask);
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let entering = match self.phase {
            Phase::Entering { until, .. } => Some(until),
            _ => None,
        };
        [self.ack_at, self.ask.as_ref().map(|ask| ask.at), entering].into_iter().flatten().min()
    }

    /// How it looks to `me`.
    pub(crate) fn view(&self, me: &Person, linked: &Set<NodeId>) -> ConversationView {
        let reachable = |one: &Participant| one.node == me.node || linked.contains_key(&one.node);
        let coordinator = self.list().iter().find(|one| reachable(one)).map(|one| one.node);
        let participants = self.list().iter().map(|one| ParticipantView {
            person: one.person(),
            me: one.node == me.node,
            coordinator: coordinator == Some(one.node),
            linked: reachable(one),
        });
        ConversationView {
            id: self.id,
            kind: self.kind(),
            name: self.display_name(me.user),
            participants: participants.collect(),
            unread: self.unread,
            open: self.is_open(),
        }
    }

    /// The name given here, or the names of the other users.
    fn display_name(&self, me: AccountId) -> String {
        if !self.name.as_str().is_empty() {
            return self.name.to_string();
        }
        let everybody: Vec<_> =
            if self.is_open() { self.list().iter().collect() } else { self.graph.people().collect() };
        let mut names: Vec<&str> = Vec::new();
        for one in everybody.into_iter().filter(|one| one.certificate.account != me) {
            if !names.contains(&one.profile.name.as_str()) {
                names.push(one.profile.name.as_str());
            }
        }
        if names.is_empty() { "Waiting for others".to_owned() } else { names.join(", ") }
    }

    /// One message.
    pub(crate) fn message(&self, me: &Person, id: &OpId) -> Option<MessageView> {
        self.message_view(me, self.graph.operation(id)?)
    }

    /// Messages in the order of display.
    pub(crate) fn messages(&self, me: &Person, window: Window) -> Vec<MessageView> {
        let key = |id: Option<OpId>| id.and_then(|id| self.graph.operation(&id)).map(Operation::display_key);
        let (after, before) = (key(window.after), key(window.before));
        let limit = window.limit.unwrap_or(usize::MAX);
        let shown =
            self.graph.between(after, before).filter_map(|operation| self.message_view(me, operation));
        if window.after.is_some() {
            return shown.take(limit).collect();
        }
        let mut latest: Vec<_> = shown.rev().take(limit).collect();
        latest.reverse();
        latest
    }

    fn message_view(&self, me: &Person, operation: &Operation) -> Option<MessageView> {
        let content = operation.content();
        let Body::Message(message) = &content.body else { return None };
        if !self.membership.counts(operation) {
            return None;
        }
        let node = operation.node();
        Some(MessageView {
            id: operation.id(),
            author: content.author,
            node,
            name: self.graph.person(&node)?.profile.name.clone(),
            time_ms: content.time_ms,
            text: message.text.to_string(),
            reply_to: message.reply_to,
            state: (node == me.node).then(|| self.state(me.user, content.seq)),
        })
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

impl Participant {
    fn person(&self) -> Person {
        Person { node: self.node, user: self.certificate.account, name: self.profile.name.clone() }
    }
}
