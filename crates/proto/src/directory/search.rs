//! Searches: each word's stretch of the ring is walked, what answers is ranked, and who is there is asked (SCAN, DIMA section 3.1.2).

use super::code::{Code, Interval, Reading};
use super::record::Record;
use super::words::{Rank, Word, Words};
use super::{Aside, COPIES, Directory, copies};
use crate::ctx::Ctx;
use crate::identity::{AccountId, NodeId};
use crate::io::{Event, Presence, SearchId};
use crate::overlay::ring::Key;
use crate::table::{Set, Table};
use crate::time::{Duration, Instant};
use crate::wire::{Found, Frame, Lookup, RouteId, Seek};

/// Searches that may go on at once; one more takes the place of the oldest: people type on.
pub const SEARCHES_MAX: usize = 8;
/// The most people that one search yields: more are not looked through by anybody who can type another word.
pub const FOUND_MAX: usize = 100;
/// Steps along one stretch of the ring: each covers some four nodes, so that a prefix is looked up among sixty nodes. One that finds
/// people who answer to all words does not count: their number is limited.
const STEPS_MAX: u8 = 16;
/// Steps that are gone for words that are only alike where the words themselves were found.
const STEPS_FEW: u8 = 4;
/// How long the answer to one step may take.
const STEP: Duration = Duration::from_secs(2);
/// How often a step is tried: each time over more ways.
const TRIES_MAX: u8 = 3;
/// How long those who were found may take to say that they are there.
const HAIL: Duration = Duration::from_millis(1_500);

/// How far from a word's place those are who are asked when nobody was found, in halves of how far apart nodes are.
const ASIDE: [i8; 4] = [-5, -2, 2, 5];

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPerson {
    /// Who.
    pub user: AccountId,
    /// What they call themselves.
    pub name: String,
    /// What they are listed under.
    pub words: Vec<String>,
    /// How many words of the query they answer.
    pub matched: usize,
    /// Where they are, the nodes that answer first.
    pub nodes: Vec<NodeId>,
    /// Whether they are there.
    pub presence: Presence,
}

/// A search.
pub(super) struct Searching {
    id: SearchId,
    words: Words,
    limit: usize,
    stage: Stage,
    walks: Vec<Walk>,
    /// All steps so far: more than one answer may come to each.
    steps: Set<RouteId>,
    found: Table<AccountId, Record>,
    /// Who was asked whether they are there.
    asked: Set<NodeId>,
    hails: Table<RouteId, NodeId>,
    /// Who has answered, and whether they are there.
    heard: Table<NodeId, bool>,
    hailed_until: Option<Instant>,
}

/// How a stretch is walked.
struct Pace {
    /// So many steps at the most.
    steps: u8,
    /// See [`Walk`].
    beside: i8,
}

/// The usual way.
const WHOLE: Pace = Pace { steps: STEPS_MAX, beside: 0 };
/// The same past the neighbours of those who were asked.
const BESIDE: Pace = Pace { steps: STEPS_MAX, beside: 2 };

/// How far a search has come. It goes on as long as it has found fewer than it may show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// What begins with the words is looked for.
    Plain,
    /// What is like the words; and the words once more, with others who keep them and where they lie read backward.
    Tolerant,
    /// Nobody was found, and that may be a lie of those who answered: others are asked for the words.
    Doubting,
}

/// A stretch of the ring that is still to be looked through.
struct Walk {
    left: Interval,
    step: RouteId,
    steps: u8,
    tries: u8,
    due: Instant,
    /// How far beside what is left it is asked for, in halves of how far apart nodes are.
    beside: i8,
    /// Whether all who answer until it is due are heard.
    is_doubting: bool,
}

impl Directory {
    /// Begins a search for people who are listed under these words, the best `limit` of them.
    pub(crate) fn search(&mut self, ctx: &mut Ctx<'_>, words: Words, limit: usize) -> SearchId {
        let (id, aside) = (SearchId(ctx.rng.bytes()), self.aside());
        let stretches: Vec<_> = words.iter().map(|word| word.prefix(self.code)).collect();
        let mut search = Searching {
            id,
            words,
            limit,
            stage: Stage::Plain,
            walks: Vec::new(),
            steps: Set::default(),
            found: Table::default(),
            asked: Set::default(),
            hails: Table::default(),
            heard: Table::default(),
            hailed_until: None,
        };
        search.walk(ctx, aside, stretches.into_iter().map(|left| (left, WHOLE)));
        if self.searches.len() >= SEARCHES_MAX {
            // Whoever waits for it is told as far as it came.
            self.searches.remove(0).tell(ctx, true);
        }
        self.searches.push(search);
        id
    }

