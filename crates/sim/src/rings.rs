//! Figures of rings, each with what it has to be: `docs/BENCHMARKS.md` has them beside those of others.

use clap::ValueEnum;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use tertulia_proto::Duration;
use tertulia_proto::directory::FOUND_MAX;
use tertulia_proto::directory::code::Code;
use tertulia_sim::ring::churn::Churn;
use tertulia_sim::ring::load::People;
use tertulia_sim::ring::search::{Query, Searches};
use tertulia_sim::ring::trace::Plan;
use tertulia_sim::ring::{failure, hops, malice, replay, scale};

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
    /// 1,000 nodes, which fit into a processor's cache: events a second
    Thousand,
    /// 100,000 nodes: memory, and events a second
    Routine,
    /// The same with 1,000,000
    Million,
    /// The trace that libp2p's Kademlia is measured on, without churn and with it
    Trace,
    /// Searches for people by words, beginnings and words with an error, in both codes among 1,000 at rest, in the balanced one among 10,000
    Search,
    /// Searches while nodes come and go and one frame in twenty is lost
    SearchChurn,
    /// Searches where a quarter is malicious
    SearchMalice,
    /// All that needs no names, but the million
    All,
}

const CODES: [Code; 2] = [Code::Ascii, Code::Balanced];
const QUERIES: [Query; 3] = [Query::Word, Query::Prefix, Query::Error];

impl Measure {
    /// Whether it is of people with names.
    fn has_people(self) -> bool {
        matches!(self, Self::Search | Self::SearchChurn | Self::SearchMalice)
    }
}

/// Measures, and prints what came of it. Names of people are in a file.
pub(crate) fn measure(measure: Measure, people: Option<&Path>, json: bool) -> ExitCode {
    let people = match people.map(names).transpose() {
        Ok(people) => people.unwrap_or_default(),
        Err(error) => {
            eprintln!("{error}; nothing was measured");
            return ExitCode::FAILURE;
        }
    };
    if measure.has_people() && people.is_empty() {
        eprintln!(
            "--people FILE has the names, as tests/bench/words/words.py writes them; nothing was measured"
        );
        return ExitCode::FAILURE;
    }
    let is_other = |one: &&Measure| one.has_people() || matches!(one, Measure::Million | Measure::All);
    let all = Measure::value_variants().iter().filter(|one| !is_other(one));
    let measures: Vec<_> = if measure == Measure::All { all.copied().collect() } else { vec![measure] };
    let mut results = serde_json::Map::new();
    for one in measures {
        let name = one.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        let value = figures(one, &people);
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

fn names(file: &Path) -> Result<People, String> {
    let lines = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    People::parse(&lines).map_err(|line| format!("{}: {line:?} is no kind, word and weight", file.display()))
}

fn figures(measure: Measure, people: &People) -> Value {
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
        Measure::Thousand => json!(scale::large(SEED, 1_000, Duration::from_secs(30), 100_000)),
        Measure::Routine => json!(scale::large(SEED, 100_000, Duration::from_secs(30), 100_000)),
        Measure::Million => json!(scale::large(SEED, 1_000_000, Duration::from_secs(10), 100_000)),
        Measure::Trace => {
            let of = |churn| json!(replay::play(SEED, &Plan::standard(SEED, churn).events()));
            json!({ "still": of(false), "churn": of(true) })
        }
        Measure::Search => {
            let of = |nodes, code, query| {
                let searches = Searches { query, ..Searches::at_rest(SEED, nodes, code) };
                // A beginning may be that of more people than anybody looks through.
                let limit = if query == Query::Prefix { FOUND_MAX } else { searches.limit };
                Searches { limit, ..searches }.run(people)
            };
            // With the paper's code those among 10,000 were not done within twenty minutes.
            let all = [(1_000, Code::Ascii), (1_000, Code::Balanced), (10_000, Code::Balanced)];
            let all = all.iter().flat_map(|(nodes, code)| QUERIES.map(|query| of(*nodes, *code, query)));
            json!(all.collect::<Vec<_>>())
        }
        Measure::SearchChurn => json!(CODES.map(|code| Searches::under_churn(SEED, 1_000, code).run(people))),
        Measure::SearchMalice => {
            json!(CODES.map(|code| Searches::among_malicious(SEED, 1_000, code).run(people)))
        }
        Measure::All => Value::Null,
    }
}
