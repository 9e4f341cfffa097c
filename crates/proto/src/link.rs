//! Links: proven connections to nodes, their heartbeat, their number.

pub(crate) mod errands;
pub(crate) mod handshake;
pub(crate) mod introduction;
mod life;
pub(crate) mod pursuit;
pub(crate) mod reach;
pub(crate) mod seeking;
pub(crate) mod traffic;

use crate::ctx::{Ctx, Mail};
use crate::endpoint::{Endpoint, Fingerprint};
use crate::identity::NodeId;
use crate::io::Wake;
use crate::io::{CloseReason, LinkId, Output, Path, PeerView};
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::{Bye, FarewellCode, Frame, FrameError, Hello, Ping, Pong, Proof, SessionId};
use handshake::{Handshake, Peer, Role};
use life::{Link, Phase, Up};
use std::collections::VecDeque;

/// How often a link is asked for a sign of life.
pub const PING_INTERVAL: Duration = Duration::from_millis(2_500);
/// How often a link is asked that only the overlay needs: whom it does not hear in time it goes around.
pub const IDLE_PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long such a link may be silent: three heartbeats.
pub const IDLE_SILENCE_MAX: Duration = Duration::from_secs(32);
/// How long a link may be silent: three heartbeats, and well below the 15 s that ICE needs to notice.
pub const SILENCE_MAX: Duration = Duration::from_millis(8_000);
/// How long opening a channel may take: lost packets on a slow phone included.
pub const OPENING_MAX: Duration = Duration::from_secs(15);
/// After so long an opening link is slow: it may still come to something, but another way is tried beside it. What opens at
/// all has opened by then, but for far hosts and lost packets (RFC 8305, section 5, with the round trips of WebRTC).
pub(crate) const SLOW_AFTER: Duration = Duration::from_millis(2_500);
/// How long a link by hand waits for the people in between.
pub const BY_HAND_MAX: Duration = Duration::from_secs(60 * 60);
/// How long the handshake may take once the channel is open: one round trip and four signatures.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long a link that we leave may take to empty the other side's last frames.
pub const FAREWELL_MAX: Duration = Duration::from_secs(2);
/// How much quieter than a heartbeat an old link must be to lose against a new one in any case, and to carry nothing.
const STALE_AFTER: Duration = Duration::from_millis(3_500);
/// The same of one that only the overlay needs.
const IDLE_STALE_AFTER: Duration = Duration::from_secs(14);
/// Frames without a legal form that a link survives: a fault is counted, a flood ends the link.
pub const MALFORMED_MAX: u32 = 32;
/// Links by hand that may wait for their reply at once: each holds a port open.
pub const BY_HAND_LINKS_MAX: usize = 8;

/// All links of a node.
pub(crate) struct Links {
    budget: usize,
    session: SessionId,
    features: u64,
    endpoint: Option<Endpoint>,
    table: Table<LinkId, Link>,
    in_use: Table<NodeId, LinkId>,
    last: u64,
    changes: VecDeque<Change>,
}

/// What happened to links, for [`Node`](crate::Node) to tell the other concepts.
#[derive(Debug)]
pub(crate) enum Change {
    /// A node is linked that was not.
    Up(NodeId, Path),
    /// A node is linked no more.
    Down(NodeId, CloseReason),
    /// A link came to nothing, or lost against another to the same node.
    Failed(LinkId, CloseReason),
    /// A node has answered a heartbeat, after so long.
    Answered(NodeId, Duration),
    /// A frame that is not about the link itself.
    Frame(NodeId, Box<Frame>),
}

/// How a link begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    pub role: Role,
    pub path: Path,
    pub expected: Option<NodeId>,
}

impl Links {
    /// No links yet, at most `budget` of them; peers are told what this node can besides ([`features`]).
    pub(crate) fn new(budget: usize, session: SessionId, features: u64) -> Self {
        let (table, in_use, changes) = (Table::default(), Table::default(), VecDeque::new());
        Self { budget, session, features, endpoint: None, table, in_use, last: 0, changes }
    }

