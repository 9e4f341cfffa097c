//! The graph of a conversation's operations: what was verified and is complete, and what still waits for
//! something that it depends on (DESIGN, section 6).

mod comparison;
mod horizon;
mod past;
mod rows;

use crate::group::membership::Participant;
use crate::group::op::{
    Admit, Body, Content, ConversationId, Create, DEPENDENCIES_MAX, DisplayKey, OpId, Operation,
};
use crate::identity::{Certificate, Identity, NodeId};
use crate::table::{Set, Table};
use crate::wire::HeadsDigest;
use crate::wire::bounded::List;
use horizon::{Chain, Horizon};
use past::{Passage, passage};
use rows::Rows;
use std::cmp::Reverse;

pub(crate) use horizon::{Bygone, Horizons};
pub(crate) use past::Past;
pub(crate) use rows::{Kind, Place};

/// Operations that may wait for others at once: a burst from everybody in a full conversation.
pub const HELD_MAX: usize = 4_096;
/// Operations that may be waited for at once: mostly such as wait themselves. Whoever names more that nobody has is
/// not in earnest, and the table stays short.
const AWAITED_MAX: usize = 2 * HELD_MAX;
/// Bytes that waiting operations may take.
pub const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The operations of one conversation.
#[derive(Default)]
pub(crate) struct Graph {
    rows: Rows,
    heads: Set<OpId>,
    /// Each device's operations by their count, from one.
    chains: Table<NodeId, Chain>,
    horizon: Horizon,
    /// What makes the list, in the order of display.
    list: Vec<Place>,
    people: Table<NodeId, Participant>,
    /// What brought each node in and out, and by which words of whom: see [`Self::is_entitled`].
    passages: Table<NodeId, Vec<Passage>>,
    /// Devices that have written two operations under one count.
    forked: Set<NodeId>,
    /// What changes each message, in the order of display; also for messages that are not here.
    changes: Table<OpId, Vec<Place>>,
    held: Table<OpId, Box<Held>>,
    held_bytes: usize,
    /// What is missing, and who waits for it.
    awaited: Table<OpId, Vec<OpId>>,
}

struct Held {
    operation: Operation,
    lacks: usize,
}

