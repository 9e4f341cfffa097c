//! Links in a browser tab: one `RTCPeerConnection` each, and the [`Tab`] that drives a node over them.
//!
//! Everything runs in callbacks of the browser's, one at a time. A callback never touches the node: it leaves a
//! note ([`link::Happening`]) and asks for a turn. A turn reads the notes, lets node and links come to rest, and
//! only then hands out events. So whoever is told of an event may call anything here at once.

mod link;
mod links;
mod promise;
mod timer;

pub use link::LinkStats;
pub use promise::{Outcome, after};

use crate::{Gate, Record, drain};
use links::Links;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::rc::{Rc, Weak};
use tertulia_proto::{
    Command, Config, Event, Identity, Input, Instant, LinkId, Node, Refusal, Reply, Restoring,
};
use timer::Timer;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::js_sys::{Date, Promise, Reflect, global};

/// Why a tab cannot be a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The browser has no WebRTC, or somebody has switched it off.
    #[error("this browser has no WebRTC, which links are made of: allow it or use another browser")]
    NoWebRtc,
    /// No cryptographic randomness.
    #[error("this browser gives out no randomness to make keys of: use another browser")]
    NoRandomness,
}

/// A tab on its way back: its node takes back what was kept, record by record, in the order of the keys.
pub struct Waking {
    /// The node, which is there as long as the page: what would take a node apart is a kilobyte and a half of it.
    pub restoring: ManuallyDrop<Restoring>,
    clock: Clock,
}

impl Waking {
    /// A tab that has taken nothing back yet.
    pub fn new(identity: Identity) -> Result<Self, StartError> {
        if !Reflect::has(&global(), &"RTCPeerConnection".into()).unwrap_or(false) {
            return Err(StartError::NoWebRtc);
        }
        let (seed, clock) = (Tab::seed()?, Clock::start());
        let config = Config { overlay: true, seeks: true, ..Config::TAB };
        let restoring = ManuallyDrop::new(Restoring::new(identity, config, seed, clock.now()));
        Ok(Self { restoring, clock })
    }
}

/// Where a node's records are kept.
pub struct Storage {
    /// Keeps a batch, all of it or nothing, and promises that it is durable then.
    pub keep: Box<dyn Fn(Vec<Record>) -> Promise>,
    /// Reads the records of these keys, in their order, later; none where there is no such record.
    pub read: Box<dyn Fn(Vec<Vec<u8>>, Reader)>,
}

/// What was read.
pub type Read = Vec<Option<Vec<u8>>>;
/// What is done with it.
pub type Reader = Box<dyn FnOnce(Read)>;
/// The keys of records that are read once all up to a mark is durable.
type Asked = (u64, Vec<Vec<u8>>, Reader);

/// The node of this tab. Clones are the same node.
#[derive(Clone)]
pub struct Tab(Rc<Shared>);

/// All that a tab's callbacks share.
struct Shared {
    core: ManuallyDrop<RefCell<Core>>,
    notes: Rc<Notes>,
    events: RefCell<VecDeque<Event>>,
    sink: RefCell<Option<Sink>>,
    turning: Cell<bool>,
    clock: Clock,
    timer: Timer,
    storage: Option<Storage>,
    /// What is to be read when all up to a mark is durable, and who waits for it.
    reads: RefCell<VecDeque<Asked>>,
    this: Weak<Self>,
}

type Sink = Box<dyn FnMut(Event)>;

struct Core {
    node: Node,
    links: Links,
    gate: Gate,
}

