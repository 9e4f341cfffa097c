//! Where and how a node can be reached: endpoints for dialling, descriptions for offers and answers.

use crate::wire::bounded::{List, Text, fixed_bytes, numbered};
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
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
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Endpoint {
    /// The certificate that the node shows in DTLS.
    #[n(0)]
    pub fingerprint: Fingerprint,
    /// Where the port can be reached, best first.
    #[n(1)]
    pub addresses: List<Address, ADDRESSES_MAX>,
}

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

impl<C> Encode<C> for Address {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let mut bytes = match self.0.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        bytes.extend(self.0.port().to_be_bytes());
        e.bytes(&bytes)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Address {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let bytes = d.bytes()?;
        let wrong = || Error::message("address of a wrong length");
        let (ip, port) = bytes.split_last_chunk::<2>().ok_or_else(wrong)?;
        let ip: IpAddr = match ip.len() {
            4 => <[u8; 4]>::try_from(ip).map_err(|_| wrong())?.into(),
            16 => <[u8; 16]>::try_from(ip).map_err(|_| wrong())?.into(),
            _ => return Err(wrong()),
        };
        let port = u16::from_be_bytes(*port);
        if is_usable(&ip) && port != 0 { Ok(Self(SocketAddr::new(ip, port))) } else { Err(wrong()) }
    }
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
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Description {
    /// The ICE user fragment.
    #[n(0)]
    pub ufrag: IceUfrag,
    /// The ICE password.
    #[n(1)]
    pub pwd: IcePwd,
    /// The certificate that this side shows.
    #[n(2)]
    pub fingerprint: Fingerprint,
    /// Where this side may be reached.
    #[n(3)]
    pub candidates: List<Candidate, CANDIDATES_MAX>,
}

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

impl<C, const MIN: usize> Encode<C> for IceText<MIN> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(e, c)
    }
}

impl<'b, C, const MIN: usize> Decode<'b, C> for IceText<MIN> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        Self::new(d.str()?).ok_or_else(|| Error::message("not of the ICE alphabet"))
    }
}

/// A UDP transport address at which one side may be reached (RFC 8839).
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Candidate {
    /// The address, or the name that a browser hides it behind.
    #[n(0)]
    pub host: CandidateHost,
    /// The UDP port.
    #[n(1)]
    pub port: u16,
    /// Whether the address is the host's own or as seen from outside.
    #[n(2)]
    pub kind: CandidateKind,
    /// The ICE priority.
    #[n(3)]
    pub priority: u32,
}

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

impl<C> Encode<C> for CandidateHost {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Ip(IpAddr::V4(ip)) => e.bytes(&ip.octets())?.ok(),
            Self::Ip(IpAddr::V6(ip)) => e.bytes(&ip.octets())?.ok(),
            Self::Mdns(name) => e.str(name.as_str())?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for CandidateHost {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        if d.datatype()? == minicbor::data::Type::String {
            let name = MdnsName::new(d.str()?);
            return name.map(Self::Mdns).ok_or_else(|| Error::message("not an mDNS name"));
        }
        let bytes = d.bytes()?;
        let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        let ip = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
        let usable = ip.ok().filter(is_usable);
        usable.map(Self::Ip).ok_or_else(|| Error::message("not the address of a host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_survive() {
        for text in ["127.0.0.1:80", "[fd00::1]:65535"] {
            let address = Address(text.parse().unwrap());
            assert_eq!(minicbor::decode::<Address>(&crate::wire::encode(&address)).unwrap(), address);
        }
        assert!(minicbor::decode::<Address>(&[0x45, 1, 2, 3, 4, 5]).is_err());
        for text in ["127.0.0.1:0", "0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "[::]:80"] {
            let address = Address(text.parse().unwrap());
            assert!(minicbor::decode::<Address>(&crate::wire::encode(&address)).is_err(), "{text}");
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
