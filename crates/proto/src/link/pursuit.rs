//! Pursuits: trying one way to a node after another until it is linked (DESIGN, section 5).

use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::{Certificate, NodeId};
use crate::io::Wake;
use crate::io::{CloseReason, LinkId, Output, Path};
use crate::link::handshake::Role;
use crate::link::introduction::{Carrier, Introductions, Invited};
use crate::link::{Beginning, Links, SLOW_AFTER};
use crate::table::Table;
use crate::time::Instant;

/// Ways to one node that are tried at once: one that is slow, and another beside it. When both are, the next takes the place of
/// the first: what was begun while the network was away may never be answered.
const TRIES_MAX: usize = 2;

/// One way to a node.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// Dial it.
    Dial(Endpoint),
    /// Dial a native node that may be linked to it, and be introduced.
    Via(Endpoint),
    /// Be introduced by a node that we are linked to.
    Through(NodeId),
    /// The same, but ask first whether it can.
    Asking(NodeId),
    /// Be introduced by whoever lies on the way through the overlay.
    Overlay,
}

/// The nodes that we are trying to reach.
#[derive(Default)]
pub(crate) struct Pursuits {
    by_target: Table<NodeId, Pursuit>,
}

struct Pursuit {
    ways: Vec<Way>,
    certificate: Option<Certificate>,
    invited: Invited,
    /// The links that the ways under way wait for: to the target, or to its introducer. The latest is the last.
    tries: Vec<LinkId>,
    /// When the latest of them was begun.
    begun: Instant,
    /// Whether each way gets all its time before the next is tried.
    is_patient: bool,
    failure: CloseReason,
}

/// What became of a pursuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub target: NodeId,
    pub reason: CloseReason,
}

impl Pursuits {
    /// Pursues `target`: begins with the first of the ways now, unless another is under way and not slow. Yields the
    /// latest link, if one was begun.
    pub(crate) fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        (links, introductions): (&mut Links, &mut Introductions),
        target: NodeId,
        ways: Vec<Way>,
        (certificate, invited): (Option<Certificate>, Invited),
    ) -> Option<LinkId> {
        let pursuit = self.by_target.or_insert_with(target, || Pursuit {
            ways: Vec::new(),
            certificate: None,
            invited,
            tries: Vec::new(),
            begun: ctx.now,
            is_patient: false,
            failure: CloseReason::NoIntroducer,
        });
        if pursuit.is_patient {
            pursuit.ways.clear();
        }
        pursuit.ways.extend(ways);
        pursuit.certificate = pursuit.certificate.take().or(certificate);
        if pursuit.may_advance(ctx.now, links) {
            pursuit.advance(ctx, links, introductions, target);
        }
        pursuit.tries.last().copied()
    }

    /// Whether `target` is being pursued.
    pub(crate) fn is_underway(&self, target: &NodeId) -> bool {
        self.by_target.contains_key(target)
    }

    /// Whether another way to `target` would be tried now: it is not being pursued, or all that is left is slow.
    pub(crate) fn wants_ways(&self, now: Instant, links: &Links, target: &NodeId) -> bool {
        let is_left = |one: &Pursuit| !one.is_patient && !one.ways.is_empty();
        self.by_target.get(target).is_none_or(|one| !is_left(one) && one.may_advance(now, links))
    }

    /// Whether each way to `target` gets all its time: of one who has been away for long little is to be hoped for, and two
    /// whom no way brings together, for their NATs, cost no more connections than they must.
    pub(crate) fn take_time(&mut self, target: &NodeId, is_patient: bool) {
        if let Some(pursuit) = self.by_target.get_mut(target) {
            pursuit.is_patient = is_patient;
        }
    }

    /// Tries another way to those whose present one is slow, or has come to what it was for.
    pub(crate) fn on_timeout(
        &mut self,
        ctx: &mut Ctx<'_>,
        (links, introductions): (&mut Links, &mut Introductions),
    ) {
        self.by_target.retain(|target, pursuit| {
            let (is_settled, is_reached) = (pursuit.settle(links), links.is_linked(target));
            if !is_reached && (is_settled || !pursuit.is_patient) && pursuit.may_advance(ctx.now, links) {
                pursuit.advance(ctx, links, introductions, *target);
            }
            !is_reached
        });
    }

    /// The earliest moment at which another way is tried.
    pub(crate) fn poll_timeout(&self, links: &Links) -> Option<(Instant, Wake)> {
        let waits =
            |one: &&Pursuit| !one.is_patient && !one.ways.is_empty() && one.may_advance(one.next_at(), links);
        self.by_target.values().filter(waits).map(|one| (one.next_at(), Wake::Reach)).min()
    }

    /// Takes note that a node is linked: a target is reached, or an introducer is there.
    pub(crate) fn on_up(
        &mut self,
        ctx: &mut Ctx<'_>,
        (links, introductions): (&mut Links, &mut Introductions),
        node: NodeId,
    ) {
        self.by_target.remove(&node);
        for (target, pursuit) in self.by_target.iter_mut() {
            let before = pursuit.tries.len();
            pursuit.tries.retain(|link| links.node_of(*link) != Some(node));
            if pursuit.tries.len() < before {
                pursuit.ways.insert(0, Way::Through(node));
                pursuit.advance(ctx, links, introductions, *target);
            }
        }
    }

    /// Takes note that a link came to nothing: the next way is tried.
    pub(crate) fn on_failed(
        &mut self,
        ctx: &mut Ctx<'_>,
        (links, introductions): (&mut Links, &mut Introductions),
        link: LinkId,
        reason: CloseReason,
    ) {
        for (target, pursuit) in self.by_target.iter_mut() {
            let Some(at) = pursuit.tries.iter().position(|one| *one == link) else { continue };
            pursuit.tries.remove(at);
            pursuit.failure = reason;
            // While a later one is under way, the next has time.
            if at == pursuit.tries.len() {
                pursuit.advance(ctx, links, introductions, *target);
            }
        }
    }

    /// The pursuits that have run out of ways.
    pub(crate) fn drain_failures(&mut self) -> Vec<Failure> {
        let is_over = |pursuit: &Pursuit| pursuit.tries.is_empty() && pursuit.ways.is_empty();
        let over = self.by_target.iter().filter(|(_, pursuit)| is_over(pursuit));
        let failures: Vec<_> =
            over.map(|(target, pursuit)| Failure { target: *target, reason: pursuit.failure }).collect();
        for failure in &failures {
            self.by_target.remove(&failure.target);
        }
        failures
    }
}

