//! Frames about what people do besides talking.

use crate::group::ConversationId;
use crate::io::{MessageText, RequestId};
use crate::wire::cbor::structure;

/// A word that the person is writing. Never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// In which conversation.
    pub conversation: ConversationId,
}

structure! { Typing { 0 => conversation } }

/// A message for somebody who is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMessage {
    /// The request of the sender's that the answering machine answered.
    pub request: RequestId,
    /// The words.
    pub text: MessageText,
}

structure! { LeftMessage { 0 => request, 1 => text } }
