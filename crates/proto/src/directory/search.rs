//! Searches: each word's stretch of the ring is walked, what answers is ranked, and who is there is asked (SCAN, DIMA section 3.1.2).

use super::code::Interval;
use super::record::Record;
use super::words::{Rank, Words};
use super::{Directory, copies};
use crate::ctx::Ctx;
use crate::identity::{AccountId, NodeId};
use crate::io::{Event, Presence, SearchId};
use crate::overlay::ring::Key;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::{Found, Frame, Lookup, RouteId, Seek};

/// Searches that may go on at once; one more takes the place of the oldest: people type on.
pub const SEARCHES_MAX: usize = 8;
/// Steps along one stretch of the ring: each covers some seven nodes, so that a prefix is looked up among a hundred nodes.
const STEPS_MAX: u8 = 16;
/// How long the answer to one step may take.
const STEP: Duration = Duration::from_secs(2);
/// How often a step is tried: each time over more ways.
const TRIES_MAX: u8 = 3;
/// How long those who were found may take to say that they are there.
const HAIL: Duration = Duration::from_millis(1_500);

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
    walks: Vec<Walk>,
    is_tolerant: bool,
    found: Table<AccountId, Record>,
    hails: Table<RouteId, NodeId>,
    /// Who has answered, and whether they are there.
    heard: Table<NodeId, bool>,
    hailed_until: Option<Instant>,
}

/// A stretch of the ring that is still to be looked through.
struct Walk {
    left: Interval,
    step: RouteId,
    steps: u8,
    tries: u8,
    due: Instant,
}

impl Directory {
    /// Begins a search for people who are listed under these words, the best `limit` of them.
    pub(crate) fn search(&mut self, ctx: &mut Ctx<'_>, words: Words, limit: usize) -> SearchId {
        let id = SearchId(ctx.rng.bytes());
        let stretches: Vec<_> = words.iter().map(|word| word.prefix(self.code)).collect();
        let mut search = Searching {
            id,
            words,
            limit,
            walks: Vec::new(),
            is_tolerant: false,
            found: Table::default(),
            hails: Table::default(),
            heard: Table::default(),
            hailed_until: None,
        };
        search.walk(ctx, stretches);
        if self.searches.len() >= SEARCHES_MAX {
            // Whoever waits for it is told as far as it came.
            self.searches.remove(0).tell(ctx, true);
        }
        self.searches.push(search);
        id
    }

    /// Takes the answer to a step, or that of somebody who was asked whether they are there.
    pub(super) fn on_search_answer(&mut self, ctx: &mut Ctx<'_>, id: RouteId, load: Frame) -> Option<Frame> {
        match load {
            Frame::Found(found) => {
                let its = |search: &Searching| search.walks.iter().any(|walk| walk.step == id);
                match self.searches.iter().position(its) {
                    Some(at) => {
                        self.searches[at].on_found(ctx, id, found);
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
        for at in (0..self.searches.len()).rev() {
            if self.searches[at].due().is_some_and(|due| due <= ctx.now) {
                self.searches[at].on_timeout(ctx);
                self.go_on(ctx, at);
            }
        }
    }

    /// Begins the next part of a search when one is done, and tells what was found.
    fn go_on(&mut self, ctx: &mut Ctx<'_>, at: usize) {
        let search = &mut self.searches[at];
        if !search.walks.is_empty() {
            return;
        }
        if !search.is_tolerant && search.whole() < search.limit {
            search.is_tolerant = true;
            let stretches: Vec<_> =
                search.words.iter().filter_map(|word| word.tolerant(self.code)).flatten().collect();
            search.walk(ctx, stretches);
            if !search.walks.is_empty() {
                return;
            }
        }
        if search.hailed_until.is_none() {
            search.hail(ctx);
            search.tell(ctx, search.hails.is_empty());
        } else if search.hails.is_empty() {
            search.tell(ctx, true);
        }
        if search.hails.is_empty() {
            self.searches.remove(at);
        }
    }
}

impl Searching {
    fn walk(&mut self, ctx: &mut Ctx<'_>, stretches: Vec<Interval>) {
        for left in stretches {
            let mut walk = Walk { left, step: RouteId([0; 8]), steps: 0, tries: 0, due: ctx.now };
            walk.step(ctx, &self.words);
            self.walks.push(walk);
        }
    }

    /// How many were found who answer to every word.
    fn whole(&self) -> usize {
        let is_whole =
            |record: &&Record| record.standing(&self.words).is_some_and(|(rank, ..)| rank.unmatched == 0);
        self.found.values().filter(is_whole).count()
    }

    fn on_found(&mut self, ctx: &mut Ctx<'_>, step: RouteId, found: Found) {
        let me = ctx.me.account();
        for record in found.records.into_vec() {
            let counts = record.is_current(ctx.now.as_millis())
                && record.account != me
                && record.standing(&self.words).is_some()
                && self.found.get(&record.account).is_none_or(|known| record.supersedes(known));
            if counts {
                self.found.insert(record.account, record);
            }
        }
        let is_enough = self.whole() >= self.limit;
        let Some(at) = self.walks.iter().position(|walk| walk.step == step) else { return };
        let walk = &mut self.walks[at];
        let covered = found.covered.place().max(walk.left.first);
        if is_enough || covered >= walk.left.last || walk.steps >= STEPS_MAX {
            self.walks.remove(at);
        } else {
            walk.left.first = covered + 1;
            walk.tries = 0;
            walk.step(ctx, &self.words);
        }
    }

    fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let words = &self.words;
        self.walks.retain_mut(|walk| {
            let goes_on = walk.due > ctx.now || walk.tries < TRIES_MAX;
            if walk.due <= ctx.now && goes_on {
                walk.step(ctx, words);
            }
            goes_on
        });
        if self.hailed_until.is_some_and(|until| until <= ctx.now) {
            self.hails = Table::default();
        }
    }

    /// Asks those who were found whether they are there.
    fn hail(&mut self, ctx: &mut Ctx<'_>) {
        self.hailed_until = Some(ctx.now + HAIL);
        let nodes: Vec<_> = self.best().flat_map(|(_, record)| record.nodes.iter().copied()).collect();
        for node in nodes {
            let id = ctx.route(Key::from(node), Frame::Lookup(Lookup { node }));
            self.hails.insert(id, node);
        }
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
    /// Asks whoever keeps what lies at the beginning of what is left.
    fn step(&mut self, ctx: &mut Ctx<'_>, words: &Words) {
        let Interval { first, last } = self.left;
        let seek = Seek { first: Key::at(first), last: Key::at(last), words: words.clone() };
        (self.steps, self.tries) = (self.steps + 1, self.tries + 1);
        self.step = ctx.route_around(Key::at(first), Frame::Seek(seek), copies(self.tries));
        self.due = ctx.now + STEP;
    }
}
