//! Our requests to talk, from the question to the word of the last participant: the entering section of the paper's
//! transaction (García, section 3.1), and the one retry after an entry that was undone.

use crate::ctx::Ctx;
use crate::group::conversation::Progress;
use crate::group::machines::Machines;
use crate::group::ticket::Ticket;
use crate::group::{ConversationId, ConversationKind, OpId};
use crate::identity::{Name, NodeId};
use crate::io::{CloseReason, Event, Greeting, MessageText, Refusal, RequestId, RequestOutcome, Wake};
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::{Answer, AnswerCode, AutomaticEntryToCoordinator, ConnectionRequest, Frame};

/// Requests of ours that may wait for an answer at once.
pub(super) const ASKED_MAX: usize = 64;
/// How long a request outlives the link that it went over, in case the link comes back.
const GRACE: Duration = Duration::from_secs(20);
/// How long one that should be the coordinator may take, its link included, before the next in the list is asked.
const PATIENCE: Duration = Duration::from_secs(4);

/// Our requests.
#[derive(Default)]
pub(crate) struct Asking {
    by_id: Table<RequestId, Outgoing>,
    machines: Machines,
}

/// A request of ours.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    node: NodeId,
    kind: ConversationKind,
    conversation: Option<ConversationId>,
    /// What to call the conversation, once we are in.
    name: Name,
    greeting: Greeting,
    ticket: Option<Ticket>,
    /// When to give up, while there is no link.
    until: Option<Instant>,
    stage: Stage,
    /// Whether the person was told how it ended.
    is_answered: bool,
    is_retried: bool,
}

/// How far a request is.
#[derive(Clone, Debug)]
enum Stage {
    /// Somebody decides.
    Asked,
    /// Somebody said yes; the coordinator is to let us in.
    Derived(Box<Derived>),
    /// We are let in; the participants are told.
    Entering,
}

/// A request that goes on to the coordinator.
#[derive(Clone, Debug)]
struct Derived {
    conversation: ConversationId,
    ticket: Ticket,
    /// Who is in the conversation, in the order of entry.
    list: Vec<NodeId>,
    /// Whom of them we ask now.
    turn: usize,
    /// When to ask the next.
    patience: Instant,
}

/// What a participant's yes amounts to.
#[derive(Debug)]
pub(crate) struct Welcome {
    /// The request.
    pub request: RequestId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The operation that lets us in, once there is one.
    pub admit: Option<OpId>,
    /// Whose operations are welcome meanwhile.
    pub hosts: Vec<NodeId>,
    /// What to call it.
    pub name: Name,
}

impl Outgoing {
    /// A wish to talk with `node`.
    pub(crate) fn new(node: NodeId, kind: ConversationKind, greeting: Greeting) -> Self {
        let (conversation, name, ticket, until) = (None, Name::default(), None, None);
        let (stage, is_answered, is_retried) = (Stage::Asked, false, false);
        Self { node, kind, conversation, name, greeting, ticket, until, stage, is_answered, is_retried }
    }

    /// A wish to enter a conversation that is called `name`.
    pub(crate) fn into(self, conversation: ConversationId, name: Name, ticket: Option<Ticket>) -> Self {
        Self { conversation: Some(conversation), name, ticket, ..self }
    }

    /// Whom it waits for.
    fn at(&self) -> Option<NodeId> {
        match &self.stage {
            Stage::Asked => Some(self.node),
            Stage::Derived(derived) => derived.list.get(derived.turn).copied(),
            Stage::Entering => None,
        }
    }

    /// Whether an answer of `from` is to be expected.
    fn awaits(&self, from: NodeId) -> bool {
        let is_listed = |derived: &Derived| derived.list.contains(&from);
        self.node == from || matches!(&self.stage, Stage::Derived(derived) if is_listed(derived))
    }

    fn frame(&self, request: RequestId) -> Frame {
        if let Stage::Derived(derived) = &self.stage {
            let (conversation, ticket) = (derived.conversation, derived.ticket.clone());
            let entry = AutomaticEntryToCoordinator { request, conversation, ticket, newcomer: None };
            return Frame::AutomaticEntryToCoordinator(Box::new(entry));
        }
        let greeting = Some(self.greeting.clone()).filter(|greeting| !greeting.as_str().is_empty());
        let Self { kind, conversation, ticket, .. } = self;
        let (kind, conversation, ticket) = (*kind, *conversation, ticket.clone());
        Frame::ConnectionRequest(Box::new(ConnectionRequest {
            request,
            kind,
            conversation,
            greeting,
            ticket,
        }))
    }

    /// Comes to the next stage: what it waited for a link for is done.
    fn reach(&mut self, stage: Stage) {
        (self.stage, self.until) = (stage, None);
    }

