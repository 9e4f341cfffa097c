//! The driver of every node: what their outputs do to the network, and what the network tells them.

use crate::place::{Half, Manners, Place, Seat, address};
use crate::wire::{End, Item, Stage, Wire};
use crate::world::{Happening, World};
use tertulia_proto::endpoint::{Candidate, CandidateHost, CandidateKind, IceText};
use tertulia_proto::group::History;
use tertulia_proto::io::Consent;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{
    CloseReason, Description, Duration, Endpoint, Event, Fingerprint, Input, Instant, LinkId, Output,
};

/// How often a driver sends its connectivity checks again: natively every half second once two seconds have passed
/// (`pace` in crates/webrtc), in browsers more often.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

impl World {
    /// Does what a node says.
    pub(crate) fn obey(&mut self, seat: Seat, output: Output) {
        if matches!(output, Output::Dial { .. } | Output::Offer { .. } | Output::Accept { .. }) {
            self.connections += 1;
        }
        match output {
            Output::Dial { link, endpoint } => self.dial(seat, link, endpoint),
            Output::Offer { link, .. } => self.prepare(seat, link, None),
            Output::Accept { link, offer, .. } => self.prepare(seat, link, Some(offer)),
            Output::Complete { link, answer } => self.complete(seat, link, answer),
            Output::Send { link, bytes } => self.send(seat, link, bytes),
            Output::SendKept { link, head, keys } => {
                if let Some(bytes) = self.places[seat.0].frame_of(head, &keys) {
                    self.send(seat, link, bytes);
                }
            }
            Output::Close { link } => self.close(seat, link),
            Output::Store { key, value } => {
                self.witness_record(seat, &key, value.as_deref());
                self.places[seat.0].commit(key, value);
            }
            Output::Event(event) => self.tell(seat, event),
        }
    }

    /// A driver has gathered its candidates: its node gets its half of the session.
    pub(crate) fn gathered(&mut self, seat: Seat, link: LinkId) {
        if let Some(Half::Prepared { description, .. }) = self.places[seat.0].links.get(&link) {
            let description = description.clone();
            self.give(seat, Input::Described { link, description });
        }
    }

    /// A driver gives an attempt up, unless it has come to something meanwhile.
    pub(crate) fn give_up(&mut self, seat: Seat, link: LinkId, reason: CloseReason) {
        let links = &mut self.places[seat.0].links;
        if matches!(links.get(&link), Some(Half::Dialling(_) | Half::Prepared { .. })) {
            links.remove(&link);
            self.give(seat, Input::Closed { link, reason });
        }
    }

    /// The channel opens at one end.
    pub(crate) fn channel_opens(&mut self, wire: usize, side: usize) {
        let is_in_vain = self.wires[wire].is_cut() || self.wires[wire].orphaned;
        let end = &mut self.wires[wire].ends[side];
        if is_in_vain || end.stage != Stage::Opening {
            return;
        }
        end.stage = Stage::Open;
        let (seat, opened) =
            (end.seat, Input::Opened { link: end.link, local: end.local, remote: end.remote });
        self.give(seat, opened);
    }

    /// Something reaches one end of a wire; a slow host comes to it when it is done with what came before.
    pub(crate) fn arrive(&mut self, wire: usize, side: usize) {
        let place = &mut self.places[self.wires[wire].ends[side].seat.0];
        if place.slowness == Duration::default() || self.wires[wire].blocked[side] {
            return self.take_in(wire, side);
        }
        place.busy = place.busy.max(self.now) + place.slowness;
        self.queue.plan(place.busy, Happening::Turn { wire, side });
    }

    /// What has reached one end of a wire is given to the node there.
    pub(crate) fn take_in(&mut self, wire: usize, side: usize) {
        let blocked = self.wires[wire].blocked[side];
        let end = &mut self.wires[wire].ends[side];
        if blocked {
            end.held += 1;
            return;
        }
        let Some(item) = end.inbox.pop_front() else { return };
        if end.stage != Stage::Open {
            return;
        }
        let (seat, link) = (end.seat, end.link);
        match item {
            Item::Frame(bytes) => self.give(seat, Input::Frame { link, bytes }),
            Item::Closed(reason) => self.drop_end(wire, side, reason),
        }
    }

