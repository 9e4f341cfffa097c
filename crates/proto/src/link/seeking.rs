//! Seeking: finding a way into the network when there is next to none (DESIGN, section 7).
//!
//! Whoever was linked once is dialled again where it was, and whoever was met on the local network where it says it is. Nobody
//! has asked for these links, so they are few, and trying for them costs little.

use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::io::{CloseReason, Wake};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};

/// Links that are enough: with the second, one may go and the network is still there.
pub(crate) const LINKS_ENOUGH: usize = 2;
/// Nodes that are tried at once: the first that is there ends the search, and a browser's connections are few.
const TRIES_MAX: usize = 4;
/// Nodes that were met and are held: the next ones are met again, and anybody on the local network can claim to be many.
const MET_MAX: usize = 8;
/// How long the links that are wanted anyway are left to themselves: most often they are enough.
const WANTED_FIRST: Duration = Duration::from_secs(1);
/// The longest wait between two rounds of tries: nobody may be there for days.
const AGAIN_MAX: Duration = Duration::from_secs(120);
/// In between the wait is the time since there are too few links, divided by this, as for one who is missed.
const AGAIN_SHARE: u64 = 8;
/// Whom we parted from ourselves is not sought again in this run, or as good as.
const PARTED_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whom to try for the sake of being linked at all, and when.
#[derive(Default)]
pub(crate) struct Seeking {
    /// Where nodes are that were met and not linked since. What strangers claim is not kept beyond this run.
    met: Table<NodeId, Endpoint>,
    /// Whom we try now.
    tried: Set<NodeId>,
    /// When each was last tried in vain; of those we parted from, a moment far ahead.
    failed: Table<NodeId, Instant>,
    /// Since when there are too few links, and when the next round of tries is.
    lonely: Option<(Instant, Instant)>,
}

impl Seeking {
    /// Takes note of somebody who can be dialled, by what the local network says; tried soon if links are too few.
    pub(crate) fn meet(&mut self, ctx: &mut Ctx<'_>, node: NodeId, endpoint: Endpoint) {
        if self.met.get(&node) == Some(&endpoint) {
            return;
        }
        if self.met.len() >= MET_MAX && !self.met.contains_key(&node) {
            // Whoever was tried in vain gives way; the others are as good as who comes.
            let in_vain = self.met.keys().find(|node| self.failed.contains_key(node)).copied();
            let Some(in_vain) = in_vain else {
                ctx.count("met_too_many");
                return;
            };
            self.met.remove(&in_vain);
        }
        self.met.insert(node, endpoint);
        if let Some((_, next)) = &mut self.lonely {
            *next = (*next).min(ctx.now);
        }
    }

    /// Where a node is that was met.
    pub(crate) fn endpoint(&self, node: &NodeId) -> Option<&Endpoint> {
        self.met.get(node)
    }

    /// The nodes that were met.
    pub(crate) fn met(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.met.keys().copied()
    }

    /// Takes note of the links that there are; says whether a round of tries is due.
    pub(crate) fn is_due(&mut self, now: Instant, links: usize) -> bool {
        if links >= LINKS_ENOUGH {
            self.lonely = None;
            return false;
        }
        self.lonely.get_or_insert((now, now + WANTED_FIRST)).1 <= now
    }

    /// Begins a round of tries: of the candidates, those that were tried in vain the longest ago, and who never was before
    /// them. `is_under_way` tells of whom we tried before whether we still do.
    pub(crate) fn round(
        &mut self,
        now: Instant,
        candidates: &[NodeId],
        is_under_way: impl Fn(&NodeId) -> bool,
    ) -> Vec<NodeId> {
        if let Some((since, next)) = &mut self.lonely {
            *next = now + wait(now.since(*since));
        }
        self.tried.retain(|node, ()| is_under_way(node));
        let mut round = Vec::new();
        while self.tried.len() < TRIES_MAX {
            let failed = |node: &NodeId| self.failed.get(node).copied().unwrap_or_default();
            let left = candidates.iter().filter(|node| !self.tried.contains_key(node) && failed(node) <= now);
            let Some(node) = left.min_by_key(|node| failed(node)).copied() else { break };
            self.tried.insert(node, ());
            round.push(node);
        }
        round
    }

