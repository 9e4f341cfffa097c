//! Envelopes: two who cannot be linked talk all the same, sealed through the overlay (DESIGN, section 5).
//!
//! It is slower than a link, and others carry it; so it is used when every way to a link has failed, and left as soon as there
//! is one. To the conversations it is as good as a link: what they post goes either way.

use crate::ctx::Ctx;
use crate::group::Operation;
use crate::identity::{Certificate, NodeId};
use crate::io::{CloseReason, Wake};
use crate::link::handshake::Peer;
use crate::link::traffic::Traffic;
use crate::overlay::ring::Key;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::bounded::{Blob, List};
use crate::wire::signed::Signed;
use crate::wire::{
    Digest, ENCLOSED_MAX, Enclosed, Frame, Lookup, Operations, Past, Ping, Pong, RouteId, Sealed, SessionId,
    cbor, seal,
};
use std::collections::VecDeque;

const INFO: &[u8] = b"tertulia envelope v1";
/// Nodes that are talked with in this way at once: others bear the cost.
const CORRESPONDENTS_MAX: usize = 16;
/// How often a correspondent is asked for a sign of life: four times as seldom as over a link, because others carry it.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long one may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(35);
/// How long the first answer may take, and how often it is asked for.
const ANSWER: Duration = Duration::from_secs(4);
const TRIES_MAX: u8 = 3;

/// All with whom envelopes are exchanged.
pub(crate) struct Envelopes {
    run: Run,
    table: Table<NodeId, Correspondent>,
    changes: VecDeque<Exchange>,
}

/// What happened, for [`Node`](crate::Node) to tell the other concepts.
pub(crate) enum Exchange {
    /// Somebody can be talked with who could not.
    Up(NodeId),
    /// Somebody cannot any more, or could not at all; and why no link could be had to them.
    Down(NodeId, CloseReason),
    /// A frame came.
    Frame(NodeId, Box<Frame>),
}

/// This run of the node, and how many envelopes it has sent: to whomever, so that a count comes only once for each even
/// where one of two has given up and begins anew.
struct Run {
    session: SessionId,
    sent: u64,
}

struct Correspondent {
    certificate: Option<Certificate>,
    /// The question for the certificate, while it is not known.
    lookup: Option<RouteId>,
    /// Who they are, once they have answered.
    peer: Option<Peer>,
    tries: u8,
    due: Instant,
    heard: Instant,
    /// The run whose envelopes are taken, the count of its latest, and a bit for each of the 64 before that.
    seen: (SessionId, u64, u64),
    traffic: Traffic,
    /// Why no link could be had, as far as it is known.
    failure: CloseReason,
}

impl Envelopes {
    pub(crate) fn new(session: SessionId) -> Self {
        Self { run: Run { session, sent: 0 }, table: Table::default(), changes: VecDeque::new() }
    }

    /// Tries to talk with somebody to whom no link can be had, for the reason `failure`.
    pub(crate) fn reach(
        &mut self,
        ctx: &mut Ctx<'_>,
        (node, failure): (NodeId, CloseReason),
        certificate: Option<Certificate>,
    ) -> bool {
        if self.table.contains_key(&node) {
            return true;
        }
        if self.table.len() >= CORRESPONDENTS_MAX {
            ctx.count("envelope_refused_full");
            return false;
        }
        let mut one = Correspondent { failure, ..Correspondent::new(ctx, certificate) };
        one.ask(ctx, &mut self.run, node, List::default());
        self.table.insert(node, one);
        true
    }

    /// Leaves off: there is a link.
    pub(crate) fn release(&mut self, node: &NodeId) {
        self.table.remove(node);
    }

    /// Whether somebody can be talked with in this way.
    pub(crate) fn is_up(&self, node: &NodeId) -> bool {
        self.peer(node).is_some()
    }

    /// Whether it is being tried, or done.
    pub(crate) fn is_underway(&self, node: &NodeId) -> bool {
        self.table.contains_key(node)
    }

    /// Who somebody is who is talked with in this way.
    pub(crate) fn peer(&self, node: &NodeId) -> Option<&Peer> {
        self.table.get(node)?.peer.as_ref()
    }

