//! libp2p's Kademlia on a trace of joins, departures and lookups: what the overlay is compared with.
//!
//! `tertulia-kad [--setting usual|pure|kind|bare] [--delay-ms 50] < TRACE` prints one JSON object. The library is whole and
//! unchanged: each node is a `Swarm` with a `kad::Behaviour` and nothing else in it. What is ours is around it: the
//! network ([`net`]), in which each byte is under way for one delay, the clock (`clock/`, in place of `web-time` and
//! `futures-timer`), which jumps to the next moment at which anybody wants something, and chance ([`chance`]). Nothing
//! takes time but what is under way and what waits for a deadline, so an elapsed time over the delay is the number of
//! network delays one after the other. A run of the same trace gives the same figures.
//!
//! # What counts
//!
//! - Traffic: the protobuf messages of kad with their length prefixes, as their senders write them, those to nodes that
//!   are gone among them; from the first lookup of the trace to the last, over all nodes and the seconds that each was
//!   there. A message belongs to a lookup if its stream was opened with the lookup's key while that was under way, and
//!   to maintenance otherwise: bootstrap at the start, then every five minutes.
//! - Not counted: what multistream-select says in each stream, which is told apart; and what is not there at all, as the
//!   frames of yamux (12 bytes each, some four a stream) or QUIC, the handshake and the tags of Noise or TLS, UDP and
//!   IP, ping, and identify. What these would add can be estimated from `streams` and `connections`. Instead of
//!   identify, who is dialled is told the dialler's address at once and for nothing.
//! - Addresses: one a node, `/ip4/…/udp/…/quic-v1`. Identities are as long as those of Ed25519 keys.
//! - Delays of a lookup ([`tally::Lookup`]): until the first request of it arrives at the target (a message's way there,
//!   as Pastry counts its hops), until the target's answer is back, until kad says that it is done. Lookups of who is in
//!   the own routing table count too. Only lookups that find enter the distribution.
//! - A lookup is done when the `results` closest nodes have answered. The library's usual number is 20; with 1 it is as
//!   early as it can be, for it ends with the target's own answer.
//! - Departures are silent, and libp2p keeps who was there in its buckets. In the usual setting a dial to such a node
//!   fails after ten seconds; in the others it is refused after a round trip.
//!
//! [`setting`] has what else the settings differ in. `usual` is what a program gets that changes nothing; `pure` leaves
//! only the delays of kad's own requests, which is the fair one to compare delays with; `kind` has lookups end as early
//! as they can, and `bare` leaves out maintenance as well.

mod chance;
mod net;
mod node;
mod post;
mod report;
mod setting;
mod tally;
mod trace;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use web_time::{Instant, clock};

use net::{Network, Seat};
use node::Node;
use report::Report;
use setting::Setting;
use trace::{Deed, Line};

/// How long after the last one lookups may still end.
const REST: Duration = Duration::from_secs(90);

fn main() -> Result<()> {
    let (setting, delay) = options()?;
    let lines = trace::read(std::io::stdin().lock())?;
    let report = Run::new(Network::new(delay, setting)).play(&lines)?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn options() -> Result<(Setting, Duration)> {
    let (mut setting, mut delay) = (Setting::named("usual")?, Duration::from_millis(50));
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{option} needs a value; nothing was run"))?;
        match option.as_str() {
            "--setting" => setting = Setting::named(&value)?,
            "--delay-ms" => {
                delay = Duration::from_millis(value.parse().context("--delay-ms needs a number")?)
            }
            _ => bail!("there is no option {option}; nothing was run"),
        }
    }
    ensure!(!delay.is_zero(), "without a delay there is nothing to count; nothing was run");
    Ok((setting, delay))
}

/// A trace being played.
struct Run {
    network: Network,
    pool: LocalPool,
    /// Who is there: how to tell it what to look up, and since when it is there.
    present: BTreeMap<usize, (Arc<Seat>, UnboundedSender<Arc<Seat>>)>,
    gone: BTreeMap<usize, Instant>,
    node_seconds: f64,
    counted_to: Instant,
}

impl Run {
    fn new(network: Network) -> Self {
        Self {
            network,
            pool: LocalPool::new(),
            present: BTreeMap::new(),
            gone: BTreeMap::new(),
            node_seconds: 0.0,
            counted_to: Instant::now(),
        }
    }

