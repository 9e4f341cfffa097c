//! Leaf sets are compared: newcomers make themselves known, and neighbours tell each other whom they may lack.

use super::Overlay;
use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::leaf_set::{Side, prefix};
use crate::overlay::ring::SIDE_MAX;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Frame, Leaves};
use std::sync::Arc;

/// How long the answer to a greeting may take.
const GREETING: Duration = Duration::from_secs(2);
/// How often somebody is greeted who does not answer.
const GREETINGS: u8 = 3;
/// Nodes that may be greeted at once: two leaf sets, of two rings that meet, and as many who are gone and not known to be. Whoever is
/// not greeted for want of room is a hole in the leaf set.
const GREETINGS_MAX: usize = 64;
/// How many members of ours a node must know, to be believed that it is a neighbour although it is beyond our reach.
const OVERLAP_MIN: usize = SIDE_MAX / 2;

/// A node that was greeted and has not answered.
pub(super) struct Greeting {
    pub(super) contact: Arc<Contact>,
    /// On which side it is, where a member has named it.
    beyond: Option<Side>,
    tries: u8,
    pub(super) due: Instant,
}

impl Overlay {
    /// Greets a node of whom `by` has told, if it may belong in the leaf set; else it may have a place in the table.
    pub(super) fn consider(&mut self, ctx: &mut Ctx<'_>, contact: &Arc<Contact>, by: Option<&NodeId>) {
        let node = &contact.node;
        if *node == self.me.node || self.unrest.gone.contains_key(node) {
            return;
        }
        let has_place =
            |beyond: Option<Side>| self.leaves.has_place_for(node, &self.unrest.greetings.keys(), beyond);
        // Of those who may be gone a member on the other side is not believed: they would keep places from the living.
        let is_there = || self.linked.as_ref().is_some_and(|linked| linked.contains_key(node));
        let beyond = by.and_then(|by| self.leaves.side_beyond(by, node));
        let beyond = beyond.filter(|_| !(is_there() && has_place(None)));
        if !self.leaves.contains(node) && has_place(beyond) {
            self.greet(ctx, contact, beyond);
        }
        self.learn(contact);
    }

    /// Makes ourselves known to a node and asks it whom we may lack.
    pub(super) fn greet(&mut self, ctx: &mut Ctx<'_>, contact: &Arc<Contact>, beyond: Option<Side>) {
        if self.unrest.greetings.contains_key(&contact.node) {
            return;
        }
        if self.unrest.greetings.len() >= GREETINGS_MAX {
            ctx.count("overlay_greetings_full");
            return;
        }
        let due = ctx.now + self.greeting_time(&contact.node);
        let greeting = Greeting { contact: contact.clone(), beyond, tries: 1, due };
        self.unrest.greetings.insert(contact.node, greeting);
        self.send_greeting(ctx, contact.node);
    }

    fn greeting_time(&self, node: &NodeId) -> Duration {
        if self.is_linked(node) { GREETING } else { GREETING.times(3) }
    }

    fn send_greeting(&self, ctx: &mut Ctx<'_>, to: NodeId) {
        let members = self.leaves.members().map(|leaf| prefix(&leaf.node));
        let greeted = self.unrest.greetings.keys().map(prefix);
        let greeting = Leaves {
            sender: self.me.clone(),
            knows: List::first(members.chain(greeted)),
            leaves: List::default(),
            gone: List::default(),
            asks: true,
        };
        ctx.post(to, Frame::Leaves(greeting));
    }

