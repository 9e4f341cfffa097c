//! What a developer does with Tertulia, each command with all the set-up that it needs.
//!
//! Reading order: [`project`] knows where things are, [`setup`] brings the tools, [`artifacts`] makes the page and the
//! binary with them, [`suite`] tests and [`bench`] measures the result. [`progress`] and [`job`] are how all of these
//! run other programs: a counted step, a log file, and the last words of whatever fails.

mod artifacts;
mod bench;
mod fingerprint;
mod job;
mod progress;
mod project;
mod setup;
mod suite;

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result, bail};

use artifacts::Artifacts;
use progress::Progress;
use project::Project;
use setup::{Browsers, Setup};
use suite::Selection;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  run [ARGS…]           build all, then start tertulia with ARGS
  build                 the page to dist/, the node to target/release/tertulia
  test [--only SUITE]…  every test, or some suites: lint, native, wasm, page, e2e (e2e:NAME for files that contain NAME)
  ci                    what continuous integration runs: test
  bench NAME [ARGS…]    build all, then run the benchmark tests/bench/NAME.mjs with ARGS
  sim [ARGS…]           run the simulator with ARGS, for example --seed 7; --help lists them

Tools are kept in .tools/ of the project, or in the folder that TERTULIA_TOOLS names; logs in its folder log/.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    match dispatch(&command, &arguments.collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, arguments: &[String]) -> Result<ExitCode> {
    match command {
        "run" => run(arguments),
        "build" => build(),
        "test" | "ci" => test(arguments),
        "bench" => bench::run(arguments),
        "sim" => sim(arguments),
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("`{command}` is no command of xtask; nothing was done\n\n{USAGE}"),
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let project = Project::locate()?;
    let progress = Progress::new(Setup::PAGE.steps() + artifacts::STEPS);
    let artifacts = built(&project, &progress, Setup::PAGE)?.0;
    progress.finish("Starting tertulia");
    become_program(Command::new(artifacts.binary).args(arguments))
}

fn build() -> Result<ExitCode> {
    let project = Project::locate()?;
    let progress = Progress::new(Setup::PAGE.steps() + artifacts::STEPS);
    let artifacts = built(&project, &progress, Setup::PAGE)?.0;
    progress.finish("Built");
    println!("page    {}", artifacts.dist.display());
    println!("binary  {}", artifacts.binary.display());
    Ok(ExitCode::SUCCESS)
}

fn test(arguments: &[String]) -> Result<ExitCode> {
    let selection = Selection::parse(arguments)?;
    suite::run(&Project::locate()?, &selection)
}

fn sim(arguments: &[String]) -> Result<ExitCode> {
    let project = Project::locate()?;
    // Files that ARGS name are those that they would be for whoever typed them.
    let here = std::env::current_dir().context("the current folder is gone")?;
    let mut cargo = project.cargo();
    cargo.current_dir(here).args(["run", "--profile", "simulator", "-p", "tertulia-sim", "--"]);
    become_program(cargo.args(arguments))
}

/// Sets up and builds both artifacts, one `cargo xtask` at a time for each tool folder.
fn built(project: &Project, progress: &Progress, setup: Setup) -> Result<(Artifacts, Browsers)> {
    let _alone = project.lock()?;
    let browsers = setup::prepare(project, progress, setup, || artifacts::compile(project, progress))?;
    let artifacts = artifacts::build(project, progress)?;
    Ok((artifacts, browsers))
}

/// Hands terminal and signals over to the program for good.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} did not start", command.get_program().display()))
}

/// Runs the program to its end; signals of the terminal reach both.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    let status =
        command.status().with_context(|| format!("{} did not start", command.get_program().display()))?;
    Ok(exit_code(status))
}

/// The code of `status` as one's own: a signal counts as failure.
#[cfg_attr(unix, allow(dead_code))]
fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
