//! Where on the ring words lie: order-preserving codes, so that a prefix is an interval and neighbours are alike.
//!
//! A word has an interval of the ring, and a user's record lies at one point in it, the key: the salt, a hash of account
//! and word, keeps two users of one word apart (SCAN, Lundgren et al. section 3.1.1, figure 1). Each word is stored
//! twice, read forward and read backward, so that it is found by its end, too.

use super::letters::{PAIRS, POPULAR};
use crate::identity::AccountId;
use std::cmp::Ordering;

/// How words become places on the ring. Nodes that find each other's words use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The paper's: a byte a character, then salt. Crowds a tenth of the ring.
    Ascii,
    /// An order-preserving arithmetic code over how often letters follow each other: words take as much of the ring as
    /// they are frequent. Words read forward have the lower half, words read backward the upper.
    Balanced,
}

/// From which end a word is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// From the beginning.
    Forward,
    /// From the end.
    Backward,
}

impl Reading {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Forward, Self::Backward];

    /// The characters of a text in the order of reading.
    fn chars(self, text: &str) -> impl Iterator<Item = char> {
        let mut chars = text.chars();
        std::iter::from_fn(move || match self {
            Self::Forward => chars.next(),
            Self::Backward => chars.next_back(),
        })
    }
}

/// Points of the ring that lie side by side, both ends included; it never goes past zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The lowest point.
    pub first: u128,
    /// The highest point.
    pub last: u128,
}

impl Interval {
    /// Whether a point lies in it.
    pub fn contains(&self, key: u128) -> bool {
        self.first <= key && key <= self.last
    }

    /// Whether all of another lies in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The point that a salt chooses, all about as often.
    fn point(&self, salt: [u64; 2]) -> u128 {
        // The salt times the width, less what lies behind the point: halves, since 256 bits would be too many.
        let width = self.last - self.first;
        let (high, low) = (width >> 64, width & u128::from(u64::MAX));
        self.first + high * u128::from(salt[0]) + ((low * u128::from(salt[1])) >> 64)
    }
}

/// Bits of salt that each word has at the least. Two users who share a key all the same cost nothing: records are told
/// apart by their accounts.
const SALT_BITS: u32 = 32;

impl Code {
    /// The interval of a folded word.
    ///
    /// Those of two words are disjoint, and in the order of the words, unless the words are so long that the code ends
    /// within them (12 bytes in `ascii`, some 16 to 20 letters in `balanced`): then they have one interval where they
    /// are alike up to there, and only the record tells them apart.
    pub fn word(self, word: &str, reading: Reading) -> Interval {
        self.interval(word, reading, true)
    }

    /// The interval of all words that begin with `part`, or, read backward, of all that end with it.
    pub fn part(self, part: &str, reading: Reading) -> Interval {
        self.interval(part, reading, false)
    }

    /// Where the record of `account` lies for a folded word.
    pub fn key(self, word: &str, reading: Reading, account: &AccountId) -> u128 {
        let mut material = account.0.to_vec();
        material.push(u8::from(reading == Reading::Backward));
        material.extend_from_slice(word.as_bytes());
        let hash = blake3::derive_key("tertulia 2026-11 directory salt v1", &material);
        let half = |at: usize| (0..8).fold(0, |half, byte| half << 8 | u64::from(hash[at + byte]));
        self.word(word, reading).point([half(0), half(8)])
    }

    fn interval(self, text: &str, reading: Reading, is_whole: bool) -> Interval {
        match self {
            Self::Ascii => ascii(text, reading, is_whole),
            Self::Balanced => balanced(text, reading, is_whole),
        }
    }
}

/// The bits of a key that characters may take; the others are salt.
const ASCII_BITS: u32 = 128 - SALT_BITS;

/// A byte a character, or what it has in UTF-8, and a zero where the word ends, which keeps it from longer ones.
fn ascii(text: &str, reading: Reading, is_whole: bool) -> Interval {
    let (mut first, mut bits) = (0, 0);
    for c in reading.chars(text) {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            if bits < ASCII_BITS {
                bits += 8;
                first |= u128::from(byte) << (128 - bits);
            }
        }
    }
    if is_whole && bits < ASCII_BITS {
        bits += 8;
    }
    Interval { first, last: first | (u128::MAX >> bits) }
}

/// Half of the ring: the words of one reading.
const HALF_BITS: u32 = 127;
/// What is popular has a share of its half on top of what its letters give it: a multiple of this.
const SHARE_BITS: u32 = HALF_BITS - 16;
/// Weights are scaled to this many bits, so that no step needs a division of 128 bits.
const STEP_BITS: u32 = 12;
/// The code ends where an interval is narrower: the rarest step (17 bits, in [`Tree::other`]) leaves room for the salt.
const LEAF_BITS: u32 = SALT_BITS + 17;

