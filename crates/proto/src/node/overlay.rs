//! What the overlay has to do with the rest of the node: links for what it sends, and whom its parcels are for.

use super::{Node, ctx};
use crate::ctx::{Ctx, Mail};
use crate::directory::words::Words;
use crate::directory::{FOUND_MAX, Vicinity};
use crate::envelope::Exchange;
use crate::identity::NodeId;
use crate::io::{Refusal, Reply};
use crate::link::handshake::Peer;
use crate::link::introduction::{Carrier, Introductions};
use crate::link::pursuit::Failure;
use crate::overlay::Parcel;
use crate::wire::{Frame, Keep, Lookup, Unreachable};

impl Node {
    /// Sends through the overlay what concepts have given it, and hands out what it has delivered; says whether there was any.
    pub(super) fn route_through_overlay(&mut self) -> bool {
        let Some(overlay) = &mut self.overlay else { return false };
        if let Some(routed) = self.out.routed.pop_front() {
            overlay.carry(&mut ctx!(self), routed);
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
        let Parcel { key, id, load, back } = parcel;
        if back.is_none() && self.on_sought(id, &load) {
            return;
        }
        let mut ctx = ctx!(self);
        let links = &mut self.links;
        let load = match &back {
            Some(way) => self.directory.on_delivered(&mut ctx, &vicinity, (key, way), load),
            None if self.envelopes.on_answer(&mut ctx, id, &load) => None,
            None => self.directory.on_answer(&mut ctx, id, load),
        };
        let Some(load) = load else { return };
        let is_answer = back.is_none();
        let carrier = back.map_or(Carrier::Overlay, Carrier::Back);
        let overlay = self.overlay.as_ref();
        let is_doubted = |node: &NodeId| overlay.is_some_and(|overlay| overlay.doubts(node));
        match load {
            // Whoever asks in the form of an answer would have us ask others.
            Frame::Lookup(_) | Frame::Sealed(_) if is_answer => ctx.count("overlay_parcel_out_of_place"),
            Frame::Signal(signal) if is_answer && signal.to != ctx.me.node() => {
                ctx.count("overlay_parcel_out_of_place");
            }
            // Its link may stay up for seconds after it died; it would be told from here as there.
            Frame::Lookup(Lookup { node }) if is_doubted(&node) => {
                carrier.carry(&mut ctx, node, Frame::Unreachable(Unreachable { node }));
            }
            Frame::Lookup(lookup) => Introductions::on_lookup(&mut ctx, links, &carrier, &lookup),
            Frame::Contact(contact) => self.introductions.on_contact(&mut ctx, links, &carrier, &contact),
            Frame::Unreachable(lost) => self.introductions.on_unreachable(&mut ctx, links, &carrier, &lost),
            // Whoever is in the overlay is a possible neighbour there, and links to those.
            Frame::Signal(signal) => {
                self.introductions.on_signal(&mut ctx, links, (carrier, signal), &|_| true);
            }
            Frame::Sealed(sealed) if sealed.to == ctx.me.node() => {
                self.envelopes.on_sealed(&mut ctx, &sealed);
            }
            Frame::Sealed(sealed) => {
                carrier.carry(&mut ctx, sealed.to, Frame::Unreachable(Unreachable { node: sealed.to }));
            }
            _ => ctx.count("overlay_parcel_out_of_place"),
        }
    }

    /// This node and its neighbours.
    fn vicinity(&self) -> Vicinity {
        let alone = || Vicinity::new(self.identity.node(), Vec::new());
        self.overlay.as_ref().map_or_else(alone, Vicinity::of)
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
        self.directory.on_timeout(&mut ctx, || Vicinity::of(overlay));
    }

    /// Lists the user under these words.
    pub(super) fn publish(&mut self, words: Words) -> Result<Reply, Refusal> {
        self.overlay.as_ref().ok_or(Refusal::NotInNetwork)?;
        self.directory.list(&mut ctx!(self), words);
        Ok(Reply::Done)
    }

    /// Looks for people.
    pub(super) fn search_people(&mut self, words: Words, limit: usize) -> Result<Reply, Refusal> {
        if !self.is_among_others() {
            return Err(Refusal::NotInNetwork);
        }
        if words.is_empty() {
            return Err(Refusal::NoWords);
        }
        Ok(Reply::Search(self.directory.search(&mut ctx!(self), words, limit.min(FOUND_MAX))))
    }

    /// Whether this node has found its place among others. Whoever knows nobody is a ring by themself, in which nobody is to be found.
    fn is_among_others(&self) -> bool {
        self.overlay.as_ref().is_some_and(|overlay| overlay.is_in() && overlay.leaves().next().is_some())
    }

    /// Takes note that no way has led to a node: if it is somebody to talk with, envelopes may get there.
    pub(super) fn on_unreachable(&mut self, Failure { target, reason }: Failure) {
        let is_asked = self.asking.asks(&target);
        let is_in = self.is_among_others();
        let certificate = self.groups.certificate(&target);
        let mut ctx = ctx!(self);
        if !(is_in
            && (is_asked || certificate.is_some())
            && self.envelopes.reach(&mut ctx, (target, reason), certificate))
        {
            self.asking.on_unreachable(&mut ctx, target, reason);
        }
        self.lose_errand(target);
    }

    /// Tells the concepts what happened to envelopes; says whether anything did.
    pub(super) fn exchange_envelopes(&mut self) -> bool {
        let Some(change) = self.envelopes.poll_change() else { return false };
        let mut ctx = ctx!(self);
        match change {
            Exchange::Up(node) => {
                ctx.count("envelope_opened");
                self.groups.on_linked(&mut ctx, node);
                self.asking.on_linked(&mut ctx, node);
            }
            Exchange::Down(node, _) if self.links.is_linked(&node) => {}
            Exchange::Down(node, reason) => {
                self.groups.on_unlinked(&mut ctx, node);
                self.asking.on_unlinked(&mut ctx, node);
                self.asking.on_unreachable(&mut ctx, node, reason);
            }
            Exchange::Frame(node, frame) => self.on_frame(node, *frame),
        }
        true
    }

    /// Who a node is that can be talked with, over a link or by envelopes.
    pub(super) fn peer(&self, node: &NodeId) -> Option<&Peer> {
        self.links.peer(node).or_else(|| self.envelopes.peer(node))
    }

    /// Whether a node can be talked with.
    pub(super) fn is_reachable(&self, node: &NodeId) -> bool {
        self.links.is_linked(node) || self.envelopes.is_up(node)
    }

    /// Sends mail to a node that is not linked: by envelope if it is talked with in that way, when there is a link if the overlay
    /// knows it.
    pub(super) fn hold(&mut self, to: NodeId, mail: Mail) {
        let mut ctx = ctx!(self);
        if self.envelopes.is_up(&to) {
            match mail {
                Mail::Frame(frame) => self.envelopes.send(&mut ctx, to, &frame),
                // What is not in memory is read by drivers, who know nothing of envelopes. It comes when there is a link, or
                // from somebody else.
                Mail::Kept { .. } => ctx.count("envelope_of_records"),
                Mail::Probe => {}
            }
            return;
        }
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
