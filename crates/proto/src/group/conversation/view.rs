//! How a conversation looks to people.

use super::Conversation;
use crate::group::Viewer;
use crate::group::change::Now;
use crate::group::membership::Participant;
use crate::group::op::{OpId, Operation};
use crate::group::search::Query;
use crate::identity::{AccountId, NodeId};
use crate::io::{ConversationView, MessageView, ParticipantView, Person, ReactionView, Window};
use crate::preferences::Preferences;
use crate::table::Set;

/// How a text begins that tells what its author does.
const EMOTE: &str = "/me ";

impl Conversation {
    /// How it looks to `me`.
    pub(crate) fn view(&self, me: &Person, linked: &Set<NodeId>) -> ConversationView {
        let reachable = |one: &Participant| one.node == me.node || linked.contains_key(&one.node);
        let coordinator = self.coordinator(me.node, linked);
        let participants = self.list().iter().map(|one| ParticipantView {
            person: one.person(),
            me: one.node == me.node,
            coordinator: coordinator == Some(one.node),
            linked: reachable(one),
            admitted_by: self.admitter(&one.node),
            forked: self.graph.is_forked(&one.node),
        });
        ConversationView {
            id: self.id,
            kind: self.kind(),
            name: self.display_name(me.user),
            participants: participants.collect(),
            unread: self.unread,
            open: self.may_write(),
        }
    }

    fn admitter(&self, node: &NodeId) -> Option<Person> {
        self.graph.person(&self.membership.admitter(node)?).map(Participant::person)
    }

    /// The name given here, or the names of the other users.
    fn display_name(&self, me: AccountId) -> String {
        if !self.name.as_str().is_empty() {
            return self.name.to_string();
        }
        let everybody: Vec<_> =
            if self.is_open() { self.list().iter().collect() } else { self.graph.people().collect() };
        let mut names: Vec<&str> = Vec::new();
        for one in everybody.into_iter().filter(|one| one.certificate.account != me) {
            if !names.contains(&one.profile.name.as_str()) {
                names.push(one.profile.name.as_str());
            }
        }
        if names.is_empty() { "Waiting for others".to_owned() } else { names.join(", ") }
    }

    /// One message.
    pub(crate) fn message(&self, viewer: Viewer<'_>, id: &OpId) -> Option<MessageView> {
        self.message_view(viewer, self.graph.operation(id)?)
    }

    /// Messages in the order of display.
    pub(crate) fn messages(&self, viewer: Viewer<'_>, window: Window) -> Vec<MessageView> {
        let key = |id: Option<OpId>| id.and_then(|id| self.graph.operation(&id)).map(Operation::display_key);
        let (after, before) = (key(window.after), key(window.before));
        let limit = window.limit.unwrap_or(usize::MAX);
        let shown =
            self.graph.between(after, before).filter_map(|operation| self.message_view(viewer, operation));
        if window.after.is_some() {
            return shown.take(limit).collect();
        }
        let mut latest: Vec<_> = shown.rev().take(limit).collect();
        latest.reverse();
        latest
    }

    /// The messages that have all that is looked for, the last ones in the order of display first, at most `max`.
    pub(crate) fn find(&self, wants: &Preferences, query: &Query, max: usize) -> Vec<&Operation> {
        let has = |operation: &&Operation| {
            self.said(operation).is_some_and(|message| {
                let now = self.now_of(operation, message);
                !now.deleted && !wants.blocks(&operation.content().author) && query.matches(shown(&now).0)
            })
        };
        self.graph.in_order().rev().filter(has).take(max).collect()
    }

    /// Somebody who is or was in it, on any of a user's nodes.
    pub(crate) fn person_of(&self, user: &AccountId) -> Option<&Participant> {
        self.graph.people().find(|one| one.certificate.account == *user)
    }

    /// Whether an operation's author may be heard.
    pub(super) fn counts(&self, operation: &Operation) -> bool {
        self.graph.is_entitled(&operation.id()) && self.membership.hears(&operation.content().author)
    }

    fn message_view(&self, (me, wants): Viewer<'_>, operation: &Operation) -> Option<MessageView> {
        let message = self.said(operation)?;
        let (content, node) = (operation.content(), operation.node());
        if wants.blocks(&content.author) {
            return None;
        }
        let now = self.now_of(operation, message);
        let (text, emote) = shown(&now);
        let mut reactions = Vec::new();
        for (emoji, by) in &now.reactions {
            let by: Vec<_> = by.iter().filter(|user| !wants.blocks(user)).copied().collect();
            if !by.is_empty() {
                reactions.push(ReactionView { emoji: emoji.to_string(), mine: by.contains(&me.user), by });
            }
        }
        Some(MessageView {
            id: operation.id(),
            author: content.author,
            node,
            name: self.graph.person(&node)?.profile.name.clone(),
            time_ms: content.time_ms,
            text: if now.deleted { String::new() } else { text.to_owned() },
            emote: emote && !now.deleted,
            edited: now.edited,
            deleted: now.deleted,
            reactions,
            reply_to: message.reply_to,
            state: (node == me.node).then(|| self.state(me.user, content.seq)),
        })
    }
}

/// The words of a message that are shown, and whether they tell what its author does.
fn shown<'a>(now: &Now<'a>) -> (&'a str, bool) {
    let text = now.text.as_str();
    let act = text.strip_prefix(EMOTE).filter(|rest| !rest.trim().is_empty());
    (act.unwrap_or(text), act.is_some())
}

impl Participant {
    pub(crate) fn person(&self) -> Person {
        Person { node: self.node, user: self.certificate.account, name: self.profile.name.clone() }
    }
}
