//! Memory that steps will need, asked for before: what a large ring does most is to wait for memory, and where it knows what comes next
//! it can wait for dozens of steps at once. Nothing that happens depends on it.

use super::{Happening, Ring, Seat};
use std::hint::black_box;
use tertulia_proto::overlay::bare::Bare;
use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, Instant};

/// For so many steps at once: what is read must not have been displaced from the processor's nearer memory by the time it is needed.
const AHEAD: usize = 64;

/// What memory a step of a node will need: what it knows of a place, or what is due at a time.
#[derive(Clone, Copy)]
struct Need {
    number: u32,
    key: Option<u128>,
    at: Option<Instant>,
}

impl Need {
    fn of(at: Instant, happening: &Happening) -> Option<Self> {
        match happening {
            Happening::Frame { from, to, frame, .. } => {
                let key = match &**frame {
                    Frame::Route(route) => Some(route.key.place()),
                    Frame::Ping(_) | Frame::Pong(_) => None,
                    _ => Some(from.place()),
                };
                Some(Self { number: *to, key, at: None })
            }
            Happening::Wake(number) => Some(Self { number: *number, key: None, at: Some(at) }),
            Happening::Knock(_) | Happening::Deed(_) => None,
        }
    }
}

impl Ring {
    /// Has the memory at hand that the next steps will need.
    pub(super) fn touch_ahead(&mut self) {
        if self.touched == 0 {
            let mut needs = [Need { number: u32::MAX, key: None, at: None }; AHEAD];
            for ((at, happening), place) in self.wheel.upcoming().zip(&mut needs) {
                self.touched += 1;
                *place = Need::of(at, happening).unwrap_or(*place);
            }
            self.touch(&needs[..self.touched]);
        }
    }

    /// Reads what steps will need: of all of them what is as far away, so that memory has it all to do at once.
    fn touch(&self, needs: &[Need]) {
        let mut read = 0;
        for depth in 0..Bare::DEPTHS {
            for need in needs {
                let Some(Seat { node: Some(node), wake, .. }) = self.seats.get(need.number as usize) else {
                    continue;
                };
                // Of timers that were set for earlier since nothing comes.
                if depth == 0 || need.at.is_none_or(|at| at == *wake) {
                    read += node.touch(need.key, need.at.unwrap_or_default(), depth);
                }
            }
        }
        black_box(read);
    }

    /// Looks up so many keys, one after another with `gap` between, from somebody each time.
    pub(super) fn look_up_all(&mut self, lookups: usize, gap: Duration) {
        let mut left = lookups;
        while left > 0 {
            let count = left.min(AHEAD);
            left -= count;
            let mut any = |_| (self.anyone().expect("somebody is in the ring"), self.chance.place());
            let all: Vec<_> = (0..count).map(&mut any).collect();
            let needs = all.iter().map(|(from, key)| Need { number: *from, key: Some(*key), at: None });
            self.touch(&needs.collect::<Vec<_>>());
            for (from, key) in all {
                self.look_up(from, key);
                self.pass(gap);
            }
        }
    }
}
