//! Changes to what was said: edits, deletions and reactions, ours and others'.

use super::Conversation;
use crate::ctx::Ctx;
use crate::group::change::{Now, is_reaction, may};
use crate::group::graph::{Kind, Place};
use crate::group::op::{Body, OpId, Operation, React};
use crate::identity::{AccountId, NodeId};
use crate::io::{Event, Recalled, Refusal};
use crate::table::Set;

impl Conversation {
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

    /// Whether a change is ours to make, and makes any difference. What is not in memory of a message that was said long
    /// ago is not read again for that: a change too many makes no difference to anybody.
    fn changes_something(&self, me: AccountId, target: &OpId, body: &Body) -> Result<bool, Refusal> {
        let said = self.graph.place(target).filter(|place| self.is_said(*place));
        let place = said.ok_or(Refusal::UnknownMessage)?;
        let (rows, changes) = (self.graph.rows(), self.graph.changes(target));
        let takes_back = |change: &Place| {
            let is_authors = rows.author(*change) == rows.author(place);
            rows.row(*change).kind == Kind::Delete && is_authors && self.counts(*change)
        };
        match body {
            Body::Edit(_) | Body::Delete(_) if rows.author(place) != me => return Err(Refusal::NotYours),
            _ if changes.iter().any(takes_back) => return Err(Refusal::Deleted),
            Body::Edit(edit) if edit.text.as_str().trim().is_empty() => return Err(Refusal::Empty),
            Body::React(React { emoji, .. }) if !is_reaction(emoji) => return Err(Refusal::NoReaction),
            _ => {}
        }
        let nothing = Recalled::default();
        let (Some((operation, message)), changes) = self.at_hand(&nothing).said(place) else {
            return Ok(true);
        };
        let now = Now::of(operation.content().author, message, changes.into_iter());
        match body {
            Body::Edit(edit) => Ok(edit.text != *now.text),
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
    pub(super) fn on_change(&self, ctx: &mut Ctx<'_>, place: Place, change: &Operation) {
        let Some(message) = change.content().body.target() else { return };
        let rows = self.graph.rows();
        let original = self.graph.place(&message).filter(|original| self.is_said(*original));
        match original.map(|original| rows.author(original)) {
            _ if !self.counts(place) => ctx.count("change_by_an_outsider"),
            None => ctx.count("change_of_no_message"),
            Some(author) if !may(change.content(), author) => ctx.count("change_not_theirs_to_make"),
            Some(author) => {
                let is_heard = [author, change.content().author].iter().all(|one| !ctx.wants.blocks(one));
                if is_heard && self.is_open() {
                    ctx.tell(Event::MessageChanged { conversation: self.id, message });
                }
            }
        }
    }
}
