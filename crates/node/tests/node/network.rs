//! People find each other by words, with no invite between them.

use crate::harness::{Node, PATIENCE, Process, Scratch, text};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Instant;

/// Nodes of these names, all by the invite of the first, each with a place in the ring.
fn network<const N: usize>(names: [&str; N]) -> [Node; N] {
    let mut nodes = names.map(Node::start);
    let invite = nodes[0].text("invite");
    for node in &mut nodes[1..] {
        node.call("open", json!({"invite": invite}));
    }
    for node in &mut nodes {
        until("it is in the network", || node.call("network", json!({}))["neighbours"][N - 2].is_string());
    }
    nodes
}

/// Waits until `holds`; asking is what lets the time pass.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
    }
}

/// Looks until somebody is found: a record takes a moment to where it belongs.
fn found(node: &mut Node, words: &Value) -> Value {
    let mut people = json!([]);
    until("somebody is found", || {
        people = node.call("search", json!({"words": words}));
        people != json!([])
    });
    people
}

#[test]
fn whoever_is_listed_is_found_and_asked() {
    let [mut ana, mut eva, mut ines] = network(["Ana", "Eva", "Inés"]);
    let listed = eva.call("publish", json!({"words": ["Eva Luz", "chess"]}));
    assert_eq!(listed, json!({"words": ["eva", "luz", "chess"]}));
    assert_eq!(eva.call("network", json!({}))["listed"], listed["words"]);
    let people = found(&mut ines, &json!("ches Madrid"));
    let person = json!({
        "user": eva.ready["user"], "name": "Eva", "words": ["eva", "luz", "chess"], "matched": 1,
        "presence": "online", "nodes": [eva.ready["node"]],
    });
    assert_eq!(people, json!([person]));
    assert_eq!(found(&mut ana, &json!(["luz"]))[0]["user"], eva.ready["user"]);

    let params = json!({"user": eva.ready["user"], "type": "private", "greeting": "a game?"});
    let request = text(&ines.call("connect", params), "request");
    let asked = eva.notified("request", |_| true);
    assert_eq!((&asked["from"]["name"], &asked["greeting"]), (&json!("Inés"), &json!("a game?")));
    eva.call("answer", json!({"request": asked["request"], "answer": "yes"}));
    ines.notified("answered", |answered| answered["request"] == *request && answered["answer"] == "yes");

    assert_eq!(eva.call("publish", json!({"words": null})), json!({"words": []}));
    until("she is found no longer", || ana.call("search", json!({"words": "chess"})) == json!([]));
}

#[test]
fn a_user_who_was_found_can_be_asked_without_a_link() {
    let [mut ana, mut eva] = network(["Ana", "Eva"]);
    let unknown = json!({"user": "ab".repeat(32)});
    assert_eq!(ana.refused("connect", unknown)["data"]["reason"], "unknown_user");
    eva.call("publish", json!({"words": "eva"}));
    found(&mut ana, &json!("eva"));
    eva.process.kill();
    ana.notified("link", |link| link["event"] == "closed");
    // Which node it is about is known from the search alone.
    text(&ana.call("connect", json!({"user": eva.ready["user"], "type": "private"})), "request");
}

#[test]
fn what_cannot_be_searched_or_listed_is_refused() {
    let mut ana = Node::start("Ana");
    let reason = |error: Value| text(&error["data"], "reason");
    assert_eq!(reason(ana.refused("search", json!({"words": "eva"}))), "not_in_network");
    assert_eq!(reason(ana.refused("publish", json!({"words": "¿…?"}))), "no_words");
    assert_eq!(ana.refused("publish", json!({}))["code"], -32602, "to be taken out has to be said");
    for (params, expected) in [
        (json!({"words": 7}), "words are a text or a list of texts"),
        (json!({"words": null}), "words are a text or a list of texts"),
        (json!({"words": "eva", "limit": -1}), "limit is a whole number, 0 or more"),
    ] {
        let error = ana.refused("search", params);
        assert_eq!(
            (&error["code"], text(&error, "message").contains(expected)),
            (&json!(-32602), true),
            "{error}"
        );
    }
    let network = json!({"in": false, "neighbours": [], "listed": [], "records": 0});
    assert_eq!(ana.call("network", json!({})), network);
}

