//! Contacts: what has to be known of a node to send it something.

use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::wire::cbor::{encode, structure};
use std::sync::Arc;

/// A node of the overlay, and where it can be dialled. A node without an endpoint is reached by introductions that the
/// overlay itself carries. Nothing of it has to be believed: a link proves who is at its other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Which node.
    pub node: NodeId,
    /// Where it listens, if it does. Boxed: a routing table in a large simulated world holds many contacts without.
    pub endpoint: Option<Box<Endpoint>>,
}

structure! { Contact { 0 => node, 1 => endpoint } }

/// The first of these contacts, as many as have room in so many bytes of a frame: each may have eight addresses, and a frame that is
/// too large costs the link that it goes over.
pub(crate) fn fitting(
    contacts: impl Iterator<Item = Arc<Contact>>,
    mut room: usize,
) -> impl Iterator<Item = Arc<Contact>> {
    contacts.take_while(move |contact| match room.checked_sub(encode(contact).len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    })
}
