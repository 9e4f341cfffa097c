//! The overlay: Pastry (Rowstron and Druschel 2001; DIMA, section 2), by which any node is reached by its id.
//!
//! Every node knows the nodes next to it on a ring of ids, its leaf set, and for each length of a common prefix one node for each
//! next digit, its routing table. A message to a key goes from node to node, each closer to the key, and is delivered by the
//! node that is closest. Members of the leaf set have spoken to each other; entries of the table are contacts of whom
//! somebody else may have told.
//!
//! The overlay posts frames to nodes, linked or not: a link is opened where there is none ([`node`](crate::node)).

#[cfg(feature = "one-process")]
pub mod bare;
pub mod contact;
mod entering;
mod failure;
mod hops;
mod leaf_set;
mod leaves;
#[cfg(feature = "one-process")]
pub mod need;
pub mod ring;
mod rows;
mod unrest;

use crate::ctx::{Ctx, Routed};
use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::io::Wake;
use crate::table::Set;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Decline, Frame, Hop, Load, PATH_MAX, Return, Route, RouteId, Row};
use contact::Contact;
use entering::Stage;
use hops::{Pending, Usual};
use leaf_set::{LeafSet, Side};
use ring::{Key, shared_digits};
use rows::Rows;
use std::sync::Arc;
use unrest::Unrest;

/// Messages that are held until this node has found its place: it cannot know yet whether it is the closest.
const HELD_MAX: usize = 32;
/// Questions of ours that may be answered: a search for a hundred people asks four hundred nodes whether they are there.
const ASKED_MAX: usize = 512;
/// How often the next node clockwise is asked for a sign of life. Each node is watched by its neighbour; others hear of its end.
const WATCH_EVERY: Duration = Duration::from_secs(30);
/// The shortest time between.
const WATCH_MIN: Duration = Duration::from_secs(5);
/// So many nodes may be found gone in a minute and a half before that is out of the ordinary: where sessions are a quarter of an hour
/// long there are three, and a tenth of all may fail at once.
const GONE_FEW: u64 = 10;
/// How often a member of the leaf set is asked whom it knows.
const COMPARE_EVERY: Duration = Duration::from_secs(60);
/// The same in a ring of some thirty and less, where each who comes or goes changes what is near for half of the others.
const COMPARE_EVERY_IN_SMALL: Duration = Duration::from_secs(8);
/// How often somebody in the routing table is asked for a row, and for our place.
const MAINTAIN_EVERY: Duration = Duration::from_secs(10 * 60);
/// Contacts that were lost and are tried again, one now and then: behind a broken network there may be the other half of the ring.
const LOST_MAX: usize = 16;

/// What the overlay has delivered here.
#[derive(Debug)]
pub struct Parcel {
    /// To which key it was sent.
    pub key: Key,
    /// Which message it is, or which message of ours it answers.
    pub id: RouteId,
    /// What it is.
    pub load: Frame,
    /// The way an answer goes; nothing when it is one itself.
    pub back: Option<WayBack>,
}

/// The way that a message came: whom its answer passes, the next one last, its origin first.
#[derive(Clone, Debug)]
pub struct WayBack {
    pub(crate) id: RouteId,
    pub(crate) path: Vec<NodeId>,
}

impl WayBack {
    /// How often the message was passed on.
    pub fn hops(&self) -> usize {
        self.path.len()
    }

    /// The nodes that it has passed, its origin first.
    pub fn path(&self) -> &[NodeId] {
        &self.path
    }
}

/// This node's part in the overlay.
pub(crate) struct Overlay {
    me: Arc<Contact>,
    leaves: LeafSet,
    rows: Rows,
    /// The nodes that can be sent something without opening a link first; nothing in a world without links, where all can.
    linked: Option<Box<Set<NodeId>>>,
    stage: Stage,
    /// Messages that were passed on and not acknowledged yet.
    pending: Vec<Pending>,
    /// Questions that may still be answered.
    asked: Vec<RouteId>,
    unrest: Unrest,
    watch_at: Instant,
    compare_at: Instant,
    maintain_at: Instant,
    usual: Usual,
}

