//! Rings whose nodes come and go (MSPastry: Castro, Costa and Rowstron 2004; Bamboo: Rhea et al. 2004).
//!
//! A lookup is right when the node that delivers it is the closest of those who are there and in the ring at that moment. So whoever has
//! crashed counts no more, even if nobody can know yet; whoever has come counts from the moment that it takes itself for a part of the
//! ring. A lookup whose origin crashes before it arrives is nobody's any more and does not count.

use super::{Deed, Hops, LookedUp, Ring, Turn};
use serde::Serialize;
use tertulia_proto::{Duration, Instant};

/// A ring whose nodes come and go.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    /// Of the world.
    pub seed: u64,
    /// As many are there all the time: whoever goes is followed by another.
    pub nodes: u32,
    /// Half of the sessions are shorter.
    pub session: Duration,
    /// Of a hundred who go so many say goodbye; the others crash.
    pub polite_in_a_hundred: u64,
    /// Of a million frames so many are lost.
    pub lost_in_a_million: u32,
    /// Lookups in each second.
    pub lookups_each_second: u64,
    /// How long nothing is measured at first.
    pub settling: Duration,
    /// How long it is measured then.
    pub span: Duration,
    /// Whether bytes are counted.
    pub weighs: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Hops and delays of lookups.
    pub hops: Hops,
    /// Lookups that count.
    pub lookups: usize,
    /// Those that were right.
    pub right: usize,
    /// Those that were delivered by a node that was not the closest.
    pub wrong: usize,
    /// Those that nobody has delivered.
    pub lost: usize,
    /// Those that were delivered more than once.
    pub doubled: usize,
    /// The share of those that were right.
    pub right_share: f64,
    /// Nodes that came.
    pub came: u64,
    /// Nodes that are there and not in the ring at the end.
    pub outside: usize,
    /// Control messages in a second for each node: all but lookups and their acknowledgements.
    pub control_each_second: f64,
    /// Bytes of all messages in a second for each node.
    pub bytes_each_second: f64,
    /// Bytes of control messages in a second for each node.
    pub control_bytes_each_second: f64,
    /// Frames by what they are, in a second for each node.
    pub by_sort: Vec<(String, f64)>,
    /// What nodes counted.
    pub stats: Vec<(String, u64)>,
}

impl Churn {
    /// Fifteen minutes, one frame in twenty lost.
    pub fn of_fifteen_minutes(seed: u64, nodes: u32) -> Self {
        Self {
            seed,
            nodes,
            session: Duration::from_secs(15 * 60),
            polite_in_a_hundred: 0,
            lost_in_a_million: 50_000,
            lookups_each_second: u64::from(nodes) / 10,
            settling: Duration::from_secs(15 * 60),
            span: Duration::from_secs(30 * 60),
            weighs: true,
        }
    }

    /// A minute and 24 seconds, the hardest that Bamboo was measured at.
    pub fn of_minutes(seed: u64, nodes: u32) -> Self {
        let session = Duration::from_secs(84);
        let settling = Duration::from_secs(5 * 60);
        Self { session, settling, lost_in_a_million: 0, ..Self::of_fifteen_minutes(seed, nodes) }
    }

    /// Nothing is lost and whoever goes says goodbye.
    pub fn without_loss(seed: u64, nodes: u32) -> Self {
        let all = Self::of_fifteen_minutes(seed, nodes);
        Self { polite_in_a_hundred: 100, lost_in_a_million: 0, weighs: false, ..all }
    }

    /// Runs it.
    pub fn run(&self) -> Outcome {
        let mut ring = Ring::made(self.seed, self.nodes);
        ring.network.lost_in_a_million = self.lost_in_a_million;
        for number in 0..self.nodes {
            self.plan_end(&mut ring, number);
        }
        ring.plan(ring.now(), Deed::LookUp);
        let settled = ring.now() + self.settling;
        self.go_on(&mut ring, settled, settled);
        ring.weighs = self.weighs;
        let (tally, first) = (ring.tally().clone(), ring.looked_up().len());
        let end = settled + self.span;
        let came = self.go_on(&mut ring, end, end);
        let last = ring.looked_up().len();
        let said = ring.tally().since(&tally);
        let outside = ring.there().len() - ring.members();
        // The last lookups arrive.
        let (tail, origins) = (end + Duration::from_secs(40), end);
        self.go_on(&mut ring, tail, origins);
        self.outcome(&ring, &ring.looked_up()[first..last], &said, came, outside)
    }

    fn plan_end(&self, ring: &mut Ring, number: u32) {
        let at = ring.now() + ring.chance.span(self.session);
        let is_polite = ring.chance.below(100) < self.polite_in_a_hundred;
        ring.plan(at, if is_polite { Deed::Leave(number) } else { Deed::Crash(number) });
    }

    /// Goes on until `end`, with lookups until `quiet`. Yields how many came.
    fn go_on(&self, ring: &mut Ring, end: Instant, quiet: Instant) -> u64 {
        let gap = Duration::from_micros(1_000_000 / self.lookups_each_second.max(1));
        let mut came = 0;
        while let Some(turn) = ring.run(end) {
            match turn {
                Turn::Deed(Deed::LookUp) if ring.now() < quiet => {
                    if let Some(from) = ring.anyone() {
                        let key = ring.chance.place();
                        ring.look_up(from, key);
                    }
                    ring.plan(ring.now() + gap, Deed::LookUp);
                }
                Turn::Deed(Deed::Crash(number) | Deed::Leave(number)) => {
                    if matches!(turn, Turn::Deed(Deed::Leave(_))) {
                        ring.leave(number);
                    } else {
                        ring.crash(number);
                    }
                    let next = ring.come();
                    self.plan_end(ring, next);
                    came += 1;
                }
                _ => {}
            }
        }
        came
    }

    fn outcome(
        &self,
        ring: &Ring,
        all: &[LookedUp],
        said: &super::Tally,
        came: u64,
        outside: usize,
    ) -> Outcome {
        let is_somebodys = |one: &&LookedUp| one.delivered.is_some() || ring.node(one.from).is_some();
        let all: Vec<LookedUp> = all.iter().filter(is_somebodys).copied().collect();
        let right = all.iter().filter(|one| one.delivered.is_some() && !one.is_wrong).count();
        let seconds = self.span.as_millis() as f64 / 1000.0 * f64::from(self.nodes);
        let each_second = |count: u64| count as f64 / seconds;
        Outcome {
            hops: Hops::of(ring, &all),
            lookups: all.len(),
            right,
            wrong: all.iter().filter(|one| one.is_wrong).count(),
            lost: all.iter().filter(|one| one.delivered.is_none()).count(),
            doubled: all.iter().filter(|one| one.times > 1).count(),
            right_share: right as f64 / all.len() as f64,
            came,
            outside,
            control_each_second: each_second(said.control()),
            bytes_each_second: each_second(said.bytes()),
            control_bytes_each_second: each_second(said.control_bytes()),
            by_sort: said.by_sort().map(|(sort, count)| (format!("{sort:?}"), each_second(count))).collect(),
            stats: ring.stats().map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }
}
