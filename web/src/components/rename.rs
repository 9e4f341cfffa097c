//! Naming a conversation.

use super::dialog::Dialog;
use super::erased::submit;
use crate::session::Session;
use crate::ui::Ui;
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;
use tertulia_proto::identity::NAME_MAX;

/// The dialog `Rename conversation`.
#[component]
pub(crate) fn RenameDialog(conversation: ConversationId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let before =
        session.state.with_untracked(|state| state.conversation(conversation).map(|view| view.name.clone()));
    let name = RwSignal::new(before.unwrap_or_default());
    let rename = submit(move || {
        session.rename(conversation, name.get_untracked().trim());
        ui.close();
    });
    view! {
        <Dialog title="Rename conversation">
            <form on:submit=rename>
                <div class="field">
                    <label for="conversation-name">"Conversation name"</label>
                    <input id="conversation-name" autofocus type="text" maxlength=NAME_MAX autocomplete="off" bind:value=name />
                    <p class="hint">"Only you see this name. Leave it empty for the names of those in it."</p>
                </div>
                <div class="actions">
                    <button class="primary" type="submit">"Rename"</button>
                </div>
            </form>
        </Dialog>
    }
}