/// Where a message goes from here.
enum Next {
    /// Nowhere: this node is the closest.
    Here,
    /// To this node; nobody else will do if it is the closest by all we know.
    There(Arc<Contact>, bool),
}

impl Overlay {
    /// A node that knows nobody.
    pub(crate) fn new(node: NodeId, now: Instant) -> Self {
        Self {
            me: Arc::new(Contact { node, endpoint: None }),
            leaves: LeafSet::new(node),
            rows: Rows::new(node),
            linked: Some(Box::default()),
            stage: Stage::Alone,
            pending: Vec::new(),
            asked: Vec::new(),
            unrest: Unrest::default(),
            watch_at: now + WATCH_EVERY,
            compare_at: now + COMPARE_EVERY,
            maintain_at: now + MAINTAIN_EVERY,
            usual: Usual::default(),
        }
    }

    /// Whose part it is.
    pub(crate) fn node(&self) -> NodeId {
        self.leaves.owner()
    }

    /// Notes where this node can be dialled.
    pub(crate) fn listen(&mut self, endpoint: Option<Endpoint>) {
        self.me = Arc::new(Contact { node: self.me.node, endpoint: endpoint.map(Box::new) });
    }

    /// Sends `load` to whoever is closest to `key`. An answer comes as a [`Parcel`] with the same id; nothing says that none will
    /// come.
    #[cfg(feature = "one-process")]
    pub(crate) fn route(&mut self, ctx: &mut Ctx<'_>, key: Key, load: Frame) -> RouteId {
        let id = RouteId(ctx.rng.bytes());
        self.send(ctx, key, id, load);
        id
    }

    /// The same, with an id that the caller has made.
    fn send(&mut self, ctx: &mut Ctx<'_>, key: Key, id: RouteId, load: Frame) {
        self.note_asked(id);
        let path = List::first([self.me.node]);
        self.forward(ctx, Route { key, id, path, load: Load(Arc::new(load)) }, None);
    }

    /// Sends what a concept has given to be routed.
    pub(crate) fn carry(&mut self, ctx: &mut Ctx<'_>, routed: Routed) {
        match routed {
            Routed::To { key, id, load, copies: 0 } => self.send(ctx, key, id, *load),
            Routed::To { key, id, load, copies } => self.send_around(ctx, key, id, *load, copies),
            Routed::Back { way, load } => self.answer(ctx, &way, *load),
        }
    }

    /// Sends copies of a message over that many first hops, chosen by chance: for one from which no answer has come.
    fn send_around(&mut self, ctx: &mut Ctx<'_>, key: Key, id: RouteId, load: Frame, copies: usize) {
        self.note_asked(id);
        let load = Load(Arc::new(load));
        let mut hops: Vec<_> = self.detours().map(|contact| contact.node).collect();
        for _ in 0..copies.min(hops.len()) {
            let pick = ctx.rng.index(hops.len());
            let path = List::first([self.me.node]);
            self.pass_on(ctx, Route { key, id, path, load: load.clone() }, hops.swap_remove(pick), false);
        }
    }

    /// Sends a copy of a message over a first hop of the caller's choice. A part of the network may be malicious; copies over distinct
    /// neighbours pass distinct nodes, and one that comes through is enough (Castro et al. 2002, section 4).
    #[cfg(feature = "one-process")]
    pub(crate) fn route_via(&mut self, ctx: &mut Ctx<'_>, key: Key, load: Frame, via: NodeId) -> RouteId {
        let id = RouteId(ctx.rng.bytes());
        self.note_asked(id);
        let path = List::first([self.me.node]);
        self.pass_on(ctx, Route { key, id, path, load: Load(Arc::new(load)) }, via, false);
        id
    }

