//! An invite with a ticket lets its bearer in without asking.

use crate::harness::{Node, text};
use serde_json::json;

#[test]
fn the_bearer_of_a_ticket_is_let_in_without_asking() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = text(&ana.call("create", json!({"type": "public", "name": "Tea"})), "conversation");
    let invite = ana.call("invite", json!({"conversation": conversation, "ticket": true}));
    let opened = eva.call("open", json!({"invite": invite["invite"]}));
    let answered = eva.notified("answered", |answered| answered["request"] == opened["request"]);
    assert_eq!((&answered["answer"], &answered["conversation"]), (&json!("yes"), &json!(conversation)));
    eva.call("send", json!({"conversation": conversation, "text": "hi"}));
    ana.notified("message", |message| message["text"] == "hi");
    assert!(!ana.was_notified("request"));
}
