//! Runs the nodes of a recording again, without world, network or oracles, and finds where they do otherwise.

use super::entry::{Birth, Cause, Ending, Entry, Step};
use super::file::{Damage, Recording};
use super::imprint::{Imprint, input_in_words, output_in_words};
use crate::place::{Records, Seat};
use crate::world::{Narrator, dated};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::panic::{self, AssertUnwindSafe};
use tertulia_proto::{Duration, Identity, Instant, Node, Output};

/// How to run the nodes of a recording again.
#[derive(Default)]
pub struct Replay {
    only: Option<String>,
    narrator: Option<Narrator>,
    seats: BTreeMap<Seat, Player>,
    done: Replayed,
}

/// What a replay in which all came out as recorded has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many nodes there were.
    pub nodes: usize,
    /// How many lives they had.
    pub lives: u64,
    /// How many steps they took.
    pub steps: u64,
    /// What the run that was recorded failed with.
    pub failure: Option<String>,
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read on.
    #[error("{damage}; {steps} steps before that came out as recorded")]
    Damage {
        /// How many steps were done.
        steps: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// A node does otherwise than recorded.
    #[error(transparent)]
    Divergence(#[from] Box<Divergence>),
    /// The node that was to be run is not there.
    #[error("nobody in the recording is called {wanted:?}: there are {there}")]
    Nobody {
        /// Who was wanted.
        wanted: String,
        /// Who is there.
        there: String,
    },
}

/// The first step at which a node does otherwise than recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{seat:?}, {name}, diverges at its step {step}, {} ms after the world began\n  given     {given}\n  recorded  \
     {recorded}\n  now       {now}",
    .since_begun.as_millis()
)]
pub struct Divergence {
    /// Which node.
    pub seat: Seat,
    /// What its person is called.
    pub name: String,
    /// Which of its steps over all its lives, counted from one.
    pub step: u64,
    /// When, by the world's clock.
    pub since_begun: Duration,
    /// What it was told.
    pub given: String,
    /// What came of that when it was recorded.
    pub recorded: String,
    /// What comes of it now.
    pub now: String,
}

/// A seat whose node runs again.
#[derive(Default)]
struct Player {
    name: String,
    skew: Duration,
    /// What its next life is given.
    records: Records,
    /// Its node while it lives, or what that panicked with at its birth.
    life: Option<Result<Node, String>>,
    steps: u64,
}

/// What a node did in a step.
struct Deed {
    reply: Option<(Imprint, String)>,
    outputs: Vec<Output>,
    /// How long it wants to wait until it is woken.
    wake: Option<Duration>,
}

/// Where a step differs from what was recorded.
type Difference = (String, String);

impl Replay {
    /// Runs only the node of this number, or of the person who is called so.
    pub fn only(mut self, who: impl Into<String>) -> Self {
        self.only = Some(who.into());
        self
    }

    /// Has each step and what comes of it told, a line each.
    pub fn told(mut self, narrator: impl FnMut(&str) + 'static) -> Self {
        self.narrator = Some(Box::new(narrator));
        self
    }

    /// Runs the nodes up to the end of the recording, or to the first step that differs.
    pub fn run<R: Read>(mut self, mut recording: Recording<R>) -> Result<Replayed, ReplayError> {
        let begun = recording.header().begun;
        let mut there = Vec::new();
        while let Some(entry) = recording.next() {
            let entry = entry.map_err(|damage| self.damaged(damage))?;
            if let Entry::Birth(birth) = &entry
                && !there.contains(&birth.name)
            {
                there.push(birth.name.clone());
            }
            self.take(entry, begun, &recording)?;
        }
        self.done.nodes = self.seats.len();
        match self.only {
            Some(wanted) if self.done.lives == 0 => {
                Err(ReplayError::Nobody { wanted, there: there.join(", ") })
            }
            _ => Ok(self.done),
        }
    }