    /// Takes the answer to a step, or that of somebody who was asked whether they are there.
    pub(super) fn on_search_answer(&mut self, ctx: &mut Ctx<'_>, id: RouteId, load: Frame) -> Option<Frame> {
        let aside = self.aside();
        match load {
            Frame::Found(found) => {
                let its = |search: &Searching| search.steps.contains_key(&id);
                match self.searches.iter().position(its) {
                    Some(at) => {
                        self.searches[at].on_found(ctx, aside, id, found);
                        self.go_on(ctx, at);
                    }
                    None => ctx.count("directory_found_late"),
                }
                None
            }
            load => {
                let its = |search: &Searching| search.hails.contains_key(&id);
                let Some(at) = self.searches.iter().position(its) else { return Some(load) };
                self.searches[at].on_hailed(id, &load);
                self.go_on(ctx, at);
                None
            }
        }
    }

    pub(super) fn on_searches_due(&mut self, ctx: &mut Ctx<'_>) {
        let aside = self.aside();
        for at in (0..self.searches.len()).rev() {
            if self.searches[at].due().is_some_and(|due| due <= ctx.now) {
                self.searches[at].on_timeout(ctx, aside);
                self.go_on(ctx, at);
            }
        }
    }

    /// Begins the next part of a search when one is done, and tells what was found.
    fn go_on(&mut self, ctx: &mut Ctx<'_>, at: usize) {
        let (code, aside) = (self.code, self.aside());
        let search = &mut self.searches[at];
        let is_done = search.walks.is_empty();
        while search.walks.is_empty() && search.whole() < search.limit && search.next_stage(ctx, code, aside)
        {
        }
        // Those who were found are asked while others are still looked for.
        if is_done && search.hail(ctx) {
            search.tell(ctx, false);
        }
        if search.walks.is_empty() && search.hails.is_empty() {
            self.searches.remove(at).tell(ctx, true);
        }
    }
}

impl Searching {
    /// Begins to walk along stretches.
    fn walk(&mut self, ctx: &mut Ctx<'_>, aside: Aside, stretches: impl Iterator<Item = (Interval, Pace)>) {
        for (left, Pace { steps, beside }) in stretches.collect::<Vec<_>>() {
            let (step, steps) = (RouteId([0; 8]), STEPS_MAX - steps);
            let mut walk = Walk { left, step, steps, tries: 0, due: ctx.now, beside, is_doubting: false };
            walk.step(ctx, aside, &self.words);
            self.steps.insert(walk.step, ());
            self.walks.push(walk);
        }
    }

    /// Begins the next stage, if there is one.
    fn next_stage(&mut self, ctx: &mut Ctx<'_>, code: Code, aside: Aside) -> bool {
        match self.stage {
            Stage::Plain => {
                self.stage = Stage::Tolerant;
                let few = if self.whole() > 0 { STEPS_FEW } else { STEPS_MAX };
                let words = self.words.clone();
                let interval = |word: &Word, reading| code.word(word.as_str(), reading);
                let again = words.iter().flat_map(|word| {
                    [(interval(word, Reading::Forward), BESIDE), (interval(word, Reading::Backward), WHOLE)]
                });
                let alike = words.iter().filter_map(|word| word.tolerant(code)).flatten();
                let alike = alike.map(|left| (left, Pace { steps: few, beside: 0 }));
                self.walk(ctx, aside, again.chain(alike));
            }
            Stage::Tolerant if self.whole() == 0 => {
                self.stage = Stage::Doubting;
                self.doubt(ctx, code, aside);
            }
            Stage::Tolerant | Stage::Doubting => return false,
        }
        true
    }

    /// Asks many, over many ways, for the words and their beginnings: whoever was asked so far may have come just now, as we may
    /// have ourselves, and have no records yet.
    fn doubt(&mut self, ctx: &mut Ctx<'_>, code: Code, aside: Aside) {
        let both = |word: &Word| [word.prefix(code), code.word(word.as_str(), Reading::Backward)];
        let places: Vec<_> = self.words.iter().flat_map(both).collect();
        for left in places {
            for halves in ASIDE {
                let seek = Walk::seek(left, &self.words);
                let step = ctx.route_around(aside.of(left.first, halves), Frame::Seek(seek), COPIES[0]);
                self.steps.insert(step, ());
                let due = ctx.now + STEP;
                let (beside, is_doubting) = (halves, true);
                self.walks.push(Walk { left, step, steps: 1, tries: TRIES_MAX, due, beside, is_doubting });
            }
        }
    }

    /// How many were found who answer to every word.
    fn whole(&self) -> usize {
        let is_whole =
            |record: &&Record| record.standing(&self.words).is_some_and(|(rank, ..)| rank.unmatched == 0);
        self.found.values().filter(is_whole).count()
    }

