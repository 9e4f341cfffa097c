//! Searches for people in rings whose nodes list them under real names: who is found, how soon, and what it takes.
//!
//! Each node has one user, with a first name, a last name and an interest as frequent as they are ([`People`]). A trial is a search by
//! one word of somebody who is there and has been listed for a while, by anybody else: right if the one who is meant is among those who
//! are shown in the end. A trial of which one of the two goes meanwhile is nobody's any more and does not count.
//!
//! A malicious node does to messages of the directory what it does to lookups ([`malice`](super::malice)): it drops them, sends them to an
//! accomplice, or answers as if it were the closest, that a record is kept, and that nobody was found. What it is to keep, it does not.

use super::load::People;
use super::tally::{Sort, Tally};
use super::{Deed, Ring, Told, Turn};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tertulia_proto::directory::code::Code;
use tertulia_proto::directory::words::{Words, listed, sought};
use tertulia_proto::group::Letter;
use tertulia_proto::identity::Name;
use tertulia_proto::io::SearchId;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::wire::{Filed, Found, Frame, Hop, Load, Return};
use tertulia_proto::{AccountId, Duration, Event, Identity, Instant, NodeId};

/// Every user publishes once within this, as they do again and again.
const PUBLISHING: Duration = Duration::from_secs(10 * 60);
/// How long somebody has been listed who is sought: the word that it is done has come.
const LISTED_FOR: Duration = Duration::from_secs(20);
/// How long the last searches may take.
const TAIL: Duration = Duration::from_secs(60);

/// What is typed of a word of whoever is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Query {
    /// All of it.
    Word,
    /// Its beginning: three letters, or more.
    Prefix,
    /// All of it with a typing error, where it has five letters or more.
    Error,
}

/// Searches in a ring.
#[derive(Clone, Copy, Debug)]
pub struct Searches {
    /// Of the world.
    pub seed: u64,
    /// Nodes, and as many users.
    pub nodes: u32,
    /// The code of the words.
    pub code: Code,
    /// What is typed.
    pub query: Query,
    /// How many.
    pub count: usize,
    /// In each second.
    pub each_second: u64,
    /// How many people a search is to show.
    pub limit: usize,
    /// Half of the sessions are shorter; without, all stay.
    pub session: Option<Duration>,
    /// Of a million frames so many are lost.
    pub lost_in_a_million: u32,
    /// Of a hundred nodes so many are malicious, and neither seek nor are sought.
    pub malicious_in_a_hundred: u32,
}

/// What came of them.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Nodes.
    pub nodes: u32,
    /// The code of the words.
    pub code: String,
    /// What was typed.
    pub query: Query,
    /// Searches that count.
    pub searches: usize,
    /// Those that showed whom they were for.
    pub found: usize,
    /// The same as a share.
    pub found_share: f64,
    /// Until the one who was sought was shown.
    pub shown: Times,
    /// Until all was said.
    pub over: Times,
    /// How long a frame takes from one node to another on average.
    pub delay_ms: f64,
    /// What one search takes.
    pub search: Cost,
    /// What a user's listing takes in a minute, records handed on among it.
    pub listing: Cost,
    /// Records that a node keeps for others on average.
    pub kept: f64,
    /// The most that one keeps over that.
    pub greatest_kept_over_mean: f64,
    /// Some words that led nowhere.
    pub missed: Vec<String>,
    /// What nodes counted.
    pub stats: Vec<(String, u64)>,
}

/// Times of searches.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Times {
    /// Half took less, in milliseconds.
    pub median_ms: f64,
    /// Of twenty, nineteen took less.
    pub p95_ms: f64,
    /// The median over the delay of a frame.
    pub median_delays: f64,
}

/// Frames and their bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cost {
    /// Frames.
    pub frames: f64,
    /// Bytes.
    pub bytes: f64,
}

impl Searches {
    /// By whole words in a ring at rest.
    pub fn at_rest(seed: u64, nodes: u32, code: Code) -> Self {
        Self {
            seed,
            nodes,
            code,
            query: Query::Word,
            count: 10_000,
            each_second: 20,
            limit: 1_000,
            session: None,
            lost_in_a_million: 0,
            malicious_in_a_hundred: 0,
        }
    }

