//! A deterministic world of Tertulia nodes.
//!
//! A [`World`] holds [`Node`](tertulia_proto::Node)s under one virtual clock and plays the driver for each of
//! them: it opens links, carries frames with delay, jitter and loss, breaks links, kills and restarts nodes,
//! splits the network, and lets an adversary at the wires. All chance comes from one seed and all that happens
//! is ordered by (time, sequence), so the same seed gives the same run, bit for bit, natively and in wasm.
//!
//! Reading order: [`world`] (the clock and the loop), `driver` (what a node's outputs do), [`faults`],
//! [`people`] (what tests do and see), [`oracle`] (what must hold), [`scenario`] (random runs), [`script`] (runs that are
//! written down), [`recording`] (runs whose nodes run again without the world).
#![deny(clippy::disallowed_types)]

pub mod conditions;
mod driver;
pub mod faults;
pub mod oracle;
pub mod people;
mod place;
mod queue;
pub mod recording;
pub mod ring;
pub mod scenario;
pub mod script;
pub mod trace;
mod wire;
pub mod world;

pub use conditions::Conditions;
pub use place::{Kind, Manners, Records, Seat};
pub use world::World;
