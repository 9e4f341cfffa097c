//! How far our own operations have come.

use super::Conversation;
use crate::ctx::Ctx;
use crate::group::graph::Kind;
use crate::identity::{AccountId, NodeId};
use crate::io::{Event, MessageState};
use crate::table::Set;
use crate::wire::Delivered;
use std::ops::RangeInclusive;

/// Messages whose state is told at once: more than anybody waits for. After a restart one comparison can settle a
/// hundred thousand, and views show the state of each all the same.
const STATES_TOLD_MAX: u64 = 1_024;

impl Conversation {
    /// Takes an acknowledgement.
    pub(crate) fn on_acked(&mut self, ctx: &mut Ctx<'_>, from: NodeId, seq: u64) {
        let me = ctx.me.node();
        let seq = seq.min(self.graph.last_seq(&me));
        let acked = self.acked.or_insert_with(from, || 0);
        let news = *acked + 1..=seq;
        *acked = seq.max(*acked);
        self.tell_states(ctx, news);
    }

    /// Tells how far our own operations with these counts have come.
    pub(super) fn tell_states(&self, ctx: &mut Ctx<'_>, seqs: RangeInclusive<u64>) {
        let first = seqs.end().saturating_sub(STATES_TOLD_MAX - 1).max(*seqs.start());
        (first..=*seqs.end()).for_each(|seq| self.tell_state(ctx, seq));
    }

    /// Takes an acknowledgement that may say how far the person there has read. What was read has come.
    pub(crate) fn on_delivered(&mut self, ctx: &mut Ctx<'_>, from: NodeId, delivered: &Delivered) {
        let read = delivered.read.unwrap_or(0).min(self.graph.last_seq(&ctx.me.node()));
        let before = self.read_by.get(&from).copied().unwrap_or(0);
        if read > before {
            self.read_by.insert(from, read);
            let acked = self.acked.get(&from).copied().unwrap_or(0);
            // Beyond that it is news that they came, which tells that they were read, too.
            self.tell_states(ctx, before + 1..=read.min(acked));
        }
        self.on_acked(ctx, from, delivered.seq.max(read));
    }

    /// Tells how far our own operation with this count has come, if it is a message.
    pub(super) fn tell_state(&self, ctx: &mut Ctx<'_>, seq: u64) {
        let Some(place) = self.graph.at(&ctx.me.node(), seq) else { return };
        let row = self.graph.rows().row(place);
        if row.kind == Kind::Message {
            let state = self.state(ctx.me.account(), seq);
            ctx.tell(Event::MessageState { conversation: self.id, message: row.id, state });
        }
    }

    pub(super) fn state(&self, me: AccountId, seq: u64) -> MessageState {
        let (mut others, mut by, mut readers) = (Set::default(), Set::default(), Set::default());
        for one in self.list().iter().filter(|one| one.certificate.account != me) {
            let account = one.certificate.account;
            others.insert(account, ());
            if self.acked.get(&one.node).is_some_and(|acked| *acked >= seq) {
                by.insert(account, ());
            }
            if self.read_by.get(&one.node).is_some_and(|read| *read >= seq) {
                readers.insert(account, ());
            }
        }
        let of = others.len();
        if !readers.is_empty() {
            let readers = readers.keys().copied().collect();
            MessageState::Read { by: readers, delivered_to: by.len(), of }
        } else if !by.is_empty() {
            MessageState::Delivered { by: by.keys().copied().collect(), of }
        } else if seq <= self.sent_seq {
            MessageState::Sent
        } else {
            MessageState::Queued
        }
    }
}
