//! Every scenario that is written down holds.

use std::path::PathBuf;
use tertulia_sim::script::Script;

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let entries = std::fs::read_dir(folder).expect("the scenarios are there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_holds() {
    let files = files();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let script = Script::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let world = script.world(&format!("cargo xtask sim --scenario {name}"));
        println!("{name}: {}", script.play(world).0);
    }
}

#[test]
fn what_a_scenario_says_wrong_is_said_back() {
    let wrong = |text: &str| Script::parse(text).expect_err("this is no scenario");
    assert!(wrong("about = \"x\"\nseed = 1\npeople = []\ntimeline = []").contains("expect"));
    let head = "about = \"x\"\nseed = 1\npeople = []\nexpect = { list = [], agree_within_ms = 1 }\n";
    assert!(wrong(&format!("{head}[[timeline]]\ndo = \"dance\"")).contains("dance"));
}

#[test]
#[should_panic(expected = "expected Some(7)")]
fn an_expectation_that_does_not_hold_fails() {
    let text = "about = \"x\"\nseed = 1\npeople = [{ names = [\"Ana\", \"Eva\"] }]
        timeline = [{ do = \"gather\", who = [\"everybody\"] }, { do = \"say\", who = [\"Ana\"] }]
        expect = { list = [\"Ana\", \"Eva\"], agree_within_ms = 5000, messages = 7 }";
    let script = Script::parse(text).expect("a scenario");
    script.play(script.world("this test"));
}