    /// The same where a quarter is malicious.
    pub fn among_malicious(seed: u64, nodes: u32, code: Code) -> Self {
        Self { malicious_in_a_hundred: 25, ..Self::at_rest(seed, nodes, code) }
    }

    /// The same with sessions of 15 minutes and one frame in twenty lost.
    pub fn under_churn(seed: u64, nodes: u32, code: Code) -> Self {
        let session = Some(Duration::from_secs(15 * 60));
        Self { session, lost_in_a_million: 50_000, ..Self::at_rest(seed, nodes, code) }
    }

    /// Runs them.
    pub fn run(&self, people: &People) -> Outcome {
        let mut town = Town::new(self, people);
        let is_quiet = self.session.is_none() && self.malicious_in_a_hundred == 0;
        let settled = town.ring.now() + PUBLISHING.times(if is_quiet { 1 } else { 2 }) + LISTED_FOR;
        town.go_on(settled);
        town.ring.weighs = true;
        let (tally, began) = (town.ring.tally().clone(), town.ring.now());
        town.left = self.count;
        town.ring.plan(began, Deed::LookUp);
        let gap = Duration::from_micros(1_000_000 / self.each_second);
        town.go_on(began + gap.times(self.count as u64));
        let (said, took) = (town.ring.tally().since(&tally), town.ring.now().since(began));
        town.go_on(town.ring.now() + TAIL);
        town.outcome(&said, took)
    }
}

/// A ring and its users.
struct Town<'p> {
    plan: &'p Searches,
    people: &'p People,
    ring: Ring,
    rng: Rng,
    users: BTreeMap<u32, User>,
    trials: BTreeMap<(u32, SearchId), Trial>,
    /// Searches that are still to begin.
    left: usize,
}

struct User {
    account: AccountId,
    words: Vec<String>,
    listed: Option<Instant>,
}

/// A search for somebody.
struct Trial {
    word: String,
    target: u32,
    account: AccountId,
    began: Instant,
    shown: Option<Instant>,
    over: Option<Instant>,
    is_found: bool,
    /// Both were there to the end.
    counts: bool,
}

