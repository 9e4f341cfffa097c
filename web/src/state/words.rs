//! What the page says about messages and people, in words.

use super::State;
use std::ops::Range;
use tertulia_proto::AccountId;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::{ConversationView, MessageState, MessageView, ReactionView};

/// Names that stand in one line; the others are counted.
const NAMES_MAX: usize = 5;
/// Characters of a message that stand in a quote of it: a line on a phone.
const QUOTE_MAX: usize = 90;
/// Characters before what was found, and in all, that are shown of a message that has it: two lines and a bit.
const SNIPPET_BEFORE: usize = 40;
const SNIPPET_MAX: usize = 160;
const DELETED: &str = "This message was deleted";

/// What a message says as it is shown.
pub(crate) fn said(message: &MessageView) -> String {
    if message.deleted {
        DELETED.into()
    } else if message.emote {
        ["* ", message.name.as_str(), " ", &message.text].concat()
    } else {
        message.text.clone()
    }
}

/// What to edit of a message: what its author typed.
pub(crate) fn typed(message: &MessageView) -> String {
    [if message.emote { "/me " } else { "" }, &message.text].concat()
}

/// The beginning of a message, for a line that speaks of it.
pub(crate) fn beginning(message: &MessageView) -> String {
    cut(&said(message), QUOTE_MAX)
}

/// What stands around the first of the places that were found in a text, in pieces: what was found, and what was not.
pub(crate) fn snippet<'a>(text: &'a str, places: &[Range<usize>]) -> Vec<(&'a str, bool)> {
    let first = places.first().map_or(0, |place| place.start);
    let head = text.get(..first).unwrap_or_default();
    let near = head.char_indices().rev().take(SNIPPET_BEFORE).last().map_or(first, |(at, _)| at);
    // It begins with a whole word, if there is the beginning of one.
    let word = text
        .get(near..first)
        .and_then(|near| near.find(char::is_whitespace))
        .map_or(near, |at| near + at + 1);
    let from = if near == 0 { 0 } else { word };
    let rest = text.get(from..).unwrap_or_default();
    let end = rest.char_indices().nth(SNIPPET_MAX).map_or(text.len(), |(at, _)| from + at);
    let mut pieces = vec![(if from > 0 { "…" } else { "" }, false)];
    let mut at = from;
    for place in places.iter().filter(|place| place.start < end) {
        pieces.push((text.get(at..place.start).unwrap_or_default(), false));
        pieces.push((text.get(place.start..place.end.min(end)).unwrap_or_default(), true));
        at = place.end.min(end);
    }
    pieces.push((text.get(at..end).unwrap_or_default(), false));
    pieces.push((if end < text.len() { "…" } else { "" }, false));
    pieces.retain(|(words, _)| !words.is_empty());
    pieces
}

/// The first so many characters of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// How far a message of ours has come.
pub(crate) fn progress(state: &MessageState) -> String {
    match state {
        MessageState::Queued => "queued".into(),
        MessageState::Sent => "sent".into(),
        MessageState::Delivered { by, of } => format!("delivered to {} of {of}", by.len()),
        MessageState::Read { by, .. } => format!("read by {}", by.len()),
    }
}

/// What a reaction is called: `👍 2, you and Eva`.
pub(crate) fn reacted(reaction: &ReactionView, name_of: impl Fn(&AccountId) -> String) -> String {
    let names: Vec<String> = reaction.by.iter().map(name_of).collect();
    [&reaction.emoji, " ", &names.len().to_string(), ", ", &listed(&names)].concat()
}

/// `Eva is writing…`.
pub(crate) fn writing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => [one, " is writing…"].concat(),
        names => [&listed(names), " are writing…"].concat(),
    }
}

/// `Ana`, `Ana and Eva`, `Ana, Bo and Eva`.
fn listed(names: &[String]) -> String {
    let shown = &names[..names.len().min(NAMES_MAX)];
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some(_) if shown.len() < names.len() => {
            [&shown.join(", "), " and ", &(names.len() - shown.len()).to_string(), " more"].concat()
        }
        Some((last, before)) => [&before.join(", "), " and ", last].concat(),
        None => String::new(),
    }
}

impl State {
    /// What a user is called who is in a conversation, in another of ours, or linked.
    pub(crate) fn user_name(&self, conversation: ConversationId, user: &AccountId) -> String {
        let here = self.conversations.iter().filter(|view| view.id == conversation);
        let everywhere = here.chain(&self.conversations);
        let name = everywhere.flat_map(|view| &view.participants).find(|one| one.person.user == *user);
        match name {
            Some(one) if one.me => "you".into(),
            Some(one) => one.person.name.to_string(),
            None => "somebody who left".into(),
        }
    }

    /// Who writes in a conversation now, in a line.
    pub(crate) fn writing_in(&self, view: &ConversationView) -> String {
        let writes =
            |node| self.writing.iter().any(|writer| writer.conversation == view.id && writer.node == node);
        let writers = view.participants.iter().filter(|one| !one.me && writes(one.person.node));
        writing(&writers.map(|one| one.person.name.to_string()).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_and_counted_when_there_are_many() {
        let names = |count: usize| (0..count).map(|n| format!("n{n}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(0)), "");
        assert_eq!(listed(&names(1)), "n0");
        assert_eq!(listed(&names(3)), "n0, n1 and n2");
        assert_eq!(listed(&names(7)), "n0, n1, n2, n3, n4 and 2 more");
        assert_eq!(writing(&names(1)), "n0 is writing…");
        assert_eq!(writing(&names(2)), "n0 and n1 are writing…");
    }

    #[test]
    fn a_reaction_is_called_by_who_gave_it() {
        let by = vec![AccountId([0; 32]), AccountId([1; 32])];
        let reaction = ReactionView { emoji: "👍".into(), by, mine: true };
        let name = |user: &AccountId| if user.0[0] == 0 { "you".into() } else { "Eva".into() };
        assert_eq!(reacted(&reaction, name), "👍 2, you and Eva");
    }

    #[test]
    fn progress_is_in_words() {
        let by = vec![AccountId([1; 32]), AccountId([2; 32])];
        assert_eq!(progress(&MessageState::Delivered { by: by.clone(), of: 3 }), "delivered to 2 of 3");
        assert_eq!(progress(&MessageState::Read { by, delivered_to: 3, of: 3 }), "read by 2");
        assert_eq!(progress(&MessageState::Queued), "queued");
    }
}