fn balanced(text: &str, reading: Reading, is_whole: bool) -> Interval {
    let shares = Shares::of(text, reading, is_whole);
    let mut tree = Tree {
        first: u128::from(shares.before) << SHARE_BITS,
        width: u128::from((1 << 16) - shares.all) << SHARE_BITS,
        reading,
    };
    tree.read(text, is_whole, &shares);
    if reading == Reading::Backward {
        tree.first += 1 << HALF_BITS;
    }
    let width = tree.width + (u128::from(shares.within) << SHARE_BITS);
    Interval { first: tree.first, last: tree.first + (width - 1) }
}

/// A node of the tree of all words, with the interval that belongs to it.
struct Tree {
    first: u128,
    width: u128,
    reading: Reading,
}

/// What a character is to the code; in the order of the numbers, the end of a word first.
mod symbol {
    pub(super) const END: u8 = 0;
    pub(super) const SIGN: u8 = 1;
    pub(super) const DIGIT: u8 = 2;
    pub(super) const LETTER: u8 = 3;
    pub(super) const OTHER: u8 = 29;
    pub(super) const COUNT: u8 = 30;
}

/// What addresses have beside letters and digits, in the order of the code.
const SIGNS: &str = "+-._@";

/// The symbol of a character, and its place among those that share it.
fn symbol_of(c: char) -> (u8, u32) {
    let place = u32::from(c);
    match c {
        'a'..='z' => (symbol::LETTER + (c as u8 - b'a'), 0),
        '0'..='9' => (symbol::DIGIT, place - u32::from('0')),
        _ => match SIGNS.bytes().zip(0..).find(|(sign, _)| char::from(*sign) == c) {
            Some((_, place)) => (symbol::SIGN, place),
            None => (symbol::OTHER, place),
        },
    }
}

impl Tree {
    /// Goes down by the characters of a text and, if it is a whole word, by its end.
    fn read(&mut self, text: &str, is_whole: bool, shares: &Shares) {
        // The start of a word is the end of the one before.
        let (mut last, mut last_block) = (symbol::END, None);
        for (at, c) in self.reading.chars(text).enumerate() {
            let (symbol, place) = symbol_of(c);
            self.pair(last, symbol);
            match symbol {
                symbol::SIGN => self.step(place, place + 1, 3),
                symbol::DIGIT => self.step(place, place + 1, 4),
                symbol::OTHER => self.other(place, &mut last_block),
                _ => {}
            }
            self.width += u128::from(shares.on_the_way.get(at).copied().unwrap_or(0)) << SHARE_BITS;
            last = symbol;
        }
        if is_whole {
            self.pair(last, symbol::END);
        }
    }

    /// Goes down to the part from `low` to `high` of 2^`bits`, unless the code ends here.
    fn step(&mut self, low: u32, high: u32, bits: u32) {
        if self.width >> LEAF_BITS != 0 {
            let step = self.width >> bits;
            self.first += step * u128::from(low);
            self.width = step * u128::from(high - low);
        }
    }

    /// Goes down by a symbol, after another one.
    fn pair(&mut self, last: u8, next: u8) {
        // Read backward, the same pairs stand the other way round.
        let weight_of = |symbol: u8| match self.reading {
            Reading::Forward => weight(PAIRS[usize::from(last)][usize::from(symbol)]),
            Reading::Backward => weight(PAIRS[usize::from(symbol)][usize::from(last)]),
        };
        let (mut low, mut high, mut all) = (0, 0, 0);
        for symbol in 0..symbol::COUNT {
            if symbol == next {
                low = all;
            }
            all += weight_of(symbol);
            if symbol == next {
                high = all;
            }
        }
        // Each symbol has one part of the scale by itself, however rare it is.
        let free = (1 << STEP_BITS) - u32::from(symbol::COUNT);
        let scaled = |sum: u32, symbols: u8| u32::from(symbols) + sum * free / all;
        self.step(scaled(low, next), scaled(high, next + 1), STEP_BITS);
    }

    /// Goes down by a character of another script: its block of 256, most likely the one of the last such character,
    /// and its place there, all alike.
    fn other(&mut self, scalar: u32, last: &mut Option<u32>) {
        let block = scalar >> 8;
        // Sixteen bits for all blocks, and as much again for the last one.
        let low = |block: u32| {
            blocks_before(block) + if last.is_some_and(|last| block > last) { 1 << 16 } else { 0 }
        };
        self.step(low(block), low(block + 1), 16 + u32::from(last.is_some()));
        self.step(scalar & 0xff, (scalar & 0xff) + 1, 8);
        *last = Some(block);
    }
}

