//! How the page is drawn: elements are made once, and what of them follows signals is kept up by effects.
//!
//! Everything here has one type for all uses. Leptos' own views have one each, and the code that the compiler makes for
//! each of them was a third of the page's weight.

mod effect;
mod element;
mod event;
mod later;
mod list;
mod signal;

pub(crate) use effect::{effect, memo};
pub(crate) use element::{Element, el, svg};
pub(crate) use event::{listen_to, value_of};
pub(crate) use later::{at_next_frame, every, later, soon};
pub(crate) use list::{dynamic, each, key_of, when};
pub(crate) use signal::{Signal, Source};

pub(crate) use leptos::prelude::{document, location, on_cleanup, untrack, window};

use leptos::prelude::Owner;
use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Node};

/// Something that stands on the page: an element, a text, or a run of them. The first node of a run and its last stay
/// the same whatever changes between them.
pub(crate) struct View(Node);

impl View {
    /// The first node and the last.
    fn ends(&self) -> (Node, Node) {
        let run = self.0.dyn_ref::<DocumentFragment>();
        let first = run.and_then(|run| run.first_child());
        let last = run.and_then(|run| run.last_child());
        (first.unwrap_or_else(|| self.0.clone()), last.unwrap_or_else(|| self.0.clone()))
    }
}

impl From<Element> for View {
    fn from(element: Element) -> Self {
        Self(element.into_node())
    }
}

impl From<&str> for View {
    fn from(words: &str) -> Self {
        Self(document().create_text_node(words).into())
    }
}

/// A view of nothing.
pub(crate) fn nothing() -> View {
    "".into()
}

/// A run of views, at least one.
pub(crate) fn run(views: impl IntoIterator<Item = View>) -> View {
    let run = document().create_document_fragment().into();
    views.into_iter().for_each(|view| append(&run, &view));
    View(run)
}

/// A text that follows what `read` reads.
pub(crate) fn text(read: impl Fn() -> String + Send + 'static) -> View {
    following(Box::new(read))
}

fn following(read: Box<dyn Fn() -> String + Send>) -> View {
    let text = document().create_text_node("");
    let node = text.clone().into();
    effect::follow_words(read, Box::new(move |words| text.set_data(words)));
    View(node)
}

/// Makes what `draw` draws the page, as long as the owner lives that this yields.
pub(crate) fn show(draw: fn() -> View) -> Owner {
    let owner = Owner::new();
    let view = owner.with(draw);
    let body = document().body();
    body.into_iter().for_each(|body| append(&body, &view));
    owner
}

fn append(to: &Node, view: &View) {
    // What is made here is never put into itself: nothing else makes this fail.
    let _ = to.append_child(&view.0);
}
