//! Introductions: WebRTC signalling carried by nodes that are linked to both sides (DESIGN, section 5.2).
//!
//! The offer and the answer are signed by their device and sealed to the recipient's, so that whoever
//! carries them learns nothing and changes nothing. Once the link stands, the carriers are not needed.

use crate::ctx::Ctx;
use crate::endpoint::{Description, Endpoint};
use crate::identity::{Certificate, NodeId, SealingKey};
use crate::invite::Pass;
use crate::io::{CloseReason, LinkId, Output, Path};
use crate::link::handshake::Role;
use crate::link::{Beginning, Links};
use crate::overlay::WayBack;
use crate::overlay::ring::Key;
use crate::table::Table;
use crate::wire::bounded::Blob;
use crate::wire::cbor;
use crate::wire::letter::{AttemptId, Letter};
use crate::wire::signed::Signed;
use crate::wire::{Contact, Frame, Lookup, Signal, Unreachable, seal};

/// Offers that may be answered at once: each costs the driver a connection and a port.
pub(crate) const ANSWERING_MAX: usize = 32;
/// Introductions that may be under way from here at once: a newcomer to a full conversation of a tab.
pub(crate) const ATTEMPTS_MAX: usize = 64;
/// Ids of offers that are remembered, so that none is answered twice.
const SEEN_MAX: usize = 256;
const INFO: &[u8] = b"tertulia introduction v1";

/// What an invite lends to an introduction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Invited {
    pub pass: Option<Pass>,
    pub expires_ms: Option<u64>,
}

/// The pass of this node's invites that expire at `expires_ms`.
pub(crate) fn pass(ctx: &Ctx<'_>, expires_ms: Option<u64>) -> Pass {
    let key = ctx.me.secret("tertulia 2026-11 invite pass v1");
    let hash = blake3::keyed_hash(&key, &expires_ms.unwrap_or(u64::MAX).to_be_bytes());
    let mut pass = [0; 8];
    pass.copy_from_slice(&hash.as_bytes()[..8]);
    Pass(pass)
}

/// Who carries an introduction.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    /// A node that we are linked to.
    Node(NodeId),
    /// The overlay, to whoever it is for.
    Overlay,
    /// The overlay, back the way that a message came.
    Back(WayBack),
}

impl Carrier {
    /// Has a frame carried that is for `to`.
    pub(crate) fn carry(&self, ctx: &mut Ctx<'_>, to: NodeId, frame: Frame) {
        match self {
            Self::Node(node) => ctx.post(*node, frame),
            Self::Overlay => {
                ctx.route(Key::from(to), frame);
            }
            Self::Back(way) => ctx.answer(way.clone(), frame),
        }
    }

    /// Whether what comes this way may answer what went out that way.
    fn answers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Node(one), Self::Node(other)) => one == other,
            (Self::Overlay, Self::Overlay) => true,
            _ => false,
        }
    }
}

/// All introductions under way, ours and those that we answer.
#[derive(Default)]
pub(crate) struct Introductions {
    attempts: Table<LinkId, Attempt>,
    answering: Table<LinkId, Answering>,
    seen: Vec<AttemptId>,
}

/// An introduction of ours.
struct Attempt {
    id: AttemptId,
    target: NodeId,
    carrier: Carrier,
    certificate: Option<Certificate>,
    description: Option<Description>,
    invited: Invited,
    /// Whether the offer waits for the carrier's word.
    is_cautious: bool,
}

/// An offer that we answer.
struct Answering {
    attempt: AttemptId,
    carrier: Carrier,
    to: Certificate,
}

impl Introductions {
    /// Seeks a link to `target` through `carrier`. The certificate is asked for when it is not known. One that was tried
    /// before is probably not there: then a cautious attempt asks first, and makes its offer when the carrier knows it.
    /// An offer costs a browser one of the few hundred connections of a tab's life.
    pub(crate) fn seek(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        (target, carrier): (NodeId, Carrier),
        certificate: Option<Certificate>,
        invited: Invited,
        is_cautious: bool,
    ) -> Option<LinkId> {
        if self.attempts.len() >= ATTEMPTS_MAX {
            ctx.count("introduction_refused_full");
            return None;
        }
        let beginning = Beginning { role: Role::Offerer, path: Path::Introduction, expected: Some(target) };
        let link = links.begin(ctx, beginning);
        let certificate = certificate.filter(|_| !is_cautious);
        if certificate.is_none() {
            carrier.carry(ctx, target, Frame::Lookup(Lookup { node: target }));
        }
        if !is_cautious {
            ctx.order(Output::Offer { link, stun: stun(links) });
        }
        let id = AttemptId(ctx.rng.bytes());
        let attempt = Attempt { id, target, carrier, certificate, description: None, invited, is_cautious };
        self.attempts.insert(link, attempt);
        Some(link)
    }

