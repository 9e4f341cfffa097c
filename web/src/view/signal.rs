//! Values that tell those who have read them when they change: Leptos' triggers in Leptos' arena.
//!
//! Its own signals hold a value by a guard of some type for each way of reading and changing each type of value. These
//! are one type to Leptos, whatever they hold.

use leptos::prelude::*;
use leptos::reactive::owner::ArenaItem;
use leptos::reactive::signal::ArcTrigger;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that tells those who have read it when it changes.
#[derive(Default)]
pub(crate) struct Source<T> {
    value: RwLock<T>,
    readers: ArcTrigger,
}

impl<T> Source<T> {
    /// The value at first.
    pub(crate) fn new(value: T) -> Self {
        Self { value: RwLock::new(value), readers: ArcTrigger::new() }
    }

    /// What `read` makes of it. What follows signals and calls this is done again when it changes.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    /// The same in passing.
    pub(crate) fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        // There is one thread, and a panic ends the page.
        read(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has what follows signals and calls this done again when it changes.
    pub(crate) fn track(&self) {
        self.readers.track();
    }

    /// Tells that it has changed.
    pub(crate) fn notify(&self) {
        self.readers.notify();
    }

    /// Has `change` change it, and tells.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = self.update_untracked(change);
        self.notify();
        result
    }

    /// The same without telling.
    pub(crate) fn update_untracked<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.value.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another value in its place, and tells.
    pub(crate) fn set(&self, value: T) {
        // What was there is dropped when nothing is locked any more: it may read this.
        drop(self.update(|before| std::mem::replace(before, value)));
    }
}

impl<T: Clone> Source<T> {
    /// The value; what follows signals and calls this is done again when it changes.
    pub(crate) fn get(&self) -> T {
        self.with(T::clone)
    }

    /// The value in passing.
    pub(crate) fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }
}

/// What the arena holds of a signal: its [`Source`].
type Kept = Arc<dyn Any + Send + Sync>;

/// A [`Source`] that lives as long as the owner it was made under, and of which this is the number: everything may hold it.
/// To read one that is gone is a mistake, unless by what begins with `try`; to change it does nothing.
pub(crate) struct Signal<T>(ArenaItem<Kept>, PhantomData<fn() -> T>);

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

impl<T: Default + Send + Sync + 'static> Default for Signal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// The value at first.
    pub(crate) fn new(value: T) -> Self {
        Self(keep(Arc::new(Source::new(value))), PhantomData)
    }

    fn try_source(self) -> Option<Arc<Source<T>>> {
        kept(self.0)?.downcast().ok()
    }

    fn source(self) -> Arc<Source<T>> {
        self.try_source().expect("read while its owner lives")
    }

    /// See [`Source::with`].
    pub(crate) fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.source().with(read)
    }

    /// See [`Source::with_untracked`].
    pub(crate) fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.source().with_untracked(read)
    }

    /// The same, unless it is gone.
    pub(crate) fn try_with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        Some(self.try_source()?.with_untracked(read))
    }

    /// Whether its owner has ended.
    pub(crate) fn is_gone(self) -> bool {
        kept(self.0).is_none()
    }

    /// See [`Source::update`].
    pub(crate) fn update(self, change: impl FnOnce(&mut T)) {
        self.try_update(change);
    }

    /// The same with what `change` yields, unless it is gone.
    pub(crate) fn try_update<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        Some(self.try_source()?.update(change))
    }

    /// The same without telling.
    pub(crate) fn update_untracked<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        Some(self.try_source()?.update_untracked(change))
    }

    /// See [`Source::set`].
    pub(crate) fn set(self, value: T) {
        if let Some(source) = self.try_source() {
            source.set(value);
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Signal<T> {
    /// The value; what follows signals and calls this is done again when it changes.
    pub(crate) fn get(self) -> T {
        self.with(T::clone)
    }

    /// The value in passing.
    pub(crate) fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }

    /// The same, unless it is gone.
    pub(crate) fn try_get_untracked(self) -> Option<T> {
        self.try_with_untracked(T::clone)
    }
}

// What follows has no type parameters: it is there once for all kinds of signals.

fn keep(source: Kept) -> ArenaItem<Kept> {
    ArenaItem::new(source)
}

fn kept(item: ArenaItem<Kept>) -> Option<Kept> {
    item.try_get_value()
}
