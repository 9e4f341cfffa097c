//! The leaf set: the nodes that are closest on the ring, on either side (DIMA, section 2.1).

use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::ring::{LEAVES_MAX, SIDE_MAX, closeness, distance, widest_gap};
use std::sync::Arc;

/// A direction on the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Towards greater ids.
    Clockwise,
    /// Towards smaller ids.
    Counter,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Clockwise, Self::Counter];

    /// The opposite one.
    fn other(self) -> Self {
        match self {
            Self::Clockwise => Self::Counter,
            Self::Counter => Self::Clockwise,
        }
    }

    /// How far it is from one place to another in this direction.
    pub(crate) fn way(self, from: u128, to: u128) -> u128 {
        match self {
            Self::Clockwise => to.wrapping_sub(from),
            Self::Counter => from.wrapping_sub(to),
        }
    }

    /// The direction in which `to` is closer to `from`.
    pub(crate) fn towards(from: u128, to: u128) -> Self {
        let [clockwise, counter] = Self::BOTH.map(|side| side.way(from, to));
        if clockwise <= counter { Self::Clockwise } else { Self::Counter }
    }
}

/// The closest on each side, nearest first. In a ring of no more than sixteen others some are on both sides: then they are all there
/// are. In a larger one nobody is: whoever has lost a neighbour, or has not found it yet, must not take those on the other side for the
/// end of the ring.
pub(crate) struct LeafSet {
    me: u128,
    sides: [Vec<Arc<Contact>>; 2],
    /// How far it reaches on each side: asked for with each message, and the farthest are far in memory, too.
    reaches: [u128; 2],
    /// Whether there are many more in the ring than fit in.
    is_large: bool,
    /// Whether members have come or gone since somebody asked.
    pub(super) has_others: bool,
}

