//! The first visit: a name, and nothing else.

use super::controls::{hint, label, name_input, submit};
use crate::address;
use crate::view::{Element, Signal, effect, el};
use web_sys::HtmlElement;

const INVITED: &str = "Somebody invited you to talk. Say who you are, then you see to what.";
const ALONE: &str = "A messenger that belongs to nobody but the people who use it.";

/// Asks for a name.
pub(super) fn first_visit(on_start: impl Fn(String) + 'static) -> Element {
    let name = Signal::new(String::new());
    let is_busy = Signal::new(false);
    let field = name_input("your-name", name).attr("autocomplete", "nickname").attr("required", "");
    let node: HtmlElement = field.node();
    let shown = node.clone();
    effect(move || drop(shown.focus()));
    let start = move || {
        let name = name.get_untracked().trim().to_owned();
        if name.is_empty() {
            let _ = node.focus();
        } else if !is_busy.get_untracked() {
            is_busy.set(true);
            on_start(name);
        }
    };
    let form = el("form")
        .on_submit(start)
        .child(label("your-name", "Your name"))
        .child(field)
        .child(submit("Start").class("primary").attr_while("disabled", "", move || is_busy.get()));
    el("main")
        .class("cover first-visit")
        .child(el("h1").text("Tertulia"))
        .child(el("p").class("lead").text(if address::fragment().is_some() { INVITED } else { ALONE }))
        .child(form)
        .child(hint(
            "No account, no server. Your key is made in this browser and stays here; your messages go straight to \
             those you talk to.",
        ))
}
