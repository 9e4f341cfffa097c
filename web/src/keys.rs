//! The keys that work everywhere on the page.

use crate::session::Session;
use crate::ui::{Overlay, Place, Ui};
use crate::view::{listen_to, window};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

/// What each key does, for the list that Ctrl+/ opens.
pub(crate) const KEYS: [(&str, &str); 10] = [
    ("Enter", "Send the message"),
    ("Shift + Enter", "Begin a new line"),
    ("↑", "In an empty composer: edit your last message"),
    ("↑ ↓", "From one message's actions to another's"),
    ("Esc", "Close a dialog, cancel an edit or a reply, or mark the conversation as read"),
    ("Ctrl or ⌘ + K", "Go to a conversation by its name"),
    ("Ctrl or ⌘ + Shift + F", "Search what was said"),
    ("Alt + ↑", "Go to the conversation above"),
    ("Alt + ↓", "Go to the conversation below"),
    ("Ctrl or ⌘ + /", "Show this list"),
];

/// Listens for them as long as the page lives.
pub(crate) fn listen(session: Session, ui: Ui) {
    listen_to(&window(), "keydown", move |event| {
        if press(session, ui, event.unchecked_ref()) {
            event.prevent_default();
        }
    });
}

/// Whether the key was one of ours.
fn press(session: Session, ui: Ui, event: &KeyboardEvent) -> bool {
    let has_command = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        "k" if has_command => ui.open(Overlay::Switch),
        "f" | "F" if has_command && event.shift_key() => ui.open(Overlay::Search(None)),
        "/" if has_command => ui.open(Overlay::Keys),
        "ArrowUp" if event.alt_key() => walk(session, ui, Step::Up),
        "ArrowDown" if event.alt_key() => walk(session, ui, Step::Down),
        "Escape" if ui.overlay.with_untracked(Option::is_none) => session.forget_line(),
        _ => return false,
    }
    true
}

#[derive(Clone, Copy)]
enum Step {
    Up,
    Down,
}

/// Goes to the next conversation in the list; from nowhere, to the first.
fn walk(session: Session, ui: Ui, step: Step) {
    let here = ui.place.get_untracked();
    let next = session.state.with_untracked(|state| {
        let at = state.conversations.iter().position(|view| here == Place::Conversation(view.id));
        let next = match (at, step) {
            (None, _) => 0,
            (Some(at), Step::Up) => at.saturating_sub(1),
            (Some(at), Step::Down) => at + 1,
        };
        state.conversations.get(next).map(|view| view.id)
    });
    next.into_iter().for_each(|id| session.show(id));
}
