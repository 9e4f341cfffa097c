//! Histories to files and back, as a person asks for it.

use crate::history::{self, Format, Trouble};
use crate::terminal::chat::{Chat, Out, Wrong};
use crate::terminal::text::plain;
use std::path::{Path, PathBuf};

impl Chat<'_> {
    /// Writes all conversations, or the current one, to a file: a page if its name says so, else what can be taken in
    /// again.
    pub(super) async fn export(&self, file: &str, here: bool) -> Result<Out, Wrong> {
        let path = PathBuf::from(file);
        let is_page = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("html"));
        let format = if is_page { Format::Html } else { Format::JsonLines };
        let only = if here { Some(self.here()?) } else { None };
        let written = history::export(&self.session.handle, only, format, &path, false)
            .await
            .map_err(|trouble| told(&trouble))?;
        let (conversations, entries) = (written.conversations, written.entries);
        Ok(vec![format!(
            "Conversations: {conversations}; entries: {entries}. They are in {}, readable for whoever has it.",
            plain(file)
        )])
    }

    /// Takes conversations in from a file.
    pub(super) async fn import(&self, file: &str) -> Result<Out, Wrong> {
        let report =
            history::import(&self.session.handle, Path::new(file)).await.map_err(|trouble| told(&trouble))?;
        Ok(report.lines())
    }
}

fn told(trouble: &Trouble) -> Wrong {
    let text = trouble.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
