//! The listing: this user's record, put where it belongs and kept there as long as the user wants.

use super::code::Code;
use super::record::{LIFETIME_MS, Record, RecordBody};
use super::words::{WORDS_MAX, Words};
use super::{Aside, Directory, copies};
use crate::ctx::Ctx;
use crate::overlay::ring::Key;
use crate::store;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::cbor::structure;
use crate::wire::{Found, Frame, Publish, RouteId, Seek};

/// How often a record is published anew: three times while it lasts (DESIGN, section 7).
const REPUBLISH_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long the word may take that it is kept.
const FILING: Duration = Duration::from_secs(5);
/// How often it is sent to a key from which no word comes, or where it is not to be found then; the next time is when it is
/// published anew.
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

/// Keys of former records to which the present one is sent as well: those of eight changes within half an hour. What was changed
/// before these ends by itself.
const FORMER_MAX: usize = 2 * WORDS_MAX * 8;

/// A listing under way.
pub(super) struct Listing {
    listed: Listed,
    /// Where older records may lie, and until when: this one takes their place, or the user is found by words of former times.
    former: Table<u128, Instant>,
    pub(super) publish_at: Instant,
    filings: Table<RouteId, Filing>,
}

/// A record that was sent to a key, or is looked for there afterwards: whoever says that it is kept may be none who keeps it.
struct Filing {
    key: u128,
    record: Record,
    tries: u8,
    due: Instant,
    is_check: bool,
    /// The record has no word there: it is to take the place of an older one.
    is_former: bool,
}

impl Directory {
    /// Lists the user under these words from now on; under none: no longer.
    pub(crate) fn list(&mut self, ctx: &mut Ctx<'_>, words: Words) {
        let before = self.listing.take();
        let seq = before.as_ref().map_or(0, |listing| listing.listed.seq);
        // Ahead of what another run or another device of the user may have said.
        let seq = (seq + 1).max(ctx.now.as_millis());
        let former = before.map_or_else(Table::default, |listing| listing.all_keys(ctx, self.code));
        let listed = Listed { words, seq };
        ctx.keep(store::Key::Listed, &listed);
        self.listing = Some(Listing { listed, former, publish_at: ctx.now, filings: Table::default() });
        self.on_listing_due(ctx);
    }

    /// Takes a listing of a former run back.
    pub(crate) fn take_listed(&mut self, now: Instant, listed: Listed) {
        let filings = Table::default();
        self.listing = Some(Listing { listed, former: Table::default(), publish_at: now, filings });
    }

    /// Publishes anew: the user is called otherwise.
    pub(crate) fn on_renamed(&mut self, now: Instant) {
        if let Some(listing) = &mut self.listing {
            listing.publish_at = now;
        }
    }

    /// The words that the user is listed under.
    pub(crate) fn listed(&self) -> Option<&Words> {
        self.listing.as_ref().map(|listing| &listing.listed.words).filter(|words| !words.is_empty())
    }

    /// Publishes when it is time, and sends again what no word came of.
    pub(super) fn on_listing_due(&mut self, ctx: &mut Ctx<'_>) {
        let aside = self.aside();
        let Some(listing) = &mut self.listing else { return };
        if listing.publish_at <= ctx.now {
            listing.publish_at = ctx.now + REPUBLISH_EVERY;
            listing.filings = Table::default();
            listing.publish(ctx, aside, self.code);
        }
        let is_due = |entry: &(&RouteId, &Filing)| entry.1.due <= ctx.now;
        let due: Vec<_> = listing.filings.iter().filter(is_due).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(filing) = listing.filings.remove(&id) {
                ctx.count("directory_filing_unanswered");
                listing.file_again(ctx, aside, filing);
            }
        }
    }
}

impl Listing {
    pub(super) fn due(&self) -> Instant {
        self.filings.values().map(|filing| filing.due).fold(self.publish_at, Instant::min)
    }