    /// Forgets when those were tried in vain who are known no more.
    pub(crate) fn retain(&mut self, is_known: impl Fn(&NodeId) -> bool) {
        let met = &self.met;
        self.failed.retain(|node, _| met.contains_key(node) || is_known(node));
    }

    /// Takes note that a node is linked: where it can be dialled it has told by itself.
    pub(crate) fn on_up(&mut self, node: &NodeId) {
        self.met.remove(node);
        self.failed.remove(node);
    }

    /// Takes note that a node was tried in vain, if it was for our sake.
    pub(crate) fn on_unreachable(&mut self, now: Instant, node: &NodeId) {
        if self.tried.remove(node).is_some() {
            self.failed.insert(*node, now);
        }
    }

    /// Takes note that a link is gone. One that broke is worth another try at once.
    pub(crate) fn on_down(&mut self, now: Instant, node: NodeId, reason: CloseReason) {
        match reason {
            CloseReason::Broken | CloseReason::Silent => {}
            CloseReason::Closed => drop(self.failed.insert(node, now + PARTED_FOR)),
            _ => drop(self.failed.insert(node, now)),
        }
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.lonely.map(|(_, next)| (next, Wake::Reach))
    }
}

/// How long to wait between two rounds when links have been too few for so long.
fn wait(lonely: Duration) -> Duration {
    Duration::from_micros(lonely.as_micros() / AGAIN_SHARE).max(WANTED_FIRST).min(AGAIN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_800_000_000_000);

    fn nodes(count: u8) -> Vec<NodeId> {
        (0..count).map(|number| NodeId([number; 16])).collect()
    }

    /// Rounds of tries, each of which comes to nothing before the next.
    fn rounds(seeking: &mut Seeking, candidates: &[NodeId], count: u64) -> Vec<Vec<NodeId>> {
        (0..count)
            .map(|number| {
                let now = NOW + Duration::from_secs(300 * number);
                assert!(!seeking.is_due(now, LINKS_ENOUGH) && !seeking.is_due(now, 0));
                assert!(seeking.is_due(now + WANTED_FIRST, LINKS_ENOUGH - 1));
                let tried = seeking.round(now + WANTED_FIRST, candidates, |_| true);
                tried.iter().for_each(|node| seeking.on_unreachable(now + WANTED_FIRST, node));
                tried
            })
            .collect()
    }

    #[test]
    fn everybody_has_a_turn_and_the_one_who_waited_longest_is_next() {
        let candidates = nodes(8);
        let turns = rounds(&mut Seeking::default(), &candidates, 4).concat();
        let again = [&candidates[..], &candidates[..]].concat();
        assert_eq!(turns, again);
    }

    #[test]
    fn no_more_are_tried_at_once_than_may_be() {
        let (mut seeking, candidates) = (Seeking::default(), nodes(9));
        assert_eq!(seeking.round(NOW, &candidates, |_| true), candidates[..TRIES_MAX]);
        assert!(seeking.round(NOW, &candidates, |_| true).is_empty(), "all are still under way");
        let second = seeking.round(NOW, &candidates, |node| *node != candidates[1]);
        assert_eq!(second, candidates[1..2], "whose try is over without a word may be tried again");
    }

    #[test]
    fn whom_we_parted_from_is_not_sought_and_who_broke_off_is() {
        let (mut seeking, candidates) = (Seeking::default(), nodes(3));
        seeking.on_down(NOW, candidates[0], CloseReason::Closed);
        seeking.on_down(NOW, candidates[1], CloseReason::Left);
        seeking.on_down(NOW, candidates[2], CloseReason::Broken);
        let later = NOW + Duration::from_secs(60 * 60);
        assert_eq!(seeking.round(later, &candidates, |_| true), [candidates[2], candidates[1]]);
        seeking.retain(|node| *node != candidates[0]);
        assert_eq!(seeking.failed.len(), 1);
    }

    #[test]
    fn the_wait_is_a_share_of_the_loneliness_within_bounds() {
        let after = |secs| wait(Duration::from_secs(secs)).as_millis();
        assert_eq!([0, 8, 20, 240, 960, 86_400].map(after), [1_000, 1_000, 2_500, 30_000, 120_000, 120_000]);
    }
}
