//! `futures_timer` as libp2p uses it, on the virtual clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use web_time::{Duration, Instant, clock};

/// Is ready once its time has come.
#[derive(Debug)]
pub struct Delay {
    at: Instant,
    /// Who is already waiting: swarms ask again with every step that they take.
    waiting: Option<Waker>,
}

impl Delay {
    /// A delay from now on.
    pub fn new(duration: Duration) -> Self {
        Self { at: Instant::now() + duration, waiting: None }
    }

    /// Starts again from now on.
    pub fn reset(&mut self, duration: Duration) {
        *self = Self::new(duration);
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let waker = context.waker();
        if !self.waiting.as_ref().is_some_and(|waiting| waiting.will_wake(waker)) {
            clock::wake_at(self.at, waker.clone());
            self.waiting = Some(waker.clone());
        }
        Poll::Pending
    }
}
