//! The gate between a node and the world: what follows a record waits until the record is durable.
//!
//! One commit at a time covers all records that wait when it begins. Meanwhile the node goes on, and what it puts
//! out gathers behind: a burst of a thousand messages costs a handful of commits.

use std::collections::VecDeque;
use tertulia_proto::Output;

/// A record and its key; no value removes the one that is there.
pub type Record = (Vec<u8>, Option<Vec<u8>>);

/// Outputs that may wait before a driver that can should stop reading: what a burst of two thousand messages puts out
/// while a slow disk writes, and some 10 MB.
pub const HELD_MAX: usize = 8_192;

/// Outputs on their way from the node to the world, in order.
#[derive(Debug)]
pub struct Gate {
    keeps: bool,
    waiting: VecDeque<Output>,
    /// How many of those that wait the commit under way covers.
    covered: usize,
    /// How many of those that wait are durable.
    durable: usize,
    passed: u64,
}

impl Gate {
    /// A gate in front of a store, or one that keeps nothing and holds nothing up.
    pub fn new(keeps: bool) -> Self {
        Self { keeps, waiting: VecDeque::new(), covered: 0, durable: 0, passed: 0 }
    }

    /// Takes the node's next output.
    pub fn push(&mut self, output: Output) {
        self.waiting.push_back(output);
    }

    /// The next output that may be carried out: all records before it are durable.
    pub fn pop(&mut self) -> Option<Output> {
        loop {
            let is_record = matches!(self.waiting.front()?, Output::Store { .. });
            if is_record && self.keeps && self.durable == 0 {
                return None;
            }
            self.durable = self.durable.saturating_sub(1);
            self.passed += 1;
            let output = self.waiting.pop_front()?;
            if !is_record {
                return Some(output);
            }
        }
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

    /// Keeps nothing from now on and holds nothing up: the store has failed.
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

    #[test]
    fn a_store_that_failed_holds_nothing_up() {
        let mut gate = filled(true);
        gate.batch().unwrap();
        gate.give_up();
        assert_eq!(passed(&mut gate), [1, 2, 3]);
        assert!(gate.is_empty() && gate.batch().is_none());
    }
}