    /// Nodes that copies of a message can go over: the leaf set and the first row, so that they are anywhere on the ring.
    pub(crate) fn detours(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.rows
            .row(0)
            .iter()
            .chain(self.leaves.members().filter(|leaf| self.rows.get(&leaf.node).is_none()))
    }

    /// Whether nodes that are said to be next to each other are about as close as those around us are. Whoever names only
    /// accomplices has to take them from far apart (Castro et al. 2002, section 4.2).
    #[cfg(feature = "one-process")]
    pub(crate) fn is_dense(&self, nodes: &[Arc<Contact>]) -> bool {
        let places: Vec<u128> = nodes.iter().map(|contact| contact.node.place()).collect();
        let ours: Vec<u128> = self.leaves.members().map(|leaf| leaf.node.place()).collect();
        let (theirs, ours) = (ring::spacing(&places), ring::spacing(&ours));
        theirs / 2 <= ours || self.leaves.is_whole()
    }

    /// Answers a message.
    pub(crate) fn answer(&mut self, ctx: &mut Ctx<'_>, back: &WayBack, load: Frame) {
        let (id, path) = (back.id, back.path.clone());
        self.send_back(ctx, Return { id, path: List::first(path), load: Load(Arc::new(load)) });
    }

    /// Takes one frame of a node that it is proven to be from.
    pub(crate) fn on_frame(&mut self, ctx: &mut Ctx<'_>, from: NodeId, frame: Frame) {
        self.on_heard(from);
        match frame {
            Frame::Route(route) => self.on_route(ctx, from, route),
            Frame::Hop(hop) => self.on_hop(ctx, from, hop),
            Frame::Return(answer) => self.on_return(ctx, answer),
            Frame::Leaves(leaves) => self.on_leaves(ctx, from, &leaves),
            Frame::Arrival(arrival) if arrival.sender.node == from => {
                self.unrest.is_back(&from);
                self.unrest.has_place(&from);
                self.rows.offer(&arrival.sender, None);
            }
            Frame::RowRequest(request) => {
                let row = self.rows.row(usize::from(request.row).min(ring::DIGITS)).iter();
                let contacts = List::first([&self.me].into_iter().chain(row).cloned());
                ctx.post(from, Frame::Row(Row { contacts }));
            }
            Frame::Row(row) => row.contacts.iter().for_each(|contact| self.learn(contact)),
            _ => ctx.count("overlay_frame_out_of_place"),
        }
        self.unrest.abate();
    }

    /// Takes note of a sign of life.
    pub(crate) fn on_heard(&mut self, node: NodeId) {
        if !self.unrest.probes.is_empty() {
            self.unrest.probes.remove(&node);
            self.unrest.abate();
        }
    }

    /// Takes note of the round-trip time of a link: of two nodes for one place in the table the nearer is kept.
    pub(crate) fn on_rtt(&mut self, node: NodeId, rtt: Duration, endpoint: Option<&Endpoint>) {
        if self.is_linked(&node) && self.rows.prefers(&node, rtt) {
            let endpoint = endpoint.cloned().map(Box::new);
            self.rows.offer(&Arc::new(Contact { node, endpoint }), Some(rtt));
        } else {
            self.rows.on_rtt(&node, rtt);
        }
    }

    /// Remembers a question, so that only what was asked is answered.
    fn note_asked(&mut self, id: RouteId) {
        if self.asked.len() >= ASKED_MAX {
            self.asked.remove(0);
        }
        self.asked.push(id);
    }

    fn on_route(&mut self, ctx: &mut Ctx<'_>, from: NodeId, route: Route) {
        let is_whole = route.path.last() == Some(&from) && route.path.len() < PATH_MAX;
        if !is_whole || route.path.contains(&self.node()) {
            ctx.count(if is_whole { "overlay_route_looped" } else { "overlay_route_misled" });
            // It was taken over all the same: the one it came from need not look for another.
            ctx.post(from, Frame::Hop(Hop { id: route.id, hint: None, declined: None }));
            return;
        }
        let Route { key, id, path, load } = route;
        let mut path = path.into_vec();
        path.push(self.node());
        let path = List::first(path);
        let load = self.collect(load, &path);
        let route = Route { key, id, path, load };
        let next = self.next_hop(&route, None);
        let declined = self.decline(&route, &next);
        self.acknowledge(ctx, from, &route, &next, declined);
        if declined.is_none() {
            self.go_on(ctx, route, next);
        }
    }

