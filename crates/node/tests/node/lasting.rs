//! What was said lasts, whatever ends the process.

use crate::harness::{Node, PATIENCE, Process, Scratch, text};
use serde_json::{Value, json};
use std::time::Instant;

/// Messages of a burst: as many as fit the pipe to the process, so that all wait there when it is killed.
const BURST: usize = 400;

fn said(node: &mut Node, conversation: &str) -> Vec<(String, String)> {
    let messages = node.call("messages", json!({"conversation": conversation, "limit": 1000}));
    let shown = |message: &Value| (text(message, "id"), text(message, "text"));
    messages.as_array().unwrap().iter().map(shown).collect()
}

/// Sends many messages without waiting for an answer, and kills the process when some were answered. Returns the ids of
/// all messages that it said were taken or sent.
fn burst_and_kill(node: &mut Node, conversation: &str, answers: usize) -> Vec<String> {
    for number in 0..BURST {
        let params = json!({"conversation": conversation, "text": format!("number {number}")});
        let call = json!({"jsonrpc": "2.0", "id": number + 1_000_000, "method": "send", "params": params});
        node.process.write(&call.to_string());
    }
    let mut told: Vec<String> = (0..answers).map(|_| text(&node.answer()["result"], "message")).collect();
    node.process.kill();
    let deadline = Instant::now() + PATIENCE;
    while let Ok(line) = node.process.line(deadline) {
        // The last line may be cut off.
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        let sent = (line["method"] == "state" && line["params"]["state"] == "sent").then(|| &line["params"]);
        told.extend(
            [&line["result"], sent.unwrap_or(&Value::Null)]
                .iter()
                .filter_map(|one| one["message"].as_str().map(str::to_owned)),
        );
    }
    told
}

#[test]
fn a_burst_that_ends_in_kill_9_loses_nothing_that_was_told() {
    let scratch = Scratch::new();
    let (mut ana, mut eva) = (Node::start_in(&scratch, "Ana", &[]), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    ana.call("rename", json!({"conversation": conversation, "name": "Ours"}));
    for answers in [1, 40, 150] {
        let told = burst_and_kill(&mut ana, &conversation, answers);
        assert!(told.len() >= answers);
        ana = Node::start_in(&scratch, "Ana", &[]);
        let there = said(&mut ana, &conversation);
        let lost: Vec<_> = told.iter().filter(|id| !there.iter().any(|(there, _)| there == *id)).collect();
        assert!(lost.is_empty(), "told of {} and lost {}", told.len(), lost.len());
        let view = ana.call("conversations", json!({}))[0].clone();
        assert_eq!((&view["open"], &view["name"]), (&json!(true), &json!("Ours")));
        // What comes last has all that came before it as its past.
        let last = format!("after {answers}");
        ana.call("send", json!({"conversation": conversation, "text": last}));
        eva.notified("message", |message| message["text"] == json!(last));
        assert_eq!(said(&mut eva, &conversation), said(&mut ana, &conversation));
    }
}

#[test]
fn whoever_is_killed_while_a_burst_comes_in_catches_up() {
    let scratch = Scratch::new();
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start_in(&scratch, "Eva", &[]));
    let conversation = eva.join(&mut ana);
    for number in 0..BURST {
        let params = json!({"conversation": conversation, "text": format!("number {number}")});
        let call = json!({"jsonrpc": "2.0", "method": "send", "params": params});
        ana.process.write(&call.to_string());
    }
    let seen: Vec<_> = (0..50).map(|_| text(&eva.notified("message", |_| true), "id")).collect();
    eva.process.kill();
    eva.process.end();
    let mut eva = Node::start_in(&scratch, "Eva", &[]);
    let there = said(&mut eva, &conversation);
    assert!(seen.iter().all(|id| there.iter().any(|(there, _)| there == id)));
    ana.call("send", json!({"conversation": conversation, "text": "the last"}));
    // It may come with the history, before which nobody listened.
    if !said(&mut eva, &conversation).iter().any(|(_, text)| text == "the last") {
        eva.notified("message", |message| message["text"] == "the last");
    }
    assert_eq!(said(&mut eva, &conversation), said(&mut ana, &conversation));
}

#[test]
fn records_that_are_damaged_end_the_start_and_are_left_as_they_are() {
    let scratch = Scratch::new();
    let mut ana = Node::start_in(&scratch, "Ana", &[]);
    ana.call("create", json!({"type": "public", "name": "Mine"}));
    ana.process.kill();
    ana.process.end();
    let path = format!("{}/records.redb", scratch.path());
    std::fs::write(&path, "not a database").unwrap();
    let (status, said) = Process::start(&["--json", "--data", scratch.path(), "--no-http"]).end_with_stderr();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("records.redb is damaged"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), b"not a database");
}
