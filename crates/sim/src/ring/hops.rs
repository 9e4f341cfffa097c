//! How many hops lookups take (Rowstron and Druschel 2001, section 3.1).

use super::{LookedUp, Ring};
use serde::Serialize;
use tertulia_proto::Duration;

/// What lookups came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Hops {
    /// Nodes.
    pub nodes: usize,
    /// Lookups.
    pub lookups: usize,
    /// Those that no node has delivered.
    pub lost: usize,
    /// Those that a node has delivered that was not the closest.
    pub wrong: usize,
    /// Hops of a lookup on average.
    pub mean: f64,
    /// The most hops that one took.
    pub most: usize,
    /// How many took no hop, one, two and so on.
    pub distribution: Vec<usize>,
    /// How long one took on average, in milliseconds.
    pub delay_ms: f64,
    /// How much longer than the way straight to the one who delivered it.
    pub stretch: f64,
}

impl Hops {
    /// Sums up lookups.
    pub fn of(ring: &Ring, looked_up: &[LookedUp]) -> Self {
        let mut distribution = Vec::new();
        let (mut delay, mut straight) = (0, 0);
        for (one, delivered) in looked_up.iter().filter_map(|one| Some((one, one.delivered?))) {
            let hops = usize::from(delivered.hops);
            distribution.resize(distribution.len().max(hops + 1), 0);
            distribution[hops] += 1;
            delay += delivered.at.since(one.sent).as_micros();
            if delivered.by != one.from {
                straight += ring.delay(one.from, delivered.by).as_micros();
            }
        }
        let delivered: usize = distribution.iter().sum();
        let hops: usize = distribution.iter().enumerate().map(|(hops, count)| hops * count).sum();
        Self {
            nodes: ring.there().len(),
            lookups: looked_up.len(),
            lost: looked_up.len() - delivered,
            wrong: looked_up.iter().filter(|one| one.is_wrong).count(),
            mean: hops as f64 / delivered as f64,
            most: distribution.len().saturating_sub(1),
            distribution,
            delay_ms: delay as f64 / delivered as f64 / 1000.0,
            stretch: delay as f64 / straight as f64,
        }
    }
}

/// How long the last lookups are given: each dead node that is closest costs some seconds.
pub(crate) const ARRIVING: Duration = Duration::from_secs(40);

/// Sends lookups from anybody to anywhere, so many in each second, and waits until all must have arrived.
pub fn look_up(ring: &mut Ring, lookups: usize, each_second: u64) -> Hops {
    let before = ring.looked_up().len();
    let gap = Duration::from_micros(1_000_000 / each_second);
    for _ in 0..lookups {
        let from = ring.anyone().expect("somebody is in the ring");
        let key = ring.chance.place();
        ring.look_up(from, key);
        ring.pass(gap);
    }
    ring.pass(ARRIVING);
    Hops::of(ring, &ring.looked_up()[before..])
}

/// Measures the hops of lookups in a ring of so many nodes that is at rest.
pub fn at_rest(seed: u64, nodes: u32, lookups: usize) -> Hops {
    look_up(&mut Ring::made(seed, nodes), lookups, 20_000)
}

/// A ring that so many nodes have joined, some each second.
pub fn joined_up(seed: u64, nodes: u32, each_second: u64) -> Ring {
    let mut ring = Ring::new(seed);
    let gap = Duration::from_micros(1_000_000 / each_second);
    for number in 0..nodes {
        ring.come();
        // The first have to find each other.
        ring.pass(if number < 16 { Duration::from_secs(2) } else { gap });
    }
    ring.pass(Duration::from_secs(60));
    ring
}
