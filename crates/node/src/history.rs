//! Whole histories: written out for people or for programs, and taken back in (docs/HISTORY.md).

pub(crate) mod file;
mod html;
mod report;
pub(crate) mod stopped;

pub(crate) use report::Report;

use file::{FileError, Pieces, Target};
use html::Page;
use std::path::Path;
use tertulia_proto::group::archive::Export;
use tertulia_proto::io::{Lacking, Recalled};
use tertulia_proto::{Command, ConversationId, Node, Reply};
use tertulia_webrtc::native::{Gone, Handle};

/// What a history is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum Format {
    /// One JSON object a line, which can be taken in again.
    #[default]
    #[serde(rename = "jsonl")]
    JsonLines,
    /// A page to read.
    #[serde(rename = "html")]
    Html,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Conversations.
    pub(crate) conversations: u64,
    /// Operations as lines, messages on a page.
    pub(crate) entries: u64,
}

/// A history that is being written, piece by piece: never all of it in memory.
pub(crate) enum Writing {
    /// Line by line.
    Lines(Export),
    /// As a page.
    Page(Box<Page>),
}

impl Writing {
    /// Begins with one conversation or all of them; nothing when there is no such conversation.
    pub(crate) fn of(node: &Node, only: Option<ConversationId>, format: Format) -> Option<Self> {
        let all = match format {
            Format::JsonLines => node.exportable(),
            // People look for what was said last.
            Format::Html => node.conversations().into_iter().map(|view| view.id).collect(),
        };
        let chosen = match only {
            Some(id) => vec![all.into_iter().find(|one| *one == id)?],
            None => all,
        };
        Some(match format {
            Format::JsonLines => Self::Lines(Export::of(chosen)),
            Format::Html => Self::Page(Box::new(Page::of(chosen))),
        })
    }

    /// The next piece, until there is none; or what has to be read for it first.
    pub(crate) fn next(&mut self, node: &Node, recalled: &Recalled) -> Result<Option<String>, Lacking> {
        match self {
            Self::Lines(export) => node.export(export, recalled),
            Self::Page(page) => page.next(node, recalled),
        }
    }

    /// How much was written so far.
    pub(crate) fn written(&self) -> Written {
        match self {
            Self::Lines(export) => {
                Written { conversations: export.conversations, entries: export.operations }
            }
            Self::Page(page) => page.written(),
        }
    }
}

/// Why a running node did not write or take in a history.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The file's fault.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such conversation.
    #[error("there is no such conversation")]
    Unknown,
    /// The node has ended.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// Has a running node write a history to a file; it goes on with all else between two pieces.
pub(crate) async fn export(
    handle: &Handle,
    only: Option<ConversationId>,
    format: Format,
    path: &Path,
    force: bool,
) -> Result<Written, Trouble> {
    let begun = handle.with(move |node| Writing::of(node, only, format)).await?;
    let mut writing = begun.ok_or(Trouble::Unknown)?;
    let mut target = Target::create(path, force)?;
    loop {
        let mut moved = Some(writing);
        let step = move |node: &Node, recalled: &mut Recalled| {
            let piece = moved.as_mut().map(|writing| writing.next(node, recalled)).transpose()?;
            Ok((moved.take(), piece.flatten()))
        };
        let (Some(moved), piece) = handle.ask(step).await? else { return Err(Gone.into()) };
        writing = moved;
        match piece {
            Some(piece) => target.write(&piece)?,
            None => break,
        }
    }
    let finished = tokio::task::spawn_blocking(move || target.finish()).await;
    finished.map_err(|_| Gone)??;
    Ok(writing.written())
}

/// Has a running node take a history in from a file. What the report names is durable.
pub(crate) async fn import(handle: &Handle, path: &Path) -> Result<Report, Trouble> {
    let mut report = Report::default();
    for piece in Pieces::of_file(path)? {
        let piece = piece?;
        report.skip(piece.too_long);
        let command = Command::Import { text: piece.text, last: false };
        report.take(handle.command(command).await?);
    }
    report.take(handle.command(Command::Import { text: String::new(), last: true }).await?);
    Ok(report)
}

impl Report {
    /// Adds what the node answers to a piece.
    fn take(&mut self, reply: Result<Reply, tertulia_proto::Refusal>) {
        if let Ok(Reply::Imported(piece)) = reply {
            self.add(&piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use tertulia_proto::group::History;
    use tertulia_proto::identity::{Identity, Name};
    use tertulia_proto::io::MessageText;
    use tertulia_proto::rng::Rng;
    use tertulia_proto::{Config, ConversationKind, Instant, Output};

    const NOW: Instant = Instant::from_millis(1_800_000_000_000);
    /// More than any piece of twenty thousand short messages has.
    const PIECE_MAX: usize = 256 * 1024;

    fn someone(seed: u8) -> Node {
        let identity = Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1);
        Node::new(identity, Config::NATIVE, [2; 32], NOW)
    }

    type Records = BTreeMap<Vec<u8>, Vec<u8>>;

    fn record(output: Output) -> Option<(Vec<u8>, Vec<u8>)> {
        match output {
            Output::Store { key, value } => Some((key, value?)),
            _ => None,
        }
    }

    fn next(writing: &mut Writing, node: &Node, records: &Records) -> Option<String> {
        Recalled::answer(|recalled| writing.next(node, recalled), |key| records.get(key).cloned())
    }

    #[test]
    fn twenty_thousand_messages_go_out_and_in_piece_by_piece() {
        let mut ana = someone(1);
        let create =
            Command::Create { kind: ConversationKind::Public, name: Name::default(), history: History::All };
        let Ok(Reply::Conversation(conversation)) = ana.command(create, NOW) else { panic!("not created") };
        let mut kept = BTreeMap::new();
        for turn in 0..20_000 {
            let text = MessageText::cut(&format!("message {turn}"));
            ana.command(Command::Send { conversation, text, reply_to: None }, NOW).unwrap();
            kept.extend(std::iter::from_fn(|| ana.poll_output()).filter_map(record));
        }
        let mut iris = someone(2);
        let mut report = Report::default();
        let mut writing = Writing::of(&ana, None, Format::JsonLines).unwrap();
        let mut pieces = 0;
        let mut received = BTreeMap::new();
        while let Some(text) = next(&mut writing, &ana, &kept) {
            assert!(text.len() < PIECE_MAX);
            pieces += 1;
            report.take(iris.command(Command::Import { text, last: false }, NOW));
            let outputs: Vec<_> = std::iter::from_fn(|| iris.poll_output()).collect();
            assert!(outputs.len() < 100 && outputs.iter().all(|one| matches!(one, Output::Store { .. })));
            received.extend(outputs.into_iter().filter_map(record));
        }
        report.take(iris.command(Command::Import { text: String::new(), last: true }, NOW));
        assert!(pieces > 200 && report.is_whole());
        assert_eq!((report.json()["taken"].as_u64(), writing.written().entries), (Some(20_001), 20_001));

        let mut page = Writing::of(&iris, Some(conversation), Format::Html).unwrap();
        let longest = std::iter::from_fn(|| next(&mut page, &iris, &received)).map(|text| text.len()).max();
        assert!(longest.is_some_and(|longest| longest < PIECE_MAX));
        assert_eq!(page.written(), Written { conversations: 1, entries: 20_000 });
        assert!(Writing::of(&iris, Some(ConversationId([0; 16])), Format::Html).is_none());
    }
}
