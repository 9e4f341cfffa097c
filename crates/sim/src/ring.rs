//! A world of nodes of which only the overlay is there: a hundred thousand as a matter of routine.
//!
//! A [`Ring`] carries frames between [`Bare`] nodes, each after the time that the distance of the two takes, and loses some if it
//! is told to: harder than links are, which lose nothing but themselves. It watches what the nodes cannot know: who is closest to
//! a key. The same seed gives the same run.
//!
//! Reading order: this, [`made`] (large rings made at once), then what is measured: [`hops`], [`failure`], [`churn`], [`scale`].
#![allow(clippy::cast_possible_truncation, reason = "numbers of nodes fit in 32 bits, and hops in eight")]

mod ahead;
pub mod chance;
pub mod churn;
pub mod failure;
pub mod hops;
pub mod load;
pub mod made;
pub mod malice;
pub mod replay;
pub mod scale;
pub mod search;
pub mod tally;
pub mod trace;
mod wheel;

pub use chance::{Chance, node_id, number};
pub use tally::{Sort, Tally};

pub use hops::Hops;

use chance::Spot;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use tertulia_proto::overlay::Parcel;
use tertulia_proto::overlay::bare::{Bare, Common};
use tertulia_proto::overlay::contact::Contact;
use tertulia_proto::overlay::ring::{Key, LEAVES_MAX, closeness};
use tertulia_proto::wire::{Frame, Unreachable};
use tertulia_proto::{Duration, Event, Instant, NodeId};
use wheel::Wheel;

/// When worlds begin.
const BEGINNING: Instant = Instant::from_millis(1_800_000_000_000);

/// When nothing is due.
const NEVER: Instant = Instant::from_micros(u64::MAX);

/// How often a node that is alone hears of somebody.
const KNOCK_EVERY: Duration = Duration::from_secs(10);

/// What the network does to frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    /// Of a million frames so many are lost.
    pub lost_in_a_million: u32,
    /// How much later they come instead of being lost, if they are: what links make of it.
    pub late: Option<Duration>,
    /// How long each is under way, if that is not for the distance to say.
    pub delay: Option<Duration>,
}

/// A ring, its network and its clock.
pub struct Ring {
    now: Instant,
    /// Chance of the world.
    pub chance: Chance,
    /// What the network does to frames from now on.
    pub network: Network,
    /// Whether bytes are counted, too: it takes writing each frame.
    pub weighs: bool,
    seed: u64,
    common: Common,
    seats: Vec<Seat>,
    /// Where each of them is: by themselves, because one is looked up for each frame.
    spots: Vec<Spot>,
    /// The numbers of those who are there, in no order.
    there: Vec<u32>,
    /// The places of those who are in the ring.
    members: BTreeSet<u128>,
    villains: Option<malice::Villains>,
    /// Whether nodes have links, and not all reach all at once.
    has_links: bool,
    wheel: Wheel<Happening>,
    tally: Tally,
    looked_up: Vec<LookedUp>,
    arrivals: VecDeque<Arrival>,
    told: VecDeque<Told>,
    events: u64,
    /// For how many steps that come next memory is at hand.
    touched: usize,
}

/// A node, while it is there.
struct Seat {
    node: Option<Bare>,
    /// For when its timer is set.
    wake: Instant,
    /// For when it was set before, which comes, too, and need not be planned again: most of what is due soon is settled before, and then a
    /// node waits for what it waited for.
    later: Instant,
    is_member: bool,
    /// Where it is among those who are there.
    at: u32,
}

enum Happening {
    Frame { from: NodeId, to: u32, sort: Sort, frame: Box<Frame> },
    Wake(u32),
    Knock(u32),
    Deed(Deed),
}

/// What somebody has planned to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A node comes.
    Come,
    /// A node goes without a word.
    Crash(u32),
    /// A node says goodbye.
    Leave(u32),
    /// Somebody looks something up.
    LookUp,
    /// Something else.
    Other(u64),
}

/// A message that is no lookup of [`Ring::look_up`], and where it arrived.
pub struct Arrival {
    /// At which node.
    pub at: u32,
    /// The message.
    pub parcel: Parcel,
}

/// What a node has told its user.
pub struct Told {
    /// When.
    pub when: Instant,
    /// Which node.
    pub by: u32,
    /// What.
    pub event: Event,
}

