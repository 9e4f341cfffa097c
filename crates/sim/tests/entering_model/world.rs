//! Nodes, their links and what is on its way between them.

use crate::graph::{Graph, List, OpId, Ops, SEATS, Seat, Seats, Ticket};

/// All that there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) nodes: [Node; SEATS],
    pub(crate) graph: Graph,
    /// What is on its way: by sender and receiver, and between two in the order in which it was sent.
    pub(crate) letters: Vec<Letter>,
    /// Over which links anything was sent in this step: nothing between two steps.
    pub(crate) sending: u16,
    pub(crate) crashed: Seats,
    /// One side of a partition; empty when there is none.
    pub(crate) cut: Seats,
    pub(crate) left: Faults,
    /// Whom nobody lets in.
    pub(crate) uninvited: Seats,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) witness: Witness,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Times that a node takes a live one for gone.
    pub(crate) suspicions: u8,
    /// Times that the coordinator ends without a word.
    pub(crate) crashes: u8,
    /// Times that the network splits in two.
    pub(crate) cuts: u8,
    /// Times that somebody loses patience while the answer is on its way.
    pub(crate) delays: u8,
}

/// What an implementation might forget; the model must find each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    /// The coordinator lets in whoever shows anything that looks like a ticket.
    AnyTicket,
    /// A word on an entry that was undone counts for the one that is made anew.
    LateWords,
    /// Who is not in does not say so to those who show it in their list.
    NoDenial,
    /// Who asks anew does not see to it that its Leave is there.
    HeldBackLeave,
    /// Who is out by what others know is not told.
    NoTelling,
    /// NotUpdatedGroup is taken for a yes.
    NoUndoing,
    /// An entry is undone without a word to those who were told of it.
    SilentUndoing,
    /// An entry that was undone is tried again and again.
    EndlessRetries,
    /// A participant says NotUpdatedGroup without waiting for the ListUpdate.
    NoWaiting,
    /// The list is in the order in which operations arrive.
    ListByArrival,
    /// Copies are never compared.
    NoComparison,
    /// The smaller half of a list signs out the larger.
    EvictBySmallerHalf,
    /// Who becomes the coordinator says so.
    Election,
    /// A newcomer does not go on to the next in the list.
    NoPatience,
    /// A newcomer waits for ever.
    NoDeadline,
}

/// What was seen on the way, for the properties; no node knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Witness {
    /// Who has given their word for each node.
    pub(crate) words: [Seats; SEATS],
    /// How often each node made its request anew.
    pub(crate) retries: [u8; SEATS],
    /// Whether a participant said anything because of a suspicion.
    pub(crate) has_elected: bool,
    /// Whether a smaller half has signed anybody out.
    pub(crate) has_seceded: bool,
    /// Whether anything grew beyond the model.
    pub(crate) has_overflown: bool,
    /// Whether an answer that belongs to an undone entry, or is none to what was asked, was taken for one.
    pub(crate) is_mistaken: bool,
}

/// One node and its part in the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// Whom it believes to be linked to: the others are suspected.
    pub(crate) linked: Seats,
    pub(crate) known: Ops,
    /// What waits for what it stands on.
    pub(crate) held: Ops,
    pub(crate) list: List,
    pub(crate) phase: Phase,
    /// Whose operations are welcome while it enters.
    pub(crate) hosts: Seats,
    /// What had brought it in before it asked to enter again.
    pub(crate) admit_of_old: Option<OpId>,
    pub(crate) wish: Wish,
    pub(crate) exit: Option<Exit>,
    pub(crate) arrivals: [Option<Arrival>; SEATS],
    pub(crate) granted: [Option<Granted>; SEATS],
    /// What is on its way to each node of all that it lacked: nothing more goes there until it is said to be there.
    pub(crate) pages: [Ops; SEATS],
    /// Tickets that it has signed.
    pub(crate) signed: u8,
    /// Whether it was signed out, and has not asked to enter again.
    pub(crate) is_evicted: bool,
    /// Who has given their word on its entry, and who could not.
    pub(crate) said: Said,
}

/// Where a node stands in the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// It knows of none.
    #[default]
    Absent,
    Entering {
        request: u8,
        admit: Option<OpId>,
    },
    Open,
    Over,
}

/// A node's request to talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    pub(crate) host: u8,
    pub(crate) request: u8,
    pub(crate) stage: Stage,
    pub(crate) is_retried: bool,
    /// Whether the one asked is out of reach, and the request will not wait for ever.
    pub(crate) is_lonely: bool,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    #[default]
    None,
    Asked,
    Derived {
        list: List,
        turn: u8,
        ticket: Ticket,
    },
    Entering,
    /// Every participant that can be reached knows of it.
    Settled,
    Failed,
}

/// The exit section of a node's own entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Exit {
    pub(crate) request: u8,
    pub(crate) admit: OpId,
    pub(crate) pending: Seats,
    pub(crate) told: Seats,
}

/// A newcomer that wants a participant's word and is not in its list yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Arrival {
    pub(crate) request: u8,
    pub(crate) admit: OpId,
    /// Whether the newcomer was asked for the Admit.
    pub(crate) is_asked: bool,
}

