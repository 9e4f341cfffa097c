//! The little SDP that a data channel needs, to and from the structures that go over the wire.
//!
//! Every line is built from typed fields, so nothing that a peer sends can add one; and of what a browser says
//! only the lines that we understand are taken.

use std::fmt::Write;
use std::net::IpAddr;
use tertulia_proto::endpoint::{
    CANDIDATES_MAX, Candidate, CandidateHost, CandidateKind, IcePwd, IceUfrag, MdnsName,
};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{Description, Endpoint, Fingerprint};

/// The largest message that a session of ours takes, as its SDP promises.
pub const MESSAGE_SIZE_MAX: u32 = 262_144;

/// The priority of a host candidate of component 1 with the highest local preference (RFC 8445, section 5.1.2.1).
pub const HOST_PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;
/// The same for a server-reflexive candidate.
pub const REFLEXIVE_PRIORITY: u32 = (100 << 24) | (65_535 << 8) | 255;

/// The offer that a description stands for. Whoever offers is the DTLS client, as whoever dials is.
///
/// The usual way is the other one round. But an answer that a person carries can be minutes on its way, and all the
/// while its side would repeat a first packet that the other cannot take yet, at ever longer intervals. The offerer
/// starts when it has the answer, and opens at once.
pub fn offer(description: &Description) -> String {
    session(description, Setup::Active)
}

/// The answer that a description stands for: its side is the DTLS server.
pub fn answer(description: &Description) -> String {
    session(description, Setup::Passive)
}

/// The answer of a listening node, fabricated from its endpoint by whoever dials it.
///
/// Its user fragment is the dialler's own ICE password. The listener finds it in the USERNAME of the first
/// binding request, and so can check back without any exchange beforehand.
pub fn dial_answer(endpoint: &Endpoint, own_pwd: &IcePwd) -> String {
    let ice = Ice { ufrag: own_pwd.as_str(), pwd: &endpoint.ice_pwd(), lite: true };
    let mut sdp = preamble(&ice, &endpoint.fingerprint, Setup::Passive);
    for (rank, address) in (0u32..).zip(endpoint.addresses.iter()) {
        let candidate = Candidate {
            host: CandidateHost::Ip(address.0.ip()),
            port: address.0.port(),
            kind: CandidateKind::Host,
            priority: HOST_PRIORITY - (rank << 8),
        };
        push_candidate(&mut sdp, rank, &candidate);
    }
    end(sdp)
}

/// The offer that a listening node pretends to have got from a dialler, of whom it knows only the two halves of
/// the USERNAME. The dialler's certificate is unknown: the handshake on the open channel proves who it is.
pub fn dial_offer(dialler_ufrag: &IceUfrag, dialler_pwd: &IcePwd) -> String {
    let ice = Ice { ufrag: dialler_ufrag.as_str(), pwd: dialler_pwd.as_str(), lite: false };
    end(preamble(&ice, &Fingerprint([0; 32]), Setup::Active))
}

/// Why a local description could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// No ICE user fragment, or none of the ICE alphabet.
    #[error("the session description has no usable ice-ufrag")]
    Ufrag,
    /// No ICE password, or none of the ICE alphabet.
    #[error("the session description has no usable ice-pwd")]
    Pwd,
    /// No SHA-256 fingerprint.
    #[error("the session description has no sha-256 fingerprint")]
    Fingerprint,
}

/// Reads what the stack beneath says of its own side: the credentials, the fingerprint and, best first, the UDP
/// candidates that a peer can use.
pub fn parse(sdp: &str) -> Result<Description, SdpError> {
    let attribute = |name: &str| attributes(sdp).find_map(|(key, value)| (key == name).then_some(value));
    let ufrag = attribute("ice-ufrag").and_then(IceUfrag::new).ok_or(SdpError::Ufrag)?;
    let pwd = attribute("ice-pwd").and_then(IcePwd::new).ok_or(SdpError::Pwd)?;
    let fingerprint = attributes(sdp)
        .filter(|(key, _)| *key == "fingerprint")
        .find_map(|(_, value)| fingerprint(value))
        .ok_or(SdpError::Fingerprint)?;
    let candidates =
        attributes(sdp).filter(|(key, _)| *key == "candidate").filter_map(|(_, value)| candidate(value));
    Ok(Description { ufrag, pwd, fingerprint, candidates: best(candidates) })
}

