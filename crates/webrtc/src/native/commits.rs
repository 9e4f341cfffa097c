//! Making records durable while the node goes on.

use crate::{Gate, Record};
use std::future::pending;
use std::io;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Where a node's records are kept.
pub trait Storage: Send + Sync + 'static {
    /// Makes a batch durable, all of it or nothing, and blocks for as long as that takes. Of two records under one key
    /// the later counts.
    fn commit(&self, batch: Vec<Record>) -> io::Result<()>;

    /// The records of these keys, in their order, as the last commit left them; none where there is no such record.
    fn read(&self, keys: &[Vec<u8>]) -> io::Result<Vec<Option<Vec<u8>>>>;
}

/// Records one by one, in the order of their keys.
pub type Kept = Box<dyn Iterator<Item = io::Result<(Vec<u8>, Vec<u8>)>>>;

/// What a node has of its former runs, and where it keeps what lasts.
pub struct Memory {
    /// All that was kept, in the order of the keys.
    pub records: Kept,
    /// Where to keep more; none for a node that forgets.
    pub storage: Option<Arc<dyn Storage>>,
}

impl Memory {
    /// That of a node that remembers nothing and forgets everything.
    pub fn none() -> Self {
        Self { records: Box::new(std::iter::empty()), storage: None }
    }
}

/// The commits of one node: one at a time, on a thread that may block.
pub(super) struct Commits {
    storage: Option<Arc<dyn Storage>>,
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl Commits {
    pub(super) fn new(storage: Option<Arc<dyn Storage>>) -> Self {
        Self { storage, under_way: None }
    }

    /// Begins to keep what waits, unless a commit is under way.
    pub(super) fn begin(&mut self, gate: &mut Gate) {
        let Some(storage) = self.storage.as_ref().filter(|_| !self.is_under_way()) else { return };
        if let Some(batch) = gate.batch() {
            let storage = Arc::clone(storage);
            self.under_way = Some(spawn_blocking(move || storage.commit(batch)));
        }
    }

    /// Waits until the commit under way has ended; for ever when there is none.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let ended = under_way.await;
        self.under_way = None;
        ended.map_err(io::Error::other)?
    }

    /// Whether a commit is under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }
}
