//! Where things are, and how programs are started there.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The project's folders.
pub(crate) struct Project {
    /// The workspace, where the two commands are given.
    pub(crate) root: PathBuf,
    /// What set-up brings: `bin/`, `log/`, `stamp/`, `build/`.
    pub(crate) tools: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Project {
    /// Finds the workspace that this xtask belongs to.
    pub(crate) fn locate() -> Result<Self> {
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root =
            Path::new(&manifest_dir).ancestors().nth(2).context("xtask lies in crates/xtask")?.to_path_buf();
        let tools = env::var_os("TERTULIA_TOOLS").map_or_else(|| root.join(".tools"), |path| root.join(path));
        for folder in ["bin", "log", "stamp", "build"] {
            let path = tools.join(folder);
            fs::create_dir_all(&path).with_context(|| format!("{} could not be made", path.display()))?;
        }
        let target = target_dir(&root)?;
        Ok(Self { root, tools, target })
    }

    /// The page as Trunk leaves it.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The native node.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("release").join(format!("tertulia{}", env::consts::EXE_SUFFIX))
    }

    /// The log file of one step.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.tools.join("log").join(format!("{name}.log"))
    }

    /// The cargo that runs this xtask.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// A program started at the root, which finds the project's tools before the system's.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path());
        // What `cargo run` adds to the environment describes xtask. Build scripts that watch it would rebuild
        // half the tree each time a build comes through xtask after one that does not.
        for (name, _) in env::vars_os().filter(|(name, _)| describes_xtask(name)) {
            command.env_remove(name);
        }
        command
    }

    /// Waits until no other xtask works in this tool folder. The lock goes with the returned file.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.tools.join("lock");
        let file = File::create(&path).with_context(|| format!("{} could not be made", path.display()))?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                eprintln!("Waiting for another `cargo xtask` in {}", self.tools.display());
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.lock()?;
        Ok(file)
    }

    fn path(&self) -> OsString {
        let own = [self.tools.join("bin"), self.root.join("node_modules/.bin")];
        let inherited = env::var_os("PATH").unwrap_or_default();
        env::join_paths(own.into_iter().chain(env::split_paths(&inherited))).unwrap_or(inherited)
    }
}

fn describes_xtask(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || matches!(&*name, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO")
}

/// Asks cargo, since both the environment and any configuration file may have moved the folder.
fn target_dir(root: &Path) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo did not start")?;
    let metadata = String::from_utf8_lossy(&output.stdout);
    string_field(&metadata, "target_directory").map(PathBuf::from).with_context(|| {
        format!("cargo could not read the workspace: {}", String::from_utf8_lossy(&output.stderr).trim())
    })
}

/// The value of a string field that occurs once. Serde would be half of what xtask takes to compile.
fn string_field(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_field_is_found_and_unescaped() {
        let json = r#"{"version":1,"target_directory":"C:\\t\\target","workspace_root":"/w"}"#;
        assert_eq!(string_field(json, "target_directory").as_deref(), Some(r"C:\t\target"));
        assert_eq!(string_field(json, "absent"), None);
    }

    #[test]
    fn only_what_describes_xtask_is_kept_from_children() {
        assert!(describes_xtask(OsStr::new("CARGO_PKG_NAME")));
        assert!(describes_xtask(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!describes_xtask(OsStr::new("CARGO_HOME")));
        assert!(!describes_xtask(OsStr::new("CARGO_TARGET_DIR")));
    }
}