    fn may_deliver(&self, route: &Route) -> bool {
        let newcomer = match &*route.load.0 {
            Frame::Join(join) => Some(&join.sender.node),
            _ => None,
        };
        self.stage.may_deliver() || newcomer.is_some_and(|newcomer| self.is_first_of(newcomer))
    }

    /// Whether a message is for somebody else although nobody closer is known, because this node is still looking for its place: two who
    /// each held what the other asks for its place would wait for each other. Who asks at first hand may know nobody else.
    fn decline(&self, route: &Route, next: &Next) -> Option<Decline> {
        /// The origin, and we.
        const FIRST_HAND: usize = 2;
        let is_looking = matches!((next, &self.stage), (Next::Here, Stage::Joining(_)));
        (is_looking && route.path.len() > FIRST_HAND && !self.may_deliver(route)).then_some(Decline::Outside)
    }

    /// Sends a message on from here, not to `silent`, who has just not taken it.
    fn forward(&mut self, ctx: &mut Ctx<'_>, route: Route, silent: Option<NodeId>) {
        let next = self.next_hop(&route, silent);
        self.go_on(ctx, route, next);
    }

    fn go_on(&mut self, ctx: &mut Ctx<'_>, route: Route, next: Next) {
        match next {
            Next::There(contact, is_closest) => self.pass_on(ctx, route, contact.node, is_closest),
            Next::Here if self.may_deliver(&route) => self.deliver(ctx, route),
            Next::Here if self.unrest.held.len() < HELD_MAX => self.unrest.held.push(route),
            Next::Here => ctx.count("overlay_held_full"),
        }
    }

    fn is_linked(&self, node: &NodeId) -> bool {
        self.linked.as_ref().is_none_or(|linked| linked.contains_key(node))
    }

    /// Decides where a message goes (DIMA, section 2.2). Nobody who had it gets it again.
    fn next_hop(&self, route: &Route, silent: Option<NodeId>) -> Next {
        let key = route.key.place();
        let is_new = |node: &NodeId| {
            !route.path.contains(node) && silent != Some(*node) && !self.unrest.outside.contains_key(node)
        };
        if self.leaves.covers(key) {
            let closest = self.leaves.closest(key, is_new).or_else(|| self.beside(route));
            return closest.map_or(Next::Here, |leaf| Next::There(leaf.clone(), true));
        }
        let may = |contact: &&Arc<Contact>| is_new(&contact.node) && !self.is_suspect(&contact.node);
        let is_linked = |node: &NodeId| is_new(node) && self.is_linked(node);
        let mut ways = self.rows.towards(key).filter(may);
        let next = match ways.next() {
            Some(way) if self.is_linked(&way.node) => self.closer(key, way, &is_linked).or(Some(way)),
            Some(way) => {
                let spare = ways.find(|spare| self.is_linked(&spare.node));
                spare.or_else(|| self.best(key, u128::MAX, &is_linked, true)).or(Some(way))
            }
            None => self.best(key, u128::MAX, &is_new, false),
        };
        next.map_or(Next::Here, |contact| Next::There(contact.clone(), false))
    }

    /// Whoever is to be preferred to `way` because it is closer to a key that is not far from either: there it is more to be close than
    /// to share digits. The leaf set of one who is within a third of ours has the closest in it, however thin the ring is there.
    fn closer(&self, key: u128, way: &Contact, may: &dyn Fn(&NodeId) -> bool) -> Option<&Arc<Contact>> {
        let span = self.leaves.span();
        let is_near = ring::distance(key, way.node.place()) / 2 <= span;
        is_near.then(|| self.best(key, ring::share(span, 3), may, false)).flatten()
    }

