//! A stage without a network: nodes whose channels are queues, so that every frame is seen and none is late.

use std::collections::{BTreeMap, VecDeque};
use tertulia_proto::endpoint::{Address, Candidate, CandidateHost, CandidateKind, IcePwd, IceUfrag};
use tertulia_proto::identity::Name;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{
    CloseReason, Command, Config, Description, Duration, Endpoint, Event, Fingerprint, Identity, Input,
    Instant, LinkId, Node, Output, Reply,
};

/// When everything begins: 2027-01-15, 08:00 UTC.
pub(crate) const BEGINNING_MS: u64 = 1_800_000_000_000;

/// One of the players, by place in the cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Player(usize);

/// A frame that was sent.
pub(crate) struct Said {
    pub from: Player,
    pub to: Player,
    pub bytes: Vec<u8>,
}

/// The nodes and all that is on its way between them.
pub(crate) struct Stage {
    config: Config,
    now: Instant,
    cast: Vec<Actor>,
    ends: BTreeMap<(Player, LinkId), (Player, LinkId)>,
    /// Who prepared the half of a session with this user fragment.
    halves: BTreeMap<String, (Player, LinkId)>,
    queue: VecDeque<(Player, Input)>,
    /// Between whom nothing passes, and what waits for that to end.
    parted: Option<[Player; 2]>,
    parked: VecDeque<(Player, Input)>,
    said: Vec<Said>,
    inbound: u64,
}

struct Actor {
    label: &'static str,
    seed: u8,
    node: Node,
    fingerprint: Fingerprint,
    events: Vec<Event>,
}

impl Stage {
    /// An empty stage for nodes with links and nothing else.
    pub(crate) fn new() -> Self {
        Self::of(Config::TAB)
    }

    /// An empty stage for nodes of one configuration.
    pub(crate) fn of(config: Config) -> Self {
        Self {
            config,
            now: Instant::from_millis(BEGINNING_MS),
            cast: Vec::new(),
            ends: BTreeMap::new(),
            halves: BTreeMap::new(),
            queue: VecDeque::new(),
            parted: None,
            parked: VecDeque::new(),
            said: Vec::new(),
            inbound: 0,
        }
    }

    /// A tab enters. Its keys are the stream under 32 bytes of `seed`, its node's chance that under 32 bytes
    /// of `seed + 0x40`.
    pub(crate) fn tab(&mut self, (name, label): (&str, &'static str), seed: u8) -> Player {
        let identity = Identity::generate(&mut Rng::new([seed; 32]), &Name::cut(name), BEGINNING_MS);
        let node = Node::new(identity, self.config, [seed + 0x40; 32], self.now);
        let fingerprint = Fingerprint(std::array::from_fn(|at| (seed << 5) + u8::try_from(at).unwrap()));
        self.cast.push(Actor { label, seed, node, fingerprint, events: Vec::new() });
        Player(self.cast.len() - 1)
    }

    /// A node that can be dialled enters.
    pub(crate) fn native(&mut self, names: (&str, &'static str), seed: u8) -> Player {
        let player = self.tab(names, seed);
        let endpoint = Some(self.endpoint(player));
        self.give(player, Input::Listening { endpoint });
        player
    }

    /// Where a native player can be dialled.
    pub(crate) fn endpoint(&self, player: Player) -> Endpoint {
        let addresses = ["192.0.2.2:41000", "[2001:db8::2]:41000", "127.0.0.1:41000"];
        let addresses = List::first(addresses.map(|address| Address(address.parse().unwrap())));
        Endpoint { fingerprint: self.fingerprint(player), addresses }
    }

    pub(crate) fn cast(&self) -> impl Iterator<Item = Player> + use<> {
        (0..self.cast.len()).map(Player)
    }

    /// What a player is called in the vectors' names.
    pub(crate) fn label(&self, player: Player) -> &'static str {
        self.cast[player.0].label
    }

    pub(crate) fn seed(&self, player: Player) -> u8 {
        self.cast[player.0].seed
    }

    pub(crate) fn node(&self, player: Player) -> &Node {
        &self.cast[player.0].node
    }

    pub(crate) fn fingerprint(&self, player: Player) -> Fingerprint {
        self.cast[player.0].fingerprint
    }

    /// Has a player do something, and all that follows from it at once.
    pub(crate) fn order(&mut self, player: Player, command: Command) -> Reply {
        let reply = self.cast[player.0].node.command(command, self.now).expect("the story is playable");
        self.empty(player);
        self.play();
        reply
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            self.play();
            let due = self.cast.iter().filter_map(|actor| actor.node.poll_timeout()).map(|(at, _)| at).min();
            let Some(at) = due.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.cast().for_each(|player| self.queue.push_back((player, Input::Tick)));
        }
        self.now = end;
    }

    /// Lets nothing pass between two players until [`Self::reunite`].
    pub(crate) fn part(&mut self, one: Player, other: Player) {
        self.parted = Some([one, other]);
    }

