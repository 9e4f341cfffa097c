//! A node of which only the overlay is there: for worlds of a hundred thousand and more in one process.
//!
//! It is the overlay as it is; what is left out are links. Whatever it posts can be delivered, and its world decides how long that
//! takes and what gets lost.

use super::contact::Contact;
use super::ring::Key;
use super::{Overlay, Parcel, WayBack};
use crate::ctx::{Ctx, Mail, Out};
use crate::identity::{Identity, Name, NodeId};
use crate::preferences::Preferences;
use crate::rng::Rng;
use crate::table::Set;
use crate::time::Instant;
use crate::wire::bounded::List;
use crate::wire::{Frame, Ping, Pong, RouteId};
use std::sync::Arc;

/// What the nodes of a world share: chance, and where a step puts what follows from it.
pub struct Common {
    rng: Rng,
    me: Identity,
    wants: Preferences,
    out: Out,
}

impl Common {
    /// Chance from `seed`.
    pub fn new(seed: [u8; 32]) -> Self {
        let mut rng = Rng::new(seed);
        let me = Identity::generate(&mut rng, &Name::default(), 1);
        Self { rng, me, wants: Preferences::default(), out: Out::default() }
    }

    fn ctx(&mut self, now: Instant) -> Ctx<'_> {
        let Self { rng, me, wants, out } = self;
        Ctx { now, rng, me, wants, resident_max: 0, out }
    }

    /// The next frame that the last step sends, and to whom.
    pub fn poll_mail(&mut self) -> Option<(NodeId, Box<Frame>)> {
        let (to, mail) = self.out.mail.pop_front()?;
        let frame = match mail {
            Mail::Frame(frame) => frame,
            Mail::Probe => Box::new(Frame::Ping(Ping { correlator: 0, digests: List::default() })),
            Mail::Kept { .. } => unreachable!("the overlay keeps no records"),
        };
        Some((to, frame))
    }

    /// The next message that the last step has delivered.
    pub fn poll_parcel(&mut self) -> Option<Parcel> {
        self.out.parcels.pop_front()
    }

    /// What was counted, by name.
    pub fn stats(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.out.stats.iter().map(|(name, count)| (*name, *count))
    }
}

/// A node.
pub struct Bare {
    overlay: Overlay,
}

impl Bare {
    /// A node that knows nobody.
    pub fn new(me: Arc<Contact>, now: Instant) -> Self {
        let mut overlay = Overlay::new(me.node, now);
        overlay.me = me;
        overlay.linked = None;
        Self { overlay }
    }

    /// Its contact, to be given to others.
    pub fn contact(&self) -> &Arc<Contact> {
        &self.overlay.me
    }

    /// Puts it into a ring that is made and not joined: with this leaf set, and these in its table as far as there is room.
    pub fn place(
        &mut self,
        common: &mut Common,
        now: Instant,
        leaves: &[&Arc<Contact>],
        others: &[&Arc<Contact>],
    ) {
        self.overlay.place(&mut common.ctx(now), leaves, others);
    }

    /// Enters the ring that `via` is in.
    pub fn meet(&mut self, common: &mut Common, now: Instant, via: &Arc<Contact>) {
        self.overlay.meet(&mut common.ctx(now), via);
    }

    /// Sends a message to whoever is closest to a key.
    pub fn route(&mut self, common: &mut Common, now: Instant, key: Key, load: Frame) -> RouteId {
        self.overlay.route(&mut common.ctx(now), key, load)
    }

    /// Sends a copy of a message over a first hop of the caller's choice.
    pub fn route_via(
        &mut self,
        common: &mut Common,
        now: Instant,
        key: Key,
        load: Frame,
        via: NodeId,
    ) -> RouteId {
        self.overlay.route_via(&mut common.ctx(now), key, load, via)
    }

    /// Nodes that copies of a message can go over.
    pub fn detours(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.overlay.detours()
    }

    /// Whether nodes that are said to be next to each other are about as close as those around it are.
    pub fn is_dense(&self, nodes: &[Arc<Contact>]) -> bool {
        self.overlay.is_dense(nodes)
    }

    /// Has links to its leaf set, and to no others than these.
    pub fn link_only(&mut self, others: impl IntoIterator<Item = NodeId>) {
        let leaves = self.overlay.leaves().map(|leaf| leaf.node);
        let mut linked = Set::default();
        for node in leaves.collect::<Vec<_>>().into_iter().chain(others) {
            linked.insert(node, ());
        }
        self.overlay.linked = Some(linked);
    }

    /// Whether it has a link to a node.
    pub fn is_linked(&self, node: &NodeId) -> bool {
        self.overlay.is_linked(node)
    }

    /// Answers a message.
    pub fn answer(&mut self, common: &mut Common, now: Instant, back: &WayBack, load: Frame) {
        self.overlay.answer(&mut common.ctx(now), back, load);
    }

    /// Takes a frame.
    pub fn on_frame(&mut self, common: &mut Common, now: Instant, from: NodeId, frame: Frame) {
        let mut ctx = common.ctx(now);
        match frame {
            Frame::Ping(ping) => {
                self.overlay.on_heard(from);
                ctx.post(from, Frame::Pong(Pong { correlator: ping.correlator }));
            }
            Frame::Pong(_) => self.overlay.on_heard(from),
            frame => self.overlay.on_frame(&mut ctx, from, frame),
        }
    }

    /// Does what is due.
    pub fn on_timeout(&mut self, common: &mut Common, now: Instant) {
        self.overlay.on_timeout(&mut common.ctx(now));
    }

    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.overlay.poll_timeout().map(|(at, _)| at)
    }

    /// Says goodbye.
    pub fn leave(&self, common: &mut Common, now: Instant) {
        self.overlay.leave(&mut common.ctx(now));
    }

    /// Whether it has found its place.
    pub fn is_in(&self) -> bool {
        self.overlay.is_in()
    }

    /// Its leaf set.
    pub fn leaves(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.overlay.leaves()
    }

    /// Its routing table.
    pub fn table(&self) -> &[Arc<Contact>] {
        self.overlay.rows.contacts()
    }

    /// The bytes that it takes in memory, without what it shares with others: its own contact counts here, those of others there.
    pub fn bytes(&self) -> usize {
        std::mem::size_of::<Self>() + self.overlay.heap_bytes()
    }
}
