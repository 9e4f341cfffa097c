//! Recordings: what crossed the boundary of every node of a run, so that the nodes can be run again without their world.
//!
//! A recording holds for each life of a node what it was told at its birth, each input and command with its moment, and
//! an imprint of each reply and output. [`Replay`] does the same to nodes of this build and finds the first step at which
//! one of them answers otherwise: a regression, or somebody's bug report, in one file.
//!
//! A file is a line that names the format, then blocks: each its length, a checksum and entries, the first of them the
//! header. So it is written and read as a stream, and a damaged file is told from a changed core.
//!
//! Reading order: [`entry`] (what is recorded), `code` (how inputs and commands are coded), `file` (blocks), `recorder`
//! and `replay`.

mod code;
pub mod entry;
mod file;
mod imprint;
mod recorder;
mod replay;

pub use entry::{Birth, Cause, Ending, Entry, Header, Step};
pub use file::{Damage, Recording, Scribe};
pub use imprint::Imprint;
pub use recorder::{Recorder, Tally};
pub use replay::{Divergence, Replay, ReplayError, Replayed, last_words};
