//! Read marks: how far the person has come, and whom that is told.

use super::Conversation;
use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::table::Set;
use crate::wire::bounded::List;
use crate::wire::{Delivered, Frame};

impl Conversation {
    /// Notes that the person has seen everything, and tells the authors if the person wants that. What was read
    /// before the person wanted it is not told by itself.
    pub(crate) fn mark_read(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) {
        if self.unread == 0 {
            return;
        }
        let before = self.shared.clone();
        if ctx.wants.switches.share_read {
            self.shared = List::first(self.graph.device_heads());
        }
        self.note_read(ctx);
        let is_news =
            |node: &NodeId| self.shared.iter().any(|head| head.node == *node && !before.contains(head));
        let authors = self.list().iter().map(|one| one.node).filter(|node| linked.contains_key(node));
        authors.filter(is_news).for_each(|author| self.share_read(ctx, author));
    }

    /// Tells an author how far its messages were read, if the person wants that.
    pub(crate) fn share_read(&self, ctx: &mut Ctx<'_>, author: NodeId) {
        let read = self.shared.iter().find(|head| head.node == author).map(|head| head.seq);
        let is_blocked =
            self.graph.person(&author).is_some_and(|one| ctx.wants.blocks(&one.certificate.account));
        if read.is_some() && !is_blocked && ctx.wants.switches.share_read {
            let seq = self.graph.last_seq(&author);
            ctx.post(author, Frame::Delivered(Delivered { conversation: self.id, seq, read }));
        }
    }
}
