//! What is under way from one to another: it can be taken out once it has arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use web_time::{Instant, clock};

/// One direction between two: in order, and each thing with its moment of arrival. Both hold it.
pub(crate) struct Post<T>(Arc<Mutex<Bag<T>>>);

struct Bag<T> {
    items: VecDeque<(Instant, T)>,
    closed: Option<Instant>,
    receiver: Option<Waker>,
}

impl<T> Post<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Bag { items: VecDeque::new(), closed: None, receiver: None })))
    }

    /// Sends what arrives at `arrival`.
    pub(crate) fn send(&self, arrival: Instant, item: T) {
        let mut bag = self.bag();
        bag.items.push_back((arrival, item));
        bag.announce(arrival);
    }

    /// Ends it, for who receives as of `arrival`.
    pub(crate) fn close(&self, arrival: Instant) {
        let mut bag = self.bag();
        if bag.closed.is_none() {
            bag.closed = Some(arrival);
            bag.announce(arrival);
        }
    }

    /// The next that has arrived; `None` when it has ended.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut bag = self.bag();
        let now = Instant::now();
        let next = bag.items.front().map(|(arrival, _)| *arrival).or(bag.closed);
        match next {
            Some(arrival) if arrival <= now => Poll::Ready(bag.items.pop_front().map(|(_, item)| item)),
            Some(arrival) => {
                clock::wake_at(arrival, context.waker().clone());
                Poll::Pending
            }
            None => {
                bag.receiver = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    fn bag(&self) -> MutexGuard<'_, Bag<T>> {
        // One thread: the lock is there because libp2p wants to be able to move things between threads.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Bag<T> {
    fn announce(&mut self, arrival: Instant) {
        if let Some(receiver) = self.receiver.take() {
            clock::wake_at(arrival, receiver);
        }
    }
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
