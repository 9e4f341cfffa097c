//! What goes wrong: cuts, partitions, deaths, and an adversary at the wires.

use crate::place::{Fuse, Records, Seat};
use crate::wire::{Item, Stage};
use crate::world::{Happening, World};
use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, Fingerprint, Instant, Node, Output};

/// The kinds of frames that are about the link they go over: Hello, Proof, Bye.
const LINK_KINDS: [u32; 3] = [0, 1, 4];
/// How long after the first a second copy of a frame arrives, at most.
const ECHO_MAX: Duration = Duration::from_secs(3);

/// Sees each frame that is sent from one seat to another and says what arrives instead.
type Passing = Box<dyn FnMut(Seat, Seat, Vec<u8>) -> Vec<Vec<u8>>>;
/// Says which fingerprint the first seat sees where the second shows this one.
type Showing = Box<dyn FnMut(Seat, Seat, Fingerprint) -> Fingerprint>;

/// Who sits at the wires. By default nobody.
#[derive(Default)]
pub(crate) struct Adversary {
    passing: Option<Passing>,
    showing: Option<Showing>,
}

impl Adversary {
    pub(crate) fn passes(&mut self, from: Seat, to: Seat, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        match &mut self.passing {
            Some(passing) => passing(from, to, bytes),
            None => vec![bytes],
        }
    }

    pub(crate) fn shows(&mut self, seeing: Seat, shown: Seat, print: Fingerprint) -> Fingerprint {
        self.showing.as_mut().map_or(print, |showing| showing(seeing, shown, print))
    }
}

impl World {
    /// Puts somebody at every wire who sees each frame (from, to, bytes) and returns what arrives instead:
    /// nothing, it, another, more than one.
    pub fn tamper(&mut self, passing: impl FnMut(Seat, Seat, Vec<u8>) -> Vec<Vec<u8>> + 'static) {
        self.adversary.passing = Some(Box::new(passing));
    }

    /// Puts somebody between the ends of each link that opens from now on: the closure is asked which
    /// fingerprint the first seat sees where the second shows the given one.
    pub fn intercept(&mut self, showing: impl FnMut(Seat, Seat, Fingerprint) -> Fingerprint + 'static) {
        self.adversary.showing = Some(Box::new(showing));
    }

    /// Sends the adversary home.
    pub fn dismiss(&mut self) {
        self.adversary = Adversary::default();
    }

    /// Puts a frame on the wire from one seat to another as if the first had sent it. Returns whether there
    /// is an open wire.
    pub fn inject(&mut self, from: Seat, to: Seat, bytes: Vec<u8>) -> bool {
        let Some((wire, side)) = self.open_end(from, to) else { return false };
        self.carry(wire, side, Item::Frame(bytes));
        true
    }

    /// Cuts the wires between two seats without a word. What is sent meanwhile waits, as SCTP sends it again:
    /// it arrives when the wire is healed, and never when consent expires first.
    pub fn cut(&mut self, one: Seat, other: Seat) {
        self.note(|| format!("{one:?} and {other:?} are cut"));
        for wire in self.wires_between(one, other) {
            self.cut_wire(wire);
        }
    }

    /// Lets nothing pass from one seat to another any more, while what the other says arrives: a firewall that forgot
    /// half of a connection. Neither side's consent checks are answered, so both drivers give the channel up in time.
    pub fn mute(&mut self, from: Seat, to: Seat) {
        self.note(|| format!("{from:?} is heard by {to:?} no more"));
        self.muted.insert((from, to));
        self.troubled.get_or_insert(self.now);
        for wire in self.wires_between(from, to) {
            let side = usize::from(self.wires[wire].ends[1].seat == to);
            self.block_wire(wire, |blocked| blocked[side] = true);
        }
    }

    /// Has the host at a seat take so long over each frame that it is given.
    pub fn slow_down(&mut self, seat: Seat, slowness: Duration) {
        self.note(|| format!("{seat:?} takes {} ms for a frame", slowness.as_millis()));
        self.places[seat.0].slowness = slowness;
    }

