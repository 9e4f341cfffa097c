//! Typing, read marks, blocking and forgetting, as programs see them.

use crate::harness::{Node, text};
use serde_json::json;

#[test]
fn typing_and_reading_are_told_to_those_whom_they_concern() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let here = json!({"conversation": conversation});
    eva.call("typing", here.clone());
    let typing = ana.notified("typing", |_| true);
    assert_eq!((&typing["node"], &typing["name"]), (&eva.ready["node"], &json!("Eva")));
    assert_eq!(eva.call("share_read", json!({})), json!({"on": false}));
    assert_eq!(eva.call("share_read", json!({"on": true})), json!({"on": true}));
    let sent = json!({"conversation": conversation, "text": "read me"});
    let message = text(&ana.call("send", sent), "message");
    eva.notified("message", |message| message["text"] == "read me");
    eva.call("read", here.clone());
    let read = ana.notified("state", |state| state["state"] == "read");
    assert_eq!(read["message"], json!(message));
    assert_eq!(
        (&read["by"], &read["delivered_to"], &read["of"]),
        (&json!([eva.ready["user"]]), &json!(1), &json!(1))
    );
    assert_eq!(ana.call("messages", here)[0]["state"], "read");
}

#[test]
fn somebody_who_is_blocked_is_not_heard() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let here = json!({"conversation": conversation});
    ana.call("block", json!({"user": eva.ready["user"]}));
    assert_eq!(ana.call("blocked", json!({})), json!([{"user": eva.ready["user"], "name": "Eva"}]));
    let sent = json!({"conversation": conversation, "text": "hello?"});
    let message = text(&eva.call("send", sent), "message");
    // Delivered it is: only Ana herself is spared.
    eva.notified("state", |state| state["message"] == json!(message) && state["state"] == "delivered");
    assert_eq!(ana.call("messages", here.clone()), json!([]));
    assert!(!ana.was_notified("message"));
    ana.call("block", json!({"user": eva.ready["user"], "on": false}));
    assert_eq!(ana.call("messages", here)[0]["text"], "hello?");
    let me = json!({"user": ana.ready["user"]});
    assert_eq!(ana.refused("block", me)["data"]["reason"], "yourself");
}

#[test]
fn what_is_forgotten_is_gone() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let here = json!({"conversation": conversation});
    eva.call("forget", here.clone());
    eva.notified("conversation", |change| change["event"] == "forgotten");
    assert_eq!(eva.call("conversations", json!({})), json!([]));
    assert_eq!(eva.refused("messages", here)["data"]["reason"], "unknown_conversation");
    ana.notified("conversation", |change| change["event"] == "ended");
}
