//! Random runs: people come, talk, leave and die while the network breaks; then it heals, and all must agree.

use crate::conditions::Conditions;
use crate::place::{Kind, Manners, Seat};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tertulia_proto::link::{OPENING_MAX, PING_INTERVAL};
use tertulia_proto::rng::Rng;
use tertulia_proto::{Command, ConversationId, ConversationKind, Duration, Reply};

/// How long nodes have to agree once all faults are healed and nobody enters any more: two heartbeats.
const HEALING: Duration = PING_INTERVAL.times(2);
/// How often a link that opens with somebody's help, and a comparison over it, pay for the distance between two hosts: the
/// question whether it is there, offer and answer go over two links each, handshake and comparison over one, to and fro.
const LEGS: u64 = 10;

/// How long nodes have to agree where hosts are so far apart and not everybody reached everybody for so long. Who is missed
/// is tried for 15 s at a time, and each time begins when an eighth of the absence has passed since the last, at most 30 s:
/// up to two minutes somebody is always trying, after that what lies between two tries comes on top.
fn healing_after(outage: Duration, distance: Duration) -> Duration {
    let between = Duration::from_micros(outage.as_micros() / 8).min(Duration::from_secs(30));
    let idle = between.as_micros().saturating_sub(OPENING_MAX.as_micros());
    Duration::from_micros(HEALING.as_micros() + distance.times(LEGS).as_micros() + idle)
}

/// Where more than so many meet, their links are made anew at once through the same few carriers, and two heartbeats come on
/// top: of 37 nodes some took 5.4 s (seed 4262), of 45 some 8.6 s (seed 4775).
const HALL: usize = 24;

/// How long after the second of two tries a third is made, where one of them is doomed.
const TURN: Duration = Duration::from_secs(5);

/// How far hosts' clocks are apart, at most.
const SKEW_MAX_MS: u64 = 90_000;

/// How long a slow host takes over a frame, at most: it must keep up with the heartbeats of fifty links.
const SLOWNESS_MAX_MS: u64 = 12;
/// Bytes of a conversation that stay in memory where least does: a handful of messages.
const RESIDENT_LEAST: usize = 2048;

/// Which random run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What all chance comes from.
    pub seed: u64,
    /// How many nodes; the first is native and never dies, so that there is always somebody to introduce.
    pub nodes: usize,
    /// How many things happen.
    pub steps: u64,
    /// Over which time they are spread.
    pub span: Duration,
}

/// What came of a run in which all held.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which run.
    pub plan: Plan,
    natives: usize,
    conversations: usize,
    present: usize,
    /// How many messages were said.
    pub said: usize,
    /// How often one was delivered to somebody else.
    pub delivered: usize,
    done: BTreeMap<&'static str, u32>,
    /// How long it took after all was healed until everybody agreed.
    pub healed_in: Duration,
    /// How long the network had been broken before that.
    pub outage: Duration,
    /// How many connections drivers began: dials, offers and answers.
    pub connections: u64,
    /// How long all nodes together were there.
    pub lived: Duration,
    records: u64,
    /// The hash over all that went into the nodes and came out.
    pub digest: String,
}

impl Plan {
    /// The random run of a seed: as many nodes as the seed says, mostly few, sometimes a hall.
    pub fn of(seed: u64) -> Self {
        let mut key = *b"tertulia-sim: how many people   ";
        key[24..].copy_from_slice(&seed.to_le_bytes());
        let mut chance = Rng::new(key);
        let (least, most) = match chance.below(100) {
            0..70 => (2, 6),
            70..92 => (7, 12),
            92..99 => (13, 24),
            _ => (25, 50),
        };
        let nodes = least + usize::try_from(chance.below(most - least as u64 + 1)).unwrap_or_default();
        Self { seed, nodes, steps: 120, span: Duration::from_secs(180) }
    }

    /// The command that replays it.
    pub fn command(&self) -> String {
        let Self { seed, nodes, steps, span } = self;
        let minutes = span.as_millis().div_ceil(60_000);
        format!("cargo xtask sim --seed {seed} --nodes {nodes} --steps {steps} --minutes {minutes}")
    }

    /// Runs it. Panics, with the seed and the command that replays it, when something does not hold.
    pub fn run(self) -> Outcome {
        self.run_in(World::new(self.seed))
    }

    /// Runs it and has each command, event and fault told.
    pub fn run_told(self, narrator: impl FnMut(&str) + 'static) -> Outcome {
        let mut world = World::new(self.seed);
        world.narrate(narrator);
        self.run_in(world)
    }

