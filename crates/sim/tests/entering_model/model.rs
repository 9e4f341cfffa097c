//! What may happen next, as stateright asks it.
//!
//! Frames arrive in any order between different pairs, and faults strike at any moment while somebody enters. What makes
//! the number of states small enough to see them all: a deadline passes only when nothing is on its way that could
//! arrive (frames take milliseconds, deadlines are seconds; where one passes nevertheless, that is a fault of its own, a
//! delay), and so dead links are found, links open and partitions heal; shorter deadlines pass before longer ones; what
//! one step sends over one link arrives together; questions are asked only of those who have an answer.

use crate::graph::{BEGINNING, Body, Graph, List, Ops, SEATS, Seat, Seats, Ticket};
use crate::properties;
use crate::world::{Faults, Flaw, Frame, Node, Phase, Stage, Witness, World};
use stateright::{Model, Property};

/// A conversation, and those who want to enter it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// Who is in it from the beginning, in order.
    pub(crate) founders: Vec<Seat>,
    /// Who asks whom.
    pub(crate) wishes: Vec<(Seat, Seat)>,
    /// Who tries without anybody's word.
    pub(crate) intruder: Option<Seat>,
    /// The order of the account keys, which breaks ties.
    pub(crate) rank: [u8; SEATS],
    pub(crate) faults: Faults,
    pub(crate) flaw: Option<Flaw>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Deliver {
        from: u8,
        to: u8,
    },
    Link {
        a: u8,
        b: u8,
    },
    /// A node hears that another has ended their link.
    Part {
        at: u8,
        of: u8,
    },
    /// A node has heard nothing from some for too long.
    FindDead {
        at: u8,
    },
    Suspect {
        at: u8,
        of: u8,
    },
    /// What it has sent arrives, or is lost.
    Crash {
        at: u8,
        is_lost: bool,
    },
    Split {
        side: Seats,
    },
    Heal,
    AskNewcomer {
        at: u8,
        newcomer: u8,
    },
    AskForMissing {
        at: u8,
        to: u8,
    },
    RefuseArrival {
        at: u8,
        newcomer: u8,
    },
    LosePatience {
        at: u8,
    },
    Compare {
        at: u8,
        with: u8,
    },
    /// A node that is not in hears from one that shows it in its list.
    Deny {
        at: u8,
        to: u8,
    },
    EndExit {
        at: u8,
    },
    GiveUpLonely {
        at: u8,
    },
    EndEntering {
        at: u8,
    },
    Evict {
        at: u8,
    },
}