/// The candidates of the highest priority, each address once.
pub fn best(candidates: impl IntoIterator<Item = Candidate>) -> List<Candidate, CANDIDATES_MAX> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let twin = kept.iter().position(|kept| kept.host == candidate.host && kept.port == candidate.port);
        match twin {
            Some(at) if kept[at].priority >= candidate.priority => continue,
            Some(at) => drop(kept.remove(at)),
            None => {}
        }
        // One behind the other into a short list: the library's sorting is made for long ones, and weighs more.
        let place = kept.partition_point(|kept| kept.priority >= candidate.priority);
        kept.insert(place, candidate);
    }
    List::first(kept)
}

/// Reads one candidate, with or without `candidate:` before it: UDP, component 1, host or server-reflexive.
pub fn candidate(line: &str) -> Option<Candidate> {
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    let mut words = line.split_ascii_whitespace();
    let (_foundation, component, transport) = (words.next()?, words.next()?, words.next()?);
    let (priority, address, port) = (words.next()?, words.next()?, words.next()?);
    let (label, kind) = (words.next()?, words.next()?);
    if component != "1" || !transport.eq_ignore_ascii_case("udp") || label != "typ" {
        return None;
    }
    let kind = match kind {
        "host" => CandidateKind::Host,
        "srflx" => CandidateKind::ServerReflexive,
        _ => return None,
    };
    let host = match address.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() => return None,
        Ok(ip) => CandidateHost::Ip(ip),
        Err(_) => CandidateHost::Mdns(MdnsName::new(address)?),
    };
    // Port 9 stands for "none" in SDP; port 0 cannot be sent to.
    let port = port.parse().ok().filter(|port| !matches!(port, 0 | 9))?;
    Some(Candidate { host, port, kind, priority: priority.parse().ok()? })
}

#[derive(Clone, Copy)]
enum Setup {
    Active,
    Passive,
}

impl Setup {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }
}

struct Ice<'a> {
    ufrag: &'a str,
    pwd: &'a str,
    lite: bool,
}

fn session(description: &Description, setup: Setup) -> String {
    let ice = Ice { ufrag: description.ufrag.as_str(), pwd: description.pwd.as_str(), lite: false };
    let mut sdp = preamble(&ice, &description.fingerprint, setup);
    for (rank, candidate) in (0u32..).zip(description.candidates.iter()) {
        push_candidate(&mut sdp, rank, candidate);
    }
    end(sdp)
}

fn preamble(ice: &Ice<'_>, fingerprint: &Fingerprint, setup: Setup) -> String {
    let Ice { ufrag, pwd, lite } = ice;
    let lite = if *lite { "a=ice-lite\r\n" } else { "" };
    let (fingerprint, setup) = (colon_hex(fingerprint), setup.as_str());
    format!(
        "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{lite}a=group:BUNDLE 0\r\n\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
         a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n\
         a=sctp-port:5000\r\na=max-message-size:{MESSAGE_SIZE_MAX}\r\n"
    )
}

fn push_candidate(sdp: &mut String, rank: u32, candidate: &Candidate) {
    let (foundation, priority, port) = (rank + 1, candidate.priority, candidate.port);
    let _ = write!(sdp, "a=candidate:{foundation} 1 udp {priority} ");
    let _ = match &candidate.host {
        CandidateHost::Ip(ip) => write!(sdp, "{} {port} typ ", address(ip)),
        CandidateHost::Mdns(name) => write!(sdp, "{} {port} typ ", name.as_str()),
    };
    // A reflexive candidate names its base; ours is nobody's business and nobody needs it.
    sdp.push_str(match (candidate.kind, &candidate.host) {
        (CandidateKind::Host, _) => "host\r\n",
        (CandidateKind::ServerReflexive, CandidateHost::Ip(IpAddr::V6(_))) => "srflx raddr :: rport 0\r\n",
        (CandidateKind::ServerReflexive, _) => "srflx raddr 0.0.0.0 rport 0\r\n",
    });
}

/// An address in words. Every group of IPv6 is there: to leave zeros out, as the library does, is a kilobyte of the page that
/// no reader needs.
pub(crate) fn address(ip: &IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.octets().map(|byte| byte.to_string()).join("."),
        IpAddr::V6(ip) => ip.segments().map(|group| format!("{group:x}")).join(":"),
    }
}

fn end(mut sdp: String) -> String {
    sdp.push_str("a=end-of-candidates\r\n");
    sdp
}

fn attributes(sdp: &str) -> impl Iterator<Item = (&str, &str)> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=")?.trim_end().split_once(':'))
}

fn fingerprint(value: &str) -> Option<Fingerprint> {
    let (algorithm, digest) = value.split_once(' ')?;
    if !algorithm.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    Fingerprint::from_hex(&digest.trim().replace(':', ""))
}

fn colon_hex(fingerprint: &Fingerprint) -> String {
    let pairs: Vec<String> = fingerprint.0.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests;
