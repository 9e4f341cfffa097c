//! A `wasm-bindgen` executable of exactly the version that the page links.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::job::Job;
use crate::progress::{Progress, Step};
use crate::project::Project;

/// The package that becomes the executable.
const PACKAGE: &str = "crates/xtask/wasm-bindgen";
/// What in the package's own Cargo.lock must have the project's version.
const PINNED: [&str; 2] = ["wasm-bindgen-cli-support", "wasm-bindgen-shared"];

/// Compiles the executable into the tool folder, if it is not there in this version.
pub(crate) fn prepare(project: &Project, progress: &Progress) -> Result<()> {
    let version = locked_version(project)?;
    let step = progress.step(format!("wasm-bindgen {version}"));
    follow(project, &step, &version)?;
    let conditions = Fingerprint::default().path(&project.root.join(PACKAGE))?.text();
    let stamp = Stamp::at(project.tools.join("stamp/wasm-bindgen"));
    if stamp.says(&conditions) && runs(project, &version) {
        step.done("ready");
        return Ok(());
    }
    stamp.clear();
    let build = project.tools.join("build/wasm-bindgen");
    let mut command = project.cargo();
    command
        .args(["build", "--locked", "--manifest-path"])
        .arg(manifest(project))
        .env("CARGO_TARGET_DIR", &build);
    Job::new(project, "Compiling wasm-bindgen", "wasm-bindgen", command, remedy(&version)).run(&step)?;
    let suffix = std::env::consts::EXE_SUFFIX;
    let (made, kept) = (format!("debug/tertulia-wasm-bindgen{suffix}"), format!("bin/wasm-bindgen{suffix}"));
    install(&build.join(made), &project.tools.join(kept))?;
    stamp.set(&conditions)?;
    // Kept after a failure, where it saves the next run's time; of no use after success.
    let _ = fs::remove_dir_all(build);
    step.done("compiled");
    Ok(())
}

/// The version of wasm-bindgen in the project's Cargo.lock.
pub(crate) fn locked_version(project: &Project) -> Result<String> {
    let path = project.root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))?;
    version_in(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen; is it whole?")
}

/// Moves the package's own Cargo.lock along when the project's wasm-bindgen has moved.
fn follow(project: &Project, step: &Step<'_>, version: &str) -> Result<()> {
    let path = project.root.join(PACKAGE).join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))?;
    if PINNED.iter().all(|name| version_in(&lock, name).as_deref() == Some(version)) {
        return Ok(());
    }
    let mut command = project.cargo();
    command.args(["update", "--precise", version, "--manifest-path"]).arg(manifest(project)).arg(PINNED[0]);
    Job::new(project, "Moving the wasm-bindgen tool along", "wasm-bindgen-update", command, remedy(version))
        .run(step)
}

/// Put in place in one move: a half-written executable would be found by Trunk and fail strangely.
fn install(made: &Path, kept: &Path) -> Result<()> {
    let arriving = kept.with_extension("new");
    fs::copy(made, &arriving).with_context(|| format!("{} could not be copied", made.display()))?;
    fs::rename(&arriving, kept).with_context(|| format!("{} could not be put in place", kept.display()))
}

/// A tool folder may come from another machine.
fn runs(project: &Project, version: &str) -> bool {
    let output = project.command(project.tools.join("bin/wasm-bindgen")).arg("--version").output();
    output.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).trim() == format!("wasm-bindgen {version}")
    })
}

fn manifest(project: &Project) -> std::path::PathBuf {
    project.root.join(PACKAGE).join("Cargo.toml")
}

fn remedy(version: &str) -> String {
    format!(
        "if the log speaks of the network, repeat once the crate registry can be reached; if wasm-bindgen {version} changed \
         its library, fit {PACKAGE}/src/main.rs to it"
    )
}

fn version_in(lock: &str, name: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }

    #[test]
    fn the_tool_follows_the_version_that_the_page_links() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = fs::read_to_string(root.join("../../Cargo.lock")).expect("readable");
        let tool = fs::read_to_string(root.join("wasm-bindgen/Cargo.lock")).expect("readable");
        let linked = version_in(&project, "wasm-bindgen");
        assert!(linked.is_some());
        assert_eq!(version_in(&tool, "wasm-bindgen-cli-support"), linked);
    }
}