/// What became of an operation that was taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was there already.
    Known,
    /// It waits for others.
    Held,
    /// It is part of the conversation now, and so is what waited for it: in causal order, itself first. What
    /// waited and cannot be part of the conversation after all is named by its reason.
    Delivered(Vec<OpId>, Vec<&'static str>),
    /// It cannot be part of the conversation, for this reason.
    Refused(&'static str),
}

impl Graph {
    /// Takes an operation in.
    pub(crate) fn take(&mut self, operation: Operation) -> Taken {
        if self.has(&operation.id()) {
            return Taken::Known;
        }
        // Before anything is kept: an id does not cover its signature, and a forged copy that waits here would
        // keep the genuine one out.
        if !operation.verify() {
            return Taken::Refused("operation_signature_wrong");
        }
        self.settle(operation)
    }

    /// Takes back an operation that was kept: its signature was checked when it came.
    pub(crate) fn take_back(&mut self, operation: Operation) -> Taken {
        if self.has(&operation.id()) { Taken::Known } else { self.settle(operation) }
    }

    /// Puts a genuine operation where it belongs.
    fn settle(&mut self, operation: Operation) -> Taken {
        let id = operation.id();
        let missing: Vec<_> =
            operation.content().dependencies.iter().filter(|id| !self.rows.is_settled(id)).copied().collect();
        if self.rows.is_full() {
            return Taken::Refused("operation_beyond_all_bounds");
        }
        if !missing.is_empty() {
            return self.hold(operation, &missing);
        }
        if let Err(reason) = self.admissible(&operation) {
            return Taken::Refused(reason);
        }
        self.deliver(operation);
        self.deliver_freed(vec![id])
    }

    /// Delivers what waited for what was just delivered, and what waited for that.
    fn deliver_freed(&mut self, mut delivered: Vec<OpId>) -> Taken {
        let (mut refused, mut at) = (Vec::new(), 0);
        while at < delivered.len() {
            for operation in self.free(&delivered[at]) {
                match self.admissible(&operation) {
                    Ok(()) => {
                        delivered.push(operation.id());
                        self.deliver(operation);
                    }
                    Err(reason) => refused.push(reason),
                }
            }
            at += 1;
        }
        Taken::Delivered(delivered, refused)
    }

    fn hold(&mut self, operation: Operation, missing: &[OpId]) -> Taken {
        let is_full = self.held.len() >= HELD_MAX
            || self.held_bytes + operation.size() > HELD_BYTES_MAX
            || self.awaited.len() + missing.len() > AWAITED_MAX;
        if is_full {
            return Taken::Refused("operation_held_back_full");
        }
        let id = operation.id();
        let missing = missing.iter().fold(Set::default(), |mut set, id| {
            set.insert(*id, ());
            set
        });
        self.held_bytes += operation.size();
        self.held.insert(id, Box::new(Held { operation, lacks: missing.len() }));
        for dependency in missing.keys().copied() {
            self.awaited.or_insert_with(dependency, Vec::new).push(id);
        }
        Taken::Held
    }

    /// Takes out what waited for `id` and waits for nothing else.
    fn free(&mut self, id: &OpId) -> Vec<Operation> {
        let mut freed = Vec::new();
        for waiting in self.awaited.remove(id).unwrap_or_default() {
            let Some(held) = self.held.get_mut(&waiting) else { continue };
            held.lacks -= 1;
            if held.lacks > 0 {
                continue;
            }
            let Some(held) = self.held.remove(&waiting) else { continue };
            self.held_bytes -= held.operation.size();
            freed.push(held.operation);
        }
        freed
    }

    /// Drops what waits for something that nobody seems to have.
    pub(crate) fn give_up(&mut self) -> usize {
        self.awaited = Table::default();
        self.held_bytes = 0;
        self.held.take().len()
    }

    /// Whether an operation whose dependencies are all there may be part of the conversation.
    fn admissible(&self, operation: &Operation) -> Result<(), &'static str> {
        let content = operation.content();
        let node = operation.node();
        if !matches!(content.body, Body::Create(_)) {
            let known = &self.people.get(&node).ok_or("operation_of_a_stranger")?.certificate;
            let is_author = known.device == content.device && known.account == content.author;
            if !is_author {
                return Err("operation_of_a_stranger");
            }
            self.continues(content)?;
        }
        if let Body::Admit(admit) = &content.body {
            self.vouches(&admit.certificate, &admit.profile.account)?;
            self.honours(operation.conversation(), admit)?;
        }
        Ok(())
    }

    /// Whether the counts follow from the operations that are named.
    fn continues(&self, content: &Content) -> Result<(), &'static str> {
        let highest = content.dependencies.iter().map(|id| self.lamport_of(id)).max().unwrap_or(0);
        let is_next = highest.checked_add(1) == Some(content.lamport);
        // What stands on the time before ours may be any number ahead of what we have.
        let reaches_back = content.dependencies.iter().any(|id| self.horizon.roots.contains_key(id));
        if !(is_next || reaches_back && highest < content.lamport) {
            return Err("operation_lamport_wrong");
        }
        let known = content.previous.filter(|id| !self.horizon.roots.contains_key(id));
        let Some(previous) = known else { return Ok(()) };
        let before = self.rows.place(&previous).ok_or("operation_chain_wrong")?;
        let is_same = self.rows.node(before) == content.device.node();
        let follows = is_same && self.rows.row(before).seq.checked_add(1) == Some(content.seq);
        if follows { Ok(()) } else { Err("operation_chain_wrong") }
    }

    /// Whether an Admit names a device as its account does: the first certificate seen of a node binds.
    fn vouches(
        &self,
        certificate: &Certificate,
        profile: &crate::identity::AccountId,
    ) -> Result<(), &'static str> {
        let known = self.people.get(&certificate.node()).map(|person| &person.certificate);
        let is_same = known
            .is_none_or(|known| known.account == certificate.account && known.device == certificate.device);
        if is_same && certificate.account == *profile { Ok(()) } else { Err("operation_admit_wrong") }
    }

    /// Whether the ticket that an Admit shows, if any, is that of a participant, for this newcomer to enter here.
    fn honours(&self, conversation: ConversationId, admit: &Admit) -> Result<(), &'static str> {
        let Some(ticket) = &admit.ticket else { return Ok(()) };
        let is_known = self.people.contains_key(&ticket.issuer.node());
        let lets = ticket.lets(&admit.certificate.node(), &conversation);
        if is_known && lets { Ok(()) } else { Err("operation_ticket_wrong") }
    }

    fn deliver(&mut self, operation: Operation) {
        let is_entitled = self.entitles(&operation);
        if let Some((node, enters)) = passage(&operation).filter(|_| is_entitled) {
            let passage = Passage { key: operation.display_key(), enters };
            self.passages.or_insert_with(node, Vec::new).push(passage);
        }
        let (id, node) = (operation.id(), operation.node());
        for dependency in operation.content().dependencies.iter() {
            self.heads.remove(dependency);
        }
        if !self.horizon.past.contains_key(&id) {
            self.heads.insert(id, ());
        }
        self.introduce(&operation.content().body);
        let target = operation.content().body.target();
        let place = self.rows.insert(operation, is_entitled);
        let (rows, row) = (&self.rows, self.rows.row(place));
        // A device that was forked keeps the first of two; both are delivered, and asked for by id.
        let chain = self.chains.or_insert_with(node, Chain::default);
        if chain.len() + 1 == row.seq {
            chain.places.push(place);
        } else if row.seq > chain.before {
            self.forked.insert(node, ());
        }
        if row.kind == Kind::List {
            insert(&mut self.list, rows, place);
        } else if let Some(message) = target {
            insert(self.changes.or_insert_with(message, Vec::new), rows, place);
        }
    }

    /// Takes note of whom an operation brings in.
    fn introduce(&mut self, body: &Body) {
        let (Body::Create(Create { certificate, profile, .. })
        | Body::Admit(Admit { certificate, profile, .. })) = body
        else {
            return;
        };
        let newest = Participant::new(certificate, profile);
        let known = self.people.or_insert_with(newest.node, || newest.clone());
        if known.profile.seq < newest.profile.seq {
            known.profile = newest.profile;
        }
    }

    /// Lets go of what need not be in memory: all but what makes the list, the last word of each device, and the latest
    /// that takes `max` bytes on the wire. What a conversation stands on is always there, and what is asked of it most.
    pub(crate) fn trim(&mut self, max: usize) {
        let chains = &self.chains;
        self.rows.trim(max, |row, node| chains.get(&node).is_some_and(|chain| chain.len() == row.seq));
    }

    /// Whether a device has written two operations under one count: it lost its memory, or cheats.
    pub(crate) fn is_forked(&self, node: &NodeId) -> bool {
        self.forked.contains_key(node)
    }

    /// Writes the next operation of `me` on top of all that is here, and takes it in.
    pub(crate) fn write(&mut self, me: &Identity, time_ms: u64, body: Body) -> Operation {
        let chain = self.chains.get(&me.node());
        let last = chain.and_then(|chain| chain.places.last());
        let previous = last.map(|place| self.rows.row(*place).id);
        let seq = 1 + self.last_seq(&me.node());
        let others = self.heads().into_iter().filter(|head| Some(*head) != previous);
        let dependencies = List::<_, DEPENDENCIES_MAX>::first(previous.into_iter().chain(others));
        let content = Content {
            conversation: self.create().map(Operation::conversation),
            author: me.account(),
            device: me.certificate().device,
            seq,
            previous,
            lamport: 1 + dependencies.iter().map(|id| self.lamport_of(id)).max().unwrap_or(0),
            dependencies,
            time_ms,
            body,
        };
        let operation = Operation::sign(content, me);
        self.deliver(operation.clone());
        operation
    }

    /// The Create, once it is here.
    pub(crate) fn create(&self) -> Option<&Operation> {
        self.rows.operation(*self.rows.display().first()?)
    }

    /// Whether nothing is part of the conversation yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.display().is_empty()
    }

    /// The operation with this id, if it is part of the conversation and in memory. What makes the list always is.
    pub(crate) fn operation(&self, id: &OpId) -> Option<&Operation> {
        self.rows.operation(self.place(id)?)
    }

    /// The place of an operation, if it is part of the conversation.
    pub(crate) fn place(&self, id: &OpId) -> Option<Place> {
        self.rows.place(id)
    }

    /// The operations as they are in memory.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// All operations in the order of display, which is causal.
    pub(crate) fn in_order(&self) -> impl DoubleEndedIterator<Item = Place> {
        self.rows.display().iter().copied()
    }

    /// All operations that are in memory, in the order of display.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.in_order().filter_map(|place| self.rows.operation(place))
    }

    /// The operations that make the list, in the order of display.
    pub(crate) fn list_operations(&self) -> impl Iterator<Item = &Operation> {
        self.list.iter().filter_map(|place| self.rows.operation(*place))
    }

    /// The operations that change a message, in the order of display.
    pub(crate) fn changes(&self, message: &OpId) -> &[Place] {
        self.changes.get(message).map(Vec::as_slice).unwrap_or_default()
    }

    /// The operations after one place and before another in the order of display.
    pub(crate) fn between(
        &self,
        after: Option<DisplayKey>,
        before: Option<DisplayKey>,
    ) -> impl DoubleEndedIterator<Item = Place> {
        let (display, key) = (self.rows.display(), |place: &Place| self.rows.key(*place));
        let first = after.map_or(0, |after| display.partition_point(|place| key(place) <= after));
        let end = before.map_or(display.len(), |before| display.partition_point(|place| key(place) < before));
        display.get(first..end).unwrap_or_default().iter().copied()
    }

    /// The lamport of an operation; zero for one that came before our time.
    fn lamport_of(&self, id: &OpId) -> u64 {
        self.place(id).map_or(0, |place| self.rows.row(place).lamport)
    }

    /// Somebody who is or was in the conversation.
    pub(crate) fn person(&self, node: &NodeId) -> Option<&Participant> {
        self.people.get(node)
    }

    /// Everybody who is or was in the conversation.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Participant> {
        self.people.values()
    }

    /// What waits for something that nobody has sent yet, at most `max` of it.
    pub(crate) fn missing(&self, max: usize) -> Vec<OpId> {
        self.awaited.keys().filter(|id| !self.held.contains_key(id)).take(max).copied().collect()
    }

    /// The heads, the one with the highest lamport first: whoever takes only some of them still stands behind all.
    pub(crate) fn heads(&self) -> Vec<OpId> {
        let mut heads = Set::default();
        for head in self.heads.keys() {
            heads.insert((Reverse(self.lamport_of(head)), *head), ());
        }
        heads.keys().map(|(_, head)| *head).collect()
    }

    /// How many operations wait for others.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether an operation is here, delivered or held back.
    pub(crate) fn has(&self, id: &OpId) -> bool {
        self.place(id).is_some() || self.held.contains_key(id)
    }

    /// A hash over the heads: equal hashes mean equal conversations.
    pub(crate) fn digest(&self) -> HeadsDigest {
        let mut hasher = blake3::Hasher::new();
        for head in self.heads.keys() {
            hasher.update(&head.0);
        }
        let mut digest = [0; 8];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        HeadsDigest(digest)
    }

    /// The highest count of a device.
    pub(crate) fn last_seq(&self, node: &NodeId) -> u64 {
        self.chains.get(node).map_or(0, Chain::len)
    }

    /// The operation of a device with this count.
    pub(crate) fn at(&self, node: &NodeId, seq: u64) -> Option<Place> {
        self.chains.get(node)?.at(seq)
    }
}

