//! Ids in parameters: lower-case hex in JSON, typed inside.

use serde::de::{Deserialize, Deserializer, Error};
use tertulia_proto::io::RequestId;
use tertulia_proto::{AccountId, ConversationId, NodeId, OpId};

/// An id that is read from its hex form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hex<T>(pub(super) T);

/// An id that has a hex form.
pub(super) trait FromHex: Sized {
    /// What it is called when it is not one.
    const WHAT: &str;

    /// Reads it.
    fn from_hex_text(text: &str) -> Option<Self>;
}

impl<'de, T: FromHex> Deserialize<'de> for Hex<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::from_hex_text(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("\"{text}\" is not {}", T::WHAT)))
    }
}

macro_rules! from_hex {
    ($($id:ty: $what:literal),*) => {$(
        impl FromHex for $id {
            const WHAT: &str = $what;
            fn from_hex_text(text: &str) -> Option<Self> {
                Self::from_hex(text)
            }
        }
    )*};
}

from_hex! {
    AccountId: "a user (64 hex digits)",
    ConversationId: "a conversation (32 hex digits)",
    NodeId: "a node (32 hex digits)",
    OpId: "a message (64 hex digits)",
    RequestId: "a request (16 hex digits)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_a_wrong_one_named() {
        let id = RequestId([0xab; 8]);
        let Hex(read) = serde_json::from_value::<Hex<RequestId>>(serde_json::json!(id.to_string())).unwrap();
        assert_eq!(read, id);
        let error = serde_json::from_value::<Hex<NodeId>>(serde_json::json!("abcd")).unwrap_err();
        assert!(error.to_string().contains("not a node"), "{error}");
    }
}
