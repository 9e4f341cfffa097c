//! How the node routes between requests and conversations: the paper's entering transaction (García, section 3.1).

use super::{Node, ctx};
use crate::ConversationId;
use crate::ctx::Ctx;
use crate::group::{Admission, Granted, Incoming, Outgoing, Participant, Progress, Ticket, Welcome, refuse};
use crate::identity::NodeId;
use crate::io::{CloseReason, Greeting, Refusal, RequestId};
use crate::link::handshake::Peer;
use crate::wire::{
    Answer, AnswerCode, AutomaticEntryToCoordinator, ConnectionRequest, Frame, LeftMessage, Newcomer,
};

impl Node {
    /// A request to talk: let in at once whoever holds a ticket or is in the list already, else ask the person.
    pub(super) fn on_request(&mut self, from: NodeId, request: ConnectionRequest) {
        let Some(newcomer) = self.newcomer(from) else { return };
        if self.is_blocked(&from) && request.conversation.is_none_or(|id| !self.groups.has(&id, &from)) {
            // What the other side sees is what it sees when a person says no.
            ctx!(self).count("request_of_somebody_blocked");
            refuse(&mut ctx!(self), from, request.request);
            return;
        }
        let is_in = |id: &ConversationId| self.groups.has(id, &from);
        if let Some(granted) = self.requests.granted_before(self.now, (from, request.request), is_in).cloned()
            && self.groups.open(&granted.conversation).is_some()
        {
            // Asked again: the answer was lost, or the entry was undone. It was granted once.
            self.let_in_or_refuse(&newcomer, request.request, granted.conversation, granted.ticket);
            return;
        }
        let wanted = request.conversation.filter(|id| self.groups.open(id).is_some());
        let mut ctx = ctx!(self);
        if wanted.is_some_and(|id| !self.groups.has_room_for(&id, &newcomer)) {
            // Nobody could say yes: better no word from a person than one that cannot be kept.
            ctx.count("request_without_room");
            refuse(&mut ctx, from, request.request);
            return;
        }
        if let Some(conversation) = wanted {
            let returns = self.groups.has(&conversation, &from);
            let honours = |ticket: &Ticket| self.groups.honours(&ctx, &conversation, ticket, &from);
            let ticket = request.ticket.filter(honours);
            if returns || ticket.is_some() {
                ctx.count(if returns { "request_returned" } else { "request_by_ticket" });
                self.let_in_or_refuse(&newcomer, request.request, conversation, ticket);
                return;
            }
        }
        if self.config.one_per_type && self.groups.shares(request.kind, &from) {
            ctx.count("request_one_per_type");
            refuse(&mut ctx, from, request.request);
            return;
        }
        if self.preferences.switches.away {
            ctx.count("request_answered_by_machine");
            self.answer_by_machine(from, request.request);
            return;
        }
        let Some(peer) = self.peer(&from) else { return };
        let incoming = Incoming { from: peer.person(), kind: request.kind, conversation: wanted };
        let mut ctx = ctx!(self);
        let greeting = request.greeting.map(|greeting| greeting.to_string()).unwrap_or_default();
        self.requests.wait(&mut ctx, request.request, incoming, greeting);
    }

    /// Has the answering machine answer: whoever asks may leave a message.
    pub(super) fn answer_by_machine(&mut self, to: NodeId, request: RequestId) {
        let mut ctx = ctx!(self);
        self.inbox.expect(&ctx, to, request);
        ctx.post(to, Answer::bare(request, AnswerCode::AnsweringMachine));
    }

    /// Takes a message that somebody leaves.
    pub(super) fn on_left_message(&mut self, from: NodeId, message: LeftMessage) {
        let Some(person) = self.peer(&from).map(Peer::person) else { return };
        self.inbox.on_left(&mut ctx!(self), person, message);
    }

    fn let_in_or_refuse(
        &mut self,
        newcomer: &Participant,
        request: RequestId,
        conversation: ConversationId,
        ticket: Option<Ticket>,
    ) {
        if let Err(refusal) = self.let_in(newcomer, request, conversation, ticket) {
            ctx!(self).count(refusal.reason());
            refuse(&mut ctx!(self), newcomer.node, request);
        }
    }

    /// Lets in somebody whom we have accepted: as coordinator by ourselves, else we pass them on, with our word, and
    /// hand it in to the coordinator for them. What was said they can read at once.
    pub(super) fn let_in(
        &mut self,
        newcomer: &Participant,
        request: RequestId,
        conversation: ConversationId,
        ticket: Option<Ticket>,
    ) -> Result<(), Refusal> {
        let mut ctx = ctx!(self);
        let node = newcomer.node;
        let admission = self.groups.admit(&mut ctx, conversation, newcomer, ticket.clone())?;
        let awaits = match admission {
            Admission::Admitted(admit) => {
                self.say_yes(node, request, conversation, admit);
                self.groups.send_since(&mut ctx!(self), conversation, node, 0);
                None
            }
            Admission::Derived { coordinator, ticket } => {
                ctx.count("request_derived");
                let list = self.groups.present(ctx.me.node(), &conversation);
                let (code, shown) = (AnswerCode::Derivation.code(), Some((*ticket).clone()));
                let conversation = Some(conversation);
                let answer = Answer { request, code, conversation, admit: None, list, ticket: shown };
                ctx.post(node, Frame::Answer(Box::new(answer)));
                self.hand_in(coordinator, newcomer, request, *ticket)
            }
        };
        self.requests
            .grant(&mut ctx!(self), Granted { request, node, conversation, ticket, awaits, until_ms: None });
        Ok(())
    }

