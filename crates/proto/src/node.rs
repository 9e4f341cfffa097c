//! The node: the only boundary. It routes between the concepts, which do not know each other.

mod archive;
mod command;
mod entry;
mod overlay;
mod people;
mod restore;
mod seek;
mod views;

pub use restore::Restoring;

use crate::ctx::{Ctx, Out};
use crate::directory::Directory;
use crate::directory::code::Code;
use crate::envelope::Envelopes;
use crate::group::{Asking, Groups, Inbox, Requests};
use crate::identity::{Identity, NodeId};
use crate::invite::{OfferId, ReplyCode};
use crate::io::{CloseReason, Event, Input, LinkId, Output, Wake};
use crate::link::errands::Errands;
use crate::link::handshake::Peer;
use crate::link::introduction::{Carrier, Introductions, Invited};
use crate::link::pursuit::{Pursuits, Way};
use crate::link::reach::{ENDPOINTS_MAX, ENDPOINTS_OF_SUPER_NODE_MAX, Reach};
use crate::link::seeking::Seeking;
use crate::link::{Change, Links};
use crate::overlay::Overlay;
use crate::preferences::Preferences;
use crate::rng::Rng;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::{Frame, OVERLAY, SessionId};

/// What a node is told at its birth and does not change.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many links it keeps at most: 40 in a tab, 200 natively (DESIGN, section 5).
    pub link_budget: usize,
    /// How long a participant may be away before the coordinator signs it out (DESIGN, section 6).
    pub evict_after: Duration,
    /// Whether two nodes share at most one conversation of each kind (García, section 3).
    pub one_per_type: bool,
    /// How many bytes of each conversation's latest operations are in memory, as they are on the wire; in memory they are
    /// some five times that. The rest is read again when it is asked for.
    pub resident_max: usize,
    /// Whether the node is part of the overlay, by which nodes and people find each other. Off here, so that a world of few
    /// nodes is linked as its people want it; the programs turn it on.
    pub overlay: bool,
    /// How words become places in the directory. Nodes that are to find each other's words use the same.
    pub code: Code,
    /// Whether it wants to be part of the network: with next to no links it dials by itself whom it knows where to dial. Off
    /// here, so that a world of few nodes is linked as its people want it; the programs turn it on.
    pub seeks: bool,
    /// Whether others lean on it: a super-node remembers more endpoints (DESIGN, section 8). It only lifts limits.
    pub super_node: bool,
}

impl Config {
    /// What fits a browser tab.
    pub const TAB: Self = Self {
        link_budget: 40,
        evict_after: Duration::from_secs(10 * 60),
        one_per_type: false,
        resident_max: 64 * 1024,
        overlay: false,
        code: Code::Balanced,
        seeks: false,
        super_node: false,
    };
    /// What fits a native node.
    pub const NATIVE: Self = Self { link_budget: 200, resident_max: 256 * 1024, ..Self::TAB };
    /// What fits a native node that others lean on: a machine that is always there.
    pub const SUPER_NODE: Self = Self { link_budget: 1000, super_node: true, ..Self::NATIVE };

    fn endpoints_max(&self) -> usize {
        if self.super_node { ENDPOINTS_OF_SUPER_NODE_MAX } else { ENDPOINTS_MAX }
    }
}

/// One running instance of a user.
///
/// The driver gives it inputs and commands, then drains [`Node::poll_output`] until there is none, and calls
/// again with [`Input::Tick`] when [`Node::poll_timeout`] has passed. It never blocks, sleeps or reads a clock.
pub struct Node {
    identity: Identity,
    preferences: Preferences,
    config: Config,
    rng: Rng,
    now: Instant,
    out: Out,
    links: Links,
    introductions: Introductions,
    pursuits: Pursuits,
    reach: Reach,
    seeking: Seeking,
    groups: Groups,
    asking: Asking,
    requests: Requests,
    inbox: Inbox,
    by_hand: Table<LinkId, ByHand>,
    overlay: Option<Overlay>,
    errands: Errands,
    directory: Directory,
    envelopes: Envelopes,
}

/// A link by hand whose other half people carry.
enum ByHand {
    /// Our offer is in an invite.
    Offered { id: OfferId, invite: Box<crate::Invite> },
    /// Our answer is in a reply code.
    Answered { offer: OfferId },
}