impl LeafSet {
    pub(crate) fn new(me: NodeId) -> Self {
        Self {
            me: me.place(),
            sides: [Vec::new(), Vec::new()],
            reaches: [0; 2],
            is_large: false,
            has_others: false,
        }
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> NodeId {
        NodeId(self.me.to_be_bytes())
    }

    fn side(&self, side: Side) -> &[Arc<Contact>] {
        &self.sides[side as usize]
    }

    /// How far the leaf set reaches on a side.
    fn reach(&self, side: Side) -> u128 {
        self.reaches[side as usize]
    }

    /// How far it reaches on the side on which it reaches less far.
    pub(crate) fn span(&self) -> u128 {
        let [clockwise, counter] = self.reaches;
        clockwise.min(counter)
    }

    /// Takes note of how far a side reaches now.
    fn measure(&mut self, side: Side) {
        let farthest = self.side(side).last();
        self.reaches[side as usize] = farthest.map_or(0, |leaf| side.way(self.me, leaf.node.place()));
    }

    /// Whether the sides meet beyond us: then it is the whole ring.
    pub(crate) fn is_whole(&self) -> bool {
        if self.is_large {
            return self.is_empty();
        }
        let [clockwise, counter] = Side::BOTH.map(|side| self.reach(side));
        clockwise.checked_add(counter).is_none() || self.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sides.iter().all(Vec::is_empty)
    }

    /// Whether whoever is closest to `key` is in it, or is its owner.
    pub(crate) fn covers(&self, key: u128) -> bool {
        Side::BOTH.into_iter().any(|side| side.way(self.me, key) <= self.reach(side)) || self.is_whole()
    }

    /// The member that is closest to `key` among those that `may` says yes to, if it is closer than the owner.
    pub(crate) fn closest(&self, key: u128, may: impl Fn(&NodeId) -> bool) -> Option<&Arc<Contact>> {
        let mine = closeness(key, self.me);
        let closer = |leaf: &&Arc<Contact>| closeness(key, leaf.node.place()) < mine && may(&leaf.node);
        let all = self.sides.iter().flatten().filter(closer);
        all.min_by_key(|leaf| closeness(key, leaf.node.place()))
    }

    /// The member that is closest to a key that it does not cover, that is not farther from it than `within` and that `may` says yes to.
    /// Whoever is farther out is closer, if anybody on that side is closer than the owner: the others need not be looked at.
    pub(crate) fn beyond(
        &self,
        key: u128,
        within: u128,
        may: &dyn Fn(&Contact) -> bool,
    ) -> Option<&Arc<Contact>> {
        let limit = within.min(distance(key, self.me));
        let leads_there = |side: &Side| distance(key, self.end(*side)) <= limit;
        let outermost = |side: Side| self.side(side).iter().rev().find(|leaf| may(leaf));
        let all = Side::BOTH.into_iter().filter(leads_there).filter_map(outermost);
        let closest = all.min_by_key(|leaf| closeness(key, leaf.node.place()));
        closest.filter(|leaf| distance(key, leaf.node.place()) <= within)
    }

    /// Where a side ends.
    fn end(&self, side: Side) -> u128 {
        match side {
            Side::Clockwise => self.me.wrapping_add(self.reach(side)),
            Side::Counter => self.me.wrapping_sub(self.reach(side)),
        }
    }

    /// Whether a node belongs in it for certain: it is nearer than the farthest on its side, or there are no others. Beyond the
    /// farthest there may be others still, whom we do not know.
    pub(crate) fn reaches(&self, node: &NodeId) -> bool {
        node.place() != self.me && self.covers(node.place())
    }

    /// Whether a node would be in it beside `others`, who may come in, too: on its side fewer are nearer than there is room for. That
    /// is good to know of one whom a neighbour has named, who knows everybody in between.
    pub(crate) fn has_place_for<'n>(
        &self,
        node: &NodeId,
        others: &(impl Iterator<Item = &'n NodeId> + Clone),
        beyond: Option<Side>,
    ) -> bool {
        let place = node.place();
        let its_side = beyond.unwrap_or(Side::towards(self.me, place));
        let has_place = |side: &Side| {
            let way = side.way(self.me, place);
            let is_nearer = |other: &NodeId| side.way(self.me, other.place()) < way;
            let members = self.side(*side).iter().filter(|leaf| is_nearer(&leaf.node)).count();
            let coming = others.clone().filter(|other| is_nearer(other) && !self.contains(other)).count();
            members + coming < SIDE_MAX
        };
        let is_its = |side: &Side| *side == its_side || self.is_whole();
        let sides = Side::BOTH.into_iter().filter(is_its);
        place != self.me && { sides }.any(|side| has_place(&side))
    }

    /// The side on which a node is, when a member has named it: that of the member, if it is the nearer of the two. In a ring of
    /// some twenty the eighth on one side may be nearer on the other.
    pub(crate) fn side_beyond(&self, member: &NodeId, node: &NodeId) -> Option<Side> {
        let way = |side: Side, node: &NodeId| side.way(self.me, node.place());
        let is_on = |side: &Side| self.side(*side).iter().any(|leaf| leaf.node == *member);
        Side::BOTH.into_iter().find(|side| is_on(side) && way(*side, member) < way(*side, node))
    }

    /// How many of the ids that begin with these bytes are in it.
    pub(crate) fn overlap(&self, knows: &[u32]) -> usize {
        self.members().filter(|leaf| knows.contains(&prefix(&leaf.node))).count()
    }

    pub(crate) fn contains(&self, node: &NodeId) -> bool {
        self.get(node).is_some()
    }

    pub(crate) fn get(&self, node: &NodeId) -> Option<&Arc<Contact>> {
        self.sides.iter().flatten().find(|leaf| leaf.node == *node)
    }

    /// Takes a node in, or what is new of it; says whether it is in it now and was not. Beyond the farthest of a side only if that
    /// is where it is.
    pub(crate) fn insert(&mut self, contact: &Arc<Contact>, beyond: Option<Side>) -> bool {
        let place = contact.node.place();
        if place == self.me {
            return false;
        }
        let was_in = self.contains(&contact.node);
        let (is_whole, its_side) = (self.is_whole(), beyond.unwrap_or(Side::towards(self.me, place)));
        let within = Side::BOTH.map(|side| side.way(self.me, place) <= self.reach(side));
        for side in Side::BOTH {
            // Who is within one side is not at the end of the other, however short the way there is.
            let is_behind = within == [false; 2] && side == its_side;
            if within[side as usize] || is_behind || is_whole {
                let displaced = self.insert_on(side, contact);
                self.keep_displaced(side, displaced);
            }
        }
        let [clockwise, counter] = self.reaches;
        let is_full = self.sides.iter().all(|side| side.len() == SIDE_MAX);
        if self.is_large || is_full && clockwise.checked_add(counter).is_some_and(|both| both >> 127 == 0) {
            self.grow();
        }
        !was_in && self.contains(&contact.node)
    }

    /// Takes note of whom a neighbour knows, itself among them, by the first bytes of their ids: as many as fit in on less than half of
    /// the ring are a part of a large one.
    pub(crate) fn on_size(&mut self, knows: impl Iterator<Item = u32>) {
        let places: Vec<u128> = knows.map(|first| u128::from(first) << 96).collect();
        if places.len() > LEAVES_MAX && widest_gap(&places.iter().copied()) >> 127 != 0 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.is_large = true;
        self.part();
    }

    /// Takes note that a neighbour knows the same nodes and no others, given the first bytes of their ids: if there is room for more,
    /// they are all there are.
    pub(crate) fn on_same(&mut self, knows: &[u32]) {
        let count = self.members().count();
        if !self.is_large || count >= LEAVES_MAX || knows.len() != count || self.overlap(knows) + 1 != count {
            return;
        }
        self.is_large = false;
        let all: Vec<_> = self.members().cloned().collect();
        for leaf in &all {
            for side in Side::BOTH {
                self.insert_on(side, leaf);
            }
        }
    }

    /// Keeps whoever has to leave one side on the other, where it is within reach.
    fn keep_displaced(&mut self, side: Side, displaced: Option<Arc<Contact>>) {
        let other = side.other();
        let is_within = |leaf: &Arc<Contact>| other.way(self.me, leaf.node.place()) <= self.reach(other);
        if let Some(leaf) = displaced.filter(is_within) {
            self.insert_on(other, &leaf);
        }
    }

    /// Keeps whoever is on both sides on the nearer one.
    fn part(&mut self) {
        let me = self.me;
        let [clockwise, counter] =
            self.sides.each_ref().map(|side| side.iter().map(|leaf| leaf.node).collect::<Vec<_>>());
        for (side, others) in [(Side::Clockwise, counter), (Side::Counter, clockwise)] {
            let stays = |node: &NodeId| Side::towards(me, node.place()) == side || !others.contains(node);
            if !self.side(side).iter().all(|leaf| stays(&leaf.node)) {
                self.sides[side as usize].retain(|leaf| stays(&leaf.node));
                self.measure(side);
            }
        }
    }

    /// Whether it spans half of the ring and more: then who is near depends on a few, and the ring is quick to change.
    pub(crate) fn is_wide(&self) -> bool {
        let [clockwise, counter] = self.reaches;
        clockwise.checked_add(counter).is_none_or(|both| both >> 127 != 0)
    }

    /// Takes a node in on one side; yields whom that has cost the place.
    fn insert_on(&mut self, side: Side, contact: &Arc<Contact>) -> Option<Arc<Contact>> {
        let me = self.me;
        let way = |leaf: &Arc<Contact>| side.way(me, leaf.node.place());
        let leaves = &mut self.sides[side as usize];
        match leaves.binary_search_by_key(&way(contact), way) {
            Ok(at) => {
                leaves[at] = contact.clone();
                None
            }
            Err(at) if at < SIDE_MAX => {
                let displaced = if leaves.len() == SIDE_MAX { leaves.pop() } else { None };
                leaves.reserve_exact(1);
                leaves.insert(at, contact.clone());
                self.measure(side);
                displaced
            }
            Err(_) => None,
        }
    }

    /// Lets go of a node; says whether it was in it.
    pub(crate) fn remove(&mut self, node: &NodeId) -> bool {
        let was_whole = self.is_whole();
        let was_in = self.contains(node);
        for side in Side::BOTH {
            self.sides[side as usize].retain(|leaf| leaf.node != *node);
            self.measure(side);
        }
        if was_in && was_whole {
            // Whoever was on one side only may have a place on the other now.
            let all: Vec<_> = self.members().cloned().collect();
            for leaf in &all {
                self.insert(leaf, None);
            }
        }
        was_in
    }

    /// Each member once.
    pub(crate) fn members(&self) -> Members<'_> {
        let [clockwise, counter] = &self.sides;
        Members { clockwise, counter, me: self.me, reach: self.reach(Side::Clockwise) }
    }

