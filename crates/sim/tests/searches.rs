//! Small rings whose nodes list their users: the large ones run with `cargo xtask sim --ring search --people FILE`.

use tertulia_proto::Duration;
use tertulia_proto::directory::code::Code;
use tertulia_sim::ring::load::People;
use tertulia_sim::ring::replay;
use tertulia_sim::ring::search::{Query, Searches};
use tertulia_sim::ring::trace::Plan;

/// Popular words and others, of kinds like those that are measured.
fn people() -> People {
    const WORDS: [(&str, [&str; 6]); 3] = [
        ("first", ["james", "mary", "anna", "lee", "philippa", "zoe"]),
        ("last", ["smith", "johnson", "garcia", "ng", "quisenberry", "lee"]),
        ("interest", ["chess", "sailing", "pottery", "astronomy", "choir", "gardening"]),
    ];
    let line = |(kind, words): (&str, [&str; 6])| -> String {
        words
            .iter()
            .zip([20, 9, 5, 3, 2, 1])
            .map(|(word, weight)| format!("{kind}\t{word}\t{weight}\n"))
            .collect()
    };
    People::parse(&WORDS.map(line).concat()).expect("lines of people")
}

fn small(searches: Searches) -> Searches {
    Searches { count: 100, each_second: 5, ..searches }
}

#[test]
fn whoever_is_listed_is_found_by_any_word_in_both_codes() {
    for code in [Code::Ascii, Code::Balanced] {
        let queries = [Query::Word, Query::Prefix, Query::Error];
        for query in queries.into_iter().take(if code == Code::Ascii { 1 } else { 3 }) {
            let outcome = small(Searches { query, ..Searches::at_rest(1, 40, code) }).run(&people());
            assert_eq!(outcome.found, outcome.searches, "{outcome:?}");
        }
    }
}

#[test]
fn people_are_found_while_nodes_come_and_go_and_frames_get_lost() {
    let outcome = small(Searches::under_churn(2, 50, Code::Balanced)).run(&people());
    assert!(outcome.found_share >= 0.98, "{outcome:?}");
}

#[test]
fn a_malicious_quarter_hides_few() {
    let outcome = small(Searches::among_malicious(3, 80, Code::Balanced)).run(&people());
    assert!(outcome.found_share >= 0.95, "{outcome:?}");
}

#[test]
fn a_trace_is_played_to_its_end() {
    let plan = Plan { nodes: 30, span: Duration::from_secs(300), ..Plan::standard(1, false) };
    let report = replay::play(1, &plan.events());
    assert_eq!((report.found, report.failed), (report.lookups, 0), "{report:?}");
    // Each question passes one node at the least, and its answer comes the same way.
    assert!(report.delays.answered.mean >= 2.0 * report.delays.delivered.mean - 0.01, "{report:?}");
    assert!(report.a_node_and_second.bytes > report.a_node_and_second.bytes_of_lookups);
}

#[test]
fn the_same_seed_finds_the_same() {
    let run = || {
        let outcome = small(Searches::under_churn(7, 20, Code::Balanced)).run(&people());
        (outcome.found, outcome.searches, outcome.stats)
    };
    assert_eq!(run(), run());
}
