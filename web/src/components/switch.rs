//! Going to a conversation by its name.

use super::controls::{button, field, hint, input};
use super::dialog::dialog;
use crate::letters::has;
use crate::session::Session;
use crate::ui::Ui;
use crate::view::{Element, Signal, each, el, key_of, run, untrack, when};
use tertulia_proto::group::ConversationId;

/// The dialog `Go to conversation`: Enter goes to the first that matches.
pub(super) fn switch_dialog() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let words = Signal::new(String::new());
    let found = move || {
        let words = words.get();
        session.state.with(|state| {
            let matching = state.conversations.iter().filter(|view| has(&view.name, words.trim()));
            matching.map(|view| (view.id, view.name.clone())).collect::<Vec<_>>()
        })
    };
    let go = move |id: ConversationId| {
        ui.close();
        session.show(id);
    };
    let input = input("switch-words", "search").attr("autofocus", "").bind(words);
    let form = el("form")
        .on_submit(move || untrack(found).first().into_iter().for_each(|first| go(first.0)))
        .child(field("switch-words", "Name of the conversation", input));
    let rows = each(
        found,
        |(id, name)| key_of(&id.0, name.as_bytes()),
        move |(id, name)| {
            let id = *id;
            el("li").child(button(name, move || go(id)).attr("type", "button").attr("dir", "auto"))
        },
    );
    let list =
        el("ul").class("people-list choosable").attr("aria-label", "Matching conversations").child(rows);
    let none = when(move || found().is_empty(), || hint("No conversation has that in its name."));
    dialog("Go to conversation", run([form.into(), list.into(), none]))
}
