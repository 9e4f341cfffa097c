//! A node keeps a link to the introducers that it was given.

use crate::harness::{Node, Process, Scratch};

#[test]
fn an_introducer_is_linked_from_the_start() {
    let mut ana = Node::start("Ana");
    let mut eva = Node::start_with("Eva", &["--introducer", &ana.text("invite")]);
    let (to_ana, to_eva) = (ana.text("node"), eva.text("node"));
    eva.notified("link", |link| link["event"] == "opened" && link["node"] == *to_ana);
    ana.notified("link", |link| link["event"] == "opened" && link["node"] == *to_eva);
}

#[test]
fn an_introducer_that_is_none_is_told_at_the_start() {
    let scratch = Scratch::new();
    let args =
        ["--json", "--data", scratch.path(), "--udp", "127.0.0.1:0", "--no-http", "--introducer", "nobody"];
    let (status, said) = Process::start(&args).end_with_stderr();
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("--introducer") && said.contains("not a Tertulia invite"), "{said}");
}
