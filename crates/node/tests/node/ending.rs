//! How a node ends, and how the others learn it.

use crate::harness::{Node, Scratch};
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

/// Ends Eva in some way, and sees that Ana is told by Eva and not by silence, and that Eva goes on where she was.
fn goes_on_next_time(end: impl FnOnce(&mut Node)) {
    let scratch = Scratch::new();
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start_in(&scratch, "Eva", &[]));
    let conversation = eva.join(&mut ana);
    end(&mut eva);
    let closed = ana.notified("link", |link| link["event"] == "closed");
    assert_eq!(closed["reason"], "left");
    assert_eq!(eva.process.end().code(), Some(0));
    let list = ana.call("participants", json!({"conversation": conversation}));
    let gone = list.as_array().unwrap().iter().find(|one| one["node"] == eva.ready["node"]);
    assert_eq!(gone.expect("she is away, and in it")["linked"], json!(false));
    ana.call("send", json!({"conversation": conversation, "text": "for when you are back"}));
    let mut eva = Node::start_in(&scratch, "Eva", &[]);
    eva.notified("message", |message| message["text"] == "for when you are back");
}

#[test]
fn after_sigterm_a_node_goes_on_next_time() {
    goes_on_next_time(|eva| eva.process.signal("TERM"));
}

#[test]
fn after_sigint_a_node_goes_on_next_time() {
    goes_on_next_time(|eva| eva.process.signal("INT"));
}

#[test]
fn after_the_end_of_input_a_node_goes_on_next_time() {
    goes_on_next_time(|eva| eva.process.close_stdin());
}

#[test]
fn quit_leaves_the_conversations_first() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    assert_eq!(eva.call("quit", json!({})), json!({}));
    ana.notified("conversation", |change| change["id"] == json!(conversation) && change["event"] == "ended");
    let closed = ana.notified("link", |link| link["event"] == "closed");
    assert_eq!(closed["reason"], "left");
    let list = ana.call("participants", json!({"conversation": conversation}));
    assert!(list.as_array().unwrap().iter().all(|one| one["node"] != eva.ready["node"]), "{list}");
    assert_eq!(eva.process.end().code(), Some(0));
}
