//! Rings of which a part is malicious, and lookups over redundant routes (Castro, Druschel, Ganesh, Rowstron and Wallach 2002).
//!
//! A malicious node takes over each message that comes its way, so that nobody looks for another, and then drops it, sends it to an accomplice,
//! or answers as if it were the closest, naming accomplices as its neighbours. It drops answers that pass, and in words about leaf
//! sets it calls honest nodes gone and names accomplices.
//!
//! Whoever looks something up sends one message first. It asks again when no answer comes, when those who are named in the answer stand too far
//! apart to be neighbours, or when one of two of them who are asked knows somebody closer: then over up to sixteen other first hops.
//! Of all answers that of the closest node counts; that it is who it says, a link would prove.
#![allow(clippy::cast_possible_truncation, reason = "numbers of nodes and slots fit in 32 bits")]

use super::{Arrival, Deed, Ring, Turn};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tertulia_proto::overlay::contact::Contact;
use tertulia_proto::overlay::ring::{Key, closeness};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::wire::{Frame, Hop, Leaves, Load, Return, Route, RouteId, Row, Unreachable};
use tertulia_proto::{Duration, NodeId};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Copies that go over other first hops.
const COPIES: usize = 16;
/// Of those who are named in an answer so many are asked whether it is true.
const WITNESSES: usize = 2;

/// The malicious part of a ring.
pub(crate) struct Villains {
    /// By number.
    is_one: Vec<bool>,
    /// Their contacts in the order of their places.
    sorted: Vec<Arc<Contact>>,
}

impl Villains {
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.is_one.get(number as usize).copied().unwrap_or_default()
    }

    /// So many accomplices who are closest to a key from there on.
    fn next_to(&self, key: u128, count: usize) -> impl Iterator<Item = &Arc<Contact>> {
        let at = self.sorted.partition_point(|contact| contact.node.place() < key);
        let from = at + self.sorted.len() - count / 2;
        (from..from + count).map(|at| &self.sorted[at % self.sorted.len()])
    }

    /// What a malicious node says instead of what it would have to say about leaf sets.
    pub(crate) fn twist(&self, frame: &mut Frame) {
        if let Frame::Leaves(leaves) = frame {
            let honest = leaves.leaves.iter().map(|leaf| leaf.node);
            let honest: Vec<_> = honest.filter(|node| !self.contains(super::number(node))).collect();
            let sender = leaves.sender.clone();
            let named = List::first(self.next_to(sender.node.place(), 8).cloned());
            *leaves = Leaves { leaves: named, gone: List::first(honest), ..leaves.clone() };
        }
    }
}

/// What lookups came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Nodes.
    pub nodes: u32,
    /// Of a hundred so many are malicious.
    pub malicious_in_a_hundred: u32,
    /// Lookups whose closest node is honest: of another nobody can demand an answer.
    pub lookups: usize,
    /// The share of those that found it with one message.
    pub single_share: f64,
    /// The share of those that found it in the end.
    pub found_share: f64,
    /// The share of those that believed somebody else.
    pub deceived_share: f64,
    /// The share of those that sent copies over other first hops.
    pub redundant_share: f64,
    /// Messages that were sent for one lookup on average: the first, to witnesses, and copies.
    pub messages_each: f64,
}

/// A lookup under way.
struct Quest {
    from: u32,
    key: u128,
    /// The closest who has answered so far.
    best: Option<NodeId>,
    stage: Stage,
    found_at_once: bool,
    /// How many witnesses say the same as the first answer.
    confirmed: usize,
    sent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Single,
    Witnesses,
    Copies,
}

/// Looks up keys in a ring of which so many in a hundred are malicious.
pub fn redundant(seed: u64, nodes: u32, malicious_in_a_hundred: u32, lookups: usize) -> Outcome {
    let mut ring = Ring::made(seed, nodes);
    ring.corrupt(malicious_in_a_hundred);
    let mut hunt = Hunt::default();
    for _ in 0..lookups {
        if let Some((from, key)) = ring.honest_pair() {
            hunt.begin(&mut ring, from, key);
        }
        let end = ring.now() + Duration::from_millis(5);
        hunt.go_on(&mut ring, end);
    }
    let end = ring.now() + PATIENCE.times(10);
    hunt.go_on(&mut ring, end);
    hunt.outcome(&ring, nodes, malicious_in_a_hundred)
}

