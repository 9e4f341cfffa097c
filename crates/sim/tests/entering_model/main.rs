//! A model of entering a conversation, which stateright takes through every order of events (García et al., section 3.1;
//! docs/PROTOCOL.md, 11).
//!
//! Four nodes and the frames between them, over ordered links: three in a conversation and one who asks the last of them
//! to be let in, or two and two who ask different ones. While somebody enters, a live node may be suspected, the
//! coordinator may crash, the network may split and heal, and a deadline may pass while what it waits for is on its way.
//! `graph.rs` is what `group/graph.rs` and `group/membership.rs` of the core do, `asking.rs`, `entering.rs` and
//! `conversation.rs` what the files of these names do; `model.rs` says what may happen when, `order.rs` which orders are
//! one, `properties.rs` what must hold.
//!
//! Left out: what is said, stores and restarts, private conversations, people who say no (but to an intruder), tickets that
//! expire, and whoever is not the first of all crashing.
//!
//! `TERTULIA_MODEL_DEPTH` is the number of steps to which the largest searches go: 1000 is all of them.
#![expect(clippy::cast_possible_truncation, reason = "there are four seats and a handful of operations")]

mod asking;
mod conversation;
mod entering;
mod graph;
mod model;
mod order;
mod properties;
mod world;

use model::Setting;
use properties::{
    AGREED, ANSWERED, ENTERED, FUNCTION, MAJORITY, MISTAKEN, ONE_RETRY, SILENT, UNTOLD, VOUCHED, WHOLE, WORD,
};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;
use world::{Faults, Flaw};

const NONE: Faults = Faults { suspicions: 0, crashes: 0, cuts: 0, delays: 0 };
const SUSPICION: Faults = Faults { suspicions: 1, ..NONE };
const CRASH: Faults = Faults { crashes: 1, ..NONE };
const PARTITION: Faults = Faults { cuts: 1, ..NONE };
const DELAY: Faults = Faults { delays: 1, ..NONE };
const ALL: Faults = Faults { suspicions: 1, crashes: 1, cuts: 1, ..NONE };

/// More steps than there are in any run.
const EVERYTHING: usize = 1_000;
/// Steps to which two newcomers in a partition are followed: what happens until it heals, and for a while after.
const PARTITION_DEPTH: usize = 24;
/// Steps to which all faults together are followed.
const ALL_DEPTH: usize = 16;

/// Three are in it, and one asks the last of them.
fn one_enters(faults: Faults) -> Setting {
    Setting {
        founders: vec![0, 1, 2],
        wishes: vec![(3, 2)],
        rank: [2, 0, 3, 1],
        faults,
        ..Setting::default()
    }
}

/// Three are in it, and one asks the first of them.
fn one_asks_the_coordinator(faults: Faults) -> Setting {
    Setting { wishes: vec![(3, 0)], ..one_enters(faults) }
}

/// Two are in it, and two ask one of them each.
fn two_enter(faults: Faults) -> Setting {
    Setting {
        founders: vec![0, 1],
        wishes: vec![(2, 0), (3, 1)],
        rank: [2, 0, 3, 1],
        faults,
        ..Setting::default()
    }
}

/// Three are in it, and one tries everything but to be invited.
fn one_intrudes() -> Setting {
    Setting { founders: vec![0, 1, 2], intruder: Some(3), rank: [2, 0, 3, 1], ..Setting::default() }
}

/// Looks at every order of events, as far as `depth` goes: everything must hold that must always, and, when that was all
/// there is, what may happen must happen somewhere.
fn check(setting: Setting, depth: usize) {
    let what = format!("{setting:?}");
    let checker = setting.checker().target_max_depth(depth).spawn_bfs().join();
    let is_all = checker.max_depth() < depth;
    println!(
        "{} states, {} steps deep, all: {is_all}: {what}",
        checker.unique_state_count(),
        checker.max_depth()
    );
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        if property.expectation.discovery_is_failure() {
            let steps = found.map(stateright::Path::into_actions);
            assert!(steps.is_none(), "not so: {}\nin {what}\nby {steps:#?}", property.name);
        } else {
            assert!(found.is_some() || !is_all, "never: {}\nin {what}", property.name);
        }
    }
    assert!(is_all || depth < EVERYTHING, "more than {depth} steps deep: {what}");
}