    /// Takes our half of a session and sends it; false when it is not one of an introduction.
    pub(crate) fn on_described(
        &mut self,
        ctx: &mut Ctx<'_>,
        link: LinkId,
        description: &Description,
    ) -> bool {
        if let Some(attempt) = self.attempts.get_mut(&link) {
            attempt.description = Some(description.clone());
            attempt.send(ctx);
            return true;
        }
        let Some(answering) = self.answering.get(&link) else { return false };
        let letter = letter(ctx, &answering.to, answering.attempt, description, None);
        post_letter(ctx, &answering.carrier, &answering.to, letter);
        true
    }

    /// Takes the certificate that a [`Frame::Lookup`] asked for.
    pub(crate) fn on_contact(&mut self, ctx: &mut Ctx<'_>, links: &Links, from: &Carrier, contact: &Contact) {
        let node = contact.certificate.node();
        let mut asked = self
            .attempts
            .iter_mut()
            .filter(|(_, attempt)| attempt.target == node && attempt.carrier.answers(from));
        match asked.next() {
            Some((link, attempt)) if attempt.certificate.is_none() => {
                attempt.certificate = Some(contact.certificate.clone());
                if attempt.is_cautious {
                    ctx.order(Output::Offer { link: *link, stun: stun(links) });
                }
                attempt.send(ctx);
            }
            _ => ctx.count("contact_unasked"),
        }
    }

    /// Takes the word of a carrier that it is not linked to the target: the attempt is over.
    pub(crate) fn on_unreachable(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        from: &Carrier,
        unreachable: &Unreachable,
    ) {
        let is_it = |attempt: &Attempt| attempt.target == unreachable.node && attempt.carrier.answers(from);
        let found = self.attempts.iter().find(|(_, attempt)| is_it(attempt)).map(|(link, _)| *link);
        match found {
            Some(link) => links.abandon(ctx, link, CloseReason::NoIntroducer),
            None => ctx.count("unreachable_unasked"),
        }
    }

    /// Takes note that a carrier is gone: what it was given and has not answered is lost.
    pub(crate) fn on_unlinked(&self, ctx: &mut Ctx<'_>, links: &mut Links, carrier: NodeId) {
        let is_its = |attempt: &Attempt| matches!(attempt.carrier, Carrier::Node(node) if node == carrier);
        for (link, _) in self.attempts.iter().filter(|(_, attempt)| is_its(attempt)) {
            links.abandon(ctx, *link, CloseReason::NoIntroducer);
        }
    }

    /// Answers a lookup about a node that is linked to us, or about ourselves.
    pub(crate) fn on_lookup(ctx: &mut Ctx<'_>, links: &Links, from: &Carrier, lookup: &Lookup) {
        let is_me = lookup.node == ctx.me.node();
        let certificate = match links.peer(&lookup.node) {
            None if is_me => Some(ctx.me.certificate()),
            peer => peer.map(|peer| &peer.certificate),
        };
        let answer = match certificate {
            Some(certificate) => Frame::Contact(Box::new(Contact { certificate: certificate.clone() })),
            None => Frame::Unreachable(Unreachable { node: lookup.node }),
        };
        from.carry(ctx, lookup.node, answer);
    }

    /// Carries an envelope on, or opens it when it is for us. `consents` tells whom we let offer uninvited.
    pub(crate) fn on_signal(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        (from, signal): (Carrier, Signal),
        consents: &dyn Fn(&NodeId) -> bool,
    ) {
        if signal.to == ctx.me.node() {
            self.on_letter(ctx, links, from, &signal, consents);
        } else if links.is_linked(&signal.to) && matches!(from, Carrier::Node(_)) {
            ctx.count("signal_carried");
            let to = signal.to;
            ctx.post(to, Frame::Signal(signal));
        } else {
            from.carry(ctx, signal.to, Frame::Unreachable(Unreachable { node: signal.to }));
        }
    }

