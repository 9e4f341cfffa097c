//! Finding words in what was said.
//!
//! Nothing is kept for it: a text is read once, folded to lower case as it goes by, and only where a word begins. That
//! takes some thirty milliseconds for a hundred thousand messages in memory; an index would take as much as the texts.
//! What is not in memory is read again, some hundred messages at a time.

use super::{ConversationId, Groups, Viewer};
use crate::group::op::DisplayKey;
use crate::io::{Found, Lacking, MessageView, Recalled};
use crate::table::Table;
use std::ops::Range;

/// Words and phrases of a query that count; whoever types more is not looking for anything.
const TERMS_MAX: usize = 16;
/// Characters of a query that count.
const QUERY_MAX: usize = 512;
/// Places of a text that are named: enough to highlight.
const PLACES_MAX: usize = 64;

/// What a search knows of a character. A page asks its browser, which has the tables that this takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// It in lower case: a capital may be several letters then.
    pub lower: [Option<char>; 3],
    /// Whether it is part of a word: a letter or a digit of some script.
    pub is_word: bool,
}

impl Letter {
    /// By the tables of the standard library.
    pub fn of(c: char) -> Self {
        let mut lower = c.to_lowercase();
        Self { lower: [lower.next(), lower.next(), lower.next()], is_word: c.is_alphanumeric() }
    }
}

/// What tells of characters. It is not asked about ASCII.
pub type Letters = fn(char) -> Letter;

/// What is looked for: a text has to have all of it.
#[derive(Debug)]
pub(crate) struct Query {
    terms: Vec<Term>,
    letters: Letters,
}

/// A word or a phrase.
#[derive(Debug)]
struct Term {
    /// In lower case, with one space for any.
    folded: Vec<char>,
    /// Whether it may go on as a longer word.
    is_prefix: bool,
}

impl Query {
    /// Reads a query: words, which may be the beginnings of longer ones, and phrases in quotation marks, which have to be
    /// there as a whole.
    pub(crate) fn parse(text: &str, letters: Letters) -> Self {
        let mut query = Self { terms: Vec::new(), letters };
        let cut = text.char_indices().nth(QUERY_MAX).map_or(text, |(end, _)| &text[..end]);
        for (at, part) in cut.split(['"', '“', '”', '„']).enumerate() {
            if at % 2 == 1 {
                query.add(part, false);
            } else {
                part.split_whitespace().for_each(|word| query.add_word(word));
            }
        }
        query
    }

    /// Adds the words of what stands between two spaces; signs count only where there is nothing else.
    fn add_word(&mut self, text: &str) {
        let letters = self.letters;
        if text.chars().any(|c| is_word(letters, c)) {
            text.split(|c: char| !is_word(letters, c)).for_each(|word| self.add(word, true));
        } else {
            self.add(text, true);
        }
    }

    fn add(&mut self, text: &str, is_prefix: bool) {
        let mut folded: Vec<char> = Vec::new();
        for c in text.trim().chars().flat_map(|c| fold(self.letters, c)) {
            if c != ' ' || folded.last() != Some(&' ') {
                folded.push(c);
            }
        }
        if !folded.is_empty() && self.terms.len() < TERMS_MAX {
            self.terms.push(Term { folded, is_prefix });
        }
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a text has all of it.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.terms.iter().all(|term| term.next_in(text, 0, self.letters).is_some())
    }

    /// Where in a text it is: bytes, in order, none twice.
    pub(crate) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for term in &self.terms {
            let mut from = 0;
            while let Some(place) =
                term.next_in(text, from, self.letters).filter(|_| found.len() < PLACES_MAX)
            {
                from = place.end;
                insert(&mut found, place);
            }
        }
        found
    }
}

/// A search, which goes on where it stopped to have something read.
#[derive(Debug)]
pub struct Search {
    query: Query,
    limit: usize,
    only: Option<ConversationId>,
    /// How far each conversation was searched.
    searched: Table<ConversationId, Searched>,
    found: Vec<Found>,
}

