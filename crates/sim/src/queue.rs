//! What is yet to happen, ordered by (time, sequence).

use std::collections::BTreeMap;
use tertulia_proto::Instant;

/// A queue that hands out what was planned first among what is due first.
pub(crate) struct Queue<T> {
    planned: BTreeMap<(Instant, u64), T>,
    next: u64,
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self { planned: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn plan(&mut self, at: Instant, item: T) {
        self.planned.insert((at, self.next), item);
        self.next += 1;
    }

    /// When the next item is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, T)> {
        self.planned.pop_first().map(|((at, _), item)| (at, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_first_and_among_equals_the_one_planned_first() {
        let mut queue = Queue::new();
        for (at, item) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b')] {
            queue.plan(Instant::from_micros(at), item);
        }
        assert_eq!(queue.next_at(), Some(Instant::from_micros(1)));
        let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, item)| item).collect();
        assert_eq!(order, "abcd");
    }
}
