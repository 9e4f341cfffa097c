//! Recordings by file.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use tertulia_sim::World;
use tertulia_sim::recording::{Header, Recorder, Recording, Replay, ReplayError, Replayed, last_words};

/// Runs a world and records its nodes; what came of it is told. A run that fails is recorded up to there. The run comes
/// from a command, and from a scenario if it has one.
pub(crate) fn record<T: Display>(
    file: &Path,
    (command, scenario): (String, Option<&str>),
    mut world: World,
    run: impl FnOnce(World) -> T,
) -> ExitCode {
    let header = Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: format!("{command} --record {}", file.display()),
        seed: world.seed(),
        scenario: scenario.map(str::to_owned),
        begun: world.now(),
    };
    let opened = File::create(file).and_then(|opened| Recorder::new(BufWriter::new(opened), &header));
    let recorder = match opened {
        Ok(recorder) => recorder,
        Err(error) => {
            eprintln!("{}: {error}; nothing was run", file.display());
            return ExitCode::FAILURE;
        }
    };
    world.record(recorder.clone());
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(world)));
    let failure = outcome.as_ref().err().map(|panic| last_words(&**panic));
    if let Ok(outcome) = &outcome {
        println!("{outcome}");
    }
    let finished = recorder.finish(failure.as_deref());
    match &finished {
        Ok(tally) => println!("recorded {tally} as {}", file.display()),
        Err(error) => eprintln!("{}: {error}; the recording is not whole", file.display()),
    }
    if outcome.is_ok() && finished.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the nodes of a recording again and tells whether they do the same.
pub(crate) fn replay(file: &Path, only: Option<String>, tell: bool) -> ExitCode {
    match replayed(file, only, tell) {
        Ok(replayed) => {
            println!("{replayed}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

fn replayed(file: &Path, only: Option<String>, tell: bool) -> Result<Replayed, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let recording = Recording::open(BufReader::new(opened)).map_err(|error| error.to_string())?;
    let Header { version, command, .. } = recording.header();
    println!("recorded by version {version}: {command}");
    if version != env!("CARGO_PKG_VERSION") {
        println!("this is version {}: what comes out otherwise may be meant", env!("CARGO_PKG_VERSION"));
    }
    let mut replay = Replay::default();
    if let Some(who) = only {
        replay = replay.only(who);
    }
    if tell {
        replay = replay.told(|line| eprintln!("{line}"));
    }
    replay.run(recording).map_err(|error| match &error {
        ReplayError::Divergence(divergence) if !tell => {
            let (file, node) = (file.display(), divergence.seat.0);
            format!("{error}\n  its steps  cargo xtask sim --replay {file} --only {node} --tell")
        }
        _ => error.to_string(),
    })
}