/// Puts an operation among others in the order of display.
fn insert(places: &mut Vec<Place>, rows: &Rows, place: Place) {
    let key = rows.key(place);
    places.insert(places.partition_point(|other| rows.key(*other) < key), place);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::op::{ConversationKind, History, Message};
    use crate::identity::Name;
    use crate::io::MessageText;
    use crate::rng::Rng;
    use crate::wire::DeviceHead;

    fn someone(seed: u8) -> Identity {
        Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1)
    }

    fn said(text: &str) -> Body {
        Body::Message(Message { text: MessageText::cut(text), reply_to: None })
    }

    fn begun(me: &Identity) -> (Graph, Operation) {
        let mut graph = Graph::default();
        let create = Create {
            kind: ConversationKind::Public,
            history: History::All,
            nonce: [0; 16],
            certificate: me.certificate().clone(),
            profile: me.profile().clone(),
        };
        let create = graph.write(me, 1, Body::Create(create));
        (graph, create)
    }

    fn admit(who: &Identity) -> Body {
        Body::Admit(Admit {
            certificate: who.certificate().clone(),
            profile: who.profile().clone(),
            ticket: None,
        })
    }

    #[test]
    fn what_depends_on_something_missing_waits_for_it() {
        let ana = someone(1);
        let (mut graph, create) = begun(&ana);
        let ops: Vec<_> = (0..5).map(|n| graph.write(&ana, n, said("hi"))).collect();
        let mut other = Graph::default();
        for op in ops.iter().rev() {
            assert_eq!(other.take(op.clone()), Taken::Held);
        }
        assert_eq!(other.missing(9), [create.id()]);
        let Taken::Delivered(order, _) = other.take(create.clone()) else { panic!("not delivered") };
        let ids: Vec<_> = std::iter::once(&create).chain(&ops).map(Operation::id).collect();
        assert_eq!(order, ids);
        assert_eq!(other.digest(), graph.digest());
        assert_eq!(other.take(create), Taken::Known);
    }

    #[test]
    fn a_stranger_a_forger_and_a_liar_are_refused() {
        let (ana, eva) = (someone(1), someone(2));
        let (mut graph, _) = begun(&ana);
        let mut evas = Graph::default();
        evas.people.insert(eva.node(), Participant::new(eva.certificate(), eva.profile()));
        evas.rows.clone_from(&graph.rows);
        evas.heads.clone_from(&graph.heads);
        let uninvited = evas.write(&eva, 1, said("hi"));
        assert_eq!(graph.take(uninvited.clone()), Taken::Refused("operation_of_a_stranger"));
        graph.write(&ana, 1, admit(&eva));
        assert!(
            matches!(graph.take(uninvited.clone()), Taken::Delivered(..)),
            "once admitted, her word counts"
        );
        let ahead = Content {
            lamport: 9,
            seq: 2,
            previous: Some(uninvited.id()),
            dependencies: List::first([uninvited.id()]),
            ..uninvited.content().clone()
        };
        assert_eq!(
            graph.take(Operation::sign(ahead.clone(), &eva)),
            Taken::Refused("operation_lamport_wrong")
        );
        let forged = Content { lamport: 3, ..ahead };
        assert_eq!(graph.take(Operation::sign(forged, &ana)), Taken::Refused("operation_signature_wrong"));
    }

    #[test]
    fn a_forged_copy_that_would_wait_keeps_nothing_out() {
        let ana = someone(1);
        let (mut graph, create) = begun(&ana);
        let genuine = graph.write(&ana, 1, said("hi"));
        let forged = Operation::sign(genuine.content().clone(), &someone(2));
        assert_eq!(forged.id(), genuine.id());
        let mut other = Graph::default();
        assert_eq!(other.take(forged), Taken::Refused("operation_signature_wrong"));
        assert_eq!(other.take(genuine.clone()), Taken::Held);
        assert_eq!(other.take(create.clone()), Taken::Delivered(vec![create.id(), genuine.id()], vec![]));
    }

    #[test]
    fn who_names_what_nobody_has_is_held_back_only_so_often() {
        let ana = someone(1);
        let (mut graph, _) = begun(&ana);
        let first = graph.write(&ana, 1, said("hi"));
        let mut nobody_has = |time_ms: u64| {
            let unknown = |n: u64| OpId(*blake3::hash(&(16 * time_ms + n).to_le_bytes()).as_bytes());
            let dependencies = List::first((0..16).map(unknown));
            graph.take(Operation::sign(Content { time_ms, dependencies, ..first.content().clone() }, &ana))
        };
        let most = (AWAITED_MAX / DEPENDENCIES_MAX) as u64;
        assert!((0..most).all(|n| nobody_has(n) == Taken::Held));
        assert_eq!(nobody_has(most), Taken::Refused("operation_held_back_full"));
        assert_eq!(graph.give_up() as u64, most);
    }

    #[test]
    fn what_another_lacks_is_found_by_counts() {
        let ana = someone(1);
        let (mut graph, create) = begun(&ana);
        let op = graph.write(&ana, 1, said("hi"));
        let ids = |places: Vec<Place>| {
            places.into_iter().map(|place| graph.rows().row(place).id).collect::<Vec<_>>()
        };
        let heads = [DeviceHead { node: ana.node(), seq: 1 }];
        assert_eq!(ids(graph.beyond(&[], usize::MAX, &|_| true).0), [create.id(), op.id()]);
        assert_eq!(ids(graph.beyond(&heads, usize::MAX, &|_| true).0), [op.id()]);
        let (page, rest) = graph.beyond(&[], create.size(), &|_| true);
        assert_eq!(
            (ids(page), rest.map(|place| graph.rows().row(place).id)),
            (vec![create.id()], Some(op.id()))
        );
        assert!(graph.is_behind(&[DeviceHead { node: ana.node(), seq: 3 }]));
    }
}
