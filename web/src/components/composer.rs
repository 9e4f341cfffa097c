//! Where messages are written.

use super::erased::{self, effect, submit};
use crate::session::Session;
use crate::ui::Ui;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;

/// Lines that the textbox grows to where the style sheet cannot make it fit its content.
const LINES_MAX: usize = 8;

/// The textbox `Message` and its button. What is not sent is kept when the person looks elsewhere.
#[component]
pub(crate) fn Composer(conversation: ConversationId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let draft = ui.drafts.with_value(|drafts| drafts.get(&conversation).cloned()).unwrap_or_default();
    let text = RwSignal::new(draft);
    let trouble = RwSignal::new(String::new());
    let field = NodeRef::<html::Textarea>::new();
    on_cleanup(move || keep_draft(ui, conversation, text.try_get_untracked().unwrap_or_default()));
    // A finger on the list of conversations wants to read: on a touch screen the keyboard stays down.
    effect(move || {
        if has_fine_pointer() && ui.overlay.with_untracked(Option::is_none) {
            field.get().into_iter().for_each(|field| drop(field.focus()));
        }
    });
    let send = move || {
        let said = text.get_untracked();
        if said.trim().is_empty() {
            return;
        }
        match session.send(conversation, said.trim_end()) {
            Ok(()) => {
                text.set(String::new());
                trouble.set(String::new());
            }
            Err(why) => trouble.set(why),
        }
        field.get_untracked().into_iter().for_each(|field| drop(field.focus()));
    };
    let on_key = move |event: KeyboardEvent| {
        // Enter also ends the choice of a character in Chinese, Japanese and Korean input: that sends nothing.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    let lines =
        erased::text(move || text.with(|text| text.split('\n').count().clamp(1, LINES_MAX).to_string()));
    view! {
        <form
            class="composer"
            on:submit=submit(send)
        >
            <p class="trouble" role="alert">{trouble}</p>
            <textarea
                aria-label="Message"
                placeholder="Write a message"
                dir="auto"
                enterkeyhint="send"
                rows=lines
                node_ref=field
                bind:value=text
                on:keydown=on_key
            ></textarea>
            <button class="primary" type="submit">"Send"</button>
        </form>
    }
}

fn keep_draft(ui: Ui, conversation: ConversationId, text: String) {
    ui.drafts.try_update_value(|drafts| {
        if text.is_empty() { drafts.remove(&conversation) } else { drafts.insert(conversation, text) }
    });
}

fn has_fine_pointer() -> bool {
    window().match_media("(pointer: fine)").ok().flatten().is_some_and(|query| query.matches())
}
