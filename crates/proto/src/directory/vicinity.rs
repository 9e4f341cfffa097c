//! The vicinity: this node and its neighbours in the overlay, by which it is known whose records are whose.

use crate::identity::NodeId;
use crate::overlay::Overlay;
use crate::overlay::ring::{closeness, share, widest_gap};

/// A node and its leaf set.
pub(crate) struct Vicinity {
    me: NodeId,
    neighbours: Vec<NodeId>,
}

impl Vicinity {
    pub(crate) fn new(me: NodeId, neighbours: Vec<NodeId>) -> Self {
        Self { me, neighbours }
    }

    /// A node as it stands in the overlay.
    pub(crate) fn of(overlay: &Overlay) -> Self {
        Self::new(overlay.node(), overlay.leaves().map(|leaf| leaf.node).collect())
    }

    pub(crate) fn me(&self) -> NodeId {
        self.me
    }

    pub(crate) fn neighbours(&self) -> &[NodeId] {
        &self.neighbours
    }

    pub(crate) fn is_neighbour(&self, node: &NodeId) -> bool {
        self.neighbours.contains(node)
    }

    /// Of all of them the `count` that are closest to a key, the closest first.
    pub(crate) fn closest(&self, key: u128, count: usize) -> Vec<NodeId> {
        // By insertion: they are few, and the library's sorting is some kilobytes of the page.
        let mut all: Vec<NodeId> = Vec::new();
        for node in self.neighbours.iter().chain([&self.me]) {
            let way = closeness(key, node.place());
            let at = all.partition_point(|known| closeness(key, known.place()) <= way);
            all.insert(at, *node);
        }
        all.truncate(count);
        all
    }

    /// How many neighbours are closer to a key than this node.
    pub(crate) fn rank(&self, key: u128) -> usize {
        let mine = closeness(key, self.me.place());
        self.neighbours.iter().filter(|node| closeness(key, node.place()) < mine).count()
    }

    /// How far apart nodes are around here on average; nothing where there are not two.
    pub(crate) fn spacing(neighbours: &[NodeId]) -> u128 {
        // All but the widest gap, which is the rest of the ring; we are in one of the others.
        let all = 0u128.wrapping_sub(widest_gap(&neighbours.iter().map(|node| node.place())));
        if neighbours.len() < 2 { 0 } else { share(all, neighbours.len() as u64) }
    }

    /// Up to where, from `first` on, this node keeps all records that there are: it is one of the `replicas` for each place. It is
    /// for `first`, which was routed to it.
    pub(crate) fn covered(&self, first: u128, last: u128, replicas: usize) -> u128 {
        let way = |place: u128| place.wrapping_sub(first);
        let ends = self.neighbours.iter().map(|node| node.place()).chain([last]);
        let within = ends.filter(|end| way(*end) <= way(last) && self.rank(*end) < replicas);
        within.max_by_key(|end| way(*end)).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(place: u128) -> NodeId {
        NodeId((place << 100).to_be_bytes())
    }

    #[test]
    fn a_node_covers_what_it_is_close_enough_to() {
        let vicinity = Vicinity::new(node(50), (42..=58).filter(|n| *n != 50).map(node).collect());
        let at = |n: u128| n << 100;
        assert_eq!(vicinity.closest(at(51), 3), [51, 50, 52].map(node));
        assert_eq!((vicinity.rank(at(50)), vicinity.rank(at(53))), (0, 5));
        // For 54 seven others are closer, for 55 eight: then it is no longer one of eight.
        assert_eq!(vicinity.covered(at(50), at(58), 8), at(54));
        assert_eq!(vicinity.covered(at(50), at(51), 8), at(51));
        let alone = Vicinity::new(node(50), Vec::new());
        assert_eq!(alone.covered(0, u128::MAX, 8), u128::MAX);
    }

    #[test]
    fn nodes_are_as_far_apart_as_those_around() {
        let around =
            |places: &[u128]| Vicinity::spacing(&places.iter().copied().map(node).collect::<Vec<_>>());
        // This node is between them.
        assert_eq!(around(&[42, 44, 48, 50]), 2 << 100);
        assert_eq!((around(&[]), around(&[7])), (0, 0));
        let over_zero = [-3i128, -1, 3].map(|place| NodeId((place << 100).to_be_bytes()));
        assert_eq!(Vicinity::spacing(&over_zero), 2 << 100);
    }
}