impl Ring {
    /// Makes so many in a hundred malicious.
    pub(crate) fn corrupt(&mut self, in_a_hundred: u32) {
        let count = self.there.len();
        let mut is_one = vec![false; count];
        for one in &mut is_one {
            *one = self.chance.below(100) < u64::from(in_a_hundred);
        }
        let mut sorted: Vec<_> = self.there.iter().filter(|number| is_one[**number as usize]).collect();
        sorted.sort_unstable_by_key(|number| self.id(**number));
        let contact = |number: &u32| self.node(*number).map(|node| node.contact().clone());
        let sorted = sorted.into_iter().filter_map(contact).collect();
        self.villains = Some(Villains { is_one, sorted });
    }

    /// An honest node, and a key whose closest node is honest, too.
    fn honest_pair(&mut self) -> Option<(u32, u128)> {
        let from = self.anyone()?;
        let key = self.chance.place();
        let closest = super::number(&self.closest(key)?);
        let villains = self.villains.as_ref()?;
        (!villains.contains(from) && !villains.contains(closest)).then_some((from, key))
    }

    /// What a malicious node does with a frame that concerns others; with all else it plays along. Says what is left to be done.
    pub(crate) fn abuse(&mut self, from: NodeId, by: NodeId, frame: Frame) -> Option<Frame> {
        let route = match frame {
            Frame::Route(route) if matches!(&*route.load.0, Frame::Unreachable(_)) => route,
            Frame::Return(_) => return None,
            other => return Some(other),
        };
        self.carry(by, from, Box::new(Frame::Hop(Hop { id: route.id, hint: None, declined: None })), None);
        match self.chance.below(3) {
            0 => {}
            1 => self.mislead(by, route),
            _ => self.pretend(from, by, route),
        }
        None
    }

    /// Sends a message to an accomplice.
    pub(crate) fn mislead(&mut self, by: NodeId, route: Route) {
        let Some(villains) = &self.villains else { return };
        let pick = self.chance.below(villains.sorted.len() as u64) as usize;
        let to = villains.sorted[pick].node;
        let path = List::first(route.path.iter().copied().chain([by]));
        self.carry(by, to, Box::new(Frame::Route(Route { path, ..route })), None);
    }

    /// Answers as if it were the closest, in the name of the accomplice who is.
    fn pretend(&mut self, from: NodeId, by: NodeId, route: Route) {
        let Some(villains) = &self.villains else { return };
        let named: Vec<_> = villains.next_to(route.key.place(), 16).cloned().collect();
        let answer = Return {
            id: route.id,
            path: route.path,
            load: Load(Arc::new(Frame::Row(Row { contacts: closest_first(route.key.place(), named) }))),
        };
        self.carry(by, from, Box::new(Frame::Return(answer)), None);
    }
}

fn closest_first<const MAX: usize>(key: u128, mut contacts: Vec<Arc<Contact>>) -> List<Arc<Contact>, MAX> {
    contacts.sort_by_key(|contact| closeness(key, contact.node.place()));
    List::first(contacts)
}

/// All lookups.
#[derive(Default)]
struct Hunt {
    quests: Vec<Quest>,
    /// Which message is of which lookup.
    messages: BTreeMap<RouteId, usize>,
}

impl Hunt {
    fn begin(&mut self, ring: &mut Ring, from: u32, key: u128) {
        let number = self.quests.len();
        let stage = Stage::Single;
        self.quests.push(Quest { from, key, best: None, stage, found_at_once: false, confirmed: 0, sent: 0 });
        self.send(ring, number, None);
        self.plan_end(ring, number);
    }

    /// Plans the end of a stage.
    fn plan_end(&self, ring: &mut Ring, number: usize) {
        let stage = self.quests[number].stage as u64;
        ring.plan(ring.now() + PATIENCE, Deed::Other(number as u64 * 4 + stage));
    }

    /// Sends a message of a lookup, over a first hop if one is named.
    fn send(&mut self, ring: &mut Ring, number: usize, via: Option<NodeId>) {
        let quest = &mut self.quests[number];
        quest.sent += 1;
        let (from, key) = (quest.from, Key::at(quest.key));
        // Nobody looks at what is asked.
        let load = Frame::Unreachable(Unreachable { node: NodeId([0xff; 16]) });
        let mut id = None;
        ring.step(from, |node, common, now| {
            id = Some(match via {
                Some(via) => node.route_via(common, now, key, load, via),
                None => node.route(common, now, key, load),
            });
        });
        self.messages.extend(id.map(|id| (id, number)));
    }

