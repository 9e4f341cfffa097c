//! The world: nodes under one clock, and the loop that makes things happen.

use crate::conditions::Conditions;
use crate::faults::Adversary;
use crate::oracle::Oracle;
use crate::place::{Kind, Manners, Place, Seat};
use crate::queue::Queue;
use crate::recording::{Cause, Recorder};
use crate::trace::Trace;
use crate::wire::Wire;
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::rng::Rng;
use tertulia_proto::{
    CloseReason, Command, Config, Duration, Event, Input, Instant, LinkId, Node, Refusal, Reply,
};

/// When every world begins: a morning of 2026, in milliseconds since 1970.
const DAWN_MS: u64 = 1_780_000_000_000;
/// How often [`World::settle`] looks at its condition: finer than any deadline that tests speak of.
const GLANCE: Duration = Duration::from_millis(20);
/// Ticks in a row that a node may ask for at one moment before it counts as caught in a loop.
const SPIN_MAX: u32 = 1000;

/// Nodes, the network between them, and the people before them.
pub struct World {
    seed: u64,
    replay: String,
    /// How the network behaves from now on.
    pub conditions: Conditions,
    /// How many bytes of each conversation are in the memory of nodes that are added from now on, if not as many as usual.
    pub resident_max: Option<usize>,
    pub(crate) chance: Rng,
    pub(crate) now: Instant,
    pub(crate) queue: Queue<Happening>,
    pub(crate) places: Vec<Place>,
    pub(crate) wires: Vec<Wire>,
    /// Whose half of a session a user fragment belongs to, and in which life it was made.
    pub(crate) described: BTreeMap<String, (Seat, u32, LinkId)>,
    pub(crate) adversary: Adversary,
    /// On which island each seat is, while the network is split.
    pub(crate) islands: BTreeMap<Seat, usize>,
    /// Pairs between which no link can be opened, the lower seat first.
    pub(crate) walls: BTreeSet<(Seat, Seat)>,
    /// Who is not heard by whom.
    pub(crate) muted: BTreeSet<(Seat, Seat)>,
    /// Since when not everybody reaches everybody.
    pub(crate) troubled: Option<Instant>,
    /// Attempts to connect that chance lets come to nothing: from whom, to whom, until when.
    pub(crate) doomed: Vec<(Seat, Seat, Instant)>,
    /// When somebody last came into a conversation.
    pub(crate) entered: Instant,
    /// Frames that arrive a second time: from whom, to whom, what.
    pub(crate) echoes: Vec<(Seat, Seat, Vec<u8>)>,
    /// Connections that drivers have begun.
    pub(crate) connections: u64,
    pub(crate) oracle: Oracle,
    trace: Trace,
    narrator: Option<Narrator>,
    pub(crate) recorder: Option<Recorder>,
}

/// Whoever is told what happens, line by line.
pub(crate) type Narrator = Box<dyn FnMut(&str)>;

/// What the world plans.
#[derive(Clone, Copy)]
pub(crate) enum Happening {
    /// A node's deadline.
    Wake { seat: Seat, life: u32 },
    /// A driver has gathered its candidates.
    Gathered { seat: Seat, life: u32, link: LinkId },
    /// The channel opens at one end.
    Open { wire: usize, side: usize },
    /// Something reaches one end.
    Arrival { wire: usize, side: usize },
    /// A slow host comes to what has reached one end.
    Turn { wire: usize, side: usize },
    /// A frame arrives a second time.
    Echo { number: usize },
    /// A driver sends its connectivity checks again.
    Check { seat: Seat, life: u32, link: LinkId, until: Instant },
    /// An attempt to connect is given up.
    GiveUp { seat: Seat, life: u32, link: LinkId, reason: CloseReason },
    /// Consent on a cut or orphaned wire expires.
    Expiry { wire: usize, cuts: u32 },
    /// A person answers a request.
    Answer { seat: Seat, life: u32, request: RequestId, consent: Consent },
}

