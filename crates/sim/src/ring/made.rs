//! Rings that are made at once, as they would have become: leaf sets exact, each place of each table taken by a node that
//! belongs there. What was joined up is measured beside them (`tests/rings.rs`).
#![allow(clippy::cast_possible_truncation, reason = "numbers of nodes and slots fit in 32 bits")]

use super::Ring;
use super::chance::{Chance, Spot, node_id};
use std::sync::Arc;
use tertulia_proto::overlay::contact::Contact;
use tertulia_proto::overlay::ring::SIDE_MAX;

/// Nodes of a prefix that are looked at for a place in a table; the nearest of them gets it. A newcomer sees about so many.
pub const CHOICE: usize = 2;

impl Ring {
    /// A ring of `count` nodes.
    pub fn made(seed: u64, count: u32) -> Self {
        let mut ring = Self::new(seed);
        let mut ids: Vec<_> = (0..count).map(|number| node_id(seed, number)).collect();
        ids.sort_unstable();
        // Neighbours lie next to each other in memory, too: who looks at a leaf set looks at one page.
        let sorted: Vec<_> = ids.into_iter().map(|node| Arc::new(Contact { node, endpoint: None })).collect();
        let mut by_number: Vec<_> = sorted.iter().collect();
        by_number.sort_unstable_by_key(|contact| super::number(&contact.node));
        ring.seats.reserve_exact(sorted.len());
        for contact in by_number {
            ring.sit(Some(contact));
        }
        let places: Vec<u128> = sorted.iter().map(|contact| contact.node.place()).collect();
        let sorted = Sorted { contacts: &sorted, places: &places };
        for at in 0..places.len() {
            ring.furnish(&sorted, at);
        }
        ring.members = places.iter().copied().collect();
        ring
    }

    fn furnish(&mut self, sorted: &Sorted<'_>, at: usize) {
        let number = super::number(&sorted.contacts[at].node);
        let leaves = sorted.leaves(at);
        let mut chance = Chance::new(self.chance.bits());
        let spots = |contact: &Contact| self.spots[super::number(&contact.node) as usize];
        let table = sorted.table(at, &mut chance, spots);
        self.seats[number as usize].is_member = true;
        self.act(number, None, |node, common, now| node.place(common, now, &leaves, &table));
    }
}

/// All nodes in the order of their places.
struct Sorted<'s> {
    contacts: &'s [Arc<Contact>],
    places: &'s [u128],
}

impl<'s> Sorted<'s> {
    /// Those next to one.
    fn leaves(&self, at: usize) -> Vec<&'s Arc<Contact>> {
        let count = self.contacts.len();
        let side = SIDE_MAX.min(count - 1);
        let offsets = (1..=side).chain((1..=side).map(|back| count - back));
        offsets.map(|offset| &self.contacts[(at + offset) % count]).collect()
    }

    /// A table for one: row by row, digit by digit.
    fn table(
        &self,
        at: usize,
        chance: &mut Chance,
        spot: impl Fn(&Contact) -> Spot,
    ) -> Vec<&'s Arc<Contact>> {
        let (me, mine) = (self.places[at], spot(&self.contacts[at]));
        let (mut table, mut from, mut to) = (Vec::with_capacity(80), 0, self.places.len());
        for row in 0.. {
            if to - from <= 1 {
                break;
            }
            let shift = 124 - 4 * row;
            let (mut own, mut start) = ((from, to), from);
            for digit in 0..16 {
                let end =
                    start + self.places[start..to].partition_point(|place| place >> shift & 15 <= digit);
                if me >> shift & 15 == digit {
                    own = (start, end);
                } else if start < end {
                    let any = |_| &self.contacts[start + chance.below((end - start) as u64) as usize];
                    table.extend((0..CHOICE).map(any).min_by_key(|contact| spot(contact).delay(mine)));
                }
                start = end;
            }
            (from, to) = own;
        }
        table
    }
}
