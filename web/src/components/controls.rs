//! What forms and views are put together from.

use crate::view::{Element, Signal, View, document, effect, el, svg};
use tertulia_proto::identity::NAME_MAX;
use web_sys::HtmlElement;

/// A button called `name`.
pub(super) fn button(name: &str, act: impl Fn() + 'static) -> Element {
    button_of(name, Box::new(act))
}

/// The same for all uses: what has type parameters is made once for each.
fn button_of(name: &str, act: Box<dyn Fn()>) -> Element {
    el("button").text(name).on_press(act)
}

/// The button that sends its form.
pub(super) fn submit(name: &str) -> Element {
    el("button").attr("type", "submit").text(name)
}

/// How the button of a search is drawn.
pub(super) const GLASS: &str = "M20 20l-5-5M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0z";

/// A button in a corner that closes what it stands in.
pub(super) fn close_button(name: &str, act: impl Fn() + 'static) -> Element {
    icon_button("quiet close", name, "M6 6l12 12M18 6L6 18", act)
}

/// A button that is drawn instead of written.
pub(super) fn icon_button(class: &str, name: &str, path: &str, act: impl Fn() + 'static) -> Element {
    let icon = svg("svg").attr("viewBox", "0 0 24 24").attr("aria-hidden", "true");
    let icon = icon.child(svg("path").attr("d", path));
    el("button").class(class).attr("aria-label", name).on_press(act).child(icon)
}

/// What a field is called.
pub(super) fn label(field: &str, name: &str) -> Element {
    el("label").attr("for", field).text(name)
}

/// A field of one line, for what the browser should not complete. What is typed in it may be of any script.
pub(super) fn input(id: &str, kind: &str) -> Element {
    el("input").attr("id", id).attr("type", kind).attr("autocomplete", "off").attr("dir", "auto")
}

/// A field for a name of something or somebody.
pub(super) fn name_input(id: &str, name: Signal<String>) -> Element {
    input(id, "text").attr("maxlength", &NAME_MAX.to_string()).bind(name)
}

/// A field under what it is called.
pub(super) fn field(id: &str, name: &str, input: Element) -> Element {
    el("div").class("field").child(label(id, name)).child(input)
}

/// A box to tick, with its name.
pub(super) fn check(name: &str, is_on: Signal<bool>) -> Element {
    let tick = el("input").attr("type", "checkbox").bind_checked(is_on);
    el("label").class("check").child(tick).child(el("span").text(name))
}

/// One of some things to choose from. What it is called stands at the beginning of `words`.
pub(super) fn radio(
    group: &str,
    name: &str,
    words: View,
    is_on: impl Fn() -> bool + Send + 'static,
    choose: impl Fn() + 'static,
) -> Element {
    radio_of((group, name), words, Box::new(is_on), Box::new(choose))
}

fn radio_of(
    (group, name): (&str, &str),
    words: View,
    is_on: Box<dyn Fn() -> bool + Send>,
    choose: Box<dyn Fn()>,
) -> Element {
    let radio = el("input").attr("type", "radio").attr("name", group).attr("aria-label", name);
    let radio = radio.checked_while(is_on).on("change", move |_| choose());
    el("label").class("check").child(radio).child(el("span").child(words))
}

/// Whoever comes from what is gone, as by a command, goes on here.
pub(super) fn focus_if_nothing_is(element: &Element) {
    let element: HtmlElement = element.node();
    effect(move || {
        let body = document().body();
        if document().active_element().as_ref() == body.as_deref() {
            let _ = element.focus();
        }
    });
}

/// A sentence that explains.
pub(super) fn hint(words: &str) -> Element {
    el("p").class("hint").text(words)
}

/// What can be done, as buttons in a row.
pub(super) fn actions(buttons: impl IntoIterator<Item = View>) -> Element {
    el("div").class("actions").children(buttons)
}