    fn on_found(&mut self, ctx: &mut Ctx<'_>, aside: Aside, step: RouteId, found: Found) {
        let before = self.whole();
        self.take(ctx, found.records.into_vec());
        let whole = self.whole();
        if whole >= self.limit {
            self.walks.clear();
        }
        let Some(at) = self.walks.iter().position(|walk| walk.step == step) else { return };
        let walk = &mut self.walks[at];
        if walk.is_doubting {
            // One who tells the truth is enough.
            if whole > 0 {
                self.walks.clear();
            }
            return;
        }
        if whole > before {
            walk.steps = walk.steps.saturating_sub(1);
        }
        let covered = found.covered.place().max(walk.left.first);
        // Whoever was asked beside it may not be near enough to know more.
        let is_lost = walk.beside != 0 && covered == walk.left.first;
        if is_lost || covered >= walk.left.last || walk.steps >= STEPS_MAX {
            self.walks.remove(at);
        } else {
            walk.left.first = covered + 1;
            walk.tries = 0;
            walk.step(ctx, aside, &self.words);
            self.steps.insert(walk.step, ());
        }
    }

    /// Takes records that answer.
    fn take(&mut self, ctx: &Ctx<'_>, records: Vec<Record>) {
        let me = ctx.me.account();
        for record in records {
            let counts = record.is_current(ctx.now.as_millis())
                && record.account != me
                && record.standing(&self.words).is_some()
                && self.found.get(&record.account).is_none_or(|known| record.supersedes(known));
            if counts {
                self.found.insert(record.account, record);
            }
        }
    }

    fn on_timeout(&mut self, ctx: &mut Ctx<'_>, aside: Aside) {
        let Self { walks, words, steps, .. } = self;
        walks.retain_mut(|walk| {
            let goes_on = walk.due > ctx.now || walk.tries < TRIES_MAX;
            if walk.due <= ctx.now && goes_on {
                walk.step(ctx, aside, words);
                steps.insert(walk.step, ());
            }
            goes_on
        });
        if self.hailed_until.is_some_and(|until| until <= ctx.now) {
            (self.hails, self.hailed_until) = (Table::default(), None);
        }
    }

    /// Asks those who were found whether they are there, and have not been asked; says whether there were any.
    fn hail(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let nodes: Vec<_> = self.best().flat_map(|(_, record)| record.nodes.iter().copied()).collect();
        let mut some = false;
        for node in nodes {
            if !self.asked.contains_key(&node) {
                self.asked.insert(node, ());
                let id = ctx.route(Key::from(node), Frame::Lookup(Lookup { node }));
                self.hails.insert(id, node);
                some = true;
            }
        }
        if some {
            self.hailed_until = Some(ctx.now + HAIL);
        }
        some
    }

    fn on_hailed(&mut self, id: RouteId, load: &Frame) {
        let Some(node) = self.hails.remove(&id) else { return };
        // Only the node itself has its certificate and the answer that it is nowhere is the closest's.
        let is_there = matches!(load, Frame::Contact(contact) if contact.certificate.node() == node);
        self.heard.insert(node, is_there);
    }

    /// Those who were found, the best first.
    fn best(&self) -> impl Iterator<Item = (Rank, &Record)> {
        let mut ranked = Table::default();
        for record in self.found.values() {
            if let Some((rank, name, account)) = record.standing(&self.words) {
                ranked.insert((rank, name, account), record);
            }
        }
        ranked.take().into_iter().map(|((rank, ..), record)| (rank, record)).take(self.limit)
    }

    fn tell(&self, ctx: &mut Ctx<'_>, is_over: bool) {
        let people = self.best().map(|(rank, record)| self.person(rank, record)).collect();
        ctx.tell(Event::Found { search: self.id, people, is_over });
    }

    fn person(&self, rank: Rank, record: &Record) -> FoundPerson {
        let is_there = |node: &&NodeId| self.heard.get(node) == Some(&true);
        let mut nodes: Vec<_> = record.nodes.iter().filter(is_there).copied().collect();
        let all_said = record.nodes.iter().all(|node| self.heard.contains_key(node));
        let presence = match (nodes.is_empty(), all_said) {
            (false, _) => Presence::Online,
            (true, true) => Presence::Offline,
            (true, false) => Presence::Unknown,
        };
        nodes.extend(record.nodes.iter().filter(|node| !is_there(node)));
        FoundPerson {
            user: record.account,
            name: record.name.as_str().to_owned(),
            words: record.words.iter().map(|word| word.as_str().to_owned()).collect(),
            matched: self.words.len() - usize::from(rank.unmatched),
            nodes,
            presence,
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.walks.iter().map(|walk| walk.due).chain(self.hailed_until).min()
    }
}

impl Walk {
    fn seek(left: Interval, words: &Words) -> Seek {
        Seek { first: Key::at(left.first), last: Key::at(left.last), words: words.clone() }
    }

    /// Asks whoever keeps what lies at the beginning of what is left.
    fn step(&mut self, ctx: &mut Ctx<'_>, aside: Aside, words: &Words) {
        (self.steps, self.tries) = (self.steps + 1, self.tries + 1);
        let seek = Self::seek(self.left, words);
        let to = aside.of(self.left.first, self.beside);
        self.step = ctx.route_around(to, Frame::Seek(seek), copies(self.tries));
        self.due = ctx.now + STEP;
    }
}
