//! Words: what people type is folded to them, and compared by them, with one typing error forgiven.

use super::code::{Code, Interval, Reading};
use crate::group::Letters;
use crate::identity::is_plain;
use crate::wire::bounded::{List, Text};
use crate::wire::cbor::{Reader, Wire, Writer};

/// The longest word, in bytes: more is cut off, from listed and sought words alike. Few names and interests are longer.
pub const WORD_MAX: usize = 32;
/// The most words of a record or a query: a name, an address, some interests. Each is stored 2 · 8 times.
pub const WORDS_MAX: usize = 8;
/// Characters that a word has at the least to be sought with a typing error: half a shorter one is any word.
pub const ERROR_LEN_MIN: usize = 4;

/// A folded word: lower case, Latin letters without their marks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(Text<WORD_MAX>);

/// The words of a record or a query.
pub type Words = List<Word, WORDS_MAX>;

impl Word {
    /// The word.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// How a listed word answers to this one, if it does.
    pub fn closeness(&self, listed: &Self) -> Option<Closeness> {
        let (sought, listed) = (self.as_str(), listed.as_str());
        if listed.starts_with(sought) {
            return Some(if listed.len() == sought.len() { Closeness::Exact } else { Closeness::Prefix });
        }
        let is_long = sought.chars().nth(ERROR_LEN_MIN - 1).is_some();
        (is_long && is_one_error(sought, listed)).then_some(Closeness::OneError)
    }

    /// The intervals where records are that have this word.
    pub fn exact(&self, code: Code) -> Interval {
        code.word(self.as_str(), Reading::Forward)
    }

    /// The interval of the words that begin with this one. The word itself comes first in it.
    pub fn prefix(&self, code: Code) -> Interval {
        code.part(self.as_str(), Reading::Forward)
    }

    /// The intervals of all words that are one typing error away, the narrow ones first; none if the word is too short.
    ///
    /// An error is in the first half of a word, in the second, or it swaps the two letters in the middle. So the other
    /// half is whole, or there is just one word that it can be. The interval of the first half covers the prefix's.
    pub fn tolerant(&self, code: Code) -> Option<[Interval; 3]> {
        let Halves { first, second, swapped } = Halves::of(self.as_str())?;
        Some([
            code.word(&swapped, Reading::Forward),
            code.part(second, Reading::Backward),
            code.part(first, Reading::Forward),
        ])
    }
}

/// A folded word on the wire. Whether it is folded as this node would is not asked: it would only not be found.
impl Wire for Word {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let is_legal = |c: char| is_plain(c) && !c.is_ascii_uppercase() && c != ' ';
        Text::read(from)
            .filter(|text| !text.as_str().is_empty() && text.as_str().chars().all(is_legal))
            .map(Self)
    }
}

/// How well a listed word answers to a sought one; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// It is the word.
    Exact,
    /// It begins with the word.
    Prefix,
    /// It is the word but for a character that is missing, too much or another, or for two neighbours that are swapped.
    OneError,
}

/// How well somebody's words answer to a query; the best is the least (SCAN ranks by words matched, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// How many words of the query are not answered.
    pub unmatched: u8,
    /// How far from exact those are that are: none for an exact one, one for a prefix, two for one with an error.
    pub inexact: u8,
}

impl Rank {
    /// The rank of what has the words `listed`; nothing if none answers.
    pub fn of(query: &[Word], listed: &[Word]) -> Option<Self> {
        let mut rank = Self { unmatched: 0, inexact: 0 };
        for word in query.iter().take(WORDS_MAX) {
            match listed.iter().filter_map(|listed| word.closeness(listed)).min() {
                Some(closeness) => rank.inexact += closeness as u8,
                None => rank.unmatched += 1,
            }
        }
        (usize::from(rank.unmatched) < query.len().min(WORDS_MAX)).then_some(rank)
    }
}

/// The words under which a text lists its author, none twice. An address is one word whole, and what stands before its @ are
/// words, too; not what stands behind: a mail provider would be the word of everybody.
pub fn listed(text: &str, letters: Letters) -> Words {
    words(text, letters, true)
}

/// The words that a text looks for, none twice. An address is one word.
pub fn sought(text: &str, letters: Letters) -> Words {
    words(text, letters, false)
}

fn words(text: &str, letters: Letters, is_listed: bool) -> Words {
    let mut found: Vec<Word> = Vec::new();
    let mut add = |folded: &str| {
        let word = Word(Text::cut(folded));
        if found.len() < WORDS_MAX && !folded.is_empty() && !found.contains(&word) {
            found.push(word);
        }
    };
    for piece in text.split(|c: char| c.is_whitespace() || !is_plain(c)) {
        let folded = fold(piece, letters);
        let folded = folded.trim_matches(|c| !is_word(c, letters));
        let name = folded.split_once('@').map(|(name, _)| name);
        if name.is_some() {
            add(folded);
        }
        if name.is_none() || is_listed {
            name.unwrap_or(folded).split(|c| !is_word(c, letters)).for_each(&mut add);
        }
    }
    List::first(found)
}