    /// Sends a frame; operations of which too many are in one, in several.
    pub(crate) fn send(&mut self, ctx: &mut Ctx<'_>, node: NodeId, frame: &Frame) {
        let halves = (frame.encode().len() > ENCLOSED_MAX).then(|| frame.halves()).flatten();
        if let Some(halves) = halves {
            halves.iter().for_each(|half| self.send(ctx, node, half));
        } else if let Some(one) = self.table.get_mut(&node) {
            one.send(ctx, &mut self.run, node, frame, false);
        }
    }

    /// Takes the answer to a question for a certificate; says whether it was one.
    pub(crate) fn on_answer(&mut self, ctx: &mut Ctx<'_>, id: RouteId, load: &Frame) -> bool {
        let is_it = |entry: &(&NodeId, &mut Correspondent)| entry.1.lookup == Some(id);
        let Some((node, one)) = self.table.iter_mut().find(is_it) else { return false };
        one.lookup = None;
        match load {
            Frame::Contact(contact) if contact.certificate.node() == *node => {
                one.certificate = Some(contact.certificate.clone());
                one.ask(ctx, &mut self.run, *node, List::default());
            }
            // Whoever is closest to the id knows that nobody is there.
            _ => (one.tries, one.due) = (TRIES_MAX, ctx.now),
        }
        true
    }

    /// Takes an envelope that the overlay has delivered.
    pub(crate) fn on_sealed(&mut self, ctx: &mut Ctx<'_>, sealed: &Sealed) {
        let enclosed = seal::open(&ctx.me.sealing_seed(), INFO, &sealed.sealed)
            .and_then(|plain| cbor::decode::<Signed<Enclosed>>(&plain))
            .filter(|enclosed| enclosed.to == ctx.me.certificate().device);
        let Some(enclosed) = enclosed else { return ctx.count("envelope_not_for_us") };
        let node = enclosed.certificate.node();
        if !self.table.contains_key(&node) {
            if self.table.len() >= CORRESPONDENTS_MAX {
                return ctx.count("envelope_refused_full");
            }
            let one = Correspondent::new(ctx, Some(enclosed.certificate.clone()));
            self.table.insert(node, one);
        }
        let Some(one) = self.table.get_mut(&node) else { return };
        if !one.is_new(enclosed.session, enclosed.count) {
            return ctx.count("envelope_replayed");
        }
        let was_up = one.peer.is_some();
        one.learn(ctx, &enclosed);
        if !was_up && one.peer.is_some() {
            self.changes.push_back(Exchange::Up(node));
        }
        let Ok(frame) = Frame::decode(&enclosed.frame) else { return ctx.count("envelope_malformed") };
        self.on_frame(ctx, node, frame);
    }

    fn on_frame(&mut self, ctx: &mut Ctx<'_>, node: NodeId, frame: Frame) {
        let Some(one) = self.table.get_mut(&node) else { return };
        if !one.traffic.admits(ctx.now, &frame) {
            return ctx.count("frame_over_rate");
        }
        match frame {
            Frame::Ping(ping) => {
                let pong = Frame::Pong(Pong { correlator: ping.correlator });
                one.send(ctx, &mut self.run, node, &pong, true);
                self.changes.push_back(Exchange::Frame(node, Box::new(Frame::Ping(ping))));
            }
            Frame::Pong(_) => {}
            frame if frame.is_of_conversations() => {
                self.changes.push_back(Exchange::Frame(node, Box::new(frame)));
            }
            _ => ctx.count("frame_out_of_place"),
        }
    }

    /// Those whose heartbeat is due.
    pub(crate) fn due(&self, now: Instant) -> Vec<NodeId> {
        let is_due = |entry: &(&NodeId, &Correspondent)| entry.1.peer.is_some() && entry.1.due <= now;
        self.table.iter().filter(is_due).map(|(node, _)| *node).collect()
    }

    /// Sends a heartbeat with what the conversations have to say along with it.
    pub(crate) fn ping(&mut self, ctx: &mut Ctx<'_>, node: NodeId, digests: Vec<Digest>) {
        if let Some(one) = self.table.get_mut(&node) {
            one.ask(ctx, &mut self.run, node, List::first(digests));
        }
    }

