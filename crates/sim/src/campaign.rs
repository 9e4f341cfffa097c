//! Many worlds on all cores: each in one thread from beginning to end, so that each is as deterministic as if it were
//! alone.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
#[expect(
    clippy::disallowed_types,
    reason = "people are told how long a campaign took; no world ever knows"
)]
use std::time::Instant;
use tertulia_proto::Duration;
use tertulia_sim::scenario::{Outcome, Plan};

/// So many worlds are told of one by one, and more only in sum.
const TOLD_MAX: u64 = 20;
/// Failures that are told in full: more help nobody.
const FAILURES_TOLD_MAX: usize = 5;

/// So many of the worlds that took longest to agree are named.
const SLOWEST_TOLD: usize = 10;

thread_local! {
    /// What the last panic in this thread said.
    static LAST_WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Worlds to run.
pub(crate) struct Campaign<'a> {
    pub(crate) seeds: Range<u64>,
    pub(crate) threads: usize,
    /// Whether what happens is told on stderr.
    pub(crate) tell: bool,
    pub(crate) plan: &'a (dyn Fn(u64) -> Plan + Sync),
}

/// What came of the worlds so far.
#[derive(Default)]
struct Tally {
    worlds: u64,
    nodes: (usize, usize),
    said: usize,
    delivered: usize,
    /// How long each world took to agree, how long it had been broken, and its seed.
    healed: Vec<(Duration, Duration, u64)>,
    connections: u64,
    lived: Duration,
    failures: Vec<(u64, String)>,
}

impl Campaign<'_> {
    /// Runs them, tells what came of them, and fails if any did.
    pub(crate) fn run(self) -> ExitCode {
        panic::set_hook(Box::new(|info| LAST_WORDS.set(info.to_string())));
        #[expect(clippy::disallowed_types, reason = "as above")]
        let begun = Instant::now();
        let tally = self.tally();
        self.tell_sum(&tally, begun.elapsed());
        if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn tally(&self) -> Tally {
        let count = self.seeds.end - self.seeds.start;
        let bar = if count > TOLD_MAX { ProgressBar::new(count) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} worlds, {eta} left {msg}") {
            bar.set_style(style);
        }
        let (next, tally) = (AtomicU64::new(self.seeds.start), Mutex::new(Tally::default()));
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    while let Some(seed) = self.take(&next) {
                        let outcome = self.run_one(seed);
                        let mut tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                        self.note(&mut tally, seed, outcome, &bar);
                        bar.inc(1);
                    }
                });
            }
        });
        bar.finish_and_clear();
        tally.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn take(&self, next: &AtomicU64) -> Option<u64> {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        (seed < self.seeds.end).then_some(seed)
    }

    /// Runs one world. What breaks it is said by its panic.
    fn run_one(&self, seed: u64) -> Result<Outcome, String> {
        let plan = (self.plan)(seed);
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| match self.tell {
            true => plan.run_told(|line| eprintln!("{line}")),
            false => plan.run(),
        }));
        outcome.map_err(|_| LAST_WORDS.take())
    }

    fn note(&self, tally: &mut Tally, seed: u64, outcome: Result<Outcome, String>, bar: &ProgressBar) {
        tally.worlds += 1;
        match outcome {
            Ok(outcome) => {
                if self.seeds.end - self.seeds.start <= TOLD_MAX {
                    println!("{outcome}");
                }
                tally.add(&outcome);
            }
            Err(what) => {
                if tally.failures.len() < FAILURES_TOLD_MAX {
                    let replay = (self.plan)(seed).command();
                    bar.suspend(|| eprintln!("seed {seed} failed: {what}\n  {replay}"));
                }
                tally.failures.push((seed, what));
                bar.set_message(format!("({} failed)", tally.failures.len()));
            }
        }
    }

    fn tell_sum(&self, tally: &Tally, took: std::time::Duration) {
        let Tally { worlds, nodes: (least, most), said, delivered, failures, .. } = tally;
        let seconds = took.as_secs_f64();
        let rate = |count: usize| count as f64 / seconds;
        println!(
            "{worlds} worlds of {least} to {most} nodes in {seconds:.1} s on {} threads: {said} messages said, \
             {:.0} a second, and {delivered} times delivered, {:.0} a second",
            self.threads,
            rate(*said),
            rate(*delivered)
        );
        let broken = |how: &str| failures.iter().filter(|(_, what)| what.contains(how)).count();
        let [lost, doubled, disordered] = ["lost: ", "doubled: ", "out of order: "].map(broken);
        println!("worlds with a message lost: {lost}, doubled: {doubled}, out of order: {disordered}");
        self.tell_healing(tally);
        if let Some((seed, _)) = failures.iter().min() {
            eprintln!("{} of {worlds} worlds failed; replay the first:", failures.len());
            eprintln!("  {}", (self.plan)(*seed).command());
        }
    }

    /// How soon worlds agreed, which took longest, and what trying cost.
    fn tell_healing(&self, tally: &Tally) {
        let mut healed = tally.healed.clone();
        healed.sort();
        let Some(last) = healed.len().checked_sub(1) else { return };
        let [p50, p90, p99, most] =
            [50, 90, 99, 100].map(|hundredth| healed[last * hundredth / 100].0.as_millis());
        println!("agreed after all was healed: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, at most {most} ms");
        let told = |(took, outage, seed): &(Duration, Duration, u64)| {
            format!("{seed} ({} ms after {} s)", took.as_millis(), outage.as_millis() / 1000)
        };
        let slowest: Vec<_> = healed.iter().rev().take(SLOWEST_TOLD).map(told).collect();
        println!("the slowest of these seeds, after how long an outage: {}", slowest.join(", "));
        let Tally { connections, lived, .. } = tally;
        let minutes = lived.as_millis() as f64 / 60_000.0;
        println!(
            "connections begun: {connections}, {:.2} by a node in a minute",
            *connections as f64 / minutes
        );
    }
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        let nodes = outcome.plan.nodes;
        let (least, most) = self.nodes;
        self.nodes = (if least == 0 { nodes } else { least.min(nodes) }, most.max(nodes));
        self.said += outcome.said;
        self.delivered += outcome.delivered;
        self.healed.push((outcome.healed_in, outcome.outage, outcome.plan.seed));
        self.connections += outcome.connections;
        self.lived = Duration::from_micros(self.lived.as_micros() + outcome.lived.as_micros());
    }
}
