//! What an import has come to, for people and for programs.

use serde_json::{Value, json};
use tertulia_proto::group::archive::Imported;

/// What an import has come to.
#[derive(Debug, Default)]
pub(crate) struct Report(Imported);

impl Report {
    /// Adds what one piece has come to.
    pub(crate) fn add(&mut self, piece: &Imported) {
        self.0.add(piece);
    }

    /// Adds lines that are too long to be any of ours.
    pub(super) fn skip(&mut self, lines: u64) {
        if lines > 0 {
            *self.0.refused.or_insert_with("line_unreadable", || 0) += lines;
        }
    }

    /// Whether every line was taken or known.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.refused.is_empty() && self.0.waiting == 0
    }

    /// The report for programs.
    pub(crate) fn json(&self) -> Value {
        let Imported { conversations, taken, known, waiting, refused } = &self.0;
        let refused: serde_json::Map<_, _> =
            refused.iter().map(|(reason, count)| ((*reason).to_owned(), json!(count))).collect();
        json!({
            "conversations": conversations, "taken": taken, "known": known, "waiting": waiting, "refused": refused,
        })
    }

    /// The report for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Imported { conversations, taken, known, waiting, refused } = &self.0;
        let mut lines = vec![format!(
            "New conversations: {conversations}; entries taken: {taken}, known before: {known}."
        )];
        if *waiting > 0 {
            lines.push(format!(
                "Entries that wait for others, which the participants are asked for: {waiting}."
            ));
        }
        lines.extend(refused.iter().map(|(reason, count)| format!("Not taken: {count}. {}.", words(reason))));
        lines
    }
}

/// Why a line was not taken, in words.
fn words(reason: &'static str) -> &'static str {
    match reason {
        "line_unreadable" => "Lines that are none of an export, or are damaged",
        "operation_signature_wrong" => "The signature is wrong: this was altered",
        "import_lacks_what_came_before" => "What they stand on is not in the file",
        "import_without_beginning" => "The beginning of their conversation is not in the file",
        "import_too_many_conversations" => "There are too many conversations here: forget some first",
        "import_while_entering" => "You are entering this conversation just now: import again later",
        "import_before_our_time" => {
            "They are from before your time, in a conversation that withholds its past"
        }
        "operation_of_a_stranger" => "Their author was not in the conversation",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_was_not_taken_and_why() {
        let mut report = Report::default();
        assert!(report.is_whole());
        report.add(&Imported { conversations: 1, taken: 5, known: 2, ..Imported::default() });
        assert!(report.is_whole());
        report.skip(0);
        assert!(report.is_whole());
        report.skip(3);
        assert!(!report.is_whole());
        assert_eq!(report.json()["refused"], json!({"line_unreadable": 3}));
        assert_eq!(report.json()["taken"], 5);
        assert!(report.lines()[1].starts_with("Not taken: 3. Lines that are none"), "{:?}", report.lines());
    }
}