#[test]
fn who_is_there_by_invite_only_is_no_part_of_the_network() {
    let mut ana = Node::start("Ana");
    let mut eva = Node::start_with("Eva", &["--invite-only", "--introducer", &ana.text("invite")]);
    eva.notified("link", |link| link["event"] == "opened");
    for method in ["search", "publish"] {
        let error = eva.refused(method, json!({"words": "ana"}));
        assert_eq!(error["data"]["reason"], "not_in_network", "{method}");
    }
    assert_eq!(ana.call("network", json!({}))["in"], false, "the other one has no neighbour in it");
}

#[test]
fn the_command_line_searches_by_itself() {
    let [ana, mut eva] = network(["Ana", "Eva"]);
    eva.call("publish", json!({"words": "Eva chess"}));
    let (scratch, invite) = (Scratch::new(), ana.text("invite"));
    let flags = ["--data", scratch.path(), "--udp", "127.0.0.1:0", "--introducer", &invite];
    let search = |words: &[&str]| {
        let args: Vec<&str> = ["search"].into_iter().chain(words.iter().copied()).chain(flags).collect();
        let mut process = Process::start(&args);
        let deadline = Instant::now() + PATIENCE;
        let lines: Vec<_> = std::iter::from_fn(|| process.line(deadline).ok()).collect();
        let (status, said) = process.end_with_stderr();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""));
        lines
    };
    let lines = search(&["ches", "--json"]);
    let person: Value = serde_json::from_str(&lines[0]).expect("JSON Lines");
    assert_eq!((&person["user"], &person["presence"]), (&eva.ready["user"], &json!("online")));
    assert_eq!(search(&["eva", "painting"]), ["Eva (online): eva, chess"]);
    assert_eq!(search(&["nobody", "--json"]), [""; 0]);
    let nobody = Process::run_into(Stdio::piped(), &[&["search", "nobody"][..], &flags].concat());
    assert_eq!(nobody, (Some(0), "Nobody was found.\n".to_owned()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_search_that_cannot_be_written_fails() {
    let [ana, mut eva] = network(["Ana", "Eva"]);
    eva.call("publish", json!({"words": "Eva chess"}));
    let (scratch, invite) = (Scratch::new(), ana.text("invite"));
    let line = ["search", "eva", "--data", scratch.path(), "--udp", "127.0.0.1:0", "--introducer", &invite];
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device that takes nothing");
    let (code, said) = Process::run_into(full, &line);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cannot write to standard output"), "{said}");
    // Whoever reads no more, as `head` does, need not be told.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    assert_eq!(Process::run_into(writer, &line), (Some(1), String::new()));
}

#[test]
fn a_search_that_was_ended_does_not_pass_for_one_that_found_nobody() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let scratch = Scratch::new();
        let flags = ["search", "eva", "--data", scratch.path(), "--udp", "127.0.0.1:0"];
        let mut search = Process::start(&flags);
        // It listens for signals before it keeps anything.
        until("it looks for a way in", || {
            std::fs::exists(format!("{}/port", scratch.path())).unwrap_or(false)
        });
        search.signal(signal);
        let (status, said) = search.end_with_stderr();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains(&format!("SIG{signal} ended the search")), "{said}");
    }
}

#[test]
fn the_command_line_says_why_it_cannot_search() {
    let scratch = Scratch::new();
    let flags = ["search", "eva", "--wait", "1", "--data", scratch.path(), "--udp", "127.0.0.1:0"];
    let (status, said) = Process::start(&flags).end_with_stderr();
    assert_eq!(status.code(), Some(8), "{said}");
    assert!(said.contains("--introducer"), "{said}");
    let _running = Node::start_in(&scratch, "Ana", &[]);
    let (status, said) = Process::start(&flags).end_with_stderr();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("/search WORDS") && said.contains("\"search\""), "{said}");
}

/// A chat of somebody called Ana that is to join the network by an invite.
fn chat(scratch: &Scratch, introducer: &str) -> Process {
    let flags = ["--data", scratch.path(), "--name", "Ana", "--udp", "127.0.0.1:0", "--no-http"];
    Process::start(&[&flags[..], &["--introducer", introducer]].concat())
}