/// What [`Ring::run`] stops for.
pub enum Turn {
    /// Something that was planned is due.
    Deed(Deed),
    /// A message has arrived.
    Arrival(Box<Arrival>),
}

/// A lookup, and what has come of it.
#[derive(Clone, Copy, Debug)]
pub struct LookedUp {
    /// Who is closest to this?
    pub key: u128,
    /// Who wants to know.
    pub from: u32,
    /// Since when.
    pub sent: Instant,
    /// The first node that has delivered it.
    pub delivered: Option<Delivered>,
    /// How often it was delivered: more than once if an acknowledgement was lost.
    pub times: u32,
    /// Whether a node has delivered it that was not the closest then.
    pub is_wrong: bool,
}

/// The delivery of a lookup.
#[derive(Clone, Copy, Debug)]
pub struct Delivered {
    /// By whom.
    pub by: u32,
    /// When.
    pub at: Instant,
    /// How often it was passed on.
    pub hops: u8,
    /// How often a link had to be opened for that, where nodes have links.
    pub opened: u8,
}

impl Ring {
    /// A ring without nodes.
    pub fn new(seed: u64) -> Self {
        let mut core_seed = [0; 32];
        core_seed[..8].copy_from_slice(&seed.to_be_bytes());
        Self {
            now: BEGINNING,
            chance: Chance::new(seed),
            network: Network::default(),
            weighs: false,
            seed,
            common: Common::new(core_seed),
            seats: Vec::new(),
            spots: Vec::new(),
            there: Vec::new(),
            members: BTreeSet::new(),
            villains: None,
            has_links: false,
            wheel: Wheel::new(BEGINNING),
            tally: Tally::default(),
            looked_up: Vec::new(),
            arrivals: VecDeque::new(),
            told: VecDeque::new(),
            events: 0,
            touched: 0,
        }
    }

    /// The moment.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What was said so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the nodes counted, by name.
    pub fn stats(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.common.stats()
    }

    /// How many frames were taken and timers were due.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// All lookups so far.
    pub fn looked_up(&self) -> &[LookedUp] {
        &self.looked_up
    }

    /// The numbers of those who are there.
    pub fn there(&self) -> &[u32] {
        &self.there
    }

    /// How many are in the ring.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// A node, if it is there.
    pub fn node(&self, number: u32) -> Option<&Bare> {
        self.seats.get(number as usize)?.node.as_ref()
    }

    /// The id of a node, whether it is there or not.
    pub fn id(&self, number: u32) -> NodeId {
        node_id(self.seed, number)
    }

    /// How long a frame takes from one node to another.
    pub fn delay(&self, from: u32, to: u32) -> Duration {
        self.network.delay.unwrap_or_else(|| self.spots[from as usize].delay(self.spots[to as usize]))
    }

    /// Somebody who is in the ring.
    pub fn anyone(&mut self) -> Option<u32> {
        if self.members.is_empty() {
            return None;
        }
        loop {
            let pick = self.chance.below(self.there.len() as u64) as usize;
            let number = self.there[pick];
            if self.seats[number as usize].is_member {
                return Some(number);
            }
        }
    }

    /// Who is closest to a key of those who are in the ring.
    pub fn closest(&self, key: u128) -> Option<NodeId> {
        let first = self.members.range(key..).next().or_else(|| self.members.first());
        let last = self.members.range(..key).next_back().or_else(|| self.members.last());
        let closest = first.into_iter().chain(last).min_by_key(|place| closeness(key, **place));
        closest.map(|place| NodeId(place.to_be_bytes()))
    }

    /// A node comes, and knows one who is in the ring already, if there is anyone. Yields its number.
    pub fn come(&mut self) -> u32 {
        let via = self.anyone();
        let number = self.sit(None);
        self.introduce(number, via);
        number
    }

    /// A node comes, and knows this one, or nobody. Yields its number.
    pub fn come_by(&mut self, via: Option<u32>) -> u32 {
        let number = self.sit(None);
        let contact = via.and_then(|via| self.node(via)).map(|node| node.contact().clone());
        self.step(number, |node, common, now| contact.iter().for_each(|one| node.meet(common, now, one)));
        self.wheel.plan(self.now + KNOCK_EVERY, Happening::Knock(number));
        number
    }