    /// Runs it in a new world of its seed.
    pub fn run_in(self, world: World) -> Outcome {
        let mut town = Town::new(self, world);
        let pause = self.span.as_micros() / self.steps.max(1);
        for _ in 0..self.steps {
            town.step();
            let wait = town.world.chance.below(2 * pause + 1);
            town.world.run_for(Duration::from_micros(wait));
        }
        town.finish()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, natives, conversations, present, said, healed_in, records, digest, .. } = self;
        write!(f, "seed {}: {} nodes ({natives} native)", plan.seed, plan.nodes)?;
        for (what, count) in &self.done {
            write!(f, ", {count} {what}")?;
        }
        write!(
            f,
            "; {said} messages in {conversations} conversations, {present} present at the end, agreed after {} ms; ",
            healed_in.as_millis()
        )?;
        write!(f, "{records} records, digest {}", &digest[..16])
    }
}

/// A world with people in it who do things at random.
struct Town {
    plan: Plan,
    world: World,
    conversations: BTreeSet<ConversationId>,
    natives: usize,
    done: BTreeMap<&'static str, u32>,
}

/// Something that can happen in a step: what it is counted as, how likely it is beside the others, and how it
/// is done. It says whether it could be.
type Deed = (&'static str, u64, fn(&mut Town) -> bool);

const DEEDS: [Deed; 13] = [
    ("messages", 50, Town::say),
    ("conversations", 1, Town::create),
    ("invites", 20, Town::invite),
    ("departures", 2, Town::leave),
    ("deaths", 2, Town::kill),
    ("crashes", 3, Town::crash),
    ("goodbyes", 1, Town::quit),
    ("restarts", 12, Town::restart),
    ("cuts", 7, Town::cut),
    ("one-way links", 3, Town::mute),
    ("repairs", 7, Town::heal),
    ("partitions", 3, Town::partition),
    ("truces", 5, Town::reunite),
];

impl Town {
    fn new(plan: Plan, mut world: World) -> Self {
        world.replayed_by(plan.command());
        world.conditions = match world.chance.below(3) {
            0 => Conditions::CALM,
            1 => Conditions::ROUGH,
            _ => Conditions::WIDE,
        };
        // In every second world next to nothing stays in memory, and all the rest is read again.
        world.resident_max = (plan.seed % 2 == 1).then_some(RESIDENT_LEAST);
        let mut natives = 0;
        for number in 0..plan.nodes {
            let kind = if number == 0 || world.chance.below(3) == 0 { Kind::Native } else { Kind::Tab };
            natives += usize::from(kind == Kind::Native);
            let skew = Duration::from_millis(world.chance.below(SKEW_MAX_MS));
            let seat = world.ahead(kind, &format!("Person {number}"), skew);
            let manners = if world.chance.below(6) == 0 { Manners::No } else { Manners::Yes };
            world.teach(seat, manners);
            if world.chance.below(8) == 0 {
                let slowness = Duration::from_millis(1 + world.chance.below(SLOWNESS_MAX_MS));
                world.slow_down(seat, slowness);
            }
        }
        let mut town = Self { plan, world, conversations: BTreeSet::new(), natives, done: BTreeMap::new() };
        town.everybody_knows_the_first();
        town
    }

    fn everybody_knows_the_first(&mut self) {
        for seat in self.living().into_iter().skip(1) {
            self.find_introducer(seat);
        }
        self.world.run_for(Duration::from_secs(2));
        while !self.create() {}
        self.gather();
    }

    /// Some come to the first conversation at once: the larger the world, the more of them.
    fn gather(&mut self) {
        let crowd = self.world.chance.below(self.plan.nodes as u64);
        for _ in 0..crowd {
            self.invite();
        }
        self.world.run_for(Duration::from_secs(3));
    }

    fn find_introducer(&mut self, seat: Seat) {
        let invite = Box::new(self.world.invite(Seat(0)));
        if let Err(refusal) = self.world.command(seat, Command::Introducer { invite }) {
            self.world.fail(&format!("{seat:?} takes no introducer: {refusal}"));
        }
    }

    /// Does one thing that is possible now.
    fn step(&mut self) {
        let sum = DEEDS.iter().map(|(_, weight, _)| weight).sum();
        loop {
            let mut left = self.world.chance.below(sum);
            for (name, weight, deed) in DEEDS {
                if left < weight {
                    if !deed(self) {
                        break;
                    }
                    *self.done.entry(name).or_default() += 1;
                    return;
                }
                left -= weight;
            }
        }
    }

    /// Heals all and waits until everybody who stays agrees.
    fn finish(mut self) -> Outcome {
        let limit = |outage| healing_after(outage, self.world.conditions.spread);
        let (outage, soon) = (self.world.outage(), limit(Duration::default()));
        // Where tries for a node are such as come to nothing in any network, another waits for its turn: when two are slow, or
        // have had their time.
        let unlucky = match self.world.doomed_at_once() {
            0 => Duration::default(),
            1 => TURN,
            _ => OPENING_MAX,
        };
        let crowded = if self.plan.nodes > HALL { PING_INTERVAL.times(2) } else { Duration::default() };
        let extra = unlucky.as_micros() + crowded.as_micros();
        let healing = Duration::from_micros(limit(outage).as_micros() + extra);
        self.world.heal_all();
        self.world.conditions = Conditions::CALM;
        let healed_in = self.agree(healing);
        // Who was asked before and answers only now may still enter: then all agree on that, too.
        self.world.run_for(Duration::from_secs(30));
        self.agree(soon);
        self.world.check_safety();
        for conversation in self.conversations.clone() {
            self.circles(conversation).iter().for_each(|seats| self.world.check_kept(conversation, seats));
        }
        Outcome {
            plan: self.plan,
            natives: self.natives,
            conversations: self.conversations.len(),
            present: self.conversations.iter().map(|conversation| self.members(*conversation).len()).sum(),
            said: self.conversations.iter().map(|conversation| self.world.said(*conversation)).sum(),
            delivered: self.world.latencies().len(),
            done: self.done,
            healed_in,
            outage,
            connections: self.world.connections(),
            lived: self.world.lived(),
            records: self.world.trace().steps(),
            digest: self.world.trace().digest(),
        }
    }

    /// Waits until all agree, at most so long after the last has come in, and says how long it took.
    fn agree(&mut self, limit: Duration) -> Duration {
        let begun = self.world.now();
        while let Some(what) = self.disagreement() {
            if self.world.now().since(begun.max(self.world.entered)) > limit {
                self.world
                    .fail(&format!("stuck: more than {} ms after all was healed: {what}", limit.as_millis()));
            }
            self.world.run_for(Duration::from_millis(100));
        }
        self.world.now().since(begun)
    }

    fn disagreement(&self) -> Option<String> {
        self.conversations.iter().find_map(|conversation| {
            let circles = self.circles(*conversation);
            let what = circles.iter().find_map(|seats| self.world.disagreement(*conversation, seats))?;
            Some(format!("{conversation:?}: {what}"))
        })
    }

    /// Those who are in a conversation, so grouped that two of whom one lists the other are together. Two
    /// groups have only dead participants in common: neither can know that the other is there.
    fn circles(&self, conversation: ConversationId) -> Vec<Vec<Seat>> {
        let (mut circles, living) = (Vec::<Vec<Seat>>::new(), self.living());
        for seat in self.members(conversation) {
            let knows = |one: Seat, other: Seat| {
                self.world.participants(one, conversation).contains(&self.world.id(other))
            };
            // One who was away while all whom it knew left can learn of those who came only from the former.
            let may_learn = |one: Seat, other: Seat| {
                knows(one, other)
                    || living.iter().any(|between| knows(one, *between) && knows(*between, other))
            };
            let meets = |one: Seat, other: Seat| {
                (knows(one, other) && may_learn(other, one)) || (knows(other, one) && may_learn(one, other))
            };
            let is_mine = |circle: &mut Vec<Seat>| circle.iter().any(|one| meets(*one, seat));
            let mine: Vec<Seat> = circles.extract_if(.., is_mine).flatten().chain([seat]).collect();
            circles.push(mine);
        }
        circles
    }

    fn living(&self) -> Vec<Seat> {
        self.world.seats().filter(|seat| self.world.node(*seat).is_some()).collect()
    }

    fn members(&self, conversation: ConversationId) -> Vec<Seat> {
        self.world.seats().filter(|seat| self.world.is_in(*seat, conversation)).collect()
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        let count = among.len() as u64;
        let at = if count == 0 { return None } else { self.world.chance.below(count) };
        among.get(usize::try_from(at).ok()?).copied()
    }

    /// A conversation with somebody who is in it.
    fn pick_member(&mut self) -> Option<(ConversationId, Seat)> {
        let all: Vec<_> = self.conversations.iter().copied().collect();
        let conversation = self.pick(&all)?;
        let members = self.members(conversation);
        Some((conversation, self.pick(&members)?))
    }

    fn pick_pair(&mut self) -> Option<(Seat, Seat)> {
        let living = self.living();
        let (one, other) = (self.pick(&living)?, self.pick(&living)?);
        (one != other).then_some((one, other))
    }
}

// The deeds.
impl Town {
    fn say(&mut self) -> bool {
        let Some((conversation, seat)) = self.pick_member() else { return false };
        let burst = 1 + self.world.chance.below(4);
        for number in 0..burst {
            if self.world.node(seat).is_none() {
                break;
            }
            let text = format!("{number} of {burst} from {} at {}", seat.0, self.world.now().as_millis());
            if let Err(refusal) = self.world.try_say(seat, conversation, &text) {
                self.world.fail(&format!("{seat:?} is in the conversation and cannot speak: {refusal}"));
            }
        }
        true
    }

    fn create(&mut self) -> bool {
        let living = self.living();
        let Some(seat) = self.pick(&living) else { return false };
        let is_private = !self.conversations.is_empty() && self.world.chance.below(4) == 0;
        let kind = if is_private { ConversationKind::Private } else { ConversationKind::Public };
        let conversation = self.world.create(seat, kind);
        self.conversations.insert(conversation)
    }

    fn invite(&mut self) -> bool {
        let Some((conversation, host)) = self.pick_member() else { return false };
        let outside: Vec<_> =
            self.living().into_iter().filter(|seat| !self.world.is_in(*seat, conversation)).collect();
        let Some(guest) = self.pick(&outside) else { return false };
        let ticket = self.world.chance.below(2) == 0;
        let conversation = Some(conversation);
        let invite = Command::Invite { conversation, ticket, expires_ms: None, by_hand: false };
        // A tab that has lost its introducer prepares an offer by hand instead: nobody carries it here.
        let Ok(Reply::Invite(invite)) = self.world.command(host, invite) else { return false };
        self.world.open(guest, &invite, None);
        true
    }

    fn leave(&mut self) -> bool {
        let Some((conversation, seat)) = self.pick_member() else { return false };
        self.world.leave(seat, conversation).is_ok()
    }

    fn kill(&mut self) -> bool {
        let mortal: Vec<_> = self.living().into_iter().skip(1).collect();
        let Some(seat) = self.pick(&mortal) else { return false };
        self.world.kill(seat);
        true
    }

    fn quit(&mut self) -> bool {
        let mortal: Vec<_> = self.living().into_iter().skip(1).collect();
        let Some(seat) = self.pick(&mortal) else { return false };
        if let Err(refusal) = self.world.quit(seat) {
            self.world.fail(&format!("{seat:?} cannot quit: {refusal}"));
        }
        // Its farewells are on their way; nobody runs it any more.
        self.world.kill(seat);
        true
    }

    fn restart(&mut self) -> bool {
        let dead: Vec<_> = self.world.seats().filter(|seat| self.world.node(*seat).is_none()).collect();
        let Some(seat) = self.pick(&dead) else { return false };
        // What was kept is enough to find everybody again; only who has lost it needs to be told.
        if self.world.chance.below(5) > 0 {
            self.world.resume(seat);
        } else {
            self.world.restart(seat);
            self.find_introducer(seat);
        }
        true
    }

    /// Somebody dies in the middle of what they do next, between any two outputs.
    fn crash(&mut self) -> bool {
        let mortal: Vec<_> = self.living().into_iter().skip(1).collect();
        let Some(seat) = self.pick(&mortal) else { return false };
        let mut below = |end| u32::try_from(self.world.chance.below(end)).unwrap_or_default();
        let (performed, committed) = (below(40), below(10));
        self.world.crash_after(seat, performed, committed);
        true
    }

    fn cut(&mut self) -> bool {
        self.pick_pair().is_some_and(|(one, other)| {
            match self.world.chance.below(3) {
                0 => self.world.sever(one, other),
                _ => self.world.cut(one, other),
            }
            true
        })
    }

    fn mute(&mut self) -> bool {
        self.pick_pair().is_some_and(|(from, to)| {
            self.world.mute(from, to);
            true
        })
    }

    fn heal(&mut self) -> bool {
        self.pick_pair().is_some_and(|(one, other)| {
            self.world.heal(one, other);
            true
        })
    }

    fn partition(&mut self) -> bool {
        let far: Vec<_> = self.living().into_iter().filter(|_| self.world.chance.below(2) == 0).collect();
        self.world.partition(&[&[], &far]);
        !far.is_empty()
    }

    fn reunite(&mut self) -> bool {
        self.world.heal_all();
        true
    }
}
