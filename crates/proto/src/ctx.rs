//! What every concept is handed: the moment, chance, who we are and what we want, and where outputs go.

use crate::group::{ConversationId, Progress};
use crate::identity::{Identity, NodeId};
use crate::io::{Event, Output, RequestId};
use crate::overlay::ring::Key as RingKey;
use crate::overlay::{Parcel, WayBack};
use crate::preferences::Preferences;
use crate::rng::Rng;
use crate::store::Key;
use crate::table::Table;
use crate::time::Instant;
use crate::wire::cbor::{Wire, encode};
use crate::wire::{Frame, RouteId};
use std::collections::VecDeque;

/// The surroundings of one step. A concept that has it needs nothing else from the world.
pub(crate) struct Ctx<'a> {
    /// The moment of the step.
    pub now: Instant,
    /// The node's chance.
    pub rng: &'a mut Rng,
    /// The node's keys.
    pub me: &'a Identity,
    /// What the person wants.
    pub wants: &'a Preferences,
    /// Bytes of operations of a conversation that may be in memory: see [`Config::resident_max`](crate::Config).
    pub resident_max: usize,
    /// Where what follows from the step is put.
    pub out: &'a mut Out,
}

impl Ctx<'_> {
    /// Puts a frame into the post for `to`: it goes over the link that is in use for that node, if any.
    pub(crate) fn post(&mut self, to: NodeId, frame: Frame) {
        self.out.mail.push_back((to, Mail::Frame(Box::new(frame))));
    }

    /// Asks `to` for a sign of life: the heartbeat of its link, now.
    pub(crate) fn probe(&mut self, to: NodeId) {
        self.out.mail.push_back((to, Mail::Probe));
    }

    /// Sends a frame through the overlay to whoever is closest to `key`. Its answer will have the id that this yields.
    pub(crate) fn route(&mut self, key: RingKey, load: Frame) -> RouteId {
        self.route_around(key, load, 0)
    }

    /// The same over so many different first hops, for what has come to nothing; over the one best way for none.
    pub(crate) fn route_around(&mut self, key: RingKey, load: Frame, copies: usize) -> RouteId {
        let id = RouteId(self.rng.bytes());
        self.out.routed.push_back(Routed::To { key, id, load: Box::new(load), copies });
        id
    }

    /// Answers what came through the overlay.
    pub(crate) fn answer(&mut self, way: WayBack, load: Frame) {
        self.out.routed.push_back(Routed::Back { way, load: Box::new(load) });
    }

    /// Puts operations into the post for `to` that are not all in memory: of these keys, and of so many bytes in all.
    pub(crate) fn post_kept(&mut self, to: NodeId, keys: Vec<Key>, size: usize) {
        self.out.mail.push_back((to, Mail::Kept { keys, size }));
    }

    /// Tells the person.
    pub(crate) fn tell(&mut self, event: Event) {
        self.out.outputs.push_back(Output::Event(event));
    }

    /// Tells the driver.
    pub(crate) fn order(&mut self, output: Output) {
        self.out.outputs.push_back(output);
    }

    /// Tells the concept that keeps our requests how far one has come.
    pub(crate) fn report(&mut self, conversation: ConversationId, request: RequestId, progress: Progress) {
        self.out.progress.push_back((conversation, request, progress));
    }

    /// Keeps a record. It is durable before anything that is told or sent after this.
    pub(crate) fn keep(&mut self, key: Key, value: &impl Wire) {
        self.order(Output::Store { key: key.to_bytes(), value: Some(encode(value)) });
    }

    /// Lets go of a record.
    pub(crate) fn drop_kept(&mut self, key: Key) {
        self.order(Output::Store { key: key.to_bytes(), value: None });
    }

    /// Counts one occurrence of `reason`, where somebody can ask for it: in the page nobody can, and the reasons are two of its
    /// kilobytes.
    pub(crate) fn count(&mut self, reason: &'static str) {
        if cfg!(feature = "stats") {
            *self.out.stats.or_insert_with(reason, || 0) += 1;
        }
    }
}

/// What goes to a node.
pub(crate) enum Mail {
    /// A frame.
    Frame(Box<Frame>),
    /// A frame of operations that the driver makes of records.
    Kept {
        /// Whose.
        keys: Vec<Key>,
        /// How many bytes they are.
        size: usize,
    },
    /// A heartbeat.
    Probe,
}

/// What goes through the overlay.
pub(crate) enum Routed {
    /// A message to whoever is closest to a key.
    To {
        /// The key.
        key: RingKey,
        /// What its answer will be known by.
        id: RouteId,
        /// What it is.
        load: Box<Frame>,
        /// Over how many first hops; none for the best.
        copies: usize,
    },
    /// An answer.
    Back {
        /// Which way the message came.
        way: WayBack,
        /// What it is.
        load: Box<Frame>,
    },
}

/// What one step has yielded so far.
#[derive(Default)]
pub(crate) struct Out {
    /// For the driver, in order.
    pub outputs: VecDeque<Output>,
    /// Frames whose link is still to be chosen. Empty between steps.
    pub mail: VecDeque<(NodeId, Mail)>,
    /// How far requests of ours have come. Empty between steps.
    pub progress: VecDeque<(ConversationId, RequestId, Progress)>,
    /// What is to go through the overlay. Empty between steps.
    pub routed: VecDeque<Routed>,
    /// What the overlay has delivered here. Empty between steps.
    pub parcels: VecDeque<Parcel>,
    /// Counters by name.
    pub stats: Table<&'static str, u64>,
}
