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
const REMEDY: &str = "mend what the compiler names; nothing was measured";

/// The benchmarks that measure libp2p's Kademlia, alone or beside our overlay.
const WITH_KAD: [&str; 2] = ["kad", "overlay"];
/// What drives it: a workspace of its own, whose binary is called so.
const KAD_FOLDER: &str = "crates/xtask/kad";
const KAD: &str = "tertulia-kad";
/// What writes the trace that both are measured on: an example of the simulator.
const RING_TRACE: &str = "ring_trace";

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
    let (is_dial, has_kad) = (name == "dial", WITH_KAD.contains(&name.as_str()));
    let steps = usize::from(is_dial) + 2 * usize::from(has_kad);
    let progress = Progress::new(Setup::ALL.steps() + artifacts::STEPS + steps);
    let (artifacts, browsers) = crate::built(&project, &progress, Setup::ALL)?;
    let mut command = project.command("node");
    command.arg(script).args(rest).envs(artifacts.environment()).envs(browsers.environment());
    if is_dial {
        command.env("TERTULIA_DIAL_BENCH", example(&project, &progress, "tertulia-webrtc", NATIVE_DIAL)?);
    }
    if has_kad {
        command.env("TERTULIA_RING_TRACE", example(&project, &progress, "tertulia-sim", RING_TRACE)?);
        command.env("TERTULIA_KAD", kad(&project, &progress)?);
    }
    progress.finish(&format!("Running the benchmark {name}"));
    crate::become_program(&mut command)
}

/// Builds an example of a crate and tells where it is.
fn example(project: &Project, progress: &Progress, package: &str, name: &str) -> Result<PathBuf> {
    let step = progress.step(format!("Example {name}"));
    let mut command = project.cargo();
    command.args(["build", "--release", "--package", package, "--example", name]);
    Job::new(project, &format!("Building {name}"), name, command, REMEDY).run(&step)?;
    step.done("built");
    Ok(project.target.join("release/examples").join(name).with_extension(std::env::consts::EXE_EXTENSION))
}

/// Builds what drives libp2p's Kademlia, in a target folder of its own, and tells where it is.
fn kad(project: &Project, progress: &Progress) -> Result<PathBuf> {
    let step = progress.step("libp2p-kad");
    let target = project.target.join("kad");
    let mut command = project.cargo();
    // From its own folder, where cargo finds its configuration.
    command.current_dir(project.root.join(KAD_FOLDER)).env("CARGO_TARGET_DIR", &target);
    command.args(["build", "--release", "--locked"]);
    Job::new(project, "Building libp2p-kad", "kad", command, REMEDY).run(&step)?;
    step.done("built");
    Ok(target.join("release").join(KAD).with_extension(std::env::consts::EXE_EXTENSION))
}