    /// Plans that a frame arrives a second time, if chance and the conditions will have it.
    pub(crate) fn plan_echo(&mut self, from: Seat, to: Seat, bytes: &[u8]) {
        let permille = self.conditions.duplicate_permille;
        let is_bound_to_link = || Frame::kind_of(bytes).is_none_or(|kind| LINK_KINDS.contains(&kind));
        if permille == 0 || is_bound_to_link() || self.chance.below(1000) >= permille {
            return;
        }
        let at = self.now + Duration::from_micros(self.chance.below(ECHO_MAX.as_micros()));
        self.queue.plan(at, Happening::Echo { number: self.echoes.len() });
        self.echoes.push((from, to, bytes.to_vec()));
    }

    /// A frame arrives a second time, if both see a link to each other.
    pub(crate) fn echo(&mut self, number: usize) {
        let (from, to, bytes) = &mut self.echoes[number];
        let (from, to, bytes) = (*from, *to, std::mem::take(bytes));
        if self.is_linked(from, to) && self.is_linked(to, from) {
            self.inject(from, to, bytes);
        }
    }

    /// Heals the wires between two seats.
    pub fn heal(&mut self, one: Seat, other: Seat) {
        self.note(|| format!("{one:?} and {other:?} are healed"));
        self.muted.remove(&(one, other));
        self.muted.remove(&(other, one));
        if self.muted.is_empty() && self.islands.is_empty() {
            self.troubled = None;
        }
        for wire in self.wires_between(one, other) {
            self.heal_wire(wire);
        }
    }

    /// Lets the drivers at both ends notice at once that the wires between two seats are broken.
    pub fn sever(&mut self, one: Seat, other: Seat) {
        self.note(|| format!("{one:?} and {other:?} are severed"));
        for wire in self.wires_between(one, other) {
            self.cut_wire(wire);
            let cuts = self.wires[wire].cuts;
            self.expire(wire, cuts);
        }
    }

    /// Keeps two seats from ever opening a link directly, as two carrier NATs would.
    pub fn wall(&mut self, one: Seat, other: Seat) {
        self.walls.insert((one.min(other), one.max(other)));
    }

    /// Splits the network: links between different islands are cut and none can be opened. A seat that is
    /// on no list belongs to the first island.
    pub fn partition(&mut self, islands: &[&[Seat]]) {
        self.note(|| format!("the network is split: {islands:?}"));
        self.islands.clear();
        self.troubled.get_or_insert(self.now);
        for seat in self.seats() {
            let island = islands.iter().position(|island| island.contains(&seat)).unwrap_or(0);
            self.islands.insert(seat, island);
        }
        for wire in 0..self.wires.len() {
            let [one, other] = [0, 1].map(|side: usize| self.wires[wire].ends[side].seat);
            if self.islands[&one] != self.islands[&other] {
                self.cut_wire(wire);
            }
        }
    }

    /// Heals everything: partitions, walls, cuts and what was muted. Chance goes on as the conditions say.
    pub fn heal_all(&mut self) {
        self.note(|| "all is healed".to_owned());
        self.islands.clear();
        self.walls.clear();
        self.muted.clear();
        self.troubled = None;
        for wire in 0..self.wires.len() {
            self.heal_wire(wire);
        }
    }

    /// Ends a node as `kill -9` does: its peers hear nothing until their links' drivers notice.
    pub fn kill(&mut self, seat: Seat) {
        self.note(|| format!("{seat:?} dies"));
        if let Some(recorder) = self.recorder.as_ref().filter(|_| self.places[seat.0].node.is_some()) {
            recorder.death(seat, self.now);
        }
        self.places[seat.0].stop();
        for wire in 0..self.wires.len() {
            let is_mine = |side: &usize| self.wires[wire].ends[*side].seat == seat;
            let Some(side) = [0, 1].into_iter().find(is_mine) else { continue };
            if self.wires[wire].ends[side].stage != Stage::Gone {
                self.wires[wire].ends[side].stage = Stage::Gone;
                self.orphan(wire);
            }
        }
    }