fn is_word(c: char, letters: Letters) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { letters(c).is_word }
}

/// A text in lower case, its Latin letters without their marks.
fn fold(text: &str, letters: Letters) -> String {
    let mut folded = String::new();
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            // Marks that stand behind their letter say nothing here.
            folded.extend(letters(c).lower.into_iter().flatten().filter(|c| !is_mark(*c)).map(unmarked));
        }
    }
    folded
}

/// Whether a character is a mark on the one before it (combining diacritical marks).
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// The letters that those from U+00DF to U+017F are marked forms of; a star for what is none.
const UNMARKED: &[u8; 161] = b"saaaaaaaceeeeiiiidnooooo*ouuuuy*y\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// A Latin letter without its mark, any other character as it is. One letter for another: ß and æ are s and a.
fn unmarked(c: char) -> char {
    let at = u32::from(c).wrapping_sub(0xdf) as usize;
    UNMARKED.get(at).filter(|letter| **letter != b'*').map_or(c, |letter| char::from(*letter))
}

/// Whether one typing error (Damerau) makes one of two different texts of the other.
fn is_one_error(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    // What is alike at both ends goes; in what is left, no end is alike.
    for end in [next, next_back] {
        loop {
            let mut rests = (one.clone(), other.clone());
            match (end(&mut rests.0), end(&mut rests.1)) {
                (Some(a), Some(b)) if a == b => (one, other) = rests,
                _ => break,
            }
        }
    }
    let mut left = || (one.next(), other.next());
    match (left(), left(), left()) {
        // One is missing, too much, or another.
        (_, (None, None), _) => true,
        // Two are swapped.
        ((a, b), (c, d), (None, None)) => a == d && b == c,
        _ => false,
    }
}

fn next(chars: &mut std::str::Chars<'_>) -> Option<char> {
    chars.next()
}

fn next_back(chars: &mut std::str::Chars<'_>) -> Option<char> {
    chars.next_back()
}

/// What a word with one error still says of the word that was meant.
struct Halves<'w> {
    first: &'w str,
    second: &'w str,
    /// The word with the last character of the first half and the first one of the second swapped.
    swapped: String,
}

