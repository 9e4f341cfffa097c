//! Where and how a node can be reached: endpoints for dialling, descriptions for offers and answers.

use crate::wire::bounded::{List, Text, fixed_bytes};
use crate::wire::cbor::{Reader, Wire, Writer, numbered, structure};
use std::net::{IpAddr, SocketAddr};

fixed_bytes! {
    /// The SHA-256 fingerprint of a DTLS certificate (RFC 8122).
    Fingerprint, 32
}

/// The most addresses that an endpoint lists: a laptop with two networks, both families, and to spare.
pub const ADDRESSES_MAX: usize = 8;
/// The most candidates that a description lists: what a browser gathers on a host with several interfaces.
pub const CANDIDATES_MAX: usize = 16;

/// A native node's listening UDP port: all that a dialler needs (DESIGN, section 5). Its ICE credentials
/// follow from the fingerprint ([`ice_pwd`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The certificate that the node shows in DTLS.
    pub fingerprint: Fingerprint,
    /// Where the port can be reached, best first.
    pub addresses: List<Address, ADDRESSES_MAX>,
}

structure! { Endpoint { 0 => fingerprint, 1 => addresses } }

impl Endpoint {
    /// The password that the node's ICE agent answers with: 32 hex digits of a BLAKE3 over the fingerprint.
    /// It keeps stray checks away and is no secret: the handshake proves who is there.
    pub fn ice_pwd(&self) -> String {
        ice_pwd(&self.fingerprint)
    }
}

/// The ICE password of a listening node with this certificate.
pub fn ice_pwd(fingerprint: &Fingerprint) -> String {
    let key = blake3::derive_key("tertulia 2026-11 ice password v1", &fingerprint.0);
    base16ct::lower::encode_string(&key[..16])
}

/// A socket address: four or sixteen bytes of IP address, then the port, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub SocketAddr);

impl Wire for Address {
    fn write(&self, to: &mut Writer) {
        let mut bytes = match self.0.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        bytes.extend(self.0.port().to_be_bytes());
        to.bytes(&bytes);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (ip, port) = from.bytes()?.split_last_chunk::<2>()?;
        let (ip, port) = (host(ip)?, u16::from_be_bytes(*port));
        (port != 0).then(|| Self(SocketAddr::new(ip, port)))
    }
}

/// The IP address of four or sixteen bytes, if one host can be behind it.
fn host(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().filter(is_usable)
}

/// Whether one host can be behind the address. The others would make a browser refuse the whole session, or
/// turn our checks on a crowd.
fn is_usable(ip: &IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}

/// One side's half of a WebRTC session, without the SDP around it.
///
/// It is a structure and not text so that nothing a peer sends can put a line of its own into our SDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The ICE user fragment.
    pub ufrag: IceUfrag,
    /// The ICE password.
    pub pwd: IcePwd,
    /// The certificate that this side shows.
    pub fingerprint: Fingerprint,
    /// Where this side may be reached.
    pub candidates: List<Candidate, CANDIDATES_MAX>,
}

structure! { Description { 0 => ufrag, 1 => pwd, 2 => fingerprint, 3 => candidates } }

/// An ICE user fragment: 4 to 256 characters of the ICE alphabet (RFC 8839, section 5.4).
pub type IceUfrag = IceText<4>;
/// An ICE password: 22 to 256 characters of the ICE alphabet (RFC 8839, section 5.4).
pub type IcePwd = IceText<22>;

/// `MIN` to 256 characters of the ICE alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceText<const MIN: usize>(Text<256>);

impl<const MIN: usize> IceText<MIN> {
    /// Takes `text` if it is of the ICE alphabet and length.
    pub fn new(text: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
        ((MIN..=256).contains(&text.len()) && text.bytes().all(legal)).then(|| Self(Text::cut(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<const MIN: usize> Wire for IceText<MIN> {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::new(from.text()?)
    }
}

/// A UDP transport address at which one side may be reached (RFC 8839).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address, or the name that a browser hides it behind.
    pub host: CandidateHost,
    /// The UDP port.
    pub port: u16,
    /// Whether the address is the host's own or as seen from outside.
    pub kind: CandidateKind,
    /// The ICE priority.
    pub priority: u32,
}

structure! { Candidate { 0 => host, 1 => port, 2 => kind, 3 => priority } }

/// How an address was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// An address of the host itself.
    Host,
    /// The address that a peer saw, told by its STUN answer.
    ServerReflexive,
}

numbered! { CandidateKind { 0 => Host, 1 => ServerReflexive } }

/// An IP address, or an mDNS name such as browsers give out instead of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateHost {
    /// An IP address: a byte string of 4 or 16 on the wire.
    Ip(IpAddr),
    /// An mDNS name: text on the wire.
    Mdns(MdnsName),
}

/// A name of letters, digits and hyphens that ends in `.local`, at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MdnsName(Text<64>);

impl MdnsName {
    /// Takes `name` if it is one label before `.local`.
    pub fn new(name: &str) -> Option<Self> {
        let label = name.strip_suffix(".local")?;
        let legal =
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if legal { Text::new(name).map(Self) } else { None }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Wire for CandidateHost {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Ip(IpAddr::V4(ip)) => to.bytes(&ip.octets()),
            Self::Ip(IpAddr::V6(ip)) => to.bytes(&ip.octets()),
            Self::Mdns(name) => to.text(name.as_str()),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if from.is_text() {
            MdnsName::new(from.text()?).map(Self::Mdns)
        } else {
            host(from.bytes()?).map(Self::Ip)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cbor::{decode, encode};

    #[test]
    fn addresses_of_both_families_survive() {
        for text in ["127.0.0.1:80", "[fd00::1]:65535"] {
            let address = Address(text.parse().unwrap());
            assert_eq!(decode::<Address>(&encode(&address)), Some(address));
        }
        assert!(decode::<Address>(&[0x45, 1, 2, 3, 4, 5]).is_none());
        for text in ["127.0.0.1:0", "0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "[::]:80"] {
            let address = Address(text.parse().unwrap());
            assert!(decode::<Address>(&encode(&address)).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_from_a_peer_can_add_a_line_to_an_sdp() {
        assert!(IceUfrag::new("abcd\r\na=x").is_none());
        assert!(MdnsName::new("x\r\n.local").is_none());
        assert!(MdnsName::new("evil.example").is_none());
        assert!(MdnsName::new("5e1b-07.local").is_some());
    }
}
