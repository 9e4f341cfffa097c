//! Which deliveries nobody can observe the order of.
//!
//! When nothing can go wrong any more, deadlines wait for all that is on its way. Then some letters do the same whether
//! they arrive before others or after them, and it is enough to look at one order.

use crate::graph::{Body, Ops, Seat};
use crate::world::{Code, Exit, Faults, Flaw, Frame, Letter, Phase, Stage, World};

impl World {
    /// A way whose next letters may as well arrive now.
    pub(crate) fn unobserved(&self) -> Option<(Seat, Seat)> {
        // Whoever does not wait for a ListUpdate shows whether it came first.
        if self.left != Faults::default() || self.flaw == Some(Flaw::NoWaiting) {
            return None;
        }
        let is_late = self.is_late();
        self.deliverable().find(|way| self.next(*way).all(|letter| self.is_plain(letter, is_late)))
    }

    /// The letters that arrive next between two.
    fn next(&self, (from, to): (Seat, Seat)) -> impl Iterator<Item = &Letter> {
        let way = move |one: &&Letter| one.from as Seat == from && one.to as Seat == to;
        let mut is_first = true;
        let goes_along = move |one: &&Letter| std::mem::take(&mut is_first) || one.is_joined;
        self.letters.iter().filter(way).take_while(goes_along)
    }

    /// Whether nobody writes any more: every newcomer is in and makes its round, or is done, and no word undoes that.
    fn is_late(&self) -> bool {
        let is_round = |wish: &Stage| !matches!(wish, Stage::Asked | Stage::Derived { .. });
        let is_in = |phase: &Phase| !matches!(phase, Phase::Entering { .. });
        let is_calm = |frame: &Frame| match frame {
            Frame::ConnectionRequest { .. } | Frame::Heads { .. } | Frame::Absence => false,
            Frame::EntryToCoordinator { newcomer, .. } => self.is_in_everywhere((*newcomer).into()),
            Frame::Answer(answer) => answer.code != Code::NotUpdatedGroup,
            _ => true,
        };
        self.alive().all(|at| is_round(&self.nodes[at].wish.stage) && is_in(&self.nodes[at].phase))
            && self.letters.iter().all(|letter| is_calm(&letter.frame))
    }

    fn is_in_everywhere(&self, seat: Seat) -> bool {
        self.alive().filter(|at| self.nodes[*at].is_open()).all(|at| self.nodes[at].has(seat))
    }

    fn is_plain(&self, letter: &Letter, is_late: bool) -> bool {
        let (from, to) = (letter.from as Seat, letter.to as Seat);
        let node = &self.nodes[to];
        let is_member = node.is_open() && node.exit.is_none() && !node.wish.is_under_way();
        match letter.frame {
            Frame::EntryToPeer { admit, .. } => {
                is_member && node.has(from) && node.known.has(admit) && !self.hears_of_exits(to)
            }
            Frame::EntryToCoordinator { newcomer, .. } => {
                is_member && node.has(newcomer.into()) && !self.hears_of_exits(to)
            }
            Frame::Answer(answer) => {
                let is_due = |exit: Exit| exit.pending.has(from) && answer.about == Some(exit.admit);
                let is_word = answer.code == Code::Yes(None) && node.exit.is_some_and(is_due);
                is_word && !self.letters.iter().any(|other| other.to == letter.to && denies(&other.frame))
            }
            Frame::Want(ids) => {
                is_member && node.has(from) && ids.is_within(node.known) && !self.hears_of_exits(to)
            }
            Frame::Operations(_) => is_late && node.is_open(),
            Frame::ConnectionRequest { .. } | Frame::Heads { .. } | Frame::Absence => false,
        }
    }

    /// Whether anything on its way to a node, or yet to come, takes somebody out of its list.
    fn hears_of_exits(&self, to: Seat) -> bool {
        let exits = |ops: Ops| {
            ops.iter().any(|id| self.graph.get(id).is_some_and(|op| !matches!(op.body, Body::Admit { .. })))
        };
        self.letters.iter().any(|letter| match letter.frame {
            Frame::Operations(ops) => letter.to as Seat == to && exits(ops),
            frame => denies(&frame),
        })
    }
}

fn denies(frame: &Frame) -> bool {
    matches!(frame, Frame::Answer(answer) if answer.code == Code::NotUpdatedGroup)
}
