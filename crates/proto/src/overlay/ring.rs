//! The ring: ids as numbers, their digits and distances (Pastry: Rowstron and Druschel 2001, section 2).

use crate::identity::NodeId;
use crate::wire::bounded::fixed_bytes;

/// Digits of an id: 128 bits, four a digit.
pub const DIGITS: usize = 32;
/// Nodes that one row of a routing table has room for: one for each other digit.
pub const ROW_MAX: usize = 15;
/// Nodes that a leaf set has room for on each side of its owner.
pub const SIDE_MAX: usize = 8;
/// Rows in which a second node may be known for each digit. All messages pass them, and where the only node of a place is silent they
/// take one hop more.
pub(crate) const SPARED_ROWS: usize = 2;
/// Nodes that a leaf set has room for.
pub const LEAVES_MAX: usize = 2 * SIDE_MAX;

fixed_bytes! {
    /// A place on the ring: that of a node is its id.
    Key, 16
}

impl From<NodeId> for Key {
    fn from(node: NodeId) -> Self {
        Self(node.0)
    }
}

impl Key {
    /// The key at a place.
    pub fn at(place: u128) -> Self {
        Self(place.to_be_bytes())
    }

    /// Its place.
    pub fn place(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl NodeId {
    /// Its place on the ring.
    pub fn place(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// How many digits two places share from the left.
pub(crate) fn shared_digits(one: u128, other: u128) -> usize {
    ((one ^ other).leading_zeros() / 4) as usize
}

/// The digit at `at`, counted from the left.
pub(crate) fn digit(place: u128, at: usize) -> usize {
    (place >> (124 - 4 * at.min(DIGITS - 1))) as usize & 15
}

/// How far two places are apart, the shorter way round.
pub fn distance(one: u128, other: u128) -> u128 {
    one.wrapping_sub(other).min(other.wrapping_sub(one))
}

/// The widest gap from one of some places to the next, round the ring: they are few, and sorting them would be some kilobytes of the
/// page.
pub(crate) fn widest_gap(places: &(impl Iterator<Item = u128> + Clone)) -> u128 {
    let gap = |from: u128| places.clone().filter(|to| *to != from).map(|to| to.wrapping_sub(from)).min();
    places.clone().filter_map(gap).max().unwrap_or(u128::MAX)
}

/// The `count`th part of a stretch of the ring, in whole 2^64ths of it: a division of 128 bits would be a kilobyte of the page for this
/// alone.
pub(crate) fn share(stretch: u128, count: u64) -> u128 {
    u128::from(u64::try_from(stretch >> 64).unwrap_or(u64::MAX) / count) << 64
}

/// What orders nodes by their closeness to a place. Of two that are equally far the lower is closer, so that there is one closest.
pub fn closeness(place: u128, node: u128) -> (u128, u128) {
    (distance(place, node), node)
}

/// How far nodes that are next to each other are apart on average; those who are nobody's neighbours are infinitely far.
#[cfg(feature = "one-process")]
pub(crate) fn spacing(places: &[u128]) -> u128 {
    // The widest gap is the rest of the ring.
    let widest = widest_gap(&places.iter().copied());
    let count = places.len() as u128;
    if count < 2 { u128::MAX } else { widest.wrapping_neg() / (count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_from_the_left() {
        let place = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
        assert_eq!([0, 1, 15, 31].map(|at| digit(place, at)), [0, 1, 15, 15]);
        assert_eq!(shared_digits(place, place ^ 1 << 108), 4);
        assert_eq!(shared_digits(place, place), DIGITS);
    }

    #[test]
    fn spacing_leaves_out_the_rest_of_the_ring() {
        assert_eq!(spacing(&[10, u128::MAX - 9, 0]), 10);
        assert_eq!(spacing(&[7]), u128::MAX);
    }

    #[test]
    fn the_widest_gap_may_go_past_zero() {
        let gap = |places: &[u128]| widest_gap(&places.iter().copied());
        assert_eq!((gap(&[10, 40, 20]), gap(&[7, u128::MAX - 1])), (u128::MAX - 29, u128::MAX - 8));
        assert_eq!((gap(&[5]), gap(&[])), (u128::MAX, u128::MAX));
    }

    #[test]
    fn the_shorter_way_round_counts() {
        assert_eq!(distance(1, u128::MAX), 2);
        assert_eq!(distance(u128::MAX, 1), 2);
        assert_eq!(distance(0, 1 << 127), 1 << 127);
        assert!(closeness(10, 8) < closeness(10, 12));
    }
}
