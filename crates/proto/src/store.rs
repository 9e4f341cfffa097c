//! What lasts: the records that a node has its driver keep, and the keys that they are found under.
//!
//! To the driver all of this is an ordered map from short byte strings to bytes
//! ([`Output::Store`](crate::Output::Store)); what a record means is known here alone.
//! [`Node::restore`](crate::Node::restore) reads it back.

use crate::endpoint::Endpoint;
use crate::group::{ConversationId, OpId};
use crate::identity::{AccountId, Name, NodeId};
use crate::io::RequestId;
use crate::wire::bounded::List;
use crate::wire::cbor::structure;
use crate::wire::{DEVICES_MAX, DeviceHead};

/// The longest key, in bytes: a driver may count on it.
pub const KEY_MAX: usize = 64;

// The first byte of each key. A number is never used again for something else, and 0x00 to 0x0f are the driver's own.
// Free for what is to come: 0x12 for the words of a search.
const SETTINGS: u8 = 0x10;
const OPERATION: u8 = 0x11;
const REACH: u8 = 0x20;
const GRANTED: u8 = 0x30;
const BLOCKED: u8 = 0x40;
const LEFT: u8 = 0x41;
const SWITCHES: u8 = 0x42;
const LISTED: u8 = 0x43;

/// What a record is about: one variant for each table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// What this node alone knows of a conversation: [`Settings`].
    Settings(ConversationId),
    /// What this node knows of the time before its own, in a conversation that it came to later.
    Horizons(ConversationId),
    /// An operation by its lamport and id. The order of the keys is causal: whatever an operation depends on is read
    /// back before it.
    Operation(ConversationId, u64, OpId),
    /// How a node can be reached again: [`Reached`].
    Reach(NodeId),
    /// A request that was answered with Yes.
    Granted(RequestId),
    /// What a user is called whom the person wants to hear nothing of.
    Blocked(AccountId),
    /// A message that was left for the person.
    Left(RequestId),
    /// What the person wants to be on or off: [`Switches`](crate::preferences::Switches).
    Switches,
    /// What the person wants to be found by: [`Listed`](crate::directory::Listed).
    Listed,
}

impl Key {
    /// The key as the driver knows it.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Settings(conversation) => [&[SETTINGS][..], &conversation.0, &[0]].concat(),
            // Behind the settings and ahead of all operations, which are judged by it.
            Self::Horizons(conversation) => [&[SETTINGS][..], &conversation.0, &[1]].concat(),
            Self::Operation(conversation, lamport, id) => {
                [&[OPERATION][..], &conversation.0, &lamport.to_be_bytes(), &id.0].concat()
            }
            Self::Reach(node) => [&[REACH][..], &node.0].concat(),
            Self::Granted(request) => [&[GRANTED][..], &request.0].concat(),
            Self::Blocked(user) => [&[BLOCKED][..], &user.0].concat(),
            Self::Left(request) => [&[LEFT][..], &request.0].concat(),
            Self::Switches => vec![SWITCHES],
            Self::Listed => vec![LISTED],
        }
    }

    /// Reads a key, or nothing when it is none of this version's.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (table, rest) = bytes.split_first()?;
        match *table {
            SETTINGS => {
                let (conversation, kind) = rest.split_first_chunk()?;
                match kind {
                    [0] => Some(Self::Settings(ConversationId(*conversation))),
                    [1] => Some(Self::Horizons(ConversationId(*conversation))),
                    _ => None,
                }
            }
            OPERATION => {
                let (conversation, rest) = rest.split_first_chunk()?;
                let (lamport, id) = rest.split_first_chunk()?;
                let lamport = u64::from_be_bytes(*lamport);
                Some(Self::Operation(ConversationId(*conversation), lamport, OpId(id.try_into().ok()?)))
            }
            REACH => Some(Self::Reach(NodeId(rest.try_into().ok()?))),
            GRANTED => Some(Self::Granted(RequestId(rest.try_into().ok()?))),
            BLOCKED => Some(Self::Blocked(AccountId(rest.try_into().ok()?))),
            LEFT => Some(Self::Left(RequestId(rest.try_into().ok()?))),
            SWITCHES => rest.is_empty().then_some(Self::Switches),
            LISTED => rest.is_empty().then_some(Self::Listed),
            _ => None,
        }
    }
}

/// The operation that a record of this key holds, or nothing when it holds something else: for those who look into a
/// store from outside.
pub fn kept_operation(key: &[u8]) -> Option<(ConversationId, OpId)> {
    match Key::from_bytes(key)? {
        Key::Operation(conversation, _, id) => Some((conversation, id)),
        _ => None,
    }
}

/// What this node alone knows of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What it is called here; empty for the participants' names.
    pub name: Name,
    /// How far each device had come when the person saw all of it: what lies beyond is unread.
    pub read: List<DeviceHead, DEVICES_MAX>,
    /// How much of that the authors may know.
    pub shared: Option<List<DeviceHead, DEVICES_MAX>>,
    /// Whether its records are about to be removed, all of them.
    pub forgotten: Option<bool>,
    /// Whether it was imported, and compared with nobody since.
    pub uncompared: Option<bool>,
}

structure! { Settings { 0 => name, 1 => read or default, 2 => shared, 3 => forgotten, 4 => uncompared } }

/// How a node was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Where it can be dialled.
    pub endpoint: Endpoint,
    /// Whether a lasting link to it is wanted, so that it introduces us.
    pub introduces: bool,
}

structure! { Reached { 0 => endpoint, 1 => introduces or default } }

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [Key; 9] = [
        Key::Horizons(ConversationId([1; 16])),
        Key::Settings(ConversationId([1; 16])),
        Key::Operation(ConversationId([1; 16]), 258, OpId([2; 32])),
        Key::Reach(NodeId([3; 16])),
        Key::Granted(RequestId([4; 8])),
        Key::Blocked(AccountId([7; 32])),
        Key::Left(RequestId([8; 8])),
        Key::Switches,
        Key::Listed,
    ];

    #[test]
    fn keys_survive_and_are_short() {
        for key in KEYS {
            let bytes = key.to_bytes();
            assert_eq!(Key::from_bytes(&bytes), Some(key));
            assert!(bytes.len() <= KEY_MAX, "{key:?}");
        }
    }

    #[test]
    fn a_key_of_another_length_or_table_is_none() {
        for key in KEYS {
            let bytes = key.to_bytes();
            assert_eq!(Key::from_bytes(&bytes[..bytes.len() - 1]), None);
            assert_eq!(Key::from_bytes(&[&bytes[..], &[0]].concat()), None);
        }
        assert_eq!(Key::from_bytes(&[]), None);
        assert_eq!(Key::from_bytes(&[0xff; 17]), None);
    }

    #[test]
    fn only_the_key_of_an_operation_tells_of_one() {
        let told: Vec<_> = KEYS.iter().filter_map(|key| kept_operation(&key.to_bytes())).collect();
        assert_eq!(told, [(ConversationId([1; 16]), OpId([2; 32]))]);
    }

    #[test]
    fn operations_stand_in_the_order_of_their_lamports() {
        let key = |lamport| Key::Operation(ConversationId([1; 16]), lamport, OpId([0; 32])).to_bytes();
        assert!(key(255) < key(256));
    }
}
