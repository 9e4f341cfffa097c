//! To be found, or not.

use super::controls::{field, hint, input, submit};
use crate::letters::letter;
use crate::session::Session;
use crate::state::WORDLESS;
use crate::view::{Element, Signal, el, untrack, when};
use tertulia_proto::directory::words::{WORD_MAX, WORDS_MAX, listed};
use web_sys::HtmlElement;

const LIMITS: &str = "At most 8 words, of 32 letters each (in some scripts fewer).";
const _: () = assert!(WORDS_MAX == 8 && WORD_MAX == 32, "what is said of them");
const WHAT: &str = "Everybody in the network can find you by these words, or by one much like them, and sees your name, \
    the words and that you are there.";

/// The person's place in the directory. They are not in it unless they want.
pub(super) fn listing(session: Session) -> Element {
    let words_listed = move || session.state.with(|state| state.listed.join(" "));
    let is_listed = move || session.state.with(|state| !state.listed.is_empty());
    let known = untrack(words_listed);
    let name = session.me.with_untracked(|me| me.name.to_string());
    let words = Signal::new(if known.is_empty() { name } else { known });
    // What will be listed, as it is compared: eight words at the most.
    let typed = move || {
        let words = words.with(|words| listed(words, letter));
        words.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ")
    };
    let is_wordless = move || typed().is_empty() && words.with(|words| !words.trim().is_empty());
    // Whoever typed more than can be listed sees what is left of it.
    let publish = move || {
        session.list(&words.get_untracked());
        if untrack(is_listed) {
            words.set(untrack(words_listed));
        }
    };
    let input = input("listed-words", "text").bind(words);
    let textbox: HtmlElement = input.node();
    let save = move || {
        if !untrack(typed).is_empty() {
            publish();
            // The button may be gone with that.
            let _ = textbox.focus();
        }
    };
    let toggle = move || if untrack(is_listed) { session.list("") } else { publish() };
    let has_news = move || is_listed() && typed() != words_listed() && !typed().is_empty();
    let toggle = el("button")
        .attr("type", "button")
        .attr_while("disabled", "", move || !is_listed() && typed().is_empty())
        .text_of(move || if is_listed() { "Take me out" } else { "List me" }.into())
        .on_press(toggle);
    let buttons = el("div")
        .class("actions")
        .child(when(has_news, || submit("Change words").class("primary")))
        .child(toggle);
    let rule = move || if is_wordless() { WORDLESS } else { LIMITS }.into();
    let field = field("listed-words", "Words to be found by", input)
        .child(hint("").attr("role", "status").text_of(rule));
    let form = el("form").on_submit(save).child(field).child(buttons);
    let under = move || session.state.with(|state| state.listed.join(", "));
    let status = hint("")
        .attr("role", "status")
        .text_of(move || if is_listed() { "You are listed under: " } else { "You are not listed" }.into())
        .child(el("bdi").text_of(under))
        .text(".");
    el("fieldset")
        .class("listing")
        .child(el("legend").child(el("h3").text("To be found")))
        .child(form)
        .child(status)
        .child(hint(WHAT))
}