    /// Consent expires on a wire that was cut and not healed since, or whose other end is dead.
    pub(crate) fn expire(&mut self, wire: usize, cuts: u32) {
        let Wire { cuts: latest, orphaned, .. } = self.wires[wire];
        if !(orphaned || self.wires[wire].is_cut() && cuts == latest) {
            return;
        }
        for side in [0, 1] {
            let reason = match self.wires[wire].ends[side].stage {
                Stage::Opening => CloseReason::Unreachable,
                Stage::Open => CloseReason::Broken,
                Stage::Gone => continue,
            };
            self.drop_end(wire, side, reason);
        }
    }

    /// Puts `bytes` on a wire towards one of its ends, after all that is on its way there.
    pub(crate) fn carry(&mut self, wire: usize, side: usize, item: Item) {
        let at = self.now + self.transit() + self.wires[wire].length;
        let end = &mut self.wires[wire].ends[side];
        if end.stage == Stage::Gone {
            return;
        }
        let due = end.last_due.max(at);
        end.last_due = due;
        end.inbox.push_back(item);
        self.queue.plan(due, Happening::Arrival { wire, side });
    }

    /// Whether packets pass between two seats.
    pub(crate) fn reaches(&self, one: Seat, other: Seat) -> bool {
        let pair = (one.min(other), one.max(other));
        let is_muted = [(one, other), (other, one)].iter().any(|way| self.muted.contains(way));
        self.islands.get(&one) == self.islands.get(&other) && !self.walls.contains(&pair) && !is_muted
    }

    /// How long one packet takes, its retransmissions counted in.
    pub(crate) fn transit(&mut self) -> Duration {
        let conditions = &self.conditions;
        let jitter = self.chance.below(conditions.jitter.as_micros() + 1);
        let mut micros = conditions.delay.as_micros() + jitter;
        // The timeout doubles with each loss in a row; six in a row are as good as a cut.
        for doubled in 0..6 {
            if self.chance.below(1000) >= conditions.loss_permille {
                break;
            }
            micros += conditions.retransmission.as_micros() << doubled;
        }
        Duration::from_micros(micros)
    }
}

// Opening.
impl World {
    fn dial(&mut self, seat: Seat, link: LinkId, endpoint: Endpoint) {
        self.places[seat.0].links.insert(link, Half::Dialling(endpoint));
        self.begin_checks(seat, link);
    }

    /// An attempt to connect: in vain from the first if chance will have it, else as good as the network is until then.
    fn begin_checks(&mut self, seat: Seat, link: LinkId) {
        let until = self.now + self.conditions.unreachable_after;
        if self.chance.below(1000) < self.conditions.connect_failure_permille {
            let life = self.places[seat.0].life;
            self.queue.plan(until, Happening::GiveUp { seat, life, link, reason: CloseReason::Unreachable });
            self.doom(seat, link, until);
        } else {
            self.check(seat, link, until);
        }
    }

    /// Notes whom an attempt would have led to that comes to nothing.
    fn doom(&mut self, seat: Seat, link: LinkId, until: Instant) {
        let to = match self.places[seat.0].links.get(&link) {
            Some(Half::Dialling(endpoint)) => {
                self.seats().find(|seat| endpoint.addresses.iter().any(|one| one.0 == address(*seat)))
            }
            Some(Half::Prepared { answer: Some(answer), .. }) => {
                self.described.get(answer.ufrag.as_str()).map(|(other, ..)| *other)
            }
            _ => None,
        };
        self.doomed.extend(to.map(|to| (seat, to, until)));
    }

