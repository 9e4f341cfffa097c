//! Runs random worlds of Tertulia nodes and says how each can be replayed.

use clap::Parser;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use tertulia_proto::Duration;
use tertulia_sim::scenario::Plan;

/// Random worlds of Tertulia nodes: people come, talk, leave and die while the network breaks; then it heals,
/// and all must agree. The same seed gives the same run.
#[derive(Parser)]
#[command(name = "tertulia-sim", version)]
struct Options {
    /// Run the world of this seed
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run the worlds of these seeds, the last not counted in
    #[arg(long, value_name = "FROM..TO", value_parser = range, default_value = "0..5")]
    seeds: Range<u64>,
    /// How many nodes there are
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..))]
    nodes: u32,
    /// How many things happen
    #[arg(long, default_value_t = 120)]
    steps: u64,
    /// Over how many minutes they are spread, by the world's clock
    #[arg(long, default_value_t = 3)]
    minutes: u64,
    /// Tell each command, event and fault on stderr
    #[arg(long)]
    tell: bool,
}

impl Options {
    fn plan(&self, seed: u64) -> Plan {
        let span = Duration::from_secs(self.minutes.saturating_mul(60));
        Plan { seed, nodes: self.nodes as usize, steps: self.steps, span }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seeds = options.seed.map_or(options.seeds.clone(), |seed| seed..seed.saturating_add(1));
    let failed: Vec<_> = seeds.clone().filter(|seed| !runs(options.plan(*seed), options.tell)).collect();
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("{} of {} worlds failed; replay the first:", failed.len(), seeds.end - seeds.start);
    eprintln!("  {}", options.plan(failed[0]).command());
    ExitCode::FAILURE
}

/// Whether a world holds together. What breaks it is said by the panic itself.
fn runs(plan: Plan, tell: bool) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(|| match tell {
        true => plan.run_told(|line| eprintln!("{line}")),
        false => plan.run(),
    }));
    match &outcome {
        Ok(outcome) => println!("{outcome}"),
        Err(_) => eprintln!("seed {} failed: {}", plan.seed, plan.command()),
    }
    outcome.is_ok()
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("two numbers with .. between them, as 0..20")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    Ok(number(from)?..number(to)?)
}