    fn take<R: Read>(
        &mut self,
        entry: Entry,
        begun: Instant,
        recording: &Recording<R>,
    ) -> Result<(), ReplayError> {
        match entry {
            Entry::Record { seat, key, value } => {
                self.seats.entry(seat).or_default().records.insert(key, value);
            }
            Entry::Birth(birth) if self.is_wanted(birth.seat, &birth.name) => {
                tell(&mut self.narrator, birth.at.since(begun), || format!("{:?} starts", birth.seat));
                self.done.lives += 1;
                let player = self.seats.entry(birth.seat).or_default();
                if player.begin(*birth).is_none() {
                    return Err(self.damaged(recording.senseless("a birth without an identity")));
                }
            }
            Entry::Birth(birth) => drop(self.seats.remove(&birth.seat)),
            Entry::Step(step) => match self.seats.get(&step.seat) {
                Some(Player { life: Some(_), .. }) => self.step(&step, begun)?,
                _ if self.only.is_some() => {}
                _ => {
                    return Err(self.damaged(recording.senseless("a step of a node that is not alive")));
                }
            },
            Entry::Death { seat, at } => {
                if let Some(player) = self.seats.get_mut(&seat) {
                    player.life = None;
                    tell(&mut self.narrator, at.since(begun), || format!("{seat:?} dies"));
                }
            }
            Entry::End { failure } => self.done.failure = failure,
        }
        Ok(())
    }

    const fn damaged(&self, damage: Damage) -> ReplayError {
        ReplayError::Damage { steps: self.done.steps, damage }
    }

    fn is_wanted(&self, seat: Seat, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name || only.parse() == Ok(seat.0))
    }

    fn step(&mut self, step: &Step, begun: Instant) -> Result<(), Box<Divergence>> {
        let (seat, since_begun) = (step.seat, step.at.since(begun));
        let Some(player) = self.seats.get_mut(&seat) else { return Ok(()) };
        player.steps += 1;
        self.done.steps += 1;
        let number = player.steps;
        tell(&mut self.narrator, since_begun, || {
            format!("{seat:?} <- step {number}: {}", step.cause.in_words())
        });
        let difference = match player.act(step) {
            Ok(deed) => {
                if let Some(narrator) = &mut self.narrator {
                    let lines = deed.in_words().into_iter().map(|line| format!("{seat:?} -> {line}"));
                    lines.for_each(|line| narrator(&dated(since_begun, &line)));
                }
                deed.difference(step)
            }
            // What failed then and panics now, before anything came of it, does as it did.
            Err(_) if step.panicked() => None,
            Err(words) => Some((step.in_words(), format!("a panic: {words}"))),
        };
        let Some((recorded, now)) = difference else { return Ok(()) };
        let (name, given) = (player.name.clone(), step.cause.in_words());
        Err(Box::new(Divergence { seat, name, step: number, since_begun, given, recorded, now }))
    }
}

fn tell(narrator: &mut Option<Narrator>, since_begun: Duration, line: impl FnOnce() -> String) {
    if let Some(narrator) = narrator {
        narrator(&dated(since_begun, &line()));
    }
}

impl Player {
    /// Begins a life, or nothing when the identity is none. A panic shows in the first step, as it is no step by itself.
    fn begin(&mut self, birth: Birth) -> Option<()> {
        let identity = Identity::from_bytes(&birth.identity)?;
        (self.name, self.skew) = (birth.name, birth.skew);
        let records = std::mem::take(&mut self.records);
        let at = birth.at + birth.skew;
        let restore = move || Node::restore(identity, birth.config, birth.seed, at, records);
        self.life = Some(panic::catch_unwind(AssertUnwindSafe(restore)).map_err(|panic| last_words(&*panic)));
        Some(())
    }

    /// Has the node do a step; what it panics with is an error.
    fn act(&mut self, step: &Step) -> Result<Deed, String> {
        let at = step.at + self.skew;
        let mut node = match self.life.take() {
            Some(Ok(node)) => node,
            Some(Err(words)) => return Err(format!("at its birth, {words}")),
            None => return Err("it is not alive".to_owned()),
        };
        let acted = panic::catch_unwind(AssertUnwindSafe(move || {
            let reply = match step.cause.clone() {
                Cause::Input(input) => {
                    node.handle(input, at);
                    None
                }
                Cause::Command(command) => {
                    let reply = node.command(command, at);
                    Some((Imprint::of_reply(&reply), format!("{reply:?}")))
                }
            };
            let outputs = std::iter::from_fn(|| node.poll_output()).collect();
            let wake = node.poll_timeout().map(|(due, _)| due.since(at));
            (node, Deed { reply, outputs, wake })
        }));
        let (node, deed) = acted.map_err(|panic| last_words(&*panic))?;
        self.life = Some(Ok(node));
        Ok(deed)
    }
}

