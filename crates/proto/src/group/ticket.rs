//! Tickets: a participant's word, given in advance, that the bearer may enter without asking.

use crate::group::ConversationId;
use crate::identity::DeviceKey;
use crate::wire::bounded::fixed_bytes;
use crate::wire::cbor::structure;
use crate::wire::signed::{SelfSigned, Signed};

fixed_bytes! {
    /// Tells one ticket from another, so that uses can be counted.
    TicketSerial, 8
}

/// What a ticket grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketBody {
    /// The device of the participant who let the bearer in.
    pub issuer: DeviceKey,
    /// Into which conversation.
    pub conversation: ConversationId,
    /// Which ticket.
    pub serial: TicketSerial,
    /// When it stops to work, milliseconds since 1970.
    pub expires_ms: u64,
    /// How many may enter with it.
    pub uses: u32,
}

structure! { TicketBody { 0 => issuer, 1 => conversation, 2 => serial, 3 => expires_ms, 4 => uses } }

impl SelfSigned for TicketBody {
    const CONTEXT: &'static str = "tertulia ticket v1";
    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

/// A ticket: holding one means that its signature was checked.
pub type Ticket = Signed<TicketBody>;
