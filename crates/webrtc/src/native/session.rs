//! One link natively: one of `rtc`'s peer connections with its one channel, without a socket.

mod path;

use super::certificate::Certificate;
use super::stun::{Stun, Username, request_transaction};
use super::{Port, Transmit};
use crate::sdp::{self, MESSAGE_SIZE_MAX};
use crate::{BACKLOG_MAX, CARRY_MS, CandidateType, FLUSH_MS, LABEL, OPEN_MS, Route};
use bytes::BytesMut;
use path::Path;
use rtc::data_channel::{RTCDataChannelId, RTCDataChannelInit};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::{SctpMaxMessageSize, SettingEngineBuilder};
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate, RTCIceCandidateType,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tertulia_proto::endpoint::{CandidateHost, IcePwd, IceUfrag};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{CloseReason, Description, Endpoint, Fingerprint, Input, LinkId};

/// How long an open link may hear nothing at all before it counts as broken. The core notices sooner: this is for
/// when it does not.
const SILENCE: Duration = Duration::from_secs(15);
/// How often an idle path is checked (RFC 7675 asks for every five seconds; NATs forget sooner).
const CONSENT: Duration = Duration::from_secs(2);
/// The finest step of connectivity checks. When a step is taken is decided in [`Session::poll_timeout`].
const CHECK: Duration = Duration::from_millis(1);
/// The most checks of one pair: what the cadence of [`pace`] comes to in the longest wait, and to spare.
const CHECKS_MAX: u16 = 1_000;
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

/// The ICE credentials of a session, as far as they are known.
struct Credentials {
    ufrag: IceUfrag,
    pwd: IcePwd,
    remote_pwd: Option<IcePwd>,
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

/// What a session needs to know of the place that it runs in.
pub(super) struct Place<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) port: Port,
    pub(super) udp_port: u16,
    /// Whether the socket carries IPv4 and IPv6.
    pub(super) families: (bool, bool),
    pub(super) now: Instant,
}

impl Session {
    /// Opens a session to an endpoint, with an answer made from it.
    pub(super) fn dial(link: LinkId, endpoint: &Endpoint, place: &Place<'_>) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Dialler, fresh_credentials(place)?, place)?;
        session.describe_as_offerer(place.now)?;
        session.credentials.remote_pwd = IcePwd::new(&endpoint.ice_pwd());
        let answer = sdp::dial_answer(endpoint, &session.credentials.pwd);
        session.pc.set_remote_description(place.now, RTCSessionDescription::answer(answer)?)?;
        session.deadline = Some(place.now + millis(OPEN_MS));
        Ok(session)
    }

    /// Takes a dialler that is known by the USERNAME of its first check only. Our user fragment is its password.
    pub(super) fn listen(
        link: LinkId,
        dialler: &Username,
        own_pwd: &IcePwd,
        place: &Place<'_>,
    ) -> Result<Self, Error> {
        let short = || Error::Other("the user fragment is too short to be a password".to_owned());
        let dialler_pwd = IcePwd::new(dialler.receiver.as_str()).ok_or_else(short)?;
        let credentials = Credentials {
            ufrag: dialler.receiver.clone(),
            pwd: own_pwd.clone(),
            remote_pwd: Some(dialler_pwd.clone()),
        };
        let mut session = Self::new(link, Part::Listener, credentials, place)?;
        session.describe_as_answerer(sdp::dial_offer(&dialler.sender, &dialler_pwd), place.now)?;
        session.early = Some(Early::default());
        session.deadline = Some(place.now + millis(OPEN_MS));
        Ok(session)
    }

    /// Prepares an offer. It waits for its answer as long as the core likes.
    pub(super) fn offer(link: LinkId, place: &Place<'_>) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Offerer, fresh_credentials(place)?, place)?;
        session.describe_as_offerer(place.now)?;
        Ok(session)
    }

    /// Takes an offer and starts to look for the peer at once.
    pub(super) fn accept(link: LinkId, offer: &Description, place: &Place<'_>) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Answerer, fresh_credentials(place)?, place)?;
        session.credentials.remote_pwd = Some(offer.pwd.clone());
        session.describe_as_answerer(sdp::offer(&reachable(offer)), place.now)?;
        session.deadline = Some(place.now + millis(CARRY_MS));
        Ok(session)
    }

