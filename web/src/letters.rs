//! Upper and lower case. In the page the browser does it: its tables need not be loaded with it.

use tertulia_proto::group::Letter;
#[cfg(target_family = "wasm")]
use tertulia_proto::table::Table;

/// `text` in lower case, for comparing names.
#[cfg(target_family = "wasm")]
pub(crate) fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// `text` in lower case, for comparing names.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(target_family = "wasm")]
thread_local! {
    static WORD: js_sys::RegExp = js_sys::RegExp::new(r"[\p{Alphabetic}\p{N}]", "u");
    // The browser is asked once about each.
    static LETTERS: std::cell::RefCell<Table<char, Letter>> = std::cell::RefCell::default();
}

/// What a search knows of a character.
#[cfg(target_family = "wasm")]
pub(crate) fn letter(c: char) -> Letter {
    let ask = || {
        let text = c.to_string();
        let lower = lower(&text);
        let mut lower = lower.chars();
        let is_word = WORD.with(|word| word.test(&text));
        Letter { lower: [lower.next(), lower.next(), lower.next()], is_word }
    };
    LETTERS.with_borrow_mut(|letters| *letters.or_insert_with(c, ask))
}

/// What a search knows of a character.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn letter(c: char) -> Letter {
    Letter::of(c)
}

/// Whether `words` are in `text`, in whatever case.
pub(crate) fn has(text: &str, words: &str) -> bool {
    let (text, words) = (lower(text), lower(words));
    #[cfg(target_family = "wasm")]
    return js_sys::JsString::from(text).includes(&words, 0);
    #[cfg(not(target_family = "wasm"))]
    return text.contains(&words);
}

/// `text` with its first letter in upper case, as a sentence of ours begins.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_in_any_script_and_sentences_begin_in_upper_case() {
        assert_eq!(lower("ÉVA Ωmega"), "éva ωmega");
        assert_eq!(
            (sentence("nobody"), sentence("“x” ends"), sentence("")),
            ("Nobody".into(), "“x” ends".into(), String::new())
        );
    }
}
