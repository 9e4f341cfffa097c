//! What is done anew whenever what it read has changed.

use super::Signal;
use super::later::soon;
use leptos::prelude::{Owner, on_cleanup, untrack};
use leptos::reactive::graph::{AnySource, AnySubscriber, ReactiveNode, Subscriber, WithObserver};
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

thread_local! {
    static STALE: RefCell<Vec<Weak<Effect>>> = const { RefCell::new(Vec::new()) };
}

type Act = Box<dyn FnMut() + Send>;

/// An effect as Leptos has it, but of one type, and without a task of its own: all that are stale run one after another
/// in one task. It lives as long as the owner that it was made under.
struct Effect {
    me: Weak<Effect>,
    act: Mutex<Act>,
    /// Of what is made while it runs.
    owner: Owner,
    known: Mutex<Known>,
}

/// What an effect knows of what it read.
#[derive(Default)]
struct Known {
    sources: Vec<AnySource>,
    has_changed: bool,
}

/// Does `act` once what is being drawn stands on the page, and again whenever what it read has changed.
pub(crate) fn effect(act: impl FnMut() + Send + 'static) {
    Effect::of(Box::new(act)).mark_dirty();
}

/// What `read` reads, as a signal that tells only of what is really new.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(read: impl Fn() -> T + Send + 'static) -> Signal<T> {
    let known = Signal::new(untrack(&read));
    follow(Box::new(move || {
        let now = read();
        if known.with_untracked(|before| *before != now) {
            known.set(now);
        }
    }));
    known
}

/// Does `act` now, and again whenever what it read has changed.
pub(super) fn follow(act: Act) {
    Effect::of(act).run();
}

/// Hands what `read` reads to `write`, now and whenever it has changed.
pub(super) fn follow_words(read: Box<dyn Fn() -> String + Send>, write: Box<dyn Fn(&str) + Send>) {
    let mut before = None;
    follow(Box::new(move || {
        let now = Some(read());
        if before != now {
            now.iter().for_each(|now| write(now));
            before = now;
        }
    }));
}

/// Hands what `read` reads to `write`, now and whenever it has changed.
pub(super) fn follow_flag(read: Box<dyn Fn() -> bool + Send>, write: Box<dyn Fn(bool) + Send>) {
    let mut before = None;
    follow(Box::new(move || {
        let now = read();
        if before != Some(now) {
            write(now);
            before = Some(now);
        }
    }));
}

impl Effect {
    fn of(act: Act) -> Arc<Self> {
        let effect = Arc::new_cyclic(|me: &Weak<Self>| Self {
            me: me.clone(),
            act: Mutex::new(act),
            owner: Owner::new(),
            known: Mutex::default(),
        });
        let kept = effect.clone();
        on_cleanup(move || drop(kept));
        effect
    }

    fn run(&self) {
        let me = self.subscriber();
        self.clear_sources(&me);
        self.owner.with_cleanup(|| me.with_observer(|| lock(&self.act)()));
    }

    fn run_if_stale(&self) {
        if self.subscriber().with_observer(|| self.update_if_necessary()) {
            self.run();
        }
    }

    fn wait(&self) {
        let is_first = STALE.with_borrow_mut(|stale| {
            stale.push(self.me.clone());
            stale.len() == 1
        });
        if is_first {
            soon(run_stale);
        }
    }

    fn subscriber(&self) -> AnySubscriber {
        let me: Weak<dyn Subscriber + Send + Sync> = self.me.clone();
        AnySubscriber(self.me.as_ptr() as usize, me)
    }
}

/// There is one thread, and a panic ends the page.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs those that wait. What becomes stale by that waits for the next time.
fn run_stale() {
    let stale = STALE.take();
    stale.iter().filter_map(Weak::upgrade).for_each(|effect| effect.run_if_stale());
}

impl ReactiveNode for Effect {
    fn mark_dirty(&self) {
        lock(&self.known).has_changed = true;
        self.wait();
    }

    fn mark_check(&self) {
        self.wait();
    }

    fn mark_subscribers_check(&self) {}

    fn update_if_necessary(&self) -> bool {
        if std::mem::take(&mut lock(&self.known).has_changed) {
            return true;
        }
        let sources = lock(&self.known).sources.clone();
        sources.iter().any(ReactiveNode::update_if_necessary)
    }
}

impl Subscriber for Effect {
    fn add_source(&self, source: AnySource) {
        let mut known = lock(&self.known);
        if !known.sources.contains(&source) {
            known.sources.push(source);
        }
    }

    fn clear_sources(&self, me: &AnySubscriber) {
        use leptos::reactive::graph::Source;
        let sources = std::mem::take(&mut lock(&self.known).sources);
        sources.iter().for_each(|source| source.remove_subscriber(me));
    }
}
