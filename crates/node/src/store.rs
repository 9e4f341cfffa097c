//! What lasts from one run to the next: identity, certificate, port and records, in one directory that one process
//! uses.

mod records;

use crate::failure::Failure;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tertulia_proto::Identity;
use tertulia_webrtc::native::{Certificate, Memory};

/// The name of the project's directory within the user's data directory.
const DIRECTORY: &str = "tertulia";
const IDENTITY: &str = "identity";
const CERTIFICATE: &str = "certificate.pem";
const PORT: &str = "port";
const RECORDS: &str = "records.redb";
const LOCK: &str = "lock";

/// The data directory, held by this process for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// The lock goes with the file, also when the process is killed.
    _lock: File,
}

impl Store {
    /// Takes hold of `dir`, or of the user's data directory; makes it when it is not there.
    pub(crate) fn open(dir: Option<PathBuf>) -> Result<Self, Failure> {
        let dir = dir.map_or_else(default_directory, Ok)?;
        make_private_directory(&dir).map_err(|source| failed("make", &dir, source))?;
        let lock = lock(&dir)?;
        Ok(Self { dir, _lock: lock })
    }

    /// Takes hold of a directory that has been in use; makes none.
    pub(crate) fn open_used(dir: Option<PathBuf>) -> Result<Self, Failure> {
        let dir = dir.map_or_else(default_directory, Ok)?;
        let path = dir.join(IDENTITY);
        if let Err(source) = fs::metadata(&path) {
            return Err(failed("read", &path, source));
        }
        Self::open(Some(dir))
    }

    /// The kept identity, if there is one.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, Failure> {
        let path = self.path(IDENTITY);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        Identity::from_bytes(&bytes).map(Some).ok_or(Failure::Damaged { path })
    }

    /// Keeps an identity, as [`Identity::to_bytes`] gives it.
    pub(crate) fn keep_identity(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.keep(IDENTITY, bytes)
    }

    /// The kept DTLS certificate, or a new one that is kept from now on.
    pub(crate) fn certificate(&self) -> Result<Certificate, Failure> {
        let path = self.path(CERTIFICATE);
        if let Some(bytes) = read(&path)? {
            let kept = String::from_utf8(bytes).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
            return kept.ok_or(Failure::Damaged { path });
        }
        let certificate = Certificate::generate().map_err(anyhow::Error::from)?;
        let pem = certificate.to_pem().map_err(anyhow::Error::from)?;
        self.keep(CERTIFICATE, pem.as_bytes())?;
        Ok(certificate)
    }

    /// The records of the conversations, and the way to keep more.
    pub(crate) fn memory(&self) -> Result<Memory, Failure> {
        records::open(&self.dir, &self.path(RECORDS))
    }

    /// The UDP port of the last run. One that cannot be read is as good as none: another will do.
    pub(crate) fn port(&self) -> Option<u16> {
        fs::read_to_string(self.path(PORT)).ok()?.trim().parse().ok()
    }

    /// Keeps the UDP port, so that invites made today lead here tomorrow.
    pub(crate) fn keep_port(&self, port: u16) -> Result<(), Failure> {
        if self.port() == Some(port) { Ok(()) } else { self.keep(PORT, format!("{port}\n").as_bytes()) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        replace(&self.dir, &path, bytes).map_err(|source| failed("write", &path, source))
    }
}

fn default_directory() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Failure::Usage("you have no home directory here: name a directory with --data DIR".to_owned())
    })?;
    Ok(strategy.data_dir().join(DIRECTORY))
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> Failure {
    Failure::Store { what, path: path.to_owned(), source }
}

fn make_private_directory(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Locks the directory and leaves the number of this process for whoever comes second.
fn lock(dir: &Path) -> Result<File, Failure> {
    let path = dir.join(LOCK);
    let open = private().read(true).write(true).create(true).open(&path);
    let mut file = open.map_err(|source| failed("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Its number is a courtesy: without it the message is still true.
            let _ = Read::by_ref(&mut file).take(16).read_to_string(&mut holder);
            return Err(Failure::InUse { dir: dir.to_owned(), pid: holder.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(failed("lock", &path, source)),
    }
    let note = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    note.map_err(|source| failed("write", &path, source))?;
    Ok(file)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

/// Replaces a file in one step: after a crash it holds either what it held or all of `bytes`.
fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = private().write(true).create(true).truncate(true).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_directory(dir)
}

/// Options for a file that only its owner reads.
pub(crate) fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a rename last. Only Unix opens directories; elsewhere the file system sees to it.
fn sync_directory(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::identity::Name;
    use tertulia_proto::rng::Rng;

    /// A directory that goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("tertulia-store-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            Self(dir)
        }

        fn store(&self) -> Store {
            Store::open(Some(self.0.clone())).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn ana() -> Identity {
        Identity::generate(&mut Rng::new([7; 32]), &Name::cut("Ana"), 1)
    }

    #[test]
    fn an_identity_is_kept_for_its_owner_alone() {
        let scratch = Scratch::new("identity");
        assert!(scratch.store().identity().unwrap().is_none());
        scratch.store().keep_identity(&ana().to_bytes()).unwrap();
        assert_eq!(scratch.store().identity().unwrap().unwrap().node(), ana().node());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&scratch.0), mode(&scratch.0.join(IDENTITY))), (0o700, 0o600));
        }
    }

    #[test]
    fn a_damaged_identity_is_told_and_left() {
        let scratch = Scratch::new("damaged");
        let store = scratch.store();
        fs::write(store.path(IDENTITY), b"not one").unwrap();
        assert!(matches!(store.identity(), Err(Failure::Damaged { .. })));
        assert_eq!(fs::read(store.path(IDENTITY)).unwrap(), b"not one");
    }

    #[test]
    fn a_half_written_file_of_a_crash_is_no_obstacle() {
        let scratch = Scratch::new("crash");
        let store = scratch.store();
        fs::write(store.path(IDENTITY).with_extension("new"), b"half").unwrap();
        store.keep_identity(&ana().to_bytes()).unwrap();
        assert!(store.identity().unwrap().is_some());
    }

    #[test]
    fn the_second_to_come_is_told_who_is_there() {
        let scratch = Scratch::new("lock");
        let _first = scratch.store();
        let second = Store::open(Some(scratch.0.clone()));
        let Err(Failure::InUse { pid, .. }) = second else { panic!("{second:?}") };
        assert_eq!(pid, Some(std::process::id()));
    }

    #[test]
    fn a_port_is_kept() {
        let scratch = Scratch::new("port");
        assert_eq!(scratch.store().port(), None);
        scratch.store().keep_port(4321).unwrap();
        assert_eq!(scratch.store().port(), Some(4321));
    }

    #[test]
    fn a_certificate_is_made_once() {
        let scratch = Scratch::new("certificate");
        let first = scratch.store().certificate().unwrap();
        assert_eq!(scratch.store().certificate().unwrap().fingerprint(), first.fingerprint());
    }
}