/// The surroundings of a step, from the fields that no concept holds.
macro_rules! ctx {
    ($node:ident) => {
        Ctx {
            now: $node.now,
            rng: &mut $node.rng,
            me: &$node.identity,
            wants: &$node.preferences,
            resident_max: $node.config.resident_max,
            out: &mut $node.out,
        }
    };
}
use ctx;

/// Which nodes serve people by their link, by what the concepts say.
macro_rules! talked_with {
    ($node:ident) => {{
        let (groups, asking) = (&$node.groups, &$node.asking);
        let (requests, reach) = (&$node.requests, &$node.reach);
        move |node: &NodeId| {
            groups.needs(node) || asking.asks(node) || requests.concerns(node) || reach.keeps(node)
        }
    }};
}

/// Which nodes are worth their link.
macro_rules! useful {
    ($node:ident) => {{
        let is_talked_with = talked_with!($node);
        let (overlay, errands) = (&$node.overlay, &$node.errands);
        move |node: &NodeId| {
            is_talked_with(node)
                || errands.wait_for(node)
                || overlay.as_ref().is_some_and(|overlay| overlay.needs(node))
        }
    }};
}

impl Node {
    /// A node at `now`; `seed` must be fresh and secret for each run.
    pub fn new(identity: Identity, config: Config, seed: [u8; 32], now: Instant) -> Self {
        let mut rng = Rng::new(seed);
        let session = SessionId(rng.bytes());
        let node = identity.node();
        Self {
            identity,
            preferences: Preferences::default(),
            config,
            now,
            out: Out::default(),
            links: Links::new(config.link_budget, session, if config.overlay { OVERLAY } else { 0 }),
            introductions: Introductions::default(),
            pursuits: Pursuits::default(),
            reach: Reach::new(config.endpoints_max()),
            seeking: Seeking::default(),
            groups: Groups::new(config.evict_after),
            asking: Asking::default(),
            requests: Requests::default(),
            inbox: Inbox::default(),
            by_hand: Table::default(),
            overlay: config.overlay.then(|| Overlay::new(node, now)),
            errands: Errands::default(),
            directory: Directory::new(config.code),
            envelopes: Envelopes::new(session),
            rng,
        }
    }