    fn on_letter(
        &mut self,
        ctx: &mut Ctx<'_>,
        links: &mut Links,
        carrier: Carrier,
        signal: &Signal,
        consents: &dyn Fn(&NodeId) -> bool,
    ) {
        let letter = seal::open(&ctx.me.sealing_seed(), INFO, &signal.sealed)
            .and_then(|plain| cbor::decode::<Signed<Letter>>(&plain))
            .filter(|letter| letter.to == ctx.me.certificate().device);
        let Some(letter) = letter else {
            ctx.count("signal_not_for_us");
            return;
        };
        if letter.answer {
            self.on_answer(ctx, links, &letter);
        } else if consents(&letter.certificate.node()) || is_invited(ctx, &letter) {
            self.on_offer(ctx, links, carrier, &letter);
        } else {
            ctx.count("signal_uninvited");
        }
    }

    fn on_offer(&mut self, ctx: &mut Ctx<'_>, links: &mut Links, carrier: Carrier, letter: &Letter) {
        if self.seen.contains(&letter.attempt) {
            ctx.count("signal_replayed");
            return;
        }
        if self.answering.len() >= ANSWERING_MAX {
            ctx.count("introduction_refused_full");
            return;
        }
        if self.seen.len() == SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push(letter.attempt);
        let expected = Some(letter.certificate.node());
        let link = links.begin(ctx, Beginning { role: Role::Answerer, path: Path::Introduction, expected });
        let answering = Answering { attempt: letter.attempt, carrier, to: letter.certificate.clone() };
        self.answering.insert(link, answering);
        ctx.order(Output::Accept { link, offer: letter.description.clone(), stun: stun(links) });
    }

    fn on_answer(&mut self, ctx: &mut Ctx<'_>, links: &Links, letter: &Letter) {
        let is_it = |attempt: &Attempt| {
            attempt.id == letter.attempt
                && attempt.target == letter.certificate.node()
                && attempt.description.is_some()
        };
        let found = self.attempts.iter().find(|(_, attempt)| is_it(attempt)).map(|(link, _)| *link);
        match found {
            Some(link) if links.is_opening(link) => {
                ctx.order(Output::Complete { link, answer: letter.description.clone() });
                // Answered: a replay must not complete it twice.
                self.attempts.remove(&link);
            }
            _ => ctx.count("signal_unasked"),
        }
    }

    /// Forgets what is no longer being opened.
    pub(crate) fn retain_opening(&mut self, links: &Links) {
        self.attempts.retain(|link, _| links.is_opening(*link));
        self.answering.retain(|link, _| links.is_opening(*link));
    }
}

impl Attempt {
    /// Sends the offer as soon as both halves of what it takes are there.
    fn send(&self, ctx: &mut Ctx<'_>) {
        let (Some(to), Some(description)) = (&self.certificate, &self.description) else { return };
        let letter = letter(ctx, to, self.id, description, Some(self.invited));
        post_letter(ctx, &self.carrier, to, letter);
    }
}

/// A letter of ours; `invited` stands in an offer only.
fn letter(
    ctx: &Ctx<'_>,
    to: &Certificate,
    attempt: AttemptId,
    description: &Description,
    invited: Option<Invited>,
) -> Letter {
    let Invited { pass, expires_ms } = invited.unwrap_or_default();
    Letter {
        certificate: ctx.me.certificate().clone(),
        to: to.device,
        attempt,
        answer: invited.is_none(),
        description: description.clone(),
        pass,
        pass_expires_ms: expires_ms,
    }
}

fn post_letter(ctx: &mut Ctx<'_>, carrier: &Carrier, to: &Certificate, letter: Letter) {
    let plain = cbor::encode(&ctx.me.sign_body(letter));
    let sealing: SealingKey = to.sealing;
    match seal::seal(&sealing, INFO, &plain, ctx.rng).and_then(Blob::new) {
        Some(sealed) => carrier.carry(ctx, to.node(), Frame::Signal(Signal { to: to.node(), sealed })),
        None => ctx.count("signal_unsealable"),
    }
}

fn is_invited(ctx: &Ctx<'_>, letter: &Letter) -> bool {
    let is_over = letter.pass_expires_ms.is_some_and(|end| end <= ctx.now.as_millis());
    !is_over && letter.pass == Some(pass(ctx, letter.pass_expires_ms))
}

/// The native nodes that we are linked to: their STUN answers tell us our own address.
pub(crate) fn stun(links: &Links) -> Vec<Endpoint> {
    const STUN_MAX: usize = 2;
    links.nodes().filter_map(|node| links.peer(&node)?.endpoint.clone()).take(STUN_MAX).collect()
}
