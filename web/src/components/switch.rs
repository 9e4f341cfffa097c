//! Going to a conversation by its name.

use super::dialog::Dialog;
use super::erased::{Each, When, flag, items, key_of, press, submit};
use crate::letters::has;
use crate::session::Session;
use crate::ui::Ui;
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;

/// The dialog `Go to conversation`: Enter goes to the first that matches.
#[component]
pub(crate) fn SwitchDialog() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let words = RwSignal::new(String::new());
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
    let go_first = submit(move || {
        untrack(found).first().into_iter().for_each(|first| go(first.0));
    });
    let rows = items(
        found,
        |(id, name)| key_of(&id.0, name.as_bytes()),
        move |(id, name)| {
            let go = press(move || go(id));
            view! { <li><button type="button" dir="auto" on:click=go>{name}</button></li> }.into_any()
        },
    );
    view! {
        <Dialog title="Go to conversation">
            <form on:submit=go_first>
                <div class="field">
                    <label for="switch-words">"Name of the conversation"</label>
                    <input id="switch-words" autofocus type="search" autocomplete="off" bind:value=words />
                </div>
            </form>
            <ul class="people-list choosable" aria-label="Matching conversations">
                <Each items=rows />
            </ul>
            <When on=flag(move || found().is_empty())>
                <p class="hint">"No conversation has that in its name."</p>
            </When>
        </Dialog>
    }
}
