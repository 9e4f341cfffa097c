//! Changes to what was said: edits, deletions and reactions, ours and others'.

use super::Conversation;
use crate::ctx::Ctx;
use crate::group::change::{Now, is_reaction, may};
use crate::group::op::{Body, Message, OpId, Operation, React};
use crate::identity::{AccountId, NodeId};
use crate::io::{Event, Refusal};
use crate::table::Set;

impl Conversation {
    /// The message that an operation is, if its author had a say.
    pub(super) fn said<'a>(&self, operation: &'a Operation) -> Option<&'a Message> {
        match &operation.content().body {
            Body::Message(message) if self.counts(operation) => Some(message),
            _ => None,
        }
    }

    /// What has become of a message.
    pub(super) fn now_of<'a>(&'a self, operation: &'a Operation, message: &'a Message) -> Now<'a> {
        let changes = self.graph.changes(operation.id());
        let counted = changes.filter(|change| self.counts(change));
        Now::of(operation.content().author, message, counted)
    }

    /// Changes a message as we may; what changes nothing is not written.
    pub(crate) fn change(
        &mut self,
        ctx: &mut Ctx<'_>,
        linked: &Set<NodeId>,
        body: Body,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let target = body.target().ok_or(Refusal::UnknownMessage)?;
        if self.changes_something(ctx.me.account(), &target, &body)? {
            self.write(ctx, linked, body);
            ctx.tell(Event::MessageChanged { conversation: self.id, message: target });
        }
        Ok(())
    }

    fn changes_something(&self, me: AccountId, target: &OpId, body: &Body) -> Result<bool, Refusal> {
        let operation = self.graph.operation(target).ok_or(Refusal::UnknownMessage)?;
        let message = self.said(operation).ok_or(Refusal::UnknownMessage)?;
        let now = self.now_of(operation, message);
        let is_mine = operation.content().author == me;
        match body {
            Body::Edit(_) | Body::Delete(_) if !is_mine => Err(Refusal::NotYours),
            _ if now.deleted => Err(Refusal::Deleted),
            Body::Edit(edit) if edit.text.as_str().trim().is_empty() => Err(Refusal::Empty),
            Body::Edit(edit) => Ok(edit.text != *now.text),
            Body::React(React { emoji, .. }) if !is_reaction(emoji) => Err(Refusal::NoReaction),
            Body::React(React { emoji, on, .. }) => {
                let by = now.reacting(emoji);
                if *on && by.is_none() && !now.has_room() {
                    return Err(Refusal::TooManyReactions);
                }
                Ok(by.is_some_and(|by| by.contains(&me)) != *on)
            }
            _ => Ok(true),
        }
    }

    /// Tells of a change that was delivered, or counts why it is none.
    pub(super) fn on_change(&self, ctx: &mut Ctx<'_>, id: &OpId) {
        let Some(change) = self.graph.operation(id) else { return };
        let Some(message) = change.content().body.target() else { return };
        let original = self.graph.operation(&message).filter(|original| self.said(original).is_some());
        match original {
            _ if !self.counts(change) => ctx.count("change_by_an_outsider"),
            None => ctx.count("change_of_no_message"),
            Some(original) if !may(change.content(), original.content().author) => {
                ctx.count("change_not_theirs_to_make");
            }
            Some(original) => {
                let is_heard = [original, change].iter().all(|one| !ctx.wants.blocks(&one.content().author));
                if is_heard && self.is_open() {
                    ctx.tell(Event::MessageChanged { conversation: self.id, message });
                }
            }
        }
    }
}