/// The depth of a large search.
fn depth(usual: usize) -> usize {
    let given = std::env::var("TERTULIA_MODEL_DEPTH").ok().and_then(|steps| steps.parse().ok());
    given.unwrap_or(usual)
}

/// Looks for one thing, and stops when it is found.
fn finds(setting: Setting, name: &'static str) {
    let what = format!("{setting:?}");
    let any = HasDiscoveries::AnyOf(BTreeSet::from([name]));
    let checker = setting.checker().finish_when(any).spawn_bfs().join();
    let steps = checker.discovery(name).map(stateright::Path::into_actions);
    assert!(steps.is_some(), "not found: {name}\nin {what}");
    println!("{name}\nin {what}\nby {steps:?}");
}

fn flawed(flaw: Flaw, setting: Setting) -> Setting {
    Setting { flaw: Some(flaw), ..setting }
}

#[test]
fn all_get_in_when_nothing_goes_wrong() {
    check(one_enters(NONE), EVERYTHING);
    check(two_enter(NONE), EVERYTHING);
}

#[test]
fn nobody_gets_in_without_a_word() {
    check(one_intrudes(), EVERYTHING);
}

#[test]
fn a_live_node_is_suspected() {
    check(one_enters(SUSPICION), EVERYTHING);
    check(two_enter(SUSPICION), EVERYTHING);
}

#[test]
fn the_coordinator_crashes() {
    check(one_enters(CRASH), EVERYTHING);
    check(two_enter(CRASH), EVERYTHING);
}

#[test]
fn one_enters_in_a_partition() {
    check(one_enters(PARTITION), EVERYTHING);
    // With ties decided the other way.
    check(Setting { rank: [0, 1, 2, 3], ..one_enters(PARTITION) }, EVERYTHING);
}

#[test]
fn two_enter_in_a_partition() {
    check(two_enter(PARTITION), depth(PARTITION_DEPTH));
}

#[test]
fn one_enters_and_an_answer_is_late() {
    check(one_enters(DELAY), EVERYTHING);
    check(one_asks_the_coordinator(DELAY), EVERYTHING);
}

#[test]
fn two_enter_and_an_answer_is_late() {
    check(two_enter(DELAY), EVERYTHING);
}

#[test]
fn everything_goes_wrong_at_once() {
    check(one_enters(ALL), depth(ALL_DEPTH));
}

/// A model that finds nothing is worth nothing.
#[test]
fn each_flaw_is_found() {
    let twice = Faults { delays: 2, ..NONE };
    finds(flawed(Flaw::AnyTicket, one_intrudes()), WORD);
    finds(flawed(Flaw::ListByArrival, two_enter(SUSPICION)), FUNCTION);
    finds(flawed(Flaw::LateWords, one_enters(DELAY)), MISTAKEN);
    finds(flawed(Flaw::NoUndoing, one_enters(DELAY)), VOUCHED);
    finds(flawed(Flaw::Election, one_enters(CRASH)), SILENT);
    finds(flawed(Flaw::EndlessRetries, one_enters(twice)), ONE_RETRY);
    finds(flawed(Flaw::EvictBySmallerHalf, one_enters(PARTITION)), MAJORITY);
    finds(flawed(Flaw::NoComparison, one_enters(PARTITION)), AGREED);
    finds(flawed(Flaw::HeldBackLeave, two_enter(DELAY)), ENTERED);
    finds(flawed(Flaw::NoTelling, one_enters(PARTITION)), UNTOLD);
    finds(flawed(Flaw::NoDenial, one_enters(SUSPICION)), WHOLE);
    finds(flawed(Flaw::SilentUndoing, one_enters(DELAY)), ENTERED);
    finds(flawed(Flaw::NoDeadline, two_enter(CRASH)), ANSWERED);
    finds(flawed(Flaw::NoWaiting, one_enters(NONE)), ENTERED);
    finds(flawed(Flaw::NoPatience, one_enters(CRASH)), ENTERED);
}