    /// What it holds on the heap.
    #[cfg(feature = "one-process")]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.sides.iter().map(|side| side.capacity() * size_of::<Arc<Contact>>()).sum()
    }

    /// Reads where the members are.
    #[cfg(feature = "one-process")]
    pub(crate) fn touch_lists(&self) -> usize {
        self.sides.iter().filter_map(|side| side.first()).map(|leaf| Arc::as_ptr(leaf).addr() & 1).sum()
    }

    /// Reads the members.
    #[cfg(feature = "one-process")]
    pub(crate) fn touch(&self) -> usize {
        self.sides.iter().flatten().map(|leaf| usize::from(leaf.node.0[0])).sum()
    }

    /// The nearest on a side.
    pub(crate) fn neighbour(&self, side: Side) -> Option<&Arc<Contact>> {
        self.side(side).first()
    }

    /// The farthest on a side that lacks members, if one does.
    pub(crate) fn lacking(&self) -> Option<&Arc<Contact>> {
        let lacks = |side: &Side| self.side(*side).len() < SIDE_MAX;
        let side = Side::BOTH.into_iter().find(lacks).filter(|_| !self.is_whole())?;
        self.side(side).last().or_else(|| self.members().next())
    }

    /// Of the owner, given as `me`, and the members, those who are closest to another node on a side of it, nearest first.
    pub(crate) fn side_of(&self, me: &Arc<Contact>, other: &NodeId, side: Side) -> Vec<Arc<Contact>> {
        let place = other.place();
        // Behind the farthest whom we know on a side there are others, whom we do not know.
        let reach = self.side(side).last().map_or(0, |farthest| side.way(place, farthest.node.place()));
        let is_known = |leaf: &&Arc<Contact>| self.is_whole() || side.way(place, leaf.node.place()) <= reach;
        let others = self.members().chain([me]).filter(|leaf| leaf.node != *other);
        // By insertion: they are few, and the library's sorting is some kilobytes of the page.
        let mut all: Vec<Arc<Contact>> = Vec::new();
        for leaf in others.filter(is_known) {
            let way = side.way(place, leaf.node.place());
            let at = all.partition_point(|known| side.way(place, known.node.place()) <= way);
            all.insert(at, leaf.clone());
        }
        all.truncate(SIDE_MAX);
        all
    }
}

