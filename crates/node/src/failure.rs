//! Why the program could not start or go on, and the exit code that says so.

use crate::history::file::FileError;
use crate::stop::Signal;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What ends the program. The text says what happened, what was kept and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A flag or variable has a value that only turns out wrong when it is used.
    #[error("{0}")]
    Usage(String),
    /// Another process holds the data directory.
    #[error(
        "{} is in use by another tertulia{}: stop that one, or give this one a directory of its own with --data DIR",
        dir.display(), process(*pid)
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The process that holds it, when it said so.
        pid: Option<u32>,
    },
    /// A running node holds the data directory, and can do itself what was asked.
    #[error(
        "{} is in use by a running tertulia{}: ask that one, with {line} on its terminal, the method \"{act}\" of its JSON-RPC or its page, or stop it first",
        dir.display(), process(*pid)
    )]
    Busy {
        /// The directory.
        dir: PathBuf,
        /// The process that holds it, when it said so.
        pid: Option<u32>,
        /// What was asked.
        act: &'static str,
        /// How it is asked for on the terminal.
        line: &'static str,
    },
    /// A history could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not all of a history was taken in.
    #[error(
        "not all of the file was taken in, as the report says; what was taken in is kept, and importing it again does no harm"
    )]
    Partly,
    /// A search found no way into the network.
    #[error(
        "no way into the network was found: name a node that is part of it with --introducer INVITE, or let this one follow an invite first (start tertulia, /open INVITE)"
    )]
    OutOfNetwork,
    /// A search was ended before it was known whom it finds.
    #[error("{} ended the search before it was done: this does not say that nobody is there", .0.name())]
    Interrupted(Signal),
    /// Standard output does not take what is written.
    #[error("cannot write to standard output: {0}: what is there is not all")]
    Output(#[source] io::Error),
    /// The data directory cannot be read or written.
    #[error("cannot {what} {}: {source}: check that the directory is yours and has room, or name another with --data DIR", path.display())]
    Store {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A kept file is not what it should be.
    #[error(
        "{} is damaged and was left as it is: put back a copy of it, or move it away to start with a new one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A later version has been here.
    #[error(
        "{} was written by a later version and was left as it is: update tertulia, or name another directory with --data DIR",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// An address that was asked for cannot be had.
    #[error(
        "cannot listen on {address} for the {what}: {source}: choose another address with {flag} (port 0 means any free one)"
    )]
    Address {
        /// For what.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// The exit code, as documented in `--help`.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::InUse { .. } | Self::Busy { .. } => 3,
            Self::Store { .. } | Self::Damaged { .. } | Self::Newer { .. } => 4,
            Self::Address { .. } => 5,
            Self::File(_) => 6,
            Self::Partly => 7,
            Self::OutOfNetwork => 8,
            Self::Interrupted(signal) => signal.exit_code(),
        }
    }

    /// Whether there is nothing to say: whoever reads what is written has read enough and gone, as `head` does.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}