    /// Ends the parting: what waited arrives.
    pub(crate) fn reunite(&mut self) {
        self.parted = None;
        self.queue.append(&mut self.parked);
        self.play();
    }

    /// What was said since this was asked last.
    pub(crate) fn said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// What the first event that matches yields; such an event must have happened.
    pub(crate) fn event<T>(&self, player: Player, pick: impl FnMut(&Event) -> Option<T>) -> T {
        self.cast[player.0].events.iter().find_map(pick).expect("the event happened")
    }

    fn give(&mut self, player: Player, input: Input) {
        self.cast[player.0].node.handle(input, self.now);
        self.empty(player);
    }

    fn play(&mut self) {
        while let Some((player, input)) = self.queue.pop_front() {
            if self.is_parted(player, &input) {
                self.parked.push_back((player, input));
            } else {
                self.give(player, input);
            }
        }
    }

    fn is_parted(&self, player: Player, input: &Input) -> bool {
        let (Some(parted), Input::Frame { link, .. }) = (self.parted, input) else { return false };
        let from = self.ends.get(&(player, *link)).map(|(from, _)| *from);
        parted.contains(&player) && from.is_some_and(|from| parted.contains(&from))
    }

    fn empty(&mut self, player: Player) {
        while let Some(output) = self.cast[player.0].node.poll_output() {
            match output {
                Output::Dial { link, endpoint } => self.dial(player, link, &endpoint),
                Output::Offer { link, .. } => self.describe(player, link),
                Output::Accept { link, offer, .. } => {
                    self.join((player, link), &offer);
                    self.describe(player, link);
                }
                Output::Complete { link, answer } => {
                    self.join((player, link), &answer);
                    self.open((player, link));
                }
                Output::Send { link, bytes } => self.send((player, link), bytes),
                Output::Close { link } => self.close((player, link)),
                Output::SendKept { .. } => panic!("so short a story is in memory"),
                // Vectors show what goes over links.
                Output::Store { .. } => {}
                Output::Event(event) => self.cast[player.0].events.push(event),
            }
        }
    }

    fn dial(&mut self, player: Player, link: LinkId, endpoint: &Endpoint) {
        let is_there = |other: &Player| self.fingerprint(*other) == endpoint.fingerprint;
        let other = self.cast().find(is_there).expect("somebody listens at the endpoint");
        self.inbound += 1;
        let far = (other, LinkId::inbound(self.inbound));
        self.ends.insert((player, link), far);
        self.ends.insert(far, (player, link));
        self.open((player, link));
    }

    fn describe(&mut self, player: Player, link: LinkId) {
        let description = self.description(player, link);
        self.halves.insert(description.ufrag.as_str().to_owned(), (player, link));
        self.queue.push_back((player, Input::Described { link, description }));
    }

    fn description(&self, player: Player, link: LinkId) -> Description {
        let (seed, fingerprint) = (self.cast[player.0].seed, self.cast[player.0].fingerprint);
        let candidate = |host, kind, priority| Candidate { host, port: 50_000, kind, priority };
        let mdns = tertulia_proto::endpoint::MdnsName::new("5e1b7a00-07c1-4d5e-9f00-000000000001.local");
        let ip = [203, 0, 113, seed].into();
        Description {
            ufrag: IceUfrag::new(&format!("uf{seed:02}{}", link.0)).unwrap(),
            pwd: IcePwd::new(&format!("pwd+of/a/session/{seed:02}{:06}", link.0)).unwrap(),
            fingerprint,
            candidates: List::first([
                candidate(CandidateHost::Mdns(mdns.unwrap()), CandidateKind::Host, 2_130_706_431),
                candidate(CandidateHost::Ip(ip), CandidateKind::ServerReflexive, 1_694_498_815),
            ]),
        }
    }

    fn join(&mut self, near: (Player, LinkId), theirs: &Description) {
        let far = self.halves[theirs.ufrag.as_str()];
        self.ends.insert(near, far);
        self.ends.insert(far, near);
    }

    fn open(&mut self, near: (Player, LinkId)) {
        let far = self.ends[&near];
        for (end, other) in [(near, far), (far, near)] {
            let (local, remote) = (self.fingerprint(end.0), self.fingerprint(other.0));
            self.queue.push_back((end.0, Input::Opened { link: end.1, local, remote }));
        }
    }

    fn send(&mut self, near: (Player, LinkId), bytes: Vec<u8>) {
        let Some((to, link)) = self.ends.get(&near).copied() else { return };
        self.said.push(Said { from: near.0, to, bytes: bytes.clone() });
        self.queue.push_back((to, Input::Frame { link, bytes }));
    }

    fn close(&mut self, near: (Player, LinkId)) {
        if let Some(far) = self.ends.remove(&near) {
            self.queue.push_back((far.0, Input::Closed { link: far.1, reason: CloseReason::Left }));
        }
    }
}
