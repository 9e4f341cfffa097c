//! One link natively: one of `rtc`'s peer connections with its one channel, without a socket.

mod opening;
mod path;

pub(super) use opening::Place;

use super::certificate::Certificate;
use super::stun::{Stun, request_transaction};
use super::{Port, Transmit};
use crate::{BACKLOG_MAX, CandidateType, FLUSH_MS, Route};
use bytes::BytesMut;
use opening::Credentials;
use path::Path;
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::peer_connection::transport::{RTCIceCandidate, RTCIceCandidateType};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tertulia_proto::endpoint::{IcePwd, IceUfrag};
use tertulia_proto::{CloseReason, Fingerprint, Input, LinkId};

/// The most DTLS packets of a dialler that are kept until its path is proven: one flight.
const HELD_MAX: usize = 8;
/// The most own checks that are remembered to recognise their answers by: sixteen pairs, a few rounds.
const CHECKS_REMEMBERED: usize = 64;

/// What a session was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// We dial an endpoint.
    Dialler,
    /// Somebody dials us.
    Listener,
    /// We made an offer.
    Offerer,
    /// We answered an offer.
    Answerer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    /// We closed it; what was sent before is still on its way until the deadline.
    Closing,
    /// It is over: to be forgotten, after telling the core why if it is owed that.
    Over(Option<CloseReason>),
}

pub(super) struct Session {
    link: LinkId,
    part: Part,
    pc: RTCPeerConnection,
    channel: RTCDataChannelId,
    local: Fingerprint,
    credentials: Credentials,
    port: Port,
    udp_port: u16,
    stage: Stage,
    born: Instant,
    /// When it is over at the latest, unless it opens.
    deadline: Option<Instant>,
    stepped: Instant,
    step_now: bool,
    timeout: Option<Instant>,
    checks: VecDeque<[u8; 12]>,
    early: Option<Early>,
    /// Whether a path was found: checks need no pace of ours any more.
    connected: bool,
    path: Path,
    events: VecDeque<RTCPeerConnectionEvent>,
}

/// What a listener keeps of a dialler to nominate its path early.
///
/// Browsers start DTLS at once but nominate only with their second check, 50 ms later, and until then `rtc`
/// drops what is not STUN. So as soon as our own check has proven the path we nominate on the dialler's behalf:
/// with its first check, to which USE-CANDIDATE is added. Then the DTLS packets held back meanwhile follow.
#[derive(Default)]
struct Early {
    first: Option<Stun>,
    held: Vec<BytesMut>,
}

impl Session {
    pub(super) fn link(&self) -> LinkId {
        self.link
    }

    pub(super) fn port(&self) -> Port {
        self.port
    }

    pub(super) fn ufrag(&self) -> &IceUfrag {
        &self.credentials.ufrag
    }

    pub(super) fn pwd(&self) -> &IcePwd {
        &self.credentials.pwd
    }

    pub(super) fn remote_pwd(&self) -> Option<&IcePwd> {
        self.credentials.remote_pwd.as_ref()
    }