/// How far a conversation was searched: backwards, from the end of the order of display.
#[derive(Debug, Default)]
struct Searched {
    before: Option<DisplayKey>,
    /// What was found there and is not among the answers yet.
    next: Option<MessageView>,
    is_done: bool,
}

impl Search {
    /// A search for what a person types: everywhere or in one conversation, the newest first, at most `limit`.
    ///
    /// A word is found whatever its case, and may be the beginning of a longer one; what stands between quotation marks
    /// has to be there as a whole. What was edited is found by its present words.
    pub fn new(query: &str, limit: usize, only: Option<ConversationId>, letters: Letters) -> Self {
        let (query, searched, found) = (Query::parse(query, letters), Table::default(), Vec::new());
        let limit = if query.is_empty() { 0 } else { limit };
        Self { query, limit, only, searched, found }
    }
}

impl Groups {
    /// Goes on with a search until there is nothing more to be found, or something has to be read first.
    pub(crate) fn find(
        &self,
        viewer: Viewer<'_>,
        search: &mut Search,
        recalled: &mut Recalled,
    ) -> Result<Vec<Found>, Lacking> {
        while search.found.len() < search.limit {
            let next = self.find_next(viewer, search, recalled);
            let next = next.inspect_err(|_| recalled.clear())?;
            let Some((conversation, message)) = next else { break };
            let places = search.query.places(&message.text);
            search.found.push(Found { conversation, message, places });
        }
        Ok(std::mem::take(&mut search.found))
    }

    /// The next message of a search. Within a conversation the order is that of display; among conversations the clock is
    /// all there is.
    fn find_next(
        &self,
        viewer: Viewer<'_>,
        search: &mut Search,
        recalled: &Recalled,
    ) -> Result<Option<(ConversationId, MessageView)>, Lacking> {
        let Search { query, only, searched, .. } = search;
        let mut newest = None;
        for one in self.by_id.values().filter(|one| one.is_shown() && only.is_none_or(|id| id == one.id())) {
            let state = searched.or_insert_with(one.id(), Searched::default);
            if state.next.is_none() && !state.is_done {
                state.next = one.find_before(viewer, query, &mut state.before, recalled)?;
                state.is_done = state.next.is_none();
            }
            if let Some(view) = &state.next {
                newest = newest.max(Some((view.time_ms, one.id())));
            }
        }
        let Some((_, id)) = newest else { return Ok(None) };
        Ok(searched.get_mut(&id).and_then(|state| state.next.take()).map(|view| (id, view)))
    }
}

/// Puts a place among others, and makes one of those that touch.
fn insert(places: &mut Vec<Range<usize>>, mut place: Range<usize>) {
    places.retain(|other| {
        let touches = other.start <= place.end && place.start <= other.end;
        if touches {
            place = place.start.min(other.start)..place.end.max(other.end);
        }
        !touches
    });
    let at = places.partition_point(|other| other.start < place.start);
    places.insert(at, place);
}

impl Term {
    /// The first place of a text, from the byte `from` on, where it begins as a word does.
    fn next_in(&self, text: &str, from: usize, letters: Letters) -> Option<Range<usize>> {
        let first = *self.folded.first()?;
        let mut before = text[..from].chars().next_back();
        for (at, c) in text[from..].char_indices() {
            let is_begin = !is_word(letters, c) || is_break(letters, before, c);
            before = Some(c);
            if is_begin && fold(letters, c).next() == Some(first) {
                let start = from + at;
                if let Some(end) = self.end_in(&text[start..], letters) {
                    return Some(start..start + end);
                }
            }
        }
        None
    }

