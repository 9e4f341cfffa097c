//! What others send: operations that are taken in, and the asking for those that are missing.

use super::{
    ACK_DELAY, ASK_AGAIN, ASK_FIRST, ASK_MAX, ASK_TURNS_MAX, Ask, Conversation, ENTERING_MAX,
    HELD_FOR_OTHERS_MAX, Phase,
};
use crate::ctx::Ctx;
use crate::group::graph::Taken;
use crate::group::op::{OpId, Operation};
use crate::identity::NodeId;
use crate::io::Event;
use crate::table::Set;
use crate::wire::bounded::List;
use crate::wire::{Frame, WANT_MAX, Want};

/// How often is asked before what lies deeper is asked for, too: some operations more on their way than one knows of
/// are nothing unusual.
const DEEP_AFTER: usize = 3;

impl Conversation {
    /// Whether operations of this conversation are welcome from `from`. They prove themselves, and one who is
    /// not in our list may be in everybody else's: the Admit that says so must be able to arrive.
    pub(crate) fn welcomes(&self, from: &NodeId) -> bool {
        match &self.phase {
            Phase::Entering { .. } => self.hosts.contains(from) || self.has(from),
            Phase::Open => self.has(from) || self.graph.held() < HELD_FOR_OTHERS_MAX,
            Phase::Over => false,
        }
    }

    /// Takes in an operation that came from `from`; answers whether it is new.
    pub(crate) fn on_operation(&mut self, ctx: &mut Ctx<'_>, from: NodeId, operation: Operation) -> bool {
        let taken = self.graph.take(operation);
        self.on_taken(ctx, from, taken)
    }

    /// Takes in an operation that has waited: its signature was checked when it came.
    pub(super) fn on_genuine(&mut self, ctx: &mut Ctx<'_>, operation: Operation) {
        let (from, taken) = (operation.node(), self.graph.take_back(operation));
        self.on_taken(ctx, from, taken);
    }

    fn on_taken(&mut self, ctx: &mut Ctx<'_>, from: NodeId, taken: Taken) -> bool {
        match taken {
            Taken::Known => ctx.count("operation_known"),
            Taken::Refused(reason) => ctx.count(reason),
            Taken::Held => {
                ctx.count("operation_held_back");
                let at = ctx.now + ASK_FIRST;
                self.ask.get_or_insert(Ask { at, delay: ASK_AGAIN, source: from, turn: 0, fruitless: 0 });
                self.on_fruit(ctx);
                return true;
            }
            Taken::Delivered(ids, refused) => {
                self.changed = ctx.now;
                if let Phase::Entering { until, .. } = &mut self.phase {
                    *until = ctx.now + ENTERING_MAX;
                }
                refused.into_iter().for_each(|reason| ctx.count(reason));
                for id in ids {
                    ctx.count("operation_delivered");
                    self.on_delivered_here(ctx, &id);
                }
                self.graph.trim(self.resident_max);
                self.on_fruit(ctx);
                self.on_caught_up(ctx);
                return true;
            }
        }
        false
    }

    /// What was asked for comes: the rest is asked for as soon as it is known what that is.
    fn on_fruit(&mut self, ctx: &Ctx<'_>) {
        if let Some(ask) = self.ask.as_mut().filter(|ask| ask.fruitless > 0) {
            (ask.fruitless, ask.delay, ask.at) = (0, ASK_AGAIN, ctx.now + ASK_FIRST);
        }
    }

    fn on_delivered_here(&mut self, ctx: &mut Ctx<'_>, id: &OpId) {
        let Some(place) = self.graph.place(id) else { return };
        let Some(operation) = self.graph.rows().operation(place) else { return };
        Self::keep_operation(ctx, operation);
        self.on_change(ctx, place, operation);
        let (node, seq) = (operation.node(), operation.content().seq);
        let concerns_list = operation.content().body.concerns_list();
        let is_heard = self.is_said(place) && !ctx.wants.blocks(&operation.content().author);
        let is_mine = node == ctx.me.node();
        if !is_mine {
            let highest = self.to_ack.or_insert_with(node, || 0);
            *highest = seq.max(*highest);
            self.ack_at.get_or_insert(ctx.now + ACK_DELAY);
        }
        if is_heard && self.is_open() {
            self.unread += usize::from(!is_mine);
            ctx.tell(Event::Message { conversation: self.id, message: *id });
        }
        if concerns_list {
            self.on_membership(ctx);
        }
    }

    /// Asks whoever sent what waits, then one participant after another.
    pub(super) fn ask_for_missing(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        let missing = self.graph.missing(WANT_MAX);
        let Some(mut ask) = self.ask.take() else { return };
        if missing.is_empty() {
            return;
        }
        if let Some(until) = self.expects_page() {
            // A live message that came ahead of the pages: what it stands on is on its way.
            ask.at = until;
            self.ask = Some(ask);
            return;
        }
        if ask.fruitless >= ASK_TURNS_MAX {
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
            ctx.post(
                *to,
                Frame::Want(Want {
                    conversation: self.id,
                    ids: List::first(missing),
                    deep: ask.turn >= DEEP_AFTER,
                }),
            );
        }
        ask.at = ctx.now + ask.delay;
        ask.delay = ask.delay.times(2).min(ASK_MAX);
        ask.turn += 1;
        ask.fruitless += 1;
        self.ask = Some(ask);
    }
}