impl Deed {
    /// Where it is not what was recorded, if it is not: what was recorded, and what there is now.
    fn difference(&self, step: &Step) -> Option<Difference> {
        if step.panicked() {
            return Some((step.in_words(), "no panic".to_owned()));
        }
        let (reply, said) = self.reply.as_ref().map(|(reply, said)| (*reply, said.as_str())).unzip();
        if step.reply != reply {
            let recorded = step.reply.map_or("no reply", Imprint::kind);
            let is_alike = step.reply.map(Imprint::kind) == reply.map(Imprint::kind);
            let recorded = if is_alike { format!("another {recorded}") } else { recorded.to_owned() };
            return Some((recorded, said.unwrap_or("no reply").to_owned()));
        }
        let outputs: Vec<_> = self.outputs.iter().map(Imprint::of_output).collect();
        let is_prefix = outputs.starts_with(&step.outputs);
        match step.ending {
            Ending::Whole { wake } if is_prefix && outputs.len() == step.outputs.len() => {
                (wake != self.wake).then(|| (waking(wake), waking(self.wake)))
            }
            Ending::Died | Ending::Failed if is_prefix => None,
            _ => Some(self.other_output(step, &outputs)),
        }
    }

    /// The first output that differs.
    fn other_output(&self, step: &Step, outputs: &[Imprint]) -> Difference {
        let at = step.outputs.iter().zip(outputs).take_while(|(recorded, now)| recorded == now).count();
        let is_alike = step.outputs.get(at).map(|it| it.kind()) == outputs.get(at).map(|it| it.kind());
        let place = |count: usize| format!("output {} of {count}", at + 1);
        let recorded = match step.outputs.get(at) {
            Some(output) if is_alike => format!("{}: another {}", place(step.outputs.len()), output.kind()),
            Some(output) => format!("{}: {}", place(step.outputs.len()), output.kind()),
            None => format!("{at} outputs"),
        };
        let now = match (outputs.get(at), self.outputs.get(at)) {
            (Some(imprint), Some(output)) => {
                format!("{}: {}, {}", place(outputs.len()), imprint.kind(), output_in_words(output))
            }
            _ => format!("{at} outputs"),
        };
        (recorded, now)
    }

    fn in_words(&self) -> Vec<String> {
        let reply = self.reply.iter().map(|(_, said)| said.clone());
        reply.chain(self.outputs.iter().map(output_in_words)).collect()
    }
}

impl Cause {
    fn in_words(&self) -> String {
        match self {
            Self::Input(input) => input_in_words(input),
            Self::Command(command) => format!("{command:?}"),
        }
    }
}

impl Step {
    /// Whether the run failed before anything came of it: only the core can have failed then.
    fn panicked(&self) -> bool {
        self.ending == Ending::Failed && self.reply.is_none() && self.outputs.is_empty()
    }

    /// What a recording knows of what came of a step.
    fn in_words(&self) -> String {
        if self.panicked() {
            return "a panic".to_owned();
        }
        let kinds: Vec<_> = self.reply.iter().chain(&self.outputs).map(|imprint| imprint.kind()).collect();
        if kinds.is_empty() { "nothing came of it".to_owned() } else { kinds.join(", ") }
    }
}

fn waking(wake: Option<Duration>) -> String {
    match wake {
        Some(wake) => format!("wants to be woken after {} µs", wake.as_micros()),
        None => "does not want to be woken".to_owned(),
    }
}

/// What a panic said.
pub fn last_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, lives, steps, failure } = self;
        write!(f, "{steps} steps of {nodes} nodes in {lives} lives: all as recorded")?;
        failure.iter().try_for_each(|failure| write!(f, "; the run that was recorded failed: {failure}"))
    }
}