impl Tab {
    /// Starts the node of this tab. `on_event` may call any method of a clone of the tab.
    pub fn start(waking: Waking, storage: Option<Storage>, on_event: impl FnMut(Event) + 'static) -> Self {
        let Waking { restoring, clock } = waking;
        let (node, gate) = (ManuallyDrop::into_inner(restoring).finish(), Gate::new(storage.is_some()));
        let shared = Rc::new_cyclic(|weak: &Weak<Shared>| {
            let (of_notes, of_timer) = (weak.clone(), weak.clone());
            let turn = move |weak: &Weak<Shared>| weak.upgrade().iter().for_each(|shared| shared.turn());
            let notes = Rc::new(Notes::new(move || turn(&of_notes)));
            Shared {
                core: ManuallyDrop::new(RefCell::new(Core {
                    node,
                    links: Links::new(Rc::clone(&notes)),
                    gate,
                })),
                notes,
                events: RefCell::default(),
                sink: RefCell::new(Some(Box::new(on_event))),
                turning: Cell::new(false),
                clock,
                timer: Timer::new(move || turn(&of_timer)),
                storage,
                reads: RefCell::default(),
                this: weak.clone(),
            }
        });
        shared.turn();
        Self(shared)
    }

    /// Gives the node one command.
    pub fn command(&self, command: Command) -> Result<Reply, Refusal> {
        let reply = self.0.core.borrow_mut().node.command(command, self.now());
        self.0.turn();
        reply
    }

    /// Looks at the node. Nothing else of the tab may be called within `view`.
    pub fn with<T>(&self, view: impl FnOnce(&Node) -> T) -> T {
        view(&self.0.core.borrow().node)
    }

    /// Reads records that the node lacks for an answer, as soon as all that was seen is durable; without any, waits for that.
    pub fn read(&self, keys: Vec<Vec<u8>>, reader: impl FnOnce(Read) + 'static) {
        let mark = self.0.core.borrow().gate.mark();
        self.0.reads.borrow_mut().push_back((mark, keys, Box::new(reader)));
        self.0.turn();
    }

    /// The present moment, by the node's clock.
    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// Has `take` told what the browser says of a link: the way that its packets take, and how long they take.
    pub fn stats(&self, link: LinkId, take: impl FnOnce(LinkStats) + 'static) {
        if let Some(report) = self.0.core.borrow().links.report(link) {
            after(&report, move |report| {
                if let Some(stats) = report.ok().and_then(|report| link::stats(&report)) {
                    take(stats);
                }
            });
        }
    }

    /// Closes every link: to be called when the page goes. Who comes back without memory leaves every conversation first.
    pub fn quit(&self) {
        let keeps = self.0.core.borrow().gate.keeps();
        // A refusal would only say that there is nothing to leave.
        let _ = self.command(if keeps { Command::Close } else { Command::Quit });
    }

    /// The time, before there is a tab.
    pub fn clock() -> Instant {
        Clock::start().now()
    }

    /// Fresh randomness, to make an identity of.
    pub fn seed() -> Result<[u8; 32], StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| StartError::NoRandomness)?;
        Ok(seed)
    }
}

impl Shared {
    /// Lets node and links come to rest and hands out events, until there is nothing more. Does nothing within
    /// itself: what happens meanwhile is noted, and the outer turn comes to it.
    fn turn(&self) {
        if self.turning.replace(true) {
            return;
        }
        loop {
            self.settle();
            let Some(event) = self.events.borrow_mut().pop_front() else { break };
            // Taken out for the call, so that no borrow is held while the page does as it likes.
            let sink = self.sink.borrow_mut().take();
            if let Some(mut sink) = sink {
                sink(event);
                self.sink.replace(Some(sink));
            }
        }
        self.turning.set(false);
    }

    fn settle(&self) {
        let mut core = self.core.borrow_mut();
        let Core { node, links, gate } = &mut *core;
        let now = self.clock.now();
        if node.poll_timeout().is_some_and(|(due, _)| due <= now) {
            node.handle(Input::Tick, now);
        }
        links.handle_timeout(now);
        while let Some((link, happening)) = self.notes.take() {
            links.handle(link, happening, now);
        }
        let mut events = self.events.borrow_mut();
        drain(node, links, gate, now, |event| events.push_back(event));
        self.begin_keeping(gate);
        self.begin_reading(gate);
        let due = [node.poll_timeout().map(|(due, _)| due), links.poll_timeout()];
        self.timer.set(due.into_iter().flatten().min().map(|due| due.since(now)));
    }
}

