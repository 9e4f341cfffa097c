//! What becomes of messages: edits, deletions, reactions; and how they are found again.

use super::{Limit, MESSAGES_MAX, done, message_text, unknown_conversation, yes};
use crate::rpc::hex::Hex;
use crate::rpc::message::Fault;
use crate::rpc::{Outcome, views};
use crate::session::Session;
use serde::Deserialize;
use tertulia_proto::group::{Letter, Search};
use tertulia_proto::io::{EMOJI_MAX, Emoji};
use tertulia_proto::{Command, ConversationId, OpId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditParams {
    conversation: Hex<ConversationId>,
    message: Hex<OpId>,
    text: String,
}

pub(super) async fn edit(session: &Session, params: EditParams) -> Outcome {
    let EditParams { conversation: Hex(conversation), message: Hex(message), text } = params;
    done(session, Command::Edit { conversation, message, text: message_text(text)? }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteParams {
    conversation: Hex<ConversationId>,
    message: Hex<OpId>,
}

pub(super) async fn delete(session: &Session, params: DeleteParams) -> Outcome {
    let DeleteParams { conversation: Hex(conversation), message: Hex(message) } = params;
    done(session, Command::Delete { conversation, message }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReactParams {
    conversation: Hex<ConversationId>,
    message: Hex<OpId>,
    emoji: String,
    #[serde(default = "yes")]
    on: bool,
}

pub(super) async fn react(session: &Session, params: ReactParams) -> Outcome {
    let ReactParams { conversation: Hex(conversation), message: Hex(message), emoji, on } = params;
    let emoji = Emoji::new(emoji)
        .ok_or_else(|| Fault::params(format!("a reaction has at most {EMOJI_MAX} bytes")))?;
    done(session, Command::React { conversation, message, emoji, on }).await
}

/// Messages that a search yields when it does not say how many.
const FOUND_DEFAULT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindParams {
    words: String,
    conversation: Option<Hex<ConversationId>>,
    limit: Option<Limit>,
}

pub(super) async fn find(session: &Session, params: FindParams) -> Outcome {
    let FindParams { words, conversation, limit } = params;
    let (only, limit) = (conversation.map(|Hex(id)| id), Limit::or(limit, FOUND_DEFAULT).min(MESSAGES_MAX));
    let mut search = Search::new(&words, limit, only, Letter::of);
    let found = session.handle.ask(move |node, recalled| {
        let is_there = only.is_none_or(|id| node.conversation(id).is_some());
        is_there.then(|| node.find(&mut search, recalled)).transpose()
    });
    Ok(found.await?.ok_or_else(unknown_conversation)?.iter().map(views::found).collect())
}
