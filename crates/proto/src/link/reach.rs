//! Reach: whom to try again, when, and where they could be dialled.

use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::io::Wake;
use crate::link::OPENING_MAX;
use crate::store::{Key, Reached};
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};

/// How long the one who need not begin leaves it to the other side.
const OTHER_SIDE_FIRST: Duration = Duration::from_secs(2);
/// How long others may take to be linked, too, once somebody is, before those who are missing are tried.
const UP_FIRST: Duration = Duration::from_millis(300);
/// The shortest wait between two tries.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const AGAIN_MAX: Duration = Duration::from_secs(30);
/// In between the wait is the time since a node is missed, divided by this: whoever was away for a short time is back within
/// a short time, and a long absence costs little.
const AGAIN_SHARE: u64 = 8;
/// How often it is looked whether a try under way has become slow.
const LOOK: Duration = Duration::from_millis(500);
/// Endpoints that are remembered, of nodes that were linked once: some 100 bytes each.
pub(crate) const ENDPOINTS_MAX: usize = 512;
/// Endpoints that a super-node remembers: those of all who lean on it, for years (DESIGN, section 8).
pub(crate) const ENDPOINTS_OF_SUPER_NODE_MAX: usize = 8192;
/// Native nodes that are kept linked so that they can introduce us.
pub(crate) const INTRODUCERS_MAX: usize = 4;

/// Where nodes can be dialled, and who is due for another try.
pub(crate) struct Reach {
    endpoints_max: usize,
    endpoints: Table<NodeId, Endpoint>,
    introducers: Vec<NodeId>,
    /// Introducers of a former run that nobody has asked for in this one: they give way to those who are asked for.
    former: Set<NodeId>,
    tries: Table<NodeId, Try>,
}

struct Try {
    at: Instant,
    /// Since when it is missed, or when another was last linked: from then on it is as likely to be back as at first.
    since: Instant,
    /// Whether it was tried and not linked since.
    is_again: bool,
}

impl Reach {
    /// Nothing yet, and at most so many endpoints.
    pub(crate) fn new(endpoints_max: usize) -> Self {
        let (endpoints, former, tries) = (Table::default(), Set::default(), Table::default());
        Self { endpoints_max, endpoints, introducers: Vec::new(), former, tries }
    }

    /// Remembers where a node can be dialled.
    pub(crate) fn remember(&mut self, ctx: &mut Ctx<'_>, node: NodeId, endpoint: Endpoint) {
        if self.endpoints.len() >= self.endpoints_max && !self.endpoints.contains_key(&node) {
            let forgotten = self.endpoints.keys().find(|known| !self.introducers.contains(known)).copied();
            if let Some(node) = forgotten {
                self.endpoints.remove(&node);
                ctx.drop_kept(Key::Reach(node));
            }
        }
        if self.endpoints.get(&node) != Some(&endpoint) {
            self.endpoints.insert(node, endpoint);
            self.keep(ctx, node);
        }
    }

    fn keep(&self, ctx: &mut Ctx<'_>, node: NodeId) {
        if let Some(endpoint) = self.endpoints.get(&node).cloned() {
            ctx.keep(Key::Reach(node), &Reached { endpoint, introduces: self.introducers.contains(&node) });
        }
    }

    /// Takes back how a node was reached.
    pub(crate) fn take_back(&mut self, node: NodeId, Reached { endpoint, introduces }: Reached) {
        if self.endpoints.len() >= self.endpoints_max {
            return;
        }
        self.endpoints.insert(node, endpoint);
        if introduces && self.introducers.len() < INTRODUCERS_MAX {
            self.introducers.push(node);
            self.former.insert(node, ());
        }
    }

