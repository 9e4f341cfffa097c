//! Conversations: groups without a moderator (García et al.; DESIGN, section 6).
//!
//! A conversation is a graph of signed operations. Who is in it, what was said and in which order are
//! functions of that graph alone, so that all who have the same operations see the same conversation.

pub mod archive;
mod asking;
mod change;
mod conversation;
mod entering;
mod graph;
mod import;
mod inbox;
mod machines;
mod membership;
pub mod op;
mod search;
pub mod ticket;
mod views;

pub(crate) use asking::{Asking, Outgoing, Welcome};
pub(crate) use conversation::{Admission, Progress};
pub use conversation::{ENTERING_MAX, PAGE_MAX};
pub(crate) use entering::{Granted, Incoming, Requests, refuse};
pub use graph::{HELD_BYTES_MAX, HELD_MAX};
pub(crate) use inbox::Inbox;
pub use membership::PARTICIPANTS_MAX;
pub(crate) use membership::Participant;
pub use op::{Body, ConversationId, ConversationKind, History, OpId, Operation};
pub use ticket::Ticket;

use crate::ctx::Ctx;
use crate::identity::{Certificate, Name, NodeId};
use crate::io::{Event, Person, Refusal, RequestId, Wake};
use crate::preferences::Preferences;
use crate::store::Key;
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{
    Answer, AnswerCode, AutomaticEntryToPeer, DIGESTS_MAX, Delivered, Digest, Heads, Operations, Past,
    Typing, Want,
};
use conversation::{Conversation, PAGES_MAX, Phase};
use import::Importing;
use op::{Create, Message};
pub use search::{Letter, Letters, Search};

/// Who looks at messages, and what they want to see.
type Viewer<'a> = (&'a Person, &'a Preferences);

/// Conversations that a node keeps; more are refused until one is forgotten.
pub const CONVERSATIONS_MAX: usize = 1_024;

/// All conversations of a node.
pub(crate) struct Groups {
    by_id: Table<ConversationId, Conversation>,
    linked: Set<NodeId>,
    /// Participants who are suspected, and since when: they have no link to us.
    suspected: Table<NodeId, Instant>,
    evict_after: Duration,
    /// Where the next PING goes on listing conversations.
    turn: usize,
    importing: Option<Importing>,
}

impl Groups {
    /// No conversations yet; whoever is away from one for `evict_after` is signed out of it.
    pub(crate) fn new(evict_after: Duration) -> Self {
        let (by_id, linked, suspected) = (Table::default(), Set::default(), Table::default());
        Self { by_id, linked, suspected, evict_after, turn: 0, importing: None }
    }

    /// Begins a conversation.
    pub(crate) fn create(
        &mut self,
        ctx: &mut Ctx<'_>,
        kind: ConversationKind,
        history: History,
        name: Name,
    ) -> Result<ConversationId, Refusal> {
        if self.by_id.len() >= CONVERSATIONS_MAX {
            return Err(Refusal::TooManyConversations);
        }
        let create = Create {
            kind,
            history,
            nonce: ctx.rng.bytes(),
            certificate: ctx.me.certificate().clone(),
            profile: ctx.me.profile().clone(),
        };
        let conversation = Conversation::begin(ctx, Body::Create(create), name);
        let id = conversation.id();
        self.by_id.insert(id, conversation);
        ctx.tell(Event::ConversationOpened { conversation: id });
        Ok(id)
    }

