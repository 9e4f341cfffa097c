//! What lasts of a conversation, and how it goes on from that.

use super::{Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::graph::{Horizons, Taken};
use crate::group::membership::Membership;
use crate::group::op::{Body, Operation};
use crate::identity::NodeId;
use crate::store::{Key, Settings};
use crate::table::Table;
use crate::time::Instant;
use crate::wire::bounded::List;

impl Conversation {
    /// Keeps an operation that is part of the conversation now.
    pub(super) fn keep_operation(ctx: &mut Ctx<'_>, operation: &Operation) {
        ctx.keep(operation.key(), operation);
    }

    /// Keeps what this node alone knows of it.
    pub(super) fn keep_settings(&self, ctx: &mut Ctx<'_>) {
        let settings = Settings {
            name: self.name.clone(),
            read: self.read.clone(),
            shared: Some(self.shared.clone()).filter(|shared| !shared.is_empty()),
            forgotten: self.is_forgotten.then_some(true),
        };
        ctx.keep(Key::Settings(self.id), &settings);
    }

    /// Notes that the person has seen all that is here.
    pub(super) fn note_read(&mut self, ctx: &mut Ctx<'_>) {
        self.unread = 0;
        self.read = List::first(self.graph.device_heads());
        self.keep_settings(ctx);
    }

    /// Takes back what was kept by [`Self::keep_settings`].
    pub(crate) fn take_settings(&mut self, settings: Settings) {
        self.name = settings.name;
        self.read = settings.read;
        self.shared = settings.shared.unwrap_or_default();
        self.is_forgotten = settings.forgotten.unwrap_or_default();
    }

    /// Whether it was on its way out when the node stopped.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// Lets go of all that was kept of it. The mark comes first and goes last: a crash in between is made good at the
    /// next start, and no half of a conversation is ever shown.
    pub(crate) fn forget(&mut self, ctx: &mut Ctx<'_>) {
        self.is_forgotten = true;
        self.keep_settings(ctx);
        for operation in self.graph.in_order().rev() {
            ctx.drop_kept(operation.key());
        }
        ctx.drop_kept(Key::Horizons(self.id));
        ctx.drop_kept(Key::Settings(self.id));
    }

    /// Takes back what was kept of the time before ours.
    pub(crate) fn take_horizons(&mut self, horizons: &Horizons) {
        self.graph.take_horizons(horizons);
    }

    /// Takes back an operation that was kept. One that lacks others, because their records are damaged, waits
    /// for somebody to send them again.
    pub(crate) fn take_back(&mut self, ctx: &mut Ctx<'_>, operation: Operation) {
        match self.graph.take_back(operation) {
            Taken::Refused(reason) => ctx.count(reason),
            Taken::Held => ctx.count("record_held_back"),
            Taken::Known | Taken::Delivered(..) => {}
        }
    }

    /// Goes on where it was, now that all that was kept is back.
    pub(crate) fn resume(&mut self, ctx: &Ctx<'_>) {
        let me = ctx.me.node();
        self.membership = Membership::of(self.graph.list_operations());
        self.phase = if self.has(&me) && !self.membership.is_alone() { Phase::Open } else { Phase::Over };
        self.unread = self.count_unread(ctx);
        self.recall_acks(me);
        let last = self.graph.in_order().next_back().map(|operation| operation.content().time_ms);
        self.changed = last.map_or(ctx.now, Instant::from_millis).min(ctx.now);
    }

    /// Messages of others beyond what the person had seen.
    fn count_unread(&self, ctx: &Ctx<'_>) -> usize {
        let me = ctx.me.node();
        let mut read = Table::default();
        for head in self.read.iter() {
            read.insert(head.node, head.seq);
        }
        let is_unread = |operation: &&Operation| {
            let (node, content) = (operation.node(), operation.content());
            node != me
                && matches!(content.body, Body::Message(_))
                && !ctx.wants.blocks(&content.author)
                && read.get(&node).is_none_or(|seq| *seq < content.seq)
                && self.counts(operation)
        };
        self.graph.in_order().filter(is_unread).count()
    }

    /// Whoever wrote on top of an operation of ours has it. What else they have is told when they are linked.
    fn recall_acks(&mut self, me: NodeId) {
        for operation in self.graph.in_order().filter(|operation| operation.node() != me) {
            let named = operation.content().dependencies.iter().filter_map(|id| self.graph.operation(id));
            let mine = named.filter(|named| named.node() == me).map(|named| named.content().seq).max();
            if let Some(seq) = mine {
                let acked = self.acked.or_insert_with(operation.node(), || 0);
                *acked = seq.max(*acked);
                self.sent_seq = seq.max(self.sent_seq);
            }
        }
    }
}
