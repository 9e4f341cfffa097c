//! History from admission on: what a newcomer is given of the time before its own, and what is withheld.

use super::{Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::graph::{Bygone, Kind, Past, Place};
use crate::group::op::{Body, History, OpId};
use crate::identity::NodeId;
use crate::store::Key;
use crate::wire::bounded::List;
use crate::wire::{self, Frame, operation_frames};

// Where others came later.
impl Conversation {
    /// Which of the past a newcomer is given; all before the Create is here.
    fn history(&self) -> History {
        match self.graph.create().map(|create| &create.content().body) {
            Some(Body::Create(create)) => create.history,
            _ => History::All,
        }
    }

    /// What is withheld from `node`, if anything is: what came before its Admit.
    pub(super) fn withheld_from(&self, node: &NodeId) -> Option<Past> {
        (self.history() == History::FromAdmission).then(|| self.graph.before(node))
    }

    /// Whether one who is not in the list yet may read along.
    pub(super) fn is_open_book(&self) -> bool {
        self.history() == History::All
    }

    /// Keeps of `operations` what `to` is given; what it asks for and is withheld is named as such.
    pub(super) fn give(&self, ctx: &mut Ctx<'_>, to: NodeId, places: Vec<Place>) {
        let Some(past) = self.withheld_from(&to) else {
            return self.post_operations(ctx, to, &places);
        };
        let rows = self.graph.rows();
        let (old, new): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| self.graph.is_in(&past, *place));
        let (list, rest): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|place| rows.row(*place).kind == Kind::List);
        if !list.is_empty() || !rest.is_empty() {
            let roots = rest.iter().map(|place| rows.row(*place).id).collect();
            let operations = list.iter().filter_map(|place| rows.operation(*place)).collect();
            self.post_past(ctx, to, Bygone { operations, roots, devices: Vec::new() });
        }
        self.post_operations(ctx, to, &new);
    }

    /// Sends what `to` is given of the time before its Admit, if this is such a conversation.
    pub(super) fn give_past(&self, ctx: &mut Ctx<'_>, to: NodeId) {
        if !self.is_open_book() {
            self.post_past(ctx, to, self.graph.bygone(&to));
        }
    }

    fn post_past(&self, ctx: &mut Ctx<'_>, to: NodeId, bygone: Bygone<'_>) {
        let Bygone { operations, roots, devices } = bygone;
        // Roots first: what stands on them need not wait.
        let piece = |operations, roots, devices| {
            Frame::Past(wire::Past { conversation: self.id, operations, roots, devices })
        };
        let (none, nobody) = (List::default(), List::default());
        ctx.post(to, piece(none.clone(), List::default(), List::first(devices)));
        for ids in roots.chunks(wire::WANT_MAX) {
            ctx.post(to, piece(none.clone(), List::first(ids.iter().copied()), nobody.clone()));
        }
        for frame in operation_frames(&operations) {
            if let Frame::Operations(packed) = frame {
                ctx.post(to, piece(packed.operations, List::default(), nobody.clone()));
            }
        }
    }
}

// Where we came later.
impl Conversation {
    /// Takes what we are given of the time before our own. How far others had come is believed only of those who let us
    /// in; what nobody gives, of every participant: it can be had all the same if somebody does.
    pub(crate) fn on_past(&mut self, ctx: &mut Ctx<'_>, from: NodeId, past: wire::Past) {
        let enters = matches!(self.phase, Phase::Entering { .. });
        if enters {
            self.graph.skip(&past.devices);
        }
        for operation in self.graph.do_without(&past.roots) {
            self.on_genuine(ctx, operation);
        }
        let ours = self.graph.last_admit(&ctx.me.node()).and_then(|admit| self.graph.operation(&admit));
        let admitted_at = ours.map_or(u64::MAX, |admit| admit.content().lamport);
        for operation in past.operations.into_vec() {
            if enters || operation.content().lamport < admitted_at {
                self.graph.count_past(operation.id());
            }
            self.on_operation(ctx, from, operation);
        }
        if let Some(horizons) = self.graph.horizons() {
            ctx.keep(Key::Horizons(self.id), &horizons);
        }
    }

    /// Takes note of heads that `from` names as ours and that are of the past: it is told again what it was given.
    pub(super) fn repeat_past(&self, ctx: &mut Ctx<'_>, from: NodeId, heads: &[OpId]) {
        if self.withheld_from(&from).is_some_and(|past| heads.iter().any(|id| self.graph.has_in(&past, id))) {
            self.give_past(ctx, from);
        }
    }
}
