//! A history of more bytes than a link lets wait goes over it all the same.

use crate::harness::{Node, PATIENCE, Scratch, text};
use serde_json::json;
use std::time::Instant;

/// Each as long as a message may be, nearly: together three times what waits in a link at most.
const MESSAGES: usize = 3_000;

fn tell(node: &mut Node, conversation: &str, from: usize, to: usize) {
    for number in from..to {
        let words = format!("{number} {}", "word ".repeat(1_600));
        let params = json!({"conversation": conversation, "text": words});
        let call = json!({"jsonrpc": "2.0", "method": "send", "params": params});
        node.process.write(&call.to_string());
        if number % 100 == 99 {
            // Otherwise the program would read too slowly for what it is told.
            node.call("stats", json!({}));
        }
    }
}

/// Waits until the last message at `node` is the one with this number, and checks that all are there.
fn await_all(node: &mut Node, conversation: &str, count: usize) {
    let deadline = Instant::now() + PATIENCE + PATIENCE;
    let begins = |value: &serde_json::Value, number: usize| {
        value["text"].as_str().is_some_and(|text| text.starts_with(&format!("{number} ")))
    };
    loop {
        let last = node.call("messages", json!({"conversation": conversation, "limit": 1}));
        if begins(&last[0], count - 1) {
            break;
        }
        assert!(Instant::now() < deadline, "only up to {:.20}", last[0]["text"].to_string());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let (mut seen, mut before) = (0, None);
    loop {
        let page =
            node.call("messages", json!({"conversation": conversation, "limit": 1000, "before": before}));
        let page = page.as_array().unwrap();
        for (at, message) in page.iter().rev().enumerate() {
            assert!(
                begins(message, count - 1 - seen - at),
                "{:.20} is out of place",
                message["text"].to_string()
            );
        }
        seen += page.len();
        match page.first() {
            Some(first) => before = Some(text(first, "id")),
            None => break,
        }
    }
    assert_eq!(seen, count);
}

#[test]
fn a_newcomer_and_one_who_returns_get_all_of_it_over_one_link() {
    let scratch = Scratch::new();
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start_in(&scratch, "Eva", &[]));
    let conversation = text(&ana.call("create", json!({"type": "public"})), "conversation");
    tell(&mut ana, &conversation, 0, MESSAGES);
    let invite = ana.call("invite", json!({"conversation": conversation, "ticket": true}));
    eva.call("open", json!({"invite": text(&invite, "invite")}));
    eva.notified("conversation", |one| one["id"] == json!(conversation) && one["event"] == "opened");
    await_all(&mut eva, &conversation, MESSAGES);
    // A busy machine may lose the link to silence, and gets over it; too much in it is what must not be.
    assert!(!ana.was_notified_of("link", |link| link["reason"] == "backlog"), "no link drowned");

    eva.process.kill();
    eva.process.end();
    tell(&mut ana, &conversation, MESSAGES, MESSAGES + 1_500);
    let mut eva = Node::start_in(&scratch, "Eva", &[]);
    await_all(&mut eva, &conversation, MESSAGES + 1_500);
    assert!(!eva.was_notified_of("link", |link| link["reason"] == "backlog"), "no link drowned");
    let params = json!({"conversation": conversation, "text": "at last"});
    let said = text(&eva.call("send", params), "message");
    ana.notified("message", |message| message["id"] == json!(said));
}