/// What lasts.
impl Shared {
    /// Has all that waits kept, unless that is under way.
    fn begin_keeping(&self, gate: &mut Gate) {
        let Some(storage) = &self.storage else { return };
        let Some(batch) = gate.batch() else { return };
        let this = self.this.clone();
        after(&(storage.keep)(batch), move |outcome| {
            if let Some(shared) = this.upgrade() {
                shared.on_kept(outcome.is_ok());
            }
        });
    }

    /// Has read what frames are made of, and what is asked for and durable.
    fn begin_reading(&self, gate: &mut Gate) {
        let this = self.this.clone();
        if let Some(keys) = gate.wants() {
            self.read(
                gate,
                keys,
                Box::new(move |read| {
                    if let Some(shared) = this.upgrade() {
                        shared.core.borrow_mut().gate.took(read);
                        shared.turn();
                    }
                }),
            );
        }
        let mut reads = self.reads.borrow_mut();
        while let Some((_, keys, reader)) = reads.pop_front_if(|(mark, ..)| gate.is_past(*mark)) {
            self.read(gate, keys, reader);
        }
    }

    fn read(&self, gate: &Gate, keys: Vec<Vec<u8>>, reader: Reader) {
        let remembered: Read = keys.iter().map(|key| gate.remembered(key).cloned()).collect();
        let Some(storage) = self.storage.as_ref().filter(|_| !keys.is_empty()) else {
            // Not at once: whoever asks may be in the middle of something.
            let now = Promise::resolve(&JsValue::UNDEFINED);
            return after(&now, move |_| reader(remembered));
        };
        let fill = move |read: Read| {
            reader(remembered.into_iter().zip(read).map(|(remembered, read)| remembered.or(read)).collect());
        };
        (storage.read)(keys, Box::new(fill));
    }

    /// Lets pass what waited. A browser that keeps no more is no reason not to talk: the person is told.
    fn on_kept(&self, is_kept: bool) {
        if is_kept {
            self.core.borrow_mut().gate.committed();
        } else {
            self.core.borrow_mut().gate.give_up();
            self.events.borrow_mut().push_back(Event::Trouble {
                what: "This browser keeps nothing more of what is said.".into(),
                why: "It has no room left for this page, or forbids it to keep anything.".into(),
                remedy: "You can go on talking; closing the tab forgets what is said from now on.".into(),
            });
        }
        self.turn();
    }
}

/// What callbacks leave for the next turn.
struct Notes {
    notes: RefCell<VecDeque<(LinkId, link::Happening)>>,
    turn: Box<dyn Fn()>,
}

impl Notes {
    fn new(turn: impl Fn() + 'static) -> Self {
        Self { notes: RefCell::default(), turn: Box::new(turn) }
    }

    fn leave(&self, link: LinkId, happening: link::Happening) {
        self.notes.borrow_mut().push_back((link, happening));
        (self.turn)();
    }

    fn take(&self) -> Option<(LinkId, link::Happening)> {
        self.notes.borrow_mut().pop_front()
    }
}

/// The core's clock: the wall clock once, then monotonic.
#[derive(Clone, Copy)]
struct Clock {
    wall_ms: f64,
    began_ms: f64,
}

impl Clock {
    fn start() -> Self {
        Self { wall_ms: Date::now(), began_ms: monotonic_ms() }
    }

    fn now(&self) -> Instant {
        let micros = (self.wall_ms + (monotonic_ms() - self.began_ms)) * 1e3;
        // Dates are positive and far below 2^53 microseconds.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Instant::from_micros(micros as u64)
    }
}

fn monotonic_ms() -> f64 {
    let performance = Reflect::get(&global(), &"performance".into());
    performance
        .ok()
        .and_then(|value| value.dyn_into::<web_sys::Performance>().ok())
        .map_or_else(Date::now, |p| p.now())
}