    pub(super) fn born(&self) -> Instant {
        self.born
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// A dialler who has not shown yet that it can open a channel.
    pub(super) fn is_half_open(&self) -> bool {
        self.part == Part::Listener && self.stage == Stage::Opening
    }

    /// Whether a check with this transaction was sent lately.
    pub(super) fn expects(&self, transaction: &[u8; 12]) -> bool {
        self.checks.contains(transaction)
    }

    /// The path that packets take now.
    pub(super) fn route(&self) -> Option<Route> {
        let sctp = self.pc.sctp()?;
        let pair = sctp.transport().ice_transport().get_selected_candidate_pair()?;
        Some(Route {
            local: candidate_type(pair.local().typ),
            remote: candidate_type(pair.remote().typ),
            address: address(pair.remote()).map(|address| self.path.translate(address)),
        })
    }

    /// Takes a check whose signature was verified.
    pub(super) fn receive_request(&mut self, stun: Stun, datagram: &[u8], from: SocketAddr, now: Instant) {
        if stun.nominates() {
            self.path.want(from);
        }
        if let Some(early) = &mut self.early {
            early.first.get_or_insert(stun);
        }
        self.feed(datagram, from, now);
    }

    /// Takes the answer to a check of ours, whose signature was verified.
    pub(super) fn receive_response(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now: Instant,
        out: &mut Outbox,
    ) {
        self.feed(datagram, from, now);
        if let Some(Early { first: Some(first), held }) = self.early.take() {
            self.pump(now, out);
            if let Some(nominating) =
                first.nominating(self.credentials.pwd.as_str(), out.certificate.crypto())
            {
                self.feed(&nominating, from, now);
                self.pump(now, out);
            }
            for packet in held {
                self.feed(&packet, from, now);
                self.pump(now, out);
            }
        }
        self.path.prove(from, now);
        // The next step of the checks can nominate what has just been proven: no need to wait for its turn.
        self.step_now = !self.connected;
    }

    /// Takes what is not STUN.
    pub(super) fn receive_packet(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        match &mut self.early {
            Some(early) if early.held.len() < HELD_MAX => early.held.push(BytesMut::from(datagram)),
            Some(_) => {}
            None => self.feed(datagram, from, now),
        }
    }

    /// Sends one frame.
    pub(super) fn send(&mut self, bytes: &[u8], now: Instant) {
        if self.stage != Stage::Open {
            return;
        }
        let Some(mut channel) = self.pc.data_channel(self.channel) else { return };
        if channel.outstanding_bytes() + bytes.len() > BACKLOG_MAX {
            self.stage = Stage::Over(Some(CloseReason::Backlog));
        } else if let Err(error) = channel.send(now, BytesMut::from(bytes)) {
            log::debug!("{:?}: a frame could not be sent: {error}", self.link);
        }
        self.touch();
    }

    /// Closes for the core: what was sent before goes out first, as far as there is time.
    pub(super) fn close(&mut self, now: Instant) {
        if self.stage == Stage::Open && self.outstanding() > 0 {
            self.stage = Stage::Closing;
            self.deadline = Some(now + millis(FLUSH_MS));
        } else {
            self.stage = Stage::Over(None);
        }
        self.touch();
    }

    /// Closes without waiting for anything.
    pub(super) fn abandon(&mut self) {
        self.stage = Stage::Over(None);
    }

    /// When [`Session::handle_timeout`] is due.
    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        if self.timeout.is_none() {
            let own = self.pc.poll_timeout();
            let step = if self.connected { own } else { own.map(|at| at.max(self.next_step())) };
            self.timeout = [step, self.deadline].into_iter().flatten().min();
        }
        self.timeout
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.over(CloseReason::Unreachable);
            self.deadline = None;
        }
        if self.connected || self.next_step() <= now {
            (self.stepped, self.step_now) = (now, false);
            if let Err(error) = self.pc.handle_timeout(now) {
                self.fail(&error);
            }
        }
        self.touch();
    }

    /// Takes out all that has come of what was put in: packets for the network, inputs for the core. Answers
    /// whether the session is over.
    pub(super) fn pump(&mut self, now: Instant, out: &mut Outbox) -> bool {
        self.touch();
        loop {
            let mut busy = false;
            while let Some(event) = self.events.pop_front().or_else(|| self.pc.poll_event()) {
                busy = true;
                self.on_event(&event, now, out);
            }
            while let Some(tagged) = self.pc.poll_read() {
                busy = true;
                if let RTCMessage::DataChannelMessage(_, message) = tagged.message
                    && self.stage == Stage::Open
                {
                    out.inputs.push_back(Input::Frame { link: self.link, bytes: message.data.to_vec() });
                }
            }
            self.pump_writes(out);
            if !busy {
                break;
            }
        }
        if self.stage == Stage::Closing && self.outstanding() == 0 {
            self.stage = Stage::Over(None);
        }
        self.finish(now, out)
    }
}

impl Session {
    /// The peer's address that `rtc` has settled on.
    fn known_address(&self) -> Option<SocketAddr> {
        let pair = self.pc.sctp()?.transport().ice_transport().get_selected_candidate_pair()?;
        address(pair.remote())
    }