    /// Hands an entry in for a newcomer; yields how far it was sent what was said.
    fn hand_in(
        &mut self,
        coordinator: NodeId,
        newcomer: &Participant,
        request: RequestId,
        ticket: Ticket,
    ) -> Option<u64> {
        let mut ctx = ctx!(self);
        let conversation = ticket.conversation;
        let (certificate, profile) = (newcomer.certificate.clone(), newcomer.profile.clone());
        let newcomer_is = Some(Newcomer { certificate, profile });
        let entry = AutomaticEntryToCoordinator { request, conversation, ticket, newcomer: newcomer_is };
        ctx.post(coordinator, Frame::AutomaticEntryToCoordinator(Box::new(entry)));
        Some(self.groups.send_since(&mut ctx, conversation, newcomer.node, 0))
    }

    fn say_yes(&mut self, to: NodeId, request: RequestId, conversation: ConversationId, admit: crate::OpId) {
        let mut ctx = ctx!(self);
        let list = self.groups.present(ctx.me.node(), &conversation);
        let (code, conversation, admit) = (AnswerCode::Yes.code(), Some(conversation), Some(admit));
        ctx.post(
            to,
            Frame::Answer(Box::new(Answer { request, code, conversation, admit, list, ticket: None })),
        );
    }

    /// The coordinator's part: whoever shows the word of a participant is let in, unasked.
    pub(super) fn on_entry(&mut self, from: NodeId, entry: AutomaticEntryToCoordinator) {
        let AutomaticEntryToCoordinator { request, conversation, ticket, newcomer } = entry;
        let newcomer = match newcomer {
            // Only those who are in speak for others.
            Some(other) if self.groups.has(&conversation, &from) => {
                Participant::new(&other.certificate, &other.profile)
            }
            Some(_) => return ctx!(self).count("entry_handed_in_by_a_stranger"),
            None => match self.newcomer(from) {
                Some(newcomer) => newcomer,
                None => return,
            },
        };
        let node = newcomer.node;
        match self.groups.admit_by_ticket(&mut ctx!(self), conversation, &newcomer, &ticket) {
            Ok(admit) if self.is_reachable(&node) => {
                // What was said before comes from the one who accepted, or as the answer to how far the newcomer is.
                self.groups.send_one(&mut ctx!(self), conversation, node, &admit);
                self.say_yes(node, request, conversation, admit);
            }
            // Whoever handed it in hears of it by the ListUpdate, and tells.
            Ok(_) => {}
            // Of one who was handed in nobody has asked: it asks itself, and is in already if its ticket is spent.
            Err(_) if node != from => {}
            Err(code) => ctx!(self).post(node, Answer::bare(request, code)),
        }
    }

    /// An answer: that somebody is not in what we show it in, to our question whether we are known everywhere, or to a
    /// request.
    pub(super) fn on_answer(&mut self, from: NodeId, answer: &Answer) {
        let mut ctx = ctx!(self);
        if let Some(id) = answer.denied() {
            return self.groups.on_absence(&mut ctx, id, from);
        }
        if self.groups.on_peer_answer(&mut ctx, from, answer) {
            return;
        }
        let is_bygone = self.groups.is_bygone(ctx.me.node(), answer);
        let Some(welcome) = self.asking.on_answer(&mut ctx, from, answer, is_bygone) else { return };
        self.on_welcome(from, welcome);
    }

    fn on_welcome(&mut self, from: NodeId, welcome: Welcome) {
        let mut ctx = ctx!(self);
        let (request, conversation) = (welcome.request, welcome.conversation);
        if !self.groups.enter(&mut ctx, from, welcome) {
            ctx.count("answer_to_no_avail");
            ctx.report(conversation, request, Progress::Failed(CloseReason::Full));
        }
    }

    /// Tells newcomers whom we accepted that the coordinator has let them in, and what was said meanwhile. To whom we have no
    /// link nothing is on its way; both compare when there is one.
    pub(super) fn relay_entries(&mut self) {
        loop {
            let groups = &self.groups;
            let is_in = |granted: &Granted| groups.has(&granted.conversation, &granted.node);
            let Some((granted, since)) = self.requests.take_done(is_in) else { break };
            let Granted { request, node, conversation, .. } = granted;
            if self.links.is_linked(&node)
                && let Some(admit) = self.groups.admit_of(&conversation, &node)
            {
                self.groups.send_since(&mut ctx!(self), conversation, node, since);
                self.say_yes(node, request, conversation, admit);
            }
        }
    }

    /// Tells requests how far they have come, and asks to enter again what we were signed out of while away.
    pub(super) fn on_progress(&mut self) {
        while let Some((conversation, request, progress)) = self.out.progress.pop_front() {
            if progress == Progress::Undone
                && let Some(host) = self.asking.host(&request)
            {
                self.groups.send_latest(&mut ctx!(self), conversation, host);
            }
            self.asking.on_progress(&mut ctx!(self), request, conversation, progress);
        }
        while let Some((conversation, kind, name, at)) = self.groups.poll_evicted() {
            let mut ctx = ctx!(self);
            ctx.count("entry_asked_again");
            let again = Outgoing::new(at, kind, Greeting::default()).into(conversation, name, None);
            // With too many requests waiting, the person may ask themself.
            let _: Result<RequestId, Refusal> = self.asking.ask(&mut ctx, again);
        }
    }

    /// A linked node as somebody to let in.
    pub(super) fn newcomer(&self, node: NodeId) -> Option<Participant> {
        let peer = self.peer(&node)?;
        Some(Participant::new(&peer.certificate, &peer.profile))
    }
}
