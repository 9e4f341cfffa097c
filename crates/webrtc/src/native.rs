//! Links natively: `rtc`'s sans-IO stack over our own UDP sockets.
//!
//! [`Native`] is the [`Transport`] without sockets: datagrams, time and the core's wishes go in, datagrams and
//! inputs come out. [`Runner`] gives it sockets, a clock and a node, and [`Handle`] is what others hold of it.
//!
//! One UDP port carries everything that others come to: links that they dial, offers, answers, and plain STUN
//! questions. Links that we dial leave from a second port. If they did not, then two nodes that dial each other
//! at the same time would have two DTLS sessions between the same two addresses, and nothing in a DTLS record
//! says which one it belongs to.

mod certificate;
mod commits;
mod gather;
mod listener;
mod runner;
mod session;
mod stun;

pub use certificate::{Certificate, CertificateError};
pub use commits::{Kept, Memory, Storage};
pub use listener::Listener;
pub use runner::{Clock, EVENTS_MAX, Events, Gone, Handle, Notice, Runner, StartError};

use crate::{Route, Transport};
use bytes::Bytes;
use gather::Gathering;
use session::{Outbox, Place, Session};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stun::{Stun, Username};
use tertulia_proto::endpoint::{IcePwd, ice_pwd};
use tertulia_proto::{CloseReason, Description, Endpoint, Input, LinkId};

/// The most diallers at once who have not opened their channel yet. Each costs some 200 kB; whoever knows the
/// invite can send first checks from addresses that are not theirs, and this is what that can cost us.
pub const HALF_OPEN_MAX: usize = 256;
/// How long a dialler may stay half-open for sure. After it, newer ones may take its place.
const HALF_OPEN_GRACE: Duration = Duration::from_secs(1);
/// The most addresses that lead to one link: both families of a host with several networks.
const ADDRESSES_PER_LINK_MAX: usize = 16;

/// One of our two UDP ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// The one that invites name.
    Listening,
    /// The one that our dials leave from.
    Dialling,
}

/// A datagram to be sent.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// From which of our ports.
    pub port: Port,
    /// Where to.
    pub to: SocketAddr,
    /// What.
    pub bytes: Bytes,
}

/// All links of one node, without sockets.
pub struct Native {
    ports: Ports,
    /// Where the listening port can be reached: what our descriptions tell.
    addresses: Vec<SocketAddr>,
    own_pwd: IcePwd,
    sessions: BTreeMap<LinkId, Session>,
    /// Links by our user fragment, which every check names.
    by_ufrag: HashMap<String, LinkId>,
    /// Links by where packets without a name come from.
    by_address: HashMap<(Port, SocketAddr), LinkId>,
    gatherings: Vec<Gathering>,
    /// Sessions that were given something since they were last emptied.
    touched: BTreeSet<LinkId>,
    inbound: u64,
    out: Outbox,
    counters: BTreeMap<&'static str, u64>,
}

/// The addresses that the two sockets are bound to.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The one that invites name.
    pub listening: SocketAddr,
    /// The one that our dials leave from.
    pub dialling: SocketAddr,
}

