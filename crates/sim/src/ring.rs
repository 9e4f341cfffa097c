//! Worlds of rings: the overlay at its scale.

pub mod trace;