/// The members of a leaf set, each once. One type of its own, in place of adapters that would be made anew for each use of it.
#[derive(Clone)]
pub(crate) struct Members<'l> {
    clockwise: &'l [Arc<Contact>],
    counter: &'l [Arc<Contact>],
    me: u128,
    reach: u128,
}

impl<'l> Iterator for Members<'l> {
    type Item = &'l Arc<Contact>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((leaf, rest)) = self.clockwise.split_first() {
            self.clockwise = rest;
            return Some(leaf);
        }
        // Those on the other side that are not on the first as well.
        while let Some((leaf, rest)) = self.counter.split_first() {
            self.counter = rest;
            if Side::Clockwise.way(self.me, leaf.node.place()) > self.reach {
                return Some(leaf);
            }
        }
        None
    }
}

/// The first bytes of an id: enough to tell the members of a leaf set apart.
pub(crate) fn prefix(node: &NodeId) -> u32 {
    let [a, b, c, d, ..] = node.0;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contact(place: u128) -> Arc<Contact> {
        Arc::new(Contact { node: NodeId(place.to_be_bytes()), endpoint: None })
    }

    fn set(me: u128, others: &[u128]) -> LeafSet {
        let mut set = LeafSet::new(contact(me).node);
        for other in others {
            set.insert(&contact(*other), None);
        }
        set
    }

    fn places<'c>(leaves: impl IntoIterator<Item = &'c Arc<Contact>>) -> Vec<u128> {
        leaves.into_iter().map(|leaf| leaf.node.place()).collect()
    }

    #[test]
    fn a_small_ring_is_known_whole_and_a_large_one_around_us() {
        let few: Vec<u128> = (1..=12).map(|n| n << 120).collect();
        let small = set(0, &few);
        assert!(small.is_whole() && small.covers(200 << 120));
        assert_eq!(small.members().count(), 12);
        let many: Vec<u128> = (1..=40).map(|n| n << 120).collect();
        let large = set(20 << 120, &many);
        assert!(!large.is_whole());
        assert_eq!(large.members().count(), 16);
        assert!(large.covers(28 << 120) && !large.covers(29 << 120) && large.covers(12 << 120));
    }

    #[test]
    fn losing_members_of_a_large_ring_does_not_make_it_whole() {
        let many: Vec<u128> = (1..=40).map(|n| n << 120).collect();
        let mut large = set(20 << 120, &many);
        for gone in 21..=27u128 {
            assert!(large.remove(&contact(gone << 120).node));
            assert!(!large.is_whole() && large.lacking().is_some());
        }
    }

    #[test]
    fn who_has_not_found_all_of_a_large_ring_does_not_take_it_for_whole() {
        let few: Vec<u128> = (13..=27).filter(|n| *n != 20).map(|n| n << 120).collect();
        let mut set = set(20 << 120, &few);
        assert!(set.is_whole());
        set.grow();
        assert!(!set.is_whole() && !set.covers(28 << 120) && set.covers(27 << 120));
        assert_eq!(set.members().count(), 14);
        let knows: Vec<u32> = (14..=27).map(|n: u128| prefix(&contact(n << 120).node)).collect();
        set.on_same(&knows);
        assert!(set.is_whole() && set.covers(200 << 120), "one of them knows only us and the others");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

        #[test]
        fn it_holds_the_closest_on_each_side(me: u128, others in proptest::collection::btree_set(any::<u128>(), 0..60),
            gone in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8), key: u128) {
            let others: Vec<u128> = others.into_iter().filter(|other| *other != me).collect();
            let mut set = set(me, &others);
            let mut left = others.clone();
            // Whoever leaves a whole ring leaves the rest whole.
            if others.len() <= SIDE_MAX {
                for index in gone.iter().filter(|_| !others.is_empty()) {
                    let one = others[index.index(others.len())];
                    prop_assert_eq!(set.remove(&contact(one).node), left.contains(&one));
                    left.retain(|other| *other != one);
                }
            }
            for side in Side::BOTH {
                let mut expected = left.clone();
                expected.sort_by_key(|other| side.way(me, *other));
                expected.truncate(SIDE_MAX);
                prop_assert_eq!(places(set.side(side)), expected);
            }
            let members = places(set.members());
            let mut unique = members.clone();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), members.len());
            let closest_of = |all: &[u128]| all.iter().copied().chain([me]).min_by_key(|one| closeness(key, *one));
            if set.covers(key) {
                let found = set.closest(key, |_| true).map_or(me, |leaf| leaf.node.place());
                prop_assert_eq!(Some(found), closest_of(&left));
            } else {
                let mine = closeness(key, me);
                let is_closer = |leaf: &Contact| closeness(key, leaf.node.place()) < mine;
                let found = set.beyond(key, u128::MAX, &is_closer).map_or(me, |leaf| leaf.node.place());
                prop_assert_eq!(Some(found), closest_of(&members));
                let within = distance(key, found);
                let limited = [within, within - 1].map(|within| set.beyond(key, within, &is_closer).is_some());
                prop_assert_eq!(limited, [found != me, false]);
            }
        }
    }
}
