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

impl Contact {
    /// The bytes that it takes in a frame.
    fn size(&self) -> usize {
        /// Without an endpoint: the heads of the map, the key and the id, and the id.
        const ALONE: usize = 3 + 16;
        if self.endpoint.is_none() { ALONE } else { encode(self).len() }
    }
}

/// The first of these contacts, as many as have room in so many bytes of a frame: each may have eight addresses, and a frame that is
/// too large costs the link that it goes over.
pub(crate) fn fitting(
    contacts: impl Iterator<Item = Arc<Contact>>,
    mut room: usize,
) -> impl Iterator<Item = Arc<Contact>> {
    contacts.take_while(move |contact| match room.checked_sub(contact.size()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Address, Fingerprint};
    use crate::overlay::ring::LEAVES_MAX;
    use crate::wire::bounded::List;
    use crate::wire::{
        COLLECTED_BYTES_MAX, COLLECTED_MAX, FRAME_MAX, Frame, Joined, Load, PATH_MAX, Return, RouteId,
    };

    #[test]
    fn an_answer_to_a_join_fits_whatever_others_have_put_into_tables() {
        let address = |port| Address(format!("[2001:db8::1]:{port}").parse().expect("an address"));
        let endpoint =
            Endpoint { fingerprint: Fingerprint([1; 32]), addresses: List::first((1..9).map(address)) };
        let contact = Arc::new(Contact { node: NodeId([2; 16]), endpoint: Some(Box::new(endpoint)) });
        let alone = Contact { node: contact.node, endpoint: None };
        assert_eq!((contact.size(), alone.size()), (encode(&*contact).len(), encode(&alone).len()));
        let all = || std::iter::repeat_n(contact.clone(), COLLECTED_MAX);
        let contacts: List<_, COLLECTED_MAX> = List::first(fitting(all(), COLLECTED_BYTES_MAX));
        assert_eq!(contacts.len(), COLLECTED_BYTES_MAX / encode(&*contact).len());
        let joined = Joined { contacts, leaves: List::first(all().take(LEAVES_MAX + 1)) };
        let path = List::first([NodeId([3; 16]); PATH_MAX]);
        let answer = Return { id: RouteId([4; 8]), path, load: Load(Arc::new(Frame::Joined(joined))) };
        assert!(Frame::Return(answer).encode().len() <= FRAME_MAX);
    }
}
