//! Where a setting comes from: a flag, else a variable, else the last time.

use crate::harness::{Process, Scratch};
use serde_json::Value;

/// The `ready` line of a node started with these flags and variables.
fn ready(flags: &[&str], variables: &[(&str, &str)]) -> Value {
    let process = Process::start_in(flags, variables);
    let line: Value = serde_json::from_str(&process.line_with("ready")).unwrap();
    line["params"].clone()
}

#[test]
fn every_setting_can_come_from_the_environment_and_flags_count_more() {
    let scratch = Scratch::new();
    let variables = [
        ("TERTULIA_JSON", "1"),
        ("TERTULIA_DATA", scratch.path()),
        ("TERTULIA_NAME", "Ana"),
        ("TERTULIA_NO_HTTP", "yes"),
        ("TERTULIA_UDP", "127.0.0.1:0"),
    ];
    let from_variables = ready(&[], &variables);
    assert_eq!((&from_variables["name"], from_variables.get("http")), (&"Ana".into(), None));
    assert!(from_variables["udp"].as_str().unwrap().starts_with("127.0.0.1:"));

    let from_flags = ready(&["--name", "Anita", "--http", "127.0.0.1:0"], &variables);
    assert_eq!((&from_flags["name"], &from_flags["user"]), (&"Anita".into(), &from_variables["user"]));
    assert!(from_flags["http"].is_string());

    let kept = ready(&[], &[variables[0], variables[1], variables[3], variables[4]]);
    assert_eq!(kept["name"], "Anita");
}

#[test]
fn a_page_address_that_was_asked_for_is_had_or_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (scratch, address) = (Scratch::new(), taken.local_addr().unwrap().to_string());
    let flags = ["--json", "--data", scratch.path(), "--udp", "127.0.0.1:0", "--http", &address];
    let (status, said) = Process::start(&flags).end_with_stderr();
    assert_eq!(status.code(), Some(5), "{said}");
    assert!(said.contains(&address) && said.contains("--http"), "{said}");
}

#[test]
fn wrong_flags_are_refused_with_the_code_for_it() {
    for flags in [
        &["--frobnicate"][..],
        &["--udp", "nowhere"],
        &["--http", "127.0.0.1:0", "--no-http"],
        &["--name", " "],
    ] {
        let (status, said) = Process::start(flags).end_with_stderr();
        assert_eq!(status.code(), Some(2), "{flags:?}: {said}");
    }
}