    /// A round of connectivity checks. They are sent over and over: what was begun during a cut that heals in time comes
    /// to something, and so does what was begun before a listener was there.
    pub(crate) fn check(&mut self, seat: Seat, link: LinkId, until: Instant) {
        let found = match self.places[seat.0].links.get(&link) {
            Some(Half::Dialling(endpoint)) => self.listener(endpoint).map(|listener| (listener, None)),
            Some(Half::Prepared { answer: Some(answer), .. }) => {
                self.answerer(seat, link, answer).map(|(other, far)| (other, Some((far, answer.fingerprint))))
            }
            _ => return,
        };
        match found {
            Some((other, half)) if self.reaches(seat, other) => self.on_checked((seat, link), (other, half)),
            _ if self.now + CHECK_INTERVAL < until => {
                let life = self.places[seat.0].life;
                self.queue.plan(self.now + CHECK_INTERVAL, Happening::Check { seat, life, link, until });
            }
            _ => {
                let (life, reason) = (self.places[seat.0].life, CloseReason::Unreachable);
                self.queue.plan(until, Happening::GiveUp { seat, life, link, reason });
            }
        }
    }

    /// A check was answered: by a listener, or by the one who made this answer.
    fn on_checked(
        &mut self,
        (seat, link): (Seat, LinkId),
        (other, half): (Seat, Option<(LinkId, Fingerprint)>),
    ) {
        let local = match self.places[seat.0].links.get(&link) {
            Some(Half::Prepared { description, .. }) => description.fingerprint,
            _ => self.places[seat.0].link_certificate(&mut self.chance),
        };
        let (far, remote) =
            half.unwrap_or_else(|| (self.places[other.0].next_inbound(), self.places[other.0].certificate));
        self.join([(seat, link, local), (other, far, remote)]);
    }

    /// The living native node at an endpoint: one of its addresses and its certificate must be right.
    fn listener(&self, endpoint: &Endpoint) -> Option<Seat> {
        let is_at = |seat: &Seat| endpoint.addresses.iter().any(|listed| listed.0 == address(*seat));
        let answers = |place: &Place| place.node.is_some() && place.certificate == endpoint.fingerprint;
        self.seats().find(|seat| is_at(seat) && answers(&self.places[seat.0]))
    }

    fn prepare(&mut self, seat: Seat, link: LinkId, answers: Option<Description>) {
        let description = self.describe(seat);
        let ufrag = description.ufrag.as_str().to_owned();
        let place = &mut self.places[seat.0];
        self.described.insert(ufrag, (seat, place.life, link));
        place
            .links
            .insert(link, Half::Prepared { description, answers: answers.map(Box::new), answer: None });
        let life = place.life;
        let at = self.now + self.conditions.gathering;
        self.queue.plan(at, Happening::Gathered { seat, life, link });
    }

    fn describe(&mut self, seat: Seat) -> Description {
        let number = self.described.len();
        let candidate = Candidate {
            host: CandidateHost::Ip(address(seat).ip()),
            port: u16::try_from(10_000 + number % 50_000).unwrap_or(u16::MAX),
            kind: CandidateKind::Host,
            priority: 2_130_706_431,
        };
        Description {
            ufrag: ice(&format!("half{number}")),
            pwd: ice(&format!("{:032x}", u128::from_le_bytes(self.chance.bytes()))),
            fingerprint: self.places[seat.0].link_certificate(&mut self.chance),
            candidates: List::first([candidate]),
        }
    }

    fn complete(&mut self, seat: Seat, link: LinkId, found: Description) {
        if let Some(Half::Prepared { answer, .. }) = self.places[seat.0].links.get_mut(&link) {
            *answer = Some(Box::new(found));
            self.begin_checks(seat, link);
        }
    }

    /// Who made this answer, if it is untouched and answers the untouched offer of this very link.
    fn answerer(&self, seat: Seat, link: LinkId, answer: &Description) -> Option<(Seat, LinkId)> {
        let Some(Half::Prepared { description: offer, .. }) = self.places[seat.0].links.get(&link) else {
            return None;
        };
        let &(other, life, far) = self.described.get(answer.ufrag.as_str())?;
        let Some(Half::Prepared { description, answers: Some(answered), .. }) =
            self.places[other.0].links.get(&far)
        else {
            return None;
        };
        (self.is_life(other, life) && description == answer && **answered == *offer).then_some((other, far))
    }

