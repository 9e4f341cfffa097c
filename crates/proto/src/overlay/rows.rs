//! The routing table: for each length of a common prefix one node for each next digit (DIMA, section 2.1).

use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::overlay::ring::{SPARED_ROWS, closeness, digit, shared_digits};
use crate::time::Duration;
use std::sync::Arc;

/// Round-trip times are held in tenths of milliseconds; longer ones, and those not known, are all the same.
const RTT_UNKNOWN: u16 = i16::MAX as u16;
/// Stands beside the round-trip time where the last message was not acknowledged.
const SILENT: u16 = 1 << 15;

/// A routing table. Two lists side by side, because a simulated world has a million of them.
pub(crate) struct Rows {
    me: u128,
    cells: Vec<Cell>,
    /// Those of the cells, and behind them spares of the first rows, in no order.
    contacts: Vec<Arc<Contact>>,
}

#[derive(Clone, Copy)]
struct Cell {
    /// Row and digit: the row times sixteen, and the digit.
    at: u16,
    /// The round-trip time of its node, and whether the last message over it was not acknowledged.
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

    /// Takes these nodes in, one for a place, and no more room than they need.
    #[cfg(feature = "one-process")]
    pub(crate) fn fill(&mut self, contacts: &[&Arc<Contact>]) {
        self.cells.reserve_exact(contacts.len());
        self.contacts.reserve_exact(contacts.len());
        for contact in contacts {
            self.offer(contact, None);
        }
    }

    /// The place of a node in the table: none for the owner.
    fn at(&self, node: &NodeId) -> Option<u16> {
        let place = node.place();
        (place != self.me).then(|| self.next(place))
    }

    /// The place of those who share one digit more with `key` than the owner.
    fn next(&self, key: u128) -> u16 {
        let row = shared_digits(self.me, key);
        cell(row, digit(key, row))
    }

    fn index(&self, at: u16) -> Result<usize, usize> {
        self.cells.binary_search_by_key(&at, |cell| cell.at)
    }

    /// Where among the contacts the spare of a place is.
    fn spare(&self, at: u16) -> Option<usize> {
        let is_there = |index: &usize| self.at(&self.contacts[*index].node) == Some(at);
        has_spare(at).then(|| (self.cells.len()..self.contacts.len()).find(is_there)).flatten()
    }

    /// Where among the contacts a node is.
    fn position(&self, node: &NodeId) -> Option<usize> {
        let at = self.at(node)?;
        let is_it = |index: &usize| self.contacts[*index].node == *node;
        self.index(at).ok().filter(is_it).or_else(|| self.spare(at).filter(is_it))
    }

    /// The cell of a node that has one.
    fn cell_of(&self, node: &NodeId) -> Option<usize> {
        self.position(node).filter(|index| *index < self.cells.len())
    }

    /// The nodes that share one digit more with `key` than the owner, the one to be preferred first.
    pub(crate) fn towards(&self, key: u128) -> impl Iterator<Item = &Arc<Contact>> {
        let at = self.next(key);
        let spare = std::iter::once_with(move || self.spare(at)).flatten();
        self.index(at).ok().into_iter().chain(spare).map(|index| &self.contacts[index])
    }

    /// The contact of a node, if it is in the table.
    pub(crate) fn get(&self, node: &NodeId) -> Option<&Arc<Contact>> {
        self.position(node).map(|index| &self.contacts[index])
    }

