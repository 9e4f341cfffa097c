//! The chat on the terminal, as somebody types it.

use crate::harness::{Node, Process, Scratch};
use serde_json::json;

fn chat(scratch: &Scratch, name: &str) -> Process {
    let flags = ["--data", scratch.path(), "--name", name, "--udp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    Process::start(&flags)
}

/// The invite that the terminal shows.
fn invite(chat: &Process) -> String {
    let line = chat.line_with("Invite:");
    line.rsplit('#').next().unwrap().to_owned()
}

#[test]
fn a_request_is_accepted_and_words_go_both_ways() {
    let scratch = Scratch::new();
    let mut ana = chat(&scratch, "Ana");
    let invite = invite(&ana);
    assert!(ana.line_with("█").contains('█'), "a QR code");
    let mut eva = Node::start("Eva");
    eva.call("open", json!({"invite": invite, "type": "private", "greeting": "It's \u{1b}[31mme"}));
    let asked = ana.line_with("Eva asks");
    assert!(asked.contains("It's \u{fffd}[31mme") && asked.contains("/accept 1"), "{asked}");
    ana.write("/accept");
    let answered = eva.notified("answered", |answered| answered["answer"] == "yes");
    ana.line_with("begins with Eva");
    ana.write("hello, Eva");
    eva.notified("message", |message| message["text"] == "hello, Eva" && message["name"] == "Ana");
    eva.call("send", json!({"conversation": answered["conversation"], "text": "hello\nAna: no"}));
    ana.line_with("Eva: hello");
    // What would pass for a line of somebody else's is indented.
    assert_eq!(ana.line_with("Ana: no"), "    Ana: no");
    ana.write("\\participants");
    ana.line_with("Ana (you, coordinator)");
    ana.write("/leave");
    eva.notified("conversation", |change| change["event"] == "ended");
    ana.write("/quit");
    assert!(ana.end().success());
}

#[test]
fn a_terminal_opens_an_invite() {
    let scratch = Scratch::new();
    let mut ana = Node::start("Ana");
    let mut eva = chat(&scratch, "Eva");
    for (answer, said) in [("no", "Your request to Ana was refused"), ("answering_machine", "Ana is away")] {
        eva.write(&format!("/open {}", ana.text("invite")));
        let asked = ana.notified("request", |_| true);
        ana.call("answer", json!({"request": asked["request"], "answer": answer}));
        eva.line_with(said);
    }
    eva.write(&format!("/open {} public good evening", ana.text("invite")));
    let asked = ana.notified("request", |_| true);
    assert_eq!((&asked["type"], &asked["greeting"]), (&json!("public"), &json!("good evening")));
    ana.call("answer", json!({"request": asked["request"], "answer": "yes"}));
    eva.line_with("begins with Ana");
    eva.write("//shrug");
    ana.notified("message", |message| message["text"] == "/shrug");
}

#[test]
fn words_are_changed_answered_and_left() {
    let scratch = Scratch::new();
    let mut ana = chat(&scratch, "Ana");
    let invite = invite(&ana);
    let mut eva = Node::start("Eva");
    ana.write("/away");
    ana.line_with("You are away");
    let ask = json!({"invite": invite, "type": "private"});
    let request = eva.call("open", ask.clone())["request"].clone();
    eva.notified("answered", |answered| answered["answer"] == "answering_machine");
    eva.call("leave_message", json!({"request": request, "text": "call me"}));
    ana.line_with("Eva has left a message");
    ana.write("/inbox");
    ana.line_with("1 Eva: call me");
    ana.write("/dismiss 1");
    ana.write("/back");
    ana.line_with("You are back");

    eva.call("open", ask);
    ana.line_with("Eva asks");
    ana.write("/accept");
    let talk = eva.notified("answered", |answered| answered["answer"] == "yes")["conversation"].clone();
    ana.line_with("begins with Eva");
    ana.write("/me wavse");
    let said = eva.notified("message", |message| message["emote"] == true)["id"].clone();
    ana.write("/find WAV");
    ana.line_with("* Ana wavse");
    ana.write("/find \"wav\"");
    ana.line_with("Nothing was said with these words");
    ana.write("/edit waves");
    eva.notified("message_changed", |message| message["text"] == "waves");
    eva.call("typing", json!({"conversation": talk}));
    ana.line_with("Eva is writing");
    let reply = json!({"conversation": talk, "text": "who is that?", "reply_to": said});
    let theirs = eva.call("send", reply)["message"].clone();
    ana.line_with("Eva: who is that? (to “waves”)");
    eva.call("react", json!({"conversation": talk, "message": said, "emoji": "👋"}));
    ana.line_with("“waves”: 👋 1");
    ana.write("/history");
    ana.line_with("#1 Ana: waves [👋 1]");
    ana.write("/reply #2 me");
    eva.notified("message", |message| message["reply_to"] == theirs);
    ana.write("/react #2 👍");
    eva.notified("message_changed", |message| message["reactions"][0]["emoji"] == "👍");
    ana.write("/delete #1");
    eva.notified("message_changed", |message| message["deleted"] == true);
    ana.write("/block Eva");
    ana.line_with("nothing more of Eva");
    ana.write("/blocked");
    ana.line_with("  Eva");
    ana.write("/unblock Eva");
    ana.line_with("hear again of Eva");
    ana.write("/forget");
    ana.line_with("is forgotten here");
    eva.notified("conversation", |change| change["event"] == "ended");
}

#[test]
fn what_cannot_be_done_is_said() {
    let scratch = Scratch::new();
    let mut ana = chat(&scratch, "Ana");
    for (typed, said) in [
        ("hello?", "You are in no conversation"),
        ("/frobnicate", "/help lists"),
        ("/open nonsense", "This is not a Tertulia invite"),
        ("/accept", "Nobody is asking"),
        ("/chat 7", "no conversation 7"),
        ("/help", "/participants"),
        ("/help frobnicate", "There is no /frobnicate"),
    ] {
        ana.write(typed);
        ana.line_with(said);
    }
}

#[test]
fn a_node_without_a_terminal_serves_on_when_its_input_ends() {
    let scratch = Scratch::new();
    let mut ana = chat(&scratch, "Ana");
    let invite = invite(&ana);
    ana.close_stdin();
    let mut eva = Node::start("Eva");
    eva.call("open", json!({"invite": invite, "type": "private"}));
    ana.line_with("Eva asks");
    assert!(ana.is_running());
    ana.signal("TERM");
    assert_eq!(ana.end().code(), Some(0));
}
