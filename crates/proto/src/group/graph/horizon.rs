//! What was said before our time. Where a newcomer is given only what comes after its admission, the heads at its Admit
//! are roots (DESIGN, section 6): it does without what they stand on, but for the operations that make the list.

use super::past::Past;
use super::{Graph, Kind, Place};
use crate::group::op::{OpId, Operation};
use crate::identity::NodeId;
use crate::table::Set;
use crate::wire::DeviceHead;
use crate::wire::bounded::List;
use crate::wire::cbor::structure;

/// Roots that a newcomer keeps: what some hundreds of operations of the list stand on, sixteen each at most.
pub(super) const ROOTS_MAX: usize = 8_192;
/// Operations of the past that a newcomer keeps: all that made the list.
pub(super) const PAST_MAX: usize = 4_096;

/// What a node knows of the time before its own.
#[derive(Default)]
pub(super) struct Horizon {
    /// Operations that nobody gives us, and that count as here.
    pub roots: Set<OpId>,
    /// Operations of that time that are here, because they make the list.
    pub past: Set<OpId>,
}

/// A horizon as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Horizons {
    roots: List<OpId, ROOTS_MAX>,
    past: List<OpId, PAST_MAX>,
    devices: List<DeviceHead, { crate::wire::DEVICES_MAX }>,
}

structure! { Horizons { 0 => roots, 1 => past, 2 => devices } }

/// A device's operations by their count.
#[derive(Default)]
pub(super) struct Chain {
    /// How many came before our time.
    pub before: u64,
    /// Those after them.
    pub places: Vec<Place>,
}

impl Chain {
    /// The highest count.
    pub(super) fn len(&self) -> u64 {
        self.before + self.places.len() as u64
    }

    /// The operation with this count, unless it came before our time.
    pub(super) fn at(&self, seq: u64) -> Option<Place> {
        self.places.get(usize::try_from(seq.checked_sub(self.before + 1)?).ok()?).copied()
    }
}

// Where we came later.
impl Graph {
    /// Does without these operations; yields what waited for nothing else.
    pub(crate) fn do_without(&mut self, ids: &[OpId]) -> Vec<Operation> {
        let mut freed = Vec::new();
        for id in ids {
            if !self.rows.is_settled(id) && self.horizon.roots.len() < ROOTS_MAX {
                self.horizon.roots.insert(*id, ());
                self.rows.insert_bygone(*id);
                freed.extend(self.free(id));
            }
        }
        freed
    }

    /// Counts an operation among those of the past: nobody who came earlier has it for a head.
    pub(crate) fn count_past(&mut self, id: OpId) {
        if self.horizon.past.len() < PAST_MAX {
            self.horizon.past.insert(id, ());
            self.heads.remove(&id);
        }
    }

    /// Takes it from others how far devices had come before our time.
    pub(crate) fn skip(&mut self, devices: &[DeviceHead]) {
        for head in devices {
            let chain = self.chains.or_insert_with(head.node, Chain::default);
            if chain.len() < head.seq {
                *chain = Chain { before: head.seq, places: Vec::new() };
            }
        }
    }

    /// Whether an operation came before our time and was not given: what would put it where nothing stands.
    pub(crate) fn is_before_our_time(&self, operation: &Operation) -> bool {
        let before = self.chains.get(&operation.node()).map_or(0, |chain| chain.before);
        let (id, seq) = (operation.id(), operation.content().seq);
        let is_given = self.horizon.past.contains_key(&id) || self.has(&id);
        !is_given && (seq <= before || self.horizon.roots.contains_key(&id))
    }

    /// Whether a device has spoken and its last word is here: it can go on from it.
    pub(crate) fn has_last_of(&self, node: &NodeId) -> bool {
        self.chains.get(node).is_some_and(|chain| !chain.places.is_empty())
    }

    /// What is to be kept of the horizon; nothing while there is none.
    pub(crate) fn horizons(&self) -> Option<Horizons> {
        let devices = self.chains.iter().filter(|(_, chain)| chain.before > 0);
        (!self.horizon.past.is_empty()).then(|| Horizons {
            roots: List::first(self.horizon.roots.keys().copied()),
            past: List::first(self.horizon.past.keys().copied()),
            devices: List::first(devices.map(|(node, chain)| DeviceHead { node: *node, seq: chain.before })),
        })
    }

    /// Takes back what was kept, before any operation.
    pub(crate) fn take_horizons(&mut self, horizons: &Horizons) {
        self.do_without(&horizons.roots);
        horizons.past.iter().for_each(|id| self.count_past(*id));
        self.skip(&horizons.devices);
    }
}

/// What a newcomer is given of the time before its own.
pub(crate) struct Bygone<'a> {
    /// What makes the list, oldest first.
    pub operations: Vec<&'a Operation>,
    /// What these and the rest stand on, and nobody gives.
    pub roots: Vec<OpId>,
    /// How far each device had come.
    pub devices: Vec<DeviceHead>,
}

// Where others came later.
impl Graph {
    /// What `node`, whose Admit is here, is given of the time before it.
    pub(crate) fn bygone(&self, node: &NodeId) -> Bygone<'_> {
        let past = self.before(node);
        let rows = &self.rows;
        let bygone: Vec<_> = self.in_order().filter(|place| self.is_in(&past, *place)).collect();
        // A newcomer that was here before goes on with its own chain: its last word is all it needs for that. Once it has
        // said more, the one before may be out of memory, and is not needed.
        let own_last = bygone.iter().rposition(|place| rows.node(*place) == *node);
        let is_given = |(at, place): &(usize, &Place)| {
            rows.row(**place).kind == Kind::List || Some(*at) == own_last && rows.operation(**place).is_some()
        };
        let given: Vec<_> = bygone.iter().enumerate().filter(is_given).map(|(_, place)| *place).collect();
        let mut devices = crate::table::Table::default();
        for place in &bygone {
            let own = u64::from(rows.node(*place) == *node);
            devices.insert(rows.node(*place), rows.row(*place).seq - own);
        }
        let devices = devices.iter().map(|(node, seq)| DeviceHead { node: *node, seq: *seq }).collect();
        let operations = given.iter().filter_map(|place| rows.operation(*place)).collect();
        Bygone { roots: self.roots_of(&past, &given), operations, devices }
    }

    /// What the given operations, and all that `node` is sent besides, stand on and is withheld.
    fn roots_of(&self, past: &Past, given: &[Place]) -> Vec<OpId> {
        let mut is_given = Set::default();
        for place in given {
            is_given.insert(*place, ());
        }
        let rest = self.in_order().filter(|place| !self.is_in(past, *place));
        let mut roots = Set::default();
        for place in given.iter().copied().chain(rest).flat_map(|one| self.rows.dependencies(one)) {
            let row = self.rows.row(*place);
            let is_past = row.kind == Kind::Bygone || self.is_in(past, *place);
            if is_past && !is_given.contains_key(place) {
                roots.insert(row.id, ());
            }
        }
        roots.keys().copied().collect()
    }

    /// What came before the last Admit of `node`.
    pub(crate) fn before(&self, node: &NodeId) -> Past {
        let admit = self.last_admit(node).and_then(|admit| self.operation(&admit));
        let tips: &[OpId] = admit.map(|admit| &*admit.content().dependencies).unwrap_or_default();
        let mut past = self.past(tips, 0);
        // Who came after us: what we were given of the time before ours is of theirs, too, though what links the two is
        // not here.
        if past.is_cut {
            self.horizon.past.keys().for_each(|id| self.mark(&mut past, self.place(id)));
        }
        past
    }
}
