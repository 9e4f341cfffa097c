//! Answers that are on their way, in the order of their questions.
//!
//! What a command did is durable before it is answered. A program that does not wait for one answer before it asks the
//! next is not held up by that: many commands are made durable at once.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Lines that may be on their way at once: those of a burst that one commit covers.
const ANSWERS_MAX: usize = 512;

/// Whether to go on after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Quit,
}

/// What a line comes to: the answer, if there is one, and whether to go on.
type Outcome = (Option<String>, Flow);

enum Answer<'a> {
    Ready(Outcome),
    Coming(Pin<Box<dyn Future<Output = Outcome> + 'a>>),
}

/// The lines that are being answered.
#[derive(Default)]
pub(super) struct Answers<'a> {
    coming: VecDeque<Answer<'a>>,
    /// Whether the last of them ends it all: nothing is read after it.
    ends: bool,
}

impl<'a> Answers<'a> {
    /// Whether another line may be read.
    pub(super) fn has_room(&self) -> bool {
        self.coming.len() < ANSWERS_MAX && !self.ends
    }

    /// Begins to answer a line: what it asks of the node is in the node's queue when this returns.
    pub(super) async fn begin(&mut self, answer: impl Future<Output = Outcome> + 'a) -> Flow {
        let mut answer: Pin<Box<dyn Future<Output = Outcome> + 'a>> = Box::pin(answer);
        let first = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        self.ends = matches!(first, Poll::Ready((_, Flow::Quit)));
        self.coming.push_back(match first {
            Poll::Ready(outcome) => Answer::Ready(outcome),
            Poll::Pending => Answer::Coming(answer),
        });
        Flow::On
    }

    /// The next answer in order; never when there is none.
    pub(super) async fn next(&mut self) -> Outcome {
        let outcome = match self.coming.front_mut() {
            None => pending().await,
            Some(Answer::Ready(outcome)) => (outcome.0.take(), outcome.1),
            Some(Answer::Coming(answer)) => answer.await,
        };
        self.coming.pop_front();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn answers_keep_the_order_of_their_questions() {
        let mut answers = Answers::default();
        let (slow, answer) = oneshot::channel::<()>();
        answers.begin(async { (answer.await.ok().map(|()| "one".to_owned()), Flow::On) }).await;
        answers.begin(async { (Some("two".to_owned()), Flow::Quit) }).await;
        assert!(!answers.has_room(), "nothing is read after the last");
        slow.send(()).unwrap();
        assert_eq!(answers.next().await, (Some("one".to_owned()), Flow::On));
        assert_eq!(answers.next().await, (Some("two".to_owned()), Flow::Quit));
    }
}
