//! What the person does in conversations and about people.

use super::Session;
use super::reading::{RECALLED, with_quoted};
use crate::letters::{letter, sentence};
use crate::state::{Feed, Stale};
use crate::ui::Place;
use tertulia_proto::group::{ConversationId, OpId, Search};
use tertulia_proto::io::{Emoji, Found, Lacking, MessageText, MessageView, Recalled, RequestId};
use tertulia_proto::{AccountId, Command, Node, Reply, Window};

/// A message of our own that is further back is found with the eyes, and edited by its actions.
const LAST_OWN_WITHIN: usize = 100;
/// Messages that a search shows: more are not looked through by anybody who can type another word.
pub(crate) const FOUND_MAX: usize = 50;

impl Session {
    /// Says something; tells what is wrong when it was not taken.
    pub(crate) fn send(
        self,
        conversation: ConversationId,
        text: &str,
        reply_to: Option<OpId>,
    ) -> Result<(), String> {
        self.utter(text, |text| Command::Send { conversation, text, reply_to })
    }

    /// Gives a message of ours other words; tells what is wrong when they were not taken.
    pub(crate) fn edit(self, conversation: ConversationId, message: OpId, text: &str) -> Result<(), String> {
        self.utter(text, |text| Command::Edit { conversation, message, text })
    }

    fn utter(self, text: &str, command: impl FnOnce(MessageText) -> Command) -> Result<(), String> {
        let Some(text) = MessageText::new(text) else {
            return Err(
                "This message is too long to send in one. Your text is still here: send it in parts.".into(),
            );
        };
        let command = command(text);
        match self.with_tab(|tab| tab.command(command)) {
            Some(Err(refusal)) => Err(sentence(&format!("{refusal}. Your text is still here."))),
            _ => {
                self.forget_line();
                Ok(())
            }
        }
    }

    /// Takes a message of ours back.
    pub(crate) fn delete(self, conversation: ConversationId, message: OpId) {
        self.run(Command::Delete { conversation, message });
    }

    /// Reacts to a message, or no longer.
    pub(crate) fn react(self, conversation: ConversationId, message: OpId, emoji: &str, on: bool) {
        match Emoji::new(emoji) {
            Some(emoji) => drop(self.run(Command::React { conversation, message, emoji, on })),
            None => self.urge("A reaction is one emoji or a short word.", "Nothing was changed."),
        }
    }

    /// Tells the others that the person is writing.
    pub(crate) fn type_in(self, conversation: ConversationId) {
        // A conversation that has just ended tells nobody.
        let _ = self.with_tab(|tab| tab.command(Command::Typing { conversation }));
    }

    /// A message of a conversation as it is now.
    pub(crate) fn said(self, conversation: ConversationId, id: OpId) -> Option<MessageView> {
        // What is quoted in view was read with it.
        let said =
            |node: &Node| RECALLED.with_borrow(|recalled| node.message(conversation, id, recalled).ok());
        self.with_node(said).flatten().flatten()
    }

    /// The last message of our own that can be given other words, which need not be drawn yet.
    pub(crate) fn last_own(self, conversation: ConversationId) -> Option<MessageView> {
        let window = Window { limit: Some(LAST_OWN_WITHIN), ..Window::default() };
        let said =
            |node: &Node| RECALLED.with_borrow(|recalled| node.messages(conversation, window, recalled).ok());
        let messages = self.with_node(said).flatten()?;
        messages.into_iter().rev().find(|message| message.state.is_some() && !message.deleted)
    }

    /// Shows more of the past, and then goes on.
    pub(crate) fn show_earlier(self, then: impl FnOnce() + 'static) {
        self.go_back(self.feed.with_untracked(Feed::earlier), Box::new(then));
    }

    /// Shows so much of the past that this message is there, and then goes on.
    pub(crate) fn show_around(self, message: OpId, then: impl FnOnce() + 'static) {
        self.go_back(self.feed.with_untracked(|feed| feed.around(message)), Box::new(then));
    }