    /// What is for one node, and has come to another as the closest, may be for a neighbour whom that one cannot be linked to, as
    /// some networks will have it: somebody else beside it can.
    fn beside(&self, route: &Route) -> Option<&Arc<Contact>> {
        /// Neighbours that such a message sees in all.
        const BESIDE_MAX: usize = 4;
        let to = route.load.0.addressee().filter(|to| *to != self.me.node)?;
        let seen = route.path.iter().filter(|node| self.leaves.contains(node)).count();
        let others = self.leaves.members().filter(|leaf| !route.path.contains(&leaf.node));
        let closest = others.min_by_key(|leaf| ring::closeness(to.place(), leaf.node.place()));
        closest.filter(|_| seen < BESIDE_MAX)
    }

    /// The rare case: of all whom we know that are not farther from the key than `within`, and who share as many digits with it as we do,
    /// or one more, the closest that is closer than we are.
    fn best(
        &self,
        key: u128,
        within: u128,
        may: &dyn Fn(&NodeId) -> bool,
        is_strict: bool,
    ) -> Option<&Arc<Contact>> {
        let me = self.me.node.place();
        let row = shared_digits(me, key);
        let shared = row + usize::from(is_strict);
        let mine = ring::closeness(key, me);
        let may = |contact: &Contact| {
            let place = contact.node.place();
            let is_closer = is_strict || ring::closeness(key, place) < mine;
            is_closer
                && shared_digits(place, key) >= shared
                && may(&contact.node)
                && !self.is_suspect(&contact.node)
        };
        let leaf = self.leaves.beyond(key, within, &may);
        self.rows.closest((key, row), within, leaf, &may)
    }

    fn deliver(&mut self, ctx: &mut Ctx<'_>, route: Route) {
        let mut path = route.path.into_vec();
        path.pop();
        let back = WayBack { id: route.id, path };
        match route.load.into_frame() {
            None => ctx.count("overlay_load_lost"),
            Some(Frame::Join(join)) => self.on_join(ctx, &back, join),
            Some(Frame::Later(_)) => ctx.count("overlay_kind_unknown"),
            Some(load) => {
                ctx.out.parcels.push_back(Parcel { key: route.key, id: route.id, load, back: Some(back) });
            }
        }
    }

    fn send_back(&mut self, ctx: &mut Ctx<'_>, answer: Return) {
        match answer.path.last() {
            Some(next) => ctx.post(*next, Frame::Return(answer)),
            None if !self.asked.contains(&answer.id) => ctx.count("overlay_answer_unasked"),
            None => {
                let Return { id, load, .. } = answer;
                match load.into_frame() {
                    None => ctx.count("overlay_load_lost"),
                    Some(Frame::Joined(joined)) => self.on_joined(ctx, id, &joined),
                    Some(Frame::Later(_)) => ctx.count("overlay_kind_unknown"),
                    Some(load) => {
                        ctx.out.parcels.push_back(Parcel { key: self.me.node.into(), id, load, back: None });
                    }
                }
            }
        }
    }

    fn on_return(&mut self, ctx: &mut Ctx<'_>, answer: Return) {
        let mut path = answer.path.into_vec();
        if path.pop() != Some(self.me.node) {
            ctx.count("overlay_return_misled");
            return;
        }
        self.send_back(ctx, Return { path: List::first(path), ..answer });
    }

    /// Takes a contact of whom somebody else told into the routing table, if its place is empty.
    fn learn(&mut self, contact: &Arc<Contact>) {
        if !self.unrest.gone.contains_key(&contact.node) {
            self.rows.hear(contact);
        }
    }

    /// What is known of a node.
    pub(crate) fn contact(&self, node: &NodeId) -> Option<&Arc<Contact>> {
        let greeted = || self.unrest.greetings.get(node).map(|greeting| &greeting.contact);
        self.leaves.get(node).or_else(|| self.rows.get(node)).or_else(greeted)
    }

