//! Figures of rings, each with what it has to be: `docs/BENCHMARKS.md` has them beside those of others.

use clap::ValueEnum;
use serde_json::{Value, json};
use std::process::ExitCode;
use tertulia_proto::Duration;
use tertulia_sim::ring::churn::Churn;
use tertulia_sim::ring::{failure, hops, malice, scale};

/// All rings have their chance from this.
const SEED: u64 = 1;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Hops of 200,000 lookups among 1,000, 10,000 and 100,000 nodes at rest
    Hops,
    /// The same among 100,000 who have 24, 40 and 96 links each
    Budgets,
    /// A ring of 10,000 that was joined up, beside one that was made
    Joined,
    /// 500 of 5,000 nodes fail at once
    Failure,
    /// Sessions of 15 minutes, one frame in twenty lost
    Churn,
    /// Sessions of 84 seconds
    Minutes,
    /// 1,000,000 lookups while nodes come and say goodbye, nothing lost
    Lossless,
    /// A quarter of 10,000 nodes is malicious
    Malice,
    /// 100,000 nodes: memory, and events a second
    Routine,
    /// The same with 1,000,000
    Million,
    /// All but the last
    All,
}

/// Measures, and prints what came of it.
pub(crate) fn measure(measure: Measure, json: bool) -> ExitCode {
    let all = Measure::value_variants().iter().filter(|one| !matches!(one, Measure::Million | Measure::All));
    let measures: Vec<_> = if measure == Measure::All { all.copied().collect() } else { vec![measure] };
    let mut results = serde_json::Map::new();
    for one in measures {
        let name = format!("{one:?}").to_lowercase();
        let value = figures(one);
        if !json {
            println!("{name}: {value:#}");
        }
        results.insert(name, value);
    }
    if json {
        println!("{}", Value::Object(results));
    }
    ExitCode::SUCCESS
}

fn figures(measure: Measure) -> Value {
    match measure {
        Measure::Hops => json!([1_000, 10_000, 100_000].map(|nodes| hops::at_rest(SEED, nodes, 200_000))),
        Measure::Budgets => {
            let at = |budget: usize| json!({ "links": budget, "hops": hops::with_budget(SEED, 100_000, budget, 200_000) });
            json!([24, 40, 96].map(at))
        }
        Measure::Joined => json!(hops::joined_beside_made(SEED, 10_000, 200_000)),
        Measure::Failure => json!(failure::at_once(SEED, 5_000, 500, 20_000, 500)),
        Measure::Churn => json!(Churn::of_fifteen_minutes(SEED, 5_000).run()),
        Measure::Minutes => json!(Churn::of_minutes(SEED, 2_000).run()),
        Measure::Lossless => {
            let churn = Churn::without_loss(SEED, 5_000);
            json!(Churn { span: Duration::from_secs(2_010), ..churn }.run())
        }
        Measure::Malice => json!(malice::redundant(SEED, 10_000, 25, 20_000)),
        Measure::Routine => json!(scale::large(SEED, 100_000, Duration::from_secs(30), 100_000)),
        Measure::Million => json!(scale::large(SEED, 1_000_000, Duration::from_secs(10), 100_000)),
        Measure::All => Value::Null,
    }
}