    fn go_on(&mut self, ring: &mut Ring, end: tertulia_proto::Instant) {
        while let Some(turn) = ring.run(end) {
            match turn {
                Turn::Deed(Deed::Other(end)) => self.on_end(ring, (end / 4) as usize, end % 4),
                Turn::Deed(_) => {}
                Turn::Arrival(arrival) => self.arrive(ring, *arrival),
            }
        }
    }

    /// A message has arrived, and is answered; or an answer has.
    fn arrive(&mut self, ring: &mut Ring, Arrival { at, parcel }: Arrival) {
        let key = parcel.key.place();
        if let Some(back) = parcel.back {
            let Some(node) = ring.node(at) else { return };
            // Whoever answers names all whom it knows around, itself among them.
            let named = closest_first(key, node.leaves().chain([node.contact()]).cloned().collect());
            let load = Frame::Row(Row { contacts: named });
            ring.step(at, |node, common, now| node.answer(common, now, &back, load));
            return;
        }
        let (Some(number), Frame::Row(row)) = (self.messages.get(&parcel.id).copied(), parcel.load) else {
            return;
        };
        let Some(who) = row.contacts.first().map(|contact| contact.node) else { return };
        self.on_answer(ring, number, who, &row.contacts);
    }

    fn on_answer(&mut self, ring: &mut Ring, number: usize, who: NodeId, named: &[Arc<Contact>]) {
        let quest = &mut self.quests[number];
        let closeness = |node: NodeId| closeness(quest.key, node.place());
        let is_better = quest.best.is_none_or(|best| closeness(who) < closeness(best));
        let is_same = quest.best == Some(who);
        if is_better {
            quest.best = Some(who);
        }
        match quest.stage {
            Stage::Single => {
                quest.found_at_once = ring.closest(quest.key) == Some(who);
                if ring.node(quest.from).is_some_and(|node| node.is_dense(named)) {
                    let others = named.iter().map(|contact| contact.node).filter(|node| *node != who);
                    self.go_over(ring, number, Stage::Witnesses, others.take(WITNESSES).collect());
                } else {
                    self.send_copies(ring, number);
                }
            }
            Stage::Witnesses if is_better => self.send_copies(ring, number),
            Stage::Witnesses => quest.confirmed += usize::from(is_same),
            Stage::Copies => {}
        }
    }

    /// The time of a stage is over.
    fn on_end(&mut self, ring: &mut Ring, number: usize, stage: u64) {
        let quest = &self.quests[number];
        let is_proven = quest.stage == Stage::Witnesses && quest.confirmed > 0;
        if quest.stage as u64 == stage && quest.stage != Stage::Copies && !is_proven {
            self.send_copies(ring, number);
        }
    }

    fn send_copies(&mut self, ring: &mut Ring, number: usize) {
        let vias = self.detours(ring, number);
        self.go_over(ring, number, Stage::Copies, vias);
    }

    fn go_over(&mut self, ring: &mut Ring, number: usize, stage: Stage, vias: Vec<NodeId>) {
        self.quests[number].stage = stage;
        self.plan_end(ring, number);
        for via in vias {
            self.send(ring, number, Some(via));
        }
    }

    /// First hops for copies: some of the leaf set and the first row.
    fn detours(&self, ring: &mut Ring, number: usize) -> Vec<NodeId> {
        let from = self.quests[number].from;
        let mut all: Vec<NodeId> =
            ring.node(from).into_iter().flat_map(|node| node.detours().map(|one| one.node)).collect();
        let mut picked = Vec::new();
        while picked.len() < COPIES && !all.is_empty() {
            let pick = ring.chance.below(all.len() as u64) as usize;
            picked.push(all.swap_remove(pick));
        }
        picked
    }

    fn outcome(&self, ring: &Ring, nodes: u32, malicious_in_a_hundred: u32) -> Outcome {
        let share = |is: &dyn Fn(&Quest) -> bool| {
            self.quests.iter().filter(|quest| is(quest)).count() as f64 / self.quests.len() as f64
        };
        let found = |quest: &Quest| quest.best.map(|who| Some(who) == ring.closest(quest.key));
        Outcome {
            nodes,
            malicious_in_a_hundred,
            lookups: self.quests.len(),
            single_share: share(&|quest| quest.found_at_once),
            found_share: share(&|quest| found(quest) == Some(true)),
            deceived_share: share(&|quest| found(quest) == Some(false)),
            redundant_share: share(&|quest| quest.stage == Stage::Copies),
            messages_each: self.quests.iter().map(|quest| quest.sent).sum::<usize>() as f64
                / self.quests.len() as f64,
        }
    }
}
