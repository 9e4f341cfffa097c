//! Histories are written to files and taken back in: on a node that is stopped, by one that runs, and on the terminal.

use crate::harness::{Node, PATIENCE, Process, Scratch, text};
use serde_json::{Value, json};
use std::fs;
use std::time::Instant;

/// Ana's data after a talk with Eva, and the conversation.
fn talked() -> (Scratch, String) {
    let scratch = Scratch::new();
    let mut ana = Node::start_in(&scratch, "Ana", &[]);
    let mut eva = Node::start("Eva");
    let talk = ana.join(&mut eva);
    for said in ["hello", "<script>alert(1)</script>", "\u{202e}goodbye"] {
        let message = eva.call("send", json!({"conversation": talk, "text": said}));
        ana.notified("message", |one| one["id"] == message["message"]);
    }
    ana.call("rename", json!({"conversation": talk, "name": "Plans"}));
    ana.process.close_stdin();
    assert!(ana.process.end().success());
    (scratch, talk)
}

/// What a run writes, line by line, with its exit code and what it says besides.
fn run(args: &[&str]) -> (Vec<String>, Option<i32>, String) {
    let mut process = Process::start(args);
    process.close_stdin();
    let deadline = Instant::now() + PATIENCE;
    let lines = std::iter::from_fn(|| process.line(deadline).ok()).collect();
    let (status, said) = process.end_with_stderr();
    (lines, status.code(), said)
}

fn file(scratch: &Scratch, name: &str) -> String {
    format!("{}/{name}", scratch.path())
}