impl World {
    /// An empty world; all its chance comes from `seed`.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            seed,
            replay: "run the test again: its world is deterministic".to_owned(),
            conditions: Conditions::CALM,
            resident_max: None,
            chance: Rng::new(key),
            now: Instant::from_millis(DAWN_MS),
            queue: Queue::new(),
            places: Vec::new(),
            wires: Vec::new(),
            described: BTreeMap::new(),
            adversary: Adversary::default(),
            islands: BTreeMap::new(),
            walls: BTreeSet::new(),
            muted: BTreeSet::new(),
            troubled: None,
            doomed: Vec::new(),
            entered: Instant::from_millis(DAWN_MS),
            echoes: Vec::new(),
            connections: 0,
            oracle: Oracle::default(),
            trace: Trace::new(),
            narrator: None,
            recorder: None,
        }
    }

    /// Says how a failure is replayed.
    pub fn replayed_by(&mut self, command: impl Into<String>) {
        self.replay = command.into();
    }

    /// Adds a browser tab with a new user.
    pub fn tab(&mut self, name: &str) -> Seat {
        self.move_in(Kind::Tab, name, |_| {})
    }

    /// Adds a native node with a new user.
    pub fn native(&mut self, name: &str) -> Seat {
        self.move_in(Kind::Native, name, |_| {})
    }

    /// Adds a native node with room for so many links.
    pub fn native_of(&mut self, name: &str, link_budget: usize) -> Seat {
        self.move_in(Kind::Native, name, |place| place.config.link_budget = link_budget)
    }

    /// Adds a node with a configuration of its own.
    pub fn configured(&mut self, kind: Kind, name: &str, config: Config) -> Seat {
        self.move_in(kind, name, |place| place.config = config)
    }

    /// Adds a node whose host's clock is ahead of the others by `skew`.
    pub fn ahead(&mut self, kind: Kind, name: &str, skew: Duration) -> Seat {
        self.move_in(kind, name, |place| place.skew = skew)
    }

    fn move_in(&mut self, kind: Kind, name: &str, arrange: impl FnOnce(&mut Place)) -> Seat {
        let seat = Seat(self.places.len());
        let mut place = Place::new(kind, name, self.now, &mut self.chance);
        place.config.resident_max = self.resident_max.unwrap_or(place.config.resident_max);
        arrange(&mut place);
        self.places.push(place);
        self.start(seat);
        seat
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// All seats, dead or alive.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        (0..self.places.len()).map(Seat)
    }

    /// The node at a seat, while it lives.
    pub fn node(&self, seat: Seat) -> Option<&Node> {
        self.places[seat.0].node.as_ref()
    }

    /// Says how the person at a seat answers requests from now on.
    pub fn teach(&mut self, seat: Seat, manners: Manners) {
        self.places[seat.0].manners = manners;
    }

    /// Everything that the node at a seat has told its person, over all its lives.
    pub fn events(&self, seat: Seat) -> &[(Instant, Event)] {
        &self.places[seat.0].events
    }

    /// How many connections drivers have begun: dials, offers and answers.
    pub const fn connections(&self) -> u64 {
        self.connections
    }

    /// The time that has passed, as often as there are seats.
    pub fn lived(&self) -> Duration {
        self.now.since(Instant::from_millis(DAWN_MS)).times(self.places.len() as u64)
    }

    /// For how long it has been so that not everybody reaches everybody: the network is split, or somebody is muted.
    pub fn outage(&self) -> Duration {
        self.troubled.map_or(Duration::default(), |since| self.now.since(since))
    }

    /// How many attempts of somebody to reach the same other chance lets come to nothing now, at most.
    pub fn doomed_at_once(&self) -> usize {
        let mut now: Vec<_> = self.doomed.iter().filter(|(.., until)| *until > self.now).collect();
        now.sort_unstable();
        now.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).map(<[_]>::len).max().unwrap_or(0)
    }

    /// What went into the nodes and came out.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Keeps the records of the trace from now on, besides its digest.
    pub fn keep_trace(&mut self) {
        self.trace.keep();
    }

    /// Has each command, event and fault told from now on, a line each, for people who look for a cause.
    pub fn narrate(&mut self, narrator: impl FnMut(&str) + 'static) {
        self.narrator = Some(Box::new(narrator));
    }

    /// Has all that crosses the boundary of the nodes recorded. Fails the run when there are nodes already.
    pub fn record(&mut self, recorder: Recorder) {
        if !self.places.is_empty() {
            self.fail("a recording begins before the first node does");
        }
        self.recorder = Some(recorder);
    }

    /// Tells what happens, if anybody listens.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(narrator) = &mut self.narrator {
            narrator(&dated(self.now.since(Instant::from_millis(DAWN_MS)), &line()));
        }
    }

    /// Gives a command to a node as its person would. Fails the run when the node is dead.
    #[track_caller]
    pub fn command(&mut self, seat: Seat, command: Command) -> Result<Reply, Refusal> {
        let at = self.clock(seat);
        self.note(|| format!("{seat:?} <- {command:?}"));
        self.trace.note(self.now, seat, "command", format!("{command:?}").as_bytes());
        self.witness_word(seat, &command);
        let said = match &command {
            Command::Send { conversation, text, .. } => Some((*conversation, text.as_str().to_owned())),
            _ => None,
        };
        let edited = match &command {
            Command::Edit { conversation, message, text } => {
                Some((*conversation, *message, text.as_str().to_owned()))
            }
            _ => None,
        };
        let Some(node) = self.places[seat.0].node.as_mut() else {
            self.fail(&format!("a command for {seat:?}, whose node is dead"))
        };
        if let Some(recorder) = &self.recorder {
            recorder.begin(seat, self.now, Cause::Command(command.clone()));
        }
        let reply = node.command(command, at);
        if let Some(recorder) = &self.recorder {
            recorder.reply(&reply);
        }
        if let (Ok(Reply::Message(id)), Some((conversation, text))) = (&reply, said) {
            let who = (seat, self.places[seat.0].id);
            self.oracle.chronicle.said(self.now, who, (conversation, *id), text);
        }
        if let (Ok(_), Some((conversation, message, text))) = (&reply, edited) {
            self.oracle.chronicle.edited(conversation, message, text);
        }
        self.drain(seat);
        reply
    }

    /// Lets everything happen that is due until `deadline`, and checks every now and then that all is safe.
    pub fn run_until(&mut self, deadline: Instant) {
        self.advance(deadline);
        self.check_news();
    }

    /// Lets time pass.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// Lets time pass until `condition` holds, looked at every 20 ms, and returns how long it took. Fails the
    /// run when `limit` passes first.
    #[track_caller]
    pub fn settle(&mut self, what: &str, limit: Duration, condition: impl Fn(&Self) -> bool) -> Duration {
        let begun = self.now;
        while !condition(self) {
            if self.now >= begun + limit {
                self.fail(&format!("after {} ms still not: {what}", limit.as_millis()));
            }
            self.advance(self.now + GLANCE);
        }
        self.check_safety();
        self.now.since(begun)
    }

    /// Lets time pass until no node has had anything to tell its person for `calm`, at most for `limit`.
    /// Returns whether it became quiet. Heartbeats go on for ever and do not count.
    pub fn run_until_quiet(&mut self, calm: Duration, limit: Duration) -> bool {
        let (end, mut told, mut since) = (self.now + limit, self.told(), self.now);
        while self.now < end && self.now.since(since) < calm {
            self.advance(self.now + GLANCE);
            if self.told() != told {
                (told, since) = (self.told(), self.now);
            }
        }
        self.check_safety();
        self.now.since(since) >= calm
    }

    /// Ends the run: says what is wrong, in which world, when, and how to see it again.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let millis = self.now.as_millis() - DAWN_MS;
        let summary = self.narrator.as_ref().map(|_| format!("\n{}", self.summary())).unwrap_or_default();
        panic!(
            "{what}\n  in the world of seed {} at {millis} ms\n  replay: {}{summary}",
            self.seed, self.replay
        )
    }
}