    /// Sends the record to all of its keys, and to those where older ones may lie.
    fn publish(&mut self, ctx: &mut Ctx<'_>, aside: Aside, code: Code) {
        let record = self.record(ctx);
        let keys: Vec<_> = record.keys(code).collect();
        self.former.retain(|key, until| *until > ctx.now && !keys.contains(key));
        let former: Vec<_> = self.former.keys().copied().collect();
        let all = keys.into_iter().map(|key| (key, false)).chain(former.into_iter().map(|key| (key, true)));
        for (key, is_former) in all {
            let (record, due) = (record.clone(), ctx.now);
            self.file(ctx, aside, Filing { key, record, tries: 1, due, is_check: false, is_former });
        }
    }

    /// Where the record lies, and where older ones may; each with the moment when what lies there has ended.
    fn all_keys(self, ctx: &Ctx<'_>, code: Code) -> Table<u128, Instant> {
        let until = ctx.now + Duration::from_millis(LIFETIME_MS);
        let keys: Vec<_> = self.record(ctx).keys(code).collect();
        let mut all = self.former;
        for key in keys {
            all.insert(key, until);
        }
        while all.len() > FORMER_MAX {
            let first = all.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key);
            first.map(|key| all.remove(&key));
        }
        all
    }

    fn record(&self, ctx: &Ctx<'_>) -> Record {
        let profile = ctx.me.profile();
        let body = RecordBody {
            account: ctx.me.account(),
            name: profile.name.clone(),
            words: self.listed.words.clone(),
            nodes: List::first([ctx.me.node()]),
            seq: self.listed.seq,
            expires_ms: ctx.now.as_millis() + LIFETIME_MS,
        };
        ctx.me.sign_as_user(body)
    }

    /// Sends the record to a key; not for the first time, beside it.
    fn file(&mut self, ctx: &mut Ctx<'_>, aside: Aside, filing: Filing) {
        let Filing { key, tries, .. } = filing;
        // Of one that has no word there only the key says where it lies.
        let to = if tries < 2 || filing.is_former { Key::at(key) } else { aside.any(ctx, key) };
        let publish = Publish { record: filing.record.clone() };
        let id = ctx.route_around(to, Frame::Publish(Box::new(publish)), copies(tries));
        let due = ctx.now + FILING.times(tries.into());
        self.filings.insert(id, Filing { due, is_check: false, ..filing });
    }

    fn file_again(&mut self, ctx: &mut Ctx<'_>, aside: Aside, filing: Filing) {
        if filing.tries < TRIES_MAX {
            self.file(ctx, aside, Filing { tries: filing.tries + 1, ..filing });
        }
    }

    /// Takes the word that the record is kept, and looks whether it is.
    pub(super) fn on_filed(&mut self, ctx: &mut Ctx<'_>, aside: Aside, id: RouteId, kept: bool) {
        if self.filings.get(&id).is_none_or(|filing| filing.is_check) {
            return;
        }
        let Some(filing) = self.filings.remove(&id) else { return };
        if !kept {
            ctx.count("directory_filing_refused");
        } else if !filing.record.is_unlisting() {
            let (key, words) = (Key::at(filing.key), filing.record.words.clone());
            let to = aside.any(ctx, filing.key);
            let id = ctx.route_around(to, Frame::Seek(Seek { first: key, last: key, words }), 1);
            let due = ctx.now + FILING;
            self.filings.insert(id, Filing { due, is_check: true, ..filing });
        }
    }

    /// Whether a message asks for our own record.
    pub(super) fn checks(&self, id: &RouteId) -> bool {
        self.filings.get(id).is_some_and(|filing| filing.is_check)
    }

    /// Takes what was found of our own record.
    pub(super) fn on_checked(&mut self, ctx: &mut Ctx<'_>, aside: Aside, id: RouteId, found: &Found) {
        let Some(filing) = self.filings.remove(&id) else { return };
        if !found.records.contains(&filing.record) {
            ctx.count("directory_filing_missing");
            self.file_again(ctx, aside, filing);
        }
    }
}
