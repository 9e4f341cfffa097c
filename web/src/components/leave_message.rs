//! Leaving a message with somebody's answering machine.

use super::controls::{actions, field, submit};
use super::dialog::dialog;
use crate::session::Session;
use crate::ui::Ui;
use crate::view::{Element, Signal, el};
use tertulia_proto::io::RequestId;

/// The dialog `Leave a message`.
pub(super) fn leave_message_dialog(request: RequestId) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let text = Signal::new(String::new());
    let leave = move || {
        if session.leave_message(request, text.get_untracked().trim()) {
            ui.close();
        }
    };
    let area =
        el("textarea").attr("id", "left-message").attr("rows", "4").attr("dir", "auto").attr("autofocus", "");
    let is_empty = move || text.with(|text| text.trim().is_empty());
    let send = submit("Leave message").class("primary").attr_while("disabled", "", is_empty);
    let form = el("form")
        .on_submit(leave)
        .child(field("left-message", "Message", area.bind(text)))
        .child(actions([send.into()]));
    dialog("Leave a message", form.into())
}
