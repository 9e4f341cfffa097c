//! Comparing a conversation with another node's copy of it, until both have the same operations.

use super::pacing::PAGE_ROOM;
use super::{Conversation, QUIET};
use crate::ctx::Ctx;
use crate::group::op::OpId;
use crate::identity::NodeId;
use crate::wire::bounded::List;
use crate::wire::{DEVICES_MAX, DeviceHead, Frame, Heads, HeadsDigest, Want};

/// How much of what an operation stands on goes along with it when somebody asks again and again: what a device wrote
/// after it lost its memory is found by nothing but this, so many operations in one round trip.
const DEEP_MAX: usize = 64;

impl Conversation {
    /// Whether questions of `node` are answered: it is in the list, or was once, or would be for what it does not know.
    pub(crate) fn answers(&self, node: &NodeId) -> bool {
        self.has(node) || self.graph.has_been_let_in(node)
    }

    /// Whether `node` is to be told that it is out: it was let in, and we know better. So does who is out itself.
    pub(crate) fn tells_out(&self, node: &NodeId) -> bool {
        (self.is_open() || self.is_past()) && !self.has(node) && self.answers(node)
    }

    /// Answers a question for operations: to one who is out, up to that.
    pub(crate) fn on_want(&self, ctx: &mut Ctx<'_>, from: NodeId, want: &Want) {
        let mut found = if want.deep {
            self.graph.with_past(&want.ids, DEEP_MAX)
        } else {
            want.ids.iter().filter_map(|id| self.graph.place(id)).collect()
        };
        if !self.has(&from) {
            let known = self.graph.until_out(&from);
            found.retain(|place| self.graph.is_in(&known, *place));
        }
        let mut room = PAGE_ROOM;
        found.retain(|place| {
            room = room.saturating_sub(self.graph.rows().row(*place).size.into());
            room > 0
        });
        self.give(ctx, from, found);
    }

    /// Sends our last word and what it stands on, ahead of what is to be understood by one who has it: held back there, an
    /// Admit written meanwhile would come before our Leave.
    pub(crate) fn send_latest(&self, ctx: &mut Ctx<'_>, to: NodeId) {
        let ids = List::first(self.graph.heads());
        self.on_want(ctx, to, &Want { conversation: self.id, ids, deep: true });
    }

    /// Sends operations.
    pub(crate) fn send(&self, ctx: &mut Ctx<'_>, to: NodeId, ids: &[OpId]) {
        let found = ids.iter().filter_map(|id| self.graph.place(id));
        self.give(ctx, to, found.collect());
    }

    /// Tells one who is out that it is, and what was said until then: it was signed out while it was away, or let in by one
    /// who was, or has left and taken up an export from before.
    pub(crate) fn tell_out(&mut self, ctx: &mut Ctx<'_>, to: NodeId, heads: &Heads) {
        if self.is_open() {
            self.want_heads(ctx, to, heads);
        }
        self.on_progress(&to, &heads.devices);
        if !self.tells_out(&to) {
            return;
        }
        let known = self.graph.until_out(&to);
        self.send_page(ctx, to, &heads.devices, &|graph, place| graph.is_in(&known, place));
    }

    /// Tells one who was away what happened until we left: there may be nobody else whom it knows.
    pub(crate) fn tell_past(&mut self, ctx: &mut Ctx<'_>, to: NodeId, heads: &Heads) {
        self.send_page(ctx, to, &heads.devices, &|_, _| true);
    }

    /// Sends what the other side lacks, and asks for what we lack unless this was the answer to that.
    pub(crate) fn on_heads(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        let me = ctx.me.node();
        self.repeat_past(ctx, from, &heads.heads);
        let (mine, _) = self.send_page(ctx, from, &heads.devices, &|_, _| true);
        let waited = self.sent_seq + 1..=mine;
        if self.graph.is_behind(&heads.devices) {
            // What is coming from somebody already is not asked for twice.
            if !heads.answer && self.expects_page().is_none() {
                self.compare(ctx, from, true);
            }
        } else {
            self.want_heads(ctx, from, heads);
        }
        if let Some(head) = heads.devices.iter().find(|head| head.node == me) {
            self.on_acked(ctx, from, head.seq);
            self.on_compared(ctx, head.seq);
        }
        self.sent_seq = self.sent_seq.max(mine);
        self.tell_states(ctx, waited);
    }

    /// Asks for heads that we do not have although all counts agree: some device lost its memory and counted
    /// anew. What they depend on follows by the same way as all that is held back.
    pub(crate) fn want_heads(&self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        let unknown: Vec<_> = heads.heads.iter().filter(|id| !self.graph.has(id)).copied().collect();
        if !unknown.is_empty() {
            ctx.count("comparison_wanted_heads");
            ctx.post(
                from,
                Frame::Want(Want { conversation: self.id, ids: List::first(unknown), deep: false }),
            );
        }
    }

    /// Tells `to` how far we are.
    pub(crate) fn compare(&self, ctx: &mut Ctx<'_>, to: NodeId, answer: bool) {
        let devices: List<DeviceHead, DEVICES_MAX> = List::first(self.graph.device_heads());
        let heads = List::first(self.graph.heads());
        ctx.post(to, Frame::Heads(Heads { conversation: self.id, devices, answer, heads, more: false }));
    }

    /// Takes note of the other side's heads, and compares if they have differed for a while.
    pub(crate) fn on_digest(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: HeadsDigest) {
        if heads == self.graph.digest() {
            if self.has(&from) {
                self.on_compared(ctx, self.graph.last_seq(&ctx.me.node()));
            }
            return;
        }
        let is_quiet = ctx.now.since(self.changed) >= QUIET && self.expects_page().is_none();
        if is_quiet {
            ctx.count("comparison_begun");
            self.compare(ctx, from, false);
        }
    }

    /// A hash over our heads.
    pub(crate) fn digest(&self) -> HeadsDigest {
        self.graph.digest()
    }
}
