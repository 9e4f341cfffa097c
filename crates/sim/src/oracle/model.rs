//! The reference: García's group written down once more, without links, frames or time.
//!
//! It is fed with the operations that the drivers have committed and knows nothing of how they travel. From the
//! operations that a node has follows what that node must show: who is in the group in the order of entry, who
//! coordinates it, whether it still exists, and which messages are shown in which order. Nodes that have the same
//! operations therefore show the same, and all of them what the paper says. Speed is no aim here; to be read is.

use crate::place::Seat;
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::group::{Body, ConversationKind, OpId, Operation, PARTICIPANTS_MAX};
use tertulia_proto::io::ConversationView;
use tertulia_proto::{AccountId, ConversationId, NodeId};

/// Where an operation stands: lower lamports first, ties by author and id.
type Place = (u64, AccountId, OpId);

/// All operations of a world, and which of them each node has.
#[derive(Default)]
pub(crate) struct Model {
    known: BTreeMap<OpId, Known>,
    has: BTreeMap<(Seat, ConversationId), BTreeSet<Place>>,
    /// The operation of each device under each of its counts.
    chains: BTreeMap<(ConversationId, NodeId, u64), OpId>,
    /// Nodes that have lost their memory: they count anew, and may say something else under an old count.
    forgetful: BTreeSet<NodeId>,
    /// Who has given their word that whom may enter where; no newcomer is anybody, no conversation is a new one.
    words: BTreeSet<(NodeId, Option<NodeId>, Option<ConversationId>)>,
}

struct Known {
    operation: Operation,
    /// The operations about the list that it stands on.
    past: BTreeSet<OpId>,
    /// Whether its author was in the group, as far as the author had seen.
    counts: bool,
}

/// A group as its operations make it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Who is in it, in the order of entry.
    pub(crate) list: Vec<NodeId>,
    /// What is shown, in order.
    pub(crate) messages: Vec<OpId>,
    /// Whether there were ever two in it: before that it waits, after that it lasts as long as there are two.
    pub(crate) had_company: bool,
}

impl Group {
    /// Whether it is there for `node`: a participant among others, or one that still waits for the first.
    pub(crate) fn exists_for(&self, node: NodeId) -> bool {
        self.list.contains(&node) && (self.list.len() > 1 || !self.had_company)
    }

    /// The first participant that is not suspected.
    pub(crate) fn coordinator(&self, is_there: impl Fn(&NodeId) -> bool) -> Option<NodeId> {
        self.list.iter().copied().find(is_there)
    }
}

// What happens.
impl Model {
    /// Somebody gives their word that `newcomer`, or whoever bears a ticket, may enter.
    pub(crate) fn on_word(&mut self, of: NodeId, newcomer: Option<NodeId>, into: Option<ConversationId>) {
        self.words.insert((of, newcomer, into));
    }

    /// A driver has committed an operation that no other had, or this is what is wrong with it.
    pub(crate) fn learn(&mut self, operation: Operation) -> Result<(), String> {
        let (id, node, seq) = (operation.id(), operation.node(), operation.content().seq);
        let first = *self.chains.entry((operation.conversation(), node, seq)).or_insert(id);
        if first != id && !self.forgetful.contains(&node) {
            return Err(format!("forked: {id:?} and {first:?} are both number {seq} of {node:?}"));
        }
        let mut past = BTreeSet::new();
        for dependency in operation.content().dependencies.iter() {
            let before = self.known.get(dependency).ok_or(format!("{id:?} stands on nothing known"))?;
            past.extend(before.past.iter().copied());
            if entrance(&before.operation).is_some() {
                past.insert(*dependency);
            }
        }
        let counts = match operation.content().body {
            Body::Create(_) => true,
            _ => self.is_in(&past, node),
        };
        self.check_word(&operation, &past, counts)?;
        self.known.insert(id, Known { operation, past, counts });
        Ok(())
    }

    /// A driver has committed this operation at a seat.
    pub(crate) fn commit(&mut self, seat: Seat, id: &OpId) {
        if let Some(Known { operation, .. }) = self.known.get(id) {
            self.has.entry((seat, operation.conversation())).or_default().insert(place(operation));
        }
    }

    /// A driver has removed this operation at a seat.
    pub(crate) fn remove(&mut self, seat: Seat, id: &OpId) {
        if let Some(Known { operation, .. }) = self.known.get(id)
            && let Some(has) = self.has.get_mut(&(seat, operation.conversation()))
        {
            has.remove(&place(operation));
        }
    }

    /// Whether an operation was committed anywhere.
    pub(crate) fn knows(&self, id: &OpId) -> bool {
        self.known.contains_key(id)
    }

    /// A node begins a life, and what it has is told anew.
    pub(crate) fn begin_life(&mut self, seat: Seat) {
        self.has.retain(|(place, _), _| *place != seat);
    }

    /// A node has lost its store.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.forgetful.insert(node);
    }

    /// Nobody comes into a list but by the word of a participant: its person said yes to this newcomer, or made an
    /// invite with a ticket. Who is in the list already and lost its memory is let in anew, unasked, and that is a word
    /// to be kept when the entry is undone and tried again.
    fn check_word(
        &mut self,
        operation: &Operation,
        past: &BTreeSet<OpId>,
        counts: bool,
    ) -> Result<(), String> {
        let Body::Admit(admit) = &operation.content().body else { return Ok(()) };
        let (newcomer, into) = (admit.certificate.node(), operation.conversation());
        let of = admit.ticket.as_ref().map_or(operation.node(), |ticket| ticket.issuer.node());
        let said = [(of, Some(newcomer), Some(into)), (of, Some(newcomer), None), (of, None, Some(into))];
        let returns = self.is_in(past, newcomer);
        if counts && returns {
            self.words.insert(said[0]);
        }
        if !counts || returns || said.iter().any(|word| self.words.contains(word)) {
            return Ok(());
        }
        Err(format!("uninvited: {newcomer:?} is let in by {:?} without the word of {of:?}", operation.node()))
    }
}

