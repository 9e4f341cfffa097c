//! Edits, deletions and reactions, as programs see them.

use crate::harness::{Node, text};
use serde_json::json;

#[test]
fn what_was_said_is_edited_reacted_to_and_taken_back() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let sent = json!({"conversation": conversation, "text": "/me wavse"});
    let message = text(&ana.call("send", sent), "message");
    let heard = eva.notified("message", |message| message["text"] == "wavse");
    assert_eq!((&heard["emote"], &heard["edited"]), (&json!(true), &json!(false)));

    let target = json!({"conversation": conversation, "message": message});
    let with = |field: &str, value: serde_json::Value| {
        let mut params = target.clone();
        params[field] = value;
        params
    };
    ana.call("edit", with("text", json!("waves")));
    let changed = eva.notified("message_changed", |changed| changed["id"] == json!(message));
    assert_eq!(
        (&changed["text"], &changed["edited"], &changed["emote"]),
        (&json!("waves"), &json!(true), &json!(false))
    );
    eva.call("react", with("emoji", json!("👋")));
    let changed = ana.notified("message_changed", |changed| changed["reactions"] != json!([]));
    let reactions = json!([{"emoji": "👋", "by": [eva.ready["user"]], "mine": false}]);
    assert_eq!(changed["reactions"], reactions);
    assert_eq!(eva.refused("delete", target.clone())["data"]["reason"], "not_yours");
    ana.call("delete", target.clone());
    eva.notified("message_changed", |changed| changed["deleted"] == true && changed["text"] == "");
    let shown = eva.call("messages", json!({"conversation": conversation}));
    assert_eq!((&shown[0]["deleted"], &shown[0]["reactions"]), (&json!(true), &json!([])));
    assert_eq!(ana.refused("edit", with("text", json!("again")))["data"]["reason"], "deleted");
    let long = ana.refused("react", with("emoji", json!("x".repeat(33))));
    assert_eq!(long["code"], -32602);

    let list = ana.call("participants", json!({"conversation": conversation}));
    assert_eq!(list[0]["admitted_by"], json!(null));
    assert_eq!(list[1]["admitted_by"]["node"], ana.ready["node"]);
}

#[test]
fn words_are_found_again_and_where_they_are() {
    let mut ana = Node::start("Ana");
    let conversation = text(&ana.call("create", json!({"type": "public"})), "conversation");
    for words in ["où est le café ?", "coffee", "le CAFÉ est là"] {
        ana.call("send", json!({"conversation": conversation, "text": words}));
    }
    let found = ana.call("find", json!({"words": "café est"}));
    let shown: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["message"], "text"), one["places"].clone()))
        .collect();
    let expected =
        [("le CAFÉ est là", json!([[3, 7], [8, 11]])), ("où est le café ?", json!([[3, 6], [10, 14]]))];
    assert_eq!(shown, expected.map(|(text, places)| (text.to_owned(), places)));
    assert_eq!(found[0]["conversation"], json!(conversation));
    let one = ana.call("find", json!({"words": "le", "conversation": conversation, "limit": 1}));
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(ana.call("find", json!({"words": " \" "})), json!([]));
    let nowhere = json!({"words": "le", "conversation": "00".repeat(16)});
    assert_eq!(ana.refused("find", nowhere)["data"]["reason"], "unknown_conversation");
}
