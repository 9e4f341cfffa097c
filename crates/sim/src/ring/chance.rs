//! Chance of a ring, and what is made of it: ids, places on the plane, times.
#![allow(clippy::cast_possible_truncation, reason = "cutting bits off is what is meant")]

use tertulia_proto::{Duration, NodeId};

/// A quick generator (SplitMix64: Steele, Lea and Flood 2014) that replays. What nodes decide has its chance from the core's own.
pub struct Chance(u64);

impl Chance {
    /// Chance from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A place anywhere on the ring.
    pub fn place(&mut self) -> u128 {
        u128::from(self.bits()) << 64 | u128::from(self.bits())
    }

    /// Whether something happens that does so in so many of a million cases.
    pub fn happens(&mut self, in_a_million: u32) -> bool {
        in_a_million > 0 && self.below(1_000_000) < u64::from(in_a_million)
    }

    /// A span of which half are shorter than `median`, without memory: as sessions end.
    pub fn span(&mut self, median: Duration) -> Duration {
        let share = (self.bits() >> 11) as f64 / (1u64 << 53) as f64;
        let halves = -(1.0 - share).log2();
        Duration::from_micros((median.as_micros() as f64 * halves) as u64)
    }
}

/// The id of the node of a number: a hash, but for the last four bytes, which are the number, so that whoever has the id finds the node.
pub fn node_id(seed: u64, number: u32) -> NodeId {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    let mut id = [0; 16];
    id[..12].copy_from_slice(&blake3::hash(&bytes).as_bytes()[..12]);
    id[12..].copy_from_slice(&number.to_be_bytes());
    NodeId(id)
}

/// The number of a node.
pub fn number(node: &NodeId) -> u32 {
    let [.., a, b, c, d] = node.0;
    u32::from_be_bytes([a, b, c, d])
}

/// Where a node is, on a plane whose edges are joined: far nodes take long to hear from each other.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    x: u16,
    y: u16,
}

/// The shortest way that a frame has.
const NEAR: Duration = Duration::from_millis(5);
/// What the farthest way takes longer.
const FAR: Duration = Duration::from_millis(145);

impl Spot {
    /// Anywhere.
    pub fn any(chance: &mut Chance) -> Self {
        let [x, y] = [16, 32].map(|shift| (chance.bits() >> shift) as u16);
        Self { x, y }
    }

    /// How long a frame takes from one to another.
    pub fn delay(self, other: Self) -> Duration {
        let apart = |one: u16, other: u16| u64::from(one.wrapping_sub(other).min(other.wrapping_sub(one)));
        let (x, y) = (apart(self.x, other.x), apart(self.y, other.y));
        // The middle of such a plane is 32,768 · √2 from its corner.
        // Below 2^53 the root of a float, cut off, is that of the integer, on any machine (IEEE 754), and a tenth of the time.
        let way = ((x * x + y * y) as f64).sqrt() as u64;
        NEAR + Duration::from_micros(way * FAR.as_micros() / 46_341)
    }
}
