//! What a node shows: to people, to programs, to its driver.

use super::Node;
use crate::endpoint::Endpoint;
use crate::group::Search;
use crate::identity::{AccountId, Identity, Name, NodeId};
use crate::io::{
    BlockedView, ConversationView, Found, Lacking, LeftView, MessageView, PeerView, Person, Recalled, Window,
};
use crate::{ConversationId, OpId};
use std::collections::BTreeMap;

impl Node {
    /// Who this node is.
    pub fn me(&self) -> Person {
        let name: Name = self.identity.profile().name.clone();
        Person { node: self.identity.node(), user: self.identity.account(), name }
    }

    /// The keys and the profile: to be kept after [`Command::SetName`](crate::Command::SetName).
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where this node can be dialled, as the driver last told it.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.links.endpoint()
    }

    /// All conversations, the latest first.
    pub fn conversations(&self) -> Vec<ConversationView> {
        let mut views = self.groups.views(&self.me());
        views.iter_mut().for_each(|view| self.mark_carried(view));
        views
    }

    /// One conversation.
    pub fn conversation(&self, id: ConversationId) -> Option<ConversationView> {
        let mut view = self.groups.view(&self.me(), &id)?;
        self.mark_carried(&mut view);
        Some(view)
    }

    /// Says who is talked with through others: conversations do not know.
    fn mark_carried(&self, view: &mut ConversationView) {
        for one in view.participants.iter_mut().filter(|one| one.linked && !one.me) {
            one.carried = self.envelopes.is_up(&one.person.node);
        }
    }

    /// Messages of a conversation in the order of display; or what has to be read first.
    pub fn messages(
        &self,
        id: ConversationId,
        window: Window,
        recalled: &Recalled,
    ) -> Result<Vec<MessageView>, Lacking> {
        self.groups.messages((&self.me(), &self.preferences), &id, window, recalled)
    }

    /// One message; or what has to be read first.
    pub fn message(
        &self,
        conversation: ConversationId,
        id: OpId,
        recalled: &Recalled,
    ) -> Result<Option<MessageView>, Lacking> {
        self.groups.message((&self.me(), &self.preferences), &conversation, &id, recalled)
    }

    /// What a search finds; or what has to be read before it goes on, with nothing but that in `recalled`.
    pub fn find(&self, search: &mut Search, recalled: &mut Recalled) -> Result<Vec<Found>, Lacking> {
        self.groups.find((&self.me(), &self.preferences), search, recalled)
    }

    /// Whether authors are told that their messages were read.
    pub fn shares_read(&self) -> bool {
        self.preferences.switches.share_read
    }

    /// Whether the answering machine answers requests.
    pub fn is_away(&self) -> bool {
        self.preferences.switches.away
    }

    /// The messages that were left here, the oldest first.
    pub fn inbox(&self) -> Vec<LeftView> {
        self.inbox.views()
    }

    /// The users whom the person wants to hear nothing of.
    pub fn blocked(&self) -> Vec<BlockedView> {
        let view = |(user, name): (&AccountId, &Name)| BlockedView { user: *user, name: name.clone() };
        self.preferences.blocked.iter().map(view).collect()
    }

    /// All usable links.
    pub fn peers(&self) -> Vec<PeerView> {
        self.links.views()
    }

    /// The nodes next to this one in the overlay, when it is part of that and has found its place.
    pub fn neighbours(&self) -> Option<Vec<NodeId>> {
        let overlay = self.overlay.as_ref().filter(|overlay| overlay.is_in())?;
        Some(overlay.leaves().map(|leaf| leaf.node).collect())
    }

    /// The words that the user is listed under in the directory.
    pub fn listed(&self) -> Vec<String> {
        self.directory
            .listed()
            .iter()
            .flat_map(|words| words.iter())
            .map(|word| word.as_str().to_owned())
            .collect()
    }

    /// How many records of the directory this node keeps, for others and for itself.
    pub fn records_kept(&self) -> usize {
        self.directory.kept()
    }

    /// Counters by name: what was dropped and why, and how much went well.
    pub fn stats(&self) -> BTreeMap<&'static str, u64> {
        self.out.stats.iter().map(|(name, count)| (*name, *count)).collect()
    }
}
