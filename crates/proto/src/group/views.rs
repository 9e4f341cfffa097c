//! How conversations look: to people, and to exports.

use super::archive::Archived;
use super::conversation::Conversation;
use super::op::{ConversationId, OpId};
use super::{Groups, Viewer};
use crate::ctx::Ctx;
use crate::identity::{AccountId, Name};
use crate::io::{ConversationView, Event, Lacking, MessageState, MessageView, Person, Recalled, Window};
use crate::preferences::Preferences;
use crate::table::Table;

impl Groups {
    /// What a user calls themself in any conversation.
    pub(crate) fn name_of(&self, user: &AccountId) -> Option<Name> {
        self.by_id.values().find_map(|one| one.person_of(user)).map(|one| one.profile.name.clone())
    }

    /// Says that conversations look different in which a user is or was.
    pub(crate) fn tell_of(&self, ctx: &mut Ctx<'_>, user: &AccountId) {
        for conversation in self.by_id.values().filter(|one| one.person_of(user).is_some()) {
            ctx.tell(Event::ConversationChanged { conversation: conversation.id() });
        }
    }

    /// All conversations that have anything to show, the one that changed last first.
    pub(crate) fn views(&self, me: &Person) -> Vec<ConversationView> {
        let mut shown = Table::default();
        for one in self.by_id.values().filter(|one| one.is_shown()) {
            shown.insert((std::cmp::Reverse(one.changed()), one.id()), one);
        }
        shown.values().map(|one| one.view(me, &self.linked)).collect()
    }

    /// All conversations that have anything to show, in the order of their ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ConversationId> {
        self.by_id.iter().filter(|(_, one)| one.is_shown()).map(|(id, _)| *id)
    }

    /// What an export says of a conversation besides its operations, as a line.
    pub(crate) fn archive_line(&self, id: &ConversationId) -> Option<String> {
        self.by_id.get(id).map(Conversation::archive_line)
    }

    /// Everybody who is or was in a conversation.
    pub(crate) fn people(&self, id: &ConversationId) -> Vec<Person> {
        self.by_id.get(id).map(Conversation::people).unwrap_or_default()
    }

    /// The operations of a conversation behind `after`, at most `max`.
    pub(crate) fn archive(
        &self,
        id: &ConversationId,
        after: Option<OpId>,
        max: usize,
        recalled: &Recalled,
    ) -> Result<Vec<Archived>, Lacking> {
        self.by_id.get(id).map_or_else(|| Ok(Vec::new()), |one| one.archive(after, max, recalled))
    }

    /// One conversation.
    pub(crate) fn view(&self, me: &Person, id: &ConversationId) -> Option<ConversationView> {
        Some(self.by_id.get(id)?.view(me, &self.linked))
    }

    /// Messages of a conversation.
    pub(crate) fn messages(
        &self,
        viewer: Viewer<'_>,
        id: &ConversationId,
        window: Window,
        recalled: &Recalled,
    ) -> Result<Vec<MessageView>, Lacking> {
        self.by_id.get(id).map_or_else(|| Ok(Vec::new()), |one| one.messages(viewer, window, recalled))
    }

    /// One message.
    pub(crate) fn message(
        &self,
        viewer: Viewer<'_>,
        conversation: &ConversationId,
        id: &OpId,
        recalled: &Recalled,
    ) -> Result<Option<MessageView>, Lacking> {
        self.by_id.get(conversation).map_or(Ok(None), |one| one.message(viewer, id, recalled))
    }

    /// Whether there is a message with this id for the person to see.
    pub(crate) fn shows(&self, wants: &Preferences, conversation: &ConversationId, id: &OpId) -> bool {
        self.by_id.get(conversation).is_some_and(|one| one.shows(wants, id))
    }

    /// How far a message of ours has come.
    pub(crate) fn state_of(
        &self,
        me: AccountId,
        conversation: &ConversationId,
        id: &OpId,
    ) -> Option<MessageState> {
        self.by_id.get(conversation)?.state_of(me, id)
    }
}
