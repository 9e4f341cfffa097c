//! What is no call, or no call that a node knows, is answered with the code of the specification.

use crate::harness::Node;
use serde_json::{Value, json};

#[test]
fn malformed_calls_are_answered_and_the_node_goes_on() {
    let mut ana = Node::start("Ana");
    let unknown = "00".repeat(16);
    let cases = [
        ("{", -32700),
        ("[]", -32600),
        (r#"{"jsonrpc": "1.0", "id": 1, "method": "peers"}"#, -32600),
        (r#"{"jsonrpc": "2.0", "id": 1, "method": "frobnicate"}"#, -32601),
        (r#"{"jsonrpc": "2.0", "id": 1, "method": "presence"}"#, -32601),
        (r#"{"jsonrpc": "2.0", "id": 1, "method": "send"}"#, -32602),
        (r#"{"jsonrpc": "2.0", "id": 1, "method": "peers", "params": {"verbose": true}}"#, -32602),
        (r#"{"jsonrpc": "2.0", "id": 1, "method": "leave", "params": {"conversation": "xyz"}}"#, -32602),
    ];
    for (line, code) in cases {
        ana.process.write(line);
        let answer = ana.answer();
        assert_eq!(answer["error"]["code"], json!(code), "{line}: {answer}");
        assert_eq!(answer["jsonrpc"], "2.0");
    }
    let error = ana.refused("leave", json!({"conversation": unknown}));
    assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(-32000), &json!("unknown_conversation")));
    assert!(ana.call("stats", json!({})).is_object());
}

#[test]
fn a_line_without_end_is_refused_and_skipped() {
    let mut ana = Node::start("Ana");
    ana.process.write(&"x".repeat((1 << 20) + 1));
    assert_eq!(ana.answer()["error"]["code"], -32600);
    assert_eq!(ana.call("conversations", json!({})), json!([]));
}

#[test]
fn a_batch_is_answered_together_and_its_notifications_not_at_all() {
    let mut ana = Node::start("Ana");
    let call = |id: Option<u64>, method: &str| {
        let mut call = json!({"jsonrpc": "2.0", "method": method});
        if let Some(id) = id {
            call["id"] = json!(id);
        }
        call
    };
    ana.process.write(&json!([call(None, "peers")]).to_string());
    ana.process.write(
        &json!([call(Some(1), "peers"), call(None, "peers"), 7, call(Some(2), "nothing")]).to_string(),
    );
    let Value::Array(answers) = ana.answer() else { panic!("a batch is answered by a list") };
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!(1), &json!([])));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&Value::Null, &json!(-32600)));
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&json!(2), &json!(-32601)));
}
