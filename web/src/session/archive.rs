//! Histories out of this browser, as files, and back in (docs/HISTORY.md).

use super::Session;
use crate::view::document;
use js_sys::{Array, Uint8Array};
use tertulia_proto::group::archive::{Export, Imported};
use tertulia_proto::io::{Lacking, Recalled};
use tertulia_proto::{Command, Node, Reply};
use tertulia_webrtc::browser::after;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, File, HtmlElement, Url};

/// What is read of a file at once: the longest line that is taken, twice.
const PIECE_BYTES: u32 = 2 * 1024 * 1024;

/// A file that is being taken in.
struct Import {
    file: File,
    /// Where the next piece begins.
    at: u32,
    total: Imported,
}

impl Session {
    /// Writes all conversations to a file that the browser is given to keep.
    pub(crate) fn export(self) {
        if let Some(all) = self.with_node(Node::exportable) {
            self.go_on_exporting(Export::of(all), Recalled::default(), Array::new());
        }
    }

    fn go_on_exporting(self, mut export: Export, mut recalled: Recalled, pieces: Array) {
        while let Some(next) = self.with_node(|node| node.export(&mut export, &recalled)) {
            match next {
                Ok(Some(piece)) => {
                    pieces.push(&JsValue::from_str(&piece));
                    recalled = Recalled::default();
                }
                Ok(None) => return self.hand_out(&pieces, &export),
                Err(Lacking(keys)) => {
                    let go_on = move |recalled| self.go_on_exporting(export, recalled, pieces);
                    return self.read_for(keys, recalled, Box::new(go_on));
                }
            }
        }
    }

    fn hand_out(self, pieces: &Array, export: &Export) {
        if save(pieces, "tertulia.jsonl", "application/jsonl").is_err() {
            return self.urge("This browser does not let the page save a file.", "Nothing was exported.");
        }
        let (conversations, operations) = (export.conversations, export.operations);
        self.say(&format!(
            "Exported. Conversations: {conversations}; entries: {operations}. Whoever has the file can read it."
        ));
    }

    /// Takes in what a file has of histories.
    pub(crate) fn import(self, file: File) {
        self.go_on_importing(Import { file, at: 0, total: Imported::default() });
    }

    fn go_on_importing(self, import: Import) {
        // Files that a browser is given are far below 2^53 bytes, and what is above 4 GB of one is not read.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let size = import.file.size() as u32;
        let end = size.min(import.at.saturating_add(PIECE_BYTES));
        let Ok(piece) = import.file.slice_with_f64_and_f64(import.at.into(), end.into()) else {
            return self.report(&import.total);
        };
        after(&piece.array_buffer(), move |bytes| match bytes {
            Ok(bytes) => self.take_in(import, &Uint8Array::new(&bytes).to_vec(), end == size),
            Err(_) => {
                self.report(&import.total);
                self.urge(
                    "The file could not be read to its end.",
                    "Choose it again: what was taken in stays.",
                );
            }
        });
    }

    /// Takes in a piece of the file, up to the end of its last whole line.
    fn take_in(self, mut import: Import, bytes: &[u8], is_end: bool) {
        let last_line = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        let whole = if is_end { bytes.len() } else { last_line };
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
        match self.run(Command::Import { text, last: is_end }) {
            Some(Reply::Imported(piece)) => import.total.add(&piece),
            _ => return self.report(&import.total),
        }
        import.at += u32::try_from(whole).unwrap_or(PIECE_BYTES);
        if is_end { self.report(&import.total) } else { self.go_on_importing(import) }
    }

    fn report(self, total: &Imported) {
        self.show_former();
        let Imported { conversations, taken, known, waiting, refused } = total;
        let count: u64 = refused.values().sum();
        let text = format!(
            "Imported. New conversations: {conversations}; entries taken in: {}, here before: {known}, not taken: {count}.",
            taken + waiting
        );
        if count == 0 {
            return self.say(&text);
        }
        let reasons: Vec<String> =
            refused.iter().map(|(reason, count)| format!("{} ({count})", reason.replace('_', " "))).collect();
        self.urge(&text, &format!("What was not taken: {}.", reasons.join(", ")));
    }
}

/// Has the browser save a file, made of texts.
fn save(pieces: &Array, name: &str, kind: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(pieces, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.unchecked_ref::<HtmlElement>().click();
    // It has taken hold of the content by then.
    crate::view::later(std::time::Duration::from_secs(60), move || drop(Url::revoke_object_url(&url)));
    Ok(())
}
