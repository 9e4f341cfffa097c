//! The first visit: a name, and nothing else.

use super::erased::{effect, submit};
use crate::address;
use leptos::html;
use leptos::prelude::*;
use tertulia_proto::identity::NAME_MAX;

/// Asks for a name.
#[component]
pub(crate) fn FirstVisit(on_start: impl Fn(String) + Send + 'static) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let is_busy = RwSignal::new(false);
    let field = NodeRef::<html::Input>::new();
    let start = submit(move || {
        let name = name.get_untracked().trim().to_owned();
        if name.is_empty() {
            field.get_untracked().into_iter().for_each(|field| drop(field.focus()));
        } else if !is_busy.get_untracked() {
            is_busy.set(true);
            on_start(name);
        }
    });
    effect(move || field.get().into_iter().for_each(|field| drop(field.focus())));
    view! {
        <main class="cover first-visit">
            <h1>"Tertulia"</h1>
            <p class="lead">
                {if address::fragment().is_some() {
                    "Somebody invited you to talk. Say who you are, then you see to what."
                } else {
                    "A messenger that belongs to nobody but the people who use it."
                }}
            </p>
            <form on:submit=start>
                <label for="your-name">"Your name"</label>
                <input
                    id="your-name"
                    type="text"
                    autocomplete="nickname"
                    required
                    maxlength=NAME_MAX
                    node_ref=field
                    bind:value=name
                />
                <button class="primary" type="submit" disabled=is_busy>"Start"</button>
            </form>
            <p class="hint">
                "No account, no server. Your key is made in this browser and stays here; "
                "your messages go straight to those you talk to."
            </p>
        </main>
    }
}
