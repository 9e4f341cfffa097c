//! Dialogs that ask before something is done that cannot be undone.

use super::controls::{actions, button};
use super::dialog::dialog;
use crate::session::Session;
use crate::ui::Ui;
use crate::view::{Element, el, run};
use tertulia_proto::group::{ConversationId, OpId};

const LEFT: &str =
    "The others go on without you. What was said until now stays here, and you can ask to enter again.";
const FORGOTTEN: &str = "You leave it if you are still in it, and all that was said goes from this browser. The others keep what they \
    have.";
const DELETED: &str = "Those who have it are asked to show it no more. Whoever has read it has read it.";

/// A dialog with the buttons `keep`, which changes nothing, and `go_on`, which does `act`.
pub(super) fn confirm(
    title: &str,
    words: &str,
    keep: &str,
    go_on: &str,
    act: impl Fn() + 'static,
) -> Element {
    let ui = Ui::present();
    let choices =
        actions([button(keep, move || ui.close()).into(), button(go_on, act).class("danger").into()]);
    dialog(title, run([el("p").text(words).into(), choices.into()]))
}

/// The dialog that asks before a conversation is left.
pub(super) fn leave_dialog(id: ConversationId) -> Element {
    act_and_close("Leave conversation?", LEFT, "Stay", "Leave", move |session| session.leave(id))
}

/// The dialog that asks before a conversation is forgotten.
pub(super) fn forget_dialog(id: ConversationId) -> Element {
    act_and_close("Forget conversation?", FORGOTTEN, "Keep it", "Forget", move |session| session.forget(id))
}

/// The dialog that asks before a message is taken back.
pub(super) fn delete_dialog(id: ConversationId, message: OpId) -> Element {
    let delete = move |session: Session| session.delete(id, message);
    act_and_close("Delete message?", DELETED, "Keep it", "Delete", delete)
}

fn act_and_close(
    title: &str,
    words: &str,
    keep: &str,
    go_on: &str,
    act: impl Fn(Session) + 'static,
) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    confirm(title, words, keep, go_on, move || {
        ui.close();
        act(session);
    })
}
