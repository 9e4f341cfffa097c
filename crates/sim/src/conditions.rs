//! How the network of a world behaves when nothing is broken.

use tertulia_proto::Duration;

/// What every link and every attempt to open one is subject to.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// One way, from one end of a link to the other.
    pub delay: Duration,
    /// What chance adds to the delay, at most.
    pub jitter: Duration,
    /// What the distance between its ends adds to a link's delay, at most: frames on different links overtake each other.
    pub spread: Duration,
    /// Frames out of a thousand that arrive a second time, up to some seconds later and over whatever link there is
    /// then: sent again after a link was lost, say. Handshakes and farewells belong to their link and do not.
    pub duplicate_permille: u64,
    /// Packets lost out of a thousand. The channel is reliable: a loss shows as a retransmission's delay.
    pub loss_permille: u64,
    /// What one loss adds to the delay: SCTP's retransmission timeout.
    pub retransmission: Duration,
    /// Attempts to connect that fail out of a thousand, however good the network is: NATs that do not match.
    pub connect_failure_permille: u64,
    /// Round trips from the last description to an open channel: ICE, DTLS and SCTP.
    pub connect_trips: u64,
    /// How long a driver gathers candidates.
    pub gathering: Duration,
    /// When a driver gives up an attempt to connect (`OPEN_MS` in crates/webrtc). Until then it tries over and over.
    pub unreachable_after: Duration,
    /// When a driver notices by itself that a channel carries nothing any more: ICE's consent expiry.
    pub broken_after: Duration,
    /// How long a person takes to answer a request.
    pub reaction: Duration,
}

impl Conditions {
    /// A city: 20 ms one way, little jitter, no loss.
    pub const CALM: Self = Self {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        spread: Duration::from_millis(0),
        duplicate_permille: 0,
        loss_permille: 0,
        retransmission: Duration::from_millis(200),
        connect_failure_permille: 0,
        connect_trips: 3,
        gathering: Duration::from_millis(50),
        unreachable_after: Duration::from_secs(15),
        broken_after: Duration::from_secs(15),
        reaction: Duration::from_millis(700),
    };

    /// A train: far, shaky, one packet in twenty lost, one attempt to connect in ten in vain.
    pub const ROUGH: Self = Self {
        delay: Duration::from_millis(60),
        jitter: Duration::from_millis(90),
        loss_permille: 50,
        connect_failure_permille: 100,
        ..Self::CALM
    };

    /// The world: links of all lengths, and some frames that come twice.
    pub const WIDE: Self = Self {
        spread: Duration::from_millis(400),
        duplicate_permille: 20,
        loss_permille: 20,
        connect_failure_permille: 50,
        ..Self::CALM
    };
}
