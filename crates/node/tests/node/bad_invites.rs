//! An invite that cannot be used is refused with a word that helps, and nothing else is disturbed.

use crate::harness::Node;
use serde_json::json;

#[test]
fn each_kind_of_bad_invite_has_its_own_word() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let whole = ana.text("invite");
    let expired = ana.call("invite", json!({"expires_ms": 1}))["invite"].clone();
    let cases = [
        (json!("good morning"), "not_an_invite", "not a Tertulia invite"),
        (json!(""), "not_an_invite", "not a Tertulia invite"),
        (json!(whole[..whole.len() - 9]), "damaged", "copy it again"),
        (expired, "expired", "ask for a new one"),
    ];
    for (invite, reason, words) in cases {
        let error = eva.refused("open", json!({"invite": invite, "type": "private"}));
        assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(-32001), &json!(reason)), "{invite}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert_eq!(error["data"]["unchanged"], "nothing was changed");
    }
    assert_eq!(eva.call("peers", json!({})), json!([]));
    eva.call("open", json!({"invite": whole, "type": "private"}));
    ana.notified("request", |request| request["from"]["name"] == "Eva");
}

#[test]
fn an_invite_to_somebody_who_is_gone_comes_to_nothing_in_time() {
    let mut eva = Node::start("Eva");
    let gone = {
        let mut ana = Node::start("Ana");
        ana.process.kill();
        ana.text("invite")
    };
    let opened = eva.call("open", json!({"invite": gone, "type": "private"}));
    let answered = eva.notified("answered", |answered| answered["request"] == opened["request"]);
    assert_eq!((&answered["answer"], &answered["reason"]), (&json!("failed"), &json!("unreachable")));
}
