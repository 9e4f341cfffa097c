//! How a conversation looks to people.

use super::Conversation;
use crate::group::Viewer;
use crate::group::change::Now;
use crate::group::graph::{Kind, Place};
use crate::group::membership::Participant;
use crate::group::op::{Body, DisplayKey, Message, OpId, Operation};
use crate::group::search::Query;
use crate::identity::{AccountId, NodeId};
use crate::io::{
    ConversationView, Lacking, MessageState, MessageView, ParticipantView, Person, ReactionView, Recalled,
    Window,
};
use crate::preferences::Preferences;
use crate::table::Set;

/// How a text begins that tells what its author does.
const EMOTE: &str = "/me ";
/// Messages that a search reads at once: some milliseconds of a store's time, and some hundred kilobytes.
const READ_ALONG: usize = 512;

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
            carried: false,
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
    pub(crate) fn message(
        &self,
        viewer: Viewer<'_>,
        id: &OpId,
        recalled: &Recalled,
    ) -> Result<Option<MessageView>, Lacking> {
        let mut at_hand = self.at_hand(recalled);
        let shown = self.graph.place(id).filter(|place| self.is_shown_to(viewer.1, *place));
        let view = shown.and_then(|place| self.message_view(viewer, &mut at_hand, place));
        at_hand.answer(view)
    }

    /// Messages in the order of display.
    pub(crate) fn messages(
        &self,
        viewer: Viewer<'_>,
        window: Window,
        recalled: &Recalled,
    ) -> Result<Vec<MessageView>, Lacking> {
        let key =
            |id: Option<OpId>| id.and_then(|id| self.graph.place(&id)).map(|at| self.graph.rows().key(at));
        let (after, before) = (key(window.after), key(window.before));
        let limit = window.limit.unwrap_or(usize::MAX);
        let shown = self.graph.between(after, before).filter(|place| self.is_shown_to(viewer.1, *place));
        let mut places: Vec<_> = if window.after.is_some() {
            shown.take(limit).collect()
        } else {
            shown.rev().take(limit).collect()
        };
        if window.after.is_none() {
            places.reverse();
        }
        let mut at_hand = self.at_hand(recalled);
        let mut views = Vec::with_capacity(places.len());
        for place in places {
            views.extend(self.message_view(viewer, &mut at_hand, place));
        }
        at_hand.answer(views)
    }

    /// Whether there is a message with this id for the person to see.
    pub(crate) fn shows(&self, wants: &Preferences, id: &OpId) -> bool {
        self.graph.place(id).is_some_and(|place| self.is_shown_to(wants, place))
    }

    /// How far a message of ours has come.
    pub(crate) fn state_of(&self, me: AccountId, id: &OpId) -> Option<MessageState> {
        let place = self.graph.place(id)?;
        Some(self.state(me, self.graph.rows().row(place).seq))
    }

    /// The last message before a place in the order of display that has all that is looked for. The place moves along.
    pub(crate) fn find_before(
        &self,
        viewer: Viewer<'_>,
        query: &Query,
        before: &mut Option<DisplayKey>,
        recalled: &Recalled,
    ) -> Result<Option<MessageView>, Lacking> {
        let earlier = self.graph.between(None, *before).rev();
        let mut shown = earlier.filter(|place| self.is_shown_to(viewer.1, *place));
        let mut at_hand = self.at_hand(recalled);
        while let Some(place) = shown.next() {
            let view = self.message_view(viewer, &mut at_hand, place);
            if !at_hand.lacking.is_empty() {
                // What comes before it is read along with it.
                shown.take(READ_ALONG).for_each(|place| drop(self.message_view(viewer, &mut at_hand, place)));
                return at_hand.answer(None);
            }
            *before = Some(self.graph.rows().key(place));
            if let Some(view) = view.filter(|view| !view.deleted && query.matches(&view.text)) {
                return Ok(Some(view));
            }
        }
        Ok(None)
    }

    pub(super) fn at_hand<'a>(&'a self, recalled: &'a Recalled) -> AtHand<'a> {
        AtHand { conversation: self, recalled, lacking: Vec::new() }
    }

    /// Somebody who is or was in it, on any of a user's nodes.
    pub(crate) fn person_of(&self, user: &AccountId) -> Option<&Participant> {
        self.graph.people().find(|one| one.certificate.account == *user)
    }

    /// Whether an operation's author may be heard.
    pub(super) fn counts(&self, place: Place) -> bool {
        let rows = self.graph.rows();
        rows.row(place).is_entitled && self.membership.hears(&rows.author(place))
    }

    /// Whether an operation is a message whose author may be heard.
    pub(super) fn is_said(&self, place: Place) -> bool {
        self.graph.rows().row(place).kind == Kind::Message && self.counts(place)
    }

    fn is_shown_to(&self, wants: &Preferences, place: Place) -> bool {
        self.is_said(place) && !wants.blocks(&self.graph.rows().author(place))
    }

    fn message_view(
        &self,
        (me, wants): Viewer<'_>,
        at_hand: &mut AtHand<'_>,
        place: Place,
    ) -> Option<MessageView> {
        let (operation, changes) = at_hand.said(place);
        let (operation, message) = operation?;
        let (content, node) = (operation.content(), operation.node());
        let now = Now::of(content.author, message, changes.into_iter());
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

/// What one question is answered from: what is in memory, and what was read again for it.
pub(super) struct AtHand<'a> {
    conversation: &'a Conversation,
    recalled: &'a Recalled,
    /// Keys of what is neither.
    lacking: Vec<Vec<u8>>,
}

impl<'a> AtHand<'a> {
    pub(super) fn operation(&mut self, place: Place) -> Option<&'a Operation> {
        let rows = self.conversation.graph.rows();
        rows.operation(place).or_else(|| {
            let recalled = self.recalled.operation(&rows.row(place).id);
            if recalled.is_none() {
                self.lacking.push(rows.store_key(self.conversation.id, place).to_bytes());
            }
            recalled.flatten()
        })
    }

    /// A message, and what changes it and counts.
    pub(super) fn said(
        &mut self,
        place: Place,
    ) -> (Option<(&'a Operation, &'a Message)>, Vec<&'a Operation>) {
        let conversation = self.conversation;
        let changes = conversation.graph.changes(&conversation.graph.rows().row(place).id);
        let counted = changes.iter().filter(|change| conversation.counts(**change));
        let changes = counted.filter_map(|change| self.operation(*change)).collect();
        let said = self.operation(place).and_then(|operation| match &operation.content().body {
            Body::Message(message) => Some((operation, message)),
            _ => None,
        });
        (said, changes)
    }

    /// How much is lacking so far.
    pub(super) fn lacking(&self) -> usize {
        self.lacking.len()
    }

    /// The answer, unless anything was lacking.
    pub(super) fn answer<T>(self, answer: T) -> Result<T, Lacking> {
        if self.lacking.is_empty() { Ok(answer) } else { Err(Lacking(self.lacking)) }
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
