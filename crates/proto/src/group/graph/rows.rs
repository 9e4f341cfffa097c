//! What is in memory of the operations: of each one what places it in the graph, and of some all of it.
//!
//! A history is read from the store page by page: what people said years ago takes some hundred bytes a message here,
//! whatever its length, and not the message itself.

use crate::group::op::{Body, ConversationId, DisplayKey, OpId, Operation};
use crate::identity::{AccountId, NodeId};
use crate::store::Key;
use std::collections::VecDeque;

/// Operations of one conversation: their rows are some two gigabytes, more than any device of today has for it.
pub(super) const OPERATIONS_KEPT_MAX: usize = 1 << 24;

/// Where an operation stands in the order of arrival: it keeps this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32);

/// What an operation does, as far as that is known without reading it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Not here: it came before our time, and counts as here.
    Bygone,
    /// It makes the list.
    List,
    /// It is a message.
    Message,
    /// It takes a message back.
    Delete,
    /// It changes a message in another way, or is of a kind that is unknown here.
    Other,
}

/// What is always in memory of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its id.
    pub id: OpId,
    /// Its lamport.
    pub lamport: u64,
    /// Its count among its device's.
    pub seq: u64,
    /// What it does.
    pub kind: Kind,
    /// Whether its author was in the conversation, as far as the author could know.
    pub is_entitled: bool,
    /// Bytes that it takes on the wire.
    pub size: u16,
    device: u32,
    /// Where its dependencies begin, and how many there are.
    dependencies: (u32, u8),
    /// All of it, while that is in memory.
    operation: Option<Box<Operation>>,
}

/// The operations of one conversation, as they are in memory.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// In the order of their ids, a list for each first byte of one: ids are hashes, so each list is a few hundred long where there
    /// are a hundred thousand operations. Empty until there is a row.
    by_id: Vec<Vec<Place>>,
    /// In the order of display. What comes new belongs at the end or close to it.
    display: Vec<Place>,
    dependencies: Vec<Place>,
    devices: Vec<(NodeId, AccountId)>,
    /// What is in memory and need not stay there, in the order in which it came.
    recent: VecDeque<Place>,
    recent_bytes: usize,
}

impl Rows {
    /// Takes an operation in, all of whose dependencies have rows.
    pub(crate) fn insert(&mut self, operation: Operation, is_entitled: bool) -> Place {
        let content = operation.content();
        let first = self.dependencies.len();
        for id in content.dependencies.iter() {
            self.dependencies.extend(self.find(id));
        }
        let row = Row {
            id: operation.id(),
            lamport: content.lamport,
            seq: content.seq,
            kind: kind_of(&content.body),
            is_entitled,
            size: u16::try_from(operation.size()).unwrap_or(u16::MAX),
            device: self.device(operation.node(), content.author),
            dependencies: (number(first), u8::try_from(self.dependencies.len() - first).unwrap_or(u8::MAX)),
            operation: None,
        };
        let place = self.put(row);
        let key = operation.display_key();
        let at = self.display.partition_point(|other| self.key(*other) < key);
        self.display.insert(at, place);
        if self.row(place).kind != Kind::List {
            self.recent.push_back(place);
            self.recent_bytes += operation.size();
        }
        self.rows[place.at()].operation = Some(Box::new(operation));
        place
    }

    /// Gives an operation a row that came before our time.
    pub(crate) fn insert_bygone(&mut self, id: OpId) {
        let (lamport, seq, device, dependencies) = (0, 0, u32::MAX, (0, 0));
        let (kind, is_entitled, size, operation) = (Kind::Bygone, false, 0, None);
        self.put(Row { id, lamport, seq, kind, is_entitled, size, device, dependencies, operation });
    }

    /// Puts a row where one of the same id stands, or at the end.
    fn put(&mut self, row: Row) -> Place {
        if let Some(place) = self.find(&row.id) {
            self.rows[place.at()] = row;
            return place;
        }
        let place = Place(number(self.rows.len()));
        self.by_id.resize(1 << u8::BITS, Vec::new());
        let alike = &mut self.by_id[first_byte(&row.id)];
        let at = alike.partition_point(|other| self.rows[other.at()].id < row.id);
        alike.insert(at, place);
        self.rows.push(row);
        place
    }