    /// Lets somebody in whom a person or a ticket accepted, or has the coordinator do so.
    pub(crate) fn admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        newcomer: &Participant,
        ticket: Option<Ticket>,
    ) -> Result<Admission, Refusal> {
        let conversation = self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?;
        conversation.admit(ctx, &self.linked, newcomer, ticket)
    }

    /// Lets in, as coordinator, whoever shows the word of a participant.
    pub(crate) fn admit_by_ticket(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        newcomer: &Participant,
        ticket: &Ticket,
    ) -> Result<OpId, AnswerCode> {
        let open = self.by_id.get_mut(&id).filter(|one| one.may_write());
        open.ok_or(AnswerCode::DisconnectedGroup)?.admit_by_ticket(ctx, &self.linked, newcomer, ticket)
    }

    /// Whether a ticket lets `newcomer` into an open conversation now.
    pub(crate) fn honours(
        &self,
        ctx: &Ctx<'_>,
        id: &ConversationId,
        ticket: &Ticket,
        newcomer: &NodeId,
    ) -> bool {
        self.by_id.get(id).is_some_and(|one| one.is_open() && one.honours(ctx, ticket, newcomer))
    }

    /// Who is in a conversation and not suspected, in the order of entry.
    pub(crate) fn present(&self, me: NodeId, id: &ConversationId) -> List<NodeId, PARTICIPANTS_MAX> {
        self.by_id.get(id).map(|one| one.present(me, &self.linked)).unwrap_or_default()
    }

    /// The operation that brought a node into a conversation.
    pub(crate) fn admit_of(&self, id: &ConversationId, node: &NodeId) -> Option<OpId> {
        self.by_id.get(id)?.admit_of(node)
    }

    /// Sends what was said in a conversation since the lamport `since`; yields how far that is.
    pub(crate) fn send_since(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        to: NodeId,
        since: u64,
    ) -> u64 {
        self.by_id.get_mut(&id).map_or(0, |conversation| conversation.send_since(ctx, to, since))
    }

    /// Sends one operation of a conversation.
    pub(crate) fn send_one(&self, ctx: &mut Ctx<'_>, id: ConversationId, to: NodeId, operation: &OpId) {
        if let Some(conversation) = self.by_id.get(&id) {
            conversation.send(ctx, to, std::slice::from_ref(operation));
        }
    }

    /// Sends the latest of a conversation.
    pub(crate) fn send_latest(&self, ctx: &mut Ctx<'_>, id: ConversationId, to: NodeId) {
        if let Some(conversation) = self.by_id.get(&id) {
            conversation.send_latest(ctx, to);
        }
    }

    /// Expects to be let into a conversation; false when there are too many.
    pub(crate) fn enter(&mut self, ctx: &mut Ctx<'_>, from: NodeId, welcome: Welcome) -> bool {
        let Welcome { request, conversation: id, admit, hosts, name } = welcome;
        if self.by_id.len() >= CONVERSATIONS_MAX && !self.by_id.contains_key(&id) {
            return false;
        }
        let phase = Phase::Entering { request, admit, until: ctx.now + ENTERING_MAX };
        let conversation = self.by_id.or_insert_with(id, || Conversation::entering(ctx, id, phase, name));
        if conversation.is_open() {
            ctx.report(id, request, Progress::Settled);
            return true;
        }
        conversation.expect(ctx, phase, &hosts);
        if admit.is_some() && !conversation.is_open() {
            // What is not on its way already comes as the answer to how far we are.
            conversation.compare(ctx, from, false);
        }
        true
    }

    /// Gives our word on a newcomer whom the coordinator has let in.
    pub(crate) fn on_peer_entry(&mut self, ctx: &mut Ctx<'_>, from: NodeId, entry: &AutomaticEntryToPeer) {
        match self.by_id.get_mut(&entry.conversation) {
            Some(conversation) => conversation.on_peer_entry(ctx, from, entry),
            None => {
                ctx.post(from, Answer::word(entry.request, Some(entry.admit), AnswerCode::DisconnectedGroup));
            }
        }
    }

    /// Takes the word of a participant on our own entry; false when it is none.
    pub(crate) fn on_peer_answer(&mut self, ctx: &mut Ctx<'_>, from: NodeId, answer: &Answer) -> bool {
        self.by_id.values_mut().any(|one| one.on_peer_answer(ctx, &self.linked, from, answer))
    }

    /// Whether a yes is about an entry that is over: we have the Admit that it names, and are out nevertheless.
    pub(crate) fn is_bygone(&self, me: NodeId, answer: &Answer) -> bool {
        let found = answer.conversation.and_then(|id| self.by_id.get(&id));
        answer.admit.zip(found).is_some_and(|(admit, one)| one.is_bygone(&me, &admit))
    }

    /// Says something.
    pub(crate) fn say(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        message: Message,
    ) -> Result<OpId, Refusal> {
        let conversation = self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?;
        conversation.say(ctx, &self.linked, message)
    }

    /// Changes something that was said.
    pub(crate) fn change(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        body: Body,
    ) -> Result<(), Refusal> {
        let conversation = self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?;
        conversation.change(ctx, &self.linked, body)
    }

    /// Tells the others that the person is writing.
    pub(crate) fn type_in(&mut self, ctx: &mut Ctx<'_>, id: ConversationId) -> Result<(), Refusal> {
        let conversation = self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?;
        conversation.type_in(ctx, &self.linked)
    }

    /// Gives a conversation a name of ours.
    pub(crate) fn rename(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        name: Name,
    ) -> Result<(), Refusal> {
        self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?.rename(ctx, name);
        ctx.tell(Event::ConversationChanged { conversation: id });
        Ok(())
    }

    /// Notes that a conversation was read.
    pub(crate) fn mark_read(&mut self, ctx: &mut Ctx<'_>, id: ConversationId) -> Result<(), Refusal> {
        self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?.mark_read(ctx, &self.linked);
        Ok(())
    }

    /// Leaves a conversation.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx<'_>, id: ConversationId) -> Result<(), Refusal> {
        let conversation = self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?;
        if !conversation.is_open() {
            return Err(Refusal::ConversationOver);
        }
        if !conversation.may_write() {
            return Err(Refusal::Uncompared);
        }
        conversation.leave(ctx, &self.linked);
        Ok(())
    }

    /// Leaves a conversation if that is to do, and drops it.
    pub(crate) fn forget(&mut self, ctx: &mut Ctx<'_>, id: ConversationId) -> Result<(), Refusal> {
        self.by_id.get_mut(&id).ok_or(Refusal::UnknownConversation)?.leave(ctx, &self.linked);
        if let Some(mut conversation) = self.by_id.remove(&id) {
            conversation.forget(ctx);
        }
        ctx.tell(Event::ConversationForgotten { conversation: id });
        Ok(())
    }

    /// Leaves every conversation.
    pub(crate) fn leave_all(&mut self, ctx: &mut Ctx<'_>) {
        self.by_id.values_mut().for_each(|conversation| conversation.leave(ctx, &self.linked));
    }

    /// Takes in operations, from whoever is in their conversation.
    pub(crate) fn on_operations(&mut self, ctx: &mut Ctx<'_>, from: NodeId, operations: Operations) {
        for operation in operations.operations.into_vec() {
            self.on_operation(ctx, from, operation, &operations.onward);
        }
    }

    /// Takes in one operation, and sends it on to those participants whom its sender has no link to.
    pub(crate) fn on_operation(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: NodeId,
        operation: Operation,
        onward: &[NodeId],
    ) {
        let found = self.by_id.get_mut(&operation.conversation());
        let Some(conversation) = found.filter(|one| one.welcomes(&from)) else {
            ctx.count("operation_unwelcome");
            return;
        };
        let sent_on = (!onward.is_empty()).then(|| operation.clone());
        // Only what is new here goes on: nobody makes us repeat ourselves.
        if !conversation.on_operation(ctx, from, operation) || !conversation.has(&from) {
            return;
        }
        let Some(operation) = sent_on else { return };
        let is_for =
            |node: &&NodeId| conversation.has(node) && **node != from && self.linked.contains_key(node);
        for node in onward.iter().filter(is_for) {
            ctx.count("operation_sent_on");
            crate::wire::operation_frames(&[&operation]).into_iter().for_each(|frame| ctx.post(*node, frame));
        }
    }

    /// Takes what a newcomer is given, from those who let us in and those who are in.
    pub(crate) fn on_past(&mut self, ctx: &mut Ctx<'_>, from: NodeId, past: Past) {
        match self.by_id.get_mut(&past.conversation) {
            Some(one) if one.is_let_in_by(&from) || one.is_open() && one.has(&from) => {
                one.on_past(ctx, from, past);
            }
            _ => ctx.count("conversation_not_shared"),
        }
    }

    /// Answers a question for operations.
    pub(crate) fn on_want(&mut self, ctx: &mut Ctx<'_>, from: NodeId, want: &Want) {
        match self.by_id.get_mut(&want.conversation).filter(|one| one.is_open()) {
            Some(conversation) if conversation.answers(&from) => conversation.on_want(ctx, from, want),
            _ => ctx.count("conversation_not_shared"),
        }
    }

    /// Answers a comparison. To one who is not in our list and was never let in nothing is told, but what it has is asked for: it may
    /// hold the very Admit that puts it there.
    pub(crate) fn on_heads(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        let is_other = |one: &&Conversation| one.id() != heads.conversation && one.is_sending(ctx.now, &from);
        let is_busy = self.by_id.values().filter(is_other).count() >= PAGES_MAX;
        let found = self.by_id.get_mut(&heads.conversation);
        let answers = |one: &&mut Conversation| {
            one.is_open() || one.answers(&from) && !one.is_hearsay() || heads.more && one.is_let_in_by(&from)
        };
        match found.filter(answers) {
            Some(conversation) if heads.more => conversation.on_more(ctx, from, heads),
            Some(conversation) if is_busy => {
                // It is compared again with the next PING that differs.
                ctx.count("comparison_put_off");
                conversation.on_progress(&from, &heads.devices);
            }
            Some(conversation) if !conversation.has(&from) => conversation.tell_out(ctx, from, heads),
            Some(conversation) if !conversation.is_open() => conversation.tell_past(ctx, from, heads),
            Some(conversation) => conversation.on_heads(ctx, from, heads),
            None => ctx.count("conversation_not_shared"),
        }
    }

    /// Takes an acknowledgement.
    pub(crate) fn on_delivered(&mut self, ctx: &mut Ctx<'_>, from: NodeId, delivered: &Delivered) {
        if let Some(conversation) = self.shared(ctx, delivered.conversation, from) {
            conversation.on_delivered(ctx, from, delivered);
        }
    }

    /// Takes the word that somebody is writing.
    pub(crate) fn on_typing(&mut self, ctx: &mut Ctx<'_>, from: NodeId, typing: &Typing) {
        if let Some(conversation) = self.shared(ctx, typing.conversation, from) {
            conversation.on_typing(ctx, from);
        }
    }

    /// Compares what a PING says with what we have. Whoever sends one shows us in its list: where we are not in, and no
    /// request of ours may have led to it, as `asks` says, we say so.
    pub(crate) fn on_digests(&mut self, ctx: &mut Ctx<'_>, from: NodeId, digests: &[Digest], asks: bool) {
        for digest in digests {
            let id = digest.conversation;
            match self.by_id.get_mut(&id) {
                Some(one) if one.is_open() && one.has(&from) || one.tells_out(&from) => {
                    one.on_digest(ctx, from, digest.heads);
                }
                found if !asks && found.as_ref().is_none_or(|one| one.is_past()) => {
                    ctx.post(from, Answer::absence(id));
                }
                _ => ctx.count("conversation_not_shared"),
            }
        }
    }

    /// Takes the word of a node that it is not in a conversation.
    pub(crate) fn on_absence(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, from: NodeId) {
        if let Some(conversation) = self.by_id.get_mut(&id).filter(|one| one.has(&from)) {
            conversation.on_absence(ctx, &self.linked, from);
        }
    }

    /// The conversation, if both are in it.
    fn shared(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, with: NodeId) -> Option<&mut Conversation> {
        let found = self.by_id.get_mut(&id).filter(|one| one.is_open() && one.has(&with));
        if found.is_none() {
            ctx.count("conversation_not_shared");
        }
        found
    }

    /// What a PING to `node` says of the conversations that both are in.
    pub(crate) fn digests(&mut self, node: NodeId) -> Vec<Digest> {
        let shared: Vec<_> = self.by_id.values().filter(|one| one.is_open() && one.has(&node)).collect();
        let skip = if shared.len() > DIGESTS_MAX { self.turn % shared.len() } else { 0 };
        self.turn = self.turn.wrapping_add(DIGESTS_MAX);
        let turned = shared.iter().cycle().skip(skip).take(shared.len().min(DIGESTS_MAX));
        turned.map(|one| Digest { conversation: one.id(), heads: one.digest() }).collect()
    }

    /// Takes note that a node is linked: each tells the other how far it is.
    pub(crate) fn on_linked(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.linked.insert(node, ());
        self.suspected.remove(&node);
        for conversation in self.by_id.values_mut().filter(|one| one.is_open() && one.has(&node)) {
            // Marked as an answer: the other side sends its own without being asked.
            conversation.compare(ctx, node, true);
            conversation.share_read(ctx, node);
            ctx.tell(Event::ConversationChanged { conversation: conversation.id() });
        }
        for conversation in self.by_id.values().filter(|one| one.is_let_in_by(&node)) {
            // It has said yes, and what lets us in was lost with the link.
            conversation.compare(ctx, node, true);
        }
    }

    /// Takes note that a node is linked no more.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.linked.remove(&node);
        self.by_id.values_mut().for_each(|one| one.on_unlinked(ctx, &node));
        for conversation in self.by_id.values_mut().filter(|one| one.is_open() && one.has(&node)) {
            self.suspected.or_insert_with(node, || ctx.now);
            ctx.tell(Event::ConversationChanged { conversation: conversation.id() });
        }
    }

    /// Everybody whom we share a conversation with, and whether it is on us to open the link: it is on the
    /// one who entered later.
    pub(crate) fn fellows(&self, me: NodeId) -> Table<NodeId, bool> {
        let mut fellows = Table::default();
        for conversation in self.by_id.values().filter(|one| one.is_open()) {
            let mut on_us = true;
            for one in conversation.list() {
                // The list is in the order of entry: whoever stands after us comes to us.
                on_us &= one.node != me;
                *fellows.or_insert_with(one.node, || false) |= on_us;
            }
        }
        fellows.remove(&me);
        fellows
    }

    /// The certificate of somebody whom we share a conversation with.
    pub(crate) fn certificate(&self, node: &NodeId) -> Option<Certificate> {
        let open = self.by_id.values().filter(|one| one.is_open());
        let found = open.flat_map(Conversation::list).find(|one| one.node == *node)?;
        Some(found.certificate.clone())
    }

    /// Whether we share a conversation with `node`.
    pub(crate) fn is_fellow(&self, node: &NodeId) -> bool {
        self.by_id.values().any(|one| one.is_open() && one.has(node))
    }

    /// Whether `node` is, by all we know, in a conversation that we are in or were: whoever did not hear that we left turns
    /// to us, and may hear only from us who came meanwhile.
    pub(crate) fn was_fellow(&self, node: &NodeId) -> bool {
        self.by_id.values().any(|one| one.has(node) && !one.is_hearsay())
    }

    /// Whether `node` is letting us in or is in one of our conversations: its link is worth keeping.
    pub(crate) fn needs(&self, node: &NodeId) -> bool {
        self.is_fellow(node) || self.by_id.values().any(|one| one.is_let_in_by(node))
    }

    /// Whether the conversation is open, and has `node` in it.
    pub(crate) fn has(&self, id: &ConversationId, node: &NodeId) -> bool {
        self.by_id.get(id).is_some_and(|one| one.is_open() && one.has(node))
    }

    /// The kind of an open conversation, and the name given to it here.
    pub(crate) fn open(&self, id: &ConversationId) -> Option<(ConversationKind, Name)> {
        let open = self.by_id.get(id).filter(|one| one.may_write())?;
        Some((open.kind(), open.given_name().clone()))
    }

    /// Whether we are in an open conversation of this kind with `node`.
    pub(crate) fn shares(&self, kind: ConversationKind, node: &NodeId) -> bool {
        self.by_id.values().any(|one| one.is_open() && one.kind() == kind && one.has(node))
    }

    /// The next conversation that we were signed out of while we were away, with whom to ask to let us in again.
    pub(crate) fn poll_evicted(&mut self) -> Option<(ConversationId, ConversationKind, Name, NodeId)> {
        self.by_id.values_mut().find_map(|one| one.take_evicted(&self.linked))
    }

    /// Whether `newcomer` could be let into an open conversation now.
    pub(crate) fn has_room_for(&self, id: &ConversationId, newcomer: &Participant) -> bool {
        self.by_id.get(id).is_some_and(|one| one.is_open() && one.has_room_for(newcomer))
    }

    /// Whether we know of this conversation at all.
    pub(crate) fn knows(&self, id: &ConversationId) -> bool {
        self.by_id.contains_key(id)
    }

    /// Does what is due. What no request that is under way led to, as `asks` says, is entered no more.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>, asks: impl Fn(&RequestId) -> bool) {
        self.evict(ctx);
        let mut is_changed = false;
        for conversation in self.by_id.values_mut() {
            conversation.on_timeout(ctx, &self.linked, &asks);
            if conversation.take_list_changed() {
                is_changed = true;
                for one in conversation.list().iter().filter(|one| !self.linked.contains_key(&one.node)) {
                    self.suspected.or_insert_with(one.node, || ctx.now);
                }
            }
        }
        self.suspected.remove(&ctx.me.node());
        if is_changed {
            // Whoever is let in again was away before, and is not to be signed out for that.
            let by_id = &self.by_id;
            self.suspected.retain(|node, _| by_id.values().any(|one| one.is_open() && one.has(node)));
        }
        self.drop_void(ctx);
    }

    fn drop_void(&mut self, ctx: &mut Ctx<'_>) {
        self.by_id.retain(|id, conversation| {
            if conversation.is_void() {
                ctx.drop_kept(Key::Horizons(*id));
                ctx.drop_kept(Key::Settings(*id));
            }
            !conversation.is_void()
        });
    }

    /// Takes back what was kept of a conversation; there may be too many of them.
    pub(crate) fn take_back(&mut self, ctx: &Ctx<'_>, id: ConversationId) -> Option<&mut Conversation> {
        if self.by_id.len() >= CONVERSATIONS_MAX && !self.by_id.contains_key(&id) {
            return None;
        }
        let nothing = || Conversation::entering(ctx, id, Phase::Over, Name::default());
        Some(self.by_id.or_insert_with(id, nothing))
    }

    /// Goes on with every conversation where it was.
    pub(crate) fn resume(&mut self, ctx: &mut Ctx<'_>) {
        self.by_id.retain(|_, conversation| {
            let is_forgotten = conversation.is_forgotten();
            if is_forgotten {
                conversation.forget(ctx);
            } else {
                conversation.resume(ctx);
            }
            !is_forgotten
        });
    }

    /// Signs out whoever has been away for too long, where that is on us.
    fn evict(&mut self, ctx: &mut Ctx<'_>) {
        if !self.suspected.is_empty() {
            let (suspected, after) = (&self.suspected, self.evict_after);
            self.by_id.values_mut().for_each(|one| one.evict(ctx, &self.linked, suspected, after));
        }
    }

    /// The earliest deadline of any conversation.
    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<(Instant, Wake)> {
        let asked = self.by_id.values().filter_map(Conversation::poll_timeout);
        let absences = (!self.suspected.is_empty()).then(|| self.by_id.values()).into_iter().flatten();
        // One that has passed was not on us to act on; what makes it so wakes us by itself.
        let gone = absences.filter_map(|one| one.next_eviction(&self.suspected, self.evict_after, now));
        asked.chain(gone).min().map(|at| (at, Wake::Group))
    }
}