    /// Both halves fit: a wire, open after some round trips, at each end in its own time.
    fn join(&mut self, halves: [(Seat, LinkId, Fingerprint); 2]) {
        let wire = self.wires.len();
        let length = self.length();
        let [(a, a_link, a_print), (b, b_link, b_print)] = halves;
        let seen_by_a = self.adversary.shows(a, b, b_print);
        let seen_by_b = self.adversary.shows(b, a, a_print);
        let ends = [
            End::new(a, a_link, self.open_at(length), [a_print, seen_by_a]),
            End::new(b, b_link, self.open_at(length), [b_print, seen_by_b]),
        ];
        for (side, end) in ends.iter().enumerate() {
            self.places[end.seat.0].links.insert(end.link, Half::Wired { wire, side });
            self.queue.plan(end.opens_at, Happening::Open { wire, side });
        }
        self.wires.push(Wire::new(ends, length));
    }

    fn open_at(&mut self, length: Duration) -> Instant {
        let trips = self.conditions.connect_trips * 2;
        (0..trips).fold(self.now, |at, _| at + self.transit() + length)
    }

    /// How far apart the ends of a new wire are.
    fn length(&mut self) -> Duration {
        match self.conditions.spread.as_micros() {
            0 => Duration::default(),
            most => Duration::from_micros(self.chance.below(most + 1)),
        }
    }
}

// Open links.
impl World {
    fn send(&mut self, seat: Seat, link: LinkId, bytes: Vec<u8>) {
        let Some(&Half::Wired { wire, side }) = self.places[seat.0].links.get(&link) else {
            self.fail(&format!("{seat:?} sends on {link:?}, which is no link"))
        };
        let Wire { ends, .. } = &self.wires[wire];
        if ends[side].stage != Stage::Open {
            self.fail(&format!("{seat:?} sends on {link:?}, which is not open"));
        }
        let far = 1 - side;
        let to = ends[far].seat;
        self.check_frame(seat, &bytes);
        self.plan_echo(seat, to, &bytes);
        for bytes in self.adversary.passes(seat, to, bytes) {
            self.carry(wire, far, Item::Frame(bytes));
        }
    }

    fn close(&mut self, seat: Seat, link: LinkId) {
        // A link that is unknown here was closed by the network at the same moment: a driver shrugs.
        let Some(Half::Wired { wire, side }) = self.places[seat.0].links.remove(&link) else { return };
        self.wires[wire].ends[side].stage = Stage::Gone;
        match self.wires[wire].ends[1 - side].stage {
            // Nothing can be said on a channel that is not open: the other driver waits for it in vain.
            Stage::Opening => self.orphan(wire),
            _ => self.carry(wire, 1 - side, Item::Closed(CloseReason::Broken)),
        }
    }

    /// A driver tells its node that a link is gone.
    fn drop_end(&mut self, wire: usize, side: usize, reason: CloseReason) {
        let end = &mut self.wires[wire].ends[side];
        // A listener's driver tells of a connection only once it is open.
        let is_known = end.stage == Stage::Open || !end.link.is_inbound();
        end.stage = Stage::Gone;
        end.inbox.clear();
        let (seat, link) = (end.seat, end.link);
        self.places[seat.0].links.remove(&link);
        if is_known {
            self.give(seat, Input::Closed { link, reason });
        }
    }

    fn tell(&mut self, seat: Seat, event: Event) {
        self.note(|| format!("{seat:?} -> {event:?}"));
        if matches!(event, Event::ConversationOpened { .. }) {
            self.entered = self.now;
        }
        let place = &mut self.places[seat.0];
        let life = place.life;
        if let Event::Request { request, conversation, .. } = &event
            && let Some(consent) = consent(place.manners, conversation.map(Consent::Into))
        {
            let at = self.now + self.conditions.reaction;
            self.queue.plan(at, Happening::Answer { seat, life, request: *request, consent });
        }
        self.witness_event(seat, &event);
        self.places[seat.0].events.push((self.now, event));
    }
}

/// What a person with these manners answers.
fn consent(manners: Manners, asked: Option<Consent>) -> Option<Consent> {
    match manners {
        Manners::Silent => None,
        Manners::Yes => Some(asked.unwrap_or(Consent::New(History::All))),
        Manners::No => Some(Consent::No),
    }
}

