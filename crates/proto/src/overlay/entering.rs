//! Entering the ring: a join along the route to one's own id, then the leaf set, then those in the table (DIMA, section 2.3).

use super::{Overlay, WayBack};
use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::io::CloseReason;
use crate::overlay::contact::{Contact, fitting};
use crate::overlay::leaf_set::prefix;
use crate::overlay::ring::{Key, shared_digits};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{
    Arrival, COLLECTED_BYTES_MAX, Frame, Join, Joined, Load, PATH_MAX, Route, RouteId, RowRequest,
};
use std::sync::Arc;

/// How long the answer to a join may take before it is asked for again.
const JOIN: Duration = Duration::from_secs(3);
/// The same once others were met meanwhile, who may know.
const MEETING: Duration = Duration::from_millis(500);
/// How often a join is tried before the node takes itself for the first of a ring: others may wait for it, too. With one packet in
/// twenty lost, an answer over four hops is lost once in five times.
const JOINS: u8 = 10;
/// How long a newcomer waits for its neighbours: those who are gone are found gone by then.
const SETTLING: Duration = Duration::from_secs(12);

/// How far a node has come.
pub(super) enum Stage {
    /// It knows nobody: it is a ring by itself.
    Alone,
    /// It has asked for its place. Boxed: it is soon over.
    Joining(Box<Joining>),
    /// It knows its neighbours, and makes itself known to them.
    Settling { until: Instant },
    /// They know it.
    In,
}

/// A question of ours for our place.
pub(super) struct Joining {
    via: NodeId,
    id: RouteId,
    due: Instant,
    tries: u8,
}

impl Stage {
    /// Whether it may say that it is the closest to a key.
    pub(super) fn may_deliver(&self) -> bool {
        matches!(self, Self::Alone | Self::In)
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Joining(joining) => Some(joining.due),
            Self::Settling { until } => Some(*until),
            Self::Alone | Self::In => None,
        }
    }
}

impl Overlay {
    /// Takes note of a link to a node, and of where that can be dialled.
    pub(crate) fn on_linked(&mut self, ctx: &mut Ctx<'_>, node: NodeId, endpoint: Option<Endpoint>) {
        if let Some(nodes) = &mut self.linked {
            nodes.insert(node, ());
        }
        self.meet(ctx, &Arc::new(Contact { node, endpoint: endpoint.map(Box::new) }));
    }

    /// Takes note that a node is linked no more. One that fell silent is asked for a sign of life, and nothing goes through it
    /// meanwhile: a message would wait for a link as long as a living node needs to open one.
    pub(crate) fn on_unlinked(&mut self, ctx: &mut Ctx<'_>, node: NodeId, reason: CloseReason) {
        if let Some(nodes) = &mut self.linked {
            nodes.remove(&node);
        }
        let is_lost = matches!(reason, CloseReason::Silent | CloseReason::Broken | CloseReason::Left);
        if self.leaves.contains(&node) {
            self.suspect(ctx, node);
        } else if is_lost && self.rows.get(&node).is_some() {
            self.verify(ctx, node, None);
        }
    }

    /// Gets to know a node that can be reached: the way into the ring for one who is not in, the way to another ring for one who is.
    pub(crate) fn meet(&mut self, ctx: &mut Ctx<'_>, contact: &Arc<Contact>) {
        self.unrest.is_back(&contact.node);
        let is_known = self.contact(&contact.node).is_some();
        match &mut self.stage {
            Stage::Alone => self.join(ctx, contact.node, 1),
            // Whoever we ask may have come at the same moment, and wait for this one.
            Stage::Joining(joining) if joining.tries == 1 => joining.due = joining.due.min(ctx.now + MEETING),
            Stage::Joining(_) => {}
            Stage::Settling { .. } | Stage::In => {
                if self.leaves.reaches(&contact.node) && !self.leaves.contains(&contact.node) {
                    self.greet(ctx, contact, None);
                }
                if !is_known {
                    self.ask_for_place(ctx, contact.node);
                }
            }
        }
        self.rows.offer(contact, None);
    }

    fn join(&mut self, ctx: &mut Ctx<'_>, via: NodeId, tries: u8) {
        // The same question each time, so that a late answer is one.
        let id = match &self.stage {
            Stage::Joining(joining) => joining.id,
            _ => RouteId(ctx.rng.bytes()),
        };
        self.send_join(ctx, id, via);
        self.stage = Stage::Joining(Box::new(Joining { via, id, due: ctx.now + JOIN, tries }));
    }

