//! Scenarios that are written down: who is there, what happens when, and what must come of it.
//!
//! One TOML file each, in `crates/sim/scenarios`. A file has `about`, `seed`, `[conditions]`, `[[people]]`, a
//! `[[timeline]]` whose steps are done one after the other, each `after_ms` from the one before, and `[expect]`. All talk
//! in one conversation, which the first `gather` begins. Names stand for people; `everybody` stands for all of them.

mod deeds;

use crate::conditions::Conditions;
use crate::place::{Kind, Manners, Seat};
use crate::world::World;
use deeds::Step;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tertulia_proto::{ConversationId, Duration, NodeId};

/// A scenario as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it is about.
    pub about: String,
    seed: u64,
    #[serde(default)]
    conditions: Air,
    people: Vec<People>,
    timeline: Vec<Step>,
    expect: Expect,
}

/// How the network behaves: like one of those that have a name, but for what else is said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Air {
    like: Likeness,
    delay_ms: Option<u64>,
    jitter_ms: Option<u64>,
    spread_ms: Option<u64>,
    loss_permille: Option<u64>,
    duplicate_permille: Option<u64>,
    connect_failure_permille: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Likeness {
    #[default]
    Calm,
    Rough,
    Wide,
}

/// Some people who are alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    names: Vec<String>,
    #[serde(default)]
    node: NodeKind,
    #[serde(default)]
    skew_ms: u64,
    #[serde(default)]
    slowness_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NodeKind {
    /// It can be dialled.
    #[default]
    Native,
    /// It keeps a link to the first of the people, who must be native, and is introduced.
    Tab,
}

/// What must hold at the end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Who is in the conversation, and nobody else.
    list: Vec<String>,
    /// Whether that is their order of entry, too.
    #[serde(default)]
    in_order: bool,
    /// How long they may take to agree after the last step.
    agree_within_ms: u64,
    /// How many messages all of them show.
    messages: Option<usize>,
    /// The longest that 99 of 100 deliveries may take.
    p99_ms: Option<u64>,
}

/// What came of a scenario in which all held.
#[derive(Debug)]
pub struct Report {
    said: usize,
    agreed_ms: u64,
    /// How long deliveries took, in order.
    latencies: Vec<Duration>,
}

/// A scenario that runs.
struct Stage {
    world: World,
    seats: BTreeMap<String, Seat>,
    /// The names in the order of the file.
    names: Vec<String>,
    talk: Option<ConversationId>,
}

impl Script {
    /// Reads a scenario.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// A world for it; `replay` says how a failure is seen again.
    pub fn world(&self, replay: &str) -> World {
        let mut world = World::new(self.seed);
        world.replayed_by(replay);
        world.conditions = self.conditions.conditions();
        world
    }

    /// Plays it in a world. Panics when something does not hold.
    pub fn play(&self, world: World) -> (Report, World) {
        let mut stage = Stage { world, seats: BTreeMap::new(), names: Vec::new(), talk: None };
        self.people.iter().for_each(|people| stage.seat(people));
        for step in &self.timeline {
            stage.act(step);
        }
        let report = stage.end(&self.expect);
        (report, stage.world)
    }
}

impl Air {
    fn conditions(&self) -> Conditions {
        let like = match self.like {
            Likeness::Calm => Conditions::CALM,
            Likeness::Rough => Conditions::ROUGH,
            Likeness::Wide => Conditions::WIDE,
        };
        let millis = |own: Option<u64>, like: Duration| own.map_or(like, Duration::from_millis);
        Conditions {
            delay: millis(self.delay_ms, like.delay),
            jitter: millis(self.jitter_ms, like.jitter),
            spread: millis(self.spread_ms, like.spread),
            loss_permille: self.loss_permille.unwrap_or(like.loss_permille),
            duplicate_permille: self.duplicate_permille.unwrap_or(like.duplicate_permille),
            connect_failure_permille: self.connect_failure_permille.unwrap_or(like.connect_failure_permille),
            ..like
        }
    }
}

impl Stage {
    fn seat(&mut self, people: &People) {
        let kind = match people.node {
            NodeKind::Native => Kind::Native,
            NodeKind::Tab => Kind::Tab,
        };
        for name in &people.names {
            let seat = self.world.ahead(kind, name, Duration::from_millis(people.skew_ms));
            self.world.slow_down(seat, Duration::from_millis(people.slowness_ms));
            self.world.teach(seat, Manners::Yes);
            if kind == Kind::Tab {
                self.world.introducer(seat, Seat(0));
            }
            self.seats.insert(name.clone(), seat);
            self.names.push(name.clone());
        }
    }

    /// Those whom names stand for.
    fn those(&self, names: &[String]) -> Vec<Seat> {
        let names = if names.iter().any(|name| name == "everybody") { &self.names } else { names };
        names.iter().map(|name| self.one(name)).collect()
    }

    fn one(&self, name: &str) -> Seat {
        match self.seats.get(name) {
            Some(seat) => *seat,
            None => self.world.fail(&format!("the scenario has nobody called {name:?}")),
        }
    }

    fn talk(&self) -> ConversationId {
        match self.talk {
            Some(talk) => talk,
            None => self.world.fail("the scenario has nobody gather before this"),
        }
    }

    fn end(&mut self, expect: &Expect) -> Report {
        let (talk, list) = (self.talk(), self.those(&expect.list));
        let agreed = self.world.settle_agreement(talk, &list, Duration::from_millis(expect.agree_within_ms));
        let wanted: Vec<_> = list.iter().map(|seat| self.world.id(*seat)).collect();
        let found = list.first().map(|seat| self.world.participants(*seat, talk)).unwrap_or_default();
        let sorted = |nodes: &[NodeId]| nodes.iter().copied().collect::<BTreeSet<_>>();
        if sorted(&found) != sorted(&wanted) || expect.in_order && found != wanted {
            self.world.fail(&format!("they agree on {found:?}, expected {wanted:?}"));
        }
        self.world.check_safety();
        self.world.check_kept(talk, &list);
        let shown = list.first().map_or(0, |seat| self.world.shown(*seat, talk).len());
        if expect.messages.is_some_and(|expected| expected != shown) {
            self.world.fail(&format!("{shown} messages are shown, expected {:?}", expect.messages));
        }
        let mut latencies = self.world.latencies().to_vec();
        latencies.sort();
        let report = Report { said: self.world.said(talk), agreed_ms: agreed.as_millis(), latencies };
        if let Some(most) = expect.p99_ms.filter(|most| report.hundredth(99) > *most) {
            self.world.fail(&format!(
                "99 of 100 deliveries took up to {} ms, allowed {most}",
                report.hundredth(99)
            ));
        }
        report
    }
}

impl Report {
    /// How long so many of a hundred deliveries took at most, in milliseconds.
    pub fn hundredth(&self, hundredth: usize) -> u64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * hundredth / 100).map_or(0, |latency| latency.as_millis())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, p99, most] = [50, 90, 99, 100].map(|hundredth| self.hundredth(hundredth));
        write!(f, "{} messages said, {} times delivered", self.said, self.latencies.len())?;
        write!(f, " within p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, at most {most} ms")?;
        write!(f, "; agreed {} ms after the last step", self.agreed_ms)
    }
}
