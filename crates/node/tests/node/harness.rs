//! Runs the binary and talks to it. Every wait is for a line, with a deadline; nothing sleeps.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A data directory that goes with the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("tertulia-test-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        Self(dir)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("temporary directories have plain names")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process with its lines.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(args, &[])
    }

    /// Starts it with these variables, and none of ours besides.
    pub(crate) fn start_in(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Self::command(args);
        command.envs(variables.iter().copied());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the binary starts");
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { stdin: child.stdin.take(), child, lines }
    }

    /// Runs it to its end while its standard output goes to `out`: its exit code, and what it says on standard error.
    pub(crate) fn run_into(out: impl Into<Stdio>, args: &[&str]) -> (Option<i32>, String) {
        let run = Self::command(args).stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output();
        let run = run.expect("the binary starts");
        (run.status.code(), String::from_utf8(run.stderr).expect("stderr is text"))
    }

    /// The binary, which has none of our variables and does not look for the nodes of other tests.
    fn command(args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tertulia"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TERTULIA_"))
        {
            command.env_remove(name);
        }
        command.env("TERTULIA_NO_MDNS", "1").args(args);
        command
    }

    /// The next line of standard output, unless it ends or nothing comes in time.
    pub(crate) fn line(&self, deadline: Instant) -> Result<String, RecvTimeoutError> {
        self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    }

    /// The first line from now on that contains `text`.
    pub(crate) fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {text:?} among {seen:#?}");
    }

    pub(crate) fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        writeln!(stdin, "{line}").expect("the process reads");
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the process is there to be killed");
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status().expect("kill is there");
        assert!(status.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state can be asked").is_none()
    }

    /// Waits for the end, which also closes standard output.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let end = std::iter::repeat_with(|| self.line(deadline)).find_map(Result::err);
        assert_eq!(end, Some(RecvTimeoutError::Disconnected), "it does not end");
        self.child.wait().expect("it can be waited for")
    }

    /// Waits for the end and returns what was said on standard error.
    pub(crate) fn end_with_stderr(&mut self) -> (ExitStatus, String) {
        let status = self.end();
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().expect("stderr is piped");
        stderr.read_to_string(&mut text).expect("stderr is text");
        (status, text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A node driven by JSON-RPC.
pub(crate) struct Node {
    pub(crate) process: Process,
    /// The parameters of its `ready` line.
    pub(crate) ready: Value,
    notifications: VecDeque<Value>,
    calls: u64,
    _scratch: Option<Scratch>,
}

impl Node {
    /// A node with a data directory of its own and a free port of each kind.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    pub(crate) fn start_with(name: &str, flags: &[&str]) -> Self {
        let scratch = Scratch::new();
        let mut node = Self::start_in(&scratch, name, flags);
        node._scratch = Some(scratch);
        node
    }

    pub(crate) fn start_in(scratch: &Scratch, name: &str, flags: &[&str]) -> Self {
        let mut args = vec!["--json", "--data", scratch.path(), "--name", name];
        args.extend(["--udp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        args.extend(flags);
        let mut process = Process::start(&args);
        let first = process.line(Instant::now() + PATIENCE);
        let first = first.unwrap_or_else(|_| panic!("it did not start: {}", process.end_with_stderr().1));
        let ready: Value = serde_json::from_str(&first).expect("the first line is JSON");
        assert_eq!(ready["method"], "ready", "{first}");
        let ready = ready["params"].clone();
        Self { process, ready, notifications: VecDeque::new(), calls: 0, _scratch: None }
    }

    pub(crate) fn text(&self, field: &str) -> String {
        text(&self.ready, field)
    }

    /// Calls a method and returns its result.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method and returns its error.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params);
        answer.expect_err(method)
    }

    fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.calls += 1;
        let id = json!(self.calls);
        let mut call = json!({"jsonrpc": "2.0", "id": id, "method": method});
        call["params"] = params;
        self.process.write(&call.to_string());
        let answer = self.answer();
        assert_eq!(answer["id"], id, "{answer}");
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["result"].clone()),
        }
    }

    /// The next line that is no notification.
    pub(crate) fn answer(&mut self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.next("answer", deadline);
            if line.get("method").is_none() {
                return line;
            }
            self.notifications.push_back(line);
        }
    }

    /// The first notification of `method` that `wanted` accepts: one that came before, or the next to come.
    pub(crate) fn notified(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let fits = |line: &Value| line["method"] == method && wanted(&line["params"]);
        if let Some(at) = self.notifications.iter().position(fits) {
            return self.notifications.remove(at).expect("it was found there")["params"].clone();
        }
        loop {
            let line = self.next(method, deadline);
            if fits(&line) {
                return line["params"].clone();
            }
            self.notifications.push_back(line);
        }
    }

    /// Whether a notification of `method` has come so far.
    pub(crate) fn was_notified(&self, method: &str) -> bool {
        self.notifications.iter().any(|line| line["method"] == method)
    }

    /// Whether a notification of `method` that `wanted` accepts has come so far.
    pub(crate) fn was_notified_of(&self, method: &str, wanted: impl Fn(&Value) -> bool) -> bool {
        self.notifications.iter().any(|line| line["method"] == method && wanted(&line["params"]))
    }

    fn next(&mut self, awaited: &str, deadline: Instant) -> Value {
        let line = self.process.line(deadline).unwrap_or_else(|why| {
            panic!("{}: no such {awaited} ({why}) after {:#?}", self.ready["name"], self.notifications)
        });
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Asks `host` into a new public conversation, and has it accept. Returns the conversation.
    pub(crate) fn join(&mut self, host: &mut Self) -> String {
        let params = json!({"invite": host.text("invite"), "type": "public", "greeting": "hello"});
        let request = text(&self.call("open", params), "request");
        let asked = host.notified("request", |_| true);
        let answer = json!({"request": text(&asked, "request"), "answer": "yes"});
        let conversation = text(&host.call("answer", answer), "conversation");
        let answered = self.notified("answered", |params| params["request"] == *request);
        assert_eq!((&answered["answer"], &answered["conversation"]), (&json!("yes"), &json!(conversation)));
        conversation
    }
}

/// A field that must be text.
pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field} in {value}")).to_owned()
}

/// An HTTP answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Makes one HTTP request to `node`, under any Host header.
pub(crate) fn request(node: &Node, method: &str, path: &str, host: &str) -> Answer {
    let address = node.text("http").strip_prefix("http://").expect("a plain URL").to_owned();
    let mut stream = TcpStream::connect(address).expect("the page is served");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .expect("it is read");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let answer = String::from_utf8_lossy(&bytes);
    let (headers, body) = answer.split_once("\r\n\r\n").expect("headers end");
    let status = headers.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, headers: headers.to_lowercase(), body: body.to_owned() }
}

/// The Host header that a browser sends to this node.
pub(crate) fn own_host(node: &Node) -> String {
    node.text("http").trim_start_matches("http://").to_owned()
}