    /// Takes one input. Drain [`Self::poll_output`] afterwards.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = self.now.max(now);
        let mut ctx = ctx!(self);
        match input {
            Input::Opened { link, local, remote } => {
                let useful = useful!(self);
                self.links.on_opened(&mut ctx, link, (local, remote), &useful);
            }
            Input::Frame { link, bytes } => self.links.on_frame(&mut ctx, link, &bytes),
            Input::Described { link, description } => {
                if self.links.is_opening(link)
                    && !self.introductions.on_described(&mut ctx, link, &description)
                {
                    self.on_described_by_hand(link, description);
                }
            }
            Input::Closed { link, reason } => self.links.on_closed(link, reason),
            Input::Listening { endpoint } => {
                if let Some(overlay) = &mut self.overlay {
                    overlay.listen(endpoint.clone());
                }
                self.links.listen(endpoint);
            }
            Input::Tick => {}
        }
        self.settle();
    }

    /// The next output, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.outputs.pop_front()
    }

    /// The earliest deadline, and why. [`Input::Tick`] at or after it moves it on.
    pub fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        let deadlines = [
            self.links.poll_timeout(),
            self.groups.poll_timeout(self.now),
            self.asking.poll_timeout(),
            self.reach.poll_timeout(),
            self.seeking.poll_timeout(),
            self.pursuits.poll_timeout(&self.links),
            self.overlay.as_ref().and_then(Overlay::poll_timeout),
            self.overlay.as_ref().and_then(|_| self.directory.poll_timeout()),
            self.errands.poll_timeout(),
            self.envelopes.poll_timeout(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Does what is due and what follows from it, until nothing more does.
    fn settle(&mut self) {
        self.route();
        let mut ctx = ctx!(self);
        self.links.on_timeout(&mut ctx);
        self.asking.on_timeout(&mut ctx);
        let asking = &self.asking;
        self.groups.on_timeout(&mut ctx, |request| asking.is_under_way(request));
        if let Some(overlay) = &mut self.overlay {
            overlay.on_timeout(&mut ctx);
        }
        self.expire_errands();
        self.run_directory();
        for node in self.links.due(self.now) {
            let digests = self.groups.digests(node);
            let is_busy = self.overlay.is_none() || talked_with!(self)(&node);
            self.links.ping(&mut ctx!(self), node, digests, is_busy);
        }
        self.envelopes.on_timeout(&mut ctx!(self));
        for node in self.envelopes.due(self.now) {
            let digests = self.groups.digests(node);
            self.envelopes.ping(&mut ctx!(self), node, digests);
        }
        self.route();
        self.reach_out();
        self.seek();
        self.trim_links();
        self.on_progress();
        self.relay_entries();
        self.part_from_blocked();
        self.route();
        let (links, by_hand) = (&self.links, &mut self.by_hand);
        self.introductions.retain_opening(links);
        by_hand.retain(|link, _| links.is_opening(*link));
    }

    /// Keeps to the budget of links: our own beginnings may have gone over it.
    fn trim_links(&mut self) {
        let useful = useful!(self);
        self.links.trim(&mut ctx!(self), &useful);
    }

    /// Sends the post and tells each concept what happened to links, until there is neither.
    fn route(&mut self) {
        loop {
            while let Some((to, mail)) = self.out.mail.pop_front() {
                if self.links.is_linked(&to) {
                    self.links.send(&mut ctx!(self), to, mail);
                } else {
                    self.hold(to, mail);
                }
            }
            if self.route_through_overlay() || self.exchange_envelopes() {
                continue;
            }
            let Some(change) = self.links.poll_change() else { break };
            match change {
                Change::Up(node, path) => self.on_up(node, path),
                Change::Down(node, reason) => self.on_down(node, reason),
                Change::Failed(link, reason) => self.on_failed(link, reason),
                Change::Frame(from, frame) => self.on_frame(from, *frame),
                Change::Answered(node, rtt) => {
                    if let Some(overlay) = &mut self.overlay {
                        overlay.on_heard(node);
                        let endpoint = self.links.peer(&node).and_then(|peer| peer.endpoint.as_ref());
                        overlay.on_rtt(node, rtt, endpoint);
                    }
                }
            }
        }
    }

    fn on_up(&mut self, node: NodeId, path: crate::io::Path) {
        let mut ctx = ctx!(self);
        ctx.count("link_opened");
        ctx.tell(Event::LinkOpened { node, path });
        if let Some(endpoint) = self.links.peer(&node).and_then(|peer| peer.endpoint.clone()) {
            self.reach.remember(&mut ctx, node, endpoint);
        }
        self.reach.on_up(self.now, &node);
        self.seeking.on_up(&node);
        self.pursuits.on_up(&mut ctx, (&mut self.links, &mut self.introductions), node);
        self.envelopes.release(&node);
        self.groups.on_linked(&mut ctx, node);
        self.asking.on_linked(&mut ctx, node);
        let speaks = |peer: &&Peer| peer.features & OVERLAY != 0;
        if let (Some(overlay), Some(peer)) = (&mut self.overlay, self.links.peer(&node).filter(speaks)) {
            overlay.on_linked(&mut ctx, node, peer.endpoint.clone());
        }
        self.out.mail.extend(self.errands.take(&node).into_iter().map(|mail| (node, mail)));
    }

    fn on_down(&mut self, node: NodeId, reason: CloseReason) {
        let mut ctx = ctx!(self);
        ctx.count("link_closed");
        ctx.tell(Event::LinkClosed { node, reason });
        self.groups.on_unlinked(&mut ctx, node);
        self.asking.on_unlinked(&mut ctx, node);
        self.requests.on_unlinked(&mut ctx, node, reason);
        self.introductions.on_unlinked(&mut ctx, &mut self.links, node);
        if let Some(overlay) = &mut self.overlay {
            overlay.on_unlinked(&mut ctx, node, reason);
        }
        if self.config.seeks && self.reach.endpoint(&node).is_some() {
            self.seeking.on_down(self.now, node, reason);
        }
    }

    fn on_failed(&mut self, link: LinkId, reason: CloseReason) {
        let mut ctx = ctx!(self);
        if reason != CloseReason::Duplicate {
            ctx.count("link_failed");
        }
        self.pursuits.on_failed(&mut ctx, (&mut self.links, &mut self.introductions), link, reason);
        if self.by_hand.remove(&link).is_some() {
            ctx.tell(Event::Trouble {
                what: "The link by hand did not open.".into(),
                why: format!("{reason}."),
                remedy: "Make a new invite, and enter the reply code soon after it was made.".into(),
            });
        }
    }

    /// Routes one frame to the concept that it concerns.
    fn on_frame(&mut self, from: NodeId, frame: Frame) {
        let mut ctx = ctx!(self);
        let links = &mut self.links;
        match frame {
            Frame::Ping(ping) => {
                self.groups.on_digests(&mut ctx, from, &ping.digests, self.asking.is_asking());
            }
            Frame::Lookup(lookup) => {
                Introductions::on_lookup(&mut ctx, links, &Carrier::Node(from), &lookup);
            }
            Frame::Contact(contact) => {
                self.introductions.on_contact(&mut ctx, links, &Carrier::Node(from), &contact);
            }
            Frame::Unreachable(lost) => {
                self.introductions.on_unreachable(&mut ctx, links, &Carrier::Node(from), &lost);
            }
            Frame::Signal(signal) => {
                let (groups, asking) = (&self.groups, &self.asking);
                // Whoever is in the overlay is anybody's possible neighbour there.
                let is_open = self.overlay.is_some();
                let consents = |node: &NodeId| is_open || groups.was_fellow(node) || asking.asks(node);
                let carrier = Carrier::Node(from);
                self.introductions.on_signal(&mut ctx, links, (carrier, signal), &consents);
            }
            Frame::ConnectionRequest(request) => self.on_request(from, *request),
            Frame::Answer(answer) => self.on_answer(from, &answer),
            Frame::AutomaticEntryToCoordinator(entry) => self.on_entry(from, *entry),
            Frame::AutomaticEntryToPeer(entry) => self.groups.on_peer_entry(&mut ctx, from, &entry),
            Frame::ListUpdate(update) => {
                self.groups.on_operation(&mut ctx, from, update.operation.0, &[]);
            }
            Frame::ConnectionRelease(release) => {
                self.groups.on_operation(&mut ctx, from, release.operation.0, &[]);
            }
            Frame::LeftMessage(message) => self.on_left_message(from, message),
            Frame::Operations(operations) => self.groups.on_operations(&mut ctx, from, operations),
            Frame::Want(want) => self.groups.on_want(&mut ctx, from, &want),
            Frame::Heads(heads) => self.groups.on_heads(&mut ctx, from, &heads),
            Frame::Past(past) => self.groups.on_past(&mut ctx, from, past),
            Frame::Delivered(delivered) => self.groups.on_delivered(&mut ctx, from, &delivered),
            Frame::Typing(typing) => self.groups.on_typing(&mut ctx, from, &typing),
            Frame::Hello(_) | Frame::Proof(_) | Frame::Pong(_) | Frame::Bye(_) => {}
            Frame::Keep(keep) => self.on_keep(from, keep),
            frame => match &mut self.overlay {
                Some(overlay) => overlay.on_frame(&mut ctx, from, frame),
                None => ctx.count("overlay_frame_out_of_place"),
            },
        }
    }

    /// Pursues everybody whom we should be linked to and are not: fellows in conversations, introducers,
    /// those whom we asked.
    fn reach_out(&mut self) {
        let me = self.identity.node();
        let fellows = self.groups.fellows(me);
        let opening = (&mut self.links, &mut self.introductions);
        self.pursuits.on_timeout(&mut ctx!(self), opening);
        self.give_up_unreachable();
        let mut wanted = if self.links.has_room() { fellows.clone() } else { Table::default() };
        for node in self.reach.introducers().chain(self.asking.asked()).chain(self.errands.nodes()) {
            wanted.insert(node, true);
        }
        let (links, pursuits, asking) = (&self.links, &self.pursuits, &self.asking);
        // Whoever is asked is given up when all ways were tried once: then somebody else is asked, or the person told.
        let is_over = |node: &NodeId| {
            !pursuits.is_underway(node) || pursuits.wants_ways(self.now, links, node) && !asking.asks(node)
        };
        let envelopes = &self.envelopes;
        // Whoever is asked through the overlay is not pursued meanwhile; fellows are, because a link is better.
        wanted.retain(|node, _| !(envelopes.is_underway(node) && asking.asks(node)));
        wanted.retain(|node, _| !links.is_underway(self.now, node) && is_over(node));
        for (target, is_again, is_late) in self.reach.due(self.now, &wanted) {
            if is_late && self.links.is_coming(&target) {
                // The other side is at it.
                continue;
            }
            let ways = self.ways_to(target, &fellows, is_again);
            let certificate = self.groups.certificate(&target);
            let mut ctx = ctx!(self);
            let opening = (&mut self.links, &mut self.introductions);
            self.pursuits.begin(&mut ctx, opening, target, ways, (certificate, Invited::default()));
            self.pursuits.take_time(&target, is_late);
        }
        let (links, pursuits, asking) = (&self.links, &self.pursuits, &self.asking);
        let errands = &self.errands;
        let is_wanted =
            |node: &NodeId| fellows.contains_key(node) || errands.wait_for(node) || asking.asks(node);
        let is_missing = |node: &NodeId| is_wanted(node) && !links.is_linked(node);
        self.reach.retain(self.now, |node| is_missing(node) || pursuits.is_underway(node));
        self.give_up_unreachable();
    }

    /// Tells of those to whom no way is left.
    fn give_up_unreachable(&mut self) {
        for failure in self.pursuits.drain_failures() {
            self.seeking.on_unreachable(self.now, &failure.target);
            self.on_unreachable(failure);
        }
    }

    /// The ways to somebody known: dial it, else through those who share a conversation with it, else through
    /// any node that introduces.
    fn ways_to(&mut self, target: NodeId, fellows: &Table<NodeId, bool>, is_again: bool) -> Vec<Way> {
        /// Carriers to try for one target before it has to wait for its next turn.
        const CARRIERS_MAX: usize = 4;
        let overlay = self.overlay.as_ref();
        let contact = overlay.and_then(|overlay| overlay.contact(&target)?.endpoint.as_deref());
        let dial = self.reach.endpoint(&target).or(contact).cloned().map(Way::Dial);
        let routed = overlay.filter(|overlay| overlay.is_in()).map(|_| Way::Overlay);
        let fellows = fellows.keys().copied();
        let natives = self
            .links
            .nodes()
            .filter(|node| self.links.peer(node).is_some_and(|peer| peer.endpoint.is_some()));
        let mut carriers: Vec<NodeId> = Vec::new();
        for node in fellows.chain(natives) {
            let can_carry = node != target && self.links.is_lively(self.now, &node);
            if can_carry && !carriers.contains(&node) {
                carriers.push(node);
            }
        }
        if is_again && carriers.len() > CARRIERS_MAX {
            // Others each time: only one of many may be linked to it.
            let first = self.rng.below(carriers.len() as u64);
            carriers.rotate_left(usize::try_from(first).unwrap_or(0));
        }
        carriers.truncate(CARRIERS_MAX);
        let through = if is_again { Way::Asking } else { Way::Through };
        let carried = carriers.into_iter().map(through).chain(routed);
        // Beside a dial that is slow, others know better whether it is there.
        match self.pursuits.is_underway(&target) {
            true => carried.chain(dial).collect(),
            false => dial.into_iter().chain(carried).collect(),
        }
    }

    fn on_described_by_hand(&mut self, link: LinkId, description: crate::Description) {
        let mut ctx = ctx!(self);
        match self.by_hand.get(&link) {
            Some(ByHand::Offered { id, invite }) => {
                let offer = Some(crate::invite::HandOffer { id: *id, description });
                let invite = Box::new(crate::Invite { offer, ..(**invite).clone() });
                ctx.tell(Event::InviteReady { link, invite });
            }
            Some(ByHand::Answered { offer }) => {
                let code = ReplyCode { offer: *offer, node: ctx.me.node(), description };
                ctx.tell(Event::ReplyReady { link, code: Box::new(code) });
            }
            None => ctx.count("description_unasked"),
        }
    }
}
