//! Tertulia's protocol as a sans-IO core.
#![deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod time;
pub mod rng;
pub mod wire;
pub mod identity;
pub mod endpoint;
pub mod invite;
pub mod io;
pub mod group;
pub mod node;

pub use endpoint::{Description, Endpoint, Fingerprint};
pub use group::{ConversationId, ConversationKind, OpId};
pub use identity::{AccountId, Identity, NodeId};
pub use invite::{Invite, ReplyCode};
pub use io::{CloseReason, Command, Event, Input, LinkId, Output, Reply};
pub use node::{Config, Node, Refusal, Wake, Window};
pub use time::{Duration, Instant};
