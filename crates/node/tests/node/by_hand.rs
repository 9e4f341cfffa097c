//! A link that two people make with an invite and a reply code, as two tabs without a node do.

use crate::harness::{Node, text};
use serde_json::json;

#[test]
fn an_invite_and_a_reply_code_make_a_link() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let pending = ana.call("invite", json!({"by_hand": true}));
    let ready = ana.notified("invite_ready", |ready| ready["link"] == pending["link"]);
    assert!(text(&ready, "url").ends_with(&text(&ready, "invite")));

    let opened = eva.call("open", json!({"invite": ready["invite"], "type": "private"}));
    let code = eva.notified("reply_code", |code| code["link"] == opened["link"]);
    ana.call("complete", json!({"code": code["code"]}));
    for (node, other) in [(&mut ana, eva.text("node")), (&mut eva, String::new())] {
        let link = node.notified("link", |link| link["event"] == "opened");
        assert_eq!(link["path"], "by hand");
        assert!(other.is_empty() || link["node"] == json!(other));
    }
    ana.notified("request", |request| request["from"]["name"] == "Eva");
}

#[test]
fn codes_in_the_wrong_place_are_told_apart() {
    let mut ana = Node::start("Ana");
    let invite = ana.text("invite");
    let error = ana.refused("complete", json!({"code": invite}));
    assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(-32001), &json!("is_an_invite")));
}
