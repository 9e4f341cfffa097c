//! Hops: each is acknowledged, and one that is not goes another way.

use super::{Next, Overlay};
use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::overlay::ring::shared_digits;
use crate::time::{Duration, Instant};
use crate::wire::{Decline, Frame, Hop, Route};

/// How long an acknowledgement may take where nothing is known of the round-trip time, at the most.
const ACK: Duration = Duration::from_secs(1);
/// The shortest time that it is given: a node may be busy.
const ACK_MIN: Duration = Duration::from_millis(200);
/// How much longer it may take where a link has to be opened first: five or six round trips.
const ACK_OPENING: Duration = Duration::from_secs(5);
/// How often a message is sent again to the node that is the closest to its key. Whether that is gone is found out meanwhile, and
/// then the message goes elsewhere.
const TRIES_MAX: u8 = 4;
/// Messages that may wait for their acknowledgement: a node that carries a hundred a second over links of a second.
const PENDING_MAX: usize = 128;

/// How long nothing is sent to whoever has declined, unless it says before that it has found its place: as long as that takes.
const OUTSIDE_FOR: Duration = Duration::from_secs(3);
/// Nodes that may be left out at once: as many as may come with one invite in a moment.
const OUTSIDE_MAX: usize = 64;

/// Round-trip times of all who have acknowledged something, in microseconds (RFC 6298, section 2): what may be expected of a node of
/// which none is known. It starts as if they were long, and takes its time: the first may be a neighbour's.
pub(super) struct Usual {
    smoothed: u32,
    variation: u32,
}

impl Default for Usual {
    fn default() -> Self {
        Self { smoothed: 500_000, variation: 125_000 }
    }
}

impl Usual {
    fn on_rtt(&mut self, rtt: Duration) {
        let rtt = u32::try_from(rtt.as_micros().min(ACK.as_micros())).unwrap_or_default();
        self.variation = (self.variation * 3 + rtt.abs_diff(self.smoothed)) / 4;
        self.smoothed = (self.smoothed * 7 + rtt) / 8;
    }

    /// How long an acknowledgement may take.
    fn patience(&self) -> Duration {
        Duration::from_micros((self.smoothed + 4 * self.variation).into()).clamp(ACK_MIN, ACK)
    }
}

/// A message that was passed on.
pub(super) struct Pending {
    route: Route,
    pub(super) to: NodeId,
    sent: Instant,
    pub(super) due: Instant,
    tries: u8,
    is_closest: bool,
}

impl Overlay {
    /// Sends a message to the next node.
    pub(super) fn pass_on(&mut self, ctx: &mut Ctx<'_>, route: Route, to: NodeId, is_closest: bool) {
        // What goes out is the one whose path has room for those who add themselves.
        let kept = route.clone();
        ctx.post(to, Frame::Route(route));
        if self.pending.len() >= PENDING_MAX {
            ctx.count("overlay_pending_full");
            self.pending.remove(0);
        }
        let due = ctx.now + self.patience(&to);
        if self.pending.is_empty() {
            // One it mostly is.
            self.pending.reserve_exact(1);
        }
        self.pending.push(Pending { route: kept, to, sent: ctx.now, due, tries: 1, is_closest });
    }

    fn patience(&self, to: &NodeId) -> Duration {
        if !self.is_linked(to) {
            return ACK_OPENING;
        }
        let known = self.rows.rtt(to).map(|rtt| (rtt.times(2) + ACK_MIN).min(ACK.times(3)));
        known.unwrap_or_else(|| self.usual.patience())
    }

    /// Says that a message was taken over, or is not, and whom the sender might have sent it to instead.
    pub(super) fn acknowledge(
        &self,
        ctx: &mut Ctx<'_>,
        from: NodeId,
        route: &Route,
        next: &Next,
        declined: Option<Decline>,
    ) {
        let key = route.key.place();
        let theirs = shared_digits(from.place(), key);
        let gains_nothing = shared_digits(self.node().place(), key) <= theirs;
        let hint = match next {
            Next::There(contact, _) if gains_nothing && !self.leaves.covers(key) => {
                let is_better = shared_digits(contact.node.place(), key) > theirs;
                is_better.then(|| contact.clone())
            }
            _ => None,
        };
        ctx.post(from, Frame::Hop(Hop { id: route.id, hint, declined }));
    }

