//! Pursuits: trying one way to a node after another until it is linked (DESIGN, section 5).

use crate::ctx::Ctx;
use crate::endpoint::Endpoint;
use crate::identity::{Certificate, NodeId};
use crate::io::{CloseReason, LinkId, Output, Path};
use crate::link::handshake::Role;
use crate::link::introduction::{Introductions, Invited};
use crate::link::{Beginning, Links};
use crate::table::Table;
use std::collections::VecDeque;

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
}

/// The nodes that we are trying to reach.
#[derive(Default)]
pub(crate) struct Pursuits {
    by_target: Table<NodeId, Pursuit>,
}

struct Pursuit {
    ways: VecDeque<Way>,
    certificate: Option<Certificate>,
    invited: Invited,
    /// The link that the present way waits for: to the target, or to its introducer.
    current: Option<LinkId>,
    failure: CloseReason,
}

/// What became of a pursuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub target: NodeId,
    pub reason: CloseReason,
}

impl Pursuits {
    /// Begins to pursue `target`, unless that is already under way. Yields the first link, if one was begun.
    pub(crate) fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        (links, introductions): (&mut Links, &mut Introductions),
        target: NodeId,
        ways: impl IntoIterator<Item = Way>,
        (certificate, invited): (Option<Certificate>, Invited),
    ) -> Option<LinkId> {
        let pursuit = self.by_target.or_insert_with(target, || Pursuit {
            ways: VecDeque::new(),
            certificate: None,
            invited,
            current: None,
            failure: CloseReason::NoIntroducer,
        });
        pursuit.ways.extend(ways);
        pursuit.certificate = pursuit.certificate.take().or(certificate);
        if pursuit.current.is_none() {
            pursuit.advance(ctx, links, introductions, target);
        }
        pursuit.current
    }

    /// Whether `target` is being pursued.
    pub(crate) fn is_underway(&self, target: &NodeId) -> bool {
        self.by_target.contains_key(target)
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
            if pursuit.current.is_some_and(|link| links.node_of(link) == Some(node)) {
                pursuit.ways.push_front(Way::Through(node));
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
            if pursuit.current == Some(link) {
                pursuit.failure = reason;
                pursuit.advance(ctx, links, introductions, *target);
            }
        }
    }

    /// The pursuits that have run out of ways.
    pub(crate) fn drain_failures(&mut self) -> Vec<Failure> {
        let is_over = |pursuit: &Pursuit| pursuit.current.is_none() && pursuit.ways.is_empty();
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
    /// Tries the next way that can be tried.
    fn advance(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        introductions: &mut Introductions,
        target: NodeId,
    ) {
        self.current = None;
        while self.current.is_none() {
            let Some(way) = self.ways.pop_front() else { break };
            self.current = match way {
                Way::Dial(endpoint) => Some(dial(ctx, links, endpoint, Some(target))),
                Way::Via(endpoint) => match links.node_at(&endpoint) {
                    Some(node) => self.introduce(ctx, links, introductions, (target, node), false),
                    None => Some(dial(ctx, links, endpoint, None)),
                },
                Way::Through(node) => self.introduce(ctx, links, introductions, (target, node), false),
                Way::Asking(node) => self.introduce(ctx, links, introductions, (target, node), true),
            };
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
        introductions.seek(ctx, links, (target, carrier), certificate, self.invited, is_cautious)
    }
}

/// Dials an endpoint; `expected` must be there, if given.
fn dial(ctx: &mut Ctx<'_>, links: &mut Links, endpoint: Endpoint, expected: Option<NodeId>) -> LinkId {
    let link = links.begin(ctx, Beginning { role: Role::Offerer, path: Path::Dial, expected });
    ctx.order(Output::Dial { link, endpoint });
    link
}
