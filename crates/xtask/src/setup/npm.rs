//! What package.json names: wasm-opt for the page, a browser driver for the tests.

use anyhow::{Context, Result, bail};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::job::Job;
use crate::progress::Progress;
use crate::project::Project;

/// The oldest Node.js with the test runner and the WASI that the tests use.
const NODE_MAJOR: u32 = 20;

/// Installs exactly what package-lock.json names, if that changed since the last time.
pub(crate) fn prepare(project: &Project, progress: &Progress) -> Result<()> {
    let step = progress.step("npm packages");
    let version = node_version(project)?;
    let conditions = Fingerprint::default()
        .path(&project.root.join("package.json"))?
        .path(&project.root.join("package-lock.json"))?
        .text();
    // The stamp lies in what it speaks of, so that it goes when that goes.
    let stamp = Stamp::at(project.root.join("node_modules/.tertulia-stamp"));
    if stamp.says(&conditions) {
        step.done("ready");
        return Ok(());
    }
    stamp.clear();
    let mut command = project.command("npm");
    // None of these packages needs its install script; not to run any is one thing less to trust.
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let remedy = "see whether `npm ci` works in the project's folder; it needs npm and the network";
    Job::new(project, "Installing the npm packages", "npm", command, remedy).run(&step)?;
    stamp.set(&conditions)?;
    step.done(&format!("installed, for Node.js {version}"));
    Ok(())
}

fn node_version(project: &Project) -> Result<String> {
    let remedy = format!(
        "Install Node.js {NODE_MAJOR} or newer with npm (https://nodejs.org, or your system's packages)."
    );
    let output = project.command("node").arg("--version").output().with_context(|| {
        format!("there is no Node.js, which optimises the page and drives the tests. {remedy}")
    })?;
    let version = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!("Node.js {version} is too old. {remedy}");
    }
    Ok(version)
}