// The loop.
impl World {
    /// Begins a life at a seat.
    pub(crate) fn start(&mut self, seat: Seat) {
        self.note(|| format!("{seat:?} starts"));
        let seed = self.chance.bytes();
        self.witness_start(seat);
        if let Some(recorder) = &self.recorder {
            recorder.birth(seat, self.now, &self.places[seat.0], seed);
        }
        self.places[seat.0].start(seed, self.now);
        let listening = self.places[seat.0].listening(seat);
        self.give(seat, listening);
    }

    /// Gives a node an input and does what it says then.
    pub(crate) fn give(&mut self, seat: Seat, input: Input) {
        let at = self.clock(seat);
        self.trace.input(self.now, seat, &input);
        if let Input::Closed { link, reason } = &input {
            self.note(|| format!("{seat:?} <- {link:?} closed: {reason}"));
        }
        if let Some(node) = self.places[seat.0].node.as_mut() {
            if let Some(recorder) = &self.recorder {
                recorder.begin(seat, self.now, Cause::Input(input.clone()));
            }
            node.handle(input, at);
            self.drain(seat);
        }
    }

    /// Whether the life at a seat is the one that something was planned for.
    pub(crate) fn is_life(&self, seat: Seat, life: u32) -> bool {
        let place = &self.places[seat.0];
        place.life == life && place.node.is_some()
    }

