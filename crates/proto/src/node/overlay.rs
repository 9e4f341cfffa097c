//! What the overlay has to do with the rest of the node: links for what it sends, and whom its parcels are for.

use super::{Node, ctx};
use crate::ctx::{Ctx, Routed};
use crate::directory::Vicinity;
use crate::directory::words::Words;
use crate::identity::NodeId;
use crate::io::{Refusal, Reply};
use crate::link::introduction::{Carrier, Introductions};
use crate::overlay::{Overlay, Parcel};
use crate::wire::{Frame, Keep};

impl Node {
    /// Sends through the overlay what concepts have given it, and hands out what it has delivered; says whether there was any.
    pub(super) fn route_through_overlay(&mut self) -> bool {
        let Some(overlay) = &mut self.overlay else { return false };
        if let Some(routed) = self.out.routed.pop_front() {
            let mut ctx = ctx!(self);
            match routed {
                Routed::To { key, id, load } => overlay.send(&mut ctx, key, id, *load),
                Routed::Back { way, load } => overlay.answer(&mut ctx, &way, *load),
            }
            return true;
        }
        let parcel = self.out.parcels.pop_front();
        let has_one = parcel.is_some();
        if let Some(parcel) = parcel {
            self.on_parcel(parcel);
        }
        has_one
    }

    fn on_parcel(&mut self, parcel: Parcel) {
        let vicinity = self.vicinity();
        let mut ctx = ctx!(self);
        let links = &mut self.links;
        let Parcel { key, id, load, back } = parcel;
        let load = match &back {
            Some(way) => self.directory.on_delivered(&mut ctx, &vicinity, (key, way), load),
            None => self.directory.on_answer(&mut ctx, id, load),
        };
        let Some(load) = load else { return };
        let carrier = back.map_or(Carrier::Overlay, Carrier::Back);
        match load {
            Frame::Lookup(lookup) => Introductions::on_lookup(&mut ctx, links, &carrier, &lookup),
            Frame::Contact(contact) => self.introductions.on_contact(&mut ctx, links, &carrier, &contact),
            Frame::Unreachable(lost) => self.introductions.on_unreachable(&mut ctx, links, &carrier, &lost),
            // Whoever is in the overlay is a possible neighbour there, and links to those.
            Frame::Signal(signal) => {
                self.introductions.on_signal(&mut ctx, links, (carrier, signal), |_| true)
            }
            _ => ctx.count("overlay_parcel_out_of_place"),
        }
    }

    /// This node and its neighbours.
    fn vicinity(&self) -> Vicinity {
        let leaves = self.overlay.iter().flat_map(Overlay::leaves).map(|leaf| leaf.node);
        Vicinity::new(self.identity.node(), leaves.collect())
    }

    /// Takes records that a neighbour wants kept.
    pub(super) fn on_keep(&mut self, from: NodeId, keep: Keep) {
        let vicinity = self.vicinity();
        self.directory.on_keep(&mut ctx!(self), &vicinity, from, keep);
    }

    /// Does what is due in the directory, and tells it when other nodes have become neighbours.
    pub(super) fn run_directory(&mut self) {
        let Some(overlay) = &mut self.overlay else { return };
        let mut ctx = ctx!(self);
        if overlay.has_other_neighbours() {
            self.directory.on_neighbours(&mut ctx);
        }
        let me = self.identity.node();
        let leaves = overlay.leaves().map(|leaf| leaf.node);
        self.directory.on_timeout(&mut ctx, || Vicinity::new(me, leaves.clone().collect()));
    }

    /// Lists the user under these words.
    pub(super) fn publish(&mut self, words: Words) -> Result<Reply, Refusal> {
        self.overlay.as_ref().ok_or(Refusal::NotInNetwork)?;
        self.directory.list(&mut ctx!(self), words);
        Ok(Reply::Done)
    }

    /// Looks for people.
    pub(super) fn search_people(&mut self, words: Words, limit: usize) -> Result<Reply, Refusal> {
        /// The most people that one search yields.
        const LIMIT_MAX: usize = 100;
        self.overlay.as_ref().filter(|overlay| overlay.is_in()).ok_or(Refusal::NotInNetwork)?;
        if words.is_empty() {
            return Err(Refusal::NoWords);
        }
        Ok(Reply::Search(self.directory.search(&mut ctx!(self), words, limit.min(LIMIT_MAX))))
    }

    /// Holds mail for a node that is not linked, if the overlay knows it and it is worth a link.
    pub(super) fn hold(&mut self, to: NodeId, mail: crate::ctx::Mail) {
        let mut ctx = ctx!(self);
        match self.overlay.as_ref().and_then(|overlay| overlay.contact(&to)) {
            Some(_) => self.errands.hold(&mut ctx, to, mail),
            None => ctx.count("frame_without_link_to_send"),
        }
    }

    /// Gives up what has waited too long for a link.
    pub(super) fn expire_errands(&mut self) {
        for node in self.errands.expire(self.now) {
            self.on_undeliverable(node);
        }
    }

    /// Says goodbye to the neighbours.
    pub(super) fn leave_overlay(&mut self) {
        if let Some(overlay) = &mut self.overlay {
            overlay.leave(&mut ctx!(self));
        }
    }

    /// Takes note that no way to a node has led there.
    pub(super) fn lose_errand(&mut self, node: NodeId) {
        if self.errands.wait_for(&node) {
            self.errands.take(&node);
            self.on_undeliverable(node);
        }
    }

    fn on_undeliverable(&mut self, node: NodeId) {
        if let Some(overlay) = &mut self.overlay {
            overlay.on_undeliverable(&mut ctx!(self), node);
        }
    }
}
