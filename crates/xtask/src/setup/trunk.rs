//! Trunk, which turns index.html and the web crate into the page.

use std::fs;

use anyhow::Result;

use crate::fingerprint::Stamp;
use crate::job::Job;
use crate::progress::Progress;
use crate::project::Project;

/// The newest Trunk that this Rust compiles. Trunk.toml asks for the same.
pub(crate) const VERSION: &str = "0.21.14";

/// Compiles Trunk into the tool folder, if it is not there.
///
/// Its released form takes thirteen minutes of processor time, nearly all of it link-time optimisation, and builds
/// the page no faster than this one does: without optimisation, debug information, TLS and update check, in four.
pub(crate) fn prepare(project: &Project, progress: &Progress) -> Result<()> {
    let step = progress.step(format!("Trunk {VERSION}"));
    let stamp = Stamp::at(project.tools.join("stamp/trunk"));
    if stamp.says(VERSION) && runs(project) {
        step.done("ready");
        return Ok(());
    }
    stamp.clear();
    let build = project.tools.join("build/trunk");
    let mut command = project.cargo();
    command
        .args(["install", "trunk", "--version", VERSION, "--locked", "--force"])
        .args(["--debug", "--no-default-features", "--root"])
        .arg(&project.tools)
        .env("CARGO_TARGET_DIR", &build)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
    let remedy = "if the log speaks of the network, repeat once the crate registry can be reached; \
                  if of a linker or compiler, install a C compiler (Debian: apt-get install build-essential)";
    Job::new(project, "Compiling Trunk", "trunk", command, remedy).run(&step)?;
    stamp.set(VERSION)?;
    // Kept after a failure, where it saves the next run's time; of no use after success.
    let _ = fs::remove_dir_all(build);
    step.done("compiled");
    Ok(())
}

/// A tool folder may come from another machine.
fn runs(project: &Project) -> bool {
    let trunk = project.tools.join("bin/trunk");
    let output = project.command(trunk).arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION))
}