impl Pursuit {
    /// Whether another way may be tried: none is under way, or one that is slow and there is room for a second.
    fn may_advance(&self, now: Instant, links: &Links) -> bool {
        self.tries.is_empty() || now >= self.next_at() && links.has_room_for_second_tries()
    }

    /// When another way is tried beside those that are under way, or in place of the first of them.
    fn next_at(&self) -> Instant {
        let slow = if self.tries.len() < TRIES_MAX { SLOW_AFTER } else { SLOW_AFTER.times(2) };
        self.begun + slow
    }

    /// Waits no longer for links that are up in place of older ones to the same nodes, of which nothing else is heard: who
    /// is at their other end can introduce us. Says whether there were any.
    fn settle(&mut self, links: &Links) -> bool {
        let before = self.tries.len();
        self.tries.retain(|link| match links.node_of(*link) {
            Some(node) => {
                self.ways.insert(0, Way::Through(node));
                false
            }
            None => true,
        });
        self.tries.len() < before
    }

    /// Tries the next way that can be tried.
    fn advance(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        introductions: &mut Introductions,
        target: NodeId,
    ) {
        if self.tries.len() == TRIES_MAX && !self.ways.is_empty() {
            links.abandon(ctx, self.tries.remove(0), CloseReason::Unreachable);
        }
        while !self.ways.is_empty() {
            let begun = match self.ways.remove(0) {
                Way::Dial(endpoint) => Some(dial(ctx, links, endpoint, Some(target))),
                Way::Via(endpoint) => match links.node_at(&endpoint) {
                    Some(node) => self.introduce(ctx, links, introductions, (target, node), false),
                    None => Some(dial(ctx, links, endpoint, None)),
                },
                Way::Through(node) => self.introduce(ctx, links, introductions, (target, node), false),
                Way::Asking(node) => self.introduce(ctx, links, introductions, (target, node), true),
                Way::Overlay => {
                    let (carrier, certificate) = (Carrier::Overlay, self.certificate.clone());
                    introductions.seek(ctx, links, (target, carrier), certificate, self.invited, true)
                }
            };
            if let Some(link) = begun {
                self.tries.push(link);
                self.begun = ctx.now;
                break;
            }
        }
    }

    fn introduce(
        &self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        introductions: &mut Introductions,
        (target, carrier): (NodeId, NodeId),
        is_cautious: bool,
    ) -> Option<LinkId> {
        if carrier == target || !links.is_linked(&carrier) {
            return None;
        }
        let certificate = self.certificate.clone();
        introductions.seek(
            ctx,
            links,
            (target, Carrier::Node(carrier)),
            certificate,
            self.invited,
            is_cautious,
        )
    }
}

/// Dials an endpoint; `expected` must be there, if given.
fn dial(ctx: &mut Ctx<'_>, links: &mut Links, endpoint: Endpoint, expected: Option<NodeId>) -> LinkId {
    let link = links.begin(ctx, Beginning { role: Role::Offerer, path: Path::Dial, expected });
    ctx.order(Output::Dial { link, endpoint });
    link
}
