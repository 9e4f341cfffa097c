//! Worlds of rings: overlay and directory by themselves, for many nodes.

pub mod load;