    /// Asks for our place in the ring that `via` is in.
    fn send_join(&mut self, ctx: &mut Ctx<'_>, id: RouteId, via: NodeId) {
        self.note_asked(id);
        // One who is in knows others who can take the question instead.
        let nobody_else = self.leaves.is_empty();
        let join = Join { sender: self.me.clone(), contacts: List::default() };
        let route = Route {
            key: Key::from(self.me.node),
            id,
            path: List::first([self.me.node]),
            load: Load(Arc::new(Frame::Join(join))),
        };
        self.pass_on(ctx, route, via, nobody_else);
    }

    /// Adds our part to a join that passes: the rows that the newcomer shares with us and that it has not got yet.
    pub(super) fn collect(&self, load: Load, path: &List<NodeId, PATH_MAX>) -> Load {
        let Frame::Join(Join { sender, contacts }) = &*load.0 else { return load };
        let newcomer = sender.node.place();
        let shared = shared_digits(self.me.node.place(), newcomer);
        let before = match path.len().checked_sub(2).filter(|at| *at > 0).and_then(|at| path.get(at)) {
            Some(before) => shared_digits(before.place(), newcomer) + 1,
            None => 0,
        };
        let rows = (before..=shared).flat_map(|row| self.rows.row(row));
        let all = contacts.iter().chain([&self.me]).chain(rows);
        let others = all.filter(|contact| contact.node != sender.node).cloned();
        let contacts = List::first(fitting(others, COLLECTED_BYTES_MAX));
        Load(Arc::new(Frame::Join(Join { sender: sender.clone(), contacts })))
    }

    /// Answers a newcomer that we are the closest to.
    pub(super) fn on_join(&mut self, ctx: &mut Ctx<'_>, back: &WayBack, join: Join) {
        let leaves = [&self.me].into_iter().chain(self.leaves.members());
        let leaves = List::first(leaves.filter(|leaf| leaf.node != join.sender.node).cloned());
        self.answer(ctx, back, Frame::Joined(Joined { contacts: join.contacts, leaves }));
    }

    pub(super) fn on_joined(&mut self, ctx: &mut Ctx<'_>, id: RouteId, joined: &Joined) {
        match &self.stage {
            Stage::Joining(joining) if joining.id != id => return ctx.count("overlay_joined_late"),
            Stage::Joining(_) => self.stage = Stage::Settling { until: ctx.now + SETTLING },
            _ => {}
        }
        for contact in joined.contacts.iter() {
            self.learn(contact);
        }
        self.leaves.on_size(joined.leaves.iter().map(|leaf| prefix(&leaf.node)));
        for leaf in joined.leaves.iter() {
            self.consider(ctx, leaf, None);
        }
        self.settle(ctx);
    }