impl Native {
    /// The links of a node with this certificate, over two sockets that the caller owns.
    pub fn new(certificate: Certificate, ports: Ports) -> Result<Self, CertificateError> {
        let pwd = ice_pwd(&certificate.fingerprint());
        let own_pwd = IcePwd::new(&pwd).ok_or_else(|| CertificateError::Crypto("no password".to_owned()))?;
        Ok(Self {
            ports,
            addresses: Vec::new(),
            own_pwd,
            sessions: BTreeMap::new(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            gatherings: Vec::new(),
            touched: BTreeSet::new(),
            inbound: 0,
            out: Outbox { certificate, inputs: VecDeque::new(), transmits: VecDeque::new() },
            counters: BTreeMap::new(),
        })
    }

    /// Notes where the listening port can be reached.
    pub fn set_addresses(&mut self, addresses: Vec<SocketAddr>) {
        self.addresses = addresses;
    }

    /// Takes a datagram that came in at one of our ports.
    pub fn handle_datagram(&mut self, port: Port, from: SocketAddr, datagram: &[u8], now: Instant) {
        self.count("udp_datagrams_in");
        if Stun::matches(datagram) {
            match Stun::decode(datagram) {
                Some(stun) if stun.is_request() => self.on_request(port, from, stun, datagram, now),
                Some(stun) if stun.is_success() => self.on_success(port, from, stun, datagram, now),
                _ => self.count("stun_malformed"),
            }
            return;
        }
        let link = self.by_address.get(&(port, from)).copied();
        match link.and_then(|link| self.sessions.get_mut(&link)) {
            Some(session) => {
                session.receive_packet(datagram, from, now);
                let link = session.link();
                self.touched.insert(link);
            }
            None => self.count("udp_stray"),
        }
    }

    /// When [`Native::handle_timeout`] is due.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        let sessions = self.sessions.values_mut().filter_map(Session::poll_timeout).min();
        let gatherings = self.gatherings.iter().map(Gathering::poll_timeout).min();
        [sessions, gatherings].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for session in self.sessions.values_mut() {
            if session.poll_timeout().is_some_and(|due| due <= now) {
                session.handle_timeout(now);
                self.touched.insert(session.link());
            }
        }
        self.gather(now);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.settle();
        self.out.transmits.pop_front()
    }

    /// Which way the packets of a link take.
    pub fn route(&self, link: LinkId) -> Option<Route> {
        self.sessions.get(&link)?.route()
    }

    /// How many links there are, open or on their way.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no link.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Closes every link at once. What this still has to say is to be taken with [`Native::poll_transmit`].
    pub fn abandon(&mut self) {
        for session in self.sessions.values_mut() {
            session.abandon();
        }
        self.touched.extend(self.sessions.keys());
    }

    /// What was done and what was dropped, by name.
    pub fn stats(&self) -> &BTreeMap<&'static str, u64> {
        &self.counters
    }
}

impl Transport for Native {
    fn dial(&mut self, link: LinkId, endpoint: Endpoint) {
        let session = Session::dial(link, &endpoint, &self.place(Port::Dialling, Instant::now()));
        self.insert(link, session);
    }

    fn offer(&mut self, link: LinkId, stun: Vec<Endpoint>) {
        let session = Session::offer(link, &self.place(Port::Listening, Instant::now()));
        self.insert_gathering(link, session, &stun);
    }

    fn accept(&mut self, link: LinkId, offer: Description, stun: Vec<Endpoint>) {
        let session = Session::accept(link, &offer, &self.place(Port::Listening, Instant::now()));
        self.insert_gathering(link, session, &stun);
    }

    fn complete(&mut self, link: LinkId, answer: Description) {
        let Some(session) = self.sessions.get_mut(&link) else { return };
        if let Err(error) = session.complete(&answer, Instant::now()) {
            log::debug!("{link:?}: the answer is of no use: {error}");
            self.forget(link);
            self.out.inputs.push_back(Input::Closed { link, reason: CloseReason::Misbehaved });
        }
        self.touched.insert(link);
    }

    fn send(&mut self, link: LinkId, bytes: Vec<u8>) {
        if let Some(session) = self.sessions.get_mut(&link) {
            session.send(&bytes, Instant::now());
            self.touched.insert(link);
        }
    }

    fn close(&mut self, link: LinkId) {
        self.out.inputs.retain(|input| input_link(input) != Some(link));
        if let Some(session) = self.sessions.get_mut(&link) {
            session.close(Instant::now());
            self.touched.insert(link);
        }
    }

    fn poll_input(&mut self) -> Option<Input> {
        self.settle();
        self.out.inputs.pop_front()
    }
}

