//! Two native nodes, and nothing between them but an invite.

use crate::harness::{Node, text};
use serde_json::{Value, json};

#[test]
fn two_nodes_talk_and_part() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let conversation = eva.join(&mut ana);
    let here = json!({"conversation": conversation});

    let sent = text(&ana.call("send", json!({"conversation": conversation, "text": "one"})), "message");
    let heard = eva.notified("message", |message| message["text"] == "one");
    assert_eq!((text(&heard, "id"), text(&heard, "name")), (sent.clone(), "Ana".to_owned()));
    assert_eq!(heard["author"], ana.ready["user"]);
    let reply = json!({"conversation": conversation, "text": "two", "reply_to": sent});
    eva.call("send", reply);
    let heard = ana.notified("message", |message| message["text"] == "two");
    assert_eq!(heard["reply_to"], json!(sent));

    let delivered =
        ana.notified("state", |state| state["message"] == json!(sent) && state["state"] == "delivered");
    assert_eq!((&delivered["by"], &delivered["of"]), (&json!([eva.ready["user"]]), &json!(1)));
    let texts = |messages: Value| -> Vec<Value> {
        messages.as_array().unwrap().iter().map(|message| message["text"].clone()).collect()
    };
    assert_eq!(texts(ana.call("messages", here.clone())), ["one", "two"]);
    assert_eq!(texts(eva.call("messages", here.clone())), ["one", "two"]);

    let list = |node: &mut Node| node.call("participants", json!({"conversation": conversation}));
    let order =
        |list: &Value| list.as_array().unwrap().iter().map(|one| text(one, "node")).collect::<Vec<_>>();
    let (of_ana, of_eva) = (list(&mut ana), list(&mut eva));
    assert_eq!(order(&of_ana), [ana.text("node"), eva.text("node")]);
    assert_eq!(order(&of_eva), order(&of_ana));
    for list in [&of_ana, &of_eva] {
        assert_eq!((&list[0]["coordinator"], &list[1]["coordinator"]), (&json!(true), &json!(false)));
        assert!(
            list.as_array().unwrap().iter().all(|one| one["presence"] == "online" && one["linked"] == true)
        );
    }

    let peers = ana.call("peers", json!({}));
    assert_eq!(
        (&peers[0]["node"], &peers[0]["path"], &peers[0]["state"]),
        (&eva.ready["node"], &json!("dial"), &json!("open"))
    );
    assert!(peers[0]["bytes_in"].as_u64().unwrap() > 0 && peers[0]["bytes_out"].as_u64().unwrap() > 0);

    eva.call("leave", here);
    ana.notified("conversation", |change| change["id"] == json!(conversation) && change["event"] == "ended");
    eva.notified("conversation", |change| change["event"] == "ended");
    let error = eva.refused("send", json!({"conversation": conversation, "text": "three"}));
    assert!(error["code"].as_i64().unwrap() <= -32000, "{error}");
    assert!(error["data"]["reason"].is_string() && error["data"]["unchanged"].is_string(), "{error}");
}

#[test]
fn a_request_shows_who_asks_and_can_be_refused() {
    let (mut ana, mut eva) = (Node::start("Ana"), Node::start("Eva"));
    let params = json!({"invite": ana.text("invite"), "type": "private", "greeting": "It's me"});
    let request = text(&eva.call("open", params), "request");
    let asked = ana.notified("request", |_| true);
    assert_eq!((&asked["type"], &asked["greeting"]), (&json!("private"), &json!("It's me")));
    assert_eq!((&asked["from"]["name"], &asked["from"]["node"]), (&json!("Eva"), &eva.ready["node"]));
    ana.call("answer", json!({"request": asked["request"], "answer": "no"}));
    let answered = eva.notified("answered", |answered| answered["request"] == json!(request));
    assert_eq!(answered["answer"], "no");
    assert_eq!(ana.call("conversations", json!({})), json!([]));
    assert_eq!(eva.call("conversations", json!({})), json!([]));
}

#[test]
fn a_third_is_let_into_what_goes_on() {
    let (mut ana, mut eva, mut ines) = (Node::start("Ana"), Node::start("Eva"), Node::start("Inés"));
    let conversation = eva.join(&mut ana);
    let invite = ana.call("invite", json!({"conversation": conversation}));
    ines.call("open", json!({"invite": invite["invite"]}));
    let asked = ana.notified("request", |request| request["from"]["name"] == "Inés");
    assert_eq!(asked["conversation"], json!(conversation));
    ana.call("answer", json!({"request": asked["request"], "answer": "yes", "into": conversation}));
    ines.notified("answered", |answered| answered["conversation"] == json!(conversation));
    ines.call("send", json!({"conversation": conversation, "text": "hello, both"}));
    for node in [&mut ana, &mut eva] {
        let heard = node.notified("message", |message| message["text"] == "hello, both");
        assert_eq!(heard["name"], "Inés");
    }
    let list = eva.call("participants", json!({"conversation": conversation}));
    assert_eq!(list.as_array().unwrap().len(), 3);
}
