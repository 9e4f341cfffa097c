//! The first line says all that a program needs.

use crate::harness::Node;
use std::net::SocketAddr;
use tertulia_proto::{Instant, Invite};

#[test]
fn the_first_line_introduces_the_node() {
    let ana = Node::start("Ana");
    assert_eq!(ana.text("name"), "Ana");
    let invite = Invite::parse(&ana.text("invite"), Instant::default()).unwrap();
    assert_eq!(invite.node.to_string(), ana.text("node"));
    assert_eq!(ana.text("user").len(), 64);
    let udp: SocketAddr = ana.text("udp").parse().unwrap();
    let endpoint = invite.endpoint.expect("a native node can be dialled");
    assert!(endpoint.addresses.iter().any(|address| address.0 == udp), "{endpoint:?} leads to {udp}");
    assert!(ana.text("http").starts_with("http://127.0.0.1:"));
}

#[test]
fn an_invite_opens_in_the_page() {
    let mut ana = Node::start("Ana");
    let result = ana.call("invite", serde_json::json!({}));
    let (invite, url) = (result["invite"].as_str().unwrap(), result["url"].as_str().unwrap());
    assert_eq!(url, format!("{}/#{invite}", ana.text("http")));
    assert!(Invite::parse(url, Instant::default()).is_ok());
}

#[test]
fn without_a_page_there_is_no_url() {
    let scratch = crate::harness::Scratch::new();
    let args = ["--json", "--data", scratch.path(), "--name", "Ana", "--udp", "127.0.0.1:0", "--no-http"];
    let process = crate::harness::Process::start(&args);
    let line = process.line_with("ready");
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["params"].get("http"), None);
}
