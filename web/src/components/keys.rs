//! The list of keys.

use super::dialog::dialog;
use crate::command::COMMANDS;
use crate::keys::KEYS;
use crate::view::{Element, el};

/// The dialog `Keys`, with the commands that one types.
pub(super) fn keys_dialog() -> Element {
    let list = KEYS.iter().chain(&COMMANDS).fold(el("dl").class("keys"), |list, (key, what)| {
        list.child(el("dt").child(el("kbd").text(key))).child(el("dd").text(what))
    });
    dialog("Keys", list.into())
}
