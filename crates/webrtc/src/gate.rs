//! The gate between a node and the world: what follows a record waits until the record is durable, and a frame that is
//! made of records until they are read.
//!
//! One commit at a time covers all records that wait when it begins. Meanwhile the node goes on, and what it puts
//! out gathers behind: a burst of a thousand messages costs a handful of commits.

use std::collections::VecDeque;
use tertulia_proto::Output;
use tertulia_proto::table::Table;

/// A record and its key; no value removes the one that is there.
pub type Record = (Vec<u8>, Option<Vec<u8>>);

/// Outputs that may wait before a driver that can should stop reading: what a burst of two thousand messages puts out
/// while a slow disk writes, and some 10 MB.
pub const HELD_MAX: usize = 8_192;

/// Frames whose records are read at once: a page for somebody who lacks a history.
const FRAMES_MAX: usize = 32;

/// Outputs on their way from the node to the world, in order.
#[derive(Debug)]
pub struct Gate {
    keeps: bool,
    /// The records that nothing else keeps.
    memory: Table<Vec<u8>, Vec<u8>>,
    /// Records that were read for the frames that wait first.
    read: Vec<Option<Vec<u8>>>,
    is_reading: bool,
    waiting: VecDeque<Output>,
    /// How many of those that wait the commit under way covers.
    covered: usize,
    /// How many of those that wait are durable.
    durable: usize,
    passed: u64,
}

impl Gate {
    /// A gate in front of a store, or one that holds nothing up and remembers records for as long as it lives.
    pub fn new(keeps: bool) -> Self {
        let (memory, read, waiting) = (Table::default(), Vec::new(), VecDeque::new());
        Self { keeps, memory, read, is_reading: false, waiting, covered: 0, durable: 0, passed: 0 }
    }

    /// Takes the node's next output.
    pub fn push(&mut self, output: Output) {
        self.waiting.push_back(output);
    }

    /// The next output that may be carried out: all records before it are durable, and it is made of none.
    pub fn pop(&mut self) -> Option<Output> {
        loop {
            match self.waiting.front()? {
                Output::Store { .. } if self.keeps && self.durable == 0 => return None,
                Output::SendKept { keys, .. } if !self.has_read(keys) => return None,
                _ => {}
            }
            self.durable = self.durable.saturating_sub(1);
            self.passed += 1;
            match self.waiting.pop_front()? {
                Output::Store { key, value } => self.remember(key, value),
                Output::SendKept { link, head, keys } => {
                    // Without one of its records it is no frame: whoever lacks them asks again.
                    if let Some(bytes) = self.filled(head, &keys) {
                        return Some(Output::Send { link, bytes });
                    }
                }
                output => return Some(output),
            }
        }
    }

    fn remember(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        match value {
            _ if self.keeps => {}
            Some(value) => drop(self.memory.insert(key, value)),
            None => drop(self.memory.remove(&key)),
        }
    }

    /// Whether the records of the frame that waits first are at hand.
    fn has_read(&self, keys: &[Vec<u8>]) -> bool {
        self.read.len() >= keys.len() || keys.iter().all(|key| self.memory.contains_key(key))
    }

    /// A frame with its records behind it.
    fn filled(&mut self, mut frame: Vec<u8>, keys: &[Vec<u8>]) -> Option<Vec<u8>> {
        let was_read = self.read.len() >= keys.len();
        let others = self.read.split_off(if was_read { keys.len() } else { 0 });
        let mut read = std::mem::replace(&mut self.read, others);
        for (at, key) in keys.iter().enumerate() {
            let found = read.get_mut(at).and_then(Option::take).or_else(|| self.memory.get(key).cloned());
            frame.extend(found?);
        }
        Some(frame)
    }

    /// The keys of the records that the frames that wait first are made of, unless they are being read. [`Self::took`] is
    /// to follow.
    pub fn wants(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut keys = Vec::new();
        for output in self.waiting.iter().take(FRAMES_MAX) {
            let Output::SendKept { keys: of_frame, .. } = output else { break };
            keys.extend(of_frame.iter().cloned());
        }
        (!keys.is_empty() && !std::mem::replace(&mut self.is_reading, true)).then_some(keys)
    }

    /// Takes the records that were wanted, in the order of their keys; none where there is no such record.
    pub fn took(&mut self, records: Vec<Option<Vec<u8>>>) {
        self.is_reading = false;
        self.read = records;
    }

    /// A record that nothing else keeps.
    pub fn remembered(&self, key: &[u8]) -> Option<&Vec<u8>> {
        self.memory.get(&key.to_vec())
    }

    /// All records that wait, to be made durable at once, unless that is under way. [`Self::committed`] is to follow.
    pub fn batch(&mut self) -> Option<Vec<Record>> {
        if self.covered > 0 || !self.keeps {
            return None;
        }
        let records = self.waiting.iter_mut().filter_map(|output| match output {
            Output::Store { key, value } => Some((std::mem::take(key), value.take())),
            _ => None,
        });
        let records: Vec<_> = records.collect();
        if records.is_empty() {
            return None;
        }
        self.covered = self.waiting.len();
        Some(records)
    }

