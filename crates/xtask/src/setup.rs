//! Brings all that building and testing needs to a machine that has rustup, Node.js and a C compiler.
//!
//! Each step looks first whether its work is already done, and leaves a stamp when it has done it.

mod browsers;
mod npm;
mod toolchain;
mod trunk;
mod wasm_bindgen;

use std::thread::{self, ScopedJoinHandle};

use anyhow::{Result, anyhow};

use crate::progress::Progress;
use crate::project::Project;

pub(crate) use browsers::Browsers;
pub(crate) use trunk::VERSION as TRUNK_VERSION;
pub(crate) use wasm_bindgen::locked_version as wasm_bindgen_version;

/// How much is brought.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    page: bool,
    browsers: bool,
}

impl Setup {
    /// What compiling takes.
    pub(crate) const COMPILER: Self = Self { page: false, browsers: false };
    /// What building the page takes, too.
    pub(crate) const PAGE: Self = Self { page: true, browsers: false };
    /// What testing it in browsers takes, too.
    pub(crate) const ALL: Self = Self { page: true, browsers: true };

    /// How many steps [`prepare`] will count.
    pub(crate) const fn steps(self) -> usize {
        1 + if self.page { 3 } else { 0 } + if self.browsers { 1 } else { 0 }
    }
}

/// Does the steps of `setup`, and `meanwhile`, side by side: some wait for the network, and compiling has stretches
/// in which a single crate holds up all others.
pub(crate) fn prepare(
    project: &Project,
    progress: &Progress,
    setup: Setup,
    meanwhile: impl FnOnce() -> Result<()> + Send,
) -> Result<Browsers> {
    toolchain::prepare(project, progress)?;
    thread::scope(|scope| {
        let mut lanes = vec![scope.spawn(meanwhile)];
        if setup.page {
            lanes.push(scope.spawn(|| npm::prepare(project, progress)));
            lanes.push(scope.spawn(|| trunk::prepare(project, progress)));
            lanes.push(scope.spawn(|| wasm_bindgen::prepare(project, progress)));
        }
        let browsers =
            if setup.browsers { browsers::prepare(project, progress) } else { Ok(Browsers::default()) };
        let mut troubles: Vec<String> = lanes.into_iter().filter_map(trouble).collect();
        match browsers {
            Ok(browsers) if troubles.is_empty() => return Ok(browsers),
            Ok(_) => {}
            Err(error) => troubles.push(format!("{error:#}")),
        }
        Err(anyhow!("{}", troubles.join("\n\nerror: ")))
    })
}

/// What kept a lane from its end; every lane runs to its own, so that one failure costs no other's work.
fn trouble(lane: ScopedJoinHandle<'_, Result<()>>) -> Option<String> {
    match lane.join() {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some("a step of the set-up panicked; its message is above".to_owned()),
    }
}
