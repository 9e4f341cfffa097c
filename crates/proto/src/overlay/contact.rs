//! Contacts: what has to be known of a node to send it something.

use crate::endpoint::Endpoint;
use crate::identity::NodeId;
use crate::wire::cbor::structure;

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
