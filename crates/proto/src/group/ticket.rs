//! Tickets: a participant's word, given in advance, that the bearer may enter without asking.

use crate::group::ConversationId;
use crate::identity::DeviceKey;
use crate::wire::bounded::fixed_bytes;
use crate::wire::signed::{SelfSigned, Signed};
use minicbor::{Decode, Encode};

fixed_bytes! {
    /// Tells one ticket from another, so that uses can be counted.
    TicketSerial, 8
}

/// What a ticket grants.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TicketBody {
    /// The device of the participant who let the bearer in.
    #[n(0)]
    pub issuer: DeviceKey,
    /// Into which conversation.
    #[n(1)]
    pub conversation: ConversationId,
    /// Which ticket.
    #[n(2)]
    pub serial: TicketSerial,
    /// When it stops to work, milliseconds since 1970.
    #[n(3)]
    pub expires_ms: u64,
    /// How many may enter with it.
    #[n(4)]
    pub uses: u32,
}

impl SelfSigned for TicketBody {
    const CONTEXT: &'static str = "tertulia ticket v1";
    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

/// A ticket: holding one means that its signature was checked.
pub type Ticket = Signed<TicketBody>;