    pub(super) fn on_hop(&mut self, ctx: &mut Ctx<'_>, from: NodeId, hop: Hop) {
        let is_it = |pending: &Pending| pending.to == from && pending.route.id == hop.id;
        let Some(at) = self.pending.iter().position(is_it) else { return };
        let pending = self.pending.remove(at);
        self.spare_memory();
        if pending.tries == 1 {
            let rtt = ctx.now.since(pending.sent);
            self.usual.on_rtt(rtt);
            self.rows.on_rtt(&from, rtt);
        }
        if let Some(hint) = hop.hint {
            self.learn(&hint);
        }
        if hop.declined.is_some() {
            self.on_declined(ctx, from, pending.route);
        }
    }

    /// Sends a message to somebody who has a place in the ring: `by` has none yet.
    fn on_declined(&mut self, ctx: &mut Ctx<'_>, by: NodeId, route: Route) {
        if self.unrest.outside.len() >= OUTSIDE_MAX {
            // Sent on, it could come to and fro between two of them.
            return ctx.count("overlay_outside_full");
        }
        self.unrest.outside.insert(by, ctx.now + OUTSIDE_FOR);
        ctx.count("overlay_hop_declined");
        self.forward(ctx, route, None);
    }

    /// Sends what was not acknowledged in time another way, or again.
    pub(super) fn on_hops_due(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(at) = self.pending.iter().position(|pending| pending.due <= ctx.now) {
            let mut pending = self.pending.remove(at);
            self.on_silence(ctx, pending.to);
            let is_needed = pending.is_closest && !self.unrest.gone.contains_key(&pending.to);
            if is_needed && pending.tries < TRIES_MAX {
                let wait = ACK.times(1 << pending.tries.min(2));
                (pending.tries, pending.due) = (pending.tries + 1, ctx.now + wait);
                ctx.post(pending.to, Frame::Route(pending.route.clone()));
                self.pending.push(pending);
            } else if is_needed {
                // It answers, but not this: somebody else may do better with it.
                ctx.count("overlay_hop_given_up");
            } else {
                ctx.count("overlay_hop_rerouted");
                self.forward(ctx, pending.route, Some(pending.to));
            }
        }
        self.spare_memory();
    }

    /// Takes note that a node has not acknowledged a message. A member of the leaf set is asked for a sign of life; of the others the
    /// next message will tell, so that looking after the table costs nothing.
    fn on_silence(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        if self.leaves.contains(&node) {
            self.suspect(ctx, node);
        } else if self.rows.on_silence(&node) {
            self.on_gone(ctx, node);
        }
    }

    /// Most nodes have nothing under way at most times: a world of a million notices what they keep for it.
    fn spare_memory(&mut self) {
        if self.pending.is_empty() {
            self.pending = Vec::new();
        }
    }

    /// Sends what waits for a node that is gone another way.
    pub(super) fn reroute(&mut self, ctx: &mut Ctx<'_>, gone: &NodeId) {
        while let Some(at) = self.pending.iter().position(|pending| pending.to == *gone) {
            let pending = self.pending.remove(at);
            ctx.count("overlay_hop_rerouted");
            self.forward(ctx, pending.route, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_of_which_nothing_is_known_is_given_what_others_take() {
        let mut usual = Usual::default();
        assert_eq!(usual.patience(), ACK);
        let after = |usual: &mut Usual, millis| {
            (0..40).for_each(|_| usual.on_rtt(Duration::from_millis(millis)));
            usual.patience()
        };
        assert_eq!(after(&mut usual, 5), ACK_MIN, "a node may be busy");
        let far = after(&mut usual, 600);
        assert!(far > Duration::from_millis(600) && far < ACK, "{far:?}");
        assert_eq!(after(&mut usual, 60_000), ACK);
    }
}