#[test]
fn what_a_stopped_node_writes_another_takes_in() {
    let (ana, talk) = talked();
    let (lines, code, said) = run(&["export", "--data", ana.path()]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let read: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&read[0]["format"], &read[0]["by"]["name"]), (&json!("tertulia-history"), &json!("Ana")));
    assert_eq!((&read[1]["name"], &read[1]["conversation"]), (&json!("Plans"), &json!(talk)));
    let texts: Vec<_> =
        read.iter().filter(|line| line["kind"] == "message").map(|line| text(line, "text")).collect();
    assert_eq!(texts, ["hello", "<script>alert(1)</script>", "\u{202e}goodbye"]);
    assert!(!lines.concat().contains('\u{202e}'), "what would turn a terminal's line is escaped");

    let fresh = Scratch::new();
    let path = file(&ana, "talk.jsonl");
    let (_, code, said) = run(&["export", "--data", ana.path(), "-o", &path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Conversations: 1; entries: 5.") && said.contains(&path), "{said}");
    let (report, code, said) = run(&["import", &path, "--json", "--data", fresh.path()]);
    assert_eq!(code, Some(0), "{said}");
    let all = json!({"conversations": 1, "taken": 5, "known": 0, "waiting": 0, "refused": {}});
    assert_eq!(serde_json::from_str::<Value>(&report[0]).unwrap(), all);
    let (again, ..) = run(&["export", "--data", fresh.path(), "--conversation", &talk]);
    assert_eq!(again[1..], lines[1..]);

    let mut iris = Node::start_in(&fresh, "Iris", &[]);
    let shown = iris.call("conversations", json!({}));
    assert_eq!((&shown[0]["name"], &shown[0]["open"]), (&json!("Plans"), &json!(false)));
    assert_eq!(iris.call("messages", json!({"conversation": talk})).as_array().unwrap().len(), 3);
    let refusal = iris.refused("send", json!({"conversation": talk, "text": "I was never there"}));
    assert_eq!(refusal["data"]["reason"], "conversation_over");
}

#[test]
fn a_page_to_read_is_written_too() {
    let (ana, _) = talked();
    let path = file(&ana, "talk.html");
    let (_, code, said) = run(&["--data", ana.path(), "export", "--html", "-o", &path]);
    assert_eq!(code, Some(0), "{said}");
    let page = fs::read_to_string(&path).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"));
    assert!(page.contains("<bdi>Eva</bdi> let in <bdi>Ana</bdi>"), "who let whom in");
    let (_, code, said) = run(&["export", "--json", "--html", "--data", ana.path()]);
    assert_eq!(code, Some(2), "{said}");
    let (report, code, said) = run(&["import", &path, "--data", ana.path()]);
    assert_eq!(code, Some(7), "{said}");
    assert!(report.concat().contains("none of an export"), "{report:?}");
}

#[test]
fn nothing_is_overwritten_and_nothing_half_is_left() {
    let (ana, _) = talked();
    let path = file(&ana, "talk.jsonl");
    fs::write(&path, "mine").unwrap();
    let (_, code, said) = run(&["export", "--data", ana.path(), "-o", &path]);
    assert_eq!((code, fs::read_to_string(&path).unwrap().as_str()), (Some(6), "mine"));
    assert!(said.contains("is there already"), "{said}");
    let (_, code, said) = run(&["export", "--data", ana.path(), "-o", &path, "--force"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, code, said) = run(&["export", "--data", ana.path(), "-o", &file(&ana, "no/such/directory")]);
    assert_eq!(code, Some(6), "{said}");
    let (_, code, said) = run(&["import", &file(&ana, "missing"), "--data", ana.path()]);
    assert_eq!(code, Some(6), "{said}");
    let (_, code, said) = run(&["export", "--data", ana.path(), "--conversation", &"0".repeat(32)]);
    assert_eq!(code, Some(2), "{said}");
    let nowhere = Scratch::new();
    let (_, code, said) = run(&["export", "--data", nowhere.path()]);
    assert_eq!((code, fs::metadata(nowhere.path()).is_ok()), (Some(4), false), "{said}");
    assert!(!fs::exists(format!("{path}.part")).unwrap());
}

#[test]
fn a_damaged_file_gives_what_is_whole_in_it() {
    let (ana, talk) = talked();
    let (mut lines, ..) = run(&["export", "--data", ana.path()]);
    lines.truncate(6);
    let cut = lines[5].len() / 2;
    lines[5].truncate(cut);
    let path = file(&ana, "damaged.jsonl");
    fs::write(&path, [lines.join("\n").as_bytes(), b"\n\xff\xfe\x00 not a line\n"].concat()).unwrap();
    let fresh = Scratch::new();
    let (report, code, said) = run(&["import", &path, "--json", "--data", fresh.path()]);
    assert_eq!(code, Some(7), "{said}");
    let report: Value = serde_json::from_str(&report[0]).unwrap();
    assert_eq!((&report["taken"], &report["refused"]), (&json!(3), &json!({"line_unreadable": 2})));
    let mut iris = Node::start_in(&fresh, "Iris", &[]);
    assert_eq!(iris.call("messages", json!({"conversation": talk})).as_array().unwrap().len(), 1);
}

#[test]
fn a_running_node_does_it_by_itself() {
    let scratch = Scratch::new();
    let mut ana = Node::start_in(&scratch, "Ana", &[]);
    let mut eva = Node::start("Eva");
    let talk = ana.join(&mut eva);
    ana.call("send", json!({"conversation": talk, "text": "hello"}));
    let path = file(&scratch, "talk.jsonl");
    let (_, code, said) = run(&["export", "--data", scratch.path(), "-o", &path]);
    assert_eq!((code, fs::exists(&path).unwrap()), (Some(3), false));
    assert!(said.contains("/export FILE"), "{said}");

    let written = ana.call("export", json!({"path": path}));
    assert_eq!(written, json!({"conversations": 1, "entries": 3}));
    let there = ana.refused("export", json!({"path": path}));
    assert_eq!((&there["code"], &there["data"]["reason"]), (&json!(-32000), &json!("file_exists")));
    let page = file(&scratch, "talk.html");
    let wish = json!({"path": page, "format": "html", "conversation": talk, "force": true});
    assert_eq!(ana.call("export", wish), json!({"conversations": 1, "entries": 1}));
    assert!(fs::read_to_string(&page).unwrap().contains(">hello</p>"));
    let unknown = ana.refused("export", json!({"path": page, "conversation": "0".repeat(32), "force": true}));
    assert_eq!(unknown["data"]["reason"], "unknown_conversation");

    let mut iris = Node::start("Iris");
    let report = iris.call("import", json!({"path": path}));
    assert_eq!((&report["conversations"], &report["taken"]), (&json!(1), &json!(3)));
    iris.notified("conversation", |change| change["id"] == *talk && change["open"] == false);
    assert_eq!(iris.call("import", json!({"path": path}))["known"], 3);
    let missing = iris.refused("import", json!({"path": scratch.path()}));
    assert_eq!(missing["data"]["reason"], "file");
    assert!(iris.call("peers", json!({})).as_array().unwrap().is_empty(), "nobody is called");
}

#[test]
fn a_person_on_the_terminal_does_it_too() {
    let (ana, _) = talked();
    let path = file(&ana, "my talks.jsonl");
    let flags = ["--data", ana.path(), "--udp", "127.0.0.1:0", "--no-http"];
    let mut chat = Process::start(&flags);
    chat.write(&format!("/export {path}"));
    chat.line_with("Conversations: 1; entries: 5.");
    chat.write(&format!("/export {path}"));
    chat.line_with("is there already");
    chat.write(&format!("/import {path}"));
    chat.line_with("New conversations: 0; entries taken: 0, known before: 5.");
    chat.write("/import /nowhere");
    chat.line_with("Cannot read /nowhere");
    chat.write("/quit");
    assert!(chat.end().success());
}
