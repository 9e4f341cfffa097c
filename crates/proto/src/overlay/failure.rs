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
/// How often it is asked for. With one packet in twenty lost each way, one living node in ten thousand is silent so long.
const PROBES: u8 = 4;
/// Nodes that may be asked for a sign of life at once; half of a leaf set may go at the same time.
const PROBES_MAX: usize = 32;
/// How long nobody is believed that a node is there which was found gone: until those who say so have found it gone, too.
const GONE_FOR: Duration = Duration::from_secs(90);
/// Nodes that are remembered as gone.
const GONE_MAX: usize = 64;
/// How long after a loss it is looked who is to take the place: by then a neighbour has probably named somebody.
const MEND_AFTER: Duration = Duration::from_secs(12);

/// A question for a sign of life.
pub(super) struct Probe {
    /// How often it will be asked again.
    left: u8,
    /// Whether something speaks for it that the node is gone: other ways are taken meanwhile.
    is_suspect: bool,
    pub(super) due: Instant,
    /// Whether its neighbour has said that it is gone, and tells all others, too.
    is_told: bool,
    /// Whom the neighbour has named to take the place.
    spare: Option<Arc<Contact>>,
}

impl Probe {
    /// One that is asked for as often as it takes to be sure.
    fn patient(due: Instant, is_suspect: bool) -> Self {
        Self { left: PROBES - 1, is_suspect, due, is_told: false, spare: None }
    }
}

impl Overlay {
    /// Whether a node was asked for a sign of life and has given none so far.
    pub(super) fn is_suspect(&self, node: &NodeId) -> bool {
        !self.unrest.probes.is_empty() && self.unrest.probes.get(node).is_some_and(|probe| probe.is_suspect)
    }

    /// Whether something speaks for it that a node is gone, also when a link to it is still up.
    pub(crate) fn doubts(&self, node: &NodeId) -> bool {
        self.is_suspect(node) || self.unrest.gone.contains_key(node)
    }

    /// Asks a node for a sign of life, as a matter of routine.
    pub(super) fn watch(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.ask(ctx, node, Probe::patient(ctx.now, false));
    }

    /// Asks a node for a sign of life, and takes another way than through it meanwhile.
    pub(super) fn suspect(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.ask(ctx, node, Probe::patient(ctx.now, true));
    }

    /// Asks a node for a sign of life, once, because its neighbour has found it gone.
    pub(super) fn verify(&mut self, ctx: &mut Ctx<'_>, node: NodeId, spare: Option<Arc<Contact>>) {
        self.ask(ctx, node, Probe { left: 0, is_suspect: true, due: ctx.now, is_told: true, spare });
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, node: NodeId, probe: Probe) {
        if let Some(known) = self.unrest.probes.get_mut(&node) {
            known.left = known.left.min(probe.left);
            known.is_suspect |= probe.is_suspect;
            known.is_told |= probe.is_told;
            known.spare = known.spare.take().or(probe.spare);
            return;
        }
        if self.unrest.probes.len() >= PROBES_MAX {
            ctx.count("overlay_probes_full");
            return;
        }
        let patience = if self.is_linked(&node) { PROBE } else { PROBE.times(5) };
        self.unrest.probes.insert(node, Probe { due: ctx.now + patience, ..probe });
        ctx.probe(node);
    }

    pub(super) fn on_probes_due(&mut self, ctx: &mut Ctx<'_>) {
        let is_due = |entry: &(&NodeId, &Probe)| entry.1.due <= ctx.now;
        let due: Vec<_> = self.unrest.probes.iter().filter(is_due).map(|(node, _)| *node).collect();
        for node in due {
            let Some(probe) = self.unrest.probes.get_mut(&node) else { continue };
            if probe.left == 0 && probe.is_told {
                let spare = probe.spare.take();
                self.on_heard(node);
                self.forget(ctx, node, spare);
            } else if probe.left == 0 {
                self.on_gone(ctx, node);
            } else {
                (probe.left, probe.is_suspect) = (probe.left - 1, true);
                probe.due = ctx.now + PROBE;
                ctx.probe(node);
            }
        }
    }

    /// Takes note that a link to a node could not be opened.
    pub(crate) fn on_undeliverable(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.on_gone(ctx, node);
    }

    /// Takes note that a node is gone.
    pub(super) fn on_gone(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        self.on_heard(node);
        self.unrest.greetings.remove(&node);
        let is_watched = self.leaves.neighbour(Side::Clockwise).is_some_and(|leaf| leaf.node == node);
        if self.leaves.contains(&node) {
            // The last word is to the node itself: should it be there after all, it objects.
            self.say_gone(ctx, node, node, None);
        }
        if let Some(contact) = self.contact(&node).cloned() {
            self.note_lost(contact);
        }
        self.forget(ctx, node, None);
        self.on_way_lost(ctx.now, &node);
        if is_watched {
            self.announce(ctx, node);
        }
    }

    /// Lets go of a node that is gone, for whom `spare` may come in.
    pub(super) fn forget(&mut self, ctx: &mut Ctx<'_>, node: NodeId, spare: Option<Arc<Contact>>) {
        self.note_gone(ctx.now, node);
        let was_leaf = self.leaves.remove(&node);
        self.leaves.has_others |= was_leaf;
        if self.rows.remove(&node) || was_leaf {
            ctx.count("overlay_gone");
        }
        if let Some(spare) = spare {
            self.consider(ctx, &spare, None);
        }
        if was_leaf {
            self.unrest.mend_at.get_or_insert(ctx.now + MEND_AFTER);
        }
        self.reroute(ctx, &node);
        self.settle(ctx);
    }

    fn note_lost(&mut self, contact: Arc<Contact>) {
        if self.unrest.lost.len() >= LOST_MAX {
            self.unrest.lost.remove(0);
        }
        self.unrest.lost.push(contact);
    }

    pub(super) fn note_gone(&mut self, now: Instant, node: NodeId) {
        self.unrest.gone.retain(|_, until| *until > now);
        if self.unrest.gone.len() < GONE_MAX {
            self.unrest.gone.insert(node, now + GONE_FOR);
        }
    }

    /// Tells the leaf set that its member is gone whose nearest neighbour we are, or that we go ourselves, and each whom it may take in
    /// instead: the farthest of whom we know on that side.
    pub(super) fn announce(&self, ctx: &mut Ctx<'_>, gone: NodeId) {
        for leaf in self.leaves.members() {
            let side = Side::towards(leaf.node.place(), gone.place());
            // Those on the far side are whom those on the near side lack: one of the two greets the other.
            let greets = side == Side::Clockwise;
            let spare = greets.then(|| self.leaves.side_of(&self.me, &leaf.node, side).pop()).flatten();
            self.say_gone(ctx, leaf.node, gone, spare);
        }
    }

    /// Tells a node that somebody is gone, and whom it may take in instead.
    pub(super) fn say_gone(&self, ctx: &mut Ctx<'_>, to: NodeId, gone: NodeId, spare: Option<Arc<Contact>>) {
        let leaves = Leaves {
            sender: self.me.clone(),
            knows: List::default(),
            leaves: List::first(spare.filter(|spare| spare.node != self.me.node)),
            gone: List::first([gone]),
            asks: false,
        };
        ctx.post(to, Frame::Leaves(leaves));
    }

    /// Looks for those who take the places in the leaf set that have become empty.
    pub(super) fn mend(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(farthest) = self.leaves.lacking().cloned() {
            self.greet(ctx, &farthest, None);
            // Whoever is to come in may be in doubt itself as yet.
            self.unrest.mend_at = Some(ctx.now + MEND_AFTER.times(3));
        }
    }
}