    /// Notes where this node can be dialled.
    pub(crate) fn listen(&mut self, endpoint: Option<Endpoint>) {
        self.endpoint = endpoint;
    }

    /// Where this node can be dialled.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// Begins a link of ours; the caller orders the driver to open it.
    pub(crate) fn begin(&mut self, ctx: &Ctx<'_>, beginning: Beginning) -> LinkId {
        self.last += 1;
        let span = if beginning.path == Path::ByHand { BY_HAND_MAX } else { OPENING_MAX };
        self.table.insert(LinkId(self.last), Link::new(beginning, ctx.now, span));
        LinkId(self.last)
    }

    /// Whether there is room for one more link by hand.
    pub(crate) fn has_room_by_hand(&self) -> bool {
        let waiting = |link: &&Link| link.path == Path::ByHand && matches!(link.phase, Phase::Opening { .. });
        self.table.values().filter(waiting).count() < BY_HAND_LINKS_MAX
    }

    /// Fixes whom a link that is being opened must lead to, and gives it the ordinary time to open.
    pub(crate) fn expect(&mut self, ctx: &Ctx<'_>, id: LinkId, node: NodeId) {
        if let Some(link) = self.table.get_mut(&id) {
            (link.expected, link.begun) = (Some(node), ctx.now);
            link.phase = Phase::Opening { until: ctx.now + OPENING_MAX };
        }
    }

    /// Whether `id` is still being opened.
    pub(crate) fn is_opening(&self, id: LinkId) -> bool {
        matches!(self.table.get(&id), Some(Link { phase: Phase::Opening { .. }, .. }))
    }

    /// Whether a link to `node` is up or on its way, and not slow.
    pub(crate) fn is_underway(&self, now: Instant, node: &NodeId) -> bool {
        let is_coming = |link: &Link| link.leads_to(node) && !link.is_slow(now);
        self.in_use.contains_key(node) || self.table.values().any(is_coming)
    }

    /// Whether a link to `node` is on its way, however slow.
    pub(crate) fn is_coming(&self, node: &NodeId) -> bool {
        self.table.values().any(|link| link.leads_to(node))
    }

    /// Whether the budget has room for trying a node in two ways at once.
    pub(crate) fn has_room_for_second_tries(&self) -> bool {
        self.table.len() < self.budget
    }

    /// Takes note of an open channel and says hello. `useful` tells which nodes are worth their link when
    /// there are too many.
    pub(crate) fn on_opened(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: LinkId,
        fingerprints: (Fingerprint, Fingerprint),
        useful: &dyn Fn(&NodeId) -> bool,
    ) {
        if id.is_inbound() && !self.table.contains_key(&id) {
            // What is slow to open, and may be in vain, keeps nobody out.
            let counted = self.table.values().filter(|link| !link.is_slow(ctx.now)).count();
            if counted >= self.budget && !self.shed(ctx, useful) {
                ctx.count("link_refused_full");
                send_bye(ctx, id, FarewellCode::Full);
                ctx.order(Output::Close { link: id });
                return;
            }
            let beginning = Beginning { role: Role::Answerer, path: Path::Dial, expected: None };
            self.table.insert(id, Link::new(beginning, ctx.now, OPENING_MAX));
        }
        let about_me = (self.session, self.features, self.endpoint.clone());
        let Some(link) = self.table.get_mut(&id) else { return };
        if !matches!(link.phase, Phase::Opening { .. }) {
            return;
        }
        let handshake = Handshake::new(ctx, link.role, fingerprints, about_me);
        link.send_bytes(ctx, id, handshake.said().to_vec());
        link.phase = Phase::Greeting { handshake: Box::new(handshake), until: ctx.now + HANDSHAKE_MAX };
        if let (Role::Offerer, Some(node)) = (link.role, link.expected) {
            self.abandon_to(ctx, node);
        }
    }

    /// Gives up the other tries for a node, one of which has come to something.
    fn abandon_to(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        let is_ours = |link: &Link| link.role == Role::Offerer && link.leads_to(&node);
        let tries: Vec<_> = self.table.iter().filter(|(_, link)| is_ours(link)).map(|(id, _)| *id).collect();
        tries.into_iter().for_each(|id| self.abandon(ctx, id, CloseReason::Duplicate));
    }

