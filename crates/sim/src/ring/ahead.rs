//! Memory that steps will need, asked for before: what a large ring does most is to wait for memory, and where it knows what comes next
//! it can wait for dozens of steps at once. Nothing that happens depends on it.

use super::{Happening, Ring, Seat};
use std::hint::black_box;
use tertulia_proto::overlay::need::Need;
use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, Instant};

/// For so many steps at once: what is read must not have been displaced from the processor's nearer memory by the time it is needed.
const AHEAD: usize = 64;

/// What the step of a node of this number will need.
#[derive(Clone, Copy)]
struct Step {
    number: u32,
    /// When its timer is due, if it is one.
    timer: Option<Instant>,
    need: Need,
}

impl Step {
    /// None.
    const NONE: u32 = u32::MAX;

    fn of(at: Instant, happening: &Happening) -> Option<Self> {
        match happening {
            Happening::Frame { from, to, frame, .. } => {
                let key = match &**frame {
                    Frame::Route(route) => Some(route.key.place()),
                    Frame::Ping(_) | Frame::Pong(_) => None,
                    _ => Some(from.place()),
                };
                Some(Self { number: *to, timer: None, need: Need::of_frame(key) })
            }
            Happening::Wake(number) => {
                Some(Self { number: *number, timer: Some(at), need: Need::of_timer(at) })
            }
            Happening::Knock(_) | Happening::Deed(_) => None,
        }
    }
}

impl Ring {
    /// Has the memory at hand that the next steps will need.
    pub(super) fn touch_ahead(&mut self) {
        if self.touched == 0 {
            let mut steps = [Step { number: Step::NONE, timer: None, need: Need::default() }; AHEAD];
            for ((at, happening), place) in self.wheel.upcoming().zip(&mut steps) {
                self.touched += 1;
                *place = Step::of(at, happening).unwrap_or(*place);
            }
            self.touch(&mut steps[..self.touched]);
        }
    }

    /// Reads what steps will need: of all of them what is as far away, so that memory has it all to do at once.
    fn touch(&self, steps: &mut [Step]) {
        let mut read = 0;
        for depth in 0..Need::DEPTHS {
            for Step { number, timer, need } in &mut *steps {
                let Some(Seat { node: Some(node), wake, .. }) = self.seats.get(*number as usize) else {
                    continue;
                };
                // Of timers that were set for earlier since nothing comes.
                if depth == 0 || timer.is_none_or(|at| at == *wake) {
                    read += node.touch(need, depth);
                }
            }
        }
        black_box(read);
    }

    /// Looks up so many keys, one after another with `gap` between, from somebody each time.
    pub(super) fn look_up_all(&mut self, lookups: usize, gap: Duration) {
        self.looked_up.reserve(lookups);
        let mut left = lookups;
        while left > 0 {
            let count = left.min(AHEAD);
            left -= count;
            let mut any = |_| (self.anyone().expect("somebody is in the ring"), self.chance.place());
            let all: Vec<_> = (0..count).map(&mut any).collect();
            let need = |key: &u128| Need::of_frame(Some(*key));
            let steps = all.iter().map(|(from, key)| Step { number: *from, timer: None, need: need(key) });
            self.touch(&mut steps.collect::<Vec<_>>());
            for (from, key) in all {
                self.look_up(from, key);
                self.pass(gap);
            }
        }
    }
}
