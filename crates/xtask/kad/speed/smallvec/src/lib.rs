//! `smallvec` as libp2p uses it, with all on the heap. Kad goes through 256 buckets for each request, and moves a list
//! of four kilobytes about for each and for each entry, which was half of what a run took. What it does is the same.

use std::ops::{Deref, DerefMut};

/// What says how many would be kept in place.
pub trait Array {
    /// What is in the list.
    type Item;
    /// How many that is.
    const SIZE: usize;
}

impl<T, const N: usize> Array for [T; N] {
    type Item = T;
    const SIZE: usize = N;
}

/// A list.
pub struct SmallVec<A: Array>(Vec<A::Item>);

impl<A: Array> SmallVec<A> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty list, with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// How many would be kept in place: kad's limit for the addresses of a node.
    pub const fn inline_size(&self) -> usize {
        A::SIZE
    }

    /// The list as a vector.
    pub fn into_vec(self) -> Vec<A::Item> {
        self.0
    }
}

impl<A: Array> Default for SmallVec<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Array<Item: Clone>> Clone for SmallVec<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Array<Item: std::fmt::Debug>> std::fmt::Debug for SmallVec<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<A: Array> Deref for SmallVec<A> {
    type Target = Vec<A::Item>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<A: Array> DerefMut for SmallVec<A> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<A: Array> FromIterator<A::Item> for SmallVec<A> {
    fn from_iter<I: IntoIterator<Item = A::Item>>(items: I) -> Self {
        Self(Vec::from_iter(items))
    }
}

impl<A: Array> Extend<A::Item> for SmallVec<A> {
    fn extend<I: IntoIterator<Item = A::Item>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<A: Array> IntoIterator for SmallVec<A> {
    type Item = A::Item;
    type IntoIter = std::vec::IntoIter<A::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, A: Array> IntoIterator for &'a SmallVec<A> {
    type Item = &'a A::Item;
    type IntoIter = std::slice::Iter<'a, A::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, A: Array> IntoIterator for &'a mut SmallVec<A> {
    type Item = &'a mut A::Item;
    type IntoIter = std::slice::IterMut<'a, A::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}
