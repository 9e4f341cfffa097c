//! A node of which only the overlay is there, and the directory if somebody wants it: for worlds of a hundred thousand and more
//! in one process.
//!
//! It is the overlay as it is; what is left out are links. Whatever it posts can be delivered, and its world decides how long that
//! takes and what gets lost. In the directory its user has an identity of their own, whose node is nowhere in the ring: whoever
//! asks for it is told so by the closest, which takes as long as an answer of its own would.

use super::contact::Contact;
use super::ring::Key;
use super::{Overlay, Parcel, WayBack};
use crate::ctx::{Ctx, Mail, Out};
use crate::directory::code::Code;
use crate::directory::words::Words;
use crate::directory::{Directory, Vicinity};
use crate::identity::{AccountId, Identity, Name, NodeId};
use crate::io::{Event, Output, SearchId};
use crate::preferences::Preferences;
use crate::rng::Rng;
use crate::table::Set;
use crate::time::Instant;
use crate::wire::bounded::List;
use crate::wire::{Frame, Ping, Pong, RouteId, Unreachable};
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

    /// The same for a user of their own.
    fn ctx_of<'c>(&'c mut self, now: Instant, me: &'c Identity) -> Ctx<'c> {
        let Self { rng, wants, out, .. } = self;
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

    /// The next that the last step tells the user.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Output::Event(event) = self.out.outputs.pop_front()? {
                return Some(event);
            }
        }
    }

    /// What was counted, by name.
    pub fn stats(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.out.stats.iter().map(|(name, count)| (*name, *count))
    }
}

/// A node.
pub struct Bare {
    overlay: Overlay,
    user: Option<Box<User>>,
}

/// Whoever takes part in the directory.
struct User {
    me: Identity,
    directory: Directory,
}

impl Bare {
    /// A node that knows nobody.
    pub fn new(me: Arc<Contact>, now: Instant) -> Self {
        let mut overlay = Overlay::new(me.node, now);
        overlay.me = me;
        overlay.linked = None;
        Self { overlay, user: None }
    }

    /// Takes part in the directory from now on: keeps the records of others and may publish one of its own.
    pub fn take_part(&mut self, common: &mut Common, now: Instant, me: Identity, code: Code) {
        let mut directory = Directory::new(code);
        // Whom it has around itself already.
        directory.on_neighbours(&mut common.ctx(now));
        self.user = Some(Box::new(User { me, directory }));
    }

    /// Who is listed.
    pub fn account(&self) -> Option<AccountId> {
        self.user.as_ref().map(|user| user.me.account())
    }

    /// Lists its user under these words.
    pub fn publish(&mut self, common: &mut Common, now: Instant, words: Words) {
        if let Some(user) = &mut self.user {
            user.directory.list(&mut common.ctx_of(now, &user.me), words);
        }
        self.exchange(common, now);
    }

    /// Looks for people. What comes of it is an [`Event::Found`].
    pub fn search(
        &mut self,
        common: &mut Common,
        now: Instant,
        words: Words,
        limit: usize,
    ) -> Option<SearchId> {
        let user = self.user.as_mut()?;
        let id = user.directory.search(&mut common.ctx_of(now, &user.me), words, limit);
        self.exchange(common, now);
        Some(id)
    }

    /// How many records it keeps for others.
    pub fn kept(&self) -> usize {
        self.user.as_ref().map_or(0, |user| user.directory.kept())
    }

    /// Routes what the directory has to say, and hands it what has arrived, until there is nothing of either.
    fn exchange(&mut self, common: &mut Common, now: Instant) {
        let Self { overlay, user: Some(user) } = self else { return };
        loop {
            let mut ctx = common.ctx_of(now, &user.me);
            if let Some(routed) = ctx.out.routed.pop_front() {
                overlay.carry(&mut ctx, routed);
                continue;
            }
            let Some(parcel) = ctx.out.parcels.pop_front() else { return };
            let Parcel { key, id, load, back } = parcel;
            let rest = match &back {
                Some(way) => user.directory.on_delivered(&mut ctx, &Vicinity::of(overlay), (key, way), load),
                None => user.directory.on_answer(&mut ctx, id, load),
            };
            match (rest, back) {
                (None, _) => {}
                (Some(Frame::Lookup(lookup)), Some(way)) => {
                    let load = Frame::Unreachable(Unreachable { node: lookup.node });
                    overlay.answer(&mut ctx, &way, load);
                }
                // Something that the world has sent.
                (Some(load), back) => {
                    ctx.out.parcels.push_front(Parcel { key, id, load, back });
                    return;
                }
            }
        }
    }

    pub(super) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Its id.
    pub fn node(&self) -> NodeId {
        self.overlay.node()
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
        self.overlay.linked = Some(Box::new(linked));
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
            Frame::Keep(keep) => {
                if let Some(user) = &mut self.user {
                    user.directory.on_keep(&mut ctx, &Vicinity::of(&self.overlay), from, keep);
                }
            }
            frame => self.overlay.on_frame(&mut ctx, from, frame),
        }
        self.run_directory(common, now);
    }

    /// Does what is due.
    pub fn on_timeout(&mut self, common: &mut Common, now: Instant) {
        self.overlay.on_timeout(&mut common.ctx(now));
        self.run_directory(common, now);
    }

    /// Does what is due in the directory, and tells it when other nodes have become neighbours.
    fn run_directory(&mut self, common: &mut Common, now: Instant) {
        let Self { overlay, user: Some(user) } = self else { return };
        let mut ctx = common.ctx_of(now, &user.me);
        if overlay.has_other_neighbours() {
            user.directory.on_neighbours(&mut ctx);
        }
        user.directory.on_timeout(&mut ctx, || Vicinity::of(overlay));
        self.exchange(common, now);
    }

    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let directory = self.user.as_ref().and_then(|user| user.directory.poll_timeout());
        self.overlay.poll_timeout().into_iter().chain(directory).map(|(at, _)| at).min()
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
