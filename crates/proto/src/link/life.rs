//! One link through its life: it opens, proves who is there, is up with a heartbeat, and says goodbye.

use super::handshake::{Handshake, Peer, Role};
use super::traffic::Traffic;
use super::{
    Beginning, IDLE_PING_INTERVAL, IDLE_SILENCE_MAX, IDLE_STALE_AFTER, PING_INTERVAL, SILENCE_MAX,
    SLOW_AFTER, STALE_AFTER,
};
use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::io::{LinkId, Output, Path, PeerView, Person};
use crate::store::Key;
use crate::time::{Duration, Instant};
use crate::wire::{FRAME_MAX, Frame, Pong, operations_head};

/// One link.
pub(super) struct Link {
    pub role: Role,
    pub path: Path,
    pub expected: Option<NodeId>,
    /// When its opening began.
    pub begun: Instant,
    pub phase: Phase,
    pub malformed: u32,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// How far it is.
pub(super) enum Phase {
    /// The driver is opening the channel.
    Opening { until: Instant },
    /// The channel is open, the handshake runs.
    Greeting { handshake: Box<Handshake>, until: Instant },
    /// The peer is proven.
    Up(Box<Up>),
    /// We said goodbye and take what is still on its way.
    Leaving { node: NodeId, until: Instant },
}

/// A proven link at work.
pub(super) struct Up {
    pub peer: Peer,
    pub since: Instant,
    pub heard: Instant,
    pub ping_at: Instant,
    /// Whether somebody talks over it, or it is new: then it is asked more often.
    pub is_busy: bool,
    pub traffic: Traffic,
    pub sent: Vec<(u64, Instant)>,
    pub rtt: Option<Duration>,
}

impl Link {
    pub(super) fn new(beginning: Beginning, begun: Instant, span: Duration) -> Self {
        let Beginning { role, path, expected } = beginning;
        let phase = Phase::Opening { until: begun + span };
        Self { role, path, expected, begun, phase, malformed: 0, bytes_in: 0, bytes_out: 0 }
    }

    pub(super) fn up(&self) -> Option<&Up> {
        if let Phase::Up(up) = &self.phase { Some(up) } else { None }
    }

    pub(super) fn is_proven(&self) -> bool {
        matches!(self.phase, Phase::Up(_) | Phase::Leaving { .. })
    }

    pub(super) fn leads_to(&self, node: &NodeId) -> bool {
        self.expected == Some(*node) && matches!(self.phase, Phase::Opening { .. } | Phase::Greeting { .. })
    }

    /// Whether it should have opened by now. Who waits for people is never slow.
    pub(super) fn is_slow(&self, now: Instant) -> bool {
        !self.is_proven() && self.path != Path::ByHand && now.since(self.begun) >= SLOW_AFTER
    }

    pub(super) fn deadline(&self) -> Instant {
        match &self.phase {
            Phase::Opening { until } | Phase::Greeting { until, .. } | Phase::Leaving { until, .. } => *until,
            Phase::Up(up) if up.is_busy => up.heard + SILENCE_MAX,
            Phase::Up(up) => up.heard + IDLE_SILENCE_MAX,
        }
    }

    /// Sends a frame. One that is too large would cost the link; ours are not, but for what others have put into them.
    pub(super) fn send(&mut self, ctx: &mut Ctx<'_>, id: LinkId, frame: &Frame) {
        let bytes = frame.encode();
        if bytes.len() > FRAME_MAX {
            return ctx.count("frame_too_large_to_send");
        }
        self.send_bytes(ctx, id, bytes);
    }

    pub(super) fn send_bytes(&mut self, ctx: &mut Ctx<'_>, id: LinkId, bytes: Vec<u8>) {
        self.bytes_out += bytes.len() as u64;
        ctx.order(Output::Send { link: id, bytes });
    }

    pub(super) fn send_kept(&mut self, ctx: &mut Ctx<'_>, id: LinkId, keys: &[Key], size: usize) {
        let head = operations_head(keys.len());
        self.bytes_out += (head.len() + size) as u64;
        ctx.order(Output::SendKept { link: id, head, keys: keys.iter().map(|key| key.to_bytes()).collect() });
    }

    pub(super) fn view(&self, id: LinkId) -> Option<PeerView> {
        let up = self.up()?;
        Some(PeerView {
            person: up.peer.person(),
            link: id,
            path: self.path,
            rtt_micros: up.rtt.map(Duration::as_micros),
            since_ms: up.since.as_millis(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            endpoint: up.peer.endpoint.clone(),
        })
    }
}

impl Up {
    /// PINGs whose answer may be outstanding at once: those of the longest silence, and one.
    const IN_FLIGHT_MAX: usize = 4;

    pub(super) fn new(ctx: &Ctx<'_>, peer: Peer) -> Self {
        let traffic = Traffic::new(ctx.now);
        // The first heartbeat follows soon: people want to see the round-trip time of a fresh link.
        let ping_at = ctx.now + Duration::from_millis(200);
        Self {
            peer,
            since: ctx.now,
            heard: ctx.now,
            ping_at,
            is_busy: true,
            traffic,
            sent: Vec::new(),
            rtt: None,
        }
    }

    /// Whether it is quieter than its heartbeats should let it be.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        now.since(self.heard) >= if self.is_busy { STALE_AFTER } else { IDLE_STALE_AFTER }
    }

    pub(super) fn on_pinged(&mut self, now: Instant, correlator: u64, is_busy: bool) {
        self.is_busy = is_busy;
        self.ping_at = now + if is_busy { PING_INTERVAL } else { IDLE_PING_INTERVAL };
        self.note_ping(now, correlator);
    }

    /// Notes a heartbeat, be it due or one that somebody asked for.
    pub(super) fn note_ping(&mut self, now: Instant, correlator: u64) {
        if self.sent.len() == Self::IN_FLIGHT_MAX {
            self.sent.remove(0);
        }
        self.sent.push((correlator, now));
    }

    /// Takes the answer to a heartbeat: yields its round-trip time.
    pub(super) fn on_pong(&mut self, ctx: &mut Ctx<'_>, pong: &Pong) -> Option<Duration> {
        let Some(at) = self.sent.iter().position(|(correlator, _)| *correlator == pong.correlator) else {
            ctx.count("pong_unasked");
            return None;
        };
        let later = self.sent.split_off(at + 1);
        self.rtt = self.sent.pop().map(|(_, sent)| ctx.now.since(sent));
        self.sent = later;
        self.rtt
    }
}

impl Peer {
    /// The peer, for people.
    pub(crate) fn person(&self) -> Person {
        Person {
            node: self.certificate.node(),
            user: self.certificate.account,
            name: self.profile.name.clone(),
        }
    }
}

impl Frame {
    pub(super) fn is_handshake(&self) -> bool {
        matches!(self, Self::Hello(_) | Self::Proof(_))
    }
}
