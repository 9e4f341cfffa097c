//! What one side of a comparison lacks.

use super::{Graph, Place};
use crate::identity::NodeId;
use crate::table::Table;
use crate::wire::DeviceHead;

impl Graph {
    /// How far each device has come here.
    pub(crate) fn device_heads(&self) -> Vec<DeviceHead> {
        self.chains.iter().map(|(node, chain)| DeviceHead { node: *node, seq: chain.len() }).collect()
    }

    /// What comes next, in causal order, of all that somebody who has come as far as `theirs` lacks and `may` have: as
    /// much of it as takes `room` bytes, and the first of the rest.
    pub(crate) fn beyond(
        &self,
        theirs: &[DeviceHead],
        room: usize,
        may: &dyn Fn(Place) -> bool,
    ) -> (Vec<Place>, Option<Place>) {
        let mut has = Table::default();
        for head in theirs {
            has.insert(head.node, head.seq);
        }
        let has = |node: &NodeId| has.get(node).copied().unwrap_or(0);
        let (mut found, mut size) = (Vec::new(), 0);
        for place in self.rows.display().get(self.first_beyond(&has)..).unwrap_or_default() {
            let row = self.rows.row(*place);
            if row.seq <= has(&self.rows.node(*place)) || !may(*place) {
                continue;
            }
            size += usize::from(row.size);
            if size > room {
                return (found, Some(*place));
            }
            found.push(*place);
        }
        (found, None)
    }

    /// Where in the order of display the first stands that is beyond the counts that somebody `has`, or earlier: a
    /// history is not read from its beginning for each page of it.
    fn first_beyond(&self, has: &dyn Fn(&NodeId) -> u64) -> usize {
        let mut first = self.rows.display().len();
        for (node, chain) in self.chains.iter() {
            let count = has(node);
            // What came before our time, and the second of two under one count, is not in the chain.
            if count < chain.before || self.forked.contains_key(node) {
                return 0;
            }
            let next = chain.at(count.saturating_add(1)).and_then(|place| self.rows.rank(place));
            first = first.min(next.unwrap_or(first));
        }
        first
    }

    /// Whether somebody who has come as far as `theirs` has what is not here.
    pub(crate) fn is_behind(&self, theirs: &[DeviceHead]) -> bool {
        theirs.iter().any(|head| head.seq > self.last_seq(&head.node))
    }
}