    /// Ends the link that is worth least: the one to a node of no use that has been silent longest.
    fn shed(&mut self, ctx: &mut Ctx<'_>, useful: &dyn Fn(&NodeId) -> bool) -> bool {
        let idle = self.in_use.iter().filter(|(node, _)| !useful(node));
        let heard = |id: &LinkId| self.table.get(id).and_then(Link::up).map(|up| up.heard);
        let Some(node) = idle.min_by_key(|(_, id)| heard(id)).map(|(node, _)| *node) else { return false };
        ctx.count("link_shed");
        self.leave(ctx, node, FarewellCode::Full);
        true
    }

    /// Sheds links down to the budget, as far as any are of no use.
    pub(crate) fn trim(&mut self, ctx: &mut Ctx<'_>, useful: &dyn Fn(&NodeId) -> bool) {
        while self.in_use.len() > self.budget && self.shed(ctx, useful) {}
    }

    /// Whether one more link to a fellow is within the budget. They may go over it by a quarter: two who are both full
    /// and lose each other would never be linked again, and in a conversation of fifty each tab has a link to each other.
    pub(crate) fn has_room(&self) -> bool {
        self.table.len() < self.budget + self.budget / 4
    }

    /// Takes one message of a channel.
    pub(crate) fn on_frame(&mut self, ctx: &mut Ctx<'_>, id: LinkId, bytes: &[u8]) {
        let Some(link) = self.table.get_mut(&id) else {
            ctx.count("frame_without_link");
            return;
        };
        link.bytes_in += bytes.len() as u64;
        match Frame::decode(bytes) {
            Ok(Frame::Hello(hello)) => self.on_hello(ctx, id, *hello, bytes),
            // Passed on, it would cost us the link that it goes over.
            Ok(Frame::Route(route)) if !route.has_room(bytes.len()) => ctx.count("overlay_route_too_large"),
            Ok(frame) => self.on_decoded(ctx, id, frame),
            Err(FrameError::UnknownKind) => ctx.count("frame_unknown_kind"),
            Err(FrameError::TooLarge) => {
                ctx.count("frame_too_large");
                self.end(ctx, id, FarewellCode::Misbehaved, CloseReason::Misbehaved);
            }
            Err(FrameError::Malformed) => {
                ctx.count("frame_malformed");
                link.malformed += 1;
                if link.malformed >= MALFORMED_MAX || !link.is_proven() {
                    self.end(ctx, id, FarewellCode::Misbehaved, CloseReason::Misbehaved);
                }
            }
        }
    }

    fn on_decoded(&mut self, ctx: &mut Ctx<'_>, id: LinkId, frame: Frame) {
        let Some(link) = self.table.get_mut(&id) else { return };
        match (&mut link.phase, frame) {
            (_, Frame::Bye(bye)) => self.on_bye(ctx, id, &bye),
            (Phase::Greeting { .. }, Frame::Proof(proof)) => self.on_proof(ctx, id, &proof),
            (Phase::Leaving { .. }, Frame::Ping(_) | Frame::Pong(_)) => {}
            (Phase::Leaving { node, .. }, frame) if !frame.is_handshake() => {
                self.changes.push_back(Change::Frame(*node, Box::new(frame)));
            }
            (Phase::Up(up), frame) if !frame.is_handshake() => {
                up.heard = ctx.now;
                if !up.traffic.admits(ctx.now, &frame) {
                    ctx.count("frame_over_rate");
                    return;
                }
                let node = up.peer.certificate.node();
                match frame {
                    Frame::Pong(pong) => {
                        let rtt = up.on_pong(ctx, &pong);
                        self.changes.extend(rtt.map(|rtt| Change::Answered(node, rtt)));
                    }
                    Frame::Ping(ping) => {
                        link.send(ctx, id, &Frame::Pong(Pong { correlator: ping.correlator }));
                        self.changes.push_back(Change::Frame(node, Box::new(Frame::Ping(ping))));
                    }
                    frame => self.changes.push_back(Change::Frame(node, Box::new(frame))),
                }
            }
            _ => self.on_out_of_place(ctx, id),
        }
    }

