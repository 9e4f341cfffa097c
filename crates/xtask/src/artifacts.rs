//! What ships: the page in dist/, and the node with the page inside.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::job::Job;
use crate::progress::{Progress, Step};
use crate::project::Project;
use crate::setup;

/// How many steps [`compile`] and [`build`] count together.
pub(crate) const STEPS: usize = 4;

/// The files outside the page's crates that decide what the page becomes.
const PAGE_FILES: [&str; 8] = [
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    "package-lock.json",
    "crates/xtask/wasm-bindgen",
];

const COMPILER_REMEDY: &str = "mend what the compiler names; if it speaks of the network, repeat once the crate registry can be reached";
const PAGE_REMEDY: &str = "mend what is named above; dist/ holds the last page that could be built, and `cargo xtask \
                           run` starts nothing until this one can";

/// The two things that are built.
pub(crate) struct Artifacts {
    /// The folder of the page.
    pub(crate) dist: PathBuf,
    /// The native node, with that page embedded.
    pub(crate) binary: PathBuf,
}

impl Artifacts {
    /// What tells tests and benchmarks where they are.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 2] {
        [("TERTULIA_BIN", &self.binary), ("TERTULIA_DIST", &self.dist)]
    }
}

/// Compiles what needs no tool but cargo: nearly all the work, done while the tools are still being made. What this
/// leaves of the node may hold an older page; [`build`] is never left out after it.
pub(crate) fn compile(project: &Project, progress: &Progress) -> Result<()> {
    let step = progress.step("Page's crates");
    let mut command = project.cargo();
    // To the letter what Trunk will ask cargo for, which then finds it done.
    command
        .args(["build", "--target=wasm32-unknown-unknown", "--manifest-path"])
        .arg(project.root.join("web/Cargo.toml"))
        .args(["--profile", "wasm-release", "--locked", "--bin", "tertulia-web"]);
    Job::new(project, "Compiling the page's crates", "page-crates", command, COMPILER_REMEDY).run(&step)?;
    step.done("compiled");
    build_node(project, progress.step("Node's crates"))
}

/// Builds the page, then the node around it.
pub(crate) fn build(project: &Project, progress: &Progress) -> Result<Artifacts> {
    build_page(project, progress)?;
    build_node(project, progress.step("Node"))?;
    Ok(Artifacts { dist: project.dist(), binary: project.binary() })
}

/// Builds the page unless dist/ is what Trunk made of exactly these inputs.
fn build_page(project: &Project, progress: &Progress) -> Result<()> {
    let step = progress.step("Page");
    let (dist, stamp) = (project.dist(), Stamp::at(project.target.join("page.stamp")));
    // Taken before the build: what changes while it runs is then seen by the next.
    let inputs = page_inputs(project)?;
    if stamp.says(&page_conditions(&inputs, &dist)?) {
        step.done("unchanged");
        return Ok(());
    }
    stamp.clear();
    let mut command = project.command("trunk");
    // Trunk would print its own backtrace over the compiler's words.
    command.args(["build", "--release", "--color", "never"]).env("RUST_BACKTRACE", "0");
    Job::new(project, "Building the page", "page", command, PAGE_REMEDY).run(&step)?;
    if !dist.join("index.html").is_file() {
        bail!("Trunk succeeded but left no {}; its log is {}", dist.display(), project.log("page").display());
    }
    stamp.set(&page_conditions(&inputs, &dist)?)?;
    step.done("built");
    Ok(())
}

fn build_node(project: &Project, step: Step<'_>) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--release", "--package", "tertulia"]);
    Job::new(project, "Building the node", "node", command, COMPILER_REMEDY).run(&step)?;
    let binary = project.binary();
    if !binary.is_file() {
        bail!("cargo succeeded but left no {}; is a `build.target` configured?", binary.display());
    }
    step.done("built");
    Ok(())
}

/// Both ends: a page that was tampered with or half removed is built again too.
fn page_conditions(inputs: &str, dist: &Path) -> Result<String> {
    Ok(format!("{inputs} -> {}", Fingerprint::default().path(dist)?.text()))
}

/// All that goes into the page: the tools, the settings, and each crate of ours that it links.
fn page_inputs(project: &Project) -> Result<String> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.word(setup::TRUNK_VERSION).word(&setup::wasm_bindgen_version(project)?);
    fingerprint.word(&std::env::var("RUSTFLAGS").unwrap_or_default());
    for file in PAGE_FILES {
        fingerprint.path(&project.root.join(file))?;
    }
    for folder in page_crates(project)? {
        fingerprint.path(&folder)?;
    }
    Ok(fingerprint.text())
}

/// The folders of the page's own crates, as cargo resolves them: no list to forget a crate in.
fn page_crates(project: &Project) -> Result<Vec<PathBuf>> {
    let output = project
        .cargo()
        .args(["tree", "--package", "tertulia-web", "--target", "wasm32-unknown-unknown"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .output()
        .context("cargo did not start")?;
    if !output.status.success() {
        bail!("cargo cannot resolve the page's crates: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let root = fs::canonicalize(&project.root)?;
    let mut folders: Vec<_> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| local_folder(line, &root))
        .collect();
    folders.sort();
    folders.dedup();
    if folders.is_empty() {
        bail!("cargo names no crate of this project as part of the page, not even the page itself");
    }
    Ok(folders)
}

/// The folder in `tertulia-proto v0.1.0 (/home/me/tertulia/crates/proto)`; procedural macros carry a further word.
fn local_folder(line: &str, root: &Path) -> Option<PathBuf> {
    let path =
        line.split('(').skip(1).filter_map(|part| part.split_once(')')).map(|(path, _)| PathBuf::from(path));
    path.filter(|path| path.starts_with(root)).find(|path| path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_crate_is_told_from_a_registry_crate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let line = format!("xtask v0.1.0 ({}) (*)", root.display());
        assert_eq!(local_folder(&line, root), Some(root.to_path_buf()));
        assert_eq!(local_folder("serde v1.0.0", root), None);
        assert_eq!(local_folder("serde_derive v1.0.0 (proc-macro)", root), None);
    }
}