    /// Takes a node in if its place is empty, or if it is nearer than the one that has it; `rtt` is its round-trip time if that was
    /// measured. The other one may be a spare. Says whether it has the place now.
    pub(crate) fn offer(&mut self, contact: &Arc<Contact>, rtt: Option<Duration>) -> bool {
        let Some(at) = self.at(&contact.node) else { return false };
        let rtt = rtt.map_or(RTT_UNKNOWN, tenths);
        match self.index(at) {
            Ok(index) => {
                let is_same = self.contacts[index].node == contact.node;
                let known = self.cells[index].rtt();
                let has_place = is_same || rtt < known;
                if has_place {
                    self.cells[index].rtt = if is_same { rtt.min(known) } else { rtt };
                    let other = std::mem::replace(&mut self.contacts[index], contact.clone());
                    if !is_same {
                        self.keep_spare(at, other);
                    }
                } else {
                    self.keep_spare(at, contact.clone());
                }
                has_place
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

    /// Makes a node that has spoken the spare of its place: it is there, which nobody knows of the one before.
    fn keep_spare(&mut self, at: u16, contact: Arc<Contact>) {
        if let Some(index) = self.spare(at) {
            self.contacts[index] = contact;
        } else if has_spare(at) {
            self.contacts.reserve_exact(1);
            self.contacts.push(contact);
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
        if let Some(index) = self.cell_of(node) {
            self.cells[index].rtt = tenths(rtt);
        }
    }

    /// Notes that a node has not acknowledged a message; says whether the one before over its place was not acknowledged, either. The
    /// message or its acknowledgement may have been lost, so once is no proof, and the next message is as good a question as any. If there
    /// is a spare, that is asked.
    pub(crate) fn on_silence(&mut self, node: &NodeId) -> bool {
        let Some(index) = self.position(node) else { return true };
        let Some(cell) = self.cells.get_mut(index) else {
            self.contacts.remove(index);
            return false;
        };
        let at = cell.at;
        let was_silent = cell.rtt & SILENT != 0;
        cell.rtt |= SILENT;
        if let Some(spare) = self.spare(at).filter(|_| !was_silent) {
            self.cells[index].rtt = RTT_UNKNOWN | SILENT;
            self.contacts.swap(index, spare);
        }
        was_silent
    }

    /// The last round-trip time of a node, if one was measured.
    pub(crate) fn rtt(&self, node: &NodeId) -> Option<Duration> {
        let rtt = self.cells[self.cell_of(node)?].rtt();
        (rtt != RTT_UNKNOWN).then(|| Duration::from_micros(u64::from(rtt) * 100))
    }

    /// Lets go of a node; says whether it was in the table. A spare comes in for it.
    pub(crate) fn remove(&mut self, node: &NodeId) -> bool {
        let Some(index) = self.position(node) else { return false };
        let cell = self.cells.get(index).map(|cell| cell.at);
        if let Some(spare) = cell.and_then(|at| self.spare(at)) {
            self.cells[index].rtt = RTT_UNKNOWN;
            self.contacts[index] = self.contacts.remove(spare);
            return true;
        }
        self.contacts.remove(index);
        if cell.is_some() {
            self.cells.remove(index);
        }
        true
    }

    /// The nodes of a row.
    pub(crate) fn row(&self, row: usize) -> &[Arc<Contact>] {
        let [from, to] =
            [cell(row, 0), cell(row + 1, 0)].map(|at| self.cells.partition_point(|cell| cell.at < at));
        &self.contacts[from..to]
    }

    /// The closest to a key of `so_far` and of those in this row and behind it that `may` says yes to and that are not farther than `within`:
    /// whoever shares fewer digits with the owner is before, and the key shares as many as the row says.
    pub(crate) fn closest<'r>(
        &'r self,
        (key, row): (u128, usize),
        within: u128,
        so_far: Option<&'r Arc<Contact>>,
        may: &dyn Fn(&Contact) -> bool,
    ) -> Option<&'r Arc<Contact>> {
        let way = |contact: &Contact| closeness(key, contact.node.place());
        let (mut closest, mut limit) = (so_far, so_far.map_or((within, u128::MAX), |one| way(one)));
        let from = self.cells.partition_point(|known| known.at < cell(row, 0));
        // Spares are in no order, behind all others.
        let to = if row < SPARED_ROWS { self.contacts.len() } else { self.cells.len() };
        for index in from..to {
            let contact = &self.contacts[index];
            let at_least = self.cells.get(index).map_or(0, |cell| self.farness(cell.at, key, row));
            if at_least <= limit.0 && way(contact) < limit && may(contact) {
                (closest, limit) = (Some(contact), way(contact));
            }
        }
        closest
    }

    /// How far the node of a cell is from a key at the least, by where it is in the table: `row` is the first in which the key differs from
    /// the owner.
    fn farness(&self, at: u16, key: u128, row: usize) -> u128 {
        let digit_there =
            if usize::from(at / 16) == row { usize::from(at % 16) } else { digit(self.me, row) };
        let between = digit_there.abs_diff(digit(key, row)).saturating_sub(1);
        // In the first row both ways round the ring may be the shorter one.
        if row == 0 { 0 } else { (between as u128) << (124 - 4 * row) }
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

    /// Where the node is that shares one digit more with `key` than the owner.
    #[cfg(feature = "one-process")]
    pub(crate) fn way(&self, key: u128) -> Option<usize> {
        self.index(self.next(key)).ok()
    }

    /// Reads where a node is, or the node itself.
    #[cfg(feature = "one-process")]
    pub(crate) fn touch_contact(&self, index: usize, itself: bool) -> usize {
        let contact = &self.contacts[index];
        if itself { contact.node.0[0].into() } else { Arc::as_ptr(contact).addr() & 1 }
    }

    /// All nodes in the table, spares among them.
    pub(crate) fn contacts(&self) -> &[Arc<Contact>] {
        &self.contacts
    }
}

fn cell(row: usize, digit: usize) -> u16 {
    u16::try_from(row * 16 + digit).unwrap_or(u16::MAX)
}

/// Whether a place is in a row that has spares.
fn has_spare(at: u16) -> bool {
    usize::from(at) < SPARED_ROWS * 16
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
        let towards: Vec<_> = rows.towards(0x17 << 120).map(|contact| contact.node).collect();
        assert_eq!(towards, [second.node, first.node]);
        assert_eq!(rows.rtt(&second.node), Some(Duration::from_millis(30)));
        rows.remove(&first.node);
        assert!(!rows.on_silence(&second.node) && rows.on_silence(&second.node));
        rows.on_rtt(&second.node, Duration::from_millis(20));
        assert!(!rows.on_silence(&second.node), "it has spoken in between");
    }

    #[test]
    fn a_spare_comes_in_for_the_node_of_its_place() {
        let mut rows = Rows::new(contact(0).node);
        let all = [0x1a, 0x1b, 0x1c].map(|top: u128| contact(top << 120));
        all[..2].iter().for_each(|one| _ = rows.offer(one, None));
        rows.hear(&all[2]);
        let towards = |rows: &Rows| rows.towards(0x17 << 120).map(|one| one.node).collect::<Vec<_>>();
        assert_eq!((towards(&rows), rows.row(0).len()), (vec![all[0].node, all[1].node], 1));
        assert_eq!((rows.get(&all[1].node), rows.get(&all[2].node)), (Some(&all[1]), None));
        // Somebody nearer takes the place, and the one before stays as a spare.
        rows.offer(&all[1], Some(Duration::from_millis(9)));
        assert_eq!(towards(&rows), [all[1].node, all[0].node]);
        assert!(rows.remove(&all[1].node) && !rows.remove(&all[1].node));
        assert_eq!((towards(&rows), rows.rtt(&all[0].node)), (vec![all[0].node], None));
        rows.offer(&all[2], None);
        assert!(rows.remove(&all[0].node) && rows.remove(&all[2].node));
        assert!(rows.contacts().is_empty() && rows.depth() == 0);
    }

    #[test]
    fn where_the_node_of_a_place_is_silent_its_spare_is_asked() {
        let mut rows = Rows::new(contact(0).node);
        let [first, second] = [0x1a, 0x1b].map(|top: u128| contact(top << 120));
        let next = |rows: &Rows| rows.towards(0x17 << 120).next().map(|one| one.node);
        let both = |rows: &mut Rows| [&first, &second].map(|one| rows.offer(one, None));
        both(&mut rows);
        assert!(!rows.on_silence(&first.node), "once is no proof");
        assert_eq!(next(&rows), Some(second.node));
        // Both are silent, and then the one that was so twice is gone.
        assert!(rows.on_silence(&second.node) && rows.remove(&second.node));
        assert_eq!(next(&rows), Some(first.node));
        both(&mut rows);
        assert!(!rows.on_silence(&first.node));
        rows.on_rtt(&second.node, Duration::from_millis(20));
        assert!(!rows.on_silence(&second.node), "it has spoken in between");
        assert_eq!(next(&rows), Some(first.node));
    }

    #[test]
    fn only_the_first_rows_have_spares() {
        let mut rows = Rows::new(contact(0).node);
        for row in 0..4 {
            for last in [1, 2u128] {
                rows.offer(&contact(1 << (124 - 4 * row) | last), None);
            }
        }
        let lengths = [0, 1, 2, 3].map(|row| rows.row(row).len());
        assert_eq!((lengths, rows.contacts().len()), ([1; 4], 4 + SPARED_ROWS));
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