    /// A node that has no neighbours yet hears of somebody who is in the ring, as from an invite or from its memory.
    fn knock(&mut self, number: u32) {
        if self.node(number).is_some_and(|node| node.leaves().next().is_none()) {
            let via = self.anyone().filter(|via| *via != number);
            self.introduce(number, via);
        }
    }

    fn introduce(&mut self, number: u32, via: Option<u32>) {
        let contact = via.and_then(|via| self.node(via)).map(|node| node.contact().clone());
        self.step(number, |node, common, now| contact.iter().for_each(|one| node.meet(common, now, one)));
        self.wheel.plan(self.now + KNOCK_EVERY, Happening::Knock(number));
    }

    /// A node is there: the next number, with this contact if it was made before.
    fn sit(&mut self, contact: Option<&Arc<Contact>>) -> u32 {
        let number = self.seats.len() as u32;
        let contact = match contact {
            Some(contact) => contact.clone(),
            None => Arc::new(Contact { node: node_id(self.seed, number), endpoint: None }),
        };
        self.spots.push(Spot::any(&mut self.chance));
        let node = Some(Bare::new(contact, self.now));
        let at = self.there.len() as u32;
        self.seats.push(Seat { node, wake: NEVER, later: NEVER, is_member: false, at });
        self.there.push(number);
        number
    }

    /// A node is there no more, without a word. Says whether it was.
    pub fn crash(&mut self, number: u32) -> bool {
        let seat = &mut self.seats[number as usize];
        if seat.node.take().is_none() {
            return false;
        }
        (seat.is_member, seat.wake, seat.later) = (false, NEVER, NEVER);
        let at = seat.at;
        self.there.swap_remove(at as usize);
        if let Some(moved) = self.there.get(at as usize) {
            self.seats[*moved as usize].at = at;
        }
        self.members.remove(&node_id(self.seed, number).place());
        true
    }

    /// A node says goodbye and is there no more. Says whether it was.
    pub fn leave(&mut self, number: u32) -> bool {
        self.step(number, |node, common, now| node.leave(common, now));
        self.crash(number)
    }

    /// Sends a lookup of `key` from a node. Yields its number.
    pub fn look_up(&mut self, from: u32, key: u128) -> usize {
        let number = self.looked_up.len();
        let sent = self.now;
        self.looked_up.push(LookedUp { key, from, sent, delivered: None, times: 0, is_wrong: false });
        // Which lookup it is, stands in what it asks for: nobody on the way looks at that.
        // Something that is for whoever is closest; its content only says which lookup it is.
        let load = Frame::Unreachable(Unreachable { node: NodeId((number as u128).to_be_bytes()) });
        self.step(from, |node, common, now| {
            node.route(common, now, Key::at(key), load);
        });
        number
    }

    /// Lets a node do something, and carries what it says.
    pub fn step(&mut self, number: u32, act: impl FnOnce(&mut Bare, &mut Common, Instant)) {
        self.act(number, None, act);
    }

    fn act(&mut self, number: u32, cause: Option<Sort>, act: impl FnOnce(&mut Bare, &mut Common, Instant)) {
        let seat = &mut self.seats[number as usize];
        let Some(node) = &mut seat.node else { return };
        act(node, &mut self.common, self.now);
        let me = node.node();
        let due = node.poll_timeout();
        if !seat.is_member && node.is_in() {
            seat.is_member = true;
            self.members.insert(me.place());
        }
        if let Some(due) = due.filter(|due| *due < seat.wake) {
            if due != seat.later {
                seat.later = seat.wake;
                self.wheel.plan(due, Happening::Wake(number));
            }
            seat.wake = due;
        }
        while let Some((to, frame)) = self.common.poll_mail() {
            self.carry(me, to, frame, cause);
        }
        while let Some(parcel) = self.common.poll_parcel() {
            self.arrive(number, parcel);
        }
        while let Some(event) = self.common.poll_event() {
            self.told.push_back(Told { when: self.now, by: number, event });
        }
    }

    fn carry(&mut self, from: NodeId, to: NodeId, mut frame: Box<Frame>, cause: Option<Sort>) {
        if let Some(villains) = self.villains.as_ref().filter(|all| all.contains(chance::number(&from))) {
            villains.twist(&mut frame);
        }
        let to = chance::number(&to);
        let sort = Sort::of(&frame, cause);
        self.tally.count(sort, &frame, self.weighs);
        if to as usize >= self.spots.len() {
            return;
        }
        let mut delay = self.delay(chance::number(&from), to);
        if self.chance.happens(self.network.lost_in_a_million) {
            match self.network.late {
                Some(late) => delay = delay + late,
                None => return,
            }
        }
        self.wheel.plan(self.now + delay, Happening::Frame { from, to, sort, frame });
    }

