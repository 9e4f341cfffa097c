//! Memory that a step of a node will need: a large world waits for memory most of the time, and waits less if it asks for much at once.

use super::bare::Bare;
use super::leaf_set::Side;
use crate::time::Instant;

/// What a step will be about, and what is known so far of where it will look.
#[derive(Clone, Copy, Default)]
pub struct Need {
    key: Option<u128>,
    at: Instant,
    leaves: Leaves,
    /// Where in the table the next hop is.
    way: Option<usize>,
}

/// Which members of the leaf set.
#[derive(Clone, Copy, Default)]
enum Leaves {
    #[default]
    None,
    Next,
    All,
}

impl Need {
    /// How far it may be to what a step needs.
    pub const DEPTHS: u8 = 4;

    /// That of a frame about a key, or of another.
    pub fn of_frame(key: Option<u128>) -> Self {
        Self { key, ..Self::default() }
    }

    /// That of what is due at a time.
    pub fn of_timer(at: Instant) -> Self {
        Self { at, ..Self::default() }
    }
}

impl Bare {
    /// Reads what its next step will need: at each `depth`, one after the other, what is one pointer farther away. What it yields means
    /// nothing.
    pub fn touch(&self, need: &mut Need, depth: u8) -> usize {
        let overlay = self.overlay();
        match depth {
            0 => {
                let always = overlay.pending.len() + usize::from(overlay.maintain_at <= need.at);
                let with_key = || overlay.asked.len() + overlay.rows.contacts().len();
                always + need.key.map_or(0, |_| with_key() + usize::from(overlay.leaves.is_whole()))
            }
            1 => {
                need.leaves = match need.key {
                    Some(key) if overlay.leaves.covers(key) => Leaves::All,
                    None if overlay.compare_at <= need.at => Leaves::All,
                    None if overlay.watch_at <= need.at => Leaves::Next,
                    _ => Leaves::None,
                };
                let lists = match need.leaves {
                    Leaves::None => 0,
                    Leaves::Next | Leaves::All => overlay.leaves.touch_lists(),
                };
                lists
                    + need.key.map_or(0, |_| overlay.rows.touch())
                    + overlay.pending.first().map_or(0, |one| usize::from(one.to.0[0]))
                    + overlay.unrest.probes.len()
            }
            2 => {
                let leaves = match need.leaves {
                    Leaves::None => 0,
                    Leaves::Next => {
                        overlay.leaves.neighbour(Side::Clockwise).map_or(0, |leaf| leaf.node.0[0].into())
                    }
                    Leaves::All => overlay.leaves.touch(),
                };
                need.way = need.key.and_then(|key| overlay.rows.way(key));
                let way = need.way.map_or(0, |way| overlay.rows.touch_contact(way, false));
                leaves + way
            }
            _ => need.way.map_or(0, |way| overlay.rows.touch_contact(way, true)),
        }
    }
}
