//! The tests that cargo runs, on this machine and in wasm.

use anyhow::Result;

use super::Tally;
use crate::job::{Job, Source};
use crate::progress::Step;
use crate::project::Project;

/// Runs every crate's tests on this machine, and those of the tool that stands in a workspace of its own.
pub(super) fn run_native(project: &Project, step: &Step<'_>) -> Result<Tally> {
    let crates = run(project, step, "native", "test-native", &["test", "--workspace", "--no-fail-fast"])?;
    let manifest = "--manifest-path=crates/xtask/wasm-bindgen/Cargo.toml";
    let tool = ["test", "--locked", manifest, "--target-dir=target/wasm-bindgen", "--no-fail-fast"];
    Ok(crates.and(run(project, step, "native", "test-tool", &tool)?.or_empty("native")))
}

/// Runs the core's tests in wasm: the same trace must come out bit for bit.
pub(super) fn run_wasm(project: &Project, step: &Step<'_>) -> Result<Tally> {
    let script = project.root.join("crates/xtask/wasi-runner.mjs");
    // A list, not a string: the path may have spaces. Rust's way to quote a path is TOML's, too.
    let runner = format!("target.wasm32-wasip1.runner=['node', '--no-warnings', {script:?}]");
    let arguments = ["test", "--package=tertulia-proto", "--lib", "--tests", "--target=wasm32-wasip1"];
    // Captured words would be lost: a panic ends the process here, for there is no unwinding.
    let rest = ["--no-fail-fast", "--", "--nocapture"];
    run(project, step, "wasm", "test-wasm", &[&["--config", &runner], &arguments[..], &rest[..]].concat())
}

fn run(project: &Project, step: &Step<'_>, name: &str, log: &str, arguments: &[&str]) -> Result<Tally> {
    let mut command = project.cargo();
    command.args(arguments);
    let repeat = format!("cargo xtask test --only {name}");
    let remedy = format!("mend what failed and repeat it with `{repeat}`");
    let mut results = Results::default();
    let ended = Job::new(project, &format!("Running the {name} tests"), log, command, remedy).watch(
        step,
        |source, line| {
            if source == Source::Out {
                step.print(line);
            }
            results.read(line);
        },
    )?;
    let uncounted = results.failed == 0 || results.unfinished > 0;
    let mut tally = results.tally(name);
    if !ended.is_success() && uncounted {
        // It did not compile, or a test binary ended before it could count.
        step.print(&ended.to_string());
    }
    if !ended.is_success() && tally.failed == 0 {
        tally.fail(format!("{name}: cargo failed without counting a failed test; repeat it with `{repeat}`"));
    }
    Ok(tally)
}

/// What Rust's test harness said, of all test binaries together.
#[derive(Default)]
struct Results {
    passed: u32,
    failed: u32,
    ignored: u32,
    names: Vec<String>,
    /// Binaries that began, less those that came to their count: in wasm a panic ends the whole binary.
    unfinished: u32,
    /// The last test of which only the beginning was heard.
    begun: String,
}

impl Results {
    fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.unfinished = self.unfinished.saturating_sub(1);
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            self.ignored += count(counts, "ignored");
        } else if let Some(test) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.names.push(test.to_owned());
        } else if let Some(test) =
            line.strip_prefix("test ").and_then(|rest| rest.trim_end().strip_suffix(" ..."))
        {
            self.begun = test.to_owned();
        } else if is_beginning(line) {
            self.unfinished += 1;
        }
    }

    fn tally(self, suite: &str) -> Tally {
        let troubles = self.names.into_iter().map(|test| format!("{suite}: {test}")).collect();
        let mut tally = Tally { passed: self.passed, failed: self.failed, troubles };
        for _ in 0..self.ignored {
            tally.fail(format!("{suite}: a test is ignored, and a test that does not run proves nothing"));
        }
        for _ in 0..self.unfinished {
            tally.fail(format!(
                "{suite}: a test binary ended in the middle, near {}; see its last words",
                self.begun
            ));
        }
        tally
    }
}

/// `running 12 tests`
fn is_beginning(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next() == Some("running")
        && words.next().is_some_and(|number| number.parse::<u32>().is_ok())
        && matches!(words.next(), Some("test" | "tests"))
        && words.next().is_none()
}

/// The number before `what` in `ok. 12 passed; 0 failed; 0 ignored`.
fn count(counts: &str, what: &str) -> u32 {
    let number = |part: &str| part.trim().strip_suffix(what)?.trim().rsplit(' ').next()?.parse().ok();
    counts.split(';').find_map(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut results = Results::default();
        output.lines().for_each(|line| results.read(line));
        results.tally("native")
    }

    #[test]
    fn the_counts_of_all_binaries_are_added() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\
                      test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                      running 1 test\ntest c ... ok\n\
                      test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let expected = Tally { passed: 2, failed: 1, troubles: vec!["native: b".into()] };
        assert_eq!(tally(output), expected);
    }

    #[test]
    fn an_ignored_test_counts_as_failed() {
        let output =
            "running 1 test\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(tally(output).failed, 1);
    }

    #[test]
    fn a_binary_that_dies_counts_as_failed() {
        assert_eq!(tally("running 3 tests\ntest a ... ok\ntest b ... ").failed, 1);
        assert_eq!(tally("running on empty").failed, 0);
    }
}
