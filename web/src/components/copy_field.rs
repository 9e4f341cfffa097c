//! A text to copy.

use super::erased::{effect, flag, press, text};
use crate::clipboard::{self, Copied};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// A read-only textbox and its button `Copy`.
#[component]
pub(crate) fn CopyField(
    id: &'static str,
    label: &'static str,
    #[prop(into)] value: Signal<String>,
    /// What stands there until there is a value.
    placeholder: &'static str,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let copied = RwSignal::new(None::<Copied>);
    let copy = move || {
        let Some(field) = field.get_untracked() else { return };
        spawn_local(async move {
            // The dialog may be closed by the time that the clipboard answers.
            let _ = copied.try_set(Some(clipboard::copy(field).await));
        });
    };
    let said = text(move || copied.get().map(|copied| copied.words().to_owned()).unwrap_or_default());
    effect(move || {
        value.track();
        copied.set(None);
    });
    view! {
        <div class="copy-field">
            <label for=id>{label}</label>
            <input
                id=id
                type="text"
                readonly
                placeholder=placeholder
                prop:value=value
                node_ref=field
                on:focus=move |_| field.get_untracked().into_iter().for_each(|field| field.select())
            />
            <button type="button" disabled=flag(move || value.with(String::is_empty)) on:click=press(copy)>"Copy"</button>
            <p class="hint" role="status">{said}</p>
        </div>
    }
}
