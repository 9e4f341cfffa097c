//! Dialogs: one at a time, over everything else.

use super::attention::Attention;
use super::erased::{dynamic, effect, press};
use super::invite::InviteDialog;
use super::join::{JoinDialog, ReplyDialog};
use super::keys::KeysDialog;
use super::new_conversation::NewConversation;
use super::rename::RenameDialog;
use super::settings::EraseDialog;
use super::switch::SwitchDialog;
use crate::ui::{Overlay, Ui};
use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement};

/// The dialog that is open, if any.
#[component]
pub(crate) fn Overlays() -> impl IntoView {
    let ui = expect_context::<Ui>();
    dynamic(move || match ui.overlay.get() {
        None => ().into_any(),
        Some(Overlay::New) => view! { <NewConversation /> }.into_any(),
        Some(Overlay::Invite(conversation)) => view! { <InviteDialog conversation /> }.into_any(),
        Some(Overlay::Join(invite)) => view! { <JoinDialog invite /> }.into_any(),
        Some(Overlay::Reply(link)) => view! { <ReplyDialog link /> }.into_any(),
        Some(Overlay::Rename(conversation)) => view! { <RenameDialog conversation /> }.into_any(),
        Some(Overlay::Switch) => view! { <SwitchDialog /> }.into_any(),
        Some(Overlay::Keys) => view! { <KeysDialog /> }.into_any(),
        Some(Overlay::Erase) => view! { <EraseDialog /> }.into_any(),
    })
}

/// A modal dialog. Esc, the backdrop and its button `Close` close it; focus goes back to where it was.
#[component]
pub(crate) fn Dialog(
    #[prop(into)] title: String,
    /// Called before it closes without its work being done.
    #[prop(optional, into)]
    on_cancel: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let dialog = NodeRef::<html::Dialog>::new();
    let close = move || {
        on_cancel.iter().for_each(|cancel| cancel.run(()));
        ui.close();
    };
    return_focus();
    effect(move || {
        if let Some(dialog) = dialog.get().filter(|dialog| !dialog.open()) {
            // It is in the document and not yet open: nothing else makes this fail.
            let _ = dialog.show_modal();
        }
    });
    let on_backdrop = move |event: PointerEvent| {
        let is_backdrop =
            event.target().is_some_and(|target| target.dyn_ref() == dialog.get_untracked().as_ref());
        if is_backdrop {
            close();
        }
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="dialog-title"
            on:cancel=move |event: Event| {
                event.prevent_default();
                close();
            }
            on:pointerdown=on_backdrop
        >
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id="dialog-title">{title}</h2>
                    <button class="quiet close" aria-label="Close" on:click=press(close)>
                        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18" /></svg>
                    </button>
                </div>
                {children()}
            </div>
            <Attention />
        </dialog>
    }
}

/// Gives the focus back to where it is now, when the present owner is gone.
fn return_focus() {
    let focused = document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let focused = SendWrapper::new(focused);
    on_cleanup(move || {
        // After the dialog has left the document, else the browser takes the focus away again.
        queue_microtask(move || {
            focused
                .take()
                .filter(|element| element.is_connected())
                .into_iter()
                .for_each(|element| drop(element.focus()));
        });
    });
}
