//! What happens to a ring, independent of whose ring it is: who joins, leaves and looks up whom, and when. Two overlays
//! are compared on the same trace; `crates/xtask/kad` plays one to libp2p's.

use std::io::{self, Write};

use tertulia_proto::Duration;
use tertulia_proto::rng::Rng;

/// How a trace comes about. The same plan gives the same trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What chance begins with.
    pub seed: u64,
    /// How many nodes there are, once all have joined.
    pub nodes: usize,
    /// From one joining to the next, before the lookups begin.
    pub join_every: Duration,
    /// From the last joining to the first lookups.
    pub settling: Duration,
    /// How long there are lookups, and departures.
    pub span: Duration,
    /// The mean time from one lookup of a node to its next.
    pub lookup_every: Duration,
    /// The median of how long a node stays; without one, all stay.
    pub session_median: Option<Duration>,
}

impl Plan {
    /// The trace that the comparison is made on: 1,000 nodes and, after they have joined, 20 minutes in which each looks
    /// up another a minute; with churn, half of the nodes stay less than 15 minutes.
    pub fn standard(seed: u64, churn: bool) -> Self {
        Self {
            seed,
            nodes: 1_000,
            join_every: Duration::from_millis(200),
            settling: Duration::from_secs(60),
            span: Duration::from_secs(20 * 60),
            lookup_every: Duration::from_secs(60),
            session_median: churn.then(|| Duration::from_secs(15 * 60)),
        }
    }

    /// All that happens, in the order of time.
    pub fn events(&self) -> Vec<Event> {
        Draft::new(self).events()
    }
}

/// What happens at a moment, in milliseconds since the trace began. Nodes are numbered in the order of their joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at_ms: u64,
    /// What.
    pub deed: Deed,
}

/// What nodes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A node comes, and knows one that is in; the first knows nobody.
    Join {
        /// Who comes.
        node: usize,
        /// Who is known.
        via: Option<usize>,
    },
    /// A node is gone, without a word.
    Leave {
        /// Who is gone.
        node: usize,
    },
    /// A node looks up another by its id. Both are in.
    LookUp {
        /// Who looks up.
        node: usize,
        /// Whom.
        target: usize,
    },
}

