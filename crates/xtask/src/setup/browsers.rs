//! The browsers and the network tool that the end-to-end tests use.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::job::Job;
use crate::progress::{Progress, Step};
use crate::project::Project;

/// A program that tests need: how it is found, and which Debian package brings it.
struct Program {
    name: &'static str,
    variable: &'static str,
    commands: &'static [&'static str],
    places: &'static [&'static str],
    package: &'static str,
}

const CHROMIUM: Program = Program {
    name: "Chromium",
    variable: "CHROMIUM",
    commands: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: &[
        "/snap/bin/chromium",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    package: "chromium",
};

const FIREFOX: Program = Program {
    name: "Firefox",
    variable: "FIREFOX",
    commands: &["firefox-esr", "firefox"],
    places: &["/snap/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
    package: "firefox-esr",
};

/// Lays the wires between the network namespaces that stand for separate hosts.
const IP: Program = Program {
    name: "the `ip` command",
    variable: "IP",
    commands: &["ip"],
    places: &["/usr/sbin/ip", "/sbin/ip"],
    package: "iproute2",
};

/// Where the browsers are.
#[derive(Default)]
pub(crate) struct Browsers {
    chromium: PathBuf,
    firefox: PathBuf,
}

impl Browsers {
    /// What tells tests and benchmarks where they are.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 2] {
        [(CHROMIUM.variable, &self.chromium), (FIREFOX.variable, &self.firefox)]
    }
}

/// Finds the browsers, installs Debian's where that can be done, or says what is missing.
pub(crate) fn prepare(project: &Project, progress: &Progress) -> Result<Browsers> {
    let step = progress.step("Browsers");
    let missing: Vec<_> =
        [&CHROMIUM, &FIREFOX, &IP].into_iter().filter(|program| program.find().is_none()).collect();
    if !missing.is_empty() {
        install(project, &step, &missing)?;
    }
    let (Some(chromium), Some(firefox), Some(_)) = (CHROMIUM.find(), FIREFOX.find(), IP.find()) else {
        bail!("apt-get succeeded and yet something is missing.\n{}", advice(&missing));
    };
    let found = format!("{} and {}", chromium.display(), firefox.display());
    step.done(&if missing.is_empty() { found } else { format!("installed; {found}") });
    Ok(Browsers { chromium, firefox })
}

impl Program {
    /// The environment first, then PATH, then places that PATH often lacks.
    fn find(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from).filter(|path| path.is_file());
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = env::split_paths(&path).collect();
        let found =
            self.commands.iter().flat_map(|command| folders.iter().map(move |folder| folder.join(command)));
        named.or_else(|| found.chain(self.places.iter().map(PathBuf::from)).find(|path| path.is_file()))
    }
}

fn install(project: &Project, step: &Step<'_>, missing: &[&Program]) -> Result<()> {
    if !is_root() || Command::new("apt-get").arg("--version").output().is_err() {
        bail!("{}", advice(missing));
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    let mut update = project.command("apt-get");
    update.arg("update");
    let mut add = project.command("apt-get");
    add.args(["install", "--yes", "--no-install-recommends"])
        .args(&packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    Job::new(project, "Refreshing the package lists", "apt-update", update, advice(missing)).run(step)?;
    Job::new(project, &format!("Installing {}", packages.join(" ")), "apt-install", add, advice(missing))
        .run(step)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn advice(missing: &[&Program]) -> String {
    let names: Vec<_> = missing.iter().map(|program| program.name).collect();
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    format!(
        "the tests need {}. On Debian: `sudo apt-get install {}`. Elsewhere install them in your system's way; if they \
         lie where nobody looks, set CHROMIUM and FIREFOX to their paths. `cargo xtask run` needs none of them",
        names.join(", "),
        packages.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        let program = Program {
            commands: &["no-such-browser"],
            places: &["/no/such/browser"],
            variable: "NO_SUCH",
            ..FIREFOX
        };
        assert_eq!(program.find(), None);
    }

    #[test]
    fn a_program_is_found_outside_path() {
        let here: &'static str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let places: &'static [&'static str] = Box::leak(Box::new([here]));
        let program = Program { commands: &["no-such-browser"], places, variable: "NO_SUCH", ..FIREFOX };
        assert_eq!(program.find(), Some(PathBuf::from(here)));
    }

    #[test]
    fn the_advice_names_packages_and_variables() {
        let advice = advice(&[&CHROMIUM, &IP]);
        assert!(advice.contains("chromium iproute2") && advice.contains("CHROMIUM"));
    }
}