    /// Goes on to the next in the list; false when there is none.
    fn advance(&mut self, ctx: &mut Ctx<'_>, request: RequestId) -> bool {
        let Stage::Derived(derived) = &mut self.stage else { return false };
        derived.turn += 1;
        derived.patience = ctx.now + PATIENCE;
        let goes_on = self.send(ctx, request);
        if goes_on {
            ctx.count("entry_goes_on");
        }
        goes_on
    }

    /// Says it to whom it waits for; false when there is nobody.
    fn send(&self, ctx: &mut Ctx<'_>, request: RequestId) -> bool {
        self.at().map(|node| ctx.post(node, self.frame(request))).is_some()
    }

    /// Goes on to the first in the list. The one who accepted hands our entry in as well: who of the two comes first
    /// does not matter.
    fn derive(&mut self, ctx: &mut Ctx<'_>, answer: &Answer, conversation: ConversationId, ticket: &Ticket) {
        let (list, ticket) = (answer.list.to_vec(), ticket.clone());
        let derived = Derived { conversation, ticket, list, turn: 0, patience: ctx.now + PATIENCE };
        self.reach(Stage::Derived(Box::new(derived)));
        self.send(ctx, answer.request);
    }
}

impl Asking {
    /// Asks to talk; the request goes out now or when the node is linked.
    pub(crate) fn ask(&mut self, ctx: &mut Ctx<'_>, request: Outgoing) -> Result<RequestId, Refusal> {
        if self.by_id.len() >= ASKED_MAX {
            return Err(Refusal::TooManyRequests);
        }
        let id = RequestId(ctx.rng.bytes());
        request.send(ctx, id);
        self.by_id.insert(id, request);
        Ok(id)
    }

    /// Sends again what the node has not answered.
    pub(crate) fn on_linked(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        for (id, request) in self.by_id.iter_mut().filter(|(_, request)| request.at() == Some(node)) {
            request.until = None;
            ctx.post(node, request.frame(*id));
        }
        self.machines.on_linked(ctx, node);
    }

