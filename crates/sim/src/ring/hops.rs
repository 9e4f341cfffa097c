//! How many hops lookups take (Rowstron and Druschel 2001, section 3.1).

use super::{LookedUp, Ring};
use serde::Serialize;
use std::collections::BTreeSet;
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
    /// How many links had to be opened for one on average, where nodes have links.
    pub opened: f64,
    /// How long one took on average, in milliseconds.
    pub delay_ms: f64,
    /// How much longer than the way straight to the one who delivered it.
    pub stretch: f64,
}

impl Hops {
    /// Sums up lookups.
    pub fn of(ring: &Ring, looked_up: &[LookedUp]) -> Self {
        let mut distribution = Vec::new();
        let (mut delay, mut straight, mut opened) = (0, 0, 0);
        for (one, delivered) in looked_up.iter().filter_map(|one| Some((one, one.delivered?))) {
            let hops = usize::from(delivered.hops);
            distribution.resize(distribution.len().max(hops + 1), 0);
            distribution[hops] += 1;
            opened += u64::from(delivered.opened);
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
            opened: opened as f64 / delivered as f64,
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
    ring.look_up_all(lookups, gap);
    ring.pass(ARRIVING);
    Hops::of(ring, &ring.looked_up()[before..])
}

/// Measures the hops of lookups in a ring of so many nodes that is at rest.
pub fn at_rest(seed: u64, nodes: u32, lookups: usize) -> Hops {
    look_up(&mut Ring::made(seed, nodes), lookups, 20_000)
}

/// The same where each node has so many links, and opens others when a message needs them.
pub fn with_budget(seed: u64, nodes: u32, budget: usize, lookups: usize) -> Hops {
    let mut ring = Ring::made(seed, nodes);
    ring.link(budget);
    look_up(&mut ring, lookups, 20_000)
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

/// A ring that was joined up, beside one that was made of the same nodes.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    /// Nodes whose leaf sets differ.
    pub leaf_sets_that_differ: usize,
    /// Nodes in a routing table on average, joined and made.
    pub table: [f64; 2],
    /// Lookups, joined and made.
    pub hops: [Hops; 2],
}

/// Compares the two.
pub fn joined_beside_made(seed: u64, nodes: u32, lookups: usize) -> Beside {
    let mut rings = [joined_up(seed, nodes, u64::from(nodes / 100).max(2)), Ring::made(seed, nodes)];
    let leaves = |ring: &Ring, number: u32| {
        let node = ring.node(number).expect("nobody has gone");
        node.leaves().map(|leaf| leaf.node).collect::<BTreeSet<_>>()
    };
    let differs = |number: &u32| leaves(&rings[0], *number) != leaves(&rings[1], *number);
    let leaf_sets_that_differ = (0..nodes).filter(differs).count();
    let table = rings.each_ref().map(|ring| {
        let all = ring.there().iter().filter_map(|number| ring.node(*number));
        all.map(|node| node.table().len()).sum::<usize>() as f64 / f64::from(nodes)
    });
    // Slowly: the first who came are in everybody's table.
    let hops = rings.each_mut().map(|ring| look_up(ring, lookups, 2_000));
    Beside { leaf_sets_that_differ, table, hops }
}
