//! The letter inside a sealed envelope: an offer or an answer, signed by its device.

use crate::endpoint::Description;
use crate::identity::{Certificate, DeviceKey};
use crate::invite::Pass;
use crate::wire::bounded::fixed_bytes;
use crate::wire::cbor::structure;
use crate::wire::signed::SelfSigned;

fixed_bytes! {
    /// One introduction, from the offer to its answer.
    AttemptId, 16
}

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who writes.
    pub certificate: Certificate,
    /// To whom: a carrier cannot pass it on to somebody else as if it were meant for them.
    pub to: DeviceKey,
    /// Which introduction.
    pub attempt: AttemptId,
    /// Whether it is the answer to an offer of `to`.
    pub answer: bool,
    /// The writer's half of the session.
    pub description: Description,
    /// That the writer was invited.
    pub pass: Option<Pass>,
    /// Until when the pass is good, milliseconds since 1970; part of what the pass proves.
    pub pass_expires_ms: Option<u64>,
}

structure! {
    Letter {
        0 => certificate, 1 => to, 2 => attempt, 3 => answer, 4 => description, 5 => pass, 6 => pass_expires_ms,
    }
}

impl SelfSigned for Letter {
    const CONTEXT: &'static str = "tertulia introduction v1";
    fn signer(&self) -> [u8; 32] {
        self.certificate.device.0
    }
}