    fn play(mut self, lines: &[Line]) -> Result<Report> {
        let is_lookup = |line: &&Line| matches!(line.deed, Deed::LookUp { .. });
        let first = lines.iter().find(is_lookup).context("the trace has no lookup; nothing was run")?.at;
        let count = lines.iter().rposition(|line| is_lookup(&line)).map_or(0, |last| last + 1);
        let last = lines[count - 1].at;
        for line in &lines[..count] {
            self.go_on_to(clock::moment(line.at));
            if line.at == first {
                self.network.tally().is_open = true;
            }
            self.happen(line.deed)?;
        }
        self.network.tally().is_open = false;
        let (window, node_seconds) = (last - first, self.node_seconds);
        self.go_on_to(clock::moment(last + REST));
        let Network { delay, setting, .. } = self.network;
        let gone = |number| self.gone.get(&number).copied();
        Ok(Report::new(&self.network.tally(), setting, delay, window, node_seconds, gone))
    }

    /// Lets everybody do what there is to do, moment by moment until `end`.
    fn go_on_to(&mut self, end: Instant) {
        self.pool.run_until_stalled();
        while let Some(next) = clock::next().filter(|next| *next <= end) {
            clock::advance(next);
            self.pool.run_until_stalled();
        }
        clock::advance(end);
        if self.network.tally().is_open {
            self.node_seconds +=
                end.duration_since(self.counted_to).as_secs_f64() * self.present.len() as f64;
        }
        self.counted_to = end;
    }

    fn happen(&mut self, deed: Deed) -> Result<()> {
        match deed {
            Deed::Join { join, via } => self.join(join, via),
            Deed::Leave { leave } => {
                let (seat, _) =
                    self.present.remove(&leave).with_context(|| format!("{leave} is not there to leave"))?;
                seat.leave();
                self.gone.insert(leave, Instant::now());
                Ok(())
            }
            Deed::LookUp { lookup, target } => {
                let target = self.seat(target)?;
                let (_, teller) =
                    self.present.get(&lookup).with_context(|| format!("{lookup} is not there to ask"))?;
                teller.unbounded_send(target).context("a node has stopped")
            }
        }
    }

    fn join(&mut self, number: usize, via: Option<usize>) -> Result<()> {
        let via = via.map(|via| self.seat(via)).transpose()?;
        let seat = self.network.admit(number).with_context(|| format!("{number} is not the next to join"))?;
        let (teller, told) = unbounded();
        let mut node = Node::new(self.network.clone(), seat.clone(), via.as_deref(), told);
        self.pool.spawner().spawn_local(async move { poll_fn(|context| node.poll(context)).await })?;
        self.present.insert(number, (seat, teller));
        Ok(())
    }

    fn seat(&self, number: usize) -> Result<Arc<Seat>> {
        self.network.seat(number).with_context(|| format!("{number} has not joined"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty nodes, of whom each looks up ten others within six minutes: a bootstrap of each is among them.
    fn trace() -> Vec<Line> {
        let line = |at_ms, deed| Line { at: Duration::from_millis(at_ms), deed };
        let via = |number: u64| (number > 0).then_some(number as usize / 2);
        let joins =
            (0..60).map(|number| line(number * 200, Deed::Join { join: number as usize, via: via(number) }));
        let look_ups = (0..600).map(|number: usize| {
            let deed = Deed::LookUp { lookup: number % 60, target: (number + 1 + number / 60) % 60 };
            line(60_000 + number as u64 * 600, deed)
        });
        joins.chain(look_ups).collect()
    }

    fn played(setting: &str) -> serde_json::Value {
        let network = Network::new(Duration::from_millis(50), Setting::named(setting).expect("a setting"));
        let report = Run::new(network).play(&trace()).expect("a trace");
        serde_json::to_value(report).expect("plain values")
    }

    #[test]
    fn everybody_is_found_and_delays_are_whole() {
        let report = played("kind");
        assert_eq!((&report["found"], &report["failed"]), (&600.into(), &0.into()));
        let delays = &report["delays"];
        // Way there, way back; and it ends with that.
        assert_eq!((&delays["delivered"]["p50"], &delays["answered"]["p50"]), (&1.0.into(), &2.0.into()));
        assert_eq!(delays["answered"], delays["finished"]);
    }

    #[test]
    fn all_streams_speak_of_kad_and_nothing_else() {
        let rates = &played("usual")["a_node_and_second"];
        let of = |name: &str| rates[name].as_f64().expect("a number");
        // Each direction of each stream agrees on the protocol once, and carries one message.
        assert!((of("bytes_of_negotiation") / of("streams") - 74.0).abs() < 1.0);
        assert!((of("messages") / of("streams") - 2.0).abs() < 0.01);
        assert!(of("bytes_of_maintenance") > 0.0);
    }
}