    /// One end of a wire is gone without a word: the other notices when its consent expires.
    pub(crate) fn orphan(&mut self, wire: usize) {
        let affected = &mut self.wires[wire];
        affected.orphaned = true;
        let cuts = affected.cuts;
        self.queue.plan(self.now + self.conditions.broken_after, Happening::Expiry { wire, cuts });
    }

    /// Has a node die after it has carried out so many more outputs. Of so many behind those its driver has committed
    /// the records, and had no time for anything else.
    pub fn crash_after(&mut self, seat: Seat, performed: u32, committed: u32) {
        self.places[seat.0].fuse = Some(Fuse { performed, committed });
    }

    /// Ends a node in the middle of its outputs.
    pub(crate) fn crash(&mut self, seat: Seat, next: Output) {
        let place = &mut self.places[seat.0];
        let ahead = place.fuse.map_or(0, |fuse| fuse.committed);
        let rest = std::iter::from_fn(|| place.node.as_mut().and_then(Node::poll_output));
        let behind: Vec<_> = std::iter::once(next).chain(rest).take(ahead as usize).collect();
        for output in behind {
            if let Output::Store { key, value } = output {
                place.commit(key, value);
            }
        }
        self.kill(seat);
    }

    /// Starts a dead node again without its store: the same identity, certificate and address, a fresh seed, nothing
    /// remembered.
    pub fn restart(&mut self, seat: Seat) {
        if self.places[seat.0].node.is_none() {
            self.places[seat.0].records.clear();
            self.witness_loss(seat);
            self.start(seat);
        }
    }

    /// Starts a dead node again with what its driver had committed.
    pub fn resume(&mut self, seat: Seat) {
        if self.places[seat.0].node.is_none() {
            self.start(seat);
        }
    }

    /// The records that the driver at a seat has committed, to be tampered with: what was told need not last then.
    pub fn records(&mut self, seat: Seat) -> &mut Records {
        self.witness_tampering(seat);
        &mut self.places[seat.0].records
    }

    /// The wire and the side at which frames from one seat reach the other.
    fn open_end(&self, from: Seat, to: Seat) -> Option<(usize, usize)> {
        self.wires.iter().enumerate().rev().find_map(|(wire, joined)| {
            let side = joined.ends.iter().position(|end| end.seat == to)?;
            let open = joined.ends.iter().all(|end| end.stage == Stage::Open);
            (open && joined.joins(from, to)).then_some((wire, side))
        })
    }

    fn wires_between(&self, one: Seat, other: Seat) -> Vec<usize> {
        (0..self.wires.len()).filter(|wire| self.wires[*wire].joins(one, other)).collect()
    }

    fn cut_wire(&mut self, wire: usize) {
        self.block_wire(wire, |blocked| *blocked = [true; 2]);
    }

    fn block_wire(&mut self, wire: usize, block: impl FnOnce(&mut [bool; 2])) {
        let cut = &mut self.wires[wire];
        let was_cut = cut.is_cut();
        block(&mut cut.blocked);
        if cut.is_alive() && !was_cut {
            cut.cuts += 1;
            let cuts = cut.cuts;
            self.queue.plan(self.now + self.conditions.broken_after, Happening::Expiry { wire, cuts });
        }
    }

    /// What waited is sent again: it arrives in order, before anything that is sent later.
    fn heal_wire(&mut self, wire: usize) {
        if std::mem::take(&mut self.wires[wire].blocked) == [false; 2] {
            return;
        }
        for side in [0, 1] {
            let transit = self.transit();
            let due: Instant = self.now + transit;
            let end = &mut self.wires[wire].ends[side];
            if end.stage == Stage::Opening && end.opens_at <= due {
                self.queue.plan(due, Happening::Open { wire, side });
            }
            let end = &mut self.wires[wire].ends[side];
            end.last_due = end.last_due.max(due);
            for _ in 0..std::mem::take(&mut end.held) {
                self.queue.plan(due, Happening::Arrival { wire, side });
            }
        }
    }
}
