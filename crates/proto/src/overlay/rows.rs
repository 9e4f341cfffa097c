//! The routing table: for each length of a common prefix one node for each next digit (DIMA, section 2.1).

use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::ring::{digit, shared_digits};
use crate::time::Duration;
use std::sync::Arc;

/// Round-trip times are held in tenths of milliseconds; longer ones, and those not known, are all the same.
const RTT_UNKNOWN: u16 = i16::MAX as u16;
/// Stands beside the round-trip time of a node that has not acknowledged the last message it was sent.
const SILENT: u16 = 1 << 15;

/// A routing table. Two lists side by side, because a simulated world has a million of them.
pub(crate) struct Rows {
    me: u128,
    cells: Vec<Cell>,
    contacts: Vec<Arc<Contact>>,
}

#[derive(Clone, Copy)]
struct Cell {
    /// Row and digit: the row times sixteen, and the digit.
    at: u16,
    /// Its round-trip time, and whether it was silent.
    rtt: u16,
}

impl Cell {
    fn rtt(self) -> u16 {
        self.rtt & !SILENT
    }
}

impl Rows {
    pub(crate) fn new(me: NodeId) -> Self {
        Self { me: me.place(), cells: Vec::new(), contacts: Vec::new() }
    }

    /// Makes room for so many nodes.
    #[cfg(feature = "one-process")]
    pub(crate) fn reserve(&mut self, count: usize) {
        self.cells.reserve_exact(count);
        self.contacts.reserve_exact(count);
    }

    /// The place of a node in the table: none for the owner.
    fn at(&self, node: &NodeId) -> Option<u16> {
        let place = node.place();
        let row = shared_digits(self.me, place);
        (place != self.me).then(|| cell(row, digit(place, row)))
    }

    fn index(&self, at: u16) -> Result<usize, usize> {
        self.cells.binary_search_by_key(&at, |cell| cell.at)
    }

    /// The node that shares one digit more with `key` than the owner.
    pub(crate) fn towards(&self, key: u128) -> Option<&Arc<Contact>> {
        let row = shared_digits(self.me, key);
        self.index(cell(row, digit(key, row))).ok().map(|index| &self.contacts[index])
    }

    /// The contact of a node, if it is in the table.
    pub(crate) fn get(&self, node: &NodeId) -> Option<&Arc<Contact>> {
        let index = self.index(self.at(node)?).ok()?;
        Some(&self.contacts[index]).filter(|contact| contact.node == *node)
    }

    /// Takes a node in if its place is empty, or if it is nearer than the one that has it; `rtt` is its round-trip time if that was
    /// measured. Says whether it has the place now.
    pub(crate) fn offer(&mut self, contact: &Arc<Contact>, rtt: Option<Duration>) -> bool {
        let Some(at) = self.at(&contact.node) else { return false };
        let rtt = rtt.map_or(RTT_UNKNOWN, tenths);
        match self.index(at) {
            Ok(index) => {
                let is_same = self.contacts[index].node == contact.node;
                let known = self.cells[index].rtt();
                if is_same || rtt < known {
                    self.cells[index].rtt = if is_same { rtt.min(known) } else { rtt };
                    self.contacts[index] = contact.clone();
                    return true;
                }
                false
            }
            Err(index) => {
                // As much as is needed: the tables of a million nodes are in one process.
                self.cells.reserve_exact(1);
                self.contacts.reserve_exact(1);
                self.cells.insert(index, Cell { at, rtt });
                self.contacts.insert(index, contact.clone());
                true
            }
        }
    }

    /// Takes a node in of whom somebody else has told, if its place is empty. Where one is that is here already, others are not
    /// believed.
    pub(crate) fn hear(&mut self, contact: &Arc<Contact>) {
        if self.at(&contact.node).is_some_and(|at| self.index(at).is_err()) {
            self.offer(contact, None);
        }
    }

    /// Whether a node is so much nearer than the one in its place that changing is worth it.
    pub(crate) fn prefers(&self, node: &NodeId, rtt: Duration) -> bool {
        let Some(Ok(index)) = self.at(node).map(|at| self.index(at)) else { return false };
        let known = self.cells[index].rtt();
        self.contacts[index].node != *node && tenths(rtt) < known - known / 4
    }

    /// Notes a measured round-trip time.
    pub(crate) fn on_rtt(&mut self, node: &NodeId, rtt: Duration) {
        let Some(index) = self.at(node).and_then(|at| self.index(at).ok()) else { return };
        if self.contacts[index].node == *node {
            self.cells[index].rtt = tenths(rtt);
        }
    }

    /// Notes that a node has not acknowledged a message; says whether it had not acknowledged the one before, either. The message
    /// or its acknowledgement may have been lost, so once is no proof, and the next message is as good a question as any.
    pub(crate) fn on_silence(&mut self, node: &NodeId) -> bool {
        let Some(index) = self.at(node).and_then(|at| self.index(at).ok()) else { return true };
        if self.contacts[index].node != *node {
            return true;
        }
        let was_silent = self.cells[index].rtt & SILENT != 0;
        self.cells[index].rtt |= SILENT;
        was_silent
    }

