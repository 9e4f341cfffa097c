//! The test vectors of docs/PROTOCOL.md: a story that four nodes play, with every frame of it, and every value
//! that a peer in another language has to compute. Whoever changes what goes over the wire finds out here.
//!
//! All keys and all chance come from fixed seeds and the stage has neither clock nor network, so the same bytes
//! come out natively and in wasm.

mod book;
mod overlay;
mod stage;
mod story;
mod verdicts;
mod words;

use book::Book;

const DOCUMENT: &str = include_str!("../../../../docs/PROTOCOL.md");
const BEGIN: &str = "<!-- vectors: written by the test `vectors`, do not edit -->";
const END: &str = "<!-- end of vectors -->";
const REWRITE: &str = "TERTULIA_WRITE_VECTORS=1 cargo test -p tertulia-proto --test vectors";

#[test]
fn the_document_has_the_vectors_that_the_code_yields() {
    let vectors = vectors();
    if document::is_to_be_written() {
        document::write(&vectors);
        return;
    }
    let (_, written, _) = parts(DOCUMENT);
    if written == vectors {
        return;
    }
    let differs = |(there, here): &(&str, &str)| there != here;
    let (line, (there, here)) = (1..)
        .zip(written.lines().zip(vectors.lines()))
        .find(|(_, pair)| differs(pair))
        .unwrap_or((0, ("(one of the two ends earlier)", "")));
    panic!(
        "the vectors of docs/PROTOCOL.md are not what the code yields (line {line} of them).\n\
         document: {there}\n    code: {here}\n\
         If bytes on the wire were meant to change, say so in docs/PROTOCOL.md and rewrite the vectors with\n    \
         {REWRITE}"
    );
}

#[test]
fn the_same_story_yields_the_same_bytes() {
    assert_eq!(vectors(), vectors());
}

fn vectors() -> String {
    let mut book = Book::default();
    story::tell(&mut book);
    verdicts::tell(&mut book);
    words::tell(&mut book);
    overlay::tell(&mut book);
    book.finish()
}

/// What stands before, between and after the marks.
fn parts(document: &str) -> (&str, &str, &str) {
    let (before, rest) = document.split_once(BEGIN).expect("docs/PROTOCOL.md has the first mark");
    let (vectors, after) = rest.split_once(END).expect("docs/PROTOCOL.md has the last mark");
    (before, vectors, after)
}

/// Writing happens natively only: in wasm there are no files.
#[cfg(not(target_family = "wasm"))]
mod document {
    use super::{BEGIN, END, parts};

    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md");

    #[expect(clippy::disallowed_methods, reason = "a switch of the test, not of the core")]
    pub(crate) fn is_to_be_written() -> bool {
        std::env::var("TERTULIA_WRITE_VECTORS").is_ok_and(|value| value == "1")
    }

    pub(crate) fn write(vectors: &str) {
        let document = std::fs::read_to_string(PATH).expect("docs/PROTOCOL.md can be read");
        let (before, _, after) = parts(&document);
        let written = [before, BEGIN, vectors, END, after].concat();
        std::fs::write(PATH, written).expect("docs/PROTOCOL.md can be written");
    }
}

#[cfg(target_family = "wasm")]
mod document {
    pub(crate) fn is_to_be_written() -> bool {
        false
    }

    pub(crate) fn write(_: &str) {}
}
