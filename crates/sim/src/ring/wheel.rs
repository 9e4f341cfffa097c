//! What is yet to happen in a ring: a calendar of short slots, because a tree of a million timers does two million steps a second at best.
#![allow(clippy::cast_possible_truncation, reason = "numbers of nodes and slots fit in 32 bits")]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use tertulia_proto::Instant;

/// A slot is 1,024 µs long.
const SLOT_BITS: u32 = 10;
/// Slots that are open at once, as a power of two: four seconds, longer than anything but timers.
const PAGE_BITS: u32 = 12;

/// A queue that hands out what was planned first among what is due first.
pub(crate) struct Wheel<T> {
    /// What is due in this slot or was due before, the next last.
    due: Vec<Entry<T>>,
    /// The slot that is being emptied, counted from 1970.
    slot: u64,
    /// What was planned for this page before it was open, the next last: mostly timers, a few a slot.
    page: Vec<Entry<T>>,
    /// What was planned since for its slots, each in the order in which it was planned.
    slots: Vec<Vec<Entry<T>>>,
    /// Lists for slots, the one that was used last the last: most slots are empty, and memory that was in use just now is at hand.
    spare: Vec<Vec<Entry<T>>>,
    /// A list for a page, or two: to let one grow anew for each takes fresh memory each time.
    spare_pages: Vec<Vec<Entry<T>>>,
    /// Pages that are not open yet.
    pages: BTreeMap<u64, Vec<Entry<T>>>,
    /// How many entries there are in the slots of this page.
    in_slots: usize,
}

struct Entry<T> {
    at: Instant,
    item: T,
}

fn slot(at: Instant) -> u64 {
    at.as_micros() >> SLOT_BITS
}

fn page(slot: u64) -> u64 {
    slot >> PAGE_BITS
}

fn place(slot: u64) -> usize {
    slot as usize & ((1 << PAGE_BITS) - 1)
}

impl<T> Wheel<T> {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            due: Vec::new(),
            slot: slot(now),
            page: Vec::new(),
            slots: (0..1 << PAGE_BITS).map(|_| Vec::new()).collect(),
            spare: Vec::new(),
            spare_pages: Vec::new(),
            pages: BTreeMap::new(),
            in_slots: 0,
        }
    }

    pub(crate) fn plan(&mut self, at: Instant, item: T) {
        let entry = Entry { at, item };
        let slot = slot(at);
        if slot <= self.slot {
            let place = self.due.partition_point(|other| other.at > at);
            self.due.insert(place, entry);
        } else if page(slot) == page(self.slot) {
            let entries = &mut self.slots[place(slot)];
            if entries.capacity() == 0 {
                *entries = self.spare.pop().unwrap_or_default();
            }
            entries.push(entry);
            self.in_slots += 1;
        } else {
            let spare = || self.spare_pages.pop().unwrap_or_default();
            self.pages.entry(page(slot)).or_insert_with(spare).push(entry);
        }
    }

    /// The next item, if it is due before `end`.
    pub(crate) fn pop_before(&mut self, end: Instant) -> Option<(Instant, T)> {
        while self.due.is_empty() {
            if slot(end) <= self.slot || !self.turn() {
                return None;
            }
        }
        let entry = self.due.pop_if(|next| next.at < end)?;
        Some((entry.at, entry.item))
    }

    /// What comes next, as far as that is settled.
    pub(crate) fn upcoming(&self) -> impl Iterator<Item = (Instant, &T)> {
        self.due.iter().rev().map(|entry| (entry.at, &entry.item))
    }

    /// Goes on to the next slot; says whether there is anything left.
    fn turn(&mut self) -> bool {
        if self.page.is_empty() && self.in_slots == 0 {
            let Some((number, entries)) = self.pages.pop_first() else { return false };
            self.slot = number << PAGE_BITS;
            self.spare_pages.push(std::mem::replace(&mut self.page, entries));
            self.page.reverse();
            self.page.sort_by_key(|entry| Reverse(entry.at));
        } else {
            self.slot += 1;
        }
        let entries = std::mem::take(&mut self.slots[place(self.slot)]);
        self.in_slots -= entries.len();
        let used = std::mem::replace(&mut self.due, entries);
        if used.capacity() > 0 {
            self.spare.push(used);
        }
        // Among equals the first that was planned stays behind the others, to be taken first: those of the page before all.
        self.due.reverse();
        let earlier = self.page.iter().rev().take_while(|entry| slot(entry.at) <= self.slot).count();
        self.due.extend(self.page.drain(self.page.len() - earlier..));
        self.due.sort_by_key(|entry| Reverse(entry.at));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_first_and_among_equals_the_one_planned_first() {
        let mut wheel = Wheel::new(Instant::from_micros(3_000_000));
        let mut chance = super::super::Chance::new(1);
        let mut times: Vec<u64> = (0..5_000).map(|_| 3_000_000 + chance.below(20_000_000) / 7 * 7).collect();
        for (number, at) in times.iter().enumerate() {
            wheel.plan(Instant::from_micros(*at), (*at, number));
        }
        let mut taken = Vec::new();
        while let Some((at, item)) = wheel.pop_before(Instant::from_micros(u64::MAX)) {
            assert_eq!(at.as_micros(), item.0);
            taken.push(item);
            if taken.len() == 2_000 {
                // What is planned on the way comes in its turn.
                wheel.plan(at, (at.as_micros(), 5_000));
                times.push(at.as_micros());
            }
        }
        assert!(taken.is_sorted() && taken.len() == times.len());
    }

    #[test]
    fn nothing_comes_before_its_time() {
        let mut wheel = Wheel::new(Instant::default());
        for at in [5_000, 9_000_000] {
            wheel.plan(Instant::from_micros(at), at);
        }
        assert_eq!(wheel.pop_before(Instant::from_micros(5_000)), None);
        assert_eq!(wheel.pop_before(Instant::from_micros(5_001)).map(|(_, item)| item), Some(5_000));
        assert_eq!(wheel.pop_before(Instant::from_micros(8_999_999)), None);
        assert_eq!(wheel.pop_before(Instant::from_micros(u64::MAX)).map(|(_, item)| item), Some(9_000_000));
    }
}
