//! Dialogs: one at a time, over everything else.

use super::attention::attention;
use super::confirm::{delete_dialog, forget_dialog, leave_dialog};
use super::controls::close_button;
use super::invite::invite_dialog;
use super::join::{join_dialog, reply_dialog};
use super::keys::keys_dialog;
use super::leave_message::leave_message_dialog;
use super::new_conversation::new_conversation;
use super::rename::rename_dialog;
use super::search::search_dialog;
use super::settings::erase_dialog;
use super::switch::switch_dialog;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, View, document, dynamic, effect, el, nothing, on_cleanup, soon};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// The dialog that is open, if any.
pub(super) fn overlays() -> View {
    let ui = Ui::present();
    dynamic(
        move || ui.overlay.get(),
        |overlay| overlay.as_ref().map_or_else(nothing, |overlay| draw(overlay).into()),
    )
}

fn draw(overlay: &Overlay) -> Element {
    match overlay {
        Overlay::New => new_conversation(),
        Overlay::Invite(conversation) => invite_dialog(*conversation),
        Overlay::Join(invite) => join_dialog(invite.clone()),
        Overlay::Reply(link) => reply_dialog(*link),
        Overlay::Rename(conversation) => rename_dialog(*conversation),
        Overlay::Search(here) => search_dialog(*here),
        Overlay::Switch => switch_dialog(),
        Overlay::Keys => keys_dialog(),
        Overlay::Erase => erase_dialog(),
        Overlay::Leave(conversation) => leave_dialog(*conversation),
        Overlay::Forget(conversation) => forget_dialog(*conversation),
        Overlay::Delete(conversation, message) => delete_dialog(*conversation, *message),
        Overlay::LeaveMessage(request) => leave_message_dialog(*request),
    }
}

/// A modal dialog around `body`. Esc, the backdrop and its button `Close` close it; focus goes back to where it was.
pub(super) fn dialog(title: &str, body: View) -> Element {
    let ui = Ui::present();
    dialog_with(title, body, move || ui.close())
}

/// A modal dialog that does `cancel` when it is to be closed without its work being done.
pub(super) fn dialog_with(title: &str, body: View, cancel: impl Fn() + Clone + 'static) -> Element {
    let dialog = el("dialog").class("dialog").attr("aria-labelledby", "dialog-title");
    let node: HtmlDialogElement = dialog.node();
    return_focus();
    open(node.clone());
    let head = el("div")
        .class("dialog-head")
        .child(el("h2").attr("id", "dialog-title").text(title))
        .child(close_button("Close", cancel.clone()));
    let on_backdrop = {
        let cancel = cancel.clone();
        move |event: Event| {
            if event.target().as_ref() == Some(&node) {
                cancel();
            }
        }
    };
    let on_cancel = {
        let cancel = cancel.clone();
        move |event: Event| {
            event.prevent_default();
            cancel();
        }
    };
    // A searchbox would be emptied first.
    let on_key = move |event: Event| {
        if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
            event.prevent_default();
            cancel();
        }
    };
    dialog
        .on("cancel", on_cancel)
        .on("keydown", on_key)
        .on("pointerdown", on_backdrop)
        .child(el("div").class("dialog-body").child(head).child(body))
        .child(attention())
}

fn open(dialog: HtmlDialogElement) {
    effect(move || {
        if !dialog.open() {
            // It is in the document and not yet open: nothing else makes this fail.
            let _ = dialog.show_modal();
        }
    });
}

/// Gives the focus back to where it is now, when the present owner is gone.
fn return_focus() {
    let focused = document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    on_cleanup(move || {
        // After the dialog has left the document, else the browser takes the focus away again.
        soon(move || {
            focused
                .filter(|element| element.is_connected())
                .into_iter()
                .for_each(|element| drop(element.focus()));
        });
    });
}