    /// Takes note that a node is gone: requests to it have a while to live.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        for (id, request) in self.by_id.iter_mut().filter(|(_, request)| request.at() == Some(node)) {
            if !request.advance(ctx, *id) {
                request.until = Some(ctx.now + GRACE);
            }
        }
    }

    /// Takes note that a node cannot be reached.
    pub(crate) fn on_unreachable(&mut self, ctx: &mut Ctx<'_>, node: NodeId, reason: CloseReason) {
        let mut over = Vec::new();
        for (id, request) in self.by_id.iter_mut().filter(|(_, request)| request.at() == Some(node)) {
            if !request.advance(ctx, *id) {
                over.push(*id);
            }
        }
        over.into_iter().for_each(|id| self.end(ctx, id, RequestOutcome::Failed(reason)));
    }

    /// Takes an answer to a request of ours, or a yes to an entry that `is_bygone`. With a yes it yields what the caller has
    /// to enter.
    pub(crate) fn on_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: NodeId,
        answer: &Answer,
        is_bygone: bool,
    ) -> Option<Welcome> {
        let id = answer.request;
        let Some(request) = self.by_id.get_mut(&id).filter(|request| request.awaits(from)) else {
            let is_receipt = AnswerCode::read(answer.code) == Some(AnswerCode::Yes);
            let is_taken = is_receipt && self.machines.on_taken(from, &id);
            ctx.count(if is_taken { "left_message_taken" } else { "answer_unasked" });
            return None;
        };
        if matches!(request.stage, Stage::Entering) {
            // Let in by the coordinator and by the one who accepted, who was told of it: the first word counts.
            return None;
        }
        if request.is_retried && (is_bygone || is_word(answer)) {
            // Said of the entry that was undone, and no answer to what was asked anew.
            ctx.count("answer_late");
            return None;
        }
        let hosts: Vec<_> = answer.list.iter().copied().chain([from, request.node]).collect();
        let welcome = |conversation, admit, name| {
            Some(Welcome { request: id, conversation, admit, hosts: hosts.clone(), name })
        };
        let name = request.name.clone();
        match (AnswerCode::read(answer.code), answer.conversation, answer.admit, &answer.ticket) {
            (Some(AnswerCode::Yes), Some(conversation), Some(admit), _) => {
                request.reach(Stage::Entering);
                return welcome(conversation, Some(admit), name);
            }
            (Some(AnswerCode::Derivation), Some(conversation), _, Some(ticket)) => {
                request.derive(ctx, answer, conversation, ticket);
                return welcome(conversation, None, name);
            }
            (Some(AnswerCode::DisconnectedGroup), ..) if request.advance(ctx, id) => {}
            (Some(AnswerCode::AnsweringMachine), ..) => {
                self.machines.on_answered(ctx, from, id);
                self.end(ctx, id, RequestOutcome::AnsweringMachine);
            }
            (Some(AnswerCode::No | AnswerCode::DisconnectedGroup), ..) => {
                self.end(ctx, id, RequestOutcome::No);
            }
            _ => self.end(ctx, id, RequestOutcome::Failed(CloseReason::Incompatible)),
        }
        None
    }

    /// Gives up every wish to enter a conversation: an answer to it comes unasked from now on.
    pub(crate) fn forget(&mut self, ctx: &mut Ctx<'_>, conversation: ConversationId) {
        let is_into = |request: &Outgoing| {
            let derived = matches!(&request.stage, Stage::Derived(on) if on.conversation == conversation);
            derived || request.conversation == Some(conversation)
        };
        let wishes: Vec<_> =
            self.by_id.iter().filter(|(_, request)| is_into(request)).map(|(id, _)| *id).collect();
        wishes.into_iter().for_each(|id| self.end(ctx, id, RequestOutcome::Failed(CloseReason::Closed)));
    }

    /// Takes note how far an entry has come.
    pub(crate) fn on_progress(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: RequestId,
        conversation: ConversationId,
        progress: Progress,
    ) {
        let Some(request) = self.by_id.get_mut(&id) else { return };
        match progress {
            Progress::In => {
                request.reach(Stage::Entering);
                if !std::mem::replace(&mut request.is_answered, true) {
                    ctx.tell(Event::Answered { request: id, outcome: RequestOutcome::Yes(conversation) });
                }
            }
            Progress::Undone if !request.is_retried => {
                ctx.count("entry_retried");
                request.is_retried = true;
                request.reach(Stage::Asked);
                request.send(ctx, id);
            }
            Progress::Settled => drop(self.by_id.remove(&id)),
            Progress::Undone => self.end(ctx, id, RequestOutcome::Failed(CloseReason::Disagreed)),
            Progress::Failed(reason) => self.end(ctx, id, RequestOutcome::Failed(reason)),
        }
    }

    fn end(&mut self, ctx: &mut Ctx<'_>, id: RequestId, outcome: RequestOutcome) {
        match self.by_id.remove(&id) {
            Some(request) if request.is_answered => ctx.tell(Event::Trouble {
                what: "You are out of the conversation again.".into(),
                why: format!("{}.", CloseReason::Disagreed),
                remedy: "Ask again to enter it, with the invite or by one who is in it.".into(),
            }),
            Some(_) => ctx.tell(Event::Answered { request: id, outcome }),
            None => {}
        }
    }

    /// Leaves a message with the answering machine that answered a request.
    pub(crate) fn leave_message(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        text: MessageText,
        is_linked: impl Fn(&NodeId) -> bool,
    ) -> Result<(), Refusal> {
        self.machines.leave(ctx, request, text, is_linked)
    }

    /// Whom a request was made to.
    pub(crate) fn host(&self, id: &RequestId) -> Option<NodeId> {
        self.by_id.get(id).map(|request| request.node)
    }

    /// Whether a request is under way.
    pub(crate) fn is_under_way(&self, id: &RequestId) -> bool {
        self.by_id.contains_key(id)
    }

    /// Whether anybody has yet to decide on a request of ours, which may lead to any conversation.
    pub(crate) fn is_asking(&self) -> bool {
        self.by_id.values().any(|request| matches!(request.stage, Stage::Asked))
    }

    /// The nodes that we want a link to, to ask them or to leave them a message.
    pub(crate) fn asked(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.by_id.values().filter_map(Outgoing::at).chain(self.machines.awaited())
    }

    /// Whether we want a link to a node for that.
    pub(crate) fn asks(&self, node: &NodeId) -> bool {
        self.asked().any(|asked| asked == *node)
    }

    /// Gives up on what has waited too long for its link, and on a coordinator that does not answer.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        self.machines.on_timeout(ctx);
        let mut over = Vec::new();
        for (id, request) in self.by_id.iter_mut() {
            let is_late = matches!(&request.stage, Stage::Derived(derived) if derived.patience <= ctx.now);
            let is_over = request.until.is_some_and(|until| until <= ctx.now);
            if is_over || is_late && !request.advance(ctx, *id) {
                over.push(*id);
            }
        }
        let outcome = RequestOutcome::Failed(CloseReason::Unreachable);
        over.into_iter().for_each(|id| self.end(ctx, id, outcome));
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        let patience = |request: &Outgoing| match &request.stage {
            Stage::Derived(derived) => Some(derived.patience),
            _ => None,
        };
        let deadlines = self.by_id.values().flat_map(|request| [request.until, patience(request)]);
        deadlines.flatten().min().map(|at| (at, Wake::Group))
    }
}

/// Whether an answer can be nothing but the word of a participant on an entry.
fn is_word(answer: &Answer) -> bool {
    match AnswerCode::read(answer.code) {
        Some(AnswerCode::Yes) => answer.conversation.is_none(),
        Some(AnswerCode::DisconnectedGroup) => answer.admit.is_some(),
        code => code == Some(AnswerCode::NotUpdatedGroup),
    }
}
