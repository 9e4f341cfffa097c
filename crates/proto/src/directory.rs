//! The directory: people are found by words (DIMA, section 3).
//!
//! In reading order: [`words`] makes words of what people type, and says which of them are alike; [`code`] gives each
//! word its place on the ring; [`record`] is what a user lets be known of themself; `shelf` holds the records whose places
//! are near this node, for others; `listing` puts this user's own record where it belongs; `search` finds those of others.

pub mod words;

pub mod code;

mod letters;

pub mod record;

mod listing;
mod search;
mod shelf;
mod vicinity;

pub use search::{FOUND_MAX, FoundPerson, SEARCHES_MAX};
pub(crate) use vicinity::Vicinity;

use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::io::Wake;
use crate::overlay::WayBack;
use crate::overlay::ring::{Key, closeness};
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{Filed, Found, Frame, Keep, Kept, RECORDS_MAX, RouteId};
use code::Code;
use listing::Listing;
use record::Record;
use search::Searching;
use shelf::{NEAR, Shelf};

/// Nodes that keep each record besides the one that is closest to its key (DESIGN, section 7).
pub const REPLICAS: usize = 8;
/// Copies of a message that is tried the second time, and the third: where a quarter of the network drops what comes its way, one
/// of sixteen comes through (Castro et al. 2002).
const COPIES: [usize; 2] = [4, 16];
/// How long after a change among the neighbours records are handed on: a newcomer has found its place by then, and what one
/// loss brings about is done in one go.
const HANDOVER_AFTER: Duration = Duration::from_secs(2);

/// Over how many first hops a message goes the `tries`th time.
fn copies(tries: u8) -> usize {
    match tries {
        0 | 1 => 0,
        2 => COPIES[0],
        _ => COPIES[1],
    }
}

/// Half of how far apart nodes are. What lies at a key lies with the nodes around it as well: whoever is asked beside a key knows
/// it, too, and the way there is another. So the one node that is closest cannot hide it, nor one on the way to it.
#[derive(Clone, Copy)]
struct Aside(u128);

impl Aside {
    /// A key so many halves away.
    fn of(self, key: u128, halves: i8) -> Key {
        let way = self.0.wrapping_mul(u128::from(halves.unsigned_abs()));
        Key::at(if halves < 0 { key.wrapping_sub(way) } else { key.wrapping_add(way) })
    }

    /// A key next to another, by chance.
    fn any(self, ctx: &mut Ctx<'_>, key: u128) -> Key {
        const WAYS: [i8; 4] = [-3, -2, 2, 3];
        self.of(key, WAYS[usize::from(ctx.rng.bytes::<1>()[0] & 3)])
    }
}

/// This node's part in the directory.
pub(crate) struct Directory {
    code: Code,
    shelf: Shelf,
    listing: Option<Listing>,
    searches: Vec<Searching>,
    /// The neighbours when records were last handed on.
    neighbours: Vec<NodeId>,
    handover_at: Option<Instant>,
}

