//! Envelopes: frames that the overlay carries between two who cannot be linked, sealed from end to end (DESIGN, section 5).

use crate::identity::{Certificate, DeviceKey, NodeId, Profile};
use crate::wire::SessionId;
use crate::wire::bounded::Blob;
use crate::wire::cbor::structure;
use crate::wire::signed::SelfSigned;

/// The longest frame in an envelope, in bytes: any message that people write, and room for those who carry it to note their names.
pub const ENCLOSED_MAX: usize = 14 * 1024;
/// The largest envelope, in bytes: such a frame with two certificates' worth of who wrote it.
pub const ENVELOPE_MAX: usize = 15 * 1024;

/// An envelope, routed to the node that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// For whom: the closest to that key can tell that it is not there.
    pub to: NodeId,
    /// HPKE to the recipient's sealing key: an [`Enclosed`].
    pub sealed: Blob<ENVELOPE_MAX>,
}

structure! { Sealed { 0 => to, 1 => sealed } }

/// What an envelope holds, signed by its writer's device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosed {
    /// Who writes.
    pub certificate: Certificate,
    /// Their user; in the first ones and with each heartbeat.
    pub profile: Option<Profile>,
    /// To whom: nobody can pass it on to somebody else as if it were meant for them.
    pub to: DeviceKey,
    /// Which run of the writer.
    pub session: SessionId,
    /// Rises from one to the next: none is taken twice.
    pub count: u64,
    /// A frame.
    pub frame: Blob<ENCLOSED_MAX>,
}

structure! {
    Enclosed { 0 => certificate, 1 => profile, 2 => to, 3 => session, 4 => count, 5 => frame }
}

impl SelfSigned for Enclosed {
    const CONTEXT: &'static str = "tertulia envelope v1";
    fn signer(&self) -> [u8; 32] {
        self.certificate.device.0
    }
}