    /// Takes the answer to our offer.
    pub(super) fn complete(&mut self, answer: &Description, now: Instant) -> Result<(), Error> {
        if self.part != Part::Offerer || self.credentials.remote_pwd.is_some() {
            return Ok(());
        }
        self.credentials.remote_pwd = Some(answer.pwd.clone());
        let answer = RTCSessionDescription::answer(sdp::answer(&reachable(answer)))?;
        self.pc.set_remote_description(now, answer)?;
        (self.born, self.stepped) = (now, now);
        self.deadline = Some(now + millis(OPEN_MS));
        self.touch();
        Ok(())
    }

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
    fn new(link: LinkId, part: Part, credentials: Credentials, place: &Place<'_>) -> Result<Self, Error> {
        let now = place.now;
        let (ufrag, pwd) = (credentials.ufrag.as_str().to_owned(), credentials.pwd.as_str().to_owned());
        let configuration =
            RTCConfigurationBuilder::new().with_certificates(vec![place.certificate.inner().clone()]).build();
        let mut pc = RTCPeerConnectionBuilder::new()
            .with_configuration(configuration)
            .with_setting_engine(settings(part, ufrag, pwd).build())
            .build(now)?;
        let negotiated = RTCDataChannelInit { negotiated: Some(0), ..RTCDataChannelInit::default() };
        let channel = pc.create_data_channel(LABEL, Some(negotiated))?.id();
        let session = Self {
            link,
            part,
            pc,
            channel,
            local: place.certificate.fingerprint(),
            credentials,
            port: place.port,
            udp_port: place.udp_port,
            stage: Stage::Opening,
            born: now,
            deadline: None,
            stepped: now,
            step_now: true,
            timeout: None,
            checks: VecDeque::new(),
            early: None,
            connected: false,
            path: Path::default(),
            events: VecDeque::new(),
        };
        session.with_local_candidates(place.families)
    }

    /// The agent is given the socket as it is bound. The addresses that peers see are told by our descriptions:
    /// to the agent they would be so many names for one socket.
    fn with_local_candidates(mut self, (v4, v6): (bool, bool)) -> Result<Self, Error> {
        let families: [(bool, IpAddr); 2] =
            [(v4, Ipv4Addr::UNSPECIFIED.into()), (v6, Ipv6Addr::UNSPECIFIED.into())];
        for (_, ip) in families.into_iter().filter(|(carried, _)| *carried) {
            let base_config = CandidateConfig {
                network: "udp".to_owned(),
                address: ip.to_string(),
                port: self.udp_port,
                component: 1,
                ..CandidateConfig::default()
            };
            let config = CandidateHostConfig { base_config, ..CandidateHostConfig::default() };
            let candidate = RTCIceCandidate::from(&config.new_candidate_host()?);
            self.pc.add_local_candidate(candidate.to_json()?)?;
        }
        Ok(self)
    }

    fn describe_as_offerer(&mut self, now: Instant) -> Result<(), Error> {
        let offer = self.pc.create_offer(None)?;
        self.pc.set_local_description(now, offer)
    }

    fn describe_as_answerer(&mut self, offer: String, now: Instant) -> Result<(), Error> {
        self.pc.set_remote_description(now, RTCSessionDescription::offer(offer)?)?;
        let answer = self.pc.create_answer(None)?;
        self.pc.set_local_description(now, answer)
    }

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

fn settings(part: Part, ufrag: String, pwd: String) -> SettingEngineBuilder {
    let settings = SettingEngineBuilder::new()
        .with_ice_credentials(ufrag, pwd)
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        // The first path that works is taken: better ones cost waiting, and paths can move later.
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_ice_timeouts(Some(SILENCE), Some(Duration::ZERO), Some(CONSENT))
        .with_ice_connection_attempts(Some(CHECK), Some(CHECKS_MAX))
        .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(MESSAGE_SIZE_MAX));
    if part != Part::Listener {
        return settings;
    }
    settings
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_disable_certificate_fingerprint_verification(true)
}

fn fresh_credentials(place: &Place<'_>) -> Result<Credentials, Error> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let other = |error: super::CertificateError| Error::Other(error.to_string());
    let crypto = place.certificate.crypto();
    let ufrag = hex(&crypto.random::<8>().map_err(other)?);
    let pwd = hex(&crypto.random::<16>().map_err(other)?);
    let credentials = |ufrag, pwd| Credentials { ufrag, pwd, remote_pwd: None };
    let both = IceUfrag::new(&ufrag).zip(IcePwd::new(&pwd));
    both.map(|(ufrag, pwd)| credentials(ufrag, pwd))
        .ok_or_else(|| Error::Other("no ICE credentials".to_owned()))
}

/// The peer's description with only those candidates that a datagram can be sent to. A browser's mDNS names are
/// not among them: its own checks reach us and tell us its address.
fn reachable(description: &Description) -> Description {
    let sendable = |host: &CandidateHost| match host {
        CandidateHost::Ip(ip) => {
            !ip.is_unspecified() && !ip.is_multicast() && *ip != IpAddr::V4(Ipv4Addr::BROADCAST)
        }
        CandidateHost::Mdns(_) => false,
    };
    let candidates = description.candidates.iter().filter(|candidate| sendable(&candidate.host)).cloned();
    Description { candidates: List::first(candidates), ..description.clone() }
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
