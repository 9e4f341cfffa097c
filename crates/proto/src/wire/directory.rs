//! Frames of the directory: records on their way to where they are kept, and searches for them.

use crate::directory::record::Record;
use crate::directory::words::Words;
use crate::overlay::ring::Key;
use crate::wire::bounded::List;
use crate::wire::cbor::structure;

/// The most records in one frame; each has a thousand bytes at the most.
pub const RECORDS_MAX: usize = 14;

/// A record, routed to one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The record.
    pub record: Record,
}

structure! { Publish { 0 => record } }

/// The answer: the record is kept, or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Whether it is kept.
    pub kept: bool,
}

structure! { Filed { 0 => kept } }

/// Records for one who is to keep them, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The records.
    pub records: List<Kept, RECORDS_MAX>,
}

structure! { Keep { 0 => records } }

/// A record at one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The key.
    pub key: Key,
    /// The record.
    pub record: Record,
}

structure! { Kept { 0 => key, 1 => record } }

/// A search along a stretch of the ring, routed to its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seek {
    /// Where it begins.
    pub first: Key,
    /// Where it ends, that included.
    pub last: Key,
    /// What is sought.
    pub words: Words,
}

structure! { Seek { 0 => first, 1 => last, 2 => words } }

/// The answer: the best that were found, and how far was looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The records.
    pub records: List<Record, RECORDS_MAX>,
    /// Up to where this node has all there are: the search goes on behind it.
    pub covered: Key,
}

structure! { Found { 0 => records or default, 1 => covered } }
