//! Unrest: what a node holds only while others come, go or keep silent, or while it looks for its own place.

use super::failure::Probe;
use super::leaves::Greeting;
use crate::identity::NodeId;
use crate::overlay::contact::Contact;
use crate::table::Table;
use crate::time::Instant;
use crate::wire::Route;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// The signs of unrest around a node. Nearly all nodes of a ring have none at most times, and a simulated world has a million: so they
/// stand aside, and take memory from the first that is noted until the last has gone.
#[derive(Default)]
pub(super) struct Unrest(Option<Box<Signs>>);

pub(super) struct Signs {
    /// Messages that wait until this node has found its place.
    pub(super) held: Vec<Route>,
    pub(super) probes: Table<NodeId, Probe>,
    pub(super) greetings: Table<NodeId, Greeting>,
    /// Nodes that were found gone, and until when nobody is believed that they are there.
    pub(super) gone: Table<NodeId, Instant>,
    pub(super) lost: Vec<Arc<Contact>>,
    /// Nodes that have no place in the ring yet, and until when they are taken for such.
    pub(super) outside: Table<NodeId, Instant>,
    /// When it is looked who is to take empty places in the leaf set.
    pub(super) mend_at: Option<Instant>,
}

impl Signs {
    const NONE: Self = Self {
        held: Vec::new(),
        probes: Table::new(),
        greetings: Table::new(),
        gone: Table::new(),
        lost: Vec::new(),
        outside: Table::new(),
        mend_at: None,
    };

    fn is_none(&self) -> bool {
        self.held.is_empty()
            && self.probes.is_empty()
            && self.greetings.is_empty()
            && self.gone.is_empty()
            && self.lost.is_empty()
            && self.outside.is_empty()
            && self.mend_at.is_none()
    }
}

static NONE: Signs = Signs::NONE;

impl Deref for Unrest {
    type Target = Signs;
    fn deref(&self) -> &Signs {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

/// To be changed, they have to be there.
impl DerefMut for Unrest {
    fn deref_mut(&mut self) -> &mut Signs {
        self.0.get_or_insert_with(|| Box::new(Signs::NONE))
    }
}

impl Unrest {
    /// Lets go of the memory if nothing is left.
    pub(super) fn abate(&mut self) {
        if self.0.as_ref().is_some_and(|signs| signs.is_none()) {
            self.0 = None;
        }
    }

    /// Takes note that a node is there which may have been found gone.
    pub(super) fn is_back(&mut self, node: &NodeId) {
        if let Some(signs) = &mut self.0 {
            signs.gone.remove(node);
        }
    }

    /// Takes note that a node has found its place.
    pub(super) fn has_place(&mut self, node: &NodeId) {
        if let Some(signs) = &mut self.0 {
            signs.outside.remove(node);
        }
    }

    /// Asks once more whether those have a place who have had the time to find it.
    pub(super) fn expire(&mut self, now: Instant) {
        if let Some(signs) = &mut self.0 {
            signs.outside.retain(|_, until| *until > now);
        }
    }

    /// Takes note that a node has spoken which may have been greeted; yields the greeting.
    pub(super) fn answered(&mut self, node: &NodeId) -> Option<Greeting> {
        self.0.as_mut()?.greetings.remove(node)
    }

    /// Yields the messages that were held.
    pub(super) fn release(&mut self) -> Vec<Route> {
        self.0.as_mut().map(|signs| std::mem::take(&mut signs.held)).unwrap_or_default()
    }

    /// The earliest deadline.
    pub(super) fn due(&self) -> Option<Instant> {
        let signs = self.0.as_deref()?;
        let probes = signs.probes.values().map(|probe| probe.due);
        let greetings = signs.greetings.values().map(|greeting| greeting.due);
        let outside = signs.outside.values().copied();
        probes.chain(greetings).chain(outside).chain(signs.mend_at).min()
    }

    /// What it holds on the heap, without what is in its lists.
    #[cfg(feature = "one-process")]
    pub(super) fn heap_bytes(&self) -> usize {
        if self.0.is_some() { size_of::<Signs>() } else { 0 }
    }
}
