//! The page's port: its own names only, and a policy on every answer.

use crate::harness::{Node, own_host, request};

#[test]
fn a_foreign_host_is_turned_away_whatever_it_asks() {
    let ana = Node::start("Ana");
    let port = own_host(&ana).rsplit(':').next().unwrap().to_owned();
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        "127.0.0.1:1".to_owned(),
        String::new(),
    ];
    for host in foreign {
        for (method, path) in [("GET", "/"), ("GET", "/nothing"), ("POST", "/"), ("HEAD", "/")] {
            let answer = request(&ana, method, path, &host);
            assert_eq!(answer.status, 403, "{method} {path} as {host}");
            assert!(!answer.body.contains(&ana.text("invite")));
        }
    }
}

#[test]
fn own_names_are_served() {
    let ana = Node::start("Ana");
    let port = own_host(&ana).rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let answer = request(&ana, "GET", "/", &format!("{host}:{port}"));
        // Without a page in the binary it says how to build one; the port works all the same.
        assert!([200, 503].contains(&answer.status), "{host}: {}", answer.status);
        assert!(answer.headers.contains("content-type: text/html; charset=utf-8"));
    }
    assert_eq!(request(&ana, "GET", "/nothing", &own_host(&ana)).status, 404);
    assert_eq!(request(&ana, "POST", "/", &own_host(&ana)).status, 405);
    assert_eq!(request(&ana, "HEAD", "/", &own_host(&ana)).body, "");
}

#[test]
fn every_answer_carries_the_policy() {
    let ana = Node::start("Ana");
    for (path, host) in
        [("/", own_host(&ana)), ("/nothing", own_host(&ana)), ("/", "evil.example".to_owned())]
    {
        let headers = request(&ana, "GET", path, &host).headers;
        let policy =
            headers.lines().find(|line| line.starts_with("content-security-policy:")).expect("a policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "'wasm-unsafe-eval'"]
        {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        assert!(
            !policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'") && !policy.contains('*')
        );
        for header in
            ["x-content-type-options: nosniff", "referrer-policy: no-referrer", "permissions-policy: "]
        {
            assert!(headers.contains(header), "{header} in {headers}");
        }
    }
}

#[test]
fn a_built_page_names_its_node_and_types_its_files() {
    let ana = Node::start("Ana");
    let index = request(&ana, "GET", "/", &own_host(&ana));
    if index.status == 503 {
        assert!(index.body.contains("cargo xtask build"));
        return;
    }
    assert!(index.body.contains(&format!(r#"<meta name="tertulia-node" content="{}">"#, ana.text("invite"))));
    let quoted = index.body.split(['"', '\'']);
    let wasm = quoted.map(|part| part.trim_start_matches(['.', '/'])).find(|part| part.ends_with(".wasm"));
    let answer = request(&ana, "HEAD", &format!("/{}", wasm.expect("a wasm file")), &own_host(&ana));
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains("content-type: application/wasm"), "{}", answer.headers);
    assert!(answer.headers.contains("immutable"), "{}", answer.headers);
}
