//! Scenarios by name.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tertulia_sim::script::Script;

/// Where scenarios are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Plays a scenario and tells what came of it.
pub(crate) fn play(name: &str, tell: bool) -> ExitCode {
    match read(name) {
        Ok(script) => {
            println!("{}", script.about);
            let mut world = script.world(&format!("cargo xtask sim --scenario {name}"));
            if tell {
                world.narrate(|line| eprintln!("{line}"));
            }
            println!("{}", script.play(world).0);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
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
