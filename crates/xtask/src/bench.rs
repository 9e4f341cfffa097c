//! Benchmarks: tests/bench/NAME.mjs, with everything that they measure built before.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::artifacts;
use crate::job::Job;
use crate::progress::Progress;
use crate::project::Project;
use crate::setup::Setup;

/// The native part of `bench dial`: an example of the crate whose links it measures.
const NATIVE_DIAL: &str = "dial_bench";
const NATIVE_DIAL_REMEDY: &str = "mend what the compiler names; nothing was measured";

/// Builds what the benchmark needs and becomes it.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let project = Project::locate()?;
    let folder = project.root.join("tests/bench");
    let (name, rest) =
        arguments.split_first().context("bench needs the name of a benchmark in tests/bench/")?;
    let script = folder.join(format!("{name}.mjs"));
    if !script.is_file() {
        bail!("there is no benchmark {}; nothing was run", script.display());
    }
    let is_dial = name == "dial";
    let progress = Progress::new(Setup::ALL.steps() + artifacts::STEPS + usize::from(is_dial));
    let (artifacts, browsers) = crate::built(&project, &progress, Setup::ALL)?;
    let mut command = project.command("node");
    command.arg(script).args(rest).envs(artifacts.environment()).envs(browsers.environment());
    if is_dial {
        command.env("TERTULIA_DIAL_BENCH", native_dial(&project, &progress)?);
    }
    progress.finish(&format!("Running the benchmark {name}"));
    crate::become_program(&mut command)
}

/// Builds the native part of `bench dial` and tells where it is.
fn native_dial(project: &Project, progress: &Progress) -> Result<PathBuf> {
    let step = progress.step("Native dial");
    let mut command = project.cargo();
    command.args(["build", "--release", "--package", "tertulia-webrtc", "--example", NATIVE_DIAL]);
    Job::new(project, "Building the native dial", "native-dial", command, NATIVE_DIAL_REMEDY).run(&step)?;
    step.done("built");
    Ok(project
        .target
        .join("release/examples")
        .join(NATIVE_DIAL)
        .with_extension(std::env::consts::EXE_EXTENSION))
}
