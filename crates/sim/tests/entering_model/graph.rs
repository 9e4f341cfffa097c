//! What carries a conversation: operations, their order, and the list that follows from them.

/// Nodes in the model.
pub(crate) const SEATS: usize = 4;
/// Operations that one node may write in a run; a property says that these are enough.
pub(crate) const WRITTEN_MAX: usize = 5;
/// The operations that stand before all others: the Create and the Admits of those who are in from the beginning.
pub(crate) const BEGINNING: OpId = OpId(31);

/// A node: its place at the table.
pub(crate) type Seat = usize;

/// Some of the nodes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seats(u8);

/// An operation: its author and how many that one had written before, so that one graph has one name whatever the
/// order in which it grew.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OpId(u8);

/// Some of the operations.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ops(u32);

/// Nodes in the order of entry.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct List {
    len: u8,
    at: [u8; SEATS],
}

/// A participant's word that the bearer may enter, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) issuer: u8,
    pub(crate) serial: u8,
    pub(crate) bearer: u8,
    /// Whether the issuer has signed it.
    pub(crate) is_signed: bool,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Body {
    Admit { newcomer: u8, ticket: Option<Ticket> },
    Leave,
    Evict { node: u8 },
}

/// An operation with all that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Op {
    pub(crate) body: Body,
    pub(crate) past: Ops,
    lamport: u8,
}

/// All operations that were ever written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Graph {
    ops: [Option<Op>; SEATS * WRITTEN_MAX],
    /// Who is in from the beginning.
    founders: List,
    /// The order of the account keys, which breaks ties.
    rank: [u8; SEATS],
}

/// The list that some operations make, and the tickets that were spent on the way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Membership {
    pub(crate) list: List,
    pub(crate) spent: u16,
}

impl Seats {
    pub(crate) fn of(seats: impl IntoIterator<Item = Seat>) -> Self {
        seats.into_iter().fold(Self::default(), |all, seat| all.with(seat))
    }

    pub(crate) fn has(self, seat: Seat) -> bool {
        self.0 & 1 << seat != 0
    }

    pub(crate) fn with(self, seat: Seat) -> Self {
        Self(self.0 | 1 << seat)
    }

    pub(crate) fn without(self, seat: Seat) -> Self {
        Self(self.0 & !(1 << seat))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Seat> {
        (0..SEATS).filter(move |seat| self.has(*seat))
    }
}

impl OpId {
    fn new(author: Seat, written: usize) -> Self {
        Self((author * WRITTEN_MAX + written) as u8)
    }

    pub(crate) fn author(self) -> Seat {
        self.0 as usize / WRITTEN_MAX
    }
}

impl Ops {
    pub(crate) fn one(id: OpId) -> Self {
        Self(1 << id.0)
    }

    pub(crate) fn has(self, id: OpId) -> bool {
        self.0 & 1 << id.0 != 0
    }

    pub(crate) fn with(self, id: OpId) -> Self {
        Self(self.0 | 1 << id.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = OpId> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(OpId(bit as u8))
        })
    }
}

