//! The messages of the conversation in view, as rows: grouped by author, divided by day and by what is new.

use std::sync::Arc;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::{MessageView, Window};

/// Messages of one author within so long of each other stand under one head.
const GROUP_MS: u64 = 5 * 60 * 1000;
/// Messages shown at first, and more for each `Show earlier`: a few screens, drawn before anybody sees them coming.
const PAGE: usize = 200;
/// Messages that what is said while one watches may add up to: as many still scroll without a hitch.
const ROWS_MAX: usize = 2000;
/// Messages shown above one that the person goes to.
const ABOVE: usize = 20;

/// The conversation in view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    /// Which one.
    pub(crate) conversation: Option<ConversationId>,
    /// Its messages in the order of display.
    pub(crate) rows: Vec<Row>,
    /// The message that the person is to be led to.
    pub(crate) goal: Option<OpId>,
    /// The message before the first row, if there is one.
    before: Option<OpId>,
    /// How many rows there may be, once the messages were read for the first time.
    most: Option<usize>,
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
        Self { conversation: Some(conversation), ..Self::default() }
    }

    /// Which messages to read anew: a page and one before it, then all from the first row on. So nothing above what a
    /// person reads goes away while more is said.
    pub(crate) fn window(&self, unread: usize) -> Window {
        match self.most {
            Some(_) => Window { after: self.before, ..Window::default() },
            None => Window { limit: Some(first_page(unread) + 1), ..Window::default() },
        }
    }

    /// Whether there are messages before the first row.
    pub(crate) fn has_earlier(&self) -> bool {
        self.before.is_some()
    }

    /// Which messages to read to show a page more of the past, if there is more.
    pub(crate) fn earlier(&self) -> Option<Window> {
        let first = self.rows.first().filter(|_| self.has_earlier())?;
        Some(Window { before: Some(first.message.id), limit: Some(PAGE + 1), after: None })
    }

    /// Which messages to read to show one that is further back.
    pub(crate) fn around(&self, message: OpId) -> Option<Window> {
        let is_shown = self.rows.iter().any(|row| row.message.id == message);
        (!is_shown).then_some(Window { before: Some(message), limit: Some(ABOVE + 1), after: None })
    }

    /// Goes back to where the messages of this window are the first; the next reading has them.
    pub(crate) fn go_back(&mut self, window: Window, messages: &[MessageView]) {
        let is_more = Some(messages.len()) == window.limit;
        self.before = messages.first().filter(|_| is_more).map(|message| message.id);
        // Whoever asks for it gets more than what comes by itself.
        self.most = Some(usize::MAX);
    }

    /// Takes the messages read anew; the last `unread` of those by others have not been seen. `day_of` tells which
    /// local day a moment falls on.
    pub(crate) fn take(
        &mut self,
        mut messages: Vec<MessageView>,
        unread: usize,
        day_of: impl Fn(u64) -> i64,
    ) {
        let most = self.most.unwrap_or_else(|| first_page(unread));
        let too_many = messages.len().saturating_sub(most);
        if let Some(last) = messages.drain(..too_many).next_back() {
            self.before = Some(last.id);
        }
        self.most = self.most.or(Some(ROWS_MAX));
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

/// How many messages to show at first: all that were not seen and some before, as far as that goes.
fn first_page(unread: usize) -> usize {
    (unread + ABOVE).clamp(PAGE, ROWS_MAX)
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

    /// Reads as a node does.
    fn read(all: &[MessageView], window: Window) -> Vec<MessageView> {
        let at = |id: Option<OpId>| id.and_then(|id| all.iter().position(|message| message.id == id));
        let (from, to) = (at(window.after).map_or(0, |at| at + 1), at(window.before).unwrap_or(all.len()));
        let part = &all[from..to];
        part[part.len().saturating_sub(window.limit.unwrap_or(usize::MAX))..].to_vec()
    }

    fn messages(count: usize) -> Vec<MessageView> {
        let numbered = |n: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&n.to_be_bytes());
            MessageView { id: OpId(id), ..message(1, 1, n as u64) }
        };
        (0..count).map(numbered).collect()
    }

    #[test]
    fn only_a_page_is_shown_until_more_is_asked_for_or_said() {
        let all = messages(PAGE + 5);
        let mut feed = feed();
        let said = &all[..PAGE + 3];
        feed.take(read(said, feed.window(0)), 0, day);
        assert_eq!((feed.rows.len(), feed.has_earlier()), (PAGE, true));
        feed.take(read(&all, feed.window(0)), 0, day);
        assert_eq!((feed.rows.len(), feed.has_earlier()), (PAGE + 2, true), "nothing goes away above");

        let window = feed.earlier().unwrap();
        feed.go_back(window, &read(&all, window));
        feed.take(read(&all, feed.window(0)), 0, day);
        assert_eq!((feed.rows.len(), feed.has_earlier()), (PAGE + 5, false));
        assert!(feed.earlier().is_none());
    }

    #[test]
    fn a_message_far_back_is_gone_to_with_some_above_it() {
        let all = messages(3 * PAGE);
        let mut feed = feed();
        feed.take(read(&all, feed.window(0)), 0, day);
        assert!(feed.around(all[3 * PAGE - 1].id).is_none(), "what is shown need not be read");
        let window = feed.around(all[PAGE].id).unwrap();
        feed.go_back(window, &read(&all, window));
        feed.take(read(&all, feed.window(0)), 0, day);
        assert_eq!(feed.rows[ABOVE].message.id, all[PAGE].id);
        assert!(feed.has_earlier());
    }

    #[test]
    fn all_that_was_not_seen_is_shown_at_once() {
        let all = messages(3 * PAGE);
        let mut feed = feed();
        feed.take(read(&all, feed.window(2 * PAGE)), 2 * PAGE, day);
        assert_eq!(feed.rows.iter().position(|row| row.is_new), Some(ABOVE));
    }
}
