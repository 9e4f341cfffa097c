//! How a session begins: whose part it takes, its credentials, and what the stack beneath is told.

use super::path::Path;
use super::{Early, Part, Session, Stage, millis};
use crate::native::Port;
use crate::native::certificate::{Certificate, CertificateError};
use crate::native::stun::Username;
use crate::sdp::{self, MESSAGE_SIZE_MAX};
use crate::{CARRY_MS, LABEL, OPEN_MS};
use rtc::data_channel::RTCDataChannelInit;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::RTCPeerConnectionBuilder;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::{SctpMaxMessageSize, SettingEngineBuilder};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate};
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};
use tertulia_proto::endpoint::{CandidateHost, IcePwd, IceUfrag};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{Description, Endpoint, LinkId};

/// How long an open link may hear nothing at all before it counts as broken. The core notices sooner: this is for
/// when it does not.
const SILENCE: Duration = Duration::from_secs(15);
/// How often an idle path is checked (RFC 7675 asks for every five seconds; NATs forget sooner).
const CONSENT: Duration = Duration::from_secs(2);
/// The finest step of connectivity checks. When a step is taken is decided in [`Session::poll_timeout`].
const CHECK: Duration = Duration::from_millis(1);
/// The most checks of one pair: what the cadence of [`pace`] comes to in the longest wait, and to spare.
const CHECKS_MAX: u16 = 1_000;

/// What a session needs to know of the place that it runs in.
pub(in crate::native) struct Place<'a> {
    pub(in crate::native) certificate: &'a Certificate,
    pub(in crate::native) port: Port,
    pub(in crate::native) udp_port: u16,
    /// Whether the socket carries IPv4 and IPv6.
    pub(in crate::native) families: (bool, bool),
    pub(in crate::native) now: Instant,
}

/// The ICE credentials of a session, as far as they are known.
pub(super) struct Credentials {
    pub(super) ufrag: IceUfrag,
    pub(super) pwd: IcePwd,
    pub(super) remote_pwd: Option<IcePwd>,
}

impl Session {
    /// Opens a session to an endpoint, with an answer made from it.
    pub(in crate::native) fn dial(
        link: LinkId,
        endpoint: &Endpoint,
        place: &Place<'_>,
    ) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Dialler, fresh_credentials(place)?, place)?;
        session.describe_as_offerer(place.now)?;
        session.credentials.remote_pwd = IcePwd::new(&endpoint.ice_pwd());
        let answer = sdp::dial_answer(endpoint, &session.credentials.pwd);
        session.pc.set_remote_description(place.now, RTCSessionDescription::answer(answer)?)?;
        session.deadline = Some(place.now + millis(OPEN_MS));
        Ok(session)
    }

    /// Takes a dialler that is known by the USERNAME of its first check only. Our user fragment is its password.
    pub(in crate::native) fn listen(
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
    pub(in crate::native) fn offer(link: LinkId, place: &Place<'_>) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Offerer, fresh_credentials(place)?, place)?;
        session.describe_as_offerer(place.now)?;
        Ok(session)
    }

    /// Takes an offer and starts to look for the peer at once.
    pub(in crate::native) fn accept(
        link: LinkId,
        offer: &Description,
        place: &Place<'_>,
    ) -> Result<Self, Error> {
        let mut session = Self::new(link, Part::Answerer, fresh_credentials(place)?, place)?;
        session.credentials.remote_pwd = Some(offer.pwd.clone());
        session.describe_as_answerer(sdp::offer(&reachable(offer)), place.now)?;
        session.deadline = Some(place.now + millis(CARRY_MS));
        Ok(session)
    }

    /// Takes the answer to our offer.
    pub(in crate::native) fn complete(&mut self, answer: &Description, now: Instant) -> Result<(), Error> {
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
    let other = |error: CertificateError| Error::Other(error.to_string());
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