    fn arrive(&mut self, at: u32, parcel: Parcel) {
        let number = match &parcel.load {
            Frame::Unreachable(lookup) => u128::from_be_bytes(lookup.node.0) as usize,
            _ => usize::MAX,
        };
        let (true, Some(back)) = (number < self.looked_up.len(), &parcel.back) else {
            self.arrivals.push_back(Arrival { at, parcel });
            return;
        };
        let by = self.node(at).map_or_else(|| self.id(at), Bare::node);
        let is_closest = self.closest(parcel.key.place()) == Some(by);
        let (hops, opened) = (back.hops() as u8, self.opened(back.path(), by));
        let looked_up = &mut self.looked_up[number];
        looked_up.delivered.get_or_insert(Delivered { by: at, at: self.now, hops, opened });
        looked_up.times += 1;
        looked_up.is_wrong |= !is_closest;
    }

    /// How many hops of a way went where there was no link before.
    fn opened(&self, path: &[NodeId], last: NodeId) -> u8 {
        if !self.has_links {
            return 0;
        }
        let to = path.iter().skip(1).copied().chain([last]);
        let is_new = |(from, to): &(&NodeId, NodeId)| {
            self.node(chance::number(from)).is_some_and(|node| !node.is_linked(to))
        };
        path.iter().zip(to).filter(is_new).count() as u8
    }

    /// Gives each node links to its leaf set and to so many of its table, as a node has them: of the rows that most messages need,
    /// the first. The others are opened when they are needed, and closed again.
    pub fn link(&mut self, budget: usize) {
        self.has_links = true;
        let others = budget.saturating_sub(LEAVES_MAX);
        for node in self.seats.iter_mut().filter_map(|seat| seat.node.as_mut()) {
            let table: Vec<_> = node.table().iter().take(others).map(|contact| contact.node).collect();
            node.link_only(table);
        }
    }

    /// Plans something.
    pub fn plan(&mut self, at: Instant, deed: Deed) {
        self.wheel.plan(at, Happening::Deed(deed));
    }

    /// Lets time pass until something that was planned is due, a message arrives that is no lookup, or `end` has come: then there is no
    /// turn.
    pub fn run(&mut self, end: Instant) -> Option<Turn> {
        loop {
            if let Some(arrival) = self.arrivals.pop_front() {
                return Some(Turn::Arrival(Box::new(arrival)));
            }
            self.touch_ahead();
            let Some((at, happening)) = self.wheel.pop_before(end) else {
                self.now = self.now.max(end);
                return None;
            };
            self.now = at;
            self.touched = self.touched.saturating_sub(1);
            match happening {
                Happening::Deed(deed) => return Some(Turn::Deed(deed)),
                Happening::Wake(number) => self.wake(number),
                Happening::Frame { from, to, sort, frame } => {
                    self.events += 1;
                    let Some(frame) = self.resist(from, to, frame) else { continue };
                    self.act(to, Some(sort), |node, common, now| node.on_frame(common, now, from, *frame));
                }
                Happening::Knock(number) => self.knock(number),
            }
        }
    }

    /// A frame that comes to a malicious node may be all that comes of it.
    fn resist(&mut self, from: NodeId, to: u32, frame: Box<Frame>) -> Option<Box<Frame>> {
        let is_abused = self.villains.as_ref().is_some_and(|villains| villains.contains(to));
        if !is_abused {
            return Some(frame);
        }
        let frame = self.betray(from, self.id(to), *frame)?;
        self.abuse(from, self.id(to), frame).map(Box::new)
    }

    /// The next that a node has told its user.
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Lets time pass, and nobody cares for messages that arrive.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.run(end).is_some() {}
    }

    fn wake(&mut self, number: u32) {
        let seat = &mut self.seats[number as usize];
        if seat.later == self.now {
            seat.later = NEVER;
        }
        // Set for earlier since, or the node is there no more.
        if seat.wake != self.now {
            return;
        }
        seat.wake = NEVER;
        self.events += 1;
        self.act(number, None, |node, common, now| node.on_timeout(common, now));
    }
}
