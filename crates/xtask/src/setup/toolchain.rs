//! The compiler's parts: the wasm targets, clippy, rustfmt.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::job::Job;
use crate::progress::Progress;
use crate::project::Project;

/// The page's target, and the one on which the core's tests run in wasm under Node.js.
const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];
const COMPONENTS: [&str; 2] = ["clippy", "rustfmt"];

/// Adds what is missing. rust-toolchain.toml names it all, but a toolchain that was there before has only what it had.
pub(crate) fn prepare(project: &Project, progress: &Progress) -> Result<()> {
    let step = progress.step("Rust toolchain");
    let targets: Vec<_> = TARGETS.into_iter().filter(|target| !has_target(project, target)).collect();
    let components: Vec<_> =
        COMPONENTS.into_iter().filter(|component| !has_component(project, component)).collect();
    if targets.is_empty() && components.is_empty() {
        step.done("ready");
        return Ok(());
    }
    if !succeeds(project.command("rustup").arg("--version")) {
        bail!(
            "this Rust lacks {} and there is no rustup to add them. Nothing was changed. \
             Install rustup (https://rustup.rs), or the same parts from where this Rust came from.",
            [targets, components].concat().join(", ")
        );
    }
    for (kind, names) in [("target", targets), ("component", components)] {
        if names.is_empty() {
            continue;
        }
        let mut command = project.command("rustup");
        command.args([kind, "add"]).args(&names);
        let remedy = format!(
            "see whether `rustup {kind} add {}` works by hand; it needs the network",
            names.join(" ")
        );
        Job::new(project, "Adding to the Rust toolchain", &format!("rustup-{kind}"), command, remedy)
            .run(&step)?;
    }
    step.done("complete now");
    Ok(())
}

fn has_target(project: &Project, target: &str) -> bool {
    let output = project.command("rustc").args(["--print", "target-libdir", "--target", target]).output();
    output.is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

fn has_component(project: &Project, component: &str) -> bool {
    let subcommand = if component == "rustfmt" { "fmt" } else { component };
    succeeds(project.cargo().args([subcommand, "--version"]))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