    /// Whether the overlay needs a lasting link to a node.
    pub(crate) fn needs(&self, node: &NodeId) -> bool {
        self.leaves.contains(node)
            || self.unrest.greetings.contains_key(node)
            || self.pending.iter().any(|pending| pending.to == *node)
    }

    /// The leaf set.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Arc<Contact>> + Clone {
        self.leaves.members()
    }

    /// Whether members of the leaf set have come or gone since the last time.
    pub(crate) fn has_other_neighbours(&mut self) -> bool {
        std::mem::take(&mut self.leaves.has_others)
    }

    /// Whether this node has found its place.
    pub(crate) fn is_in(&self) -> bool {
        self.stage.may_deliver()
    }

    /// Is put into a ring that was made and not joined.
    #[cfg(feature = "one-process")]
    fn place(&mut self, ctx: &mut Ctx<'_>, leaves: &[&Arc<Contact>], others: &[&Arc<Contact>]) {
        for leaf in leaves {
            self.leaves.insert(leaf, None);
        }
        self.rows.fill(others);
        self.stage = Stage::In;
        // As if each had come at a time of its own.
        let mut any = |span: Duration| ctx.now + Duration::from_micros(ctx.rng.below(span.as_micros()));
        self.watch_at = any(WATCH_EVERY);
        self.compare_at = any(COMPARE_EVERY);
        self.maintain_at = any(MAINTAIN_EVERY);
    }

    /// What it holds on the heap.
    #[cfg(feature = "one-process")]
    fn heap_bytes(&self) -> usize {
        // Two counts stand in front of what is shared.
        let me = std::mem::size_of::<Contact>() + 2 * std::mem::size_of::<usize>();
        me + self.leaves.heap_bytes() + self.rows.heap_bytes() + self.unrest.heap_bytes()
    }

    /// Does what is due.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        self.unrest.expire(ctx.now);
        self.on_hops_due(ctx);
        self.on_probes_due(ctx);
        self.on_greetings_due(ctx);
        self.on_stage_due(ctx);
        if self.watch_at <= ctx.now {
            self.watch_at = later(ctx, self.watch_every());
            if let Some(neighbour) = self.leaves.neighbour(Side::Clockwise) {
                self.watch(ctx, neighbour.node);
            }
        }
        if self.compare_at <= ctx.now {
            let is_new = self.greet_others_met(ctx) || self.leaves.is_wide();
            let span = if is_new { COMPARE_EVERY_IN_SMALL } else { COMPARE_EVERY };
            self.compare_at = later(ctx, span);
            self.compare(ctx);
        }
        if self.maintain_at <= ctx.now {
            self.maintain_at = later(ctx, MAINTAIN_EVERY);
            self.maintain(ctx);
        }
        if self.unrest.mend_at.is_some_and(|at| at <= ctx.now) {
            self.unrest.mend_at = None;
            self.mend(ctx);
        }
        self.unrest.abate();
    }

    /// The more have been found gone lately, the more often somebody is looked after (MSPastry: Castro et al. 2004, section 4.1).
    fn watch_every(&self) -> Duration {
        let shorter = 1 + self.unrest.gone.len() as u64 / GONE_FEW;
        Duration::from_micros(WATCH_EVERY.as_micros() / shorter).max(WATCH_MIN)
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        let mut due = self.watch_at.min(self.compare_at).min(self.maintain_at);
        // After each step of a million nodes: most have nothing else.
        for pending in &self.pending {
            due = due.min(pending.due);
        }
        for other in [self.unrest.due(), self.stage.due()].into_iter().flatten() {
            due = due.min(other);
        }
        Some((due, Wake::Overlay))
    }
}

/// The next time of what is done each `span`: a little sooner or later, so that the nodes of a network take turns.
fn later(ctx: &mut Ctx<'_>, span: Duration) -> Instant {
    let micros = span.as_micros();
    ctx.now + Duration::from_micros(micros - micros / 8 + ctx.rng.below(micros / 4))
}
