//! What a node does with operations and with links: `group/conversation` and `group/graph` of the core.

use crate::graph::{Body, Membership, OpId, Ops, Seat};
use crate::world::{Flaw, Frame, Phase, World};

// Operations.
impl World {
    /// Writes an operation and sends it to all participants that are linked.
    pub(crate) fn write(&mut self, me: Seat, body: Body, is_told: bool) -> Option<OpId> {
        let Some(id) = self.graph.write(me, self.nodes[me].known, body) else {
            self.witness.has_overflown = true;
            return None;
        };
        let before = self.nodes[me].list;
        self.nodes[me].known = self.nodes[me].known.with(id);
        for to in before.iter().filter(|to| is_told && *to != me) {
            self.post(me, to, Frame::Operations(Ops::one(id)));
        }
        self.list_anew(me, id);
        self.on_membership(me);
        Some(id)
    }

    pub(crate) fn on_operations(&mut self, me: Seat, from: Seat, ops: Ops) {
        let graph = self.graph.clone();
        for id in graph.in_order(ops) {
            let node = &self.nodes[me];
            let welcomes = match node.phase {
                Phase::Entering { .. } => node.hosts.has(from) || node.has(from),
                Phase::Open => true,
                Phase::Absent | Phase::Over => false,
            };
            if welcomes && !node.known.or(node.held).has(id) {
                self.take(me, id);
            }
        }
    }

    /// Takes in an operation and what waited for it, or lets it wait.
    fn take(&mut self, me: Seat, id: OpId) {
        if !self.graph.past(id).is_within(self.nodes[me].known) {
            self.nodes[me].held = self.nodes[me].held.with(id);
            return;
        }
        let mut freed = Some(id);
        while let Some(id) = freed {
            self.nodes[me].held = self.nodes[me].held.minus(Ops::one(id));
            if self.graph.is_admissible(self.nodes[me].known, id) {
                self.nodes[me].known = self.nodes[me].known.with(id);
                self.list_anew(me, id);
            }
            let (known, held) = (self.nodes[me].known, self.nodes[me].held);
            freed = held.iter().find(|id| self.graph.past(*id).is_within(known));
        }
        self.on_membership(me);
    }

    /// Computes the list anew, now that `id` is here.
    fn list_anew(&mut self, me: Seat, id: OpId) {
        let node = &mut self.nodes[me];
        if self.flaw == Some(Flaw::ListByArrival) {
            let mut membership = Membership { list: node.list, ..Membership::default() };
            membership.apply(&self.graph, id);
            node.list = membership.list;
        } else {
            node.list = self.graph.membership(node.known).list;
        }
    }

    /// Does what follows from the list.
    pub(crate) fn on_membership(&mut self, me: Seat) {
        let node = &mut self.nodes[me];
        let is_in = node.has(me);
        if let Phase::Entering { request, admit } = node.phase
            && is_in
        {
            self.on_let_in(me, request, admit);
        }
        let node = &mut self.nodes[me];
        match node.phase {
            Phase::Open if !is_in || node.list.len() < 2 => {
                node.is_evicted = !is_in && !self.graph.has_left(node.known, me);
                node.phase = Phase::Over;
            }
            _ => {}
        }
        self.answer_arrivals(me);
    }

    /// What is missing and not itself held back.
    pub(crate) fn missing(&self, me: Seat) -> Ops {
        let node = &self.nodes[me];
        let named = |id| self.graph.heads(self.graph.past(id));
        let needed = node.held.iter().fold(Ops::default(), |all, id| all.or(named(id)));
        needed.minus(node.known).minus(node.held)
    }
}

// Comparison.
impl World {
    /// Tells `to` how far `me` is.
    pub(crate) fn compare(&mut self, me: Seat, to: Seat, is_answer: bool) {
        let known = self.nodes[me].known;
        if self.flaw != Some(Flaw::NoComparison) {
            self.post(me, to, Frame::Heads { known, is_answer });
        }
    }

    pub(crate) fn on_heads(&mut self, me: Seat, from: Seat, theirs: Ops, is_answer: bool) {
        let node = self.nodes[me];
        if !node.has(from) {
            if node.is_open() {
                // What it has is asked for.
                self.want(me, from, self.graph.heads(theirs).minus(node.known).minus(node.held));
            }
            if self.tells_out(me, from) {
                self.send_page(me, from, theirs, self.graph.until_out(node.known, from));
            }
        } else if node.has(from) && node.phase != Phase::Absent {
            self.send_page(me, from, theirs, node.known);
            if node.is_open() && !theirs.is_within(node.known) && !is_answer {
                self.compare(me, from, true);
            }
        }
    }

    pub(crate) fn on_want(&mut self, me: Seat, from: Seat, ids: Ops) {
        let node = &self.nodes[me];
        if !node.is_open() {
            return;
        }
        let all = if node.has(from) { node.known } else { self.graph.until_out(node.known, from) };
        self.give(me, from, all.and(node.known).and(ids));
    }

    /// Whether a node is to be told that it is out: it was let in, and others know better.
    pub(crate) fn tells_out(&self, me: Seat, other: Seat) -> bool {
        let node = &self.nodes[me];
        let knows = matches!(node.phase, Phase::Open | Phase::Over) && self.flaw != Some(Flaw::NoTelling);
        knows && !node.has(other) && self.graph.has_been_let_in(node.known, other)
    }

    /// Sends what the other side lacks, unless a page of that is on its way already.
    pub(crate) fn send_page(&mut self, me: Seat, to: Seat, theirs: Ops, all: Ops) {
        let lacks = all.minus(theirs);
        let page = &mut self.nodes[me].pages[to];
        if page.is_within(theirs) {
            *page = Ops::default();
        }
        if page.is_empty() && !lacks.is_empty() {
            *page = lacks;
            self.give(me, to, lacks);
        }
    }

    pub(crate) fn want(&mut self, me: Seat, from: Seat, ids: Ops) {
        if !ids.is_empty() {
            self.post(me, from, Frame::Want(ids));
        }
    }

    pub(crate) fn give(&mut self, me: Seat, to: Seat, ops: Ops) {
        if !ops.is_empty() {
            self.post(me, to, Frame::Operations(ops));
        }
    }
}

// Links.
impl World {
    /// Takes note that a node is linked.
    pub(crate) fn on_linked(&mut self, me: Seat, to: Seat) {
        let node = &self.nodes[me];
        let is_let_in_by = matches!(node.phase, Phase::Entering { .. }) && node.hosts.has(to);
        if node.is_open() && node.has(to) || is_let_in_by {
            self.compare(me, to, true);
        }
        self.ask_again(me, to);
    }

    /// Takes note that a node is linked no more: it is suspected, and nobody is told.
    pub(crate) fn on_unlinked(&mut self, me: Seat, of: Seat) {
        self.nodes[me].linked = self.nodes[me].linked.without(of);
        self.nodes[me].pages[of] = Ops::default();
        self.lose(of, me);
        let is_elected = self.nodes[me].is_open() && self.nodes[me].coordinator(me) == Some(me);
        let before = self.letters.len();
        if is_elected && self.flaw == Some(Flaw::Election) {
            let others = self.nodes[me].list;
            others.iter().for_each(|to| self.compare(me, to, true));
        }
        self.witness.has_elected |= self.letters.len() > before;
        if let Some(exit) = &mut self.nodes[me].exit {
            exit.told = exit.told.without(of);
        }
        self.look_elsewhere(me, of);
    }
}
