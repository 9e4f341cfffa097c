//! Frames about what people do besides talking.

use crate::group::ConversationId;
use crate::wire::cbor::structure;

/// A word that the person is writing. Never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// In which conversation.
    pub conversation: ConversationId,
}

structure! { Typing { 0 => conversation } }