/// A request that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Granted {
    pub(crate) request: u8,
    /// Whether the coordinator has yet to let the newcomer in.
    pub(crate) awaits: bool,
}

/// What became of a newcomer's round of the participants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Said {
    /// Who was in the list when it was let in.
    pub(crate) given: Seats,
    pub(crate) yes: Seats,
    /// Who is not in the conversation any more, or could not be reached.
    pub(crate) excused: Seats,
}

/// What one node sends another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Frame {
    ConnectionRequest {
        request: u8,
    },
    Answer(Answer),
    EntryToCoordinator {
        request: u8,
        newcomer: u8,
        ticket: Ticket,
    },
    EntryToPeer {
        request: u8,
        admit: OpId,
    },
    /// A ListUpdate, a ConnectionRelease, or what somebody lacks.
    Operations(Ops),
    /// The sender is not in the conversation that the receiver shows it in.
    Absence,
    Want(Ops),
    Heads {
        known: Ops,
        is_answer: bool,
    },
}

/// An answer to a request, or to an entry to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) request: u8,
    pub(crate) code: Code,
    /// With a participant's word: the Admit that it is about.
    pub(crate) about: Option<OpId>,
    pub(crate) list: List,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    /// With the Admit when it answers a request, without as a participant's word.
    Yes(Option<OpId>),
    No,
    Derivation(Ticket),
    DisconnectedGroup,
    NotUpdatedGroup,
}

/// A frame on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Letter {
    pub(crate) from: u8,
    pub(crate) to: u8,
    pub(crate) frame: Frame,
    /// Whether it was sent along with the one before it, in one step: then both arrive together.
    pub(crate) is_joined: bool,
}

impl Wish {
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Asked | Stage::Derived { .. } | Stage::Entering)
    }

    /// Comes to the next stage: what it waited for a link for is done.
    pub(crate) fn reach(&mut self, stage: Stage) {
        (self.stage, self.is_lonely) = (stage, false);
    }

    /// Whom it waits for.
    pub(crate) fn at(&self) -> Option<Seat> {
        match self.stage {
            Stage::Asked => Some(self.host.into()),
            Stage::Derived { list, turn, .. } => list.get(turn.into()),
            _ => None,
        }
    }
}

impl Node {
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    pub(crate) fn has(&self, seat: Seat) -> bool {
        self.list.has(seat)
    }

    /// Who is in the list and not suspected, in its order.
    pub(crate) fn present(&self, me: Seat) -> List {
        List::of(self.list.iter().filter(|seat| *seat == me || self.linked.has(*seat)))
    }

    /// The first in the list that is not suspected: nobody is asked.
    pub(crate) fn coordinator(&self, me: Seat) -> Option<Seat> {
        self.present(me).get(0)
    }
}

impl World {
    /// Whether two are on different sides of a partition.
    pub(crate) fn is_cut(&self, a: Seat, b: Seat) -> bool {
        !self.cut.is_empty() && self.cut.has(a) != self.cut.has(b)
    }

    pub(crate) fn is_alive(&self, seat: Seat) -> bool {
        !self.crashed.has(seat)
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = Seat> {
        (0..SEATS).filter(|seat| self.is_alive(*seat))
    }

    /// Sends; what has no link to go over, or nobody at its other end, is lost.
    pub(crate) fn post(&mut self, from: Seat, to: Seat, frame: Frame) {
        let is_heard = self.is_alive(to) && self.nodes[to].linked.has(from);
        if !self.nodes[from].linked.has(to) || !is_heard {
            return;
        }
        let way = 1 << (from * SEATS + to);
        let is_joined = self.sending & way != 0;
        self.sending |= way;
        let letter = Letter { from: from as u8, to: to as u8, frame, is_joined };
        let at = self.letters.partition_point(|one| (one.from, one.to) <= (letter.from, letter.to));
        self.letters.insert(at, letter);
    }

    /// Whether what `from` has sent gets to `to` now.
    pub(crate) fn is_passable(&self, from: Seat, to: Seat) -> bool {
        self.nodes[to].linked.has(from) && !self.is_cut(from, to)
    }

    /// Takes out the next letters between two: one, and those that were sent along with it.
    pub(crate) fn receive(&mut self, from: Seat, to: Seat) -> Vec<Letter> {
        let is_meant = |one: &Letter| one.from as Seat == from && one.to as Seat == to;
        let Some(at) = self.letters.iter().position(is_meant) else { return Vec::new() };
        let joined = self.letters[at + 1..].iter().take_while(|one| is_meant(one) && one.is_joined).count();
        self.letters.drain(at..=at + joined).collect()
    }

    /// Drops what is on its way between two.
    pub(crate) fn lose(&mut self, from: Seat, to: Seat) {
        self.letters.retain(|one| one.from as Seat != from || one.to as Seat != to);
    }

    /// The two ends of each way that has a letter which can arrive, once each.
    pub(crate) fn deliverable(&self) -> impl Iterator<Item = (Seat, Seat)> {
        let mut before = None;
        self.letters.iter().filter_map(move |letter| {
            let way = (letter.from as Seat, letter.to as Seat);
            let is_next = before.replace(way) != Some(way);
            (is_next && self.is_passable(way.0, way.1)).then_some(way)
        })
    }
}
