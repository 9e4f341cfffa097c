//! What goes out of a conversation with an export, and what comes in with an import.

use super::{ASK_AGAIN, ASK_FIRST, Ask, Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::archive::{Archived, Imported, Kept};
use crate::group::graph::Taken;
use crate::group::membership::Participant;
use crate::group::op::{ConversationId, OpId, Operation};
use crate::identity::{Name, NodeId};
use crate::io::{Event, Lacking, Person, Recalled, Refusal};
use crate::store::Key;
use crate::table::Set;

// On the way out.
impl Conversation {
    /// What an export says of it besides its operations, as a line.
    pub(crate) fn archive_line(&self) -> String {
        let (name, read) = (self.name.clone(), self.read.clone());
        Kept { conversation: self.id, name, read, horizons: self.graph.horizons() }.line(self.kind())
    }

    /// Everybody who is or was in it.
    pub(crate) fn people(&self) -> Vec<Person> {
        self.graph.people().map(Participant::person).collect()
    }

    /// The operations behind `after`, or from the first on, in the order of display, at most `max`.
    pub(crate) fn archive(
        &self,
        after: Option<OpId>,
        max: usize,
        recalled: &Recalled,
    ) -> Result<Vec<Archived>, Lacking> {
        let after = after.and_then(|id| self.graph.place(&id)).map(|place| self.graph.rows().key(place));
        let mut at_hand = self.at_hand(recalled);
        let mut archived = Vec::new();
        for place in self.graph.between(after, None) {
            if archived.len() + at_hand.lacking() == max {
                break;
            }
            let author = self.graph.person(&self.graph.rows().node(place)).map(Participant::person);
            if let Some((operation, author)) = at_hand.operation(place).cloned().zip(author) {
                archived.push(Archived { operation, author, counts: self.counts(place) });
            }
        }
        at_hand.answer(archived)
    }
}

// On the way in.
impl Conversation {
    /// One that comes with an import: history, until somebody who is in it has been heard.
    pub(crate) fn imported(ctx: &mut Ctx<'_>, id: ConversationId, kept: Option<Kept>) -> Self {
        let mut conversation = Self::entering(ctx, id, Phase::Over, Name::default());
        conversation.is_uncompared = true;
        if let Some(kept) = kept {
            (conversation.name, conversation.read) = (kept.name, kept.read);
            if let Some(horizons) = kept.horizons {
                conversation.graph.take_horizons(&horizons);
                ctx.keep(Key::Horizons(id), &horizons);
            }
        }
        conversation.keep_settings(ctx);
        conversation
    }

    /// Takes in an operation of an export; answers whether anything is new.
    pub(crate) fn import(
        &mut self,
        ctx: &mut Ctx<'_>,
        operation: Operation,
        imported: &mut Imported,
    ) -> bool {
        if matches!(self.phase, Phase::Entering { .. }) {
            imported.refuse("import_while_entering", 1);
            return false;
        }
        if self.graph.is_before_our_time(&operation) {
            imported.refuse("import_before_our_time", 1);
            return false;
        }
        match self.graph.take(operation) {
            Taken::Known => imported.known += 1,
            Taken::Refused(reason) => imported.refuse(reason, 1),
            Taken::Held => return true,
            Taken::Delivered(ids, refused) => {
                self.doubt(ctx);
                imported.taken += ids.len() as u64;
                refused.into_iter().for_each(|reason| imported.refuse(reason, 1));
                for operation in ids.iter().filter_map(|id| self.graph.operation(id)) {
                    Self::keep_operation(ctx, operation);
                }
                self.graph.trim(self.resident_max);
                return true;
            }
        }
        false
    }

    /// What is here of ourselves may not be all: an export is of the past. Kept before the operations, so that a crash
    /// leaves no conversation that goes on at once.
    fn doubt(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_open() && !self.is_uncompared {
            self.is_uncompared = true;
            self.keep_settings(ctx);
        }
    }

    /// Makes of what was taken in what there is to see. What still lacks others is asked for where we are in, and dropped
    /// where nobody can be asked.
    pub(crate) fn end_import(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        changes: bool,
        imported: &mut Imported,
    ) {
        if !changes {
            return;
        }
        let me = ctx.me.node();
        let was_open = self.is_open();
        self.on_membership(ctx);
        if self.phase == Phase::Over {
            self.phase = self.standing(me);
        }
        if self.is_open() {
            self.ask_for_held(ctx);
            // Those whom we are linked to already tell us nothing by themselves.
            let others = self.list().iter().map(|one| one.node).filter(|node| linked.contains_key(node));
            others.for_each(|node| self.compare(ctx, node, true));
            imported.waiting += self.graph.held() as u64;
        } else {
            imported.refuse("import_lacks_what_came_before", self.graph.give_up());
        }
        self.unread = self.count_unread(ctx);
        self.recall_acks(me);
        if !was_open {
            self.changed = self.last_said(ctx);
        }
        ctx.tell(Event::ConversationChanged { conversation: self.id });
    }

    fn ask_for_held(&mut self, ctx: &Ctx<'_>) {
        if self.graph.held() > 0 {
            let (at, source) = (ctx.now + ASK_FIRST, ctx.me.node());
            self.ask.get_or_insert(Ask { at, delay: ASK_AGAIN, source, turn: 0, fruitless: 0 });
        }
    }

    /// Whether we may write in it: we are in it, and know all that we have written.
    pub(crate) fn may_write(&self) -> bool {
        self.is_open() && !self.is_uncompared
    }

    /// Whether it is no more than what a file says, and none of ours: nobody is answered on the strength of it.
    pub(crate) fn is_hearsay(&self) -> bool {
        self.is_uncompared && !self.is_open()
    }

    /// Refuses to write where we may not.
    pub(super) fn writable(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open if self.is_uncompared => Err(Refusal::Uncompared),
            Phase::Open => Ok(()),
            _ => Err(Refusal::ConversationOver),
        }
    }

    /// Takes note how much of ours one has who is in it. It is no less than we know of: nothing of ours is missing here
    /// that anybody there could tell us, and we go on.
    pub(super) fn on_compared(&mut self, ctx: &mut Ctx<'_>, theirs: u64) {
        let me = ctx.me.node();
        if self.is_uncompared && self.is_open() && theirs == self.graph.last_seq(&me) {
            self.is_uncompared = false;
            self.keep_settings(ctx);
            ctx.tell(Event::ConversationOpened { conversation: self.id });
        }
    }
}