    fn on_out_of_place(&mut self, ctx: &mut Ctx<'_>, id: LinkId) {
        ctx.count("frame_out_of_place");
        self.end(ctx, id, FarewellCode::Misbehaved, CloseReason::Misbehaved);
    }

    fn on_hello(&mut self, ctx: &mut Ctx<'_>, id: LinkId, hello: Hello, bytes: &[u8]) {
        let Some(link) = self.table.get_mut(&id) else { return };
        let Phase::Greeting { handshake, .. } = &mut link.phase else {
            self.on_out_of_place(ctx, id);
            return;
        };
        match handshake.on_hello(ctx, (hello, bytes), link.expected) {
            Ok(proof) => link.send(ctx, id, &Frame::Proof(proof)),
            Err(reason) => self.refuse(ctx, id, reason),
        }
    }

    fn on_proof(&mut self, ctx: &mut Ctx<'_>, id: LinkId, proof: &Proof) {
        let Some(link) = self.table.get_mut(&id) else { return };
        let placeholder = Phase::Opening { until: ctx.now };
        let Phase::Greeting { handshake, .. } = std::mem::replace(&mut link.phase, placeholder) else {
            return;
        };
        match handshake.on_proof(proof) {
            Ok(peer) => self.on_proven(ctx, id, peer),
            Err(reason) => self.refuse(ctx, id, reason),
        }
    }

    fn refuse(&mut self, ctx: &mut Ctx<'_>, id: LinkId, reason: CloseReason) {
        let (name, code) = match reason {
            CloseReason::Incompatible => ("handshake_incompatible", FarewellCode::Incompatible),
            CloseReason::Unproven => ("handshake_unproven", FarewellCode::Unproven),
            _ => ("handshake_out_of_order", FarewellCode::Misbehaved),
        };
        ctx.count(name);
        self.end(ctx, id, code, reason);
    }

    /// Puts a proven link to use, or settles which of two to the same node to keep.
    fn on_proven(&mut self, ctx: &mut Ctx<'_>, id: LinkId, peer: Peer) {
        let node = peer.certificate.node();
        let rival = self.in_use.get(&node).copied();
        let keeps_new = rival.is_none_or(|old| self.prefers_new(ctx, old, id, &peer));
        let Some(link) = self.table.get_mut(&id) else { return };
        let path = link.path;
        link.phase = Phase::Up(Box::new(Up::new(ctx, peer)));
        if keeps_new {
            self.in_use.insert(node, id);
        }
        self.abandon_to(ctx, node);
        match rival {
            None => self.changes.push_back(Change::Up(node, path)),
            Some(old) => {
                ctx.count("link_duplicate");
                if keeps_new && self.session_of(old) != self.session_of(id) {
                    // It was restarted: what was on its way to its former run is lost, and all is to be compared.
                    self.changes.push_back(Change::Down(node, CloseReason::Broken));
                    self.changes.push_back(Change::Up(node, path));
                }
                self.begin_leaving(ctx, if keeps_new { old } else { id }, FarewellCode::Duplicate);
            }
        }
    }

    fn session_of(&self, id: LinkId) -> Option<SessionId> {
        self.table.get(&id)?.up().map(|up| up.peer.session)
    }

    /// Glare: of two links between two live runs the one offered by the lower NodeId stays (DESIGN, section
    /// 5), and both sides find that by themselves. A peer that was restarted, one that offers again because
    /// its side of the old link is gone, and an old link that has fallen silent give way to the new.
    fn prefers_new(&self, ctx: &Ctx<'_>, old: LinkId, new: LinkId, peer: &Peer) -> bool {
        let (Some(old), Some(new)) = (self.table.get(&old), self.table.get(&new)) else { return true };
        let Some(up) = old.up() else { return true };
        let is_stale = up.is_stale(ctx.now) || up.peer.session != peer.session;
        if is_stale || old.role == new.role {
            return true;
        }
        let i_am_lower = ctx.me.node() < peer.certificate.node();
        (new.role == Role::Offerer) == i_am_lower
    }