    fn feed(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        self.path.hear(from, now);
        let peer_addr = self.path.translate(from);
        let ip: IpAddr =
            if peer_addr.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let transport = TransportContext {
            local_addr: SocketAddr::new(ip, self.udp_port),
            peer_addr,
            transport_protocol: TransportProtocol::UDP,
            ecn: None,
        };
        let fed = self.pc.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(datagram) });
        if let Err(error) = fed {
            log::trace!("{:?}: a packet was of no use: {error}", self.link);
        }
        // `rtc` opens a negotiated channel while its events are taken out. A frame that follows the COOKIE ACK in
        // the same burst would find no channel yet, and be lost for good.
        if self.stage == Stage::Opening {
            self.events.extend(std::iter::from_fn(|| self.pc.poll_event()));
        }
        self.touch();
    }

    fn on_event(&mut self, event: &RTCPeerConnectionEvent, now: Instant, out: &mut Outbox) {
        match event {
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(_)) => self.on_open(now, out),
            RTCPeerConnectionEvent::OnDataChannel(
                RTCDataChannelEvent::OnClose(_) | RTCDataChannelEvent::OnError(_),
            ) => self.over(CloseReason::Left),
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(state) => {
                self.connected |=
                    matches!(state, RTCIceConnectionState::Connected | RTCIceConnectionState::Completed);
            }
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Closed => self.over(CloseReason::Left),
                RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Failed => {
                    self.over(CloseReason::Broken);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn on_open(&mut self, now: Instant, out: &mut Outbox) {
        if self.stage != Stage::Opening {
            return;
        }
        let sctp = self.pc.sctp();
        let der = sctp.and_then(|sctp| sctp.transport().get_remote_certificates().first());
        match der.and_then(|der| out.certificate.crypto().fingerprint(der).ok()) {
            Some(remote) => {
                (self.stage, self.deadline) = (Stage::Open, None);
                if let Some(known) = self.known_address() {
                    self.path.settle(known, now);
                }
                out.inputs.push_back(Input::Opened { link: self.link, local: self.local, remote });
            }
            // Without the certificate nobody could prove who is there.
            None => self.over(CloseReason::Unable),
        }
    }

    fn pump_writes(&mut self, out: &mut Outbox) {
        while let Some(write) = self.pc.poll_write() {
            if let Some(transaction) = request_transaction(&write.message) {
                if self.checks.len() == CHECKS_REMEMBERED {
                    self.checks.pop_front();
                }
                self.checks.push_back(transaction);
            }
            let to = self.path.translate(write.transport.peer_addr);
            out.transmits.push_back(Transmit { port: self.port, to, bytes: write.message.freeze() });
        }
    }

    /// Ends an over session: tells the peer, and the core unless it was the core's wish or it never knew of it.
    fn finish(&mut self, now: Instant, out: &mut Outbox) -> bool {
        let Stage::Over(reason) = self.stage else { return false };
        let _ = self.pc.handle_timeout(now);
        if let Err(error) = self.pc.close() {
            log::debug!("{:?}: {error} on closing", self.link);
        }
        self.pump_writes(out);
        if let Some(reason) = reason {
            out.inputs.push_back(Input::Closed { link: self.link, reason });
        }
        true
    }

    fn over(&mut self, reason: CloseReason) {
        // The core never heard of a dialler whose channel did not open.
        let known = self.part != Part::Listener || self.stage == Stage::Open;
        match self.stage {
            Stage::Opening | Stage::Open => self.stage = Stage::Over(known.then_some(reason)),
            Stage::Closing => self.stage = Stage::Over(None),
            Stage::Over(_) => {}
        }
    }

    fn fail(&mut self, error: &Error) {
        log::debug!("{:?}: {error}", self.link);
        self.over(CloseReason::Broken);
    }

    fn outstanding(&mut self) -> usize {
        self.pc.data_channel(self.channel).map_or(0, |channel| channel.outstanding_bytes())
    }

    fn touch(&mut self) {
        self.timeout = None;
    }

    fn next_step(&self) -> Instant {
        if self.step_now { self.stepped } else { self.stepped + pace(self.stepped - self.born) }
    }
}

/// Where sessions put what comes of them.
pub(super) struct Outbox {
    pub(super) certificate: Certificate,
    pub(super) inputs: VecDeque<Input>,
    pub(super) transmits: VecDeque<Transmit>,
}

/// How long to wait between two rounds of checks: eager while a person waits, patient while an answer is being
/// carried by hand, and then only often enough to keep a NAT open.
fn pace(age: Duration) -> Duration {
    Duration::from_millis(match age.as_millis() {
        0..300 => 10,
        300..2_000 => 50,
        2_000..15_000 => 500,
        15_000..300_000 => 2_000,
        _ => 10_000,
    })
}

fn address(candidate: &RTCIceCandidate) -> Option<SocketAddr> {
    Some(SocketAddr::new(candidate.address.parse().ok()?, candidate.port))
}

fn candidate_type(kind: RTCIceCandidateType) -> CandidateType {
    match kind {
        RTCIceCandidateType::Srflx => CandidateType::ServerReflexive,
        RTCIceCandidateType::Prflx => CandidateType::PeerReflexive,
        RTCIceCandidateType::Relay => CandidateType::Relay,
        _ => CandidateType::Host,
    }
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}