    /// The last round-trip time of a node, if one was measured.
    pub(crate) fn rtt(&self, node: &NodeId) -> Option<Duration> {
        let index = self.index(self.at(node)?).ok()?;
        let rtt = self.cells[index].rtt();
        let is_known = self.contacts[index].node == *node && rtt != RTT_UNKNOWN;
        is_known.then(|| Duration::from_micros(u64::from(rtt) * 100))
    }

    /// Lets go of a node; yields its row if it was in the table.
    pub(crate) fn remove(&mut self, node: &NodeId) -> Option<usize> {
        let index = self.index(self.at(node)?).ok()?;
        (self.contacts[index].node == *node).then(|| {
            self.contacts.remove(index);
            usize::from(self.cells.remove(index).at / 16)
        })
    }

    /// The nodes of a row.
    pub(crate) fn row(&self, row: usize) -> &[Arc<Contact>] {
        let [from, to] =
            [cell(row, 0), cell(row + 1, 0)].map(|at| self.cells.partition_point(|cell| cell.at < at));
        &self.contacts[from..to]
    }

    /// How many rows there are down to the last that is not empty.
    pub(crate) fn depth(&self) -> usize {
        self.cells.last().map_or(0, |cell| usize::from(cell.at / 16) + 1)
    }

    /// What it holds on the heap.
    #[cfg(feature = "one-process")]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.contacts.capacity() * size_of::<Arc<Contact>>()
    }

    /// Reads all cells, so that they are at hand.
    #[cfg(feature = "one-process")]
    pub(crate) fn touch(&self) -> usize {
        /// Cells that a processor fetches at once.
        const LINE: usize = 64 / size_of::<Cell>();
        self.cells.iter().step_by(LINE).map(|cell| usize::from(cell.at)).sum()
    }

    /// All nodes in the table.
    pub(crate) fn contacts(&self) -> &[Arc<Contact>] {
        &self.contacts
    }
}

fn cell(row: usize, digit: usize) -> u16 {
    u16::try_from(row * 16 + digit).unwrap_or(u16::MAX)
}

fn tenths(rtt: Duration) -> u16 {
    u16::try_from(rtt.as_micros() / 100).unwrap_or(RTT_UNKNOWN).min(RTT_UNKNOWN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Endpoint, Fingerprint};
    use crate::wire::bounded::List;

    fn contact(place: u128) -> Arc<Contact> {
        Arc::new(Contact { node: NodeId(place.to_be_bytes()), endpoint: None })
    }

    #[test]
    fn each_place_goes_to_the_nearest() {
        let mut rows = Rows::new(contact(0).node);
        let [first, second] = [0x1a, 0x1b].map(|top: u128| contact(top << 120));
        assert!(rows.offer(&first, None) && !rows.offer(&second, None));
        assert!(rows.offer(&second, Some(Duration::from_millis(30))));
        assert!(!rows.offer(&first, Some(Duration::from_millis(40))));
        assert_eq!(rows.towards(0x17 << 120).map(|contact| contact.node), Some(second.node));
        assert_eq!(rows.rtt(&second.node), Some(Duration::from_millis(30)));
        assert_eq!((rows.get(&first.node), rows.depth()), (None, 1));
        assert!(!rows.on_silence(&second.node) && rows.on_silence(&second.node));
        rows.on_rtt(&second.node, Duration::from_millis(20));
        assert!(!rows.on_silence(&second.node), "it has spoken in between");
        assert_eq!((rows.remove(&first.node), rows.remove(&second.node)), (None, Some(0)));
    }

    #[test]
    fn where_a_node_is_that_is_known_others_do_not_say() {
        let mut rows = Rows::new(contact(0).node);
        let endpoint = |n| Endpoint { fingerprint: Fingerprint([n; 32]), addresses: List::default() };
        let [said, heard] =
            [1, 2].map(|n| Contact { endpoint: Some(Box::new(endpoint(n))), ..(*contact(7)).clone() });
        rows.hear(&Arc::new(said.clone()));
        rows.hear(&Arc::new(heard.clone()));
        assert_eq!(rows.get(&said.node).map(|contact| &**contact), Some(&said));
        rows.offer(&Arc::new(heard.clone()), None);
        assert_eq!(rows.get(&said.node).map(|contact| &**contact), Some(&heard), "itself it may say so");
    }

    #[test]
    fn a_little_nearer_is_no_reason_to_change() {
        let mut rows = Rows::new(contact(0).node);
        let [first, second] = [0x1a, 0x1b].map(|top: u128| contact(top << 120));
        rows.offer(&first, Some(Duration::from_millis(40)));
        let prefers = |rows: &Rows, millis| rows.prefers(&second.node, Duration::from_millis(millis));
        assert!(prefers(&rows, 29) && !prefers(&rows, 31));
        assert!(!rows.prefers(&first.node, Duration::from_millis(1)), "it has the place");
        assert!(
            !Rows::new(contact(0).node).prefers(&second.node, Duration::from_millis(1)),
            "an empty place"
        );
    }

    #[test]
    fn a_row_is_what_shares_so_many_digits() {
        let mut rows = Rows::new(contact(0).node);
        for place in [0x10, 0x20, 0x01, 0x02, 0x03u128] {
            rows.offer(&contact(place << 120), None);
        }
        assert_eq!([0, 1, 2].map(|row| rows.row(row).len()), [2, 3, 0]);
        assert_eq!(rows.depth(), 2);
        assert!(!rows.offer(&contact(0), None), "nobody is in their own table");
    }
}
