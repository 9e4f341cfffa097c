//! The listing: this user's record, put where it belongs and kept there as long as the user wants.

use super::record::{LIFETIME_MS, Record, RecordBody};
use super::words::Words;
use super::{Directory, copies};
use crate::ctx::Ctx;
use crate::overlay::ring::Key;
use crate::store;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::cbor::structure;
use crate::wire::{Frame, Publish, RouteId};

/// How often a record is published anew: three times while it lasts (DESIGN, section 7).
const REPUBLISH_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long the word may take that it is kept.
const FILING: Duration = Duration::from_secs(5);
/// How often it is sent to a key from which no word comes; the next time is when it is published anew.
const TRIES_MAX: u8 = 4;

/// What a user wants to be found by, as it lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The words; none when the user wants to be listed no longer.
    pub words: Words,
    /// The count of the record.
    pub seq: u64,
}

structure! { Listed { 0 => words or default, 1 => seq } }

/// A listing under way.
pub(super) struct Listing {
    listed: Listed,
    /// Where the record before lies, until this one has been sent there as well.
    former: Vec<u128>,
    pub(super) publish_at: Instant,
    filings: Table<RouteId, Filing>,
}

/// A record that was sent to a key.
struct Filing {
    key: u128,
    record: Record,
    tries: u8,
    due: Instant,
}

impl Directory {
    /// Lists the user under these words from now on; under none: no longer.
    pub(crate) fn list(&mut self, ctx: &mut Ctx<'_>, words: Words) {
        let before = self.listing.take();
        let seq = before.as_ref().map_or(0, |listing| listing.listed.seq);
        // Ahead of what another run or another device of the user may have said.
        let seq = (seq + 1).max(ctx.now.as_millis());
        let former = before.map_or_else(Vec::new, |listing| {
            listing.record(ctx).map_or_else(Vec::new, |record| record.keys(self.code).collect())
        });
        let listed = Listed { words, seq };
        ctx.keep(store::Key::Listed, &listed);
        self.listing = Some(Listing { listed, former, publish_at: ctx.now, filings: Table::default() });
        self.on_listing_due(ctx);
    }

    /// Takes a listing of a former run back.
    pub(crate) fn take_listed(&mut self, now: Instant, listed: Listed) {
        let filings = Table::default();
        self.listing = Some(Listing { listed, former: Vec::new(), publish_at: now, filings });
    }

    /// The words that the user is listed under.
    pub(crate) fn listed(&self) -> Option<&Words> {
        self.listing.as_ref().map(|listing| &listing.listed.words).filter(|words| !words.is_empty())
    }

    /// Publishes when it is time, and sends again what no word came of.
    pub(super) fn on_listing_due(&mut self, ctx: &mut Ctx<'_>) {
        let Some(listing) = &mut self.listing else { return };
        if listing.publish_at <= ctx.now {
            listing.publish_at = ctx.now + REPUBLISH_EVERY;
            listing.filings = Table::default();
            if let Some(record) = listing.record(ctx) {
                let keys: Vec<_> =
                    record.keys(self.code).chain(std::mem::take(&mut listing.former)).collect();
                for key in keys {
                    listing.file(ctx, key, record.clone(), 1);
                }
            }
        }
        let is_due = |entry: &(&RouteId, &Filing)| entry.1.due <= ctx.now;
        let due: Vec<_> = listing.filings.iter().filter(is_due).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(Filing { key, record, tries, .. }) = listing.filings.remove(&id) {
                ctx.count("directory_filing_unanswered");
                if tries < TRIES_MAX {
                    listing.file(ctx, key, record, tries + 1);
                }
            }
        }
    }
}

impl Listing {
    pub(super) fn due(&self) -> Instant {
        self.filings.values().map(|filing| filing.due).fold(self.publish_at, Instant::min)
    }

    fn record(&self, ctx: &Ctx<'_>) -> Option<Record> {
        let profile = ctx.me.profile();
        let body = RecordBody {
            account: ctx.me.account(),
            name: profile.name.clone(),
            words: self.listed.words.clone(),
            nodes: List::first([ctx.me.node()]),
            seq: self.listed.seq,
            expires_ms: ctx.now.as_millis() + LIFETIME_MS,
        };
        Some(ctx.me.sign_as_user(body))
    }

    fn file(&mut self, ctx: &mut Ctx<'_>, key: u128, record: Record, tries: u8) {
        let id =
            ctx.route_around(Key::at(key), Frame::Publish(Publish { record: record.clone() }), copies(tries));
        let due = ctx.now + FILING.times(tries.into());
        self.filings.insert(id, Filing { key, record, tries, due });
    }

    pub(super) fn on_filed(&mut self, ctx: &mut Ctx<'_>, id: RouteId, kept: bool) {
        if self.filings.remove(&id).is_some() && !kept {
            ctx.count("directory_filing_refused");
        }
    }
}
