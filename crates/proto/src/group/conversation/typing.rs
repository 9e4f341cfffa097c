//! Who is writing: said now and then, never kept.

use super::Conversation;
use crate::ctx::Ctx;
use crate::group::membership::Participant;
use crate::identity::NodeId;
use crate::io::{Event, Refusal};
use crate::table::Set;
use crate::time::Duration;
use crate::wire::{Frame, Typing};

/// How often the others are told at most.
pub(super) const TYPING_INTERVAL: Duration = Duration::from_secs(3);
/// How often one node is listened to at most: a little more often, for what was late on its way.
const TYPING_DUE: Duration = Duration::from_secs(2);

impl Conversation {
    /// Tells the others that the person is writing, if that is due.
    pub(crate) fn type_in(&mut self, ctx: &mut Ctx<'_>, linked: &Set<NodeId>) -> Result<(), Refusal> {
        if !self.is_open() {
            return Err(Refusal::ConversationOver);
        }
        if self.typed.is_some_and(|at| ctx.now.since(at) < TYPING_INTERVAL) {
            return Ok(());
        }
        self.typed = Some(ctx.now);
        let me = ctx.me.node();
        for one in self.list().iter().filter(|one| one.node != me && linked.contains_key(&one.node)) {
            if !ctx.wants.blocks(&one.certificate.account) {
                ctx.post(one.node, Frame::Typing(Typing { conversation: self.id }));
            }
        }
        Ok(())
    }

    /// Takes the word of a participant that it is writing; more of them than are due are dropped.
    pub(crate) fn on_typing(&mut self, ctx: &mut Ctx<'_>, from: NodeId) {
        let is_it = |one: &&Participant| one.node == from;
        if self.list().iter().find(is_it).is_some_and(|one| ctx.wants.blocks(&one.certificate.account)) {
            ctx.count("typing_of_somebody_blocked");
            return;
        }
        // What is past counts no more: the table stays as short as the list of participants.
        self.typing.retain(|_, at| ctx.now.since(*at) < TYPING_DUE);
        if self.typing.contains_key(&from) {
            ctx.count("typing_over_rate");
            return;
        }
        self.typing.insert(from, ctx.now);
        ctx.tell(Event::Typing { conversation: self.id, node: from });
    }
}
