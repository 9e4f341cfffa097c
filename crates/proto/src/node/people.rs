//! Whom and what the person wants to hear of.

use super::{Node, ctx};
use crate::ConversationId;
use crate::ctx::Ctx;
use crate::identity::{AccountId, Name, NodeId};
use crate::io::{MessageText, Refusal, Reply, RequestId};
use crate::preferences::BLOCKED_MAX;
use crate::store::Key;
use crate::time::Duration;
use crate::wire::FarewellCode;

/// How long a link of somebody who is blocked lives: time to ask and to be refused, as by anybody.
const HEARING: Duration = Duration::from_secs(2);

impl Node {
    /// Keeps what is on or off.
    pub(super) fn keep_switches(&mut self) -> Reply {
        let switches = self.preferences.switches.clone();
        ctx!(self).keep(Key::Switches, &switches);
        Reply::Done
    }

    /// Hears nothing more of a user, or hears of them again.
    pub(super) fn block(&mut self, user: AccountId, on: bool) -> Result<Reply, Refusal> {
        if user == self.identity.account() {
            return Err(Refusal::Yourself);
        }
        if on == self.preferences.blocks(&user) {
            return Ok(Reply::Done);
        }
        if on {
            if self.preferences.blocked.len() >= BLOCKED_MAX {
                return Err(Refusal::TooManyBlocked);
            }
            let name = self.name_of(&user);
            ctx!(self).keep(Key::Blocked(user), &name);
            self.preferences.blocked.insert(user, name);
            self.requests.withdraw(&mut ctx!(self), &user);
        } else {
            self.preferences.blocked.remove(&user);
            ctx!(self).drop_kept(Key::Blocked(user));
        }
        self.groups.tell_of(&mut ctx!(self), &user);
        Ok(Reply::Done)
    }

    /// Leaves a conversation and drops all of it, a wish of ours to enter it included.
    pub(super) fn forget(&mut self, conversation: ConversationId) -> Result<Reply, Refusal> {
        let mut ctx = ctx!(self);
        self.groups.forget(&mut ctx, conversation)?;
        self.asking.forget(&mut ctx, conversation);
        Ok(Reply::Done)
    }

    /// Leaves a message with the answering machine that answered a request of ours.
    pub(super) fn leave_message(&mut self, request: RequestId, text: MessageText) -> Result<Reply, Refusal> {
        if text.as_str().trim().is_empty() {
            return Err(Refusal::Empty);
        }
        let links = &self.links;
        let is_linked = |node: &NodeId| links.is_linked(node);
        self.asking.leave_message(&mut ctx!(self), request, text, is_linked).map(|()| Reply::Done)
    }

    /// What a user is called, as far as that is known here.
    fn name_of(&self, user: &AccountId) -> Name {
        let peers = self.links.nodes().filter_map(|node| self.links.peer(&node));
        let linked = peers.map(|peer| &peer.profile).find(|profile| profile.account == *user);
        linked.map(|profile| profile.name.clone()).or_else(|| self.groups.name_of(user)).unwrap_or_default()
    }

    /// Whether `node` is linked and its user is blocked.
    pub(super) fn is_blocked(&self, node: &NodeId) -> bool {
        self.peer(node).is_some_and(|peer| self.preferences.blocks(&peer.certificate.account))
    }

    /// Ends links to people who are blocked, but those that a conversation needs, or a request of ours.
    pub(super) fn part_from_blocked(&mut self) {
        if self.preferences.blocked.is_empty() {
            return;
        }
        let is_neighbour = |node: &NodeId| self.overlay.as_ref().is_some_and(|overlay| overlay.needs(node));
        let needs = |node: &NodeId| self.groups.needs(node) || self.asking.asks(node) || is_neighbour(node);
        let is_heard_out =
            |node: &NodeId| self.links.since(node).is_some_and(|since| self.now.since(since) >= HEARING);
        let parted: Vec<_> = self
            .links
            .nodes()
            .filter(|node| self.is_blocked(node) && is_heard_out(node) && !needs(node))
            .collect();
        for node in parted {
            let mut ctx = ctx!(self);
            ctx.count("link_to_somebody_blocked");
            self.reach.release(&mut ctx, &node);
            self.links.leave(&mut ctx, node, FarewellCode::Left);
        }
    }
}