impl List {
    pub(crate) fn of(seats: impl IntoIterator<Item = Seat>) -> Self {
        let mut list = Self::default();
        seats.into_iter().for_each(|seat| list.push(seat));
        list
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    pub(crate) fn get(&self, at: usize) -> Option<Seat> {
        (at < self.len()).then(|| self.at[at] as Seat)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Seat> {
        self.at.into_iter().take(self.len()).map(Seat::from)
    }

    pub(crate) fn has(&self, seat: Seat) -> bool {
        self.iter().any(|one| one == seat)
    }

    pub(crate) fn seats(&self) -> Seats {
        Seats::of(self.iter())
    }

    pub(crate) fn push(&mut self, seat: Seat) {
        self.at[self.len()] = seat as u8;
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, seat: Seat) {
        *self = Self::of(self.iter().filter(|one| *one != seat).collect::<Vec<_>>());
    }
}

impl Graph {
    pub(crate) fn new(founders: List, rank: [u8; SEATS]) -> Self {
        Self { ops: [None; SEATS * WRITTEN_MAX], founders, rank }
    }

    pub(crate) fn get(&self, id: OpId) -> Option<Op> {
        self.ops.get(id.0 as usize).copied().flatten()
    }

    pub(crate) fn past(&self, id: OpId) -> Ops {
        self.get(id).map_or(Ops::default(), |op| op.past)
    }

    /// Writes an operation on top of `known`; nothing when its author has written too much for the model.
    pub(crate) fn write(&mut self, author: Seat, known: Ops, body: Body) -> Option<OpId> {
        let ids = (0..WRITTEN_MAX).map(|written| OpId::new(author, written));
        let id = ids.into_iter().find(|id| self.get(*id).is_none())?;
        let lamport = 1 + known.iter().map(|id| self.lamport(id)).max().unwrap_or(0);
        self.ops[id.0 as usize] = Some(Op { body, past: known, lamport });
        Some(id)
    }

    fn lamport(&self, id: OpId) -> u8 {
        self.get(id).map_or(0, |op| op.lamport)
    }

    fn key(&self, id: OpId) -> (u8, u8, u8) {
        (self.lamport(id), self.get(id).map_or(0, |_| self.rank[id.author()]), id.0)
    }

    /// Operations in the order of display.
    pub(crate) fn in_order(&self, ops: Ops) -> impl Iterator<Item = OpId> {
        let mut ids = [BEGINNING; SEATS * WRITTEN_MAX + 1];
        let mut len = 0;
        for id in ops.iter() {
            let mut at = len;
            while at > 0 && self.key(ids[at - 1]) > self.key(id) {
                ids[at] = ids[at - 1];
                at -= 1;
            }
            ids[at] = id;
            len += 1;
        }
        ids.into_iter().take(len)
    }

    /// Those that none of the others stands on.
    pub(crate) fn heads(&self, ops: Ops) -> Ops {
        ops.iter().fold(ops, |heads, id| heads.minus(self.past(id)))
    }

    /// The list that operations make: `tertulia_proto::group::membership`, once more.
    pub(crate) fn membership(&self, known: Ops) -> Membership {
        let mut membership = Membership::default();
        self.in_order(known).for_each(|id| membership.apply(self, id));
        membership
    }

    /// The operation that brought a node in the last time.
    pub(crate) fn last_admit(&self, known: Ops, node: Seat) -> Option<OpId> {
        self.last(known, |id| self.enters(id, node))
    }

    /// Whether a node has written anything since it came in.
    pub(crate) fn has_spoken(&self, known: Ops, node: Seat) -> bool {
        let admit = self.last_admit(known, node).map(|id| self.key(id));
        known.iter().any(|id| self.get(id).is_some() && id.author() == node && Some(self.key(id)) > admit)
    }

    /// What one who is out may know: what put it out, and all that stands on; where that is what makes its Admit void, all
    /// that comes before that.
    pub(crate) fn until_out(&self, known: Ops, node: Seat) -> Ops {
        let Some(last) = self.last_passage(known, node) else { return Ops::default() };
        let is_void = self.enters(last, node);
        let is_it = |id: &OpId| *id == last || is_void && self.key(*id) < self.key(last);
        known.iter().filter(is_it).fold(Ops::default(), |all, id| all.or(self.past(id)).with(id))
    }

    /// Whether a node has left.
    pub(crate) fn has_left(&self, known: Ops, node: Seat) -> bool {
        let last = self.last_passage(known, node).and_then(|id| self.get(id));
        last.is_some_and(|op| op.body == Body::Leave)
    }

    /// Whether a node is or was in, or was let in by one who thought that it could.
    pub(crate) fn has_been_let_in(&self, known: Ops, node: Seat) -> bool {
        self.last_passage(known, node).is_some()
    }

    fn last_passage(&self, known: Ops, node: Seat) -> Option<OpId> {
        self.last(known, |id| self.enters(id, node) || self.exits(id, node))
    }

    /// Whether what is here may be part of the conversation: no word of a stranger, no ticket that is none.
    pub(crate) fn is_admissible(&self, known: Ops, id: OpId) -> bool {
        let is_known = |seat: Seat| known.iter().any(|id| self.enters(id, seat));
        let Some(op) = self.get(id) else { return true };
        let honours = |ticket: Ticket, of: u8| {
            ticket.is_signed && ticket.bearer == of && is_known(ticket.issuer.into())
        };
        is_known(id.author())
            && match op.body {
                Body::Admit { newcomer, ticket: Some(ticket) } => honours(ticket, newcomer),
                _ => true,
            }
    }

    fn last(&self, known: Ops, is_meant: impl Fn(OpId) -> bool) -> Option<OpId> {
        known.iter().filter(|id| is_meant(*id)).max_by_key(|id| self.key(*id))
    }

    fn enters(&self, id: OpId, node: Seat) -> bool {
        match self.get(id).map(|op| op.body) {
            Some(Body::Admit { newcomer, .. }) => newcomer as Seat == node,
            Some(_) => false,
            None => self.founders.has(node),
        }
    }

    fn exits(&self, id: OpId, node: Seat) -> bool {
        match self.get(id).map(|op| op.body) {
            Some(Body::Leave) => id.author() == node,
            Some(Body::Evict { node: gone }) => gone as Seat == node,
            _ => false,
        }
    }
}

impl Membership {
    /// Applies the next operation.
    pub(crate) fn apply(&mut self, graph: &Graph, id: OpId) {
        let Some(op) = graph.get(id) else {
            self.list = graph.founders;
            return;
        };
        let author = id.author();
        match op.body {
            Body::Admit { newcomer, ticket } => {
                let has_room = self.list.has(author) && !self.list.has(newcomer.into());
                if has_room && ticket.is_none_or(|ticket| self.spend(ticket)) {
                    self.list.push(newcomer.into());
                }
            }
            Body::Leave => self.list.remove(author),
            Body::Evict { node } if self.list.has(author) => self.list.remove(node.into()),
            Body::Evict { .. } => {}
        }
    }

    fn spend(&mut self, ticket: Ticket) -> bool {
        let has_use_left = self.has_use_left(ticket);
        self.spent |= mark(ticket);
        has_use_left
    }

    pub(crate) fn has_use_left(&self, ticket: Ticket) -> bool {
        self.spent & mark(ticket) == 0
    }
}

fn mark(ticket: Ticket) -> u16 {
    1 << (ticket.issuer * 4 + ticket.serial)
}

impl std::fmt::Debug for OpId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            BEGINNING => write!(out, "beginning"),
            id => write!(out, "{}#{}", id.author(), id.0 as usize % WRITTEN_MAX),
        }
    }
}

impl std::fmt::Debug for Ops {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

impl std::fmt::Debug for Seats {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}
