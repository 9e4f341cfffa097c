//! Whether something still is what it was made from.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold what was made, never what it was made from.
const DERIVED: [&str; 3] = ["target", "node_modules", "dist"];

/// A digest of names and contents. It guards against forgetting, not against anybody: 64 bits do.
#[derive(Default)]
pub(crate) struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// Adds a word, such as a version.
    pub(crate) fn word(&mut self, word: &str) -> &mut Self {
        word.hash(&mut self.0);
        self
    }

    /// Adds a file, or a folder with all that is in it; that there is none counts too.
    pub(crate) fn path(&mut self, path: &Path) -> Result<&mut Self> {
        path.hash(&mut self.0);
        if path.is_dir() {
            let mut entries = fs::read_dir(path)
                .and_then(|entries| {
                    entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
                })
                .with_context(|| format!("{} could not be read", path.display()))?;
            entries.sort();
            for entry in entries.iter().filter(|entry| !is_derived(entry)) {
                self.path(entry)?;
            }
        } else if path.exists() {
            let content = fs::read(path).with_context(|| format!("{} could not be read", path.display()))?;
            content.hash(&mut self.0);
        }
        Ok(self)
    }

    /// The digest as text.
    pub(crate) fn text(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

fn is_derived(path: &Path) -> bool {
    path.file_name().is_some_and(|name| DERIVED.iter().any(|derived| name == *derived))
}

/// A note left by finished work: under which conditions it was done.
pub(crate) struct Stamp(PathBuf);

impl Stamp {
    /// The note at `path`.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Whether the work was finished under these conditions.
    pub(crate) fn says(&self, conditions: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|noted| noted == conditions)
    }

    /// Notes that the work is finished.
    pub(crate) fn set(&self, conditions: &str) -> Result<()> {
        fs::write(&self.0, conditions).with_context(|| format!("{} could not be written", self.0.display()))
    }

    /// Forgets, before the work begins anew: half of it must not pass for the whole.
    pub(crate) fn clear(&self) {
        // That there was none is as good.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(path: &Path) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.path(path).expect("readable");
        fingerprint.text()
    }

    #[test]
    fn any_change_below_a_folder_changes_its_fingerprint() {
        let folder = std::env::temp_dir().join(format!("tertulia-fingerprint-{}", std::process::id()));
        fs::create_dir_all(folder.join("a/target")).expect("made");
        fs::write(folder.join("a/one"), "1").expect("written");
        let first = digest(&folder);
        assert_eq!(first, digest(&folder));
        fs::write(folder.join("a/target/made"), "x").expect("written");
        assert_eq!(first, digest(&folder), "what was made is not looked at");
        fs::write(folder.join("a/one"), "2").expect("written");
        let second = digest(&folder);
        assert_ne!(first, second);
        fs::rename(folder.join("a/one"), folder.join("a/two")).expect("renamed");
        assert_ne!(second, digest(&folder));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
