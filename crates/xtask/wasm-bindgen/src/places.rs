//! Where panics happen: numbers in the program, and lines of files in the script.
//!
//! The compiler gives each place sixteen bytes: the address and the length of the file's name, the line and the column.
//! Nobody reads them but what says a panic, and that is the script. There the lines of a file stand in order, each as one
//! character that says how far it is from the line before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::RelocationType;

use crate::links::{Program, Thing};

/// What the first line, and a step of none, is written as: the first printable character that needs no escape.
const ZERO: u32 = 35;
/// A file is named by what stands behind the last of these and the folder after it, which differ from one machine to the next.
const HOMES: [(&str, bool); 2] = [("/library/", false), ("/registry/src/", true)];

/// The lines of each file in which something may panic, in the order of their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<String, BTreeSet<u32>>);

/// A file's name and a line.
pub(crate) type Place = (String, u32);

impl Places {
    /// Which of the program's constants are places that only code names, as a whole.
    pub(crate) fn find(program: &Program) -> HashMap<usize, Place> {
        let mut names = HashMap::new();
        let mut other_uses = BTreeSet::new();
        for link in &program.links {
            if let (Some(Thing::Constant(from)), Thing::Constant(to)) = (link.from, link.to)
                && link.at == program.constants[from].start
                && link.addend == 0
            {
                names.insert(from, to);
            }
            let is_plain = link.kind == RelocationType::MemoryAddrSleb && link.addend == 0;
            if let (Thing::Constant(to), false) = (link.to, is_plain) {
                other_uses.insert(to);
            }
        }
        let place =
            |(from, to): (usize, usize)| Some((from, place(program.content(from), program.content(to))?));
        names.into_iter().filter(|(from, _)| !other_uses.contains(from)).filter_map(place).collect()
    }

    /// Notes some of them.
    pub(crate) fn of<'a>(places: impl IntoIterator<Item = &'a Place>) -> Self {
        let mut files: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for (file, line) in places {
            files.entry(file.clone()).or_default().insert(*line);
        }
        Self(files)
    }

    /// The number of a place. None is zero, which may mean that there is no place.
    pub(crate) fn number(&self, (file, line): &Place) -> Option<u32> {
        let before: usize = self.0.range(..file.clone()).map(|(_, lines)| lines.len()).sum();
        let lines = self.0.get(file).filter(|lines| lines.contains(line))?;
        u32::try_from(before + lines.range(..line).count() + 1).ok()
    }

    /// All of them as the script writes them.
    pub(crate) fn script(&self) -> String {
        let file = |(file, lines): (&String, &BTreeSet<u32>)| {
            let mut before = 0;
            let steps = lines.iter().map(|line| {
                let step = char::from_u32(ZERO + line - before).unwrap_or(char::REPLACEMENT_CHARACTER);
                before = *line;
                if step == '\\' { "\\\\".to_owned() } else { step.to_string() }
            });
            format!("[\"{file}\",\"{}\"]", steps.collect::<String>())
        };
        format!("[{}]", self.0.iter().map(file).collect::<Vec<_>>().join(","))
    }
}

/// What a constant says if it is a place, and `name` what it names.
fn place(constant: &[u8], name: &[u8]) -> Option<Place> {
    let constant: &[u8; 16] = constant.try_into().ok()?;
    let word = |at: usize| constant[at..at + 4].try_into().map(u32::from_le_bytes).ok();
    let name = str::from_utf8(name.get(..word(4)? as usize)?).ok()?;
    (name.ends_with(".rs") && word(8)? < 0x8000).then_some((short(name), word(8)?))
}

fn short(name: &str) -> String {
    let behind = |(home, has_folder): &(&str, bool)| {
        let (_, rest) = name.rsplit_once(home)?;
        if *has_folder { rest.split_once('/').map(|(_, rest)| rest) } else { Some(rest) }
    };
    HOMES.iter().find_map(behind).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_nothing_of_the_machine() {
        assert_eq!(short("/rustc/59807616e1/library/core/src/str/mod.rs"), "core/src/str/mod.rs");
        assert_eq!(
            short("/root/.cargo/registry/src/index.crates.io-1949/idb-0.6.4/src/lib.rs"),
            "idb-0.6.4/src/lib.rs"
        );
        assert_eq!(short("web/src/state.rs"), "web/src/state.rs");
    }

    #[test]
    fn sixteen_bytes_that_name_a_file_are_a_place() {
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        assert_eq!(place(&words([9, 4, 7, 1]), b"a.rs and more"), Some(("a.rs".to_owned(), 7)));
        assert_eq!(place(&words([9, 5, 7, 1]), b"a.rs and more"), None);
        assert_eq!(place(&words([9, 40, 7, 1]), b"a.rs"), None);
        assert_eq!(place(b"short", b"a.rs"), None);
    }

    #[test]
    fn the_script_finds_lines_by_number() {
        let places =
            [("b.rs", 1), ("a.rs", 60), ("a.rs", 3), ("a.rs", 3)].map(|(file, line)| (file.to_owned(), line));
        let known = Places::of(&places);
        assert_eq!(places.each_ref().map(|place| known.number(place)), [Some(3), Some(2), Some(1), Some(1)]);
        assert_eq!(known.number(&("a.rs".to_owned(), 4)), None);
        assert_eq!(known.script(), r#"[["a.rs","&\\"],["b.rs","$"]]"#);
    }
}