impl Model for Setting {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.begin()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if let Some((from, to)) = world.unobserved() {
            actions.push(Action::Deliver { from: from as u8, to: to as u8 });
            return;
        }
        faults(world, actions);
        network(world, actions);
        deadlines(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.apply(action);
        next.end_step();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Setting {
    /// Whether nothing goes wrong that keeps anybody out.
    pub(crate) fn is_benign(&self) -> bool {
        let Faults { suspicions, crashes, cuts, delays } = self.faults;
        let is_asked_of_others = self.wishes.iter().all(|(_, host)| *host != 0);
        suspicions + cuts == 0 && delays <= 1 && (crashes == 0 || is_asked_of_others)
    }

    fn begin(&self) -> World {
        let founders = List::of(self.founders.iter().copied());
        let everybody = Seats::of(0..SEATS);
        let mut world = World {
            nodes: [Node::default(); SEATS],
            graph: Graph::new(founders, self.rank),
            letters: Vec::new(),
            sending: 0,
            crashed: Seats::default(),
            cut: Seats::default(),
            left: self.faults,
            uninvited: Seats::of(self.intruder),
            flaw: self.flaw,
            witness: Witness::default(),
        };
        for (seat, node) in world.nodes.iter_mut().enumerate() {
            node.linked = everybody.without(seat);
        }
        for seat in founders.iter() {
            let known = Ops::one(BEGINNING);
            let node = world.nodes[seat];
            world.nodes[seat] = Node { known, list: founders, phase: Phase::Open, ..node };
        }
        for (newcomer, host) in &self.wishes {
            world.ask(*newcomer, *host, 0);
        }
        if let Some(seat) = self.intruder {
            world.intrude(seat);
        }
        world.end_step();
        world
    }
}

/// What may go wrong while somebody enters.
fn faults(world: &World, actions: &mut Vec<Action>) {
    if !world.is_entering() {
        return;
    }
    let pairs = || (0..SEATS).flat_map(|at| world.nodes[at].linked.iter().map(move |of| (at, of)));
    if world.left.suspicions > 0 {
        let live = pairs().filter(|(at, of)| world.is_alive(*of) && world.nodes[*of].linked.has(*at));
        actions.extend(live.map(|(at, of)| Action::Suspect { at: at as u8, of: of as u8 }));
    }
    if world.left.crashes > 0 && world.is_alive(0) {
        actions.extend([false, true].map(|is_lost| Action::Crash { at: 0, is_lost }));
    }
    if world.left.cuts > 0 {
        // Each way to split once: the side with the last node is not named.
        let sides = (1..1 << (SEATS - 1))
            .map(|bits: usize| Seats::of((0..SEATS).filter(|seat| bits & 1 << seat != 0)));
        actions.extend(sides.map(|side| Action::Split { side }));
    }
}

/// What is on its way and arrives.
fn network(world: &World, actions: &mut Vec<Action>) {
    actions.extend(world.deliverable().map(|(from, to)| Action::Deliver { from: from as u8, to: to as u8 }));
    actions.extend(world.farewells().map(|(at, of)| Action::Part { at: at as u8, of: of as u8 }));
}

/// Deadlines that pass and links that open, the short times first.
fn deadlines(world: &World, actions: &mut Vec<Action>) {
    if !world.is_quiet() {
        if world.left.delays > 0 {
            world.alive().for_each(|at| seconds(world, at, actions));
        }
        return;
    }
    let before = actions.len();
    world.alive().for_each(|at| moments(world, at, actions));
    if actions.len() > before {
        return;
    }
    world.alive().for_each(|at| some_seconds(world, at, actions));
    actions.extend(comparison(world).or_else(|| denial(world)));
    if actions.len() == before {
        world.alive().for_each(|at| half_minute(world, at, actions));
    }
    let can_link = links(world, actions);
    if actions.len() == before {
        world.alive().for_each(|at| minutes(world, at, actions));
    }
    if !can_link && !world.cut.is_empty() {
        actions.push(Action::Heal);
    }
}

/// Links that open, a second or half a minute after they went: in any order while somebody enters, later in one.
fn links(world: &World, actions: &mut Vec<Action>) -> bool {
    let before = actions.len();
    for a in world.alive() {
        let open = (a + 1..SEATS).filter(|b| world.can_link(a, *b));
        actions.extend(open.map(|b| Action::Link { a: a as u8, b: b as u8 }));
    }
    if !world.is_entering() {
        actions.truncate(before + 1);
    }
    actions.len() > before
}

/// After 100 or 150 ms.
fn moments(world: &World, at: Seat, actions: &mut Vec<Action>) {
    let (node, seat) = (&world.nodes[at], at as u8);
    let waiting = |newcomer: &Seat| node.arrivals[*newcomer].is_some_and(|arrival| !arrival.is_asked);
    let waiting = (0..SEATS).filter(waiting);
    actions.extend(waiting.map(|newcomer| Action::AskNewcomer { at: seat, newcomer: newcomer as u8 }));
    let missing = world.missing(at);
    if !missing.is_empty() {
        let to = (0..SEATS).find(|to| world.can_give(*to, at, missing));
        actions.extend(to.map(|to| Action::AskForMissing { at: seat, to: to as u8 }));
    }
}

/// After 2.5 s or 4 s.
fn seconds(world: &World, at: Seat, actions: &mut Vec<Action>) {
    let (node, seat) = (&world.nodes[at], at as u8);
    let waiting = (0..SEATS).filter(|newcomer| node.arrivals[*newcomer].is_some());
    actions.extend(waiting.map(|newcomer| Action::RefuseArrival { at: seat, newcomer: newcomer as u8 }));
    if matches!(node.wish.stage, Stage::Derived { .. }) {
        actions.push(Action::LosePatience { at: seat });
    }
}

/// The same, or 8 s after the last sign of life.
fn some_seconds(world: &World, at: Seat, actions: &mut Vec<Action>) {
    seconds(world, at, actions);
    if !world.dead_links(at).is_empty() {
        actions.push(Action::FindDead { at: at as u8 });
    }
}

/// With the next PING: one comparison after another, for what comes of them is the same in any order.
fn comparison(world: &World) -> Option<Action> {
    let pairs = world.alive().flat_map(|at| (0..SEATS).map(move |with| (at, with)));
    let (at, with) = pairs.into_iter().find(|(at, with)| world.known_to_differ(*at, *with))?;
    Some(Action::Compare { at: at as u8, with: with as u8 })
}

/// With the next PING, too: whoever is not in, and asks nobody to be let in, says so to who could sign it out for that.
fn denial(world: &World) -> Option<Action> {
    let pairs = world.alive().flat_map(|at| world.alive().map(move |to| (at, to)));
    let (at, to) = pairs.into_iter().find(|(at, to)| world.is_absent(*at, *to))?;
    Some(Action::Deny { at: at as u8, to: to as u8 })
}

/// After 15, 20 or 30 s.
fn half_minute(world: &World, at: Seat, actions: &mut Vec<Action>) {
    let (node, at) = (&world.nodes[at], at as u8);
    if world.flaw == Some(Flaw::NoDeadline) {
        return;
    }
    if node.exit.is_some() {
        actions.push(Action::EndExit { at });
    }
    if node.wish.is_lonely {
        actions.push(Action::GiveUpLonely { at });
    }
    if matches!(node.phase, Phase::Entering { .. }) {
        actions.push(Action::EndEntering { at });
    }
}

/// After ten minutes.
fn minutes(world: &World, at: Seat, actions: &mut Vec<Action>) {
    if !world.away(at).is_empty() {
        actions.push(Action::Evict { at: at as u8 });
    }
}

// What may happen.
impl World {
    /// Whose links say nothing any more.
    fn dead_links(&self, at: Seat) -> Seats {
        let is_dead = |to: &Seat| !self.is_alive(*to) || self.is_cut(at, *to);
        Seats::of(self.nodes[at].linked.iter().filter(is_dead))
    }

    /// Who has yet to hear that who has ended their link.
    fn farewells(&self) -> impl Iterator<Item = (Seat, Seat)> {
        let pairs = self.alive().flat_map(|at| self.nodes[at].linked.iter().map(move |of| (at, of)));
        pairs.filter(|(at, of)| {
            self.is_alive(*of) && !self.nodes[*of].linked.has(*at) && !self.is_cut(*at, *of)
        })
    }

    /// Whether nothing is on its way that could arrive.
    fn is_quiet(&self) -> bool {
        self.deliverable().next().is_none() && self.farewells().next().is_none()
    }

    /// Whether two may open a link: both can and one of them wants it.
    fn can_link(&self, a: Seat, b: Seat) -> bool {
        let wants = |one: Seat, other: Seat| {
            let node = &self.nodes[one];
            node.is_open() && node.has(other) || node.wish.at() == Some(other)
        };
        let is_free = self.is_alive(a) && self.is_alive(b) && !self.nodes[b].linked.has(a);
        is_free && !self.is_cut(a, b) && (wants(a, b) || wants(b, a))
    }

    fn is_entering(&self) -> bool {
        self.nodes.iter().any(|node| node.wish.is_under_way())
    }

    fn can_give(&self, from: Seat, to: Seat, ops: Ops) -> bool {
        let (node, asks) = (&self.nodes[from], &self.nodes[to]);
        let is_linked = asks.linked.has(from) && self.is_passable(to, from) && self.is_passable(from, to);
        let welcomes = asks.is_open() || asks.hosts.has(from) || asks.has(from);
        is_linked
            && self.is_alive(from)
            && welcomes
            && node.is_open()
            && node.has(to)
            && !ops.and(node.known).is_empty()
    }

    /// Whether a PING of `with` tells `at` that their copies differ.
    fn known_to_differ(&self, at: Seat, with: Seat) -> bool {
        let (one, other) = (&self.nodes[at], &self.nodes[with]);
        let share = one.is_open() && one.has(with) || self.tells_out(at, with);
        let share = share && other.is_open() && other.has(at);
        let is_linked = self.is_alive(with) && self.is_passable(at, with) && self.is_passable(with, at);
        let can_compare = self.flaw != Some(Flaw::NoComparison);
        at != with && share && is_linked && one.known != other.known && can_compare
    }

    /// Whether `to` shows `at` in its list, which is not in and says so, and would take it out for that.
    fn is_absent(&self, at: Seat, to: Seat) -> bool {
        let is_out = matches!(self.nodes[at].phase, Phase::Absent | Phase::Over);
        let is_silent = self.nodes[at].wish.stage == Stage::Asked || self.flaw == Some(Flaw::NoDenial);
        let is_linked = self.is_passable(at, to) && self.is_passable(to, at);
        is_out && !is_silent && is_linked && self.signs_out(to, at)
    }

    /// Whether nothing happens any more but what may go wrong.
    pub(crate) fn is_over(&self) -> bool {
        if !self.is_quiet() {
            return false;
        }
        let mut actions = Vec::new();
        network(self, &mut actions);
        deadlines(self, &mut actions);
        actions.is_empty()
    }
}

// What happens.
impl World {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Deliver { from, to } => {
                let (from, to) = (from.into(), to.into());
                for letter in self.receive(from, to) {
                    self.on_frame(to, from, letter.frame);
                }
            }
            Action::Link { a, b } => self.link(a.into(), b.into()),
            Action::Part { at, of } => self.unlink(at.into(), of.into()),
            Action::FindDead { at } => {
                let at = at.into();
                self.dead_links(at).iter().for_each(|of| self.unlink(at, of));
            }
            Action::Suspect { at, of } => {
                self.left.suspicions -= 1;
                self.unlink(at.into(), of.into());
            }
            Action::Crash { at, is_lost } => self.crash(at.into(), is_lost),
            Action::Split { side } => {
                self.left.cuts -= 1;
                self.cut = side;
            }
            Action::Heal => self.cut = Seats::default(),
            _ => self.pass(action),
        }
    }

