//! The participants' side: granting, the critical section, and the word of each on a newcomer, as in `node/entry.rs`
//! and `group/conversation/entry.rs`.

use crate::graph::{Body, List, OpId, Ops, Seat, Seats, Ticket};
use crate::world::{Answer, Arrival, Code, Flaw, Frame, Granted, World};

impl World {
    /// Does with a frame what the node does that it came to.
    pub(crate) fn on_frame(&mut self, me: Seat, from: Seat, frame: Frame) {
        match frame {
            Frame::ConnectionRequest { request } => self.on_request(me, from, request),
            Frame::Answer(answer) => self.on_answer(me, from, answer),
            Frame::EntryToCoordinator { request, newcomer, ticket } => {
                self.on_entry(me, from, (newcomer.into(), request), ticket);
            }
            Frame::EntryToPeer { request, admit } => self.on_peer_entry(me, from, request, admit),
            Frame::Operations(ops) => self.on_operations(me, from, ops),
            Frame::Absence => self.on_absence(me, from),
            Frame::Want(ids) => self.on_want(me, from, ids),
            Frame::Heads { known, is_answer } => self.on_heads(me, from, known, is_answer),
        }
        self.settle(me);
    }

    /// Does what follows at a node.
    pub(crate) fn settle(&mut self, me: Seat) {
        self.continue_exit(me);
        self.return_if_evicted(me);
        self.relay_entries(me);
    }

    pub(crate) fn answer(&mut self, me: Seat, (to, request): (Seat, u8), code: Code, list: List) {
        self.post(me, to, Frame::Answer(Answer { request, code, about: None, list }));
    }

    /// Gives a participant's word on the entry of a newcomer.
    fn say_word(&mut self, me: Seat, (to, request): (Seat, u8), admit: OpId, code: Code) {
        let (about, list) = (Some(admit), List::default());
        self.post(me, to, Frame::Answer(Answer { request, code, about, list }));
    }

    /// A request to talk. The person says yes, or said so before.
    fn on_request(&mut self, me: Seat, from: Seat, request: u8) {
        if self.nodes[me].is_open() && !self.uninvited.has(from) {
            self.witness.words[from] = self.witness.words[from].with(me);
            self.let_in(me, from, request);
        } else {
            self.answer(me, (from, request), Code::No, List::default());
        }
    }

    /// Lets somebody in who was accepted: as coordinator, else by passing them on and handing them in.
    fn let_in(&mut self, me: Seat, newcomer: Seat, request: u8) {
        let node = self.nodes[me];
        let coordinator = node.coordinator(me).filter(|one| *one != me && !node.has(newcomer));
        if let Some(coordinator) = coordinator {
            let ticket = self.sign_ticket(me, newcomer);
            self.answer(me, (newcomer, request), Code::Derivation(ticket), node.present(me));
            let entry = Frame::EntryToCoordinator { request, newcomer: newcomer as u8, ticket };
            self.post(me, coordinator, entry);
            self.send_page(me, newcomer, Ops::default(), node.known);
        } else if let Some(admit) = self.admit(me, newcomer, None) {
            self.say_yes(me, (newcomer, request), admit);
            self.send_page(me, newcomer, Ops::default(), self.nodes[me].known);
        }
        self.nodes[me].granted[newcomer] = Some(Granted { request, awaits: coordinator.is_some() });
    }

    fn sign_ticket(&mut self, me: Seat, bearer: Seat) -> Ticket {
        let serial = self.nodes[me].signed;
        self.nodes[me].signed += 1;
        self.witness.has_overflown |= serial > 3;
        Ticket { issuer: me as u8, serial: serial & 3, bearer: bearer as u8, is_signed: true }
    }

    fn admit(&mut self, me: Seat, newcomer: Seat, ticket: Option<Ticket>) -> Option<OpId> {
        self.write(me, Body::Admit { newcomer: newcomer as u8, ticket }, true)
    }

    fn say_yes(&mut self, me: Seat, newcomer: (Seat, u8), admit: OpId) {
        self.answer(me, newcomer, Code::Yes(Some(admit)), self.nodes[me].present(me));
    }

    /// The coordinator's part: whoever shows the word of a participant is let in, unasked.
    fn on_entry(&mut self, me: Seat, from: Seat, (newcomer, request): (Seat, u8), ticket: Ticket) {
        let node = &self.nodes[me];
        if newcomer != from && !(node.is_open() && node.has(from)) {
            // Only those who are in speak for others.
            return;
        }
        match self.admit_by_ticket(me, newcomer, ticket) {
            Ok(Some(admit)) if self.nodes[me].linked.has(newcomer) => {
                self.give(me, newcomer, Ops::one(admit));
                self.say_yes(me, (newcomer, request), admit);
            }
            Ok(_) => {}
            // Of what became of a newcomer that was handed in nobody has asked.
            Err(_) if newcomer != from => {}
            Err(code) => self.answer(me, (newcomer, request), code, List::default()),
        }
    }