    /// The time by the clock of a seat's host.
    fn clock(&self, seat: Seat) -> Instant {
        self.now + self.places[seat.0].skew
    }

    fn told(&self) -> usize {
        self.places.iter().map(|place| place.events.len()).sum()
    }

    fn advance(&mut self, deadline: Instant) {
        while self.queue.next_at().is_some_and(|at| at <= deadline) {
            let Some((at, happening)) = self.queue.pop() else { break };
            self.now = self.now.max(at);
            self.happen(happening);
        }
        self.now = self.now.max(deadline);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake { seat, life } if self.is_life(seat, life) => self.wake(seat),
            Happening::Gathered { seat, life, link } if self.is_life(seat, life) => self.gathered(seat, link),
            Happening::Check { seat, life, link, until } if self.is_life(seat, life) => {
                self.check(seat, link, until);
            }
            Happening::GiveUp { seat, life, link, reason } if self.is_life(seat, life) => {
                self.give_up(seat, link, reason);
            }
            Happening::Answer { seat, life, request, consent } if self.is_life(seat, life) => {
                // Who asked may have gone meanwhile: then the refusal is right.
                let _ = self.command(seat, Command::Answer { request, answer: consent });
            }
            Happening::Open { wire, side } => self.channel_opens(wire, side),
            Happening::Arrival { wire, side } => self.arrive(wire, side),
            Happening::Turn { wire, side } => self.take_in(wire, side),
            Happening::Echo { number } => self.echo(number),
            Happening::Expiry { wire, cuts } => self.expire(wire, cuts),
            Happening::Wake { .. }
            | Happening::Gathered { .. }
            | Happening::Check { .. }
            | Happening::GiveUp { .. }
            | Happening::Answer { .. } => {}
        }
    }

    fn wake(&mut self, seat: Seat) {
        let (now, place) = (self.now, &mut self.places[seat.0]);
        if place.wake.is_none_or(|at| at > now) {
            return;
        }
        place.wake = None;
        place.spin = if place.spin.0 == now { (now, place.spin.1 + 1) } else { (now, 0) };
        if place.spin.1 > SPIN_MAX {
            self.fail(&format!("{seat:?} asks to be woken over and over at one moment"));
        }
        self.give(seat, Input::Tick);
    }

    fn drain(&mut self, seat: Seat) {
        while let Some(output) = self.places[seat.0].node.as_mut().and_then(Node::poll_output) {
            if let Some(recorder) = &self.recorder {
                recorder.output(&output);
            }
            if self.places[seat.0].burns_out() {
                return self.crash(seat, output);
            }
            self.trace.output(self.now, seat, &output);
            self.obey(seat, output);
        }
        self.plan_wake(seat);
    }

    fn plan_wake(&mut self, seat: Seat) {
        let (now, place) = (self.now, &mut self.places[seat.0]);
        let deadline = place.node.as_ref().and_then(Node::poll_timeout);
        let wake = deadline.map(|(at, _)| at.since(now + place.skew));
        if let Some(recorder) = &self.recorder {
            recorder.whole(wake);
        }
        let due = wake.map(|wake| now + wake);
        // A wake that is planned too early does nothing; one that is missing would.
        if due != place.wake {
            place.wake = due;
            let life = place.life;
            if let Some(at) = due {
                self.queue.plan(at, Happening::Wake { seat, life });
            }
        }
    }
}

/// A line with how long after the world's beginning it is about.
pub(crate) fn dated(since_begun: Duration, line: &str) -> String {
    format!("{:>8} ms  {line}", since_begun.as_millis())
}
