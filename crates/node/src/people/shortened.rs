//! What of the words that somebody wants to be found by did not find room.

use super::listed_words;
use tertulia_proto::directory::words::{WORD_MAX, WORDS_MAX};

/// What was typed and is not listed, or not whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shortened {
    left_out: Vec<String>,
    cut: Vec<String>,
}

impl Shortened {
    /// What of `text` is not among the words that are listed for it, or is listed by its beginning only.
    pub(crate) fn of(text: &str) -> Self {
        let listed = listed_words(text);
        let mut short = Self::default();
        for part in text.split_whitespace().flat_map(parts) {
            let words = listed_words(part);
            let Some(word) = words.first() else { continue };
            let list = match listed.contains(word) {
                false => &mut short.left_out,
                true if is_cut(part) => &mut short.cut,
                true => continue,
            };
            let word = word.as_str().to_owned();
            if !list.contains(&word) {
                list.push(word);
            }
        }
        short
    }

    /// One sentence for each of the two things that may have happened.
    pub(crate) fn lines(&self) -> Vec<String> {
        let left_out = format!("Left out, as {WORDS_MAX} words are the most: {}.", self.left_out.join(", "));
        let cut = format!("Cut off, as a word has {WORD_MAX} letters at the most: {}.", self.cut.join(", "));
        let lines = [(left_out, &self.left_out), (cut, &self.cut)];
        lines.into_iter().filter(|(_, words)| !words.is_empty()).map(|(line, _)| line).collect()
    }
}

/// The parts of a piece of text that are words each: of an address, itself and what stands before its @.
fn parts(piece: &str) -> impl Iterator<Item = &str> {
    let piece = piece.trim_matches(|c: char| !c.is_alphanumeric());
    let address = piece.split_once('@');
    let name = address.map_or(piece, |(name, _)| name);
    // A mark on a letter belongs to the word.
    let is_between = |c: char| !c.is_alphanumeric() && !matches!(c, '\u{300}'..='\u{36f}');
    address.map(|_| piece).into_iter().chain(name.split(is_between))
}

/// Whether a word is more than what is listed of it: then its last letter says nothing.
fn is_cut(part: &str) -> bool {
    let last = part.char_indices().rfind(|(_, c)| c.is_alphanumeric());
    last.is_some_and(|(at, _)| listed_words(part) == listed_words(&part[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_whole_is_no_loss() {
        let said = "Ana López, cafe\u{301} Jo\u{301}se chess/go ana.go@example.org ana ¿…?";
        assert_eq!(Shortened::of(said), Shortened::default());
        assert!(Shortened::of("").lines().is_empty());
    }

    #[test]
    fn words_beyond_the_eighth_are_named_once() {
        let short = Shortened::of("a b c d e f g h i, J-k i b");
        assert_eq!(short.lines(), ["Left out, as 8 words are the most: i, j, k."]);
    }

    #[test]
    fn long_words_are_named_as_they_are_listed() {
        let (long, exact) = ("x".repeat(33), "y".repeat(32));
        let short = Shortened::of(&format!("{long} {exact}"));
        let cut = format!("Cut off, as a word has 32 letters at the most: {}.", "x".repeat(32));
        assert_eq!(short.lines(), [cut]);
        let address = format!("ana@{}.org", "z".repeat(40));
        assert_eq!(Shortened::of(&address).cut, [format!("ana@{}", "z".repeat(28))]);
    }
}