    /// Takes note that the batch is durable: what waited for it may pass.
    pub fn committed(&mut self) {
        self.durable = std::mem::take(&mut self.covered);
    }

    /// Whether anything is kept.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Keeps nothing from now on and holds nothing up, but remembers: the store has failed.
    pub fn give_up(&mut self) {
        self.keeps = false;
    }

    /// The end of all that has come in so far.
    pub fn mark(&self) -> u64 {
        self.passed + self.waiting.len() as u64
    }

    /// Whether all up to a mark has passed.
    pub fn is_past(&self, mark: u64) -> bool {
        self.passed >= mark
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether [`HELD_MAX`] is reached.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= HELD_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::LinkId;

    fn store(key: u8) -> Output {
        Output::Store { key: vec![key], value: Some(vec![key]) }
    }

    fn close(link: u64) -> Output {
        Output::Close { link: LinkId(link) }
    }

    fn passed(gate: &mut Gate) -> Vec<u64> {
        let link = |output| if let Output::Close { link } = output { link.0 } else { panic!("{output:?}") };
        std::iter::from_fn(|| gate.pop()).map(link).collect()
    }

    fn filled(keeps: bool) -> Gate {
        let mut gate = Gate::new(keeps);
        [close(1), store(1), close(2), store(2), close(3)].into_iter().for_each(|output| gate.push(output));
        gate
    }

    #[test]
    fn nothing_overtakes_a_record() {
        let mut gate = filled(true);
        let mark = gate.mark();
        assert_eq!(passed(&mut gate), [1]);
        assert_eq!(gate.batch().unwrap().len(), 2);
        assert_eq!(passed(&mut gate), [0; 0]);
        assert!(!gate.is_past(mark));
        gate.committed();
        assert_eq!(passed(&mut gate), [2, 3]);
        assert!(gate.is_past(mark) && gate.is_empty());
    }

    #[test]
    fn what_comes_during_a_commit_waits_for_the_next() {
        let mut gate = filled(true);
        gate.batch().unwrap();
        [close(4), store(3), close(5)].into_iter().for_each(|output| gate.push(output));
        assert!(gate.batch().is_none(), "one commit at a time");
        gate.committed();
        assert_eq!(passed(&mut gate), [1, 2, 3, 4]);
        assert_eq!(gate.batch().unwrap(), [(vec![3], Some(vec![3]))]);
        gate.committed();
        assert_eq!(passed(&mut gate), [5]);
        assert!(gate.batch().is_none());
    }

    #[test]
    fn without_a_store_nothing_waits() {
        let mut gate = filled(false);
        assert!(gate.batch().is_none());
        assert_eq!(passed(&mut gate), [1, 2, 3]);
    }

    fn frame(keys: &[u8]) -> Output {
        let keys = keys.iter().map(|key| vec![*key]).collect();
        Output::SendKept { link: LinkId(9), head: vec![0], keys }
    }

    fn sent(gate: &mut Gate) -> Vec<Vec<u8>> {
        let bytes =
            |output| if let Output::Send { bytes, .. } = output { bytes } else { panic!("{output:?}") };
        std::iter::from_fn(|| gate.pop()).map(bytes).collect()
    }

    #[test]
    fn a_frame_is_made_of_records_that_are_durable() {
        let mut gate = Gate::new(true);
        [store(1), frame(&[1, 2]), frame(&[3]), close(1)].into_iter().for_each(|output| gate.push(output));
        assert!(gate.pop().is_none() && gate.wants().is_none(), "not before what it is made of is durable");
        gate.batch().unwrap();
        gate.committed();
        assert!(gate.pop().is_none());
        assert_eq!(gate.wants().unwrap(), [[1], [2], [3]]);
        assert!(gate.wants().is_none(), "once");
        gate.took(vec![Some(vec![11]), Some(vec![12]), None]);
        let Some(Output::Send { bytes, .. }) = gate.pop() else { panic!("nothing sent") };
        assert_eq!(bytes, [0, 11, 12]);
        assert_eq!(passed(&mut gate), [1], "half a frame is none");
    }

    #[test]
    fn without_a_store_records_are_remembered() {
        let mut gate = Gate::new(false);
        [store(1), store(2), frame(&[2, 1])].into_iter().for_each(|output| gate.push(output));
        assert_eq!(sent(&mut gate), [[0, 2, 1]]);
        gate.push(Output::Store { key: vec![1], value: None });
        gate.push(frame(&[1]));
        assert_eq!(sent(&mut gate), [[0; 0]; 0]);
        assert_eq!(gate.wants().unwrap(), [[1]]);
        gate.took(vec![None]);
        assert!(sent(&mut gate).is_empty() && gate.is_empty());
        assert_eq!(gate.remembered(&[2]), Some(&vec![2]));
    }

    #[test]
    fn a_store_that_failed_holds_nothing_up() {
        let mut gate = filled(true);
        gate.batch().unwrap();
        gate.give_up();
        assert_eq!(passed(&mut gate), [1, 2, 3]);
        assert!(gate.is_empty() && gate.batch().is_none());
    }
}
