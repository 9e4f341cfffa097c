//! What the person wants of the node in general, and every concept heeds.

use crate::wire::cbor::structure;

/// The person's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// Whether authors are told that their messages were read.
    pub share_read: bool,
}

structure! { Preferences { 0 => share_read or default } }
