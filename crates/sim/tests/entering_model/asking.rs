//! The newcomer's side: the entering section of `group/asking.rs`, and the exit section of `group/conversation/entry.rs`.

use crate::graph::{Body, List, OpId, Seat, Seats, Ticket};
use crate::world::{Answer, Code, Exit, Flaw, Frame, Phase, Said, Stage, Wish, World};

/// How far a request has come, as a conversation reports it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    In,
    Undone,
    Settled,
    Failed,
}

// The entering section.
impl World {
    /// Asks somebody to be let in.
    pub(crate) fn ask(&mut self, me: Seat, host: Seat, request: u8) {
        let stage = Stage::Asked;
        self.nodes[me].wish = Wish { host: host as u8, request, stage, ..Wish::default() };
        self.send(me);
    }

    /// Says it to whom it waits for; false when there is nobody.
    fn send(&mut self, me: Seat) -> bool {
        let wish = self.nodes[me].wish;
        let Some(to) = wish.at() else { return false };
        let (request, newcomer) = (wish.request, me as u8);
        let frame = match wish.stage {
            Stage::Derived { ticket, .. } => Frame::EntryToCoordinator { request, newcomer, ticket },
            _ => Frame::ConnectionRequest { request },
        };
        self.post(me, to, frame);
        true
    }

    /// Sends again what `to` has not answered.
    pub(crate) fn ask_again(&mut self, me: Seat, to: Seat) {
        if self.nodes[me].wish.at() == Some(to) {
            self.nodes[me].wish.is_lonely = false;
            self.send(me);
        }
    }

    /// Asks the next, if it was `of` that was asked and is out of reach.
    pub(crate) fn look_elsewhere(&mut self, me: Seat, of: Seat) {
        if self.nodes[me].wish.at() == Some(of) && !self.advance(me) {
            self.nodes[me].wish.is_lonely = true;
        }
    }

    /// Goes on to the next in the list; false when there is none.
    pub(crate) fn advance(&mut self, me: Seat) -> bool {
        if self.flaw == Some(Flaw::NoPatience) {
            return false;
        }
        let Stage::Derived { turn, .. } = &mut self.nodes[me].wish.stage else { return false };
        *turn += 1;
        self.send(me)
    }

    /// Has waited long enough for the one that should be the coordinator.
    pub(crate) fn lose_patience(&mut self, me: Seat) {
        if !self.advance(me) {
            self.fail(me);
        }
    }

    /// Ends a request that came to nothing.
    pub(crate) fn fail(&mut self, me: Seat) {
        self.nodes[me].wish = Wish { request: self.nodes[me].wish.request, ..Wish::default() };
        self.nodes[me].wish.stage = Stage::Failed;
        if matches!(self.nodes[me].phase, Phase::Entering { .. }) {
            // Who was told that it came to nothing is not let in later.
            self.nodes[me].phase = Phase::Over;
        }
    }

    pub(crate) fn on_answer(&mut self, me: Seat, from: Seat, answer: Answer) {
        if self.on_peer_answer(me, from, answer) {
            return;
        }
        let wish = self.nodes[me].wish;
        let is_listed = matches!(wish.stage, Stage::Derived { list, .. } if list.has(from));
        let awaits = wish.is_under_way() && (wish.host as Seat == from || is_listed);
        if !awaits || wish.request != answer.request || wish.stage == Stage::Entering {
            return;
        }
        if wish.is_retried && self.is_past_word(me, answer) && self.flaw != Some(Flaw::LateWords) {
            return;
        }
        let hosts = answer.list.seats().with(from).with(wish.host.into());
        match answer.code {
            Code::Yes(Some(admit)) => {
                self.witness.is_mistaken |= self.is_bygone(me, admit);
                self.nodes[me].wish.reach(Stage::Entering);
                self.enter(me, from, hosts, Some(admit));
            }
            Code::Derivation(ticket) => {
                self.derive(me, answer.list, ticket);
                self.enter(me, from, hosts, None);
            }
            Code::DisconnectedGroup if self.advance(me) => {}
            Code::No | Code::DisconnectedGroup => self.fail(me),
            Code::Yes(None) | Code::NotUpdatedGroup => {
                self.witness.is_mistaken = true;
                self.fail(me);
            }
        }
    }

    /// Whether an answer says something of an entry that is over, and nothing to what was asked.
    fn is_past_word(&self, me: Seat, answer: Answer) -> bool {
        match answer.code {
            Code::Yes(Some(admit)) => self.is_bygone(me, admit),
            Code::Yes(None) | Code::NotUpdatedGroup => true,
            Code::DisconnectedGroup => answer.about.is_some(),
            Code::No | Code::Derivation(_) => false,
        }
    }

    /// Whether an entry is over: its Admit is here, and the node is out.
    fn is_bygone(&self, me: Seat, admit: OpId) -> bool {
        self.nodes[me].known.has(admit) && !self.nodes[me].has(me)
    }

    fn derive(&mut self, me: Seat, list: List, ticket: Ticket) {
        self.nodes[me].wish.reach(Stage::Derived { list, turn: 0, ticket });
        self.send(me);
    }

    /// Expects to be let in.
    fn enter(&mut self, me: Seat, from: Seat, hosts: Seats, admit: Option<OpId>) {
        let request = self.nodes[me].wish.request;
        if self.nodes[me].is_open() {
            return self.on_progress(me, request, Progress::Settled);
        }
        self.nodes[me].phase = Phase::Entering { request, admit };
        self.nodes[me].admit_of_old = self.graph.last_admit(self.nodes[me].known, me);
        self.nodes[me].hosts = self.nodes[me].hosts.or(hosts);
        self.on_membership(me);
        if admit.is_some() && !self.nodes[me].is_open() {
            self.compare(me, from, false);
        }
    }

