//! Conversations: groups without a moderator (García et al.; DESIGN, section 6).

pub mod op;
pub mod ticket;

pub use op::{Body, ConversationId, ConversationKind, OpId, Operation};
pub use ticket::Ticket;
