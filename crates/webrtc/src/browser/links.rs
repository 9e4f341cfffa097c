//! All links of a tab: the [`Transport`] over the browser's own WebRTC.

use super::Notes;
use super::link::{Happening, Link, Purpose};
use crate::{Transport, sdp, stun_addresses};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use tertulia_proto::table::Table;
use tertulia_proto::{CloseReason, Description, Endpoint, Input, Instant, LinkId};
use web_sys::js_sys::Promise;

pub(super) struct Links {
    links: Table<LinkId, Link>,
    inputs: VecDeque<Input>,
    notes: Rc<Notes>,
    now: Instant,
}

impl Links {
    pub(super) fn new(notes: Rc<Notes>) -> Self {
        Self { links: Table::default(), inputs: VecDeque::new(), notes, now: Instant::default() }
    }

    /// Takes what a callback has noted.
    pub(super) fn handle(&mut self, id: LinkId, happening: Happening, now: Instant) {
        self.now = now;
        // A link that is gone may still have had a callback under way.
        let Some(link) = self.links.get_mut(&id) else { return };
        link.handle(happening, now);
        self.collect(id);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.links.values().filter_map(Link::deadline).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let due = |link: &Link| link.deadline().is_some_and(|deadline| deadline <= now);
        let ids: Vec<LinkId> = self.links.iter().filter(|(_, link)| due(link)).map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(link) = self.links.get_mut(&id) {
                link.handle_timeout(now);
            }
            self.collect(id);
        }
    }

    /// The browser's statistics of a link.
    pub(super) fn report(&self, id: LinkId) -> Option<Promise> {
        self.links.get(&id).map(Link::report)
    }

    fn open(&mut self, id: LinkId, purpose: Purpose, stun: &[Endpoint]) {
        let urls: Vec<String> = stun_addresses(stun).iter().map(stun_url).collect();
        match Link::new(id, purpose, &urls, Rc::clone(&self.notes), self.now) {
            Some(link) => drop(self.links.insert(id, link)),
            None => self.inputs.push_back(Input::Closed { link: id, reason: CloseReason::Unable }),
        }
    }

    /// Takes what a link has for the node, and forgets the link when it is over.
    fn collect(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        self.inputs.extend(link.take_inputs());
        if link.is_over() {
            self.links.remove(&id);
        }
    }
}

impl Transport for Links {
    fn dial(&mut self, link: LinkId, endpoint: Endpoint) {
        self.open(link, Purpose::Dial(endpoint), &[]);
    }

    fn offer(&mut self, link: LinkId, stun: Vec<Endpoint>) {
        self.open(link, Purpose::Offer, &stun);
    }

    fn accept(&mut self, link: LinkId, offer: Description, stun: Vec<Endpoint>) {
        self.open(link, Purpose::Accept(offer), &stun);
    }

    fn complete(&mut self, link: LinkId, answer: Description) {
        if let Some(found) = self.links.get_mut(&link) {
            found.complete(&answer, self.now);
            self.collect(link);
        }
    }

    fn send(&mut self, link: LinkId, bytes: Vec<u8>) {
        if let Some(found) = self.links.get_mut(&link) {
            found.send(&bytes);
            self.collect(link);
        }
    }

    fn close(&mut self, link: LinkId) {
        if let Some(found) = self.links.get_mut(&link) {
            found.close(self.now);
            self.collect(link);
        }
    }

    fn poll_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }
}

/// Where a browser is to ask for its own addresses (RFC 7064).
fn stun_url(at: &SocketAddr) -> String {
    let (host, port) = (sdp::address(&at.ip()), at.port());
    if at.is_ipv6() { format!("stun:[{host}]:{port}") } else { format!("stun:{host}:{port}") }
}
