//! Scenarios by name.

use crate::recorded;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tertulia_sim::script::Script;

/// Where scenarios are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Plays a scenario and tells what came of it. Its nodes are recorded if a file is named.
pub(crate) fn play(name: &str, tell: bool, record: Option<&Path>) -> ExitCode {
    let script = match read(name) {
        Ok(script) => script,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", script.about);
    let command = format!("cargo xtask sim --scenario {name}");
    let mut world = script.world(&command);
    if tell {
        world.narrate(|line| eprintln!("{line}"));
    }
    let play = |world| script.play(world).0;
    match record {
        Some(file) => recorded::record(file, (command, Some(name)), world, play),
        None => {
            println!("{}", play(world));
            ExitCode::SUCCESS
        }
    }
}

fn read(name: &str) -> Result<Script, String> {
    let known = Path::new(FOLDER).join(format!("{name}.toml"));
    let path = if known.exists() { known } else { PathBuf::from(name) };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}\nthere are: {}", path.display(), names().join(", ")))?;
    Script::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}
