//! Short names between the page's program and its script.
//!
//! wasm-bindgen calls each function that one gives the other by a long name with a hash behind. Both files say each of
//! these names, and a hash is as good as random: nothing compresses it.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail};
use walrus::Module;

/// The characters that may begin and continue a name; `$` keeps ours apart from what wasm-bindgen calls its own.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The short names by the long ones.
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// Renames the functions of `module` that wasm-bindgen named.
    pub(crate) fn shorten(module: &mut Module) -> Self {
        let imports = module.imports.iter_mut().map(|import| &mut import.name);
        let exports = module.exports.iter_mut().map(|export| &mut export.name);
        let mut names = HashMap::new();
        for name in imports.chain(exports).filter(|name| has_hash(name)) {
            let next = short(names.len());
            *name = names.entry(name.clone()).or_insert(next).clone();
        }
        Self(names)
    }

    /// Renames them in the script, too.
    pub(crate) fn apply(&self, script: &str) -> Result<String> {
        let mut result = String::with_capacity(script.len());
        let mut said = HashSet::new();
        for word in words(script) {
            let name = self.0.get(word).map_or(word, String::as_str);
            said.insert(name);
            result.push_str(name);
        }
        match self.0.iter().find(|(_, short)| !said.contains(short.as_str())) {
            Some((long, _)) => bail!("the script does not say {long}, which the program gives or takes"),
            None => Ok(result),
        }
    }
}

/// Whether a hash or a number of sixteen digits is in a name of wasm-bindgen's.
fn has_hash(name: &str) -> bool {
    let is_hash = |part: &str| {
        let digits = part.strip_prefix('h').unwrap_or(part);
        digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    (name.starts_with("__wb") || name.starts_with("wasm_bindgen__")) && name.split('_').any(is_hash)
}

fn short(mut number: usize) -> String {
    let mut name = String::from("$");
    loop {
        name.push(char::from(LETTERS[number % LETTERS.len()]));
        number /= LETTERS.len();
        if number == 0 {
            return name;
        }
    }
}

/// The text as words of identifier characters and what stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = is_word(rest.chars().next()?);
        let end = rest.find(|c| is_word(c) != first).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_from_a_word() {
        assert!(has_hash("__wbg_get_d7176cfb76d71114"));
        assert!(has_hash("wasm_bindgen__convert__closures_____invoke__h6607d17cf8430530_18"));
        assert!(has_hash("__wbindgen_generic_000000000000000a"));
        assert!(!has_hash("__wbindgen_init_externref_table"));
        assert!(!has_hash("intounderlyingsink_write"));
    }

    #[test]
    fn only_whole_names_are_renamed() {
        let names = Names(HashMap::from([("__wbg_a_1".to_owned(), "$a".to_owned())]));
        assert_eq!(names.apply("x.__wbg_a_1(__wbg_a_12)").unwrap(), "x.$a(__wbg_a_12)");
    }

    #[test]
    fn a_name_that_the_script_lacks_is_an_error() {
        let names = Names(HashMap::from([("__wbg_a_1".to_owned(), "$a".to_owned())]));
        assert!(names.apply("nothing").is_err());
    }

    #[test]
    fn no_two_are_called_alike() {
        let names: std::collections::HashSet<_> = (0..10_000).map(short).collect();
        assert_eq!(names.len(), 10_000);
    }
}
