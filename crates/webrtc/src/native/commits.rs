//! Making records durable while the node goes on.

use crate::{Gate, Record};
use std::future::pending;
use std::io;
use tokio::task::{JoinHandle, spawn_blocking};

/// Where a node's records are kept.
pub trait Storage: Send + 'static {
    /// Makes a batch durable, all of it or nothing, and blocks for as long as that takes. Of two records under one key
    /// the later counts.
    fn commit(&mut self, batch: Vec<Record>) -> io::Result<()>;
}

/// What a node has of its former runs, and where it keeps what lasts.
pub struct Memory {
    /// All that was kept, in the order of the keys.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where to keep more; none for a node that forgets.
    pub storage: Option<Box<dyn Storage>>,
}

impl Memory {
    /// That of a node that remembers nothing and forgets everything.
    pub fn none() -> Self {
        Self { records: Vec::new(), storage: None }
    }
}

/// The commits of one node: one at a time, on a thread that may block.
pub(super) struct Commits {
    storage: Option<Box<dyn Storage>>,
    under_way: Option<JoinHandle<Ended>>,
}

/// The storage, handed back, and how the commit went.
type Ended = (Box<dyn Storage>, io::Result<()>);

impl Commits {
    pub(super) fn new(storage: Option<Box<dyn Storage>>) -> Self {
        Self { storage, under_way: None }
    }

    /// Begins to keep what waits, unless a commit is under way.
    pub(super) fn begin(&mut self, gate: &mut Gate) {
        let Some(mut storage) = self.storage.take() else { return };
        match gate.batch() {
            Some(batch) => {
                self.under_way = Some(spawn_blocking(move || {
                    let kept = storage.commit(batch);
                    (storage, kept)
                }));
            }
            None => self.storage = Some(storage),
        }
    }

    /// Waits until the commit under way has ended; for ever when there is none.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let ended = under_way.await;
        self.under_way = None;
        let (storage, kept) = ended.map_err(io::Error::other)?;
        self.storage = Some(storage);
        kept
    }

    /// Whether a commit is under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }
}
