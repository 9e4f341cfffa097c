//! Many nodes fail at once (Rowstron and Druschel 2001, section 3.4).

use super::hops::{ARRIVING, Hops, joined_up, look_up};
use super::{Deed, Sort, Tally, Turn};
use serde::Serialize;
use tertulia_proto::Duration;

/// What a failure came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Nodes that have failed.
    pub failed: u32,
    /// Lookups before.
    pub before: Hops,
    /// Lookups right after, while nobody has noticed but by them.
    pub broken: Hops,
    /// Lookups when all is mended.
    pub mended: Hops,
    /// Messages that mending took for each node that failed: what was said beyond what is said at rest, without joins.
    pub messages_each: f64,
    /// The same counted as calls, a question and its answer one.
    pub calls_each: f64,
    /// Frames by what they are, for each node that failed.
    pub by_sort: Vec<(String, f64)>,
    /// What nodes counted.
    pub stats: Vec<(String, u64)>,
}

/// How long it takes until all is mended: rows are looked after slowly.
const MENDING: Duration = Duration::from_secs(10 * 60);

/// Of a ring that `nodes` have joined one after another, `failed` fail at once. Lookups go on meanwhile, as many in all in each second.
pub fn at_once(seed: u64, nodes: u32, failed: u32, lookups: usize, each_second: u64) -> Outcome {
    let mut ring = joined_up(seed, nodes, u64::from(nodes / 100).max(2));
    let before = look_up(&mut ring, lookups, 2_000);
    let rest = ring.tally().clone();
    ring.pass(MENDING);
    let rest = ring.tally().since(&rest);
    for _ in 0..failed {
        let number = ring.anyone().expect("somebody is in the ring");
        ring.crash(number);
    }
    let start = ring.tally().clone();
    // All in an instant, so that they find what nobody has noticed.
    let broken = look_up(&mut ring, lookups / 10, 1_000_000);
    let end = ring.now() + MENDING;
    ring.plan(ring.now(), Deed::LookUp);
    while let Some(turn) = ring.run(end) {
        if let (Turn::Deed(Deed::LookUp), Some(from)) = (turn, ring.anyone()) {
            let key = ring.chance.place();
            ring.look_up(from, key);
            ring.plan(ring.now() + Duration::from_micros(1_000_000 / each_second), Deed::LookUp);
        }
    }
    let said = ring.tally().since(&start);
    let mended = look_up(&mut ring, lookups, 2_000);
    // At rest as many would have been said by those who are left.
    let left = f64::from(nodes - failed) / f64::from(nodes) * (MENDING + ARRIVING).as_millis() as f64
        / MENDING.as_millis() as f64;
    let beyond =
        |count: fn(&Tally) -> u64| (count(&said) as f64 - left * count(&rest) as f64) / f64::from(failed);
    let by_sort = said.by_sort().zip(rest.by_sort()).map(|((sort, now), (_, rest)): ((Sort, u64), _)| {
        (format!("{sort:?}"), (now as f64 - left * rest as f64) / f64::from(failed))
    });
    Outcome {
        failed,
        before,
        broken,
        mended,
        messages_each: beyond(Tally::mending),
        calls_each: beyond(Tally::mending_calls),
        by_sort: by_sort.collect(),
        stats: ring.stats().map(|(name, count)| (name.to_owned(), count)).collect(),
    }
}