    /// The nodes that it is known of where they can be dialled.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.endpoints.keys().copied()
    }

    /// Where a node can be dialled, if that is known.
    pub(crate) fn endpoint(&self, node: &NodeId) -> Option<&Endpoint> {
        self.endpoints.get(node)
    }

    /// Wants a lasting link to a native node; false when there are enough of them.
    pub(crate) fn introducer(&mut self, ctx: &mut Ctx<'_>, node: NodeId, endpoint: Endpoint) -> bool {
        let is_known = self.introducers.contains(&node);
        if !is_known && self.introducers.len() >= INTRODUCERS_MAX && !self.release_former(ctx) {
            return false;
        }
        self.former.remove(&node);
        self.remember(ctx, node, endpoint);
        if !is_known {
            self.introducers.push(node);
            self.keep(ctx, node);
        }
        self.tries.remove(&node);
        true
    }

    /// Makes room for an introducer, if one of a former run can go.
    fn release_former(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(node) = self.former.keys().next().copied() else { return false };
        self.release(ctx, &node);
        true
    }

    /// Wants no lasting link to a node any more.
    pub(crate) fn release(&mut self, ctx: &mut Ctx<'_>, node: &NodeId) {
        if self.keeps(node) {
            self.former.remove(node);
            self.introducers.retain(|known| known != node);
            self.keep(ctx, *node);
        }
    }

    /// The nodes that a lasting link is wanted to.
    pub(crate) fn introducers(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.introducers.iter().copied()
    }

    /// Whether a lasting link to `node` is wanted.
    pub(crate) fn keeps(&self, node: &NodeId) -> bool {
        self.introducers.contains(node)
    }

    /// Takes note that a node is linked: the next time it is lost, it is tried at once. Whoever is still missing is tried
    /// soon: either the network is back, or there is one more who can introduce us.
    pub(crate) fn on_up(&mut self, now: Instant, node: &NodeId) {
        self.tries.remove(node);
        for entry in self.tries.values_mut().filter(|entry| entry.at > now + UP_FIRST) {
            entry.at = now + UP_FIRST;
        }
        for entry in self.tries.values_mut() {
            entry.since = now;
        }
    }

    /// Of the wanted nodes, each with whether it is on us to begin, those that are to be tried now, each with whether it
    /// was tried before and whether the next try comes after this one has failed.
    pub(crate) fn due(&mut self, now: Instant, wanted: &Table<NodeId, bool>) -> Vec<(NodeId, bool, bool)> {
        // A try under way is not wanted at the moment; its count is kept until the node is linked.
        for (node, on_us) in wanted.iter() {
            let at = if *on_us { now } else { now + OTHER_SIDE_FIRST };
            self.tries.or_insert_with(*node, || Try { at, since: now, is_again: false });
        }
        let mut due = Vec::new();
        for node in wanted.keys() {
            let Some(entry) = self.tries.get_mut(node).filter(|entry| entry.at <= now) else { continue };
            let wait = wait(now.since(entry.since));
            entry.at = now + wait;
            due.push((*node, std::mem::replace(&mut entry.is_again, true), wait >= OPENING_MAX));
        }
        due
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.tries.values().map(|entry| (entry.at, Wake::Reach)).min()
    }

    /// Forgets the tries of nodes that nobody misses any more, and wakes for none that is past.
    pub(crate) fn retain(&mut self, now: Instant, is_missing: impl Fn(&NodeId) -> bool) {
        let introducers = &self.introducers;
        self.tries.retain(|node, _| introducers.contains(node) || is_missing(node));
        for entry in self.tries.values_mut().filter(|entry| entry.at <= now) {
            // Under way: look again whether it has failed or become slow.
            entry.at = now + LOOK;
        }
    }
}

/// How long to wait between two tries for one who has been away for so long.
fn wait(away: Duration) -> Duration {
    Duration::from_micros(away.as_micros() / AGAIN_SHARE).max(AGAIN).min(AGAIN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_a_share_of_the_absence_within_bounds() {
        let after = |secs| wait(Duration::from_secs(secs)).as_millis();
        assert_eq!([0, 8, 20, 120, 240, 86_400].map(after), [1_000, 1_000, 2_500, 15_000, 30_000, 30_000]);
    }
}