impl<'p> Town<'p> {
    fn new(plan: &'p Searches, people: &'p People) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&plan.seed.to_be_bytes());
        let mut ring = Ring::made(plan.seed, plan.nodes);
        ring.network.lost_in_a_million = plan.lost_in_a_million;
        if plan.malicious_in_a_hundred > 0 {
            ring.corrupt(plan.malicious_in_a_hundred);
        }
        let (users, trials) = (BTreeMap::new(), BTreeMap::new());
        let mut town = Self { plan, people, ring, rng: Rng::new(seed), users, trials, left: 0 };
        for number in 0..plan.nodes {
            let after = Duration::from_micros(town.ring.chance.below(PUBLISHING.as_micros()));
            town.settle(number, after);
        }
        town
    }

    /// A user comes with a node and is going to publish.
    fn settle(&mut self, number: u32, after: Duration) {
        let words: Vec<String> =
            self.people.draw(1, &mut self.rng).concat().into_iter().map(str::to_owned).collect();
        let name = Name::cut(&words.join(" "));
        let me = Identity::generate(&mut self.rng, &name, 1);
        if !self.ring.is_malicious(number) {
            self.users.insert(number, User { account: me.account(), words, listed: None });
        }
        let code = self.plan.code;
        self.ring.step(number, |node, common, now| node.take_part(common, now, me, code));
        self.ring.plan(self.ring.now() + after, Deed::Other(number.into()));
        if let Some(session) = self.plan.session {
            let end = self.ring.now() + self.ring.chance.span(session);
            self.ring.plan(end, Deed::Crash(number));
        }
    }

    fn go_on(&mut self, end: Instant) {
        while let Some(turn) = self.ring.run(end) {
            match turn {
                Turn::Deed(Deed::Other(number)) => self.publish(number as u32),
                Turn::Deed(Deed::Crash(number)) => self.replace(number),
                Turn::Deed(Deed::LookUp) if self.left > 0 => {
                    self.left -= 1;
                    self.search();
                    let next = self.ring.now() + Duration::from_micros(1_000_000 / self.plan.each_second);
                    self.ring.plan(next, Deed::LookUp);
                }
                _ => {}
            }
            self.hear();
        }
        self.hear();
    }

    fn publish(&mut self, number: u32) {
        let Some(user) = self.users.get_mut(&number) else { return };
        user.listed = Some(self.ring.now());
        let words = listed(&user.words.join(" "), Letter::of);
        self.ring.step(number, |node, common, now| node.publish(common, now, words));
    }

    /// Somebody goes, and somebody else comes.
    fn replace(&mut self, number: u32) {
        self.ring.crash(number);
        self.users.remove(&number);
        for ((seeker, _), trial) in &mut self.trials {
            trial.counts &= trial.over.is_some() || (*seeker != number && trial.target != number);
        }
        let next = self.ring.come();
        self.settle(next, Duration::from_secs(5));
    }

    /// Somebody looks for somebody else.
    fn search(&mut self) {
        let now = self.ring.now();
        let (Some(seeker), Some((target, word))) = (self.ring.anyone(), self.sought()) else { return };
        if seeker == target || self.ring.is_malicious(seeker) {
            return;
        }
        let typed = self.typed(&word);
        let words = sought(&typed, Letter::of);
        let id = self.ask(seeker, words);
        let account = self.users[&target].account;
        let trial = Trial {
            word: typed,
            target,
            account,
            began: now,
            shown: None,
            over: None,
            is_found: false,
            counts: true,
        };
        self.trials.extend(id.map(|id| ((seeker, id), trial)));
    }

    fn ask(&mut self, seeker: u32, words: Words) -> Option<SearchId> {
        let (limit, mut id) = (self.plan.limit, None);
        self.ring.step(seeker, |node, common, now| id = node.search(common, now, words, limit));
        id
    }

    /// Somebody who has been listed for a while, and a word of theirs that is long enough for what is to be typed.
    fn sought(&mut self) -> Option<(u32, String)> {
        let shortest = match self.plan.query {
            Query::Word => 1,
            Query::Prefix => 4,
            Query::Error => 5,
        };
        for _ in 0..1_000 {
            let target = self.ring.anyone()?;
            let Some(user) = self.users.get(&target) else { continue };
            let is_listed = user.listed.is_some_and(|since| since + LISTED_FOR < self.ring.now());
            let word = &user.words[self.ring.chance.below(user.words.len() as u64) as usize];
            if is_listed && word.chars().count() >= shortest {
                return Some((target, word.clone()));
            }
        }
        None
    }

    /// What is typed for a word.
    fn typed(&mut self, word: &str) -> String {
        let chars: Vec<char> = word.chars().collect();
        let mut pick = |bound: usize| self.ring.chance.below(bound as u64) as usize;
        match self.plan.query {
            Query::Word => word.to_owned(),
            Query::Prefix => chars[..3 + pick(chars.len() - 3)].iter().collect(),
            Query::Error => {
                let (at, letter) = (pick(chars.len()), char::from(b'a' + pick(26) as u8));
                let (before, after) = chars.split_at(at);
                let changed = match (pick(4), after) {
                    (0, _) => [before, &[letter], after].concat(),
                    (1, [_, rest @ ..]) => [before, rest].concat(),
                    (2, [one, other, rest @ ..]) => [before, &[*other, *one], rest].concat(),
                    (_, [_, rest @ ..]) => [before, &[letter], rest].concat(),
                    (_, []) => chars,
                };
                changed.into_iter().collect()
            }
        }
    }

    /// Takes note of what users are told.
    fn hear(&mut self) {
        while let Some(Told { when, by, event }) = self.ring.poll_told() {
            let Event::Found { search, people, is_over } = event else { continue };
            let Some(trial) = self.trials.get_mut(&(by, search)) else { continue };
            trial.is_found = people.iter().any(|person| person.user == trial.account);
            if trial.is_found {
                trial.shown.get_or_insert(when);
            }
            if is_over {
                trial.over = Some(when);
            }
        }
    }

    fn outcome(mut self, said: &Tally, took: Duration) -> Outcome {
        let delay_ms = self.mean_delay_ms();
        let all: Vec<&Trial> = self.trials.values().filter(|trial| trial.counts).collect();
        let found = all.iter().filter(|trial| trial.is_found && trial.over.is_some()).count();
        let times = |moment: fn(&Trial) -> Option<Instant>| {
            let mut all: Vec<f64> = all
                .iter()
                .filter_map(|trial| Some(moment(trial)?.since(trial.began).as_micros() as f64 / 1000.0))
                .collect();
            all.sort_by(f64::total_cmp);
            let at = |share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or_default();
            Times { median_ms: at(0.5), p95_ms: at(0.95), median_delays: at(0.5) / delay_ms }
        };
        let cost = |sorts: &[Sort], each: f64| Cost {
            frames: sorts.iter().map(|sort| said.of(*sort) as f64).sum::<f64>() / each,
            bytes: sorts.iter().map(|sort| said.bytes_of(*sort) as f64).sum::<f64>() / each,
        };
        let kept: Vec<usize> = self
            .ring
            .there()
            .iter()
            .filter_map(|number| self.ring.node(*number))
            .map(|node| node.kept())
            .collect();
        let mean = kept.iter().sum::<usize>() as f64 / kept.len() as f64;
        let minutes = took.as_millis() as f64 / 60_000.0 * f64::from(self.plan.nodes);
        Outcome {
            nodes: self.plan.nodes,
            code: format!("{:?}", self.plan.code).to_lowercase(),
            query: self.plan.query,
            searches: all.len(),
            found,
            found_share: found as f64 / all.len() as f64,
            shown: times(|trial| trial.shown),
            over: times(|trial| trial.over),
            delay_ms,
            search: cost(&[Sort::Search], self.trials.len() as f64),
            listing: cost(&[Sort::Listing, Sort::Keep], minutes),
            kept: mean,
            greatest_kept_over_mean: kept.iter().copied().max().unwrap_or_default() as f64 / mean,
            missed: all
                .iter()
                .filter(|trial| !trial.is_found)
                .map(|trial| trial.word.clone())
                .take(20)
                .collect(),
            stats: self.ring.stats().map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }

    fn mean_delay_ms(&mut self) -> f64 {
        const PAIRS: u64 = 10_000;
        let count = self.ring.there().len() as u64;
        let mut sum = 0;
        for _ in 0..PAIRS {
            let [from, to] = [(); 2].map(|()| {
                let at = self.ring.chance.below(count) as usize;
                self.ring.there()[at]
            });
            sum += self.ring.delay(from, to).as_micros();
        }
        sum as f64 / PAIRS as f64 / 1000.0
    }
}

impl Ring {
    fn is_malicious(&self, number: u32) -> bool {
        self.villains.as_ref().is_some_and(|villains| villains.contains(number))
    }

    /// What a malicious node does with a frame of the directory. Says what is left to be done, if it is another.
    pub(crate) fn betray(&mut self, from: NodeId, by: NodeId, frame: Frame) -> Option<Frame> {
        let route = match frame {
            Frame::Route(route) => route,
            Frame::Keep(_) => return None,
            other => return Some(other),
        };
        let lie = match &*route.load.0 {
            Frame::Seek(seek) => Frame::Found(Found { records: List::default(), covered: seek.last }),
            Frame::Publish(_) => Frame::Filed(Filed { kept: true }),
            _ => return Some(Frame::Route(route)),
        };
        self.carry(by, from, Box::new(Frame::Hop(Hop { id: route.id, hint: None, declined: None })), None);
        match self.chance.below(3) {
            0 => {}
            1 => self.mislead(by, route),
            _ => {
                let answer = Return { id: route.id, path: route.path, load: Load(Arc::new(lie)) };
                self.carry(by, from, Box::new(Frame::Return(answer)), None);
            }
        }
        None
    }
}