    /// Is in the ring when all neighbours have answered: what was held meanwhile is delivered, and those in the table are told.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_>) {
        let Stage::Settling { until } = self.stage else { return };
        if self.unrest.greetings.is_empty() || until <= ctx.now {
            self.enter(ctx);
            // No link is opened for that: who is not linked hears of us from others, in time.
            let told = |node: &NodeId| self.is_linked(node) && !self.leaves.contains(node);
            for contact in self.rows.contacts().iter().filter(|contact| told(&contact.node)) {
                ctx.post(contact.node, Frame::Arrival(Arrival { sender: self.me.clone() }));
            }
        }
    }

    fn enter(&mut self, ctx: &mut Ctx<'_>) {
        self.stage = Stage::In;
        if self.greet_others_met(ctx) || self.leaves.is_wide() {
            // Others have come at the same moment, or nobody has answered, or few are there: the others may be found soon.
            self.compare_at = ctx.now + JOIN;
        }
        if self.leaves.lacking().is_some() {
            // Whoever has answered did not know them all, or some are gone.
            self.unrest.mend_at.get_or_insert(ctx.now + JOIN);
        }
        for route in self.unrest.release() {
            self.forward(ctx, route, None);
        }
    }

    /// Greets those who are linked and should be neighbours, and are not: they were met when neither had a place yet, and may have found
    /// theirs in another ring, that came to be at the same moment. Says whether there are any.
    pub(super) fn greet_others_met(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let linked = self.linked.iter().flat_map(|nodes| nodes.keys());
        let lacks = |node: &&NodeId| self.leaves.reaches(node) && !self.leaves.contains(node);
        let contact = |node: &NodeId| {
            let known = self.contact(node).cloned();
            known.unwrap_or_else(|| Arc::new(Contact { node: *node, endpoint: None }))
        };
        let others: Vec<_> = linked.filter(lacks).map(contact).collect();
        for other in &others {
            self.greet(ctx, other, None);
        }
        !others.is_empty()
    }

    pub(super) fn on_stage_due(&mut self, ctx: &mut Ctx<'_>) {
        match &self.stage {
            Stage::Joining(joining) if joining.due <= ctx.now => {
                let (via, tries) = (joining.via, joining.tries);
                if tries >= JOINS {
                    self.enter(ctx);
                } else {
                    let other = self.another_way(ctx, tries).unwrap_or(via);
                    self.join(ctx, other, tries + 1);
                }
            }
            Stage::Settling { until } if *until <= ctx.now => self.settle(ctx),
            _ => {}
        }
    }

    /// Takes note that the node is gone that we join through: others are asked at once.
    pub(super) fn on_way_lost(&mut self, now: Instant, node: &NodeId) {
        if let Stage::Joining(joining) = &mut self.stage
            && joining.via == *node
        {
            joining.due = now;
        }
    }

    /// Whether a join is to be answered at once although we are joining: two who join through each other would wait for each
    /// other, and the lower of them is the first of the ring.
    pub(super) fn is_first_of(&self, newcomer: &NodeId) -> bool {
        matches!(&self.stage, Stage::Joining(joining) if joining.via == *newcomer && self.me.node < *newcomer)
    }

    /// By way of whom a place is asked for again: mostly the lowest of those who are linked. Where all have come at once, and each asks the
    /// first whom it has met, some may wait for each other in a circle; where each asks the lowest, only two can, and know it.
    fn another_way(&self, ctx: &mut Ctx<'_>, tries: u8) -> Option<NodeId> {
        /// Every third time somebody else, as the lowest may be of no use.
        const SOMEONE_EVERY: u8 = 3;
        let lowest = self.linked.as_ref().and_then(|nodes| nodes.keys().next().copied());
        lowest.filter(|_| !tries.is_multiple_of(SOMEONE_EVERY)).or_else(|| self.someone(ctx))
    }

    /// Somebody in the table or among those who are linked.
    pub(super) fn someone(&self, ctx: &mut Ctx<'_>) -> Option<NodeId> {
        let linked = self.linked.iter().flat_map(|nodes| nodes.keys()).copied();
        let all: Vec<_> =
            linked.into_iter().chain(self.rows.contacts().iter().map(|contact| contact.node)).collect();
        let pick = ctx.rng.index(all.len());
        all.get(pick).copied()
    }

    /// Asks one of the nodes in `whose` row for a row: one who is linked, if any is.
    pub(super) fn ask_row(&self, ctx: &mut Ctx<'_>, whose: usize, row: usize) {
        let all = self.rows.row(whose);
        let linked: Vec<_> = all.iter().filter(|contact| self.is_linked(&contact.node)).collect();
        let pick = ctx.rng.index(linked.len());
        let other = linked.get(pick).copied().or_else(|| all.first());
        if let (Some(other), Ok(row)) = (other, u16::try_from(row)) {
            ctx.post(other.node, Frame::RowRequest(RowRequest { row }));
        }
    }

    /// Keeps the table in repair: asks somebody for a row, and somebody, perhaps one who was lost, for our place. Where two halves of
    /// a ring have lost each other, one such question brings them together.
    pub(super) fn maintain(&mut self, ctx: &mut Ctx<'_>) {
        if self.rows.depth() > 0 {
            let row = ctx.rng.index(self.rows.depth());
            self.ask_row(ctx, row, row);
        }
        let tries_lost = !self.unrest.lost.is_empty() && ctx.rng.below(2) == 0;
        let lost = tries_lost.then(|| self.unrest.lost.remove(0));
        let via = lost.map(|contact| contact.node).or_else(|| self.someone(ctx));
        if let Some(via) = via.filter(|_| self.stage.may_deliver()) {
            self.ask_for_place(ctx, via);
        }
    }

    /// Asks for our place although we have one: who answers may know somebody whom we do not.
    pub(super) fn ask_for_place(&mut self, ctx: &mut Ctx<'_>, via: NodeId) {
        let id = RouteId(ctx.rng.bytes());
        self.send_join(ctx, id, via);
    }
}
