//! The letter inside a sealed envelope: an offer or an answer, signed by its device.

use crate::endpoint::Description;
use crate::identity::{Certificate, DeviceKey};
use crate::invite::Pass;
use crate::wire::bounded::fixed_bytes;
use crate::wire::signed::SelfSigned;
use minicbor::{Decode, Encode};

fixed_bytes! {
    /// One introduction, from the offer to its answer.
    AttemptId, 16
}

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Letter {
    /// Who writes.
    #[n(0)]
    pub certificate: Certificate,
    /// To whom: a carrier cannot pass it on to somebody else as if it were meant for them.
    #[n(1)]
    pub to: DeviceKey,
    /// Which introduction.
    #[n(2)]
    pub attempt: AttemptId,
    /// Whether it is the answer to an offer of `to`.
    #[n(3)]
    pub answer: bool,
    /// The writer's half of the session.
    #[n(4)]
    pub description: Description,
    /// That the writer was invited.
    #[n(5)]
    pub pass: Option<Pass>,
    /// Until when the pass is good, milliseconds since 1970; part of what the pass proves.
    #[n(6)]
    pub pass_expires_ms: Option<u64>,
}

impl SelfSigned for Letter {
    const CONTEXT: &'static str = "tertulia introduction v1";
    fn signer(&self) -> [u8; 32] {
        self.certificate.device.0
    }
}
