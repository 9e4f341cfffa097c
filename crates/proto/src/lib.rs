//! Tertulia's protocol as a sans-IO core: no sockets, no clock, no ambient randomness.
//!
//! In reading order: [`time`] and [`rng`] are what a step is given; [`identity`] is who somebody is;
//! [`wire`] is what goes over a link; [`invite`] and [`endpoint`] are how links begin; `link` proves them,
//! keeps them alive and has them introduced; [`group`] is what people talk in; [`overlay`] finds a way to any node, and
//! [`directory`] people by words, and `envelope` carries
//! words where no link can be had; [`store`] is what lasts of all that; [`node`] is the boundary that holds it all
//! together, and [`io`] is what crosses it.
#![deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod time;

pub mod rng;

mod ctx;

pub mod table;

pub mod identity;

mod preferences;

pub mod wire;

pub mod endpoint;

pub mod invite;

pub mod io;

pub mod link;

pub mod group;

pub mod overlay;

pub mod directory;

mod envelope;

pub mod store;

pub mod node;

pub use endpoint::{Description, Endpoint, Fingerprint};
pub use group::{ConversationId, ConversationKind, OpId};
pub use identity::{AccountId, Identity, NodeId};
pub use invite::{Invite, ReplyCode};
pub use io::{CloseReason, Command, Event, Input, LinkId, Output, Refusal, Reply, Wake, Window};
pub use node::{Config, Node, Restoring};
pub use time::{Duration, Instant};