/// The weight of all blocks of characters before one, of 2^16: alphabets most, then what Chinese, Japanese and Korean are
/// written in, and a part for each of the others.
fn blocks_before(block: u32) -> u32 {
    let among = |first: u32, count: u32| block.saturating_sub(first).min(count);
    among(0, 0x10) * 1024 + among(0x10, 0x20) * 64 + among(0x30, 0xb0) * 224 + among(0xe0, 0x1020)
}

/// The weight that a letter of the tables stands for: two, three, four, six, eight, twelve and so on.
fn weight(letter: u8) -> u32 {
    let steps = u32::from(letter - b'A');
    (2 + (steps & 1)) << (steps >> 1)
}

/// The shares of what is popular, as seen from a text.
#[derive(Default)]
struct Shares {
    /// Of all.
    all: u32,
    /// Of those whose interval lies before the text's.
    before: u32,
    /// Of the beginnings that the text has, by the place of their last characters: the share is spread over all that
    /// begin so, as letters follow each other.
    on_the_way: [u32; FRAGMENT_MAX],
    /// Of those whose interval is within the text's.
    within: u32,
}

/// The characters of the longest popular beginning or ending.
const FRAGMENT_MAX: usize = 6;

impl Shares {
    /// The shares of what is popular in this reading: words, beginnings (`mar-`) forward and endings (`-son`) backward.
    fn of(text: &str, reading: Reading, is_whole: bool) -> Self {
        let mut shares = Self::default();
        for entry in POPULAR.split_inclusive(|c: char| c.is_ascii_uppercase()) {
            let (entry, letter) = entry.split_at(entry.len() - 1);
            let weight = weight(letter.as_bytes()[0]);
            match (entry.strip_suffix('-'), entry.strip_prefix('-'), reading) {
                (None, None, _) => shares.add(weight, place(entry, false, text, reading, is_whole)),
                (Some(part), ..) if reading == Reading::Forward => {
                    shares.add(weight, place(part, true, text, reading, is_whole));
                }
                (_, Some(part), Reading::Backward) => {
                    shares.add(weight, place(part, true, text, reading, is_whole));
                }
                _ => {}
            }
        }
        shares
    }

    fn add(&mut self, weight: u32, place: Place) {
        self.all += weight;
        match place {
            Place::Before => self.before += weight,
            Place::OnTheWay(last) => self.on_the_way[last] += weight,
            Place::Within => self.within += weight,
            Place::Behind => {}
        }
    }
}

/// Where something popular lies, as seen from a text.
#[derive(Clone, Copy)]
enum Place {
    Before,
    /// The text begins with it.
    OnTheWay(usize),
    /// It is the text, or begins with it where that is no whole word.
    Within,
    Behind,
}

