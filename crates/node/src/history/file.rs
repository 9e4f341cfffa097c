//! The files that histories are written to and read from.

use crate::pipes::{Line, read_line};
use crate::store::private;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes of whole lines that are taken in at once, about: a commit each.
const PIECE: usize = 256 * 1024;

/// Why a file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// Something is there already.
    #[error("{} is there already and was left as it is: name another file, or say that it is to be replaced", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system does not let us.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A file that is being written: under its name there is what was, or all that is new. What it holds is for its owner
/// alone.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    part: PathBuf,
    force: bool,
    /// None when it is finished.
    file: Option<BufWriter<File>>,
}

impl Target {
    /// Begins a file, which must not be there unless it may be replaced by `force`.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, FileError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let mut target = Self { path: path.to_owned(), part: part.into(), force, file: None };
        target.check()?;
        // What an export that was killed has left. Made anew, so that no link leads what we write somewhere else.
        let _ = fs::remove_file(&target.part);
        let file = private().write(true).create_new(true).open(&target.part);
        target.file = Some(BufWriter::new(file.map_err(|source| target.failed("write", source))?));
        Ok(target)
    }

    /// Writes what comes next.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), FileError> {
        let written = self.file.as_mut().map_or(Ok(()), |file| file.write_all(text.as_bytes()));
        written.map_err(|source| self.failed("write", source))
    }

    /// Makes what was written durable, under its name.
    pub(crate) fn finish(mut self) -> Result<(), FileError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let synced =
            file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        let done = self.check().and_then(|()| {
            synced
                .and_then(|()| fs::rename(&self.part, &self.path))
                .map_err(|source| self.failed("write", source))
        });
        if done.is_err() {
            let _ = fs::remove_file(&self.part);
        }
        done
    }

    fn check(&self) -> Result<(), FileError> {
        // A link that leads nowhere is something, too.
        let is_there = fs::symlink_metadata(&self.path).is_ok();
        if is_there && !self.force { Err(FileError::Exists { path: self.path.clone() }) } else { Ok(()) }
    }

    fn failed(&self, what: &'static str, source: io::Error) -> FileError {
        FileError::Io { what, path: self.path.clone(), source }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Some whole lines of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The lines.
    pub(crate) text: String,
    /// How many more there were, too long to be of an export.
    pub(crate) too_long: u64,
}

/// A file as pieces of whole lines, however long it is.
pub(crate) struct Pieces {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    /// Bytes that the file has, where that is known.
    pub(crate) size: Option<u64>,
}

impl Pieces {
    /// The pieces of a regular file: nothing else is sure to end, or to come at all.
    pub(crate) fn of_file(path: &Path) -> Result<Self, FileError> {
        let failed = |source| FileError::Io { what: "read", path: path.to_owned(), source };
        let about = fs::metadata(path).map_err(failed)?;
        if !about.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        let file = File::open(path).map_err(failed)?;
        let (path, size) = (path.to_owned(), Some(about.len()));
        Ok(Self { path, input: Box::new(BufReader::with_capacity(PIECE, file)), size })
    }

    /// The pieces of standard input.
    pub(crate) fn of_stdin() -> Self {
        let input = Box::new(BufReader::with_capacity(PIECE, io::stdin()));
        Self { path: "standard input".into(), input, size: None }
    }

    fn piece(&mut self) -> io::Result<Option<Piece>> {
        let mut piece = Piece { text: String::new(), too_long: 0 };
        let mut ends = true;
        while piece.text.len() < PIECE && piece.too_long < 1_000 {
            match read_line(&mut self.input)? {
                Some(Line::Text(line)) => {
                    piece.text.push_str(&line);
                    piece.text.push('\n');
                }
                Some(Line::TooLong) => piece.too_long += 1,
                None => break,
            }
            ends = false;
        }
        Ok((!ends).then_some(piece))
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.piece();
        piece.map_err(|source| FileError::Io { what: "read", path: self.path.clone(), source }).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("tertulia-history-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let scratch = Scratch::new("whole");
        let path = scratch.0.join("talk.jsonl");
        let mut target = Target::create(&path, false).unwrap();
        target.write("half").unwrap();
        drop(target);
        assert!(scratch.names().is_empty(), "nothing is left of what was given up");
        let mut target = Target::create(&path, false).unwrap();
        target.write("all").unwrap();
        assert!(!path.exists());
        target.finish().unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), scratch.names().len()), ("all", 1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_there_is_replaced_only_when_that_is_wanted() {
        let scratch = Scratch::new("there");
        let path = scratch.0.join("talk.jsonl");
        let late = Target::create(&path, false).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(matches!(Target::create(&path, false), Err(FileError::Exists { .. })));
        assert!(matches!(late.finish(), Err(FileError::Exists { .. })));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), scratch.names().len()), ("mine", 1));
        Target::create(&path, true).unwrap().finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn a_long_file_comes_in_pieces_of_whole_lines() {
        let scratch = Scratch::new("pieces");
        let path = scratch.0.join("long");
        let line = format!("{}\n", "x".repeat(999));
        let long = format!("{}\n", "y".repeat(2 << 20));
        fs::write(&path, [line.repeat(600), long, "last".to_owned()].concat()).unwrap();
        let pieces: Vec<_> = Pieces::of_file(&path).unwrap().map(Result::unwrap).collect();
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.text.len() <= PIECE + 1000));
        assert_eq!(pieces.iter().map(|piece| piece.too_long).sum::<u64>(), 1);
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(text, [line.repeat(600), "last\n".to_owned()].concat());
        assert!(Pieces::of_file(&scratch.0).is_err(), "a directory is no file");
    }
}
