//! What the person wants of the node in general, and every concept heeds.

use crate::identity::{AccountId, Name};
use crate::table::Table;
use crate::wire::cbor::structure;

/// People who may be blocked: more than anybody can remember, and a megabyte at rest at most.
pub(crate) const BLOCKED_MAX: usize = 1_024;

/// What the person wants.
#[derive(Default)]
pub(crate) struct Preferences {
    pub switches: Switches,
    /// Whom the person wants to hear nothing of, and what they were called then.
    pub blocked: Table<AccountId, Name>,
}

/// What is on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switches {
    /// Whether authors are told that their messages were read.
    pub share_read: bool,
    /// Whether the answering machine answers requests.
    pub away: bool,
}

structure! { Switches { 0 => share_read or default, 1 => away or default } }

impl Preferences {
    /// Whether the person wants to hear nothing of a user.
    pub(crate) fn blocks(&self, user: &AccountId) -> bool {
        self.blocked.contains_key(user)
    }

    /// Takes back a user who was blocked.
    pub(crate) fn take_blocked(&mut self, user: AccountId, name: Name) {
        if self.blocked.len() < BLOCKED_MAX {
            self.blocked.insert(user, name);
        }
    }
}