    /// A deadline passes.
    fn pass(&mut self, action: Action) {
        self.left.delays -= u8::from(!self.is_quiet());
        match action {
            Action::AskNewcomer { at, newcomer } => self.ask_newcomer(at.into(), newcomer.into()),
            Action::RefuseArrival { at, newcomer } => self.refuse_arrival(at.into(), newcomer.into()),
            Action::AskForMissing { at, to } => self.want(at.into(), to.into(), self.missing(at.into())),
            Action::LosePatience { at } => self.lose_patience(at.into()),
            Action::Compare { at, with } => {
                // A page is waited for as long as some PINGs take.
                self.nodes[usize::from(with)].pages[usize::from(at)] = Ops::default();
                self.nodes[usize::from(at)].pages[usize::from(with)] = Ops::default();
                self.compare(at.into(), with.into(), false);
            }
            Action::Deny { at, to } => self.post(at.into(), to.into(), Frame::Absence),
            Action::EndExit { at } => self.end_exit(at.into()),
            Action::GiveUpLonely { at } => self.fail(at.into()),
            Action::EndEntering { at } => self.end_entering(at.into()),
            Action::Evict { at } => self.evict(at.into()),
            _ => {}
        }
        self.alive().collect::<Vec<_>>().into_iter().for_each(|at| self.settle(at));
    }

