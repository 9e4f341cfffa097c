//! Where messages are written.

use super::controls::submit;
use crate::session::Session;
use crate::ui::Ui;
use crate::view::{Element, effect, el};
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent};

/// Lines that the textbox grows to where the style sheet cannot make it fit its content.
const LINES_MAX: usize = 8;

/// The textbox `Message` and its button. What is not sent is kept when the person looks elsewhere.
pub(super) fn composer(conversation: ConversationId) -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let draft = ui.drafts.with_value(|drafts| drafts.get(&conversation).cloned()).unwrap_or_default();
    let text = RwSignal::new(draft);
    let trouble = RwSignal::new(String::new());
    on_cleanup(move || keep_draft(ui, conversation, text.try_get_untracked().unwrap_or_default()));
    let field = message_field(text);
    let node: HtmlElement = field.node();
    focus_unless_touched(ui, node.clone());
    let send = move || {
        if send(session, conversation, text, trouble) {
            let _ = node.focus();
        }
    };
    let send_by_key = send.clone();
    let on_key = move |event: Event| {
        if sends(event.unchecked_ref()) {
            event.prevent_default();
            send_by_key();
        }
    };
    el("form")
        .class("composer")
        .on_submit(send)
        .child(el("p").class("trouble").attr("role", "alert").text_of(move || trouble.get()))
        .child(field.on("keydown", on_key))
        .child(submit("Send").class("primary"))
}

/// Whether there was anything to send.
fn send(
    session: Session,
    conversation: ConversationId,
    text: RwSignal<String>,
    trouble: RwSignal<String>,
) -> bool {
    let said = text.get_untracked();
    if said.trim().is_empty() {
        return false;
    }
    match session.send(conversation, said.trim_end()) {
        Ok(()) => {
            text.set(String::new());
            trouble.set(String::new());
        }
        Err(why) => trouble.set(why),
    }
    true
}

fn message_field(text: RwSignal<String>) -> Element {
    let lines = move || text.with(|text| text.split('\n').count().clamp(1, LINES_MAX).to_string());
    el("textarea")
        .attr("aria-label", "Message")
        .attr("placeholder", "Write a message")
        .attr("dir", "auto")
        .attr("enterkeyhint", "send")
        .attr_of("rows", lines)
        .bind(text)
}

/// A finger on the list of conversations wants to read: on a touch screen the keyboard stays down.
fn focus_unless_touched(ui: Ui, field: HtmlElement) {
    effect(move || {
        if has_fine_pointer() && ui.overlay.with_untracked(Option::is_none) {
            let _ = field.focus();
        }
    });
}

/// Enter also ends the choice of a character in Chinese, Japanese and Korean input: that sends nothing.
fn sends(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing()
}

fn keep_draft(ui: Ui, conversation: ConversationId, text: String) {
    ui.drafts.try_update_value(|drafts| {
        if text.is_empty() { drafts.remove(&conversation) } else { drafts.insert(conversation, text) }
    });
}

fn has_fine_pointer() -> bool {
    window().match_media("(pointer: fine)").ok().flatten().is_some_and(|query| query.matches())
}
