//! What lasts of a conversation, and how it goes on from that.

use super::{Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::graph::{Horizons, Kind, Place, Taken};
use crate::group::membership::Membership;
use crate::group::op::Operation;
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
            uncompared: self.is_uncompared.then_some(true),
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
        self.is_uncompared = settings.uncompared.unwrap_or_default();
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
        for place in self.graph.in_order().rev() {
            ctx.drop_kept(self.graph.rows().store_key(self.id, place));
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
        self.graph.trim(self.resident_max);
    }

    /// Goes on where it was, now that all that was kept is back.
    pub(crate) fn resume(&mut self, ctx: &Ctx<'_>) {
        let me = ctx.me.node();
        self.membership = Membership::of(self.graph.list_operations());
        self.phase = self.standing(me);
        self.unread = self.count_unread(ctx);
        self.recall_acks(me);
        self.changed = self.last_said(ctx);
    }

    /// Whether we are in it, by its operations alone. Others may have let us in without our knowing and put that into a
    /// file: what was imported counts only if we have spoken there ourselves.
    pub(super) fn standing(&self, me: NodeId) -> Phase {
        let is_in = self.has(&me) && (!self.is_uncompared || self.graph.has_last_of(&me));
        if is_in && !self.membership.is_alone() { Phase::Open } else { Phase::Over }
    }

    /// The time of the last operation.
    pub(super) fn last_said(&self, ctx: &Ctx<'_>) -> Instant {
        let last = self.graph.in_order().next_back().and_then(|place| self.graph.rows().operation(place));
        let last = last.map(|operation| operation.content().time_ms);
        last.map_or(ctx.now, Instant::from_millis).min(ctx.now)
    }

    /// Messages of others beyond what the person had seen.
    pub(super) fn count_unread(&self, ctx: &Ctx<'_>) -> usize {
        let me = ctx.me.node();
        let mut read = Table::default();
        for head in self.read.iter() {
            read.insert(head.node, head.seq);
        }
        let rows = self.graph.rows();
        let is_unread = |place: &Place| {
            let node = rows.node(*place);
            node != me
                && self.is_said(*place)
                && !ctx.wants.blocks(&rows.author(*place))
                && read.get(&node).is_none_or(|seq| *seq < rows.row(*place).seq)
        };
        self.graph.in_order().filter(is_unread).count()
    }

    /// Whoever wrote on top of an operation of ours has it. What else they have is told when they are linked.
    pub(super) fn recall_acks(&mut self, me: NodeId) {
        let rows = self.graph.rows();
        for place in self.graph.in_order().filter(|place| rows.node(*place) != me) {
            let named =
                rows.dependencies(place).iter().filter(|named| rows.row(**named).kind != Kind::Bygone);
            let mine = named.filter(|named| rows.node(**named) == me).map(|named| rows.row(*named).seq).max();
            if let Some(seq) = mine {
                let acked = self.acked.or_insert_with(rows.node(place), || 0);
                *acked = seq.max(*acked);
                self.sent_seq = seq.max(self.sent_seq);
            }
        }
    }
}
