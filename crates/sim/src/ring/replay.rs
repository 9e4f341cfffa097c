//! A trace of joins, departures and lookups played to our overlay, as `crates/xtask/kad` plays it to libp2p's.
//!
//! # What counts
//!
//! - The network is theirs: each frame is under way for one delay, all alike; nothing takes time but what is under way and what waits
//!   for a deadline.
//! - A lookup is what a node says to find another by its id: `Lookup`, routed to the id, and the other's `Contact`, with its certificate, on
//!   its way back. Nothing is known of who is in the own table already, nor are lookups made shorter by it.
//! - Delays: until the target has the question, and until the origin has the answer, with which the lookup is finished.
//! - Traffic: all frames as they are encoded, those to nodes that are gone among them, from the first lookup of the trace to the last, over
//!   all nodes and the seconds that each was there. To a lookup belong the question, the answer and the acknowledgements of
//!   each hop; all else is maintenance. Not counted: what links add (DTLS, SCTP, UDP and IP; heartbeats of links).
//! - Departures are silent. Who is gone does not answer: here no network says so.

use super::trace::{Deed as Traced, Event};
use super::{Arrival, Deed, Ring, Sort, Turn, number};
use serde::Serialize;
use std::collections::BTreeMap;
use tertulia_proto::identity::Name;
use tertulia_proto::overlay::ring::Key;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::{Contact, Frame, Lookup, RouteId, Unreachable};
use tertulia_proto::{Duration, Identity, Instant};

/// From one node to any other.
const DELAY: Duration = Duration::from_millis(50);
/// How long after the last one lookups may still end.
const REST: Duration = Duration::from_secs(90);

/// What came of a trace; named as `tertulia-kad` names its figures.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// From one node to any other, in milliseconds.
    pub delay_ms: u64,
    /// The mean number of nodes in the window.
    pub n: f64,
    /// From the first lookup to the last.
    pub window_s: f64,
    /// Lookups whose origin stayed until they were answered, or to the end.
    pub lookups: usize,
    /// Of these, those that the target answered.
    pub found: usize,
    /// And those that were not, though the target stayed.
    pub failed: usize,
    /// And those whose target left meanwhile.
    pub target_left: usize,
    /// Of lookups that found, in one-way delays.
    pub delays: Delays,
    /// Rates.
    pub a_node_and_second: Rates,
}

/// In one-way delays since the lookup started.
#[derive(Clone, Debug, Serialize)]
pub struct Delays {
    /// Until the target has the question.
    pub delivered: Figures,
    /// Until its answer is there.
    pub answered: Figures,
    /// Until the lookup is done, which is the same here.
    pub finished: Figures,
}

/// A distribution.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// On average.
    pub mean: f64,
    /// Half are less.
    pub p50: f64,
    /// Of twenty, nineteen are less.
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

/// What is said, for each node and second.
#[derive(Clone, Debug, Serialize)]
pub struct Rates {
    /// All bytes.
    pub bytes: f64,
    /// Those of lookups.
    pub bytes_of_lookups: f64,
    /// All others.
    pub bytes_of_maintenance: f64,
    /// All frames.
    pub messages: f64,
    /// Those of lookups.
    pub messages_of_lookups: f64,
    /// All others.
    pub messages_of_maintenance: f64,
}

/// Plays a trace.
pub fn play(seed: u64, events: &[Event]) -> Report {
    let mut replay = Replay::new(seed);
    let is_lookup = |event: &&Event| matches!(event.deed, Traced::LookUp { .. });
    let first = events.iter().find(is_lookup).map_or(0, |event| event.at_ms);
    let last = events.iter().rfind(is_lookup).map_or(0, |event| event.at_ms);
    let mut traffic = None;
    for event in events {
        replay.go_on(event.at_ms);
        if event.at_ms >= first && traffic.is_none() {
            traffic = Some((replay.ring.tally().clone(), replay.node_time()));
            replay.ring.weighs = true;
        }
        replay.act(event.deed);
    }
    let (tally, node_time) = traffic.unwrap_or_default();
    let said = replay.ring.tally().since(&tally);
    let node_s = (replay.node_time() - node_time) as f64 / 1000.0;
    replay.go_on(last + REST.as_millis());
    replay.report(&said, node_s, (last - first) as f64 / 1000.0)
}

struct Replay {
    ring: Ring,
    began: Instant,
    /// Any certificate: all are as long.
    someone: Identity,
    lookups: Vec<LookedUp>,
    messages: BTreeMap<RouteId, usize>,
    /// When each node came, and when it left.
    stays: Vec<(Instant, Option<Instant>)>,
}

struct LookedUp {
    from: u32,
    target: u32,
    sent: Instant,
    delivered: Option<Instant>,
    answered: Option<Instant>,
}

impl Replay {
    fn new(seed: u64) -> Self {
        let mut ring = Ring::new(seed);
        ring.network.delay = Some(DELAY);
        let someone = Identity::generate(&mut Rng::new([7; 32]), &Name::cut("Somebody"), 1);
        let began = ring.now();
        Self { ring, began, someone, lookups: Vec::new(), messages: BTreeMap::new(), stays: Vec::new() }
    }