    /// Asks again who has not answered, and gives up who does not.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let mut over = Vec::new();
        for (node, one) in self.table.iter_mut() {
            let is_silent = match one.peer {
                Some(_) => ctx.now.since(one.heard) >= SILENCE_MAX,
                None => one.due <= ctx.now && one.tries >= TRIES_MAX,
            };
            if is_silent {
                over.push((*node, one.failure));
            } else if one.peer.is_none() && one.due <= ctx.now {
                one.ask(ctx, &mut self.run, *node, List::default());
            }
        }
        for (node, failure) in over {
            self.table.remove(&node);
            self.changes.push_back(Exchange::Down(node, failure));
        }
    }

    /// The next thing that happened, until there is none.
    pub(crate) fn poll_change(&mut self) -> Option<Exchange> {
        self.changes.pop_front()
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.table.values().map(|one| (one.due.min(one.heard + SILENCE_MAX), Wake::Link)).min()
    }
}

impl Correspondent {
    fn new(ctx: &Ctx<'_>, certificate: Option<Certificate>) -> Self {
        Self {
            certificate,
            lookup: None,
            peer: None,
            tries: 0,
            due: ctx.now + ANSWER,
            heard: ctx.now,
            seen: (SessionId([0; 8]), 0, 0),
            traffic: Traffic::new(ctx.now),
            failure: CloseReason::NoIntroducer,
        }
    }

    /// Asks for a sign of life; for the certificate, where that is not known.
    fn ask(&mut self, ctx: &mut Ctx<'_>, run: &mut Run, node: NodeId, digests: List<Digest, 32>) {
        self.tries = self.tries.saturating_add(1);
        self.due = ctx.now + if self.peer.is_some() { PING_EVERY } else { ANSWER };
        if self.certificate.is_none() {
            self.lookup = Some(ctx.route(Key::from(node), Frame::Lookup(Lookup { node })));
            return;
        }
        let correlator = u64::from_be_bytes(ctx.rng.bytes());
        self.send(ctx, run, node, &Frame::Ping(Ping { correlator, digests }), true);
    }

    /// Seals a frame and has it carried.
    fn send(&mut self, ctx: &mut Ctx<'_>, run: &mut Run, node: NodeId, frame: &Frame, shows_user: bool) {
        let Some(to) = &self.certificate else { return };
        let Some(frame) = Blob::new(frame.encode()) else { return ctx.count("envelope_too_large") };
        run.sent += 1;
        let enclosed = ctx.me.sign_body(Enclosed {
            certificate: ctx.me.certificate().clone(),
            profile: shows_user.then(|| ctx.me.profile().clone()),
            to: to.device,
            session: run.session,
            count: run.sent,
            frame,
        });
        match seal::seal(&to.sealing, INFO, &cbor::encode(&enclosed), ctx.rng).and_then(Blob::new) {
            Some(sealed) => {
                ctx.count("envelope_sent");
                ctx.route(Key::from(node), Frame::Sealed(Sealed { to: node, sealed }));
            }
            None => ctx.count("envelope_unsealable"),
        }
    }

    /// Whether an envelope was not taken before. What is older than the 64 before the latest counts as taken.
    fn is_new(&mut self, session: SessionId, count: u64) -> bool {
        if self.seen.0 != session {
            self.seen = (session, 0, 0);
        }
        let (_, latest, before) = &mut self.seen;
        if count > *latest {
            let ahead = count - *latest;
            *before = before.checked_shl(u32::try_from(ahead).unwrap_or(64)).unwrap_or(0);
            if ahead <= 64 {
                *before |= 1 << (ahead - 1);
            }
            *latest = count;
            return true;
        }
        let Some(mark) =
            u32::try_from(*latest - count).ok().and_then(|back| 1u64.checked_shl(back.wrapping_sub(1)))
        else {
            return false;
        };
        let is_new = *before & mark == 0;
        *before |= mark;
        is_new
    }

    fn learn(&mut self, ctx: &Ctx<'_>, enclosed: &Enclosed) {
        (self.heard, self.tries) = (ctx.now, 0);
        self.certificate = Some(enclosed.certificate.clone());
        let profile =
            enclosed.profile.clone().filter(|profile| profile.account == enclosed.certificate.account);
        if let Some(profile) = profile {
            self.peer = Some(Peer {
                certificate: enclosed.certificate.clone(),
                profile,
                session: enclosed.session,
                features: 0,
                endpoint: None,
            });
        }
    }
}

