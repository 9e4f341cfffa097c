//! Naming a conversation.

use super::controls::{actions, field, hint, name_input, submit};
use super::dialog::dialog;
use crate::session::Session;
use crate::ui::Ui;
use crate::view::{Element, Signal, el};
use tertulia_proto::group::ConversationId;

/// The dialog `Rename conversation`.
pub(super) fn rename_dialog(conversation: ConversationId) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let before =
        session.state.with_untracked(|state| state.conversation(conversation).map(|view| view.name.clone()));
    let name = Signal::new(before.unwrap_or_default());
    let rename = move || {
        session.rename(conversation, name.get_untracked().trim());
        ui.close();
    };
    let input = name_input("conversation-name", name).attr("autofocus", "");
    let field = field("conversation-name", "Conversation name", input)
        .child(hint("Only you see this name. Leave it empty for the names of those in it."));
    let form =
        el("form").on_submit(rename).child(field).child(actions([submit("Rename").class("primary").into()]));
    dialog("Rename conversation", form.into())
}
