//! How a node ends, and how the others learn it.

use crate::harness::Node;
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_node_that_is_killed_is_missed_within_ten_seconds() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let gone = eva.text("node");
    eva.process.kill();
    let killed = Instant::now();
    let closed = ana.notified("link", |link| link["event"] == "closed" && link["node"] == *gone);
    assert!(killed.elapsed() < Duration::from_secs(10), "{:?}", killed.elapsed());
    assert!(closed["reason"].is_string() && closed["why"].is_string());
    let list = ana.call("participants", json!({"conversation": conversation}));
    let one = list.as_array().unwrap().iter().find(|one| one["node"] == *gone).expect("it may come back");
    assert_eq!((&one["linked"], &one["presence"]), (&json!(false), &json!("unknown")));
}

/// Ends Eva in some way, and sees that Ana is told by Eva and not by silence.
fn leaves_properly(end: impl FnOnce(&mut Node)) {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    end(&mut eva);
    ana.notified("conversation", |change| change["id"] == json!(conversation) && change["event"] == "ended");
    let closed = ana.notified("link", |link| link["event"] == "closed");
    assert_eq!(closed["reason"], "left");
    let list = ana.call("participants", json!({"conversation": conversation}));
    assert!(list.as_array().unwrap().iter().all(|one| one["node"] != eva.ready["node"]), "{list}");
    assert_eq!(eva.process.end().code(), Some(0));
}

#[test]
fn sigterm_leaves_properly() {
    leaves_properly(|eva| eva.process.signal("TERM"));
}

#[test]
fn sigint_leaves_properly() {
    leaves_properly(|eva| eva.process.signal("INT"));
}

#[test]
fn the_end_of_input_leaves_properly() {
    leaves_properly(|eva| eva.process.close_stdin());
}

#[test]
fn quit_leaves_properly() {
    leaves_properly(|eva| assert_eq!(eva.call("quit", json!({})), json!({})));
}
