//! What a run says in the end.

use std::time::Duration;

use libp2p_kad as kad;
use serde::Serialize;
use web_time::Instant;

use crate::setting::Setting;
use crate::tally::{Lookup, Tally, Traffic};

/// Of the libraries, as Cargo.toml pins them.
const VERSIONS: [&str; 2] = ["libp2p-kad 0.49.0", "libp2p-swarm 0.48.0"];

#[derive(Serialize)]
pub(crate) struct Report {
    versions: [&'static str; 2],
    setting: Setting,
    k: usize,
    alpha: usize,
    delay_ms: u128,
    /// The mean number of nodes in the window.
    n: f64,
    window_s: f64,
    /// Lookups whose origin stayed until they were finished.
    lookups: usize,
    /// Of these, those whose end was the target itself.
    found: usize,
    /// And those that missed a target who was there from the beginning to the end.
    failed: usize,
    /// And those whose target left meanwhile.
    target_left: usize,
    /// Of lookups that found, in one-way delays.
    delays: Delays,
    requests_a_lookup: f64,
    a_node_and_second: Rates,
}

/// In one-way delays since the lookup started.
#[derive(Serialize)]
struct Delays {
    /// Until the target has the request.
    delivered: Figures,
    /// Until the answer of the target is there.
    answered: Figures,
    /// Until kad says that the lookup is done.
    finished: Figures,
}

#[derive(Serialize)]
struct Figures {
    mean: f64,
    p50: f64,
    p95: f64,
    max: f64,
}

#[derive(Serialize)]
struct Rates {
    /// Messages of kad with their length prefixes, sent: those of lookups and of maintenance.
    bytes: f64,
    bytes_of_lookups: f64,
    bytes_of_maintenance: f64,
    messages: f64,
    messages_of_lookups: f64,
    messages_of_maintenance: f64,
    /// Not in `bytes`: what agreeing on the protocol of each stream took.
    bytes_of_negotiation: f64,
    streams: f64,
    connections: f64,
}

impl Report {
    /// `gone` says when a node left, if it did; `node_seconds` is how long all nodes were there within the window.
    pub(crate) fn new(
        tally: &Tally,
        setting: Setting,
        delay: Duration,
        window: Duration,
        node_seconds: f64,
        gone: impl Fn(usize) -> Option<Instant>,
    ) -> Self {
        let whole: Vec<&Lookup> = tally.lookups.iter().filter(|lookup| lookup.finished.is_some()).collect();
        let found: Vec<&Lookup> = whole.iter().copied().filter(|lookup| lookup.is_found).collect();
        let left = |lookup: &&Lookup| {
            !lookup.is_found && gone(lookup.target) <= lookup.finished && gone(lookup.target).is_some()
        };
        let target_left = whole.iter().copied().filter(left).count();
        let delays = |moment: fn(&Lookup) -> Option<Instant>| {
            let since = |lookup: &&Lookup| Some(moment(lookup)?.duration_since(lookup.started).as_secs_f64());
            Figures::new(
                found.iter().filter_map(since).map(|elapsed| elapsed / delay.as_secs_f64()).collect(),
            )
        };
        Self {
            versions: VERSIONS,
            setting,
            k: kad::K_VALUE.get(),
            alpha: kad::ALPHA_VALUE.get(),
            delay_ms: delay.as_millis(),
            n: rounded(node_seconds / window.as_secs_f64()),
            window_s: window.as_secs_f64(),
            lookups: whole.len(),
            found: found.len(),
            failed: whole.len() - found.len() - target_left,
            target_left,
            delays: Delays {
                delivered: delays(|lookup| lookup.delivered),
                answered: delays(|lookup| lookup.answered),
                finished: delays(|lookup| lookup.finished),
            },
            requests_a_lookup: rounded(
                whole.iter().map(|lookup| lookup.requests).sum::<u64>() as f64 / whole.len().max(1) as f64,
            ),
            a_node_and_second: Rates::new(tally, node_seconds),
        }
    }
}

impl Rates {
    fn new(tally: &Tally, node_seconds: f64) -> Self {
        let rate = |count: u64| rounded(count as f64 / node_seconds);
        let Tally { maintenance: Traffic { messages, bytes }, lookup, .. } = *tally;
        Self {
            bytes: rate(bytes + lookup.bytes),
            bytes_of_lookups: rate(lookup.bytes),
            bytes_of_maintenance: rate(bytes),
            messages: rate(messages + lookup.messages),
            messages_of_lookups: rate(lookup.messages),
            messages_of_maintenance: rate(messages),
            bytes_of_negotiation: rate(tally.negotiation_bytes),
            streams: rate(tally.streams),
            connections: rate(tally.connections),
        }
    }
}

impl Figures {
    fn new(mut values: Vec<f64>) -> Self {
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
