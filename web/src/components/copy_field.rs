//! A text to copy.

use super::controls::{button, label};
use crate::clipboard::{self, Copied};
use crate::view::{Element, Signal, effect, el};
use web_sys::HtmlInputElement;

/// A read-only textbox and its button `Copy`. `placeholder` stands there until there is a value.
pub(super) fn copy_field(
    id: &str,
    name: &str,
    value: impl Fn() -> String + Copy + Send + 'static,
    placeholder: &str,
) -> Element {
    let copied = Signal::new(None::<Copied>);
    effect(move || {
        value();
        copied.set(None);
    });
    let field = el("input")
        .attr("id", id)
        .attr("type", "text")
        .attr("readonly", "")
        .attr("placeholder", placeholder)
        .value(value);
    let (shown, copied_from) = (field.node::<HtmlInputElement>(), field.node());
    let copy = button("Copy", move || copy(&copied_from, copied)).attr("type", "button");
    let said = move || copied.get().map(|copied| copied.words().to_owned()).unwrap_or_default();
    el("div")
        .class("copy-field")
        .child(label(id, name))
        .child(field.on("focus", move |_| shown.select()))
        .child(copy.attr_while("disabled", "", move || value().is_empty()))
        .child(el("p").class("hint").attr("role", "status").text_of(said))
}

fn copy(field: &HtmlInputElement, copied: Signal<Option<Copied>>) {
    clipboard::copy(field, move |how| {
        // The dialog may be closed by the time that the clipboard answers.
        copied.set(Some(how));
    });
}
