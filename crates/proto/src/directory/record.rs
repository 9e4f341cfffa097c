//! The record of a user: what they let others find them by, signed, for half an hour at most.

use super::code::{Code, Reading};
use super::words::{Rank, Word, Words};
use crate::identity::{AccountId, Name, NodeId};
use crate::wire::bounded::List;
use crate::wire::cbor::structure;
use crate::wire::signed::{SelfSigned, Signed};

/// The longest record as encoded with its signature, in bytes. What the fields allow stays well below; more than that is
/// fields of a later version.
pub const RECORD_MAX: usize = 1000;
/// The most nodes of a user that a record names: who has more devices is reached by these.
pub const NODES_MAX: usize = 4;
/// How far ahead a record expires at the most: a user who is gone is found no longer than that.
pub const LIFETIME_MS: u64 = 30 * 60 * 1000;
/// How far the clocks of a publisher and of whoever keeps the record may be apart.
pub const SKEW_MS: u64 = 2 * 60 * 1000;

/// What a user lets be known of themself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBody {
    /// Who it is.
    pub account: AccountId,
    /// The name to show.
    pub name: Name,
    /// The words to be found by. None: the user is listed no longer, and no older record may come back.
    pub words: Words,
    /// The nodes where the user is.
    pub nodes: List<NodeId, NODES_MAX>,
    /// Rises with each change: the newest counts.
    pub seq: u64,
    /// When it ends, milliseconds since 1970.
    pub expires_ms: u64,
}

structure! {
    RecordBody {
        0 => account, 1 => name, 2 => words or default, 3 => nodes or default, 4 => seq, 5 => expires_ms,
    }
}

impl SelfSigned for RecordBody {
    const CONTEXT: &'static str = "tertulia directory record v1";
    fn signer(&self) -> [u8; 32] {
        self.account.0
    }
}

/// A user's record: holding one means that its signature was checked.
pub type Record = Signed<RecordBody>;

impl RecordBody {
    /// Whether it takes the place of another: it is of the same user and newer, or was made to last longer.
    pub fn supersedes(&self, other: &Self) -> bool {
        self.account == other.account && (self.seq, self.expires_ms) > (other.seq, other.expires_ms)
    }

    /// Whether it holds at a moment: it has not ended, and does not last longer than one may.
    pub fn is_current(&self, now_ms: u64) -> bool {
        let left_ms = self.expires_ms.saturating_sub(now_ms);
        0 < left_ms && left_ms <= LIFETIME_MS + SKEW_MS
    }

    /// The record, signed by its user: for worlds that make their own.
    #[cfg(feature = "one-process")]
    pub fn signed(self, user: &crate::identity::Identity) -> Record {
        user.sign_as_user(self)
    }

    /// Whether the user is listed no longer.
    pub fn is_unlisting(&self) -> bool {
        self.words.is_empty()
    }

    /// Where it is stored: two places for each word. Whoever stores records takes one for no other place, so that nobody
    /// can choose where theirs lie; but for one that supersedes what is there, as an unlisting does.
    pub fn keys(&self, code: Code) -> impl Iterator<Item = u128> {
        let key = move |word: &Word, reading| code.key(word.as_str(), reading, &self.account);
        self.words.iter().flat_map(move |word| Reading::ALL.map(|reading| key(word, reading)))
    }

    /// Where it stands among the answers to a query, the first the least; nothing if no word answers.
    pub fn standing(&self, query: &[Word]) -> Option<(Rank, &Name, AccountId)> {
        Rank::of(query, &self.words).map(|rank| (rank, &self.name, self.account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::words::{WORD_MAX, WORDS_MAX, listed};
    use crate::group::Letter;
    use crate::identity::NAME_MAX;
    use crate::wire::cbor::{decode, encode};
    use ed25519_dalek::SigningKey;

    const NOW_MS: u64 = 1_790_000_000_000;

    fn body(words: &str) -> (RecordBody, SigningKey) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let body = RecordBody {
            account: AccountId(key.verifying_key().to_bytes()),
            name: Name::cut("Ana"),
            words: listed(words, Letter::of),
            nodes: List::first([NodeId([1; 16])]),
            seq: 3,
            expires_ms: NOW_MS + LIFETIME_MS,
        };
        (body, key)
    }

    #[test]
    fn the_largest_record_fits_and_survives_the_wire() {
        let words: Vec<String> = ('a'..).take(WORDS_MAX).map(|c| c.to_string().repeat(WORD_MAX)).collect();
        let (body, key) = body(&words.join(" "));
        let body = RecordBody {
            name: Name::cut(&"x".repeat(NAME_MAX)),
            nodes: List::first((0..).map(|node| NodeId([node; 16]))),
            seq: u64::MAX,
            expires_ms: u64::MAX,
            ..body
        };
        assert_eq!((body.words.len(), body.nodes.len()), (WORDS_MAX, NODES_MAX));
        let bytes = encode(&Record::sign(body.clone(), &key));
        assert!(bytes.len() <= RECORD_MAX, "{} bytes", bytes.len());
        assert_eq!(*decode::<Record>(&bytes).unwrap(), body);
    }

    #[test]
    fn a_record_that_another_signed_is_none() {
        let (body, key) = body("ana");
        let good = encode(&Record::sign(body, &key));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(decode::<Record>(&bad).is_none(), "bit of byte {at} passed");
        }
    }

    #[test]
    fn the_newer_supersedes_and_an_unlisting_does_too() {
        let (old, _) = body("ana");
        let later = RecordBody { expires_ms: old.expires_ms + 1, ..old.clone() };
        let unlisting =
            RecordBody { words: List::default(), seq: 4, expires_ms: old.expires_ms - 9, ..old.clone() };
        assert!(later.supersedes(&old) && !old.supersedes(&later) && !old.supersedes(&old));
        assert!(unlisting.supersedes(&later) && !later.supersedes(&unlisting) && unlisting.is_unlisting());
        let foreign = RecordBody { account: AccountId([0; 32]), ..unlisting };
        assert!(!foreign.supersedes(&old));
    }

    #[test]
    fn a_record_holds_for_half_an_hour_at_most() {
        let (body, _) = body("ana");
        assert!(
            body.is_current(NOW_MS)
                && body.is_current(NOW_MS - SKEW_MS)
                && body.is_current(body.expires_ms - 1)
        );
        assert!(!body.is_current(body.expires_ms) && !body.is_current(NOW_MS - SKEW_MS - 1));
        assert!(!body.is_current(0) && !body.is_current(u64::MAX));
    }

    #[test]
    fn it_lies_where_its_words_are_read_both_ways() {
        let (body, _) = body("Ana Pérez");
        for code in [Code::Ascii, Code::Balanced] {
            let keys: Vec<u128> = body.keys(code).collect();
            assert_eq!(keys.len(), 4);
            for (at, (word, reading)) in ["ana", "perez"]
                .into_iter()
                .flat_map(|word| Reading::ALL.map(|reading| (word, reading)))
                .enumerate()
            {
                assert!(code.word(word, reading).contains(keys[at]));
            }
        }
    }

    #[test]
    fn answers_stand_by_rank_name_and_account() {
        let (body, _) = body("ana");
        let other =
            RecordBody { name: Name::cut("Bea"), words: listed("anabel", Letter::of), ..body.clone() };
        let twin = RecordBody { account: AccountId([255; 32]), ..body.clone() };
        let query = listed("ana", Letter::of);
        assert!(
            body.standing(&query) < other.standing(&query) && body.standing(&query) < twin.standing(&query)
        );
        assert_eq!(body.standing(&listed("eva", Letter::of)), None);
    }
}
