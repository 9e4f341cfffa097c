//! Runs random worlds of Tertulia nodes and says how each can be replayed.

mod campaign;
mod recorded;
mod rings;
mod staged;

use campaign::Campaign;
use clap::Parser;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use tertulia_proto::Duration;
use tertulia_sim::World;
use tertulia_sim::scenario::Plan;

/// Each frame and each message that waits is memory taken and given back, millions a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Random worlds of Tertulia nodes: people come, talk, leave and die while the network breaks; then it heals,
/// and all must agree. The same seed gives the same run.
#[derive(Parser)]
#[command(name = "tertulia-sim", version)]
struct Options {
    /// Run the world of this seed
    #[arg(long, group = "run", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run so many worlds, or those of these seeds, the last not counted in
    #[arg(long, value_name = "COUNT|FROM..TO", value_parser = range, default_value = "5")]
    seeds: Range<u64>,
    /// How many nodes there are; each seed has its own number, 2 to 50, if this is not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    nodes: Option<u32>,
    /// How many things happen
    #[arg(long)]
    steps: Option<u64>,
    /// Over how many minutes they are spread, by the world's clock
    #[arg(long)]
    minutes: Option<u64>,
    /// How many worlds run at once; as many as there are cores, if this is not given
    #[arg(long)]
    threads: Option<usize>,
    /// Run a scenario of crates/sim/scenarios by its name, or one in a file
    #[arg(long, value_name = "NAME|FILE", group = "run", conflicts_with_all = ["seed", "seeds"])]
    scenario: Option<String>,
    /// Record all that the nodes of the world or the scenario are told, and what comes of it, in a file
    #[arg(long, value_name = "FILE", requires = "run")]
    record: Option<PathBuf>,
    /// Run the nodes of a recording again, each by itself, and find the first step that comes out otherwise
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "seeds", "record", "nodes", "steps", "minutes", "threads"])]
    replay: Option<PathBuf>,
    /// Of a recording, run only the node of this number or person
    #[arg(long, value_name = "NODE", requires = "replay", conflicts_with_all = ["run", "seeds"])]
    only: Option<String>,
    /// Measure rings of nodes of which only the overlay is there
    #[arg(long, value_name = "NAME", value_enum, conflicts_with_all = ["run", "seeds", "replay", "record", "nodes", "steps", "minutes"])]
    ring: Option<rings::Measure>,
    /// The words of people for measures of searches: lines of a kind, a word and its weight
    #[arg(long, value_name = "FILE", requires = "ring")]
    people: Option<PathBuf>,
    /// Print figures of rings as one JSON object
    #[arg(long)]
    json: bool,
    /// Tell each command, event and fault on stderr; of a recording, all that each node is told and what comes of it
    #[arg(long)]
    tell: bool,
}

impl Options {
    fn plan(&self, seed: u64) -> Plan {
        let plan = Plan::of(seed);
        Plan {
            seed,
            nodes: self.nodes.map_or(plan.nodes, |nodes| nodes as usize),
            steps: self.steps.unwrap_or(plan.steps),
            span: self.minutes.map_or(plan.span, |minutes| Duration::from_secs(minutes.saturating_mul(60))),
        }
    }

    /// As many as the cores, but one while a world tells what happens.
    fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if self.tell { 1 } else { self.threads.unwrap_or(cores).max(1) }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(measure) = options.ring {
        return rings::measure(measure, options.people.as_deref(), options.json);
    }
    if options.scenario.as_deref() == Some("million") {
        return rings::measure(rings::Measure::Million, None, options.json);
    }
    let record = options.record.as_deref();
    if let Some(file) = &options.replay {
        return recorded::replay(file, options.only, options.tell);
    }
    if let Some(name) = &options.scenario {
        return staged::play(name, options.tell, record);
    }
    if let (Some(seed), Some(file)) = (options.seed, record) {
        let plan = options.plan(seed);
        let mut world = World::new(seed);
        if options.tell {
            world.narrate(|line| eprintln!("{line}"));
        }
        return recorded::record(file, (plan.command(), None), world, |world| plan.run_in(world));
    }
    let seeds = options.seed.map_or(options.seeds.clone(), |seed| seed..seed.saturating_add(1));
    let plan = |seed| options.plan(seed);
    Campaign { seeds, threads: options.threads(), tell: options.tell, plan: &plan }.run()
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    let seeds = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => 0..number(text)?,
    };
    if seeds.is_empty() { Err(format!("{text:?} names no world")) } else { Ok(seeds) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn options_fit_together() {
        Options::command().debug_assert();
        let parsed = |line: &str| Options::try_parse_from(line.split(' ')).is_ok();
        assert!(parsed("sim --seed 7 --nodes 4 --record a"));
        assert!(parsed("sim --scenario one_way --record a --tell"));
        assert!(parsed("sim --replay a --only Ana --tell"));
        assert!(!parsed("sim --seeds 7 --record a"), "a recording is of one run");
        assert!(!parsed("sim --record a"), "of which?");
        assert!(!parsed("sim --replay a --seed 7") && !parsed("sim --replay a --nodes 7"));
        assert!(!parsed("sim --seed 7 --only Ana"));
        assert!(parsed("sim --ring hops --json") && !parsed("sim --ring hops --seed 7"));
    }
}
