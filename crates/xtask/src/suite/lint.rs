//! Formatting and lints, each a test of its own.

use std::process::Command;

use anyhow::Result;

use super::Tally;
use crate::job::Job;
use crate::progress::Step;
use crate::project::Project;

/// Name and arguments for cargo. The page's crates are looked at once more for their own target: half of what
/// they are is compiled nowhere else.
const LINTS: [(&str, &[&str]); 5] = [
    ("fmt", &["fmt", "--all", "--check"]),
    ("fmt-tool", &["fmt", "--manifest-path", "crates/xtask/wasm-bindgen/Cargo.toml", "--check"]),
    ("fmt-kad", &["fmt", "--manifest-path", "crates/xtask/kad/Cargo.toml", "--check"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    (
        "clippy-wasm",
        &[
            "clippy",
            "--package=tertulia-web",
            "--package=tertulia-webrtc",
            "--package=tertulia-proto",
            "--target=wasm32-unknown-unknown",
            "--",
            "-D",
            "warnings",
        ],
    ),
];

/// Runs all of them, whatever the first ones say.
pub(super) fn run(project: &Project, step: &Step<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    for (name, arguments) in LINTS {
        let mut command: Command = project.cargo();
        command.args(arguments);
        let repeat = format!("cargo {}", arguments.join(" "));
        let remedy = format!("repeat it with `{repeat}`; `cargo fmt --all` mends formatting");
        let ended =
            Job::new(project, name, &format!("lint-{name}"), command, remedy).watch(step, |_, _| ())?;
        if ended.is_success() {
            tally.passed += 1;
            step.print(&format!("lint {name} ... ok"));
        } else {
            step.print(&format!("lint {name} ... FAILED\n{ended}"));
            tally.fail(format!("lint {name}: repeat it with `{repeat}`"));
        }
    }
    Ok(tally)
}
