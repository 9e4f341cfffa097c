//! The shelf: records that this node keeps for others, because it is near their keys.

use super::REPLICAS;
use super::code::{Code, Interval};
use super::record::{RECORD_MAX, Record};
use super::vicinity::Vicinity;
use super::words::{Rank, Word};
use crate::identity::AccountId;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::cbor::encode;

/// Records that are kept at most, some two megabytes. An even share is 18 for each record that a node publishes; where words are
/// popular it is eight times that, and what lies farthest from here has to go when it is more.
const RECORDS_MAX: usize = 4096;
/// How many nodes may be closer to a key than one that keeps its record: neighbours do not always agree who is there.
pub(super) const NEAR: usize = REPLICAS + 4;
/// How often it is looked what has ended.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Records under their keys, in the order of the ring.
#[derive(Default)]
pub(super) struct Shelf {
    records: Table<(u128, AccountId), Record>,
    sweep_at: Option<Instant>,
}

impl Shelf {
    /// Keeps a record at `key`, and says whether it is another than before; or says why not.
    pub(super) fn take(
        &mut self,
        now: Instant,
        (code, vicinity): (Code, &Vicinity),
        key: u128,
        record: Record,
    ) -> Result<bool, &'static str> {
        if encode(&record).len() > RECORD_MAX {
            return Err("record_oversized");
        }
        if !record.is_current(now.as_millis()) {
            return Err("record_not_current");
        }
        if vicinity.rank(key) >= NEAR {
            return Err("record_not_near");
        }
        match self.records.get(&(key, record.account)) {
            // The same again: a neighbour was quicker.
            Some(known) if *known == record => return Ok(false),
            Some(known) if !record.supersedes(known) => return Err("record_rolled_back"),
            Some(_) => {}
            None if !record.keys(code).any(|own| own == key) => return Err("record_misplaced"),
            None => {}
        }
        if self.records.len() >= RECORDS_MAX && !self.make_room(key, vicinity) {
            return Err("record_refused_full");
        }
        self.outdate(&record);
        self.records.insert((key, record.account), record);
        self.sweep_at.get_or_insert(now + SWEEP_EVERY);
        Ok(true)
    }

    /// Puts a record in the place of all older ones of its user's: nobody is found by words that they have taken back.
    fn outdate(&mut self, record: &Record) {
        for ((_, account), known) in self.records.iter_mut() {
            if *account == record.account && known.seq < record.seq {
                *known = record.clone();
            }
        }
    }

    /// Whether there is a record of a user's at `key`.
    pub(super) fn has(&self, key: u128, account: AccountId) -> bool {
        self.records.contains_key(&(key, account))
    }

    /// Lets go of what others are closest to, unless that is what is to be kept.
    fn make_room(&mut self, key: u128, vicinity: &Vicinity) -> bool {
        let farthest = self.records.keys().max_by_key(|(key, _)| vicinity.rank(*key)).copied();
        let Some(farthest) = farthest.filter(|(other, _)| vicinity.rank(*other) > vicinity.rank(key)) else {
            return false;
        };
        self.records.remove(&farthest);
        true
    }

    /// The records in a stretch of the ring that answer best to a query, at most `count`; and where the rest of the stretch begins, if
    /// there are as good ones that are not among them. Of those that answer only to a part of the query the rest is left out:
    /// what answers to all of it comes before them.
    pub(super) fn best(
        &self,
        now: Instant,
        stretch: Interval,
        query: &[Word],
        count: usize,
    ) -> (Vec<Record>, Option<u128>) {
        let mut best = Table::default();
        for ((key, account), record) in self.records.iter() {
            let is_meant = stretch.contains(*key) && record.is_current(now.as_millis());
            if let Some(rank) = Rank::of(query, &record.words).filter(|_| is_meant) {
                best.insert((rank, *key, *account), record);
            }
        }
        let rest = best.keys().nth(count).and(best.keys().nth(count.saturating_sub(1)));
        let rest = rest.filter(|(rank, ..)| rank.unmatched == 0).map(|(_, key, _)| *key);
        (best.into_values().into_iter().take(count).cloned().collect(), rest)
    }

    /// All records under their keys.
    pub(super) fn records(&self) -> impl Iterator<Item = (u128, &Record)> {
        self.records.iter().map(|((key, _), record)| (*key, record))
    }

    /// Lets go of records that enough others are closer to.
    pub(super) fn keep_near(&mut self, vicinity: &Vicinity) {
        self.records.retain(|(key, _), _| vicinity.rank(*key) < NEAR);
    }

    /// Lets go of what has ended.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        if self.sweep_at.is_some_and(|at| at <= now) {
            self.records.retain(|_, record| record.is_current(now.as_millis()));
            self.sweep_at = (!self.records.is_empty()).then(|| now + SWEEP_EVERY);
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.sweep_at
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::code::Reading;
    use crate::directory::record::{LIFETIME_MS, RecordBody};
    use crate::directory::words::{listed, sought};
    use crate::group::Letter;
    use crate::identity::{Identity, Name};
    use crate::rng::Rng;
    use crate::wire::bounded::List;

    const NOW: Instant = Instant::from_millis(1_790_000_000_000);
    const CODE: Code = Code::Balanced;

    fn record(user: &Identity, words: &str, seq: u64) -> Record {
        user.sign_as_user(RecordBody {
            account: user.account(),
            name: user.profile().name.clone(),
            words: listed(words, Letter::of),
            nodes: List::first([user.node()]),
            seq,
            expires_ms: NOW.as_millis() + LIFETIME_MS,
        })
    }

    #[test]
    fn a_newer_record_takes_the_place_of_all_older_ones_of_its_user() {
        let user = |seed| Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1);
        let (ana, eva) = (user(1), user(2));
        let vicinity = Vicinity::new(ana.node(), Vec::new());
        let mut shelf = Shelf::default();
        let mut keep = |user: &Identity, word, words, seq| {
            let key = CODE.key(word, Reading::Forward, &user.account());
            shelf.take(NOW, (CODE, &vicinity), key, record(user, words, seq)).expect("kept");
        };
        keep(&ana, "chess", "chess smith", 5);
        keep(&eva, "chess", "chess", 5);
        keep(&ana, "smith", "smith", 6);
        let whole = Interval { first: 0, last: u128::MAX };
        let found = |word| shelf.best(NOW, whole, &sought(word, Letter::of), 9).0;
        assert_eq!(found("chess").iter().map(|one| one.account).collect::<Vec<_>>(), [eva.account()]);
        assert!(found("smith").iter().all(|one| one.account == ana.account() && one.seq == 6));
        assert_eq!(shelf.len(), 3, "what lies there keeps older ones out");
    }
}