    fn on_progress(&mut self, me: Seat, request: u8, progress: Progress) {
        let wish = &mut self.nodes[me].wish;
        if !wish.is_under_way() || wish.request != request {
            return;
        }
        match progress {
            Progress::In => wish.reach(Stage::Entering),
            Progress::Settled => {
                *wish =
                    Wish { request, stage: Stage::Settled, is_retried: wish.is_retried, ..Wish::default() };
            }
            Progress::Undone if !wish.is_retried || self.flaw == Some(Flaw::EndlessRetries) => {
                wish.is_retried = true;
                wish.reach(Stage::Asked);
                let host = wish.host.into();
                self.witness.retries[me] += 1;
                if !matches!(self.flaw, Some(Flaw::HeldBackLeave | Flaw::SilentUndoing)) {
                    // A Leave that waits there for what it stands on would come after the next Admit.
                    self.give(me, host, self.nodes[me].known);
                }
                self.send(me);
            }
            Progress::Undone | Progress::Failed => self.fail(me),
        }
    }
}

// The exit section.
impl World {
    /// In the list: open, once the operation that did it is here.
    pub(crate) fn on_let_in(&mut self, me: Seat, request: u8, admit: Option<OpId>) {
        let node = &mut self.nodes[me];
        let newest = self.graph.last_admit(node.known, me).filter(|last| node.admit_of_old != Some(*last));
        let admit = admit.or(newest);
        let Some(admit) = admit.filter(|admit| node.known.has(*admit)) else { return };
        (node.phase, node.hosts, node.admit_of_old) = (Phase::Open, Seats::default(), None);
        let pending = node.list.seats().without(me);
        node.exit = Some(Exit { request, admit, pending, told: Seats::default() });
        node.said = Said { given: pending, ..Said::default() };
        self.on_progress(me, request, Progress::In);
    }

    /// Tells those who are linked by now.
    pub(crate) fn continue_exit(&mut self, me: Seat) {
        let Some(exit) = self.nodes[me].exit else { return };
        for to in exit.pending.and(self.nodes[me].linked).minus(exit.told).iter() {
            let (request, admit) = (exit.request, exit.admit);
            self.post(me, to, Frame::EntryToPeer { request, admit });
        }
        let told = exit.told.or(exit.pending.and(self.nodes[me].linked));
        self.nodes[me].exit = Some(Exit { told, ..exit });
    }

    /// Takes the word of a participant; false when it is none for the exit section.
    fn on_peer_answer(&mut self, me: Seat, from: Seat, answer: Answer) -> bool {
        let flaw = self.flaw;
        let node = &mut self.nodes[me];
        let Some(exit) = node.exit.as_mut().filter(|exit| exit.request == answer.request) else {
            return false;
        };
        let is_word = match answer.code {
            Code::Yes(Some(admit)) => admit == exit.admit,
            Code::No | Code::Derivation(_) => false,
            _ => answer.about == Some(exit.admit),
        };
        if !exit.pending.has(from) || !is_word && flaw != Some(Flaw::LateWords) {
            return true;
        }
        self.witness.is_mistaken |= !is_word;
        exit.pending = exit.pending.without(from);
        match answer.code {
            Code::NotUpdatedGroup => {}
            Code::DisconnectedGroup => node.said.excused = node.said.excused.with(from),
            _ => node.said.yes = node.said.yes.with(from),
        }
        let (request, is_last) = (exit.request, exit.pending.is_empty());
        if answer.code == Code::NotUpdatedGroup && flaw != Some(Flaw::NoUndoing) {
            self.undo_entry(me, request);
        } else if is_last {
            self.nodes[me].exit = None;
            self.on_progress(me, request, Progress::Settled);
        }
        true
    }

    /// Takes the entry back as a whole: everybody is told, and the request may be made anew.
    fn undo_entry(&mut self, me: Seat, request: u8) {
        self.nodes[me].exit = None;
        self.nodes[me].said = Said::default();
        self.nodes[me].phase = Phase::Entering { request, admit: None };
        self.nodes[me].admit_of_old = self.graph.last_admit(self.nodes[me].known, me);
        self.write(me, Body::Leave, self.flaw != Some(Flaw::SilentUndoing));
        self.on_progress(me, request, Progress::Undone);
    }

    /// Ends an exit section that has had its time.
    pub(crate) fn end_exit(&mut self, me: Seat) {
        let Some(exit) = self.nodes[me].exit.take() else { return };
        let unreached = |to: &Seat| !self.nodes[me].linked.has(*to) || self.is_cut(me, *to);
        let excused = Seats::of(exit.pending.iter().filter(unreached));
        self.nodes[me].said.excused = self.nodes[me].said.excused.or(excused);
        self.on_progress(me, exit.request, Progress::Settled);
    }

    /// Gives up an entry for which nothing has come.
    pub(crate) fn end_entering(&mut self, me: Seat) {
        let Phase::Entering { request, .. } = self.nodes[me].phase else { return };
        self.nodes[me].phase = Phase::Over;
        self.on_progress(me, request, Progress::Failed);
    }

    /// Asks to enter again, signed out while away.
    pub(crate) fn return_if_evicted(&mut self, me: Seat) {
        let node = &mut self.nodes[me];
        let at = node.list.iter().find(|seat| node.linked.has(*seat));
        if let Some(at) = at.filter(|_| node.is_evicted) {
            node.is_evicted = false;
            let request = node.wish.request + 1;
            self.ask(me, at, request);
        }
    }
}