    fn go_on(&mut self, at_ms: u64) {
        let end = self.began + Duration::from_millis(at_ms);
        while let Some(turn) = self.ring.run(end) {
            match turn {
                Turn::Arrival(arrival) => self.arrive(*arrival),
                Turn::Deed(Deed::Come | Deed::Crash(_) | Deed::Leave(_) | Deed::LookUp | Deed::Other(_)) => {}
            }
        }
    }

    fn act(&mut self, deed: Traced) {
        match deed {
            Traced::Join { via, .. } => {
                self.ring.come_by(via.map(|via| via as u32));
                self.stays.push((self.ring.now(), None));
            }
            Traced::Leave { node } => {
                self.ring.crash(node as u32);
                self.stays[node].1 = Some(self.ring.now());
            }
            Traced::LookUp { node, target } => self.look_up(node as u32, target as u32),
        }
    }

    fn look_up(&mut self, from: u32, target: u32) {
        let (node, mut id) = (self.ring.id(target), None);
        let load = Frame::Lookup(Lookup { node });
        self.ring.step(from, |bare, common, now| id = Some(bare.route(common, now, Key::from(node), load)));
        self.messages.extend(id.map(|id| (id, self.lookups.len())));
        let sent = self.ring.now();
        self.lookups.push(LookedUp { from, target, sent, delivered: None, answered: None });
    }

    fn arrive(&mut self, Arrival { at, parcel }: Arrival) {
        let Some(lookup) = self.messages.get(&parcel.id).and_then(|at| self.lookups.get_mut(*at)) else {
            return;
        };
        let now = self.ring.now();
        match (parcel.load, parcel.back) {
            (Frame::Lookup(sought), Some(back)) => {
                let is_target = number(&sought.node) == at;
                if is_target {
                    lookup.delivered.get_or_insert(now);
                }
                let load = if is_target {
                    Frame::Contact(Box::new(Contact { certificate: self.someone.certificate().clone() }))
                } else {
                    Frame::Unreachable(Unreachable { node: sought.node })
                };
                self.ring.step(at, |node, common, now| node.answer(common, now, &back, load));
            }
            (Frame::Contact(_), None) => {
                lookup.answered.get_or_insert(now);
            }
            _ => {}
        }
    }

    /// Milliseconds that all nodes together have been there.
    fn node_time(&self) -> u64 {
        let now = self.ring.now();
        self.stays.iter().map(|(came, left)| left.unwrap_or(now).since(*came).as_millis()).sum()
    }

    fn report(&self, said: &super::Tally, node_s: f64, window_s: f64) -> Report {
        let left = |node: u32| self.stays[node as usize].1;
        let stays = |lookup: &&LookedUp| {
            lookup.answered.is_some() || left(lookup.from).is_none_or(|at| lookup.sent + REST < at)
        };
        let all: Vec<&LookedUp> = self.lookups.iter().filter(stays).collect();
        let found: Vec<&LookedUp> = all.iter().copied().filter(|lookup| lookup.answered.is_some()).collect();
        let is_lost = |lookup: &&&LookedUp| lookup.answered.is_none();
        let leaves = |lookup: &&&LookedUp| left(lookup.target).is_some_and(|at| at < lookup.sent + REST);
        let target_left = all.iter().filter(is_lost).filter(leaves).count();
        let delays = |moment: fn(&LookedUp) -> Option<Instant>| {
            let since = |lookup: &&LookedUp| Some(moment(lookup)?.since(lookup.sent).as_micros() as f64);
            Figures::of(found.iter().filter_map(since).map(|took| took / DELAY.as_micros() as f64).collect())
        };
        let (lookups, bytes) = (said.of(Sort::Search), said.bytes_of(Sort::Search));
        let rate = |count: u64| rounded(count as f64 / node_s);
        Report {
            delay_ms: DELAY.as_millis(),
            n: rounded(node_s / window_s),
            window_s,
            lookups: all.len(),
            found: found.len(),
            failed: all.len() - found.len() - target_left,
            target_left,
            delays: Delays {
                delivered: delays(|lookup| lookup.delivered),
                answered: delays(|lookup| lookup.answered),
                finished: delays(|lookup| lookup.answered),
            },
            a_node_and_second: Rates {
                bytes: rate(said.bytes()),
                bytes_of_lookups: rate(bytes),
                bytes_of_maintenance: rate(said.bytes() - bytes),
                messages: rate(said.frames()),
                messages_of_lookups: rate(lookups),
                messages_of_maintenance: rate(said.frames() - lookups),
            },
        }
    }
}

impl Figures {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| match values.len() {
            0 => 0.0,
            count => rounded(values[((count - 1) as f64 * share) as usize]),
        };
        let mean = rounded(values.iter().sum::<f64>() / values.len().max(1) as f64);
        Self { mean, p50: at(0.5), p95: at(0.95), max: at(1.0) }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