    fn admit_by_ticket(&mut self, me: Seat, newcomer: Seat, ticket: Ticket) -> Result<Option<OpId>, Code> {
        let node = &self.nodes[me];
        if !node.is_open() {
            return Err(Code::DisconnectedGroup);
        }
        if node.has(newcomer) {
            return Ok(self.graph.last_admit(node.known, newcomer));
        }
        if self.flaw == Some(Flaw::AnyTicket) {
            return Ok(self.admit(me, newcomer, None));
        }
        let is_good = ticket.is_signed && ticket.bearer as Seat == newcomer && node.has(ticket.issuer.into());
        if !is_good || !self.graph.membership(node.known).has_use_left(ticket) {
            return Err(Code::No);
        }
        Ok(self.admit(me, newcomer, Some(ticket)))
    }

    /// Tells newcomers who were accepted here that the coordinator has let them in.
    fn relay_entries(&mut self, me: Seat) {
        for newcomer in 0..self.nodes.len() {
            let node = &mut self.nodes[me];
            let Some(granted) = node.granted[newcomer].filter(|granted| granted.awaits) else { continue };
            if !node.is_open() || !node.has(newcomer) {
                continue;
            }
            node.granted[newcomer] = Some(Granted { awaits: false, ..granted });
            if self.nodes[me].linked.has(newcomer)
                && let Some(admit) = self.graph.last_admit(self.nodes[me].known, newcomer)
            {
                self.send_page(me, newcomer, Ops::default(), self.nodes[me].known);
                self.say_yes(me, (newcomer, granted.request), admit);
            }
        }
    }
}

// The word of each participant.
impl World {
    fn on_peer_entry(&mut self, me: Seat, from: Seat, request: u8, admit: OpId) {
        let node = &mut self.nodes[me];
        let code = match () {
            () if !node.is_open() => Code::DisconnectedGroup,
            () if node.has(from) && node.known.has(admit) => Code::Yes(None),
            () if self.flaw == Some(Flaw::NoWaiting) => Code::NotUpdatedGroup,
            () => {
                node.arrivals[from] = Some(Arrival { request, admit, is_asked: false });
                return;
            }
        };
        self.say_word(me, (from, request), admit, code);
    }

    /// Gives the word on those who have come into the list.
    pub(crate) fn answer_arrivals(&mut self, me: Seat) {
        for from in 0..self.nodes.len() {
            let node = &mut self.nodes[me];
            let Some(arrival) = node.arrivals[from] else { continue };
            if node.has(from) && node.known.has(arrival.admit) {
                node.arrivals[from] = None;
                self.say_word(me, (from, arrival.request), arrival.admit, Code::Yes(None));
            }
        }
    }

    /// Asks a newcomer for the Admit that it speaks of.
    pub(crate) fn ask_newcomer(&mut self, me: Seat, from: Seat) {
        let Some(arrival) = &mut self.nodes[me].arrivals[from] else { return };
        arrival.is_asked = true;
        let admit = Ops::one(arrival.admit);
        let node = &self.nodes[me];
        self.want(me, from, admit.minus(node.known).minus(node.held));
    }

    /// Has waited long enough for the Admit of a newcomer.
    pub(crate) fn refuse_arrival(&mut self, me: Seat, from: Seat) {
        if let Some(arrival) = self.nodes[me].arrivals[from].take() {
            self.say_word(me, (from, arrival.request), arrival.admit, Code::NotUpdatedGroup);
        }
    }

    /// Signs out, as coordinator, one who says itself that it is not in.
    fn on_absence(&mut self, me: Seat, node: Seat) {
        if self.signs_out(me, node) {
            self.write(me, Body::Evict { node: node as u8 }, true);
        }
    }

    /// Whether a node would sign another out that says that it is not in: as coordinator, and if that one has written
    /// nothing since it came in.
    pub(crate) fn signs_out(&self, me: Seat, other: Seat) -> bool {
        let node = &self.nodes[me];
        let is_silent = !self.graph.has_spoken(node.known, other);
        node.is_open() && node.has(other) && node.coordinator(me) == Some(me) && is_silent
    }

    /// Whom a coordinator would sign out if they stayed away: those who cannot come back, seen from the larger half.
    pub(crate) fn away(&self, me: Seat) -> Seats {
        let node = &self.nodes[me];
        let present = node.present(me);
        let is_larger = present.len() * 2 > node.list.len() || self.flaw == Some(Flaw::EvictBySmallerHalf);
        if !node.is_open() || present.get(0) != Some(me) || !is_larger {
            return Seats::default();
        }
        let is_gone = |seat: &Seat| !self.is_alive(*seat) || self.is_cut(me, *seat);
        Seats::of(node.list.seats().minus(present.seats()).iter().filter(is_gone))
    }

    /// Signs out, as coordinator, whoever is away.
    pub(crate) fn evict(&mut self, me: Seat) {
        for node in self.away(me).iter() {
            let list = self.nodes[me].list;
            self.witness.has_seceded |= self.nodes[me].present(me).len() * 2 <= list.len();
            self.write(me, Body::Evict { node: node as u8 }, true);
        }
    }
}
