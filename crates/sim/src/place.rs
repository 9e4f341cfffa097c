//! One seat in the world: a node, what its driver knows, and what its person has seen.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use tertulia_proto::endpoint::Address;
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Lacking, Recalled};
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{Config, Description, Duration, Endpoint, Event, Fingerprint};
use tertulia_proto::{Identity, Input, Instant, LinkId, Node, NodeId};

/// A place where a node runs, dies and runs again under the same identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub usize);

/// What runs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A browser tab: nobody can dial it, and each of its links shows another certificate.
    Tab,
    /// A native node: it listens at one endpoint, with one certificate for its life.
    Native,
}

/// How the person at a seat answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Not by themself: the test answers.
    Silent,
    /// Yes: into the conversation that was asked for, else into a new one.
    Yes,
    /// No.
    No,
}

/// What the driver at a seat knows of a link.
pub(crate) enum Half {
    /// Dialling an endpoint.
    Dialling(Endpoint),
    /// Gathering candidates, or waiting for the other half.
    Prepared {
        /// Our half.
        description: Description,
        /// The offer that ours answers.
        answers: Option<Box<Description>>,
        /// The answer to ours.
        answer: Option<Box<Description>>,
    },
    /// One end of a wire.
    Wired {
        /// Which wire.
        wire: usize,
        /// Which end of it.
        side: usize,
    },
}

/// The records of a store.
pub type Records = BTreeMap<Vec<u8>, Vec<u8>>;

/// A crash to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fuse {
    /// Outputs that are carried out before it.
    pub(crate) performed: u32,
    /// Outputs behind those whose records are committed, though nothing else of them is carried out.
    pub(crate) committed: u32,
}

/// All that belongs to one seat.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) id: NodeId,
    /// What a restart finds: the identity as the store keeps it.
    kept: Vec<u8>,
    /// What was committed.
    pub(crate) records: Records,
    pub(crate) fuse: Option<Fuse>,
    pub(crate) node: Option<Node>,
    /// Counts the node's lives, so that what was planned for one is not done to the next.
    pub(crate) life: u32,
    pub(crate) certificate: Fingerprint,
    pub(crate) links: BTreeMap<LinkId, Half>,
    inbound: u64,
    pub(crate) wake: Option<Instant>,
    /// Ticks in a row that were due at one moment.
    pub(crate) spin: (Instant, u32),
    pub(crate) events: Vec<(Instant, Event)>,
    pub(crate) manners: Manners,
    /// How far this host's clock is ahead of the world's.
    pub(crate) skew: Duration,
    /// How long it takes over each frame that it is given.
    pub(crate) slowness: Duration,
    /// Until when it is busy with those it was given.
    pub(crate) busy: Instant,
}

impl Place {
    /// A place for a new user, with nothing running yet.
    pub(crate) fn new(kind: Kind, name: &str, now: Instant, rng: &mut Rng) -> Self {
        let identity = Identity::generate(rng, &Name::cut(name), now.as_millis());
        Self {
            kind,
            name: name.to_owned(),
            config: match kind {
                Kind::Tab => Config::TAB,
                Kind::Native => Config::NATIVE,
            },
            id: identity.node(),
            kept: identity.to_bytes().to_vec(),
            records: Records::new(),
            fuse: None,
            node: None,
            life: 0,
            certificate: Fingerprint(rng.bytes()),
            links: BTreeMap::new(),
            inbound: 0,
            wake: None,
            spin: (now, 0),
            events: Vec::new(),
            manners: Manners::Silent,
            skew: Duration::default(),
            slowness: Duration::default(),
            busy: now,
        }
    }

    /// Begins a life under the kept identity.
    pub(crate) fn start(&mut self, seed: [u8; 32], now: Instant) {
        let identity = Identity::from_bytes(&self.kept).expect("what an identity keeps, it takes back");
        let records = self.records.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.node = Some(Node::restore(identity, self.config, seed, now + self.skew, records));
    }

    /// The answer of a living node to a question.
    pub(crate) fn ask<T>(&self, question: impl Fn(&Node, &mut Recalled) -> Result<T, Lacking>) -> Option<T> {
        let node = self.node.as_ref()?;
        let read = |key: &[u8]| self.records.get(key).cloned();
        Some(Recalled::answer(|recalled| question(node, recalled), read))
    }

    /// A frame that ends with records, unless one of them is not there.
    pub(crate) fn frame_of(&self, head: Vec<u8>, keys: &[Vec<u8>]) -> Option<Vec<u8>> {
        keys.iter().try_fold(head, |mut frame, key| {
            frame.extend(self.records.get(key)?);
            Some(frame)
        })
    }

    /// The identity as the store keeps it.
    pub(crate) fn identity(&self) -> &[u8] {
        &self.kept
    }

    /// Commits a record.
    pub(crate) fn commit(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        match value {
            Some(value) => drop(self.records.insert(key, value)),
            None => drop(self.records.remove(&key)),
        }
    }

    /// Whether the fuse has burnt down to the next output.
    pub(crate) fn burns_out(&mut self) -> bool {
        match &mut self.fuse {
            Some(Fuse { performed: 0, .. }) => true,
            Some(fuse) => {
                fuse.performed -= 1;
                false
            }
            None => false,
        }
    }

    /// Ends a life without a word.
    pub(crate) fn stop(&mut self) {
        if let Some(node) = self.node.take() {
            self.kept = node.identity().to_bytes().to_vec();
        }
        self.life += 1;
        self.fuse = None;
        self.links.clear();
        self.wake = None;
    }

    /// Where it can be dialled.
    pub(crate) fn endpoint(&self, seat: Seat) -> Option<Endpoint> {
        let address = Address(address(seat));
        (self.kind == Kind::Native)
            .then(|| Endpoint { fingerprint: self.certificate, addresses: List::first([address]) })
    }

    /// What its driver says first.
    pub(crate) fn listening(&self, seat: Seat) -> Input {
        Input::Listening { endpoint: self.endpoint(seat) }
    }

    /// The link of the next connection that comes in.
    pub(crate) fn next_inbound(&mut self) -> LinkId {
        self.inbound += 1;
        LinkId::inbound(self.inbound)
    }

    /// The certificate of a new link: a browser makes one for each.
    pub(crate) fn link_certificate(&self, rng: &mut Rng) -> Fingerprint {
        match self.kind {
            Kind::Tab => Fingerprint(rng.bytes()),
            Kind::Native => self.certificate,
        }
    }
}

/// The address of a seat's host.
pub(crate) fn address(seat: Seat) -> SocketAddr {
    let host = u32::from(Ipv4Addr::new(10, 0, 0, 1)) + u32::try_from(seat.0).unwrap_or(u32::MAX >> 8);
    SocketAddr::from((Ipv4Addr::from(host), 4000))
}