/// Writes a trace as JSON Lines: `{"at_ms":1,"join":1,"via":0}`, `{"at_ms":2,"leave":1}`,
/// `{"at_ms":3,"lookup":0,"target":2}`.
///
/// # Errors
/// Those of `out`.
pub fn write(events: &[Event], mut out: impl Write) -> io::Result<()> {
    for Event { at_ms, deed } in events {
        match deed {
            Deed::Join { node, via: Some(via) } => {
                writeln!(out, r#"{{"at_ms":{at_ms},"join":{node},"via":{via}}}"#)?;
            }
            Deed::Join { node, via: None } => writeln!(out, r#"{{"at_ms":{at_ms},"join":{node}}}"#)?,
            Deed::Leave { node } => writeln!(out, r#"{{"at_ms":{at_ms},"leave":{node}}}"#)?,
            Deed::LookUp { node, target } => {
                writeln!(out, r#"{{"at_ms":{at_ms},"lookup":{node},"target":{target}}}"#)?;
            }
        }
    }
    out.flush()
}

/// A trace while it is being made.
struct Draft<'a> {
    plan: &'a Plan,
    chance: Rng,
    events: Vec<Event>,
    /// Who is in, and when it will be gone, in milliseconds.
    present: Vec<(usize, u64)>,
    joined: usize,
}

impl<'a> Draft<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&plan.seed.to_le_bytes());
        Self { plan, chance: Rng::new(seed), events: Vec::new(), present: Vec::new(), joined: 0 }
    }

    fn events(mut self) -> Vec<Event> {
        let start =
            self.plan.join_every.as_millis() * self.plan.nodes as u64 + self.plan.settling.as_millis();
        for number in 0..self.plan.nodes as u64 {
            // Sessions are without memory: what is left of them when the lookups begin is as long as a whole one.
            self.join(self.plan.join_every.as_millis() * number, start);
        }
        let end = start + self.plan.span.as_millis();
        let mut at = start as f64;
        loop {
            at += self.until_next(self.plan.lookup_every.as_millis() as f64 / self.plan.nodes as f64);
            let at_ms = whole(at);
            if at_ms >= end {
                return self.events;
            }
            self.leave_before(at_ms);
            self.look_up(at_ms);
        }
    }

    /// A node joins, and stays for a session that counts from `since`.
    fn join(&mut self, at_ms: u64, since: u64) {
        let via = (!self.present.is_empty()).then(|| self.anybody().0);
        let node = self.joined;
        self.joined += 1;
        self.events.push(Event { at_ms, deed: Deed::Join { node, via } });
        let session = self.plan.session_median.map(|median| {
            // The mean of exponential sessions with this median.
            self.until_next(median.as_millis() as f64 / std::f64::consts::LN_2)
        });
        self.present.push((node, session.map_or(u64::MAX, |session| since + whole(session))));
    }

    /// Who has stayed long enough leaves, and somebody new comes at the same moment.
    fn leave_before(&mut self, end: u64) {
        while let Some(index) = (0..self.present.len()).min_by_key(|index| self.present[*index].1)
            && self.present[index].1 < end
        {
            let (node, at_ms) = self.present.swap_remove(index);
            self.events.push(Event { at_ms, deed: Deed::Leave { node } });
            self.join(at_ms, at_ms);
        }
    }

    fn look_up(&mut self, at_ms: u64) {
        let (node, _) = self.anybody();
        let (target, _) = self.anybody();
        // A node has no need to look up itself; the next pair of the rate makes up for it.
        if node != target {
            self.events.push(Event { at_ms, deed: Deed::LookUp { node, target } });
        }
    }

    fn anybody(&mut self) -> (usize, u64) {
        let index = self.chance.below(self.present.len() as u64);
        self.present[usize::try_from(index).unwrap_or_default()]
    }

    /// Exponentially distributed with this mean.
    fn until_next(&mut self, mean: f64) -> f64 {
        const STEPS: u64 = 1 << 53;
        // Above zero, so that its logarithm is finite.
        let share = (self.chance.below(STEPS) + 1) as f64 / STEPS as f64;
        -share.ln() * mean
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds of hours, above zero"
)]
fn whole(ms: f64) -> u64 {
    ms as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn small(seed: u64) -> Plan {
        Plan { nodes: 100, ..Plan::standard(seed, true) }
    }

    #[test]
    fn only_who_is_in_does_anything() {
        let mut present = BTreeSet::new();
        let mut last = 0;
        for Event { at_ms, deed } in small(1).events() {
            assert!(at_ms >= last);
            last = at_ms;
            match deed {
                Deed::Join { node, via } => {
                    assert_eq!(via.is_none(), present.is_empty());
                    assert!(via.is_none_or(|via| present.contains(&via)));
                    assert!(present.insert(node));
                }
                Deed::Leave { node } => assert!(present.remove(&node)),
                Deed::LookUp { node, target } => {
                    assert!(node != target && present.contains(&node) && present.contains(&target));
                }
            }
        }
        assert_eq!(present.len(), 100);
    }

    #[test]
    fn rate_and_sessions_are_as_planned() {
        let events = Plan::standard(3, true).events();
        let count = |is: fn(&Deed) -> bool| events.iter().filter(|event| is(&event.deed)).count();
        let lookups = count(|deed| matches!(deed, Deed::LookUp { .. }));
        let departures = count(|deed| matches!(deed, Deed::Leave { .. }));
        assert!((19_300..20_700).contains(&lookups), "{lookups} of 20,000");
        // 1,000 nodes, 20 minutes, 21.6 minutes on the mean.
        assert!((830..1_020).contains(&departures), "{departures} of 924");
    }

    #[test]
    fn the_same_seed_gives_the_same_trace() {
        assert_eq!(small(1).events(), small(1).events());
        assert_ne!(small(1).events(), small(2).events());
    }

    #[test]
    fn a_trace_is_written_line_by_line() {
        let deeds = [
            Deed::Join { node: 0, via: None },
            Deed::Join { node: 1, via: Some(0) },
            Deed::LookUp { node: 0, target: 1 },
            Deed::Leave { node: 1 },
        ];
        let events: Vec<Event> = (7..).zip(deeds).map(|(at_ms, deed)| Event { at_ms, deed }).collect();
        let mut out = Vec::new();
        write(&events, &mut out).expect("written");
        let said = "{\"at_ms\":7,\"join\":0}\n{\"at_ms\":8,\"join\":1,\"via\":0}\n\
                    {\"at_ms\":9,\"lookup\":0,\"target\":1}\n{\"at_ms\":10,\"leave\":1}\n";
        assert_eq!(String::from_utf8(out).expect("text"), said);
    }
}
