//! What the overlay has to do with the rest of the node: links for what it sends, and whom its parcels are for.

use super::{Node, ctx};
use crate::ctx::{Ctx, Routed};
use crate::identity::NodeId;
use crate::link::introduction::{Carrier, Introductions};
use crate::overlay::Parcel;
use crate::wire::Frame;

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
        let mut ctx = ctx!(self);
        let links = &mut self.links;
        let carrier = parcel.back.map_or(Carrier::Overlay, Carrier::Back);
        match parcel.load {
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
