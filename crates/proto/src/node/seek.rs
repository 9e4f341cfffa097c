//! Becoming part of the network by oneself: whom to dial when nobody is linked whom others could come by.

use super::{Node, ctx};
use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::link::introduction::Invited;
use crate::link::pursuit::Way;
use crate::overlay::Overlay;
use crate::wire::{Frame, RouteId};

impl Node {
    /// Takes note of a node that the local network tells of.
    pub(super) fn meet(&mut self, node: NodeId, endpoint: Endpoint) {
        if node != self.identity.node() && !self.links.is_linked(&node) {
            let is_in = self.overlay.as_ref().is_some_and(Overlay::is_in);
            let mut ctx = ctx!(self);
            self.seeking.meet(&mut ctx, node, endpoint);
            if is_in && self.config.seeks {
                self.seeking.ask_for(&mut ctx, node);
            }
        }
    }

    /// Takes the overlay's word on a node that was met: one whom it does not know is dialled, however many links there are. Says
    /// whether it was such a word.
    pub(super) fn on_sought(&mut self, id: RouteId, load: &Frame) -> bool {
        let Some((target, endpoint)) = self.seeking.on_answer(id, load) else { return false };
        let mut ctx = ctx!(self);
        ctx.count("link_sought");
        let opening = (&mut self.links, &mut self.introductions);
        self.pursuits.begin(&mut ctx, opening, target, vec![Way::Dial(endpoint)], (None, Invited::default()));
        true
    }

    /// Dials whoever was met and whoever is remembered while there are too few links, a few at once.
    pub(super) fn seek(&mut self) {
        if !self.config.seeks || !self.seeking.is_due(self.now, self.links.count()) {
            return;
        }
        let (links, reach) = (&self.links, &self.reach);
        self.seeking.retain(|node| reach.endpoint(node).is_some());
        let fellows = self.groups.fellows(self.identity.node());
        // Who is wanted anyway is tried at other times.
        let is_free = |node: &NodeId| {
            let is_wanted = reach.keeps(node) || fellows.contains_key(node);
            let is_tried = links.is_coming(node) || self.pursuits.is_underway(node);
            !is_wanted && !is_tried && !links.is_linked(node)
        };
        let remembered = reach.nodes().filter(|node| self.seeking.endpoint(node).is_none());
        let candidates: Vec<_> = self.seeking.met().chain(remembered).filter(is_free).collect();
        let pursuits = &self.pursuits;
        for target in self.seeking.round(self.now, &candidates, |node| pursuits.is_underway(node)) {
            let met = self.seeking.endpoint(&target);
            let remembered = self.reach.endpoint(&target).filter(|known| met != Some(*known));
            // Where it says it is now, and, as anybody can say so, where it proved to be.
            let ways: Vec<_> = met.into_iter().chain(remembered).cloned().map(Way::Dial).collect();
            let mut ctx = ctx!(self);
            ctx.count("link_sought");
            let opening = (&mut self.links, &mut self.introductions);
            self.pursuits.begin(&mut ctx, opening, target, ways, (None, Invited::default()));
        }
    }
}