fn ice<const MIN: usize>(text: &str) -> IceText<MIN> {
    IceText::new(text).expect("letters and digits are of the ICE alphabet")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::Conditions;
    use crate::people::SOON;
    use crate::trace::frame_hash;

    /// Two natives, the second linked to the first.
    fn linked(conditions: Conditions) -> (World, Seat, Seat) {
        let mut world = World::new(1);
        world.conditions = conditions;
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let invite = world.invite(ana);
        world.open(eva, &invite, None);
        world.settle("linked", SOON, |world| world.is_linked(ana, eva) && world.is_linked(eva, ana));
        world.keep_trace();
        (world, ana, eva)
    }

    /// Frames of a kind that no node knows: `[999, n]`.
    fn numbered(count: u8) -> Vec<Vec<u8>> {
        (0..count).map(|number| vec![0x82, 0x19, 0x03, 0xe7, 0x18, number]).collect()
    }

    /// Which of the numbered frames have arrived at the listener, in order.
    fn arrived(world: &World, seat: Seat, frames: &[Vec<u8>]) -> Vec<usize> {
        let hashes: Vec<_> = frames.iter().map(|bytes| frame_hash(LinkId::inbound(1), bytes)).collect();
        let number = |hash: u64| hashes.iter().position(|known| *known == hash);
        let frames =
            world.trace().records().iter().filter(|record| record.seat == seat && record.kind == "frame");
        frames.filter_map(|record| number(record.hash)).collect()
    }

    fn closings(world: &World) -> usize {
        world.trace().records().iter().filter(|record| record.kind == "closed").count()
    }

    #[test]
    fn jitter_and_loss_delay_and_never_reorder() {
        let conditions = Conditions { connect_failure_permille: 0, loss_permille: 300, ..Conditions::ROUGH };
        let (mut world, ana, eva) = linked(conditions);
        let frames = numbered(100);
        for bytes in &frames {
            assert!(world.inject(eva, ana, bytes.clone()));
            world.run_for(Duration::from_millis(3));
        }
        world.run_for(Duration::from_secs(60));
        assert_eq!(arrived(&world, ana, &frames), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_cut_holds_a_repair_delivers_in_order() {
        let (mut world, ana, eva) = linked(Conditions::CALM);
        let frames = numbered(30);
        for (number, bytes) in frames.iter().enumerate() {
            match number {
                10 => world.cut(ana, eva),
                20 => world.heal(ana, eva),
                _ => {}
            }
            assert!(world.inject(eva, ana, bytes.clone()));
            world.run_for(Duration::from_millis(30));
            if number == 19 {
                assert!(arrived(&world, ana, &frames).len() <= 10, "a cut lets nothing through");
            }
        }
        world.run_for(Duration::from_secs(1));
        assert_eq!(arrived(&world, ana, &frames), (0..30).collect::<Vec<_>>());
        assert_eq!(closings(&world), 0);
    }

    #[test]
    fn a_severed_wire_loses_what_was_on_it_and_tells_both_ends_once() {
        let (mut world, ana, eva) = linked(Conditions::CALM);
        let frames = numbered(3);
        frames.iter().for_each(|bytes| assert!(world.inject(eva, ana, bytes.clone())));
        world.sever(ana, eva);
        world.heal_all();
        world.run_for(Duration::from_secs(20));
        assert_eq!(arrived(&world, ana, &frames), []);
        assert_eq!(closings(&world), 2);
    }

    #[test]
    fn an_endpoint_with_another_certificate_is_unreachable() {
        let mut world = World::new(2);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let mut invite = world.invite(ana);
        if let Some(endpoint) = &mut invite.endpoint {
            endpoint.fingerprint = Fingerprint([1; 32]);
        }
        world.open(eva, &invite, None);
        world.run_for(Duration::from_secs(30));
        assert!(world.wires.is_empty() && !world.is_linked(eva, ana));
    }

    #[test]
    fn a_wall_keeps_a_link_from_opening_and_a_partition_cuts_one() {
        let mut world = World::new(3);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let invite = world.invite(ana);
        world.wall(eva, ana);
        world.open(eva, &invite, None);
        world.run_for(Duration::from_secs(30));
        assert_eq!(world.channels(ana, eva), 0);
        world.heal_all();
        world.open(eva, &invite, None);
        world.settle("linked", SOON, |world| world.channels(ana, eva) == 1);
        world.partition(&[&[ana], &[eva]]);
        world.run_for(Duration::from_secs(16));
        assert_eq!(world.channels(ana, eva), 0);
    }

    #[test]
    fn a_host_whose_clock_is_ahead_is_woken_in_time() {
        let mut world = World::new(4);
        let ana = world.native("Ana");
        let eva = world.ahead(crate::place::Kind::Tab, "Eva", Duration::from_secs(3600));
        let invite = world.invite(ana);
        world.open(eva, &invite, None);
        world.settle("linked", SOON, |world| world.is_linked(ana, eva));
        world.run_for(Duration::from_secs(60));
        assert!(world.closings(ana, eva).is_empty(), "heartbeats go both ways");
    }

    #[test]
    fn a_muted_side_is_not_heard_and_hears_until_both_drivers_give_up() {
        let (mut world, ana, eva) = linked(Conditions::CALM);
        world.introducer(eva, ana);
        let frames = numbered(2);
        world.mute(ana, eva);
        assert!(world.inject(eva, ana, frames[0].clone()) && world.inject(ana, eva, frames[1].clone()));
        world.run_for(Duration::from_secs(1));
        assert_eq!(arrived(&world, ana, &frames), [0]);
        assert_eq!(arrived(&world, eva, &frames), []);
        world.run_for(Duration::from_secs(15));
        assert_eq!(world.channels(ana, eva), 0, "and none opens anew");
        world.heal(ana, eva);
        world.settle("linked", Duration::from_secs(40), |world| world.channels(ana, eva) == 1);
    }

    #[test]
    fn a_slow_host_takes_frames_one_after_the_other() {
        let (mut world, ana, eva) = linked(Conditions::CALM);
        world.slow_down(ana, Duration::from_millis(100));
        let frames = numbered(20);
        frames.iter().for_each(|bytes| assert!(world.inject(eva, ana, bytes.clone())));
        world.run_for(Duration::from_millis(1_050));
        let so_far = arrived(&world, ana, &frames);
        assert!((5..=10).contains(&so_far.len()), "{so_far:?}");
        world.run_for(Duration::from_secs(2));
        assert_eq!(arrived(&world, ana, &frames), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn links_of_different_lengths_let_frames_overtake_and_some_come_twice() {
        let conditions =
            Conditions { spread: Duration::from_millis(900), duplicate_permille: 1000, ..Conditions::CALM };
        let (mut world, ana, eva) = linked(conditions);
        let lengths: std::collections::BTreeSet<_> = (0..8).map(|_| world.length().as_millis()).collect();
        assert!(lengths.len() > 1 && lengths.iter().all(|length| *length <= 900), "{lengths:?}");
        let before = world.stat(ana, "pong_unasked");
        world.run_for(Duration::from_secs(20));
        assert!(world.stat(ana, "pong_unasked") > before, "the second copy of an answer is not asked for");
        assert!(world.closings(ana, eva).is_empty());
    }

    /// Two natives, of whom the second dials the first in vain for so long.
    fn apart(
        away: Duration,
        breaks: impl Fn(&mut World, Seat),
        mends: impl Fn(&mut World, Seat),
    ) -> (World, Seat, Seat) {
        let mut world = World::new(2);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let invite = world.invite(ana);
        world.keep_trace();
        breaks(&mut world, ana);
        world.open(eva, &invite, None);
        world.run_for(away);
        mends(&mut world, ana);
        (world, ana, eva)
    }

    #[test]
    fn checks_go_on_until_the_network_is_back_or_the_listener_there() {
        let span = Duration::from_secs(14);
        let splits = |world: &mut World, ana| world.partition(&[&[], &[ana]]);
        let (mut world, ana, eva) = apart(span, splits, |world, _| world.heal_all());
        world.settle("linked", Duration::from_secs(1), |world| world.is_linked(eva, ana));
        assert_eq!(closings(&world), 0);
        let (mut world, ana, eva) = apart(span, World::kill, World::resume);
        world.settle("linked", Duration::from_secs(1), |world| world.is_linked(eva, ana));
    }
}
