//! Reading the node: what is stale on the page is read anew, records that the node does not hold in memory included.

use super::Session;
use crate::state::{Stale, State};
use crate::when;
use std::cell::RefCell;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::{Lacking, LinkId, MessageView, Recalled};
use tertulia_proto::{Node, Window};
use tertulia_webrtc::browser::Tab;

thread_local! {
    /// What was read again for the conversation in view.
    pub(super) static RECALLED: RefCell<Recalled> = RefCell::default();
}

/// Forgets what was read again: another conversation comes into view.
pub(super) fn forget() {
    RECALLED.take();
}

impl Session {
    /// Reads the stale views anew.
    pub(super) fn refresh(self, stale: &Stale) {
        self.state.update(|state| {
            if stale.conversations {
                self.with_node(Node::conversations)
                    .into_iter()
                    .for_each(|views| state.take_conversations(views));
            }
            if stale.peers {
                let links = |node: &Node| (node.peers(), node.neighbours().map_or(0, |nodes| nodes.len()));
                let links = self.with_node(links);
                links.into_iter().for_each(|links| (state.peers, state.neighbours) = links);
            }
            if stale.people {
                let people = |node: &Node| (node.blocked(), node.inbox(), node.is_away(), node.listed());
                (state.blocked, state.inbox, state.is_away, state.listed) =
                    self.with_node(people).unwrap_or_default();
            }
        });
        for conversation in stale.messages.iter().copied() {
            let last = Window { limit: Some(1), ..Window::default() };
            let show = move |last: Vec<MessageView>| {
                let preview = |state: &mut State| {
                    last.iter().for_each(|last| state.take_preview(conversation, last));
                };
                self.state.update(preview);
            };
            self.look(move |node, recalled| node.messages(conversation, last, recalled), show);
        }
        let in_view = self.feed.with_untracked(|feed| feed.conversation);
        if let Some(conversation) = in_view.filter(|in_view| stale.messages.contains(in_view)) {
            self.refresh_feed(conversation);
        }
    }

    /// Reads what is in view anew, and shows it once all of it is durable: no message must say that it was sent before it
    /// would outlast the tab.
    pub(super) fn refresh_feed(self, conversation: ConversationId) {
        let view = |state: &State| state.conversation(conversation).map_or(0, |view| view.unread);
        let unread = self.state.with_untracked(view);
        let window = self.feed.with_untracked(|feed| feed.window(unread));
        self.look(
            move |node, recalled| with_quoted(node, conversation, window, recalled),
            move |messages| {
                let show = move || {
                    let (is_in_view, present) = self.feed.with_untracked(|feed| {
                        (feed.conversation == Some(conversation), feed.window(unread))
                    });
                    match (is_in_view, present == window) {
                        (true, true) => self.feed.update(|feed| feed.take(messages, unread, when::day)),
                        // The person went further back while this was read.
                        (true, false) => self.refresh_feed(conversation),
                        (false, _) => {}
                    }
                };
                self.recall(Vec::new(), Box::new(show));
            },
        );
    }

    /// Reads the links anew, with what the browser knows of their paths.
    pub(crate) fn refresh_links(self) {
        self.refresh(&Stale { peers: true, ..Stale::default() });
        let links: Vec<LinkId> =
            self.state.with_untracked(|state| state.peers.iter().map(|peer| peer.link).collect());
        let Some(tab) = self.with_tab(Tab::clone) else { return };
        self.routes.update_untracked(|routes| routes.retain(|link, _| links.contains(link)));
        for link in links {
            tab.stats(link, move |stats| {
                // The page may be gone by now.
                self.routes.update(|routes| routes.insert(link, stats));
            });
        }
    }

    /// Asks the node something that its memory may not be enough for, and goes on with the answer: at once, or when what
    /// is lacking was read. What was read once stays at hand while its conversation is in view.
    pub(super) fn look<T: 'static>(
        self,
        question: impl Fn(&Node, &mut Recalled) -> Result<T, Lacking> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        let answer = self.with_node(|node| RECALLED.with_borrow_mut(|recalled| question(node, recalled)));
        match answer {
            Some(Ok(answer)) => then(answer),
            Some(Err(Lacking(keys))) => self.recall(keys, Box::new(move || self.look(question, then))),
            None => {}
        }
    }

    /// Has records read that the node lacks for an answer. One function for all answers, as the next.
    pub(super) fn recall(self, keys: Vec<Vec<u8>>, then: Box<dyn FnOnce()>) {
        self.with_tab(|tab| {
            tab.read(keys.clone(), move |records| {
                RECALLED.with_borrow_mut(|recalled| {
                    keys.iter().zip(records).for_each(|(key, value)| recalled.take(key, value.as_deref()));
                });
                then();
            });
        });
    }

    /// The same for an answer that is not about what is in view: with what was read for it before.
    pub(super) fn read_for(
        self,
        keys: Vec<Vec<u8>>,
        mut recalled: Recalled,
        then: Box<dyn FnOnce(Recalled)>,
    ) {
        self.with_tab(|tab| {
            tab.read(keys.clone(), move |records| {
                keys.iter().zip(records).for_each(|(key, value)| recalled.take(key, value.as_deref()));
                then(recalled);
            });
        });
    }
}

/// Messages, when what they reply to is at hand, too: it is shown above them.
pub(super) fn with_quoted(
    node: &Node,
    conversation: ConversationId,
    window: Window,
    recalled: &Recalled,
) -> Result<Vec<MessageView>, Lacking> {
    let messages = node.messages(conversation, window, recalled)?;
    let mut lacking = Vec::new();
    for to in messages.iter().filter_map(|message| message.reply_to) {
        if let Err(Lacking(keys)) = node.message(conversation, to, recalled) {
            lacking.extend(keys);
        }
    }
    if lacking.is_empty() { Ok(messages) } else { Err(Lacking(lacking)) }
}
