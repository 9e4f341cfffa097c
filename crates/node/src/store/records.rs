//! The records of conversations, in one database file: what the core says must last.

use super::{failed, private, sync_directory};
use crate::failure::Failure;
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, TableDefinition};
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use tertulia_webrtc::Record;
use tertulia_webrtc::native::{Memory, Storage};

/// The layout of the file: what a later one knows how to turn into its own.
const VERSION: u64 = 1;
/// Memory for pages of the file. What is read and written stands mostly at the end of a conversation.
const CACHE_MAX: usize = 4 * 1024 * 1024;
/// Records that are read at once at the start, so that not all are in memory.
const READ_MAX: usize = 4_096;

const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

/// What was kept in the file at `path`, and the way to keep more; the file is made when it is not there.
pub(super) fn open(dir: &Path, path: &Path) -> Result<Memory, Failure> {
    if !path.exists() {
        create(dir, path).map_err(|error| told(error, path))?;
    }
    let database = open_file(path).map_err(|error| told(error, path))?;
    let records = Arc::new(Records(database));
    if records.version().map_err(|error| told(error, path))? != Some(VERSION) {
        return Err(Failure::Newer { path: path.to_owned() });
    }
    let all = All { records: Arc::clone(&records), read: Vec::new().into_iter(), last: None };
    Ok(Memory { records: Box::new(all), storage: Some(records) })
}

/// Makes an empty file in one step: after a crash there is a whole one or none.
fn create(dir: &Path, path: &Path) -> Result<(), redb::Error> {
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let database = open_file(&fresh)?;
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert("version", VERSION)?;
    transaction.open_table(RECORDS)?;
    transaction.commit()?;
    drop(database);
    fs::rename(&fresh, path).and_then(|()| sync_directory(dir)).map_err(redb::Error::Io)
}

fn open_file(path: &Path) -> Result<Database, redb::Error> {
    let file = private().read(true).write(true).create(true).open(path).map_err(redb::Error::Io)?;
    let mut builder = Database::builder();
    // A file that something else has changed is found out now, and not by a panic later on.
    builder.set_cache_size(CACHE_MAX).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(FileBackend::new(file)?)?)
}

/// The failure to tell a person: the disk's fault, or the file's.
fn told(error: redb::Error, path: &Path) -> Failure {
    match error {
        redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => {
            failed("read", path, source)
        }
        _ => Failure::Damaged { path: path.to_owned() },
    }
}

/// The open file.
struct Records(Database);

impl Storage for Records {
    fn commit(&self, batch: Vec<Record>) -> io::Result<()> {
        self.write(batch).map_err(plain)
    }

    fn read(&self, keys: &[Vec<u8>]) -> io::Result<Vec<Option<Vec<u8>>>> {
        self.values(keys).map_err(plain)
    }
}

fn plain(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(source) => source,
        other => io::Error::other(other),
    }
}

/// A record and its key.
type Kept = (Vec<u8>, Vec<u8>);

/// All records, some thousand read at a time.
struct All {
    records: Arc<Records>,
    read: std::vec::IntoIter<Kept>,
    last: Option<Vec<u8>>,
}

impl Iterator for All {
    type Item = io::Result<Kept>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.as_slice().is_empty() {
            match self.records.after(self.last.as_deref()) {
                Ok(records) => self.read = records.into_iter(),
                Err(error) => return Some(Err(plain(error))),
            }
        }
        let record = self.read.next()?;
        self.last = Some(record.0.clone());
        Some(Ok(record))
    }
}

impl Records {
    fn version(&self) -> Result<Option<u64>, redb::Error> {
        let table = self.0.begin_read()?.open_table(ABOUT)?;
        Ok(table.get("version")?.map(|version| version.value()))
    }

    /// The records behind a key, as many as are read at once.
    fn after(&self, key: Option<&[u8]>) -> Result<Vec<Kept>, redb::Error> {
        let table = self.0.begin_read()?.open_table(RECORDS)?;
        let first = key.map_or(Bound::Unbounded, Bound::Excluded);
        let mut records = Vec::new();
        for record in table.range::<&[u8]>((first, Bound::Unbounded))?.take(READ_MAX) {
            let (key, value) = record?;
            records.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(records)
    }

    fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, redb::Error> {
        let table = self.0.begin_read()?.open_table(RECORDS)?;
        let value = |key: &Vec<u8>| Ok(table.get(&key[..])?.map(|value| value.value().to_vec()));
        keys.iter().map(value).collect()
    }

    fn write(&self, batch: Vec<Record>) -> Result<(), redb::Error> {
        let transaction = self.0.begin_write()?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for (key, value) in batch {
                match value {
                    Some(value) => drop(table.insert(&key[..], &value[..])?),
                    None => drop(table.remove(&key[..])?),
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A directory that goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("tertulia-records-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        fn path(&self) -> PathBuf {
            self.0.join("records.redb")
        }

        fn open(&self) -> Result<Memory, Failure> {
            open(&self.0, &self.path())
        }

        fn filled(name: &str) -> Self {
            let scratch = Self::new(name);
            let storage = scratch.open().unwrap().storage.unwrap();
            let record = |n: u16| (n.to_be_bytes().to_vec(), Some(vec![7; 100]));
            storage.commit((0..300).map(record).collect()).unwrap();
            scratch
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_committed_is_there_in_order() {
        let scratch = Scratch::new("order");
        let storage = scratch.open().unwrap().storage.unwrap();
        let record = |key: u8, value: Option<u8>| (vec![key], value.map(|value| vec![value]));
        storage.commit(vec![record(2, Some(1)), record(1, Some(1)), record(3, Some(1))]).unwrap();
        storage.commit(vec![record(3, None), record(2, Some(5)), record(2, Some(6))]).unwrap();
        drop(storage);
        let memory = scratch.open().unwrap();
        let all: Vec<_> = memory.records.map(Result::unwrap).collect();
        assert_eq!(all, [(vec![1], vec![1]), (vec![2], vec![6])]);
        let keys = [vec![2], vec![3], vec![1]];
        assert_eq!(memory.storage.unwrap().read(&keys).unwrap(), [Some(vec![6]), None, Some(vec![1])]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_told_and_left() {
        let scratch = Scratch::filled("damaged");
        let whole = fs::read(scratch.path()).unwrap();
        let truncated = whole[..whole.len() / 2].to_vec();
        let mut altered = whole.clone();
        // Where the records are: the page that the newest values stand in.
        let at = altered.windows(100).position(|window| window == [7; 100]).unwrap();
        altered.iter_mut().skip(at).step_by(512).for_each(|byte| *byte ^= 0x55);
        for bad in [b"not a database".to_vec(), truncated, altered] {
            fs::write(scratch.path(), &bad).unwrap();
            assert!(matches!(scratch.open(), Err(Failure::Damaged { .. })));
            assert!(scratch.path().exists());
        }
    }

    #[test]
    fn a_half_made_file_of_a_crash_is_no_obstacle() {
        let scratch = Scratch::new("half");
        fs::write(scratch.path().with_extension("new"), b"half").unwrap();
        assert!(scratch.open().unwrap().records.next().is_none());
    }

    #[test]
    fn a_later_layout_is_told_and_left() {
        let scratch = Scratch::filled("later");
        let database = open_file(&scratch.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(ABOUT).unwrap().insert("version", VERSION + 1).unwrap();
        transaction.commit().unwrap();
        drop(database);
        assert!(matches!(scratch.open(), Err(Failure::Newer { .. })));
    }
}