    /// Where it ends in a text that begins with it.
    fn end_in(&self, text: &str, letters: Letters) -> Option<usize> {
        let mut wanted = self.folded.iter().copied().peekable();
        let mut chars = text.char_indices().peekable();
        let mut last = None;
        while let Some(want) = wanted.peek().copied() {
            let (_, c) = chars.next()?;
            last = Some(c);
            if want == ' ' && c.is_whitespace() {
                wanted.next();
                while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                continue;
            }
            // A capital may be two letters in lower case: a word may end within them.
            for folded in fold(letters, c) {
                if wanted.next_if_eq(&folded).is_none() && wanted.peek().is_some() {
                    return None;
                }
            }
        }
        let end = chars.peek().copied();
        let is_whole = end.is_none_or(|(_, c)| !is_word(letters, c) || is_break(letters, last, c));
        (self.is_prefix || is_whole).then(|| end.map_or(text.len(), |(at, _)| at))
    }
}

/// A character as it is compared.
fn fold(letters: Letters, c: char) -> impl Iterator<Item = char> {
    let lower = if c.is_ascii() { [Some(c.to_ascii_lowercase()), None, None] } else { letters(c).lower };
    lower.into_iter().flatten().map(|c| if c.is_whitespace() { ' ' } else { c })
}

fn is_word(letters: Letters, c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { letters(c).is_word }
}

/// Whether a word begins with `c`, after `before`.
fn is_break(letters: Letters, before: Option<char>, c: char) -> bool {
    before.is_none_or(|before| !is_word(letters, before) || is_unspaced(before) || is_unspaced(c))
}

/// Whether a character is of a script that puts no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'a>(query: &str, text: &'a str) -> Vec<&'a str> {
        let query = Query::parse(query, Letter::of);
        let places = query.places(text);
        if query.matches(text) { places.into_iter().map(|place| &text[place]).collect() } else { Vec::new() }
    }

    #[test]
    fn words_are_found_by_their_beginnings_whatever_their_case() {
        assert_eq!(found("plat", "The PLATE and the platform, not the splat"), ["PLAT", "plat"]);
        assert_eq!(found("zoë ÉTÉ", "été chez Zoë"), ["été", "Zoë"]);
        assert_eq!(found("ist", "İstanbul"), [""; 0]);
        assert_eq!(found("one two", "only one"), [""; 0]);
    }

    #[test]
    fn phrases_are_found_as_a_whole() {
        assert_eq!(found("\"good night\"", "Good  night, goodnight, good nights"), ["Good  night"]);
        assert_eq!(found("“night, all” good", "a good night, all"), ["good", "night, all"]);
        assert_eq!(found("\"good night", "it was a good night"), ["good night"]);
    }

    #[test]
    fn scripts_without_spaces_and_signs_are_found() {
        assert_eq!(found("茶", "我喝茶。"), ["茶"]);
        assert_eq!(found("👋", "hello 👋"), ["👋"]);
        assert_eq!(found("   ", "hello"), [""; 0]);
        assert_eq!(found("\"\"", "hello"), [""; 0]);
    }

    /// The same by taking the text apart into words first.
    fn naive(query: &str, text: &str) -> bool {
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect()
        };
        let there = words(text);
        let asked = words(query);
        !asked.is_empty() && asked.iter().all(|word| there.iter().any(|there| there.starts_with(word)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn it_finds_what_a_naive_search_finds(query in "[abAB éÉß,]{0,6}", text in "[abAB éÉß,.\n]{0,24}") {
            let asks = query.chars().any(char::is_alphanumeric);
            // Signs that stand alone are looked for, too; the naive search knows no signs.
            let has_signs = query.split_whitespace().any(|word| !word.chars().any(char::is_alphanumeric));
            if asks && !has_signs {
                prop_assert_eq!(Query::parse(&query, Letter::of).matches(&text), naive(&query, &text));
            }
        }

        #[test]
        fn places_are_within_the_text_and_in_order(query in "\\PC{0,12}", text in "\\PC{0,40}") {
            let places = Query::parse(&query, Letter::of).places(&text);
            prop_assert!(places.iter().all(|place| text.get(place.clone()).is_some_and(|part| !part.is_empty())));
            prop_assert!(places.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
