//! Links for Tertulia's core: WebRTC data channels, in a browser tab and natively, behind one API.
//!
//! The core ([`tertulia_proto::Node`]) says what is to be done with links; a [`Transport`] does it. There are
//! two: [`browser`] over the browser's own `RTCPeerConnection`, and [`native`] over `rtc`'s sans-IO stack and
//! our own UDP sockets. Both are driven by the same loop, [`drain`], and both speak SDP only to the stack
//! beneath them ([`sdp`]): what goes over the wire is a [`tertulia_proto::Description`].

mod drive;
mod gate;
pub mod sdp;

#[cfg(target_family = "wasm")]
pub mod browser;
#[cfg(not(target_family = "wasm"))]
pub mod native;

pub use drive::{Transport, drain};
pub use gate::{Gate, HELD_MAX, Record};

use std::fmt;
use std::net::SocketAddr;
use tertulia_proto::Endpoint;
use tertulia_proto::endpoint::ADDRESSES_MAX;

/// What the one data channel of a link is called. It is negotiated as id 0, so the label is for debuggers only.
pub const LABEL: &str = "tertulia";
/// How long a link may take from its last signal to its open channel: two losses in a row on a slow path.
pub const OPEN_MS: u32 = 15_000;
/// How long an accepted offer may wait for its answer to be carried back: longer than the core waits for people,
/// so that it is the core who gives up.
pub const CARRY_MS: u32 = 3_660_000;
/// How long to gather candidates: a STUN round trip and its repetitions. Firefox never ends by itself where it finds
/// nothing.
pub const GATHER_MS: u32 = 500;
/// The most addresses to ask for our own: two nodes in both families. Browsers slow down with more.
pub const STUN_ADDRESSES_MAX: usize = 4;
/// How long a closing link may take to hand over what was sent before, the farewell above all.
pub const FLUSH_MS: u32 = 500;
/// The most bytes that may wait on one link: half of what Chromium buffers before it gives the channel up.
pub const BACKLOG_MAX: usize = 8 * 1024 * 1024;

/// Which way a link's packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// How our address was learnt.
    pub local: CandidateType,
    /// How the peer's address was learnt.
    pub remote: CandidateType,
    /// The peer's address, where the platform tells it.
    pub address: Option<SocketAddr>,
}

/// How an address of a link was learnt (RFC 8445, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateType {
    /// An address of the host itself.
    Host,
    /// The address that a STUN server saw.
    ServerReflexive,
    /// The address that the peer saw.
    PeerReflexive,
    /// An address of a relay.
    Relay,
}

impl CandidateType {
    /// The word for it in SDP and in the peer table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relay => "relay",
        }
    }

    /// Reads the word of SDP and of the browsers' statistics.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Host, Self::ServerReflexive, Self::PeerReflexive, Self::Relay]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The addresses to ask for our own, those that tell the most first: a loopback address tells nothing that a
/// browser could use, and Firefox never asks it.
pub(crate) fn stun_addresses(endpoints: &[Endpoint]) -> Vec<SocketAddr> {
    let of_rank = |rank| endpoints.iter().filter_map(move |endpoint| endpoint.addresses.get(rank));
    let addresses = (0..ADDRESSES_MAX).flat_map(of_rank).map(|address| address.0);
    let (loopback, others): (Vec<_>, Vec<_>) = addresses.partition(|address| address.ip().is_loopback());
    let mut distinct: Vec<SocketAddr> = Vec::new();
    for address in others.into_iter().chain(loopback) {
        if !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct.truncate(STUN_ADDRESSES_MAX);
    distinct
}

impl fmt::Display for CandidateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
