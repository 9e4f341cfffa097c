//! The network by which people find each other: who is in the directory, and what this node has to do with it.

use super::{Limit, Nothing, done};
use crate::people::{self, FOUND_DEFAULT, listed_words, sought_words};
use crate::rpc::{Outcome, views};
use crate::session::Session;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tertulia_proto::{Command, Refusal};

/// Words, as a text or as several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "words are a text or a list of texts")]
enum Said {
    Text(String),
    Texts(Vec<String>),
}

impl Said {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Texts(texts) => texts.join(" "),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchParams {
    words: Said,
    limit: Option<Limit>,
}

pub(super) async fn search(session: &Session, SearchParams { words, limit }: SearchParams) -> Outcome {
    let words = sought_words(&words.text());
    let found = people::search(session, words, Limit::or(limit, FOUND_DEFAULT)).await??;
    Ok(found.iter().map(views::found_person).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishParams {
    /// Nothing takes the user out; that it is left out is a slip of the pen.
    #[serde(deserialize_with = "given")]
    words: Option<Said>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Said>, D::Error> {
    Option::deserialize(deserializer)
}

pub(super) async fn publish(session: &Session, PublishParams { words }: PublishParams) -> Outcome {
    let words = words.map(|said| listed_words(&said.text()));
    if words.as_ref().is_some_and(|words| words.is_empty()) {
        return Err(Refusal::NoWords.into());
    }
    done(session, Command::Publish { words: words.unwrap_or_default() }).await?;
    let listed = session.handle.with(|node| node.listed()).await?;
    Ok(json!({"words": listed}))
}

pub(super) async fn network(session: &Session, Nothing {}: Nothing) -> Outcome {
    let look = session.handle.with(|node| (node.neighbours(), node.listed(), node.records_kept()));
    let (neighbours, listed, records) = look.await?;
    let neighbours: Vec<_> = neighbours.iter().flatten().map(ToString::to_string).collect();
    Ok(json!({"in": !neighbours.is_empty(), "neighbours": neighbours, "listed": listed, "records": records}))
}