/// Lists Ana under her name and `chess` once she is in the network.
fn list(ana: &mut Process) {
    until("she is in the network", || {
        ana.write("/list chess");
        let said = ana.line_with("listed, for everybody, under: ana, chess");
        said.contains("You are listed")
    });
}

#[test]
fn the_terminal_finds_asks_and_lists() {
    let scratch = Scratch::new();
    let mut eva = Node::start("Eva");
    let mut ana = chat(&scratch, &eva.text("invite"));
    list(&mut ana);
    ana.write("/list");
    ana.line_with("You are listed, for everybody, under: ana, chess. /unlist");
    assert_eq!(found(&mut eva, &json!("chess"))[0]["name"], "Ana");
    ana.write("/ask 1");
    ana.line_with("Nobody was found as number 1");
    eva.call("publish", json!({"words": "Eva \u{202e}painting"}));
    found(&mut eva, &json!("ana"));
    ana.write("/search paint");
    ana.line_with("Searching");
    ana.line_with("  1 Eva (online): eva, painting");
    ana.write("/ask 1 a walk?");
    let asked = eva.notified("request", |_| true);
    assert_eq!((&asked["type"], &asked["greeting"]), (&json!("private"), &json!("a walk?")));
    eva.call("answer", json!({"request": asked["request"], "answer": "yes"}));
    ana.line_with("begins with Eva");
    ana.write("/search chess");
    ana.line_with("Nobody else is listed under these words");
    ana.write("/search cooking");
    ana.line_with("Nobody is listed under these words");
    ana.write("/nick Anita");
    ana.line_with("the same words as before, ana, chess");
    ana.write("/unlist");
    ana.line_with("listed no longer");
    until("she is found no longer", || eva.call("search", json!({"words": "chess"})) == json!([]));
}

#[test]
fn how_one_is_listed_is_told_and_changed_only_on_purpose() {
    let scratch = Scratch::new();
    let flags = ["--data", scratch.path(), "--name", "Ana", "--udp", "127.0.0.1:0", "--no-http"];
    let mut ana = Process::start(&flags);
    for (typed, said) in [
        ("/list", "You are not listed"),
        ("/list chess", "You will be listed, for everybody, under: ana, chess, as soon as"),
        (
            "/list !!!",
            "There is no word in “!!!”: letters or digits are needed. How you are listed was not changed.",
        ),
        ("/list", "under: ana, chess, as soon as"),
        ("/search !!!", "There is no word in “!!!”"),
        ("/search eva", "open an invite first, or wait a moment. Nothing was changed."),
        ("/list a b c d e f g h", "under: ana, a, b, c, d, e, f, g, as soon as"),
        ("", "Left out, as 8 words are the most: h."),
        ("/help ask", "/ask n [private|public]"),
        ("/ask", "/ask is written otherwise"),
    ] {
        ana.write(typed);
        ana.line_with(said);
    }
}

#[test]
#[cfg(unix)]
fn a_search_that_goes_on_leaves_the_list_before_as_it_is() {
    let scratch = Scratch::new();
    let mut eva = Node::start("Eva");
    let mut ana = chat(&scratch, &eva.text("invite"));
    list(&mut ana);
    eva.call("publish", json!({"words": "Eva"}));
    until("Eva is found", || {
        ana.write("/search eva");
        ana.line_with("Searching");
        ana.line(Instant::now() + PATIENCE).is_ok_and(|line| line.contains("1 Eva"))
    });
    // Nobody answers now, so that a search takes a while.
    eva.process.signal("STOP");
    ana.write("/search painting");
    ana.write("/ask 1");
    ana.line_with("Asking Eva");
    ana.write("/ask 2");
    ana.line_with("The search for “painting” goes on");
    ana.write("/search go");
    ana.line_with("The search for “painting” is given up");
    ana.line_with("Searching");
    eva.process.signal("CONT");
    ana.line_with("Nobody is listed");
    ana.write("/ask 1");
    ana.line_with("Nobody was found as number 1");
}
