//! The messages of the conversation in view, as rows: grouped by author, divided by day and by what is new.

use std::sync::Arc;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::MessageView;

/// Messages of one author within so long of each other stand under one head.
const GROUP_MS: u64 = 5 * 60 * 1000;
/// Messages shown at first, and more for each `Show earlier`: a page that long still scrolls without a hitch.
const PAGE: usize = 2000;

/// The conversation in view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    /// Which one.
    pub(crate) conversation: Option<ConversationId>,
    /// Its messages in the order of display.
    pub(crate) rows: Vec<Row>,
    /// Whether there are messages before the first row.
    pub(crate) has_earlier: bool,
    limit: usize,
    line: Option<OpId>,
    line_seen: bool,
}

/// One message and what stands above it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The message.
    pub(crate) message: Arc<MessageView>,
    /// It begins a group: author and time are shown.
    pub(crate) leads: bool,
    /// It is the first of this day: the day's time, as an author's clock said it.
    pub(crate) day_ms: Option<u64>,
    /// It is the first that the person has not seen.
    pub(crate) is_new: bool,
}

impl Feed {
    /// An empty feed of `conversation`.
    pub(crate) fn of(conversation: ConversationId) -> Self {
        Self { conversation: Some(conversation), limit: PAGE, ..Self::default() }
    }

    /// How many messages to read: one more than is shown, to know whether there are earlier ones.
    pub(crate) fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Shows a page more of the past.
    pub(crate) fn extend(&mut self) {
        self.limit += PAGE;
    }

    /// Takes the messages read anew; the last `unread` of those by others have not been seen. `day_of` tells which
    /// local day a moment falls on.
    pub(crate) fn take(
        &mut self,
        mut messages: Vec<MessageView>,
        unread: usize,
        day_of: impl Fn(u64) -> i64,
    ) {
        self.has_earlier = messages.len() > self.limit;
        messages.drain(..messages.len().saturating_sub(self.limit));
        if unread > 0 && (self.line.is_none() || self.line_seen) {
            self.line = first_unread(&messages, unread);
            self.line_seen = false;
        }
        self.rows = rows(messages, self.line, day_of);
    }

    /// The person has seen everything: the next message draws a new line.
    pub(crate) fn seen(&mut self) {
        self.line_seen = true;
    }

    /// Whether a line stands above what was unread.
    pub(crate) fn has_line(&self) -> bool {
        self.line.is_some()
    }

    /// Takes the line away: the person has answered, or says that they have read.
    pub(crate) fn forget_line(&mut self) {
        self.line = None;
        self.rows.iter_mut().for_each(|row| row.is_new = false);
    }
}

/// The first of the last `unread` messages by others.
fn first_unread(messages: &[MessageView], unread: usize) -> Option<OpId> {
    let others = messages.iter().rev().filter(|message| message.state.is_none());
    others.take(unread).last().map(|message| message.id)
}

fn rows(messages: Vec<MessageView>, line: Option<OpId>, day_of: impl Fn(u64) -> i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(messages.len());
    let mut day = None;
    for message in messages {
        let today = day_of(message.time_ms);
        let day_ms = (day != Some(today)).then_some(message.time_ms);
        let is_new = line == Some(message.id);
        let leads =
            day_ms.is_some() || is_new || rows.last().is_none_or(|row| !continues(&row.message, &message));
        day = Some(today);
        rows.push(Row { message: Arc::new(message), leads, day_ms, is_new });
    }
    rows
}

fn continues(before: &MessageView, after: &MessageView) -> bool {
    before.author == after.author
        && before.node == after.node
        && after.time_ms.abs_diff(before.time_ms) < GROUP_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::identity::{AccountId, Name, NodeId};
    use tertulia_proto::io::MessageState;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    fn message(n: u8, author: u8, time_ms: u64) -> MessageView {
        MessageView {
            id: OpId([n; 32]),
            author: AccountId([author; 32]),
            node: NodeId([author; 16]),
            name: Name::cut("Ana"),
            time_ms,
            text: format!("message {n}"),
            emote: false,
            edited: false,
            deleted: false,
            reactions: Vec::new(),
            reply_to: None,
            // Author 0 is this node.
            state: (author == 0).then_some(MessageState::Sent),
        }
    }

    fn day(time_ms: u64) -> i64 {
        i64::try_from(time_ms / DAY_MS).unwrap()
    }

    fn feed() -> Feed {
        Feed::of(ConversationId([1; 16]))
    }

    #[test]
    fn one_author_groups_until_another_speaks_or_time_passes() {
        let mut feed = feed();
        let messages = vec![
            message(1, 1, 1000),
            message(2, 1, 2000),
            message(3, 2, 3000),
            message(4, 1, 4000),
            message(5, 1, 4000 + GROUP_MS),
        ];
        feed.take(messages, 0, day);
        let leads: Vec<bool> = feed.rows.iter().map(|row| row.leads).collect();
        assert_eq!(leads, [true, false, true, true, true]);
    }

    #[test]
    fn each_day_begins_with_a_divider() {
        let mut feed = feed();
        feed.take(vec![message(1, 1, DAY_MS - 1), message(2, 1, DAY_MS), message(3, 1, DAY_MS + 1)], 0, day);
        let days: Vec<Option<u64>> = feed.rows.iter().map(|row| row.day_ms).collect();
        assert_eq!(days, [Some(DAY_MS - 1), Some(DAY_MS), None]);
        assert!(feed.rows[1].leads, "a day's first message shows its author");
    }

    #[test]
    fn the_line_stands_before_the_first_unread_of_others_and_stays_there() {
        let mut feed = feed();
        let mut messages = vec![message(1, 1, 0), message(2, 1, 1), message(3, 0, 2), message(4, 2, 3)];
        feed.take(messages.clone(), 2, day);
        let line = |feed: &Feed| feed.rows.iter().position(|row| row.is_new);
        assert_eq!(line(&feed), Some(1));

        feed.seen();
        feed.take(messages.clone(), 0, day);
        assert_eq!(line(&feed), Some(1), "it stays while the person reads on");

        messages.push(message(5, 2, 4));
        feed.take(messages.clone(), 1, day);
        assert_eq!(line(&feed), Some(4), "and moves when something new comes after that");

        feed.forget_line();
        feed.take(messages, 0, day);
        assert_eq!(line(&feed), None);
    }

    #[test]
    fn only_a_page_is_shown_until_more_is_asked_for() {
        let all: Vec<MessageView> =
            (0..PAGE as u64 + 5).map(|n| message(u8::try_from(n % 250).unwrap(), 1, n)).collect();
        let mut feed = feed();
        let last = |wanted: usize| all[all.len().saturating_sub(wanted)..].to_vec();
        feed.take(last(feed.wanted()), 0, day);
        assert_eq!((feed.rows.len(), feed.has_earlier), (PAGE, true));
        feed.extend();
        feed.take(last(feed.wanted()), 0, day);
        assert_eq!((feed.rows.len(), feed.has_earlier), (PAGE + 5, false));
    }
}