    fn link(&mut self, a: Seat, b: Seat) {
        self.nodes[a].linked = self.nodes[a].linked.with(b);
        self.nodes[b].linked = self.nodes[b].linked.with(a);
        for (me, to) in [(a, b), (b, a)] {
            self.on_linked(me, to);
            self.settle(me);
        }
    }

    fn unlink(&mut self, at: Seat, of: Seat) {
        self.on_unlinked(at, of);
        self.settle(at);
    }

    fn crash(&mut self, at: Seat, is_lost: bool) {
        self.left.crashes -= 1;
        self.crashed = self.crashed.with(at);
        for other in 0..SEATS {
            self.lose(other, at);
            if is_lost {
                self.lose(at, other);
            }
        }
        self.nodes[at] = Node { linked: self.nodes[at].linked, ..Node::default() };
    }

    /// Drops what will do nothing whenever it arrives: so states are one that differ in nothing but that.
    fn end_step(&mut self) {
        self.sending = 0;
        let nodes = &self.nodes;
        self.letters.retain(|letter| {
            let node = &nodes[letter.to as usize];
            match letter.frame {
                Frame::Operations(ops) => !ops.is_within(node.known),
                Frame::Answer(answer) => {
                    let is_entering = matches!(node.phase, Phase::Entering { .. });
                    let waits = node.wish.is_under_way() || node.exit.is_some() || is_entering;
                    waits || answer.request != node.wish.request
                }
                _ => true,
            }
        });
    }

    /// Somebody tries to get in by everything but a participant's word: a ticket that nobody signed, one that was signed
    /// for another, being handed in by itself, an Admit of its own.
    fn intrude(&mut self, me: Seat) {
        let bearer = me as u8;
        let forged = Ticket { issuer: 1, serial: 3, bearer, is_signed: false };
        let stolen = Ticket { bearer: 2, is_signed: true, ..forged };
        let entry = |ticket, newcomer| Frame::EntryToCoordinator { request: 0, newcomer, ticket };
        let own = Body::Admit { newcomer: bearer, ticket: Some(forged) };
        let admit = self.graph.write(me, Ops::one(BEGINNING), own);
        for to in 0..me {
            self.post(me, to, entry(if to == 0 { forged } else { stolen }, bearer));
            self.post(me, to, Frame::Operations(admit.map(Ops::one).unwrap_or_default()));
            self.post(me, to, Frame::EntryToPeer { request: 0, admit: admit.unwrap_or(BEGINNING) });
        }
        self.post(me, 0, Frame::ConnectionRequest { request: 0 });
    }
}