impl Frame {
    /// The same operations in two frames, in order; nothing if there are not two of them.
    fn halves(&self) -> Option<[Self; 2]> {
        match self {
            Self::Operations(Operations { operations, onward }) => {
                let of = |operations| Self::Operations(Operations { operations, onward: onward.clone() });
                halves(operations).map(|halves| halves.map(of))
            }
            Self::Past(Past { conversation, operations, roots, devices }) => {
                let of = |operations| {
                    let (roots, devices) = (roots.clone(), devices.clone());
                    Self::Past(Past { conversation: *conversation, operations, roots, devices })
                };
                halves(operations).map(|halves| halves.map(of))
            }
            _ => None,
        }
    }

    /// Whether it is about conversations, or asks for one.
    fn is_of_conversations(&self) -> bool {
        matches!(
            self,
            Self::ConnectionRequest(_)
                | Self::Answer(_)
                | Self::AutomaticEntryToCoordinator(_)
                | Self::AutomaticEntryToPeer(_)
                | Self::ListUpdate(_)
                | Self::ConnectionRelease(_)
                | Self::LeftMessage(_)
                | Self::Operations(_)
                | Self::Want(_)
                | Self::Heads(_)
                | Self::Delivered(_)
                | Self::Past(_)
                | Self::Typing(_)
        )
    }
}

fn halves<const MAX: usize>(all: &List<Operation, MAX>) -> Option<[List<Operation, MAX>; 2]> {
    let (first, second) = all.split_at(all.len() / 2);
    (!first.is_empty()).then(|| [first, second].map(|half| List::first(half.iter().cloned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctx::{Out, Routed};
    use crate::identity::{Identity, Name};
    use crate::preferences::Preferences;
    use crate::rng::Rng;

    #[test]
    fn who_begins_anew_counts_on() {
        let (mut rng, mut out) = (Rng::new([1; 32]), Out::default());
        let [me, other] = [1, 2].map(|_| Identity::generate(&mut rng, &Name::default(), 1));
        let wants = Preferences::default();
        let now = Instant::from_millis(1_000);
        let mut ctx = Ctx { now, rng: &mut rng, me: &me, wants: &wants, resident_max: 0, out: &mut out };
        let mut envelopes = Envelopes::new(SessionId([1; 8]));
        for _ in 0..2 {
            envelopes.reach(
                &mut ctx,
                (other.node(), CloseReason::NoIntroducer),
                Some(other.certificate().clone()),
            );
            envelopes.release(&other.node());
        }
        let counts = out.routed.iter().map(|routed| {
            let Routed::To { load, .. } = routed else { panic!("it is no answer") };
            let Frame::Sealed(sealed) = &**load else { panic!("all else is in it") };
            let plain = seal::open(&other.sealing_seed(), INFO, &sealed.sealed).expect("it is for them");
            cbor::decode::<Signed<Enclosed>>(&plain).expect("it is whole").count
        });
        assert_eq!(counts.collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn none_is_taken_twice_and_none_that_is_too_old() {
        let (mut rng, mut out) = (Rng::new([1; 32]), Out::default());
        let me = Identity::generate(&mut rng, &Name::default(), 1);
        let wants = Preferences::default();
        let now = Instant::from_millis(1_000);
        let ctx = Ctx { now, rng: &mut rng, me: &me, wants: &wants, resident_max: 0, out: &mut out };
        let mut one = Correspondent::new(&ctx, None);
        let [run, other] = [1, 2].map(|n| SessionId([n; 8]));
        let taken: Vec<_> =
            [1, 3, 3, 2, 2, 70, 5, 6, 7, 69, 70, 71].map(|count| one.is_new(run, count)).into();
        assert_eq!(
            taken,
            [true, true, false, true, false, true, false, true, true, true, false, true],
            "5 is 65 behind 70"
        );
        assert!(one.is_new(run, 10_000) && !one.is_new(run, 71));
        assert!(one.is_new(other, 1) && !one.is_new(other, 1));
    }
}
