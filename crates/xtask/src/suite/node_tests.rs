//! The tests that Node.js runs: tests/page and tests/e2e, some files at once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Subject, Tally};
use crate::job::{Job, Source};
use crate::progress::Step;

/// Files that run at once. They wait more than they compute, and each has a network, processes and a home of its own; more
/// browsers at once would wait for two cores and not for each other.
const CONCURRENCY: &str = "--test-concurrency=2";

/// Runs tests/`folder`/*.test.mjs, those whose names contain `filter`.
pub(super) fn run(folder: &str, subject: &Subject<'_>, filter: &str, step: &Step<'_>) -> Result<Tally> {
    let project = subject.project;
    let files = test_files(&project.root.join("tests").join(folder), filter)?;
    let (artifacts, browsers) = subject.built.as_ref().context("the page and the node were not built")?;
    // The people's report goes to the screen, the machine's to a file: neither spoils the other.
    let report = project.log(&format!("test-{folder}.tap")).with_extension("");
    let mut command = project.command("node");
    command
        .args(["--test", CONCURRENCY, "--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=tap")
        .arg(format!("--test-reporter-destination={}", report.display()))
        .args(&files)
        .envs(artifacts.environment())
        .envs(browsers.environment());
    // What the last run reported must not pass for this one's.
    let _ = fs::remove_file(&report);
    let repeat = format!("cargo xtask test --only {folder}");
    let remedy = format!("mend what failed and repeat it with `{repeat}`");
    let ended =
        Job::new(project, &format!("Running tests/{folder}"), &format!("test-{folder}"), command, remedy)
            .watch(step, |source, line| {
                if source == Source::Out {
                    step.print(line);
                }
            })?;
    let mut tally = fs::read_to_string(&report).map(|tap| read_tap(folder, &tap)).unwrap_or_default();
    if !ended.is_success() && tally.failed == 0 {
        step.print(&ended.to_string());
        tally.fail(format!(
            "{folder}: Node.js failed without counting a failed test; repeat it with `{repeat}`"
        ));
    }
    Ok(tally)
}

fn test_files(folder: &Path, filter: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("no tests found in {}", folder.display()))?;
    let mut files: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_test(path, filter)).collect();
    files.sort();
    if files.is_empty() {
        bail!("no tests found in {}", folder.display());
    }
    Ok(files)
}

fn is_test(path: &Path, filter: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".test.mjs") && name.contains(filter)
}

/// Reads the counts at the end of the report, and the names of what failed on the way there.
fn read_tap(suite: &str, tap: &str) -> Tally {
    let count = |what: &str| {
        let total = |line: &str| line.strip_prefix("# ")?.strip_prefix(what)?.trim().parse::<u32>().ok();
        tap.lines().rev().find_map(total).unwrap_or(0)
    };
    let (failed, cancelled) = (count("fail "), count("cancelled "));
    let skipped = count("skipped ") + count("todo ");
    let mut troubles: Vec<_> =
        tap.lines().filter_map(failed_test).map(|test| format!("{suite}: {test}")).collect();
    if skipped > 0 {
        troubles.push(format!("{suite}: {skipped} skipped, and a test that does not run proves nothing"));
    }
    Tally { passed: count("pass "), failed: failed + cancelled + skipped, troubles }
}

/// `not ok 3 - three ends agree`, at whatever depth.
fn failed_test(line: &str) -> Option<&str> {
    let (_, name) = line.trim_start().strip_prefix("not ok ")?.split_once(" - ")?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted_at_its_end() {
        let tap = "TAP version 13\n# Subtest: a\nok 1 - a\n    not ok 1 - c\nnot ok 2 - b\n1..2\n# tests 3\n# suites 0\n\
                   # pass 1\n# fail 2\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 5\n";
        let expected = Tally { passed: 1, failed: 2, troubles: vec!["e2e: c".into(), "e2e: b".into()] };
        assert_eq!(read_tap("e2e", tap), expected);
    }

    #[test]
    fn what_was_cancelled_or_skipped_did_not_pass() {
        let tap = "# pass 1\n# fail 0\n# cancelled 2\n# skipped 3\n# todo 0\n";
        assert_eq!(read_tap("e2e", tap).failed, 5);
    }

    #[test]
    fn a_report_that_broke_off_counts_nothing() {
        assert_eq!(read_tap("e2e", "TAP version 13\nok 1 - a\n"), Tally::default());
    }

    #[test]
    fn only_test_files_with_the_filter_are_run() {
        assert!(is_test(Path::new("/t/three.test.mjs"), ""));
        assert!(is_test(Path::new("/t/three.test.mjs"), "thr"));
        assert!(!is_test(Path::new("/t/three.test.mjs"), "two"));
        assert!(!is_test(Path::new("/t/support.mjs"), ""));
    }
}
