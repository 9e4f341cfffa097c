//! Failure: who is suspected, how that is settled, and how what they leave behind is filled.

use super::{LOST_MAX, Overlay};
use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::leaf_set::Side;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Frame, Leaves};
use std::sync::Arc;

/// How long a sign of life may take.
const PROBE: Duration = Duration::from_secs(1);
/// How often it is asked for. With one packet in twenty lost each way, one living node in a thousand is silent so long.
const PROBES: u8 = 3;
/// Nodes that may be asked for a sign of life at once; half of a leaf set may go at the same time.
const PROBES_MAX: usize = 32;
/// How long nobody is believed that a node is there which was found gone: until those who say so have found it gone, too.
const GONE_FOR: Duration = Duration::from_secs(90);
/// Nodes that are remembered as gone.
const GONE_MAX: usize = 64;
/// How long after a loss it is looked who is to take the place: by then a neighbour has probably named somebody.
const MEND_AFTER: Duration = Duration::from_secs(5);

/// A question for a sign of life.
pub(super) struct Probe {
    tries: u8,
    pub(super) due: Instant,
    /// Whom somebody has named to take the place, should the node be gone.
    spare: Option<Arc<Contact>>,
}

impl Overlay {
    /// Whether a node was asked for a sign of life and has given none so far.
    pub(super) fn is_suspect(&self, node: &NodeId) -> bool {
        !self.probes.is_empty() && self.probes.get(node).is_some_and(|probe| probe.tries > 1)
    }

    /// Asks a node for a sign of life, as a matter of routine.
    pub(super) fn watch(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.ask(ctx, node, 1, None);
    }

    /// Asks a node for a sign of life, and takes another way than through it meanwhile.
    pub(super) fn suspect(&mut self, ctx: &mut Ctx<'_>, node: NodeId, spare: Option<Arc<Contact>>) {
        self.ask(ctx, node, 2, spare);
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, node: NodeId, tries: u8, spare: Option<Arc<Contact>>) {
        if let Some(probe) = self.probes.get_mut(&node) {
            probe.tries = probe.tries.max(tries);
            probe.spare = probe.spare.take().or(spare);
            return;
        }
        if self.probes.len() >= PROBES_MAX {
            ctx.count("overlay_probes_full");
            return;
        }
        let patience = if self.is_linked(&node) { PROBE } else { PROBE.times(5) };
        self.probes.insert(node, Probe { tries, due: ctx.now + patience, spare });
        ctx.probe(node);
    }

    pub(super) fn on_probes_due(&mut self, ctx: &mut Ctx<'_>) {
        let is_due = |entry: &(&NodeId, &Probe)| entry.1.due <= ctx.now;
        let due: Vec<_> = self.probes.iter().filter(is_due).map(|(node, _)| *node).collect();
        for node in due {
            let Some(probe) = self.probes.get_mut(&node) else { continue };
            if probe.tries > PROBES {
                let spare = probe.spare.take();
                self.on_gone(ctx, node, spare);
            } else {
                probe.tries += 1;
                probe.due = ctx.now + PROBE;
                ctx.probe(node);
            }
        }
    }

    /// Takes note that a link to a node could not be opened.
    pub(crate) fn on_undeliverable(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.on_gone(ctx, node, None);
    }

    /// Takes note that a node is gone.
    pub(super) fn on_gone(&mut self, ctx: &mut Ctx<'_>, node: NodeId, spare: Option<Arc<Contact>>) {
        self.probes.remove(&node);
        self.greetings.remove(&node);
        let is_watched = self.leaves.neighbour(Side::Clockwise).is_some_and(|leaf| leaf.node == node);
        if let Some(contact) = self.contact(&node).cloned() {
            ctx.count("overlay_gone");
            self.note_lost(contact);
        }
        self.note_gone(ctx.now, node);
        let was_leaf = self.leaves.remove(&node);
        self.has_others |= was_leaf;
        if let Some(row) = self.rows.remove(&node) {
            self.holes |= 1 << row;
        }
        if was_leaf && is_watched {
            self.announce(ctx, node);
        }
        if let Some(spare) = spare {
            self.consider(ctx, &spare);
        }
        if self.holes != 0 || was_leaf {
            self.mend_at.get_or_insert(ctx.now + MEND_AFTER);
        }
        self.reroute(ctx, &node);
        self.settle(ctx);
    }

    fn note_lost(&mut self, contact: Arc<Contact>) {
        if self.lost.len() >= LOST_MAX {
            self.lost.remove(0);
        }
        self.lost.push(contact);
    }

    pub(super) fn note_gone(&mut self, now: Instant, node: NodeId) {
        self.gone.retain(|_, until| *until > now);
        if self.gone.len() < GONE_MAX {
            self.gone.insert(node, now + GONE_FOR);
        }
    }

    /// Tells the leaf set that its member is gone whose nearest neighbour we are, and each whom it may take in instead: the
    /// farthest of whom we know on that side.
    fn announce(&self, ctx: &mut Ctx<'_>, gone: NodeId) {
        for leaf in self.leaves.members() {
            let side = Side::towards(leaf.node.place(), gone.place());
            let spare = self.leaves.side_of(&self.me, &leaf.node, side).pop();
            let spare = spare.filter(|spare| spare.node != self.me.node);
            ctx.post(
                leaf.node,
                Frame::Leaves(Leaves {
                    sender: self.me.clone(),
                    knows: List::default(),
                    leaves: List::first(spare),
                    gone: List::first([gone]),
                    asks: false,
                }),
            );
        }
    }

    /// Looks for those who take the places that have become empty.
    pub(super) fn mend(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(farthest) = self.leaves.lacking().cloned() {
            self.greet(ctx, &farthest);
        }
        let holes = std::mem::take(&mut self.holes);
        for row in (0..self.rows.depth()).filter(|row| holes & 1 << row != 0) {
            // Somebody of the same row has the same row; who shares more has it, too.
            let deeper = (row..self.rows.depth()).find(|row| !self.rows.row(*row).is_empty());
            if let Some(whose) = deeper {
                self.ask_row(ctx, whose, row);
            }
        }
    }
}
