//! Histories to files and back.

use super::unknown_conversation;
use crate::history::file::FileError;
use crate::history::{self, Format, Trouble};
use crate::rpc::Outcome;
use crate::rpc::hex::Hex;
use crate::rpc::message::Fault;
use crate::session::Session;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use tertulia_proto::ConversationId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportParams {
    path: PathBuf,
    conversation: Option<Hex<ConversationId>>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    force: bool,
}

pub(super) async fn export(session: &Session, params: ExportParams) -> Outcome {
    let ExportParams { path, conversation, format, force } = params;
    let only = conversation.map(|Hex(id)| id);
    let written = history::export(&session.handle, only, format, &path, force).await?;
    Ok(json!({"conversations": written.conversations, "entries": written.entries}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportParams {
    path: PathBuf,
}

pub(super) async fn import(session: &Session, ImportParams { path }: ImportParams) -> Outcome {
    Ok(history::import(&session.handle, &path).await?.json())
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unknown => unknown_conversation(),
            Trouble::Gone(gone) => gone.into(),
            Trouble::File(error @ FileError::Exists { .. }) => {
                Self::refused("file_exists", error, "the file is as it was")
            }
            Trouble::File(error @ FileError::Io { .. }) => {
                Self::refused("file", error, "a file that was there is as it was; what was taken in is kept")
            }
        }
    }
}