    pub(super) fn on_leaves(&mut self, ctx: &mut Ctx<'_>, from: NodeId, leaves: &Leaves) {
        if leaves.sender.node != from {
            ctx.count("overlay_sender_false");
            return;
        }
        if leaves.gone.contains(&from) {
            // It has said goodbye to its leaf set by itself.
            self.on_heard(from);
            self.forget(ctx, from, leaves.leaves.first().cloned());
            return;
        }
        self.unrest.is_back(&from);
        self.leaves.on_size(leaves.knows.iter().copied().chain([prefix(&from)]));
        let greeting = self.unrest.answered(&from);
        let beyond = greeting.as_ref().and_then(|greeting| greeting.beyond);
        let is_near = greeting.is_some() && self.leaves.has_place_for(&from, &[].iter(), beyond)
            || self.leaves.overlap(&leaves.knows) >= OVERLAP_MIN;
        if is_near || self.leaves.reaches(&from) {
            let is_new = self.leaves.insert(&leaves.sender, beyond);
            self.leaves.has_others |= is_new;
        }
        self.rows.offer(&leaves.sender, None);
        for gone in leaves.gone.iter() {
            if *gone == self.me.node {
                // The other takes us for gone.
                self.greet(ctx, &leaves.sender, None);
            } else if self.leaves.contains(gone) {
                // Nobody is believed about somebody else.
                self.verify(ctx, *gone, leaves.leaves.first().cloned());
            } else if let Some(spare) = leaves.leaves.first() {
                self.consider(ctx, spare, Some(&from));
            }
        }
        if leaves.gone.is_empty() {
            for contact in leaves.leaves.iter() {
                self.consider(ctx, contact, Some(&from));
            }
        }
        if leaves.gone.is_empty() {
            self.leaves.on_same(&leaves.knows);
        }
        if leaves.asks {
            self.unrest.has_place(&from);
            self.answer_greeting(ctx, from, &leaves.knows);
        }
        self.settle(ctx);
    }

    /// Tells a node whom it may lack by all we know of its part of the ring.
    fn answer_greeting(&self, ctx: &mut Ctx<'_>, to: NodeId, knows: &[u32]) {
        let [clockwise, counter] = Side::BOTH.map(|side| self.leaves.side_of(&self.me, &to, side));
        let mut lacking: Vec<Arc<Contact>> = Vec::new();
        for leaf in clockwise.into_iter().chain(counter) {
            let is_known = leaf.node == self.me.node || knows.contains(&prefix(&leaf.node));
            if !is_known && !lacking.contains(&leaf) && !self.is_suspect(&leaf.node) {
                lacking.push(leaf);
            }
        }
        let members = self.leaves.members().map(|leaf| prefix(&leaf.node));
        let answer = Leaves {
            sender: self.me.clone(),
            knows: List::first(members),
            leaves: List::first(lacking),
            gone: List::default(),
            asks: false,
        };
        ctx.post(to, Frame::Leaves(answer));
    }

    pub(super) fn on_greetings_due(&mut self, ctx: &mut Ctx<'_>) {
        let is_due = |entry: &(&NodeId, &Greeting)| entry.1.due <= ctx.now;
        let due: Vec<_> = self.unrest.greetings.iter().filter(is_due).map(|(node, _)| *node).collect();
        for node in due {
            let Some(greeting) = self.unrest.greetings.get_mut(&node) else { continue };
            if greeting.tries >= GREETINGS {
                self.on_unanswered(ctx, node);
                continue;
            }
            greeting.tries += 1;
            greeting.due = ctx.now + GREETING;
            self.send_greeting(ctx, node);
        }
    }

    /// A member of the leaf set may have been unlucky, and is asked for a sign of life; of anybody else nothing speaks for being there.
    fn on_unanswered(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.unrest.greetings.remove(&node);
        if self.leaves.contains(&node) {
            self.suspect(ctx, node);
            self.settle(ctx);
        } else {
            self.on_gone(ctx, node);
        }
    }

    /// Asks a member of the leaf set whom we may lack: what got lost on the way is made up for, and two rings that have come
    /// to touch grow together.
    pub(super) fn compare(&mut self, ctx: &mut Ctx<'_>) {
        let count = self.leaves.members().count();
        if count > 0 {
            let pick = ctx.rng.index(count);
            let leaf = self.leaves.members().nth(pick).cloned();
            if let Some(leaf) = leaf {
                self.greet(ctx, &leaf, None);
            }
        } else if let Some(via) = self.someone(ctx) {
            self.ask_for_place(ctx, via);
        }
    }

    /// Says goodbye to the leaf set: the node is about to go.
    pub(crate) fn leave(&self, ctx: &mut Ctx<'_>) {
        self.announce(ctx, self.me.node);
    }
}
