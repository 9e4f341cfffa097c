//! The answering machine, as programs see it.

use crate::harness::{Node, text};
use serde_json::json;

#[test]
fn a_message_is_left_read_and_dismissed() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    assert_eq!(ana.call("away", json!({})), json!({"on": false}));
    assert_eq!(ana.call("away", json!({"on": true})), json!({"on": true}));
    let params = json!({"invite": ana.text("invite"), "type": "private", "greeting": "hello"});
    let request = text(&eva.call("open", params.clone()), "request");
    let answered = eva.notified("answered", |answered| answered["request"] == json!(request));
    assert_eq!(answered["answer"], "answering_machine");
    let left = json!({"request": request, "text": "call me"});
    eva.call("leave_message", left.clone());
    assert_eq!(eva.refused("leave_message", left)["data"]["reason"], "no_machine");
    let told = ana.notified("left_message", |_| true);
    assert_eq!((&told["text"], &told["from"]["name"]), (&json!("call me"), &json!("Eva")));
    assert_eq!(ana.call("inbox", json!({})), json!([told]));
    ana.call("dismiss", json!({"request": request}));
    assert_eq!(ana.call("inbox", json!({})), json!([]));
    assert!(!ana.was_notified("request"));

    ana.call("away", json!({"on": false}));
    let request = text(&eva.call("open", params), "request");
    ana.notified("request", |asked| asked["request"] == json!(request));
    let answer = json!({"request": request, "answer": "answering_machine"});
    let wrong = json!({"request": request, "answer": "answering_machine", "into": "00".repeat(16)});
    assert_eq!(ana.refused("answer", wrong)["code"], -32602);
    let wrong = json!({"request": request, "answer": "answering_machine", "history": "all"});
    assert_eq!(ana.refused("answer", wrong)["code"], -32602);
    assert_eq!(ana.call("answer", answer), json!({}));
    eva.notified("answered", |answered| answered["request"] == json!(request));
}