    fn on_bye(&mut self, ctx: &mut Ctx<'_>, id: LinkId, bye: &Bye) {
        let reason = FarewellCode::reason(bye.code);
        ctx.order(Output::Close { link: id });
        self.forget(id, reason);
    }

    /// Takes note that a channel is gone.
    pub(crate) fn on_closed(&mut self, id: LinkId, reason: CloseReason) {
        self.forget(id, reason);
    }

    /// Ends a link at once, with a word to the other side.
    fn end(&mut self, ctx: &mut Ctx<'_>, id: LinkId, code: FarewellCode, reason: CloseReason) {
        send_bye(ctx, id, code);
        ctx.order(Output::Close { link: id });
        self.forget(id, reason);
    }

    /// Gives up a link that is being opened.
    pub(crate) fn abandon(&mut self, ctx: &mut Ctx<'_>, id: LinkId, reason: CloseReason) {
        if self.is_opening(id) {
            ctx.order(Output::Close { link: id });
            self.forget(id, reason);
        }
    }

    /// Leaves a node: our last frames go out, theirs come in, then the link closes.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx<'_>, node: NodeId, code: FarewellCode) {
        if let Some(id) = self.in_use.remove(&node) {
            self.begin_leaving(ctx, id, code);
            self.changes.push_back(Change::Down(node, CloseReason::Closed));
        }
    }

    fn begin_leaving(&mut self, ctx: &mut Ctx<'_>, id: LinkId, code: FarewellCode) {
        let Some(link) = self.table.get_mut(&id) else { return };
        let Some(node) = link.up().map(|up| up.peer.certificate.node()) else { return };
        link.phase = Phase::Leaving { node, until: ctx.now + FAREWELL_MAX };
        send_bye(ctx, id, code);
    }

    /// Says goodbye on every link and closes it: the node is about to go.
    pub(crate) fn quit(&mut self, ctx: &mut Ctx<'_>) {
        for (id, link) in self.table.take() {
            if !matches!(link.phase, Phase::Opening { .. }) {
                send_bye(ctx, id, FarewellCode::Left);
            }
            ctx.order(Output::Close { link: id });
        }
        self.in_use = Table::default();
    }

    fn forget(&mut self, id: LinkId, reason: CloseReason) {
        let Some(link) = self.table.remove(&id) else { return };
        match link.phase {
            Phase::Up(up) => {
                let node = up.peer.certificate.node();
                if self.in_use.get(&node) == Some(&id) {
                    self.in_use.remove(&node);
                    self.changes.push_back(Change::Down(node, reason));
                }
            }
            // Whoever still waits for it has another link to the same node, or did not want one.
            Phase::Leaving { .. } => self.changes.push_back(Change::Failed(id, CloseReason::Duplicate)),
            Phase::Opening { .. } | Phase::Greeting { .. } => {
                self.changes.push_back(Change::Failed(id, reason));
            }
        }
    }

    /// The next thing that happened, until there is none.
    pub(crate) fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Sends a frame to a node, if it is linked.
    pub(crate) fn send(&mut self, ctx: &mut Ctx<'_>, node: NodeId, mail: Mail) -> bool {
        let Some(id) = self.in_use.get(&node) else { return false };
        let Some(link) = self.table.get_mut(id) else { return false };
        match mail {
            Mail::Frame(frame) => link.send(ctx, *id, &frame),
            Mail::Kept { keys, size } => link.send_kept(ctx, *id, &keys, size),
            Mail::Probe => {
                let correlator = u64::from_be_bytes(ctx.rng.bytes());
                if let Phase::Up(up) = &mut link.phase {
                    up.note_ping(ctx.now, correlator);
                }
                link.send(
                    ctx,
                    *id,
                    &Frame::Ping(Ping { correlator, digests: crate::wire::bounded::List::default() }),
                );
            }
        }
        true
    }

    /// The nodes whose heartbeat is due now.
    pub(crate) fn due(&self, now: Instant) -> Vec<NodeId> {
        let is_due = |id: &LinkId| self.table.get(id).and_then(Link::up).is_some_and(|up| up.ping_at <= now);
        self.in_use.iter().filter(|(_, id)| is_due(id)).map(|(node, _)| *node).collect()
    }

    /// Sends a heartbeat with what the conversations have to say along with it; the next one is due sooner if the link `is_busy`.
    pub(crate) fn ping(
        &mut self,
        ctx: &mut Ctx<'_>,
        node: NodeId,
        digests: Vec<crate::wire::Digest>,
        is_busy: bool,
    ) {
        let Some(id) = self.in_use.get(&node) else { return };
        let Some(link) = self.table.get_mut(id) else { return };
        let Phase::Up(up) = &mut link.phase else { return };
        let correlator = u64::from_be_bytes(ctx.rng.bytes());
        up.on_pinged(ctx.now, correlator, is_busy);
        let digests = crate::wire::bounded::List::first(digests);
        link.send(ctx, *id, &Frame::Ping(Ping { correlator, digests }));
    }

    /// Ends what has run out of time.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let over: Vec<_> =
            self.table.iter().filter(|(_, link)| link.deadline() <= ctx.now).map(|(id, _)| *id).collect();
        for id in over {
            let (reason, name) = match self.table.get(&id).map(|link| &link.phase) {
                Some(Phase::Up(_)) => (CloseReason::Silent, "link_silent"),
                Some(Phase::Leaving { .. }) => (CloseReason::Closed, "link_left_unanswered"),
                _ => (CloseReason::Unreachable, "link_timed_out"),
            };
            ctx.count(name);
            ctx.order(Output::Close { link: id });
            self.forget(id, reason);
        }
    }

    /// The earliest deadline of any link.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        let due = |link: &Link| link.up().map_or(link.deadline(), |up| up.ping_at.min(link.deadline()));
        self.table.values().map(|link| (due(link), Wake::Link)).min()
    }

    /// Whether a node is linked.
    pub(crate) fn is_linked(&self, node: &NodeId) -> bool {
        self.in_use.contains_key(node)
    }

    /// Whether a node is linked and would still hear what we have it carry, by all we know.
    pub(crate) fn is_lively(&self, now: Instant, node: &NodeId) -> bool {
        let up = self.in_use.get(node).and_then(|id| self.table.get(id)?.up());
        up.is_some_and(|up| !up.is_stale(now))
    }

    /// The linked nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.in_use.keys().copied()
    }

    /// How many nodes are linked.
    pub(crate) fn count(&self) -> usize {
        self.in_use.len()
    }

    /// Since when a node is linked.
    pub(crate) fn since(&self, node: &NodeId) -> Option<Instant> {
        let id = self.in_use.get(node)?;
        self.table.get(id)?.up().map(|up| up.since)
    }

    /// Who a linked node is.
    pub(crate) fn peer(&self, node: &NodeId) -> Option<&Peer> {
        let id = self.in_use.get(node)?;
        self.table.get(id)?.up().map(|up| &up.peer)
    }

    /// The node at the other end of a link in use.
    pub(crate) fn node_of(&self, id: LinkId) -> Option<NodeId> {
        self.table.get(&id)?.up().map(|up| up.peer.certificate.node())
    }

    /// The linked node that can be dialled at `endpoint`.
    pub(crate) fn node_at(&self, endpoint: &Endpoint) -> Option<NodeId> {
        let is_there =
            |peer: &Peer| peer.endpoint.as_ref().is_some_and(|e| e.fingerprint == endpoint.fingerprint);
        self.nodes().find(|node| self.peer(node).is_some_and(is_there))
    }

    /// The links in use, for people.
    pub(crate) fn views(&self) -> Vec<PeerView> {
        self.in_use.values().filter_map(|id| self.table.get(id)?.view(*id)).collect()
    }
}

fn send_bye(ctx: &mut Ctx<'_>, link: LinkId, code: FarewellCode) {
    let bytes = Frame::Bye(Bye { code: code.code() }).encode();
    ctx.order(Output::Send { link, bytes });
}
