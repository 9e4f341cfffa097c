//! Finding people by words (DIMA and SCAN, Lundgren et al. section 3): what of it needs no overlay.
//!
//! In reading order: [`words`] makes words of what people type, and says which of them are alike; [`code`] gives each
//! word its place on the ring; [`record`] is what a user lets be known of themself, stored at the places of its words.

pub mod words;

pub mod code;

mod letters;

pub mod record;