// What follows.
impl Model {
    /// Whether `node` is in the group after these operations about the list: the last of its entrances and exits,
    /// among those whose authors could speak, was an entrance.
    fn is_in(&self, past: &BTreeSet<OpId>, node: NodeId) -> bool {
        let concerns = |known: &&Known| known.counts && subject(&known.operation) == node;
        let passages = past.iter().filter_map(|id| self.known.get(id)).filter(concerns);
        let last = passages.max_by_key(|known| place(&known.operation));
        last.is_some_and(|known| entrance(&known.operation) == Some(true))
    }

    /// The group that a node has, if it has any of it.
    pub(crate) fn group(&self, seat: Seat, at: ConversationId) -> Option<Group> {
        let places = self.has.get(&(seat, at))?;
        let mut rules = Rules::default();
        for known in places.iter().filter_map(|(_, _, id)| self.known.get(id)) {
            rules.apply(known);
        }
        // In private nobody is heard but the two who were ever in it, whenever they came.
        let is_heard =
            |(_, author): &(OpId, AccountId)| rules.pair.as_ref().is_none_or(|pair| pair.contains(author));
        let messages = rules.said.iter().filter(|said| is_heard(said)).map(|(id, _)| *id).collect();
        Some(Group { messages, ..rules.group })
    }

    /// Compares what a node shows of a conversation with what it must show.
    pub(crate) fn check(
        &self,
        (seat, me): (Seat, NodeId),
        view: &ConversationView,
        shown: impl Iterator<Item = OpId> + Clone,
    ) -> Result<(), String> {
        let group = self.group(seat, view.id).unwrap_or_default();
        let list: Vec<_> = view.participants.iter().map(|one| one.person.node).collect();
        if list != group.list {
            return Err(format!("diverged: lists {list:?} where the model has {:?}", group.list));
        }
        if !shown.clone().eq(group.messages.iter().copied()) {
            let shown: Vec<_> = shown.collect();
            return Err(format!("diverged: shows {shown:?} where the model has {:?}", group.messages));
        }
        if view.open && !group.exists_for(me) {
            return Err(format!("diverged: goes on in a group that is over: {list:?}"));
        }
        let is_there =
            |node: &NodeId| view.participants.iter().any(|one| one.person.node == *node && one.linked);
        let coordinator = view.participants.iter().find(|one| one.coordinator).map(|one| one.person.node);
        if coordinator != group.coordinator(is_there) {
            return Err(format!("diverged: {coordinator:?} coordinates {list:?}"));
        }
        Ok(())
    }
}

/// The rules of the list, applied in order.
#[derive(Default)]
struct Rules {
    group: Group,
    /// The users of a private group, at most two.
    pair: Option<Vec<AccountId>>,
    /// How often each ticket was used.
    uses: BTreeMap<Vec<u8>, u32>,
    said: Vec<(OpId, AccountId)>,
}

impl Rules {
    fn apply(&mut self, known: &Known) {
        let (operation, content) = (&known.operation, known.operation.content());
        let author = operation.node();
        let is_participant = self.group.list.contains(&author);
        match &content.body {
            Body::Create(create) => {
                self.pair = (create.kind == ConversationKind::Private).then(Vec::new);
                self.enter(author, content.author);
            }
            Body::Admit(admit) if is_participant => {
                let (newcomer, user) = (admit.certificate.node(), admit.certificate.account);
                if self.has_room_for(newcomer, user) && self.spend(admit) {
                    self.enter(newcomer, user);
                }
            }
            Body::Leave => self.group.list.retain(|node| *node != author),
            Body::Evict(evict) if is_participant => self.group.list.retain(|node| *node != evict.node),
            Body::Message(_) if known.counts => self.said.push((operation.id(), content.author)),
            _ => {}
        }
    }

    fn enter(&mut self, node: NodeId, user: AccountId) {
        if let Some(pair) = self.pair.as_mut().filter(|pair| !pair.contains(&user)) {
            pair.push(user);
        }
        self.group.list.push(node);
        self.group.had_company |= self.group.list.len() > 1;
    }

    /// Nobody twice, no third user in private, not without end.
    fn has_room_for(&self, node: NodeId, user: AccountId) -> bool {
        let fits = self.pair.as_ref().is_none_or(|pair| pair.len() < 2 || pair.contains(&user));
        fits && !self.group.list.contains(&node) && self.group.list.len() < PARTICIPANTS_MAX
    }

    /// Takes one use off the ticket of an Admit that has one; false when there is none left.
    fn spend(&mut self, admit: &tertulia_proto::group::op::Admit) -> bool {
        let Some(ticket) = &admit.ticket else { return true };
        let uses = self.uses.entry([&ticket.issuer.0[..], &ticket.serial.0].concat()).or_default();
        *uses += 1;
        *uses <= ticket.uses
    }
}

fn place(operation: &Operation) -> Place {
    (operation.content().lamport, operation.content().author, operation.id())
}

/// Whether an operation lets somebody in (true) or puts somebody out; nothing when it does neither.
fn entrance(operation: &Operation) -> Option<bool> {
    match operation.content().body {
        Body::Create(_) | Body::Admit(_) => Some(true),
        Body::Leave | Body::Evict(_) => Some(false),
        _ => None,
    }
}

/// Whom an operation about the list concerns.
fn subject(operation: &Operation) -> NodeId {
    match &operation.content().body {
        Body::Admit(admit) => admit.certificate.node(),
        Body::Evict(evict) => evict.node,
        _ => operation.node(),
    }
}
