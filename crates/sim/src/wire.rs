//! A wire: the channel between two ends, ordered and reliable as SCTP makes it.

use crate::place::Seat;
use std::collections::VecDeque;
use tertulia_proto::{CloseReason, Duration, Fingerprint, Instant, LinkId};

/// What travels to an end of a wire.
pub(crate) enum Item {
    /// A message of the channel.
    Frame(Vec<u8>),
    /// Word that the other end was closed.
    Closed(CloseReason),
}

/// How far an end has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its driver is still connecting.
    Opening,
    /// Its node was told that it is open.
    Open,
    /// Its node closed it, was told that it is closed, or is dead.
    Gone,
}

/// One end.
pub(crate) struct End {
    pub(crate) seat: Seat,
    pub(crate) link: LinkId,
    pub(crate) stage: Stage,
    pub(crate) opens_at: Instant,
    pub(crate) local: Fingerprint,
    /// The other end's certificate as this end sees it.
    pub(crate) remote: Fingerprint,
    /// What is on its way here, in order; one arrival is planned for each.
    pub(crate) inbox: VecDeque<Item>,
    /// When the last of them is due.
    pub(crate) last_due: Instant,
    /// Arrivals that came to nothing because the wire was cut.
    pub(crate) held: usize,
}

/// Two ends and what is between them.
pub(crate) struct Wire {
    pub(crate) ends: [End; 2],
    /// Towards which of its ends nothing passes: what is sent there waits to be sent again.
    pub(crate) blocked: [bool; 2],
    /// Counts cuts, so that the expiry of one that was healed does nothing.
    pub(crate) cuts: u32,
    /// One end died without a word: the other notices at the latest when its consent expires.
    pub(crate) orphaned: bool,
    /// What its length adds to the delay.
    pub(crate) length: Duration,
}

impl Wire {
    /// A wire whose ends both still open.
    pub(crate) fn new(ends: [End; 2], length: Duration) -> Self {
        Self { ends, blocked: [false; 2], cuts: 0, orphaned: false, length }
    }

    /// Whether anything that is sent on it does not pass.
    pub(crate) fn is_cut(&self) -> bool {
        self.blocked != [false; 2]
    }

    /// Whether it connects these two seats and is not gone at both.
    pub(crate) fn joins(&self, one: Seat, other: Seat) -> bool {
        let seats = [self.ends[0].seat, self.ends[1].seat];
        self.is_alive() && (seats == [one, other] || seats == [other, one])
    }

    /// Whether anybody still uses it.
    pub(crate) fn is_alive(&self) -> bool {
        self.ends.iter().any(|end| end.stage != Stage::Gone)
    }
}

impl End {
    /// An end that will be open at `opens_at`.
    pub(crate) fn new(seat: Seat, link: LinkId, opens_at: Instant, fingerprints: [Fingerprint; 2]) -> Self {
        let [local, remote] = fingerprints;
        Self {
            seat,
            link,
            stage: Stage::Opening,
            opens_at,
            local,
            remote,
            inbox: VecDeque::new(),
            last_due: opens_at,
            held: 0,
        }
    }
}