/// Telling datagrams apart.
impl Native {
    fn on_request(&mut self, port: Port, from: SocketAddr, mut stun: Stun, datagram: &[u8], now: Instant) {
        if !stun.has_username() {
            return self.answer_plainly(port, from, &stun);
        }
        let Some(username) = stun.username() else { return self.count("stun_malformed") };
        let known = self.by_ufrag.get(username.receiver.as_str()).copied();
        let crypto = self.out.certificate.crypto().clone();
        let session =
            known.and_then(|link| self.sessions.get(&link)).filter(|session| session.port() == port);
        let pwd = session.map_or(&self.own_pwd, Session::pwd).clone();
        if session.is_none() && port == Port::Dialling {
            return self.count("udp_stray");
        }
        if !stun.is_signed_with(pwd.as_str(), &crypto) {
            return self.count("stun_unsigned");
        }
        let link = match session.map(Session::link) {
            Some(link) => link,
            None => match self.admit(&username, now) {
                Some(link) => link,
                None => return,
            },
        };
        self.lead(port, from, link, false);
        if let Some(session) = self.sessions.get_mut(&link) {
            session.receive_request(stun, datagram, from, now);
            self.touched.insert(link);
        }
    }

    /// An answer to a check of ours, or to a question for our address.
    fn on_success(&mut self, port: Port, from: SocketAddr, mut stun: Stun, datagram: &[u8], now: Instant) {
        if port == Port::Listening
            && self.gatherings.iter_mut().any(|gathering| gathering.receive(&stun, from))
        {
            return self.gather(now);
        }
        let transaction = stun.transaction();
        let asked =
            self.sessions.values().find(|session| session.port() == port && session.expects(&transaction));
        let Some(session) = asked else { return self.count("udp_stray") };
        let (link, pwd) = (session.link(), session.remote_pwd().cloned());
        let crypto = self.out.certificate.crypto().clone();
        if !pwd.is_some_and(|pwd| stun.is_signed_with(pwd.as_str(), &crypto)) {
            return self.count("stun_unsigned");
        }
        self.lead(port, from, link, true);
        if let Some(session) = self.sessions.get_mut(&link) {
            session.receive_response(datagram, from, now, &mut self.out);
            self.touched.insert(link);
        }
    }

    fn answer_plainly(&mut self, port: Port, from: SocketAddr, stun: &Stun) {
        if port != Port::Listening {
            return self.count("udp_stray");
        }
        if let Some(bytes) = stun.answer(from) {
            self.count("stun_answered");
            self.out.transmits.push_back(Transmit { port, to: from, bytes: bytes.into() });
        }
    }

    /// Makes a session for a dialler who has signed its first check with our password.
    fn admit(&mut self, dialler: &Username, now: Instant) -> Option<LinkId> {
        if !self.make_room(now) {
            self.count("ice_no_room");
            return None;
        }
        self.inbound += 1;
        let link = LinkId::inbound(self.inbound);
        let place = self.place(Port::Listening, now);
        match Session::listen(link, dialler, &self.own_pwd, &place) {
            Ok(session) => {
                self.count("ice_diallers");
                self.by_ufrag.insert(session.ufrag().as_str().to_owned(), link);
                self.sessions.insert(link, session);
                Some(link)
            }
            Err(error) => {
                log::debug!("a dialler's check is of no use: {error}");
                self.count("stun_malformed");
                None
            }
        }
    }

    fn make_room(&mut self, now: Instant) -> bool {
        let half_open = self.sessions.values().filter(|session| session.is_half_open());
        if half_open.clone().count() < HALF_OPEN_MAX {
            return true;
        }
        let oldest = half_open.min_by_key(|session| session.born());
        let Some(oldest) = oldest.filter(|session| session.born() + HALF_OPEN_GRACE <= now) else {
            return false;
        };
        self.forget(oldest.link());
        self.count("ice_crowded_out");
        true
    }