impl Directory {
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            shelf: Shelf::default(),
            listing: None,
            searches: Vec::new(),
            neighbours: Vec::new(),
            handover_at: None,
        }
    }

    /// Takes what the overlay has delivered here because this node is the closest to `key`; gives it back if it is nothing for the
    /// directory.
    pub(crate) fn on_delivered(
        &mut self,
        ctx: &mut Ctx<'_>,
        vicinity: &Vicinity,
        (key, way): (Key, &WayBack),
        load: Frame,
    ) -> Option<Frame> {
        match load {
            Frame::Publish(publish) => {
                let key = self.own_key(vicinity, key, &publish.record);
                let kept = self.keep(ctx, vicinity, key, publish.record.clone());
                // What is here already others were told of by whoever had it first.
                if kept == Some(true) {
                    let record = Keep { records: List::first([Kept { key, record: publish.record }]) };
                    for node in vicinity.closest(key.place(), REPLICAS + 1) {
                        if node != vicinity.me() {
                            ctx.post(node, Frame::Keep(record.clone()));
                        }
                    }
                }
                ctx.answer(way.clone(), Frame::Filed(Filed { kept: kept.is_some() }));
            }
            Frame::Seek(seek) => {
                let covered = vicinity.covered(seek.first.place(), seek.last.place(), REPLICAS);
                let stretch = code::Interval { first: seek.first.place(), last: covered };
                let (records, rest) = self.shelf.best(ctx.now, stretch, &seek.words, RECORDS_MAX);
                let covered = rest.unwrap_or(covered);
                ctx.count("directory_sought");
                ctx.answer(
                    way.clone(),
                    Frame::Found(Found { records: List::first(records), covered: Key::at(covered) }),
                );
            }
            load => return Some(load),
        }
        None
    }

    /// Takes an answer to a message of ours; gives it back if the directory has not asked.
    pub(crate) fn on_answer(&mut self, ctx: &mut Ctx<'_>, id: RouteId, load: Frame) -> Option<Frame> {
        let aside = self.aside();
        match (load, &mut self.listing) {
            (Frame::Filed(filed), Some(listing)) => listing.on_filed(ctx, aside, id, filed.kept),
            (Frame::Filed(_), None) => {}
            (Frame::Found(found), Some(listing)) if listing.checks(&id) => {
                listing.on_checked(ctx, aside, id, &found);
            }
            (load, _) => return self.on_search_answer(ctx, id, load),
        }
        None
    }

    /// Takes records that a neighbour wants kept here, too.
    pub(crate) fn on_keep(&mut self, ctx: &mut Ctx<'_>, vicinity: &Vicinity, from: NodeId, keep: Keep) {
        if !vicinity.is_neighbour(&from) {
            ctx.count("record_of_a_stranger");
            return;
        }
        for Kept { key, record } in keep.records.into_vec() {
            self.keep(ctx, vicinity, key, record);
        }
    }

    /// The key of a record that was sent to `key` or beside it.
    fn own_key(&self, vicinity: &Vicinity, key: Key, record: &Record) -> Key {
        // Where an older one lies it is to go, too.
        if self.shelf.has(key.place(), record.account) {
            return key;
        }
        let nearest = record.keys(self.code).min_by_key(|own| closeness(key.place(), *own));
        nearest.filter(|own| vicinity.rank(*own) < NEAR).map_or(key, Key::at)
    }

    /// Keeps a record and says whether it was not there; or counts why not.
    fn keep(&mut self, ctx: &mut Ctx<'_>, vicinity: &Vicinity, key: Key, record: Record) -> Option<bool> {
        match self.shelf.take(ctx.now, (self.code, vicinity), key.place(), record) {
            Ok(is_new) => Some(is_new),
            Err(refused) => {
                ctx.count(refused);
                None
            }
        }
    }

    /// How places next to each other are found: so far apart are nodes.
    fn aside(&self) -> Aside {
        Aside(Vicinity::spacing(&self.neighbours) / 2)
    }

    /// Takes note of who is next to this node in the overlay.
    pub(crate) fn on_neighbours(&mut self, ctx: &mut Ctx<'_>) {
        self.handover_at.get_or_insert(ctx.now + HANDOVER_AFTER);
    }

    /// Hands records on to those who have come near their keys, and lets go of those that are others' now. Of those who had a
    /// record the closest hands it on.
    fn hand_over(&mut self, ctx: &mut Ctx<'_>, now: &Vicinity) {
        let before =
            Vicinity::new(now.me(), std::mem::replace(&mut self.neighbours, now.neighbours().to_vec()));
        if before.neighbours().is_empty() {
            // What we listed as the only node we knew lies here, wherever it belongs.
            if let Some(listing) = &mut self.listing {
                listing.publish_at = ctx.now;
            }
        }
        let mut batches: crate::table::Table<NodeId, Vec<Kept>> = crate::table::Table::default();
        for (key, record) in self.shelf.records() {
            let had = before.closest(key, REPLICAS + 1);
            let first = had.iter().find(|node| **node == now.me() || now.is_neighbour(node));
            if first != Some(&now.me()) {
                continue;
            }
            for node in now.closest(key, REPLICAS + 1).into_iter().filter(|node| !had.contains(node)) {
                let kept = Kept { key: Key::at(key), record: record.clone() };
                batches.or_insert_with(node, Vec::new).push(kept);
            }
        }
        for (node, records) in batches.take() {
            for some in records.chunks(RECORDS_MAX) {
                ctx.post(node, Frame::Keep(Keep { records: List::first(some.iter().cloned()) }));
            }
        }
        self.shelf.keep_near(now);
    }

    /// Does what is due.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>, vicinity: impl Fn() -> Vicinity) {
        if self.handover_at.is_some_and(|at| at <= ctx.now) {
            self.handover_at = None;
            self.hand_over(ctx, &vicinity());
        }
        self.shelf.on_timeout(ctx.now);
        self.on_listing_due(ctx);
        self.on_searches_due(ctx);
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        let listing = self.listing.as_ref().map(Listing::due);
        let searches = self.searches.iter().filter_map(Searching::due);
        let own = [self.handover_at, self.shelf.due(), listing];
        own.into_iter().flatten().chain(searches).min().map(|at| (at, Wake::Directory))
    }

    /// How many records are kept here.
    pub(crate) fn kept(&self) -> usize {
        self.shelf.len()
    }
}
