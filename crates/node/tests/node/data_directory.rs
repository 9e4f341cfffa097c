//! What lasts from one run to the next, and for whom.

use crate::harness::{Node, Process, Scratch};
use serde_json::json;

#[test]
fn identity_and_port_are_those_of_the_last_time() {
    let scratch = Scratch::new();
    let run = |name: &str| {
        let mut node = Node::start_in(&scratch, name, &[]);
        node.call("quit", json!({}));
        assert!(node.process.end().success());
        [node.text("node"), node.text("user"), node.text("udp")]
    };
    let first = run("Ana");
    assert_eq!(run("Anita"), first);
}

#[test]
fn a_taken_port_is_replaced_and_said() {
    let scratch = Scratch::new();
    let mut ana = Node::start_in(&scratch, "Ana", &[]);
    ana.call("quit", json!({}));
    ana.process.end();
    let _thief = std::net::UdpSocket::bind(ana.text("udp")).unwrap();
    let mut again = Node::start_in(&scratch, "Ana", &[]);
    assert_ne!(again.text("udp"), ana.text("udp"));
    again.call("quit", json!({}));
    let (_, said) = again.process.end_with_stderr();
    assert!(said.contains("UDP port") && said.contains("taking another"), "{said}");
}

#[test]
fn a_port_that_was_asked_for_is_had_or_refused() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (scratch, address) = (Scratch::new(), taken.local_addr().unwrap().to_string());
    let (status, said) =
        Process::start(&["--json", "--data", scratch.path(), "--udp", &address]).end_with_stderr();
    assert_eq!(status.code(), Some(5), "{said}");
    assert!(said.contains(&address) && said.contains("--udp"), "{said}");
}

#[test]
fn one_process_uses_a_directory_at_a_time() {
    let scratch = Scratch::new();
    let mut first = Node::start_in(&scratch, "Ana", &[]);
    let second = ["--json", "--data", scratch.path(), "--udp", "127.0.0.1:0", "--no-http"];
    let (status, said) = Process::start(&second).end_with_stderr();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains(scratch.path()) && said.contains("--data"), "{said}");
    assert!(first.process.is_running());
    first.process.kill();
    first.process.end();
    Node::start_in(&scratch, "Ana", &[]);
}

#[test]
fn a_damaged_identity_ends_the_start_and_is_left_as_it_is() {
    let scratch = Scratch::new();
    let path = format!("{}/identity", scratch.path());
    std::fs::create_dir_all(scratch.path()).unwrap();
    std::fs::write(&path, "not an identity").unwrap();
    let (status, said) = Process::start(&["--json", "--data", scratch.path(), "--no-http"]).end_with_stderr();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("damaged"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), b"not an identity");
}