fn place(popular: &str, is_part: bool, text: &str, reading: Reading, is_whole: bool) -> Place {
    let (mut chars, mut count) = (reading.chars(popular), 0);
    for c in reading.chars(text) {
        let Some(own) = chars.next() else {
            return if is_part { Place::OnTheWay(count - 1) } else { Place::Before };
        };
        match symbol_of(own).cmp(&symbol_of(c)) {
            Ordering::Less => return Place::Before,
            Ordering::Greater => return Place::Behind,
            Ordering::Equal => count += 1,
        }
    }
    match chars.next() {
        None if is_part => Place::OnTheWay(count - 1),
        Some(_) if is_whole => Place::Behind,
        _ => Place::Within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CODES: [Code; 2] = [Code::Ascii, Code::Balanced];

    /// A word in the order of a code: what is compared of each character, in the order of reading.
    fn ranks(code: Code, reading: Reading, word: &str) -> Vec<(u8, u32)> {
        let rank = |c| match code {
            Code::Ascii => (0, u32::from(c)),
            Code::Balanced => symbol_of(c),
        };
        reading.chars(word).map(rank).collect()
    }

    /// Whether the code ends within a word, so that longer ones may share its interval.
    fn is_cut(code: Code, reading: Reading, word: &str) -> bool {
        let longer = match reading {
            Reading::Forward => format!("{word}\u{10ffff}"),
            Reading::Backward => format!("\u{10ffff}{word}"),
        };
        code.word(word, reading) == code.word(&longer, reading)
    }

    fn words() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[ab]{1,4}",
            4 => "[a-z]{1,24}",
            2 => "[a-z0-9]{1,6}@[a-z]{2,4}\\.[a-z]{2}",
            1 => "[a-zа-яäß漢-漣\u{10fffe}-\u{10ffff}09+_-]{1,6}",
            1 => any_popular(),
        ]
    }

    fn any_popular() -> impl Strategy<Value = String> {
        let words = popular_words();
        (0..words.len(), "[a-z]{0,2}").prop_map(move |(at, more)| format!("{}{more}", words[at]))
    }

    fn popular_words() -> Vec<&'static str> {
        POPULAR.split(|c: char| !c.is_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
    }

    fn begins(reading: Reading, word: &str, part: &str) -> bool {
        match reading {
            Reading::Forward => word.starts_with(part),
            Reading::Backward => word.ends_with(part),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

        #[test]
        fn intervals_are_disjoint_and_in_the_order_of_words(one in words(), other in words()) {
            for (code, reading) in CODES.into_iter().flat_map(|code| Reading::ALL.map(|reading| (code, reading))) {
                let (a, b) = (code.word(&one, reading), code.word(&other, reading));
                if a == b {
                    let is_same = one == other;
                    prop_assert!(is_same || is_cut(code, reading, &one) && is_cut(code, reading, &other));
                } else {
                    let order = ranks(code, reading, &one).cmp(&ranks(code, reading, &other));
                    prop_assert_eq!(order, a.first.cmp(&b.first));
                    prop_assert!(a.last < b.first || b.last < a.first, "{:?} {:?}", a, b);
                }
            }
        }

        #[test]
        fn a_part_has_exactly_the_words_that_begin_with_it(part in words(), word in words(), rest in "[a-zä]{0,4}") {
            for (code, reading) in CODES.into_iter().flat_map(|code| Reading::ALL.map(|reading| (code, reading))) {
                let longer = match reading {
                    Reading::Forward => format!("{part}{rest}"),
                    Reading::Backward => format!("{rest}{part}"),
                };
                for word in [&word, &longer] {
                    let (part_interval, interval) = (code.part(&part, reading), code.word(word, reading));
                    if begins(reading, word, &part) {
                        prop_assert!(part_interval.covers(&interval), "{} {}", part, word);
                        prop_assert!(part_interval.covers(&code.part(word, reading)));
                    } else if !is_cut(code, reading, &part) {
                        prop_assert!(interval.last < part_interval.first || part_interval.last < interval.first);
                    }
                }
            }
        }

        #[test]
        fn each_key_lies_in_the_interval_of_its_word(word in words(), account in any::<[u8; 32]>()) {
            for (code, reading) in CODES.into_iter().flat_map(|code| Reading::ALL.map(|reading| (code, reading))) {
                let interval = code.word(&word, reading);
                prop_assert!(interval.contains(code.key(&word, reading, &AccountId(account))));
                prop_assert!(interval.last - interval.first >= (1 << SALT_BITS) - 1);
            }
        }
    }

    #[test]
    fn two_users_of_one_word_lie_apart() {
        for code in CODES {
            let key = |account| code.key("anna", Reading::Forward, &AccountId([account; 32]));
            assert_ne!(key(1), key(2));
            assert_ne!(key(1), code.key("anna", Reading::Backward, &AccountId([1; 32])));
        }
    }

    #[test]
    fn a_salt_reaches_both_ends() {
        for interval in [Interval { first: 5, last: u128::MAX }, Interval { first: 7, last: 7 + (3 << 70) }] {
            assert_eq!(interval.point([0, 0]), interval.first);
            let highest = interval.point([u64::MAX; 2]);
            assert!(interval.contains(highest));
            assert!((interval.last - highest) >> 64 <= (interval.last - interval.first) >> 127);
        }
    }

    #[test]
    fn the_tables_keep_to_the_bounds_of_the_code() {
        // No popular word is so long that the code ends in it, and all together leave room for the others.
        for reading in Reading::ALL {
            for word in popular_words() {
                assert!(!is_cut(Code::Balanced, reading, word), "{word}");
            }
            let all = Shares::of("", reading, true).all;
            assert!(all <= 1 << 15, "what is popular has {all} of 65536");
        }
        assert!(PAIRS.iter().all(|row| row.iter().all(u8::is_ascii_uppercase)));
        assert!(blocks_before(0x1100) <= 1 << 16);
    }

    #[test]
    fn whoever_types_everything_gets_an_interval() {
        for code in CODES {
            for reading in Reading::ALL {
                let all = code.part("", reading);
                for word in ["", " ", "\0", "A", "\u{10ffff}", &"漢字".repeat(400), &"a".repeat(4000)] {
                    assert!(all.covers(&code.word(word, reading)), "{word}");
                }
            }
        }
    }
}