    fn go_back(self, window: Option<Window>, then: Box<dyn FnOnce()>) {
        let conversation = self.feed.with_untracked(|feed| feed.conversation);
        let Some((window, id)) = window.zip(conversation) else { return then() };
        let from = move |node: &Node, recalled: &mut Recalled| {
            let messages = node.messages(id, window, recalled)?;
            // All that will be shown from there on is read before anything moves.
            let before = messages.first().map(|message| message.id);
            with_quoted(node, id, Window { after: before, ..Window::default() }, recalled)?;
            Ok(messages)
        };
        self.look(from, move |messages: Vec<MessageView>| {
            if self.feed.with_untracked(|feed| feed.conversation) == Some(id) {
                self.feed.update_untracked(|feed| feed.go_back(window, &messages));
                self.refresh_feed(id);
                // After that is shown.
                self.recall(Vec::new(), then);
            }
        });
    }

    /// Shows a message, wherever it was said, and marks it.
    pub(crate) fn show_message(self, conversation: ConversationId, message: OpId) {
        self.ui.close();
        self.show(conversation);
        self.feed.update(|feed| feed.goal = Some(message));
    }

    /// Has `take` given the newest messages that have all words of `query`, everywhere or in one conversation, unless
    /// that is no longer wanted by then.
    pub(crate) fn find(
        self,
        query: &str,
        only: Option<ConversationId>,
        is_wanted: impl Fn() -> bool + 'static,
        take: impl FnOnce(Vec<Found>) + 'static,
    ) {
        let search = (Search::new(query, FOUND_MAX, only, letter), Recalled::default());
        self.go_on_finding(search, Box::new(is_wanted), Box::new(take));
    }

    fn go_on_finding(
        self,
        (mut search, mut recalled): (Search, Recalled),
        is_wanted: Box<dyn Fn() -> bool>,
        take: Box<dyn FnOnce(Vec<Found>)>,
    ) {
        let Lacking(keys) = match self.with_node(|node| node.find(&mut search, &mut recalled)) {
            Some(Err(lacking)) => lacking,
            Some(Ok(found)) => return take(found),
            None => return,
        };
        let go_on = move |recalled| {
            if is_wanted() {
                self.go_on_finding((search, recalled), is_wanted, take);
            }
        };
        self.read_for(keys, recalled, Box::new(go_on));
    }

    /// Leaves a conversation; its messages stay.
    pub(crate) fn leave(self, conversation: ConversationId) {
        self.run(Command::Leave { conversation });
        self.refresh(&Stale { conversations: true, ..Stale::default() });
    }

    /// Leaves a conversation if that is still to do, and drops all of it.
    pub(crate) fn forget(self, conversation: ConversationId) {
        if self.run(Command::Forget { conversation }).is_some() {
            self.ui.place.set(Place::Home);
            self.refresh(&Stale { conversations: true, ..Stale::default() });
        }
    }

    /// Hears nothing more of a user, or hears of them again.
    pub(crate) fn block(self, user: AccountId, on: bool) {
        if self.run(Command::Block { user, on }).is_some() {
            let ids = |state: &crate::state::State| state.conversations.iter().map(|view| view.id).collect();
            let messages = self.state.with_untracked(ids);
            self.refresh(&Stale { conversations: true, messages, peers: true, people: true });
        }
    }

    /// Has the answering machine answer requests, or no longer.
    pub(crate) fn set_away(self, on: bool) {
        self.run(Command::Away { on });
        self.refresh(&Stale { people: true, ..Stale::default() });
    }

    /// Whether authors are told that their messages were read.
    pub(crate) fn shares_read(self) -> bool {
        self.with_node(Node::shares_read).unwrap_or_default()
    }

    /// Tells authors from now on that their messages were read, or no longer.
    pub(crate) fn share_read(self, on: bool) {
        self.run(Command::ShareRead { on });
    }

    /// Leaves a message with the answering machine that answered this request.
    pub(crate) fn leave_message(self, request: RequestId, text: &str) -> bool {
        let done = self.run(Command::LeaveMessage { request, text: MessageText::cut(text) });
        let is_done = matches!(done, Some(Reply::Done));
        if is_done {
            self.hang_up(request);
            self.say("Your message was left.");
        }
        is_done
    }

    /// Leaves no message with that answering machine.
    pub(crate) fn hang_up(self, request: RequestId) {
        self.state.update(|state| state.machines.retain(|machine| machine.request != request));
    }

    /// Takes a message that was left here out of the inbox.
    pub(crate) fn take_out(self, request: RequestId) {
        self.run(Command::Dismiss { request });
        self.refresh(&Stale { people: true, ..Stale::default() });
    }
}
