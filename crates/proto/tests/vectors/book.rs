//! The book of vectors: named values as text, as they stand in the document.

use data_encoding::HEXLOWER;
use std::fmt::Write;

/// How many hex digits or characters stand on a line: with its indent, a line of a page.
const LINE: usize = 112;

/// The text of all vectors, as it grows.
#[derive(Default)]
pub(crate) struct Book {
    text: String,
    is_open: bool,
}

impl Book {
    /// Begins a chapter with words about it.
    pub(crate) fn chapter(&mut self, title: &str, about: &str) {
        self.end_block();
        let _ = write!(self.text, "\n### {title}\n\n{about}\n\n```text\n");
        self.is_open = true;
    }

    /// Writes bytes down: in hex, on lines of their own when there are many.
    pub(crate) fn bytes(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        let hex = HEXLOWER.encode(bytes.as_ref());
        if name.len() + 3 + hex.len() <= LINE + 2 {
            let _ = writeln!(self.text, "{name} = {hex}");
            return;
        }
        let _ = writeln!(self.text, "{name} =");
        self.lines(&hex);
    }

    /// Writes text down, in quotation marks; it must hold none.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        assert!(!text.contains('"'), "a quoted text with a quotation mark in it");
        let quoted = format!("\"{text}\"");
        if name.len() + 3 + quoted.len() <= LINE + 2 {
            let _ = writeln!(self.text, "{name} = {quoted}");
            return;
        }
        assert!(text.is_ascii(), "text that is folded must be ASCII");
        let _ = writeln!(self.text, "{name} =");
        self.lines(&quoted);
    }

    /// Writes a number down, in decimal after a `#`.
    pub(crate) fn number(&mut self, name: &str, number: u64) {
        let _ = writeln!(self.text, "{name} = #{number}");
    }

    /// Leaves a line free.
    pub(crate) fn pause(&mut self) {
        self.text.push('\n');
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        self.end_block();
        self.text.push('\n');
        self.text
    }

    fn lines(&mut self, text: &str) {
        for line in text.as_bytes().chunks(LINE) {
            let _ = writeln!(self.text, "  {}", std::str::from_utf8(line).unwrap());
        }
    }

    fn end_block(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.text.push_str("```\n");
        }
    }
}