    /// The place of an operation that has a row.
    fn find(&self, id: &OpId) -> Option<Place> {
        let alike = self.by_id.get(first_byte(id))?;
        let at = alike.binary_search_by(|other| self.row(*other).id.cmp(id)).ok()?;
        alike.get(at).copied()
    }

    fn device(&mut self, node: NodeId, author: AccountId) -> u32 {
        let known = self.devices.iter().rposition(|device| *device == (node, author));
        number(known.unwrap_or_else(|| {
            self.devices.push((node, author));
            self.devices.len() - 1
        }))
    }

    /// Lets go of what came first of all that need not be in memory, until the rest takes `max` bytes at most on the
    /// wire. What `stays` says yes to is not let go of.
    pub(crate) fn trim(&mut self, max: usize, stays: impl Fn(&Row, NodeId) -> bool) {
        for _ in 0..self.recent.len() {
            if self.recent_bytes <= max {
                return;
            }
            let Some(place) = self.recent.pop_front() else { return };
            if stays(self.row(place), self.node(place)) {
                self.recent.push_back(place);
            } else if let Some(operation) = self.rows[place.at()].operation.take() {
                self.recent_bytes -= operation.size();
            }
        }
    }

    /// The place of an operation that is part of the conversation.
    pub(crate) fn place(&self, id: &OpId) -> Option<Place> {
        self.find(id).filter(|place| self.row(*place).kind != Kind::Bygone)
    }

    /// Whether an operation is part of the conversation or came before our time.
    pub(crate) fn is_settled(&self, id: &OpId) -> bool {
        self.find(id).is_some()
    }

    /// What is always in memory of an operation.
    pub(crate) fn row(&self, place: Place) -> &Row {
        &self.rows[place.at()]
    }

    /// All of an operation, if that is in memory.
    pub(crate) fn operation(&self, place: Place) -> Option<&Operation> {
        self.row(place).operation.as_deref()
    }

    /// What an operation stands on.
    pub(crate) fn dependencies(&self, place: Place) -> &[Place] {
        let (first, count) = self.row(place).dependencies;
        &self.dependencies[first as usize..][..usize::from(count)]
    }

    /// The node that signed an operation.
    pub(crate) fn node(&self, place: Place) -> NodeId {
        self.devices[self.row(place).device as usize].0
    }

    /// The user who speaks in an operation.
    pub(crate) fn author(&self, place: Place) -> AccountId {
        self.devices[self.row(place).device as usize].1
    }

    /// Where an operation belongs in the order of display.
    pub(crate) fn key(&self, place: Place) -> DisplayKey {
        let row = self.row(place);
        DisplayKey { lamport: row.lamport, author: self.author(place), id: row.id }
    }

    /// Where an operation is kept.
    pub(crate) fn store_key(&self, conversation: ConversationId, place: Place) -> Key {
        let row = self.row(place);
        Key::Operation(conversation, row.lamport, row.id)
    }

    /// All operations in the order of display, which is causal.
    pub(crate) fn display(&self) -> &[Place] {
        &self.display
    }

    /// Where an operation stands in the order of display.
    pub(crate) fn rank(&self, place: Place) -> Option<usize> {
        let key = (self.row(place).kind != Kind::Bygone).then(|| self.key(place))?;
        self.display.binary_search_by(|other| self.key(*other).cmp(&key)).ok()
    }

    /// Whether no more operations of others are taken in.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= OPERATIONS_KEPT_MAX
    }
}

impl Place {
    fn at(self) -> usize {
        self.0 as usize
    }
}

fn first_byte(id: &OpId) -> usize {
    usize::from(id.0[0])
}

fn kind_of(body: &Body) -> Kind {
    match body {
        Body::Message(_) => Kind::Message,
        Body::Delete(_) => Kind::Delete,
        body if body.concerns_list() => Kind::List,
        _ => Kind::Other,
    }
}

/// A number of a table that is bounded far below.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