    /// Notes where packets that name no link lead to. A first check may come from an address that is not its
    /// sender's, so it leads no packet away from an open link; an answer to a check of ours cannot.
    fn lead(&mut self, port: Port, from: SocketAddr, link: LinkId, proven: bool) {
        if let Some(owner) = self.by_address.get(&(port, from)) {
            let open = self.sessions.get(owner).is_some_and(Session::is_open);
            if *owner == link || (open && !proven) {
                return;
            }
        } else if self.by_address.values().filter(|owner| **owner == link).count() >= ADDRESSES_PER_LINK_MAX {
            return self.count("ice_too_many_addresses");
        }
        self.by_address.insert((port, from), link);
    }
}

/// Keeping sessions.
impl Native {
    fn place(&self, port: Port, now: Instant) -> Place<'_> {
        let bound = match port {
            Port::Listening => self.ports.listening,
            Port::Dialling => self.ports.dialling,
        };
        // A socket on the unspecified IPv6 address carries both families; on any other, its own.
        let v6 = bound.is_ipv6();
        let v4 = bound.is_ipv4() || bound.ip().is_unspecified();
        Place { certificate: &self.out.certificate, port, udp_port: bound.port(), families: (v4, v6), now }
    }

    fn insert(&mut self, link: LinkId, session: Result<Session, rtc::shared::error::Error>) -> bool {
        match session {
            Ok(session) => {
                self.by_ufrag.insert(session.ufrag().as_str().to_owned(), link);
                self.sessions.insert(link, session);
                self.touched.insert(link);
                true
            }
            Err(error) => {
                log::debug!("{link:?} cannot be opened: {error}");
                self.out.inputs.push_back(Input::Closed { link, reason: CloseReason::Unable });
                false
            }
        }
    }

    fn insert_gathering(
        &mut self,
        link: LinkId,
        session: Result<Session, rtc::shared::error::Error>,
        stun: &[Endpoint],
    ) {
        if self.insert(link, session) {
            let (crypto, now) = (self.out.certificate.crypto().clone(), Instant::now());
            self.gatherings.push(Gathering::new(link, stun, || crypto.random().ok(), now));
            self.gather(now);
        }
    }

    fn gather(&mut self, now: Instant) {
        for gathering in &mut self.gatherings {
            self.out.transmits.extend(gathering.poll_transmits(now));
        }
        let (done, waiting) =
            self.gatherings.drain(..).partition(|gathering: &Gathering| gathering.is_done(now));
        self.gatherings = waiting;
        for gathering in done {
            let Some(session) = self.sessions.get(&gathering.link) else { continue };
            let description = Description {
                ufrag: session.ufrag().clone(),
                pwd: session.pwd().clone(),
                fingerprint: self.out.certificate.fingerprint(),
                candidates: gathering.candidates(&self.addresses),
            };
            self.out.inputs.push_back(Input::Described { link: gathering.link, description });
        }
    }

    /// Empties every session that was given something.
    fn settle(&mut self) {
        while let Some(link) = self.touched.pop_first() {
            let Some(session) = self.sessions.get_mut(&link) else { continue };
            if session.pump(Instant::now(), &mut self.out) {
                self.forget(link);
            }
        }
    }

    fn forget(&mut self, link: LinkId) {
        self.sessions.remove(&link);
        self.by_ufrag.retain(|_, owner| *owner != link);
        self.by_address.retain(|_, owner| *owner != link);
        self.gatherings.retain(|gathering| gathering.link != link);
    }

    fn count(&mut self, name: &'static str) {
        *self.counters.entry(name).or_default() += 1;
    }
}

fn input_link(input: &Input) -> Option<LinkId> {
    match input {
        Input::Opened { link, .. }
        | Input::Frame { link, .. }
        | Input::Described { link, .. }
        | Input::Closed { link, .. } => Some(*link),
        Input::Listening { .. } | Input::Tick => None,
    }
}
