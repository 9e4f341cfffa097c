//! Tickets: a participant's word, given in advance, that the bearer may enter without asking.

use crate::group::ConversationId;
use crate::identity::{DeviceKey, NodeId};
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
    /// The only one who may enter with it, when it was signed for somebody.
    pub bearer: Option<NodeId>,
}

structure! { TicketBody { 0 => issuer, 1 => conversation, 2 => serial, 3 => expires_ms, 4 => uses, 5 => bearer } }

impl SelfSigned for TicketBody {
    const CONTEXT: &'static str = "tertulia ticket v1";
    fn signer(&self) -> [u8; 32] {
        self.issuer.0
    }
}

/// A ticket: holding one means that its signature was checked.
pub type Ticket = Signed<TicketBody>;

impl TicketBody {
    /// Whether it was given for `newcomer` to enter `conversation`.
    pub(crate) fn lets(&self, newcomer: &NodeId, conversation: &ConversationId) -> bool {
        self.conversation == *conversation && self.bearer.is_none_or(|bearer| bearer == *newcomer)
    }
}
