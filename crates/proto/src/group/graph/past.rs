//! What operations stand on, and what follows from it: who was in the conversation by what its author had seen.

use super::{Graph, Place};
use crate::group::op::{Body, DisplayKey, OpId, Operation};
use crate::identity::NodeId;

/// What some operations stand on: a mark for each place in the order of display from `floor` on.
pub(crate) struct Past {
    floor: usize,
    marked: Vec<bool>,
    /// Whether some of it came before our time.
    pub is_cut: bool,
}

/// A node's way in or out.
pub(super) struct Passage {
    /// Where it stands in the order of display, which is that of the list: among those of one lamport, too.
    pub key: DisplayKey,
    pub enters: bool,
}

/// Who comes in or goes out by an operation.
pub(super) fn passage(operation: &Operation) -> Option<(NodeId, bool)> {
    match &operation.content().body {
        Body::Create(_) => Some((operation.node(), true)),
        Body::Admit(admit) => Some((admit.certificate.node(), true)),
        Body::Leave => Some((operation.node(), false)),
        Body::Evict(evict) => Some((evict.node, false)),
        _ => None,
    }
}

impl Graph {
    /// Whether the author of an operation was in the conversation by what the author had seen: of all that brought
    /// it in or out and that the operation stands on, the last brought it in. Never revised, so nobody's words are
    /// lost to an Evict that they crossed.
    pub(super) fn entitles(&self, operation: &Operation) -> bool {
        let node = operation.node();
        if matches!(operation.content().body, Body::Create(_)) {
            return true;
        }
        let Some(passages) = self.passages.get(&node) else { return false };
        // The word before ours may have come before our time, and counts then.
        let is_entitled = |id: &OpId| self.place(id).is_none_or(|place| self.rows.row(place).is_entitled);
        if passages.len() == 1 && operation.content().previous.as_ref().is_some_and(is_entitled) {
            return true;
        }
        let lowest = passages.iter().map(|passage| passage.key.lamport).min().unwrap_or(0);
        let past = self.past(&operation.content().dependencies, lowest);
        // Who came in before our time had seen so, as far as we can tell.
        let is_seen =
            |passage: &&Passage| self.has_in(&past, &passage.key.id) || past.is_cut && passage.enters;
        let seen = passages.iter().filter(is_seen);
        seen.max_by_key(|passage| passage.key).is_some_and(|passage| passage.enters)
    }

    /// What these operations stand on, themselves included, as far back as the lamport `lowest`: one sweep from the
    /// end of the order of display.
    pub(super) fn past(&self, tips: &[OpId], lowest: u64) -> Past {
        let (rows, display) = (&self.rows, self.rows.display());
        let floor = display.partition_point(|place| rows.row(*place).lamport < lowest);
        let mut past = Past { floor, marked: vec![false; display.len() - floor], is_cut: false };
        tips.iter().for_each(|id| self.mark(&mut past, rows.place(id)));
        for at in (0..past.marked.len()).rev() {
            if past.marked[at] {
                rows.dependencies(display[floor + at])
                    .iter()
                    .for_each(|place| self.mark(&mut past, Some(*place)));
            }
        }
        past
    }

    /// Counts an operation among what some stand on. What is not here came before our time.
    pub(super) fn mark(&self, past: &mut Past, place: Option<Place>) {
        match place.and_then(|place| self.rows.rank(place)) {
            Some(at) if at >= past.floor => past.marked[at - past.floor] = true,
            Some(_) => {}
            None => past.is_cut = true,
        }
    }

    /// These operations and what stands before them, at most `max` in all, in the order of display.
    pub(crate) fn with_past(&self, ids: &[OpId], max: usize) -> Vec<Place> {
        let past = self.past(ids, 0);
        let places = (0..past.marked.len()).rev().filter(|at| past.marked[*at]).take(max.max(ids.len()));
        let mut found: Vec<_> = places.map(|at| self.rows.display()[past.floor + at]).collect();
        found.reverse();
        found
    }

    /// What one who is out may know: what put it out, and all that stands on. Where that is no operation by itself, but what
    /// makes its Admit void, all that comes before in the list's order counts.
    pub(crate) fn until_out(&self, node: &NodeId) -> Past {
        let last = self.last_passage(node, |_| true);
        let is_void = last.is_some() && last == self.last_admit(node);
        let is_it = |operation: &&Operation| Some(operation.id()) == last;
        let end = self.list_operations().position(|operation| is_it(&operation)).map_or(0, |at| at + 1);
        let first = if is_void { 0 } else { end.saturating_sub(1) };
        let tips: Vec<_> = self.list_operations().take(end).skip(first).map(Operation::id).collect();
        self.past(&tips, 0)
    }

    /// Whether `node`, which is out, has left: else others have put it out, or let it in where they could not.
    pub(crate) fn has_left(&self, node: &NodeId) -> bool {
        let last = self.last_passage(node, |_| true);
        let operation = last.and_then(|id| self.operation(&id));
        operation.is_some_and(|operation| matches!(operation.content().body, Body::Leave))
    }

    /// Whether `node` is or was in, or was let in by one who thought that it could.
    pub(crate) fn has_been_let_in(&self, node: &NodeId) -> bool {
        self.passages.contains_key(node)
    }

    /// The operation that brought `node` in the last time.
    pub(crate) fn last_admit(&self, node: &NodeId) -> Option<OpId> {
        self.last_passage(node, |passage| passage.enters)
    }

    /// Whether `node` has written anything since it came in.
    pub(crate) fn has_spoken(&self, node: &NodeId) -> bool {
        let seq = self.last_seq(node);
        let last = self.at(node, seq).map(|place| self.rows.key(place));
        let admit = self.last_admit(node).and_then(|id| self.place(&id)).map(|place| self.rows.key(place));
        // What came before our time may have been said by one who was in.
        seq > 0 && last.is_none_or(|last| Some(last) >= admit)
    }

    fn last_passage(&self, node: &NodeId, is_meant: impl Fn(&Passage) -> bool) -> Option<OpId> {
        let passages = self.passages.get(node)?.iter().filter(|passage| is_meant(passage));
        passages.map(|passage| passage.key).max().map(|key| key.id)
    }

    /// Whether an operation is among what some stand on.
    pub(crate) fn is_in(&self, past: &Past, place: Place) -> bool {
        let at = self.rows.rank(place).and_then(|at| at.checked_sub(past.floor));
        at.is_some_and(|at| past.marked[at])
    }

    /// Whether the operation with this id is among what some stand on.
    pub(crate) fn has_in(&self, past: &Past, id: &OpId) -> bool {
        self.place(id).is_some_and(|place| self.is_in(past, place))
    }
}