impl<'w> Halves<'w> {
    /// The halves of a word that is not too short; of an odd number of characters the first half has one more.
    fn of(word: &'w str) -> Option<Self> {
        let count = word.chars().count();
        if count < ERROR_LEN_MIN {
            return None;
        }
        let (middle, right) = word.char_indices().nth(count.div_ceil(2))?;
        let (first, second) = word.split_at(middle);
        let (left_at, left) = first.char_indices().next_back()?;
        let mut swapped = String::from(&first[..left_at]);
        swapped.extend([right, left]);
        swapped.push_str(&second[right.len_utf8()..]);
        Some(Self { first, second, swapped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Letter;
    use crate::wire::cbor::{decode, encode};
    use std::collections::BTreeSet;

    fn strings(words: &Words) -> Vec<&str> {
        words.iter().map(Word::as_str).collect()
    }

    fn word(text: &str) -> Word {
        sought(text, Letter::of).first().unwrap().clone()
    }

    #[test]
    fn texts_are_folded_to_words() {
        let of = |text| strings(&listed(text, Letter::of)).join(" ");
        assert_eq!(of("Zoë O'Brien-Łukasz, Straße 7"), "zoe o brien lukasz strase 7");
        assert_eq!(of("ÉCOLE e\u{301}cole Е\u{308}лка Élan ÿ ſ"), "ecole елка elan y s");
        assert_eq!(of("İstanbul × ÷ ĳ"), "istanbul i");
        assert_eq!(of("  \n!\u{202e}  "), "");
        assert_eq!(of("我喝茶。"), "我喝茶");
        assert_eq!(of("a b c d e f g h i j"), "a b c d e f g h");
    }

    #[test]
    fn an_address_is_one_word_and_lists_its_name_too() {
        let text = "Mail: <Ana.Perez+x@Example.org>, or @ana";
        let of = |words: fn(&str, Letters) -> Words| {
            words(text, Letter::of)
                .into_vec()
                .iter()
                .map(|word| word.as_str().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(of(listed), "mail ana.perez+x@example.org ana perez x or");
        assert_eq!(of(sought), "mail ana.perez+x@example.org or ana");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let long = word(&"ж".repeat(40));
        assert_eq!(long.as_str(), "ж".repeat(16));
        assert_eq!(long.closeness(&word(&"ж".repeat(50))), Some(Closeness::Exact));
    }

    #[test]
    fn a_word_of_a_peer_is_legal_or_none() {
        let read = |text: &str| decode::<Word>(&encode(&Text::<100>::cut(text))).is_some();
        assert!(read("anna") && read("я") && read(&"a".repeat(WORD_MAX)));
        assert!(
            !read("") && !read("Anna") && !read("a b") && !read("a\n") && !read(&"a".repeat(WORD_MAX + 1))
        );
    }

    #[test]
    fn words_answer_exactly_as_prefixes_and_with_one_error() {
        let closeness = |sought, listed| word(sought).closeness(&word(listed));
        assert_eq!(closeness("anna", "anna"), Some(Closeness::Exact));
        assert_eq!(closeness("an", "anna"), Some(Closeness::Prefix));
        assert_eq!(closeness("anna", "an"), None);
        assert_eq!(closeness("ab", "ac"), None);
        assert_eq!(closeness("jhon", "john"), Some(Closeness::OneError));
        assert_eq!(closeness("josn", "john"), Some(Closeness::OneError));
        assert_eq!(closeness("johhn", "john"), Some(Closeness::OneError));
        assert_eq!(closeness("erk", "erik"), None);
        assert_eq!(closeness("eikk", "erik"), None);
    }

    #[test]
    fn answers_are_ranked_by_words_matched_and_then_by_closeness() {
        let query = sought("anna smith", Letter::of);
        let rank = |listed_as| Rank::of(&query, &listed(listed_as, Letter::of));
        assert_eq!(rank("eva jones"), None);
        let sorted =
            ["Anna Smith", "Anna Smithson", "Anna Smiht", "Annabel Smiht", "Smith", "Annabel", "Enna"]
                .map(rank);
        assert!(sorted.iter().all(Option::is_some));
        assert!(sorted.windows(2).all(|pair| pair[0] < pair[1]), "{sorted:?}");
        assert_eq!(Rank::of(&[], &query), None);
    }

    /// All words over `letters` of the lengths `lens`.
    fn all_words(letters: &str, lens: std::ops::RangeInclusive<usize>) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut from = 0;
        for _ in 0..*lens.end() {
            let upto = words.len();
            for at in from..upto {
                for letter in letters.chars() {
                    words.push(format!("{}{letter}", words[at]));
                }
            }
            from = upto;
        }
        words.retain(|word| lens.contains(&word.chars().count()));
        words
    }

    /// All that one error makes of a word, the word itself left out.
    fn errors(word: &str, letters: &str) -> BTreeSet<String> {
        let chars: Vec<char> = word.chars().collect();
        let mut all = BTreeSet::new();
        let mut add = |chars: Vec<char>| all.insert(chars.into_iter().collect::<String>());
        for at in 0..=chars.len() {
            for letter in letters.chars() {
                add([&chars[..at], &[letter], &chars[at..]].concat());
                if at < chars.len() {
                    add([&chars[..at], &[letter], &chars[at + 1..]].concat());
                }
            }
            if at < chars.len() {
                add([&chars[..at], &chars[at + 1..]].concat());
            }
            if at + 1 < chars.len() {
                add([&chars[..at], &[chars[at + 1], chars[at]], &chars[at + 2..]].concat());
            }
        }
        all.remove(word);
        all
    }

    #[test]
    fn one_error_is_told_from_more_for_all_short_words() {
        let words = all_words("aéc", 0..=5);
        for one in &words {
            let errors = errors(one, "aéc");
            for other in words.iter().filter(|other| *other != one) {
                assert_eq!(is_one_error(one, other), errors.contains(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn every_single_error_leaves_a_way_to_the_word_that_was_meant() {
        for typed in all_words("abc", 4..=6).into_iter().chain(all_words("ab", 7..=9)) {
            let halves = Halves::of(&typed).unwrap();
            // That one text is an error away from the other holds both ways.
            for meant in errors(&typed, "abc") {
                let is_found = meant.starts_with(halves.first)
                    || meant.ends_with(halves.second)
                    || meant == halves.swapped;
                assert!(is_found, "{typed} does not lead to {meant}");
            }
        }
    }

    #[test]
    fn the_ways_lead_to_where_the_records_are() {
        let account = crate::identity::AccountId([7; 32]);
        for code in [Code::Ascii, Code::Balanced] {
            let ways = word("jhonson").tolerant(code).unwrap();
            let keys = Reading::ALL.map(|reading| code.key("johnson", reading, &account));
            assert!(ways.iter().any(|way| keys.iter().any(|key| way.contains(*key))));
            let [_, second, first] = ways;
            assert!(second.contains(keys[1]) && !first.contains(keys[0]));
            let john = word("john");
            assert!(john.prefix(code).contains(keys[0]) && !john.exact(code).contains(keys[0]));
            assert!(john.tolerant(code).unwrap()[2].covers(&john.prefix(code)));
            assert_eq!(word("ann").tolerant(code), None);
        }
    }
}
