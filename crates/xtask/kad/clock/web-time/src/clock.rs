//! The virtual clock: it stands still while anybody has something to do, then jumps to the next moment that somebody
//! waits for.

use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::task::Waker;
use std::time::Duration;

use crate::{Instant, START};

thread_local! {
    static CLOCK: RefCell<Clock> = const { RefCell::new(Clock { now: Instant(START), sleepers: BinaryHeap::new(), bedded: 0 }) };
}

struct Clock {
    now: Instant,
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    bedded: u64,
}

/// Ordered by its moment; of one moment, whoever came first is woken first.
struct Sleeper {
    at: Instant,
    number: u64,
    waker: Waker,
}

/// The present.
pub fn now() -> Instant {
    CLOCK.with_borrow(|clock| clock.now)
}

/// The present, since the clock started.
pub fn elapsed() -> Duration {
    now().duration_since(Instant(START))
}

/// The moment so long after the clock started.
pub fn moment(since_start: Duration) -> Instant {
    Instant(START + since_start)
}

/// Wakes `waker` once it is `at`.
pub fn wake_at(at: Instant, waker: Waker) {
    CLOCK.with_borrow_mut(|clock| {
        clock.bedded += 1;
        clock.sleepers.push(Reverse(Sleeper { at, number: clock.bedded, waker }));
    });
}

/// The next moment that somebody waits for.
pub fn next() -> Option<Instant> {
    CLOCK.with_borrow(|clock| clock.sleepers.peek().map(|Reverse(sleeper)| sleeper.at))
}

/// Moves on to `at`, and wakes who waited for it or for something before.
pub fn advance(at: Instant) {
    CLOCK.with_borrow_mut(|clock| clock.now = clock.now.max(at));
    while let Some(waker) = CLOCK.with_borrow_mut(Clock::due) {
        waker.wake();
    }
}

impl Clock {
    fn due(&mut self) -> Option<Waker> {
        let Reverse(first) = self.sleepers.peek()?;
        if first.at > self.now {
            return None;
        }
        self.sleepers.pop().map(|Reverse(sleeper)| sleeper.waker)
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
