//! Views of few types. The compiler makes a copy of the view machinery for each closure that a view holds; what goes
//! through here shares one copy, which takes more than half off the page's weight.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use std::sync::Arc;

type Build = Arc<dyn Fn() -> AnyView + Send + Sync>;

/// A text that follows what `read` reads.
pub(crate) fn text(read: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    derived(Box::new(read))
}

/// A truth that follows what `read` reads.
pub(crate) fn flag(read: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    derived(Box::new(read))
}

/// What `aria-current` says while `is_here`.
pub(crate) fn current(is_here: impl Fn() -> bool + Send + Sync + 'static) -> Signal<Option<&'static str>> {
    derived(Box::new(move || is_here().then_some("page")))
}

fn derived<T: Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
    Signal::derive(read)
}

/// A view that is built anew whenever what `build` reads has changed.
pub(crate) fn dynamic(build: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    shared(Arc::new(build))
}

fn shared(build: Build) -> AnyView {
    (move || build()).into_any()
}

/// Shows its children while `on` holds.
#[component]
pub(crate) fn When(#[prop(into)] on: Signal<bool>, children: ChildrenFn) -> impl IntoView {
    let is_on = Memo::new(move |_| on.get());
    dynamic(move || if is_on.get() { children() } else { ().into_any() })
}

/// A row of a list: what tells it from others, and how it is drawn.
#[derive(Clone)]
pub(crate) struct Item {
    key: u128,
    build: Build,
}

impl Item {
    /// A row that stays in place as it is while a row with this key is in the list.
    pub(crate) fn new(key: u128, build: impl Fn() -> AnyView + Send + Sync + 'static) -> Self {
        Self { key, build: Arc::new(build) }
    }
}

/// A list whose rows keep their place in the document, their focus and their state while others come and go.
#[component]
pub(crate) fn Each(items: Signal<Vec<Item>>) -> impl IntoView {
    view! { <For each=move || items.get() key=|item| item.key children=|item| (item.build)() /> }
}

/// The list that `read` reads, as rows.
pub(crate) fn items<T: Clone + Send + Sync + 'static>(
    read: impl Fn() -> Vec<T> + Send + Sync + 'static,
    key: fn(&T) -> u128,
    build: impl Fn(T) -> AnyView + Copy + Send + Sync + 'static,
) -> Signal<Vec<Item>> {
    derived(Box::new(move || {
        let row = |value: T| Item::new(key(&value), move || build(value.clone()));
        read().into_iter().map(row).collect()
    }))
}

/// A key out of an identifier's first sixteen bytes, which are as good as random, and of what else is shown.
pub(crate) fn key_of(id: &[u8], also: &[u8]) -> u128 {
    let first = id.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte));
    // FNV-1a: what is shown beside one identifier is short, and only has to differ from what was shown before.
    also.iter().fold(first, |key, byte| {
        (key ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

/// What a press on a button does.
pub(crate) fn press(mut act: impl FnMut() + Send + 'static) -> Box<dyn FnMut(MouseEvent) + Send> {
    Box::new(move |_| act())
}

/// What sending a form does, instead of what the browser would.
pub(crate) fn submit(mut act: impl FnMut() + Send + 'static) -> Box<dyn FnMut(SubmitEvent) + Send> {
    Box::new(move |event| {
        event.prevent_default();
        act();
    })
}

/// Does `act` now and again whenever what it reads has changed.
pub(crate) fn effect(act: impl Fn() + 'static) {
    shared_effect(Box::new(act));
}

fn shared_effect(act: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| act());
}
