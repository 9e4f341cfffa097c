//! Copying, also where the page is no secure context and the clipboard's own interface is missing.

use crate::view::{document, window};
use js_sys::Reflect;
use tertulia_webrtc::browser::after;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlDocument, HtmlInputElement};

/// How copying ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// The text is on the clipboard.
    Done,
    /// The browser forbids it; the text is selected for the person to copy.
    Selected,
}

impl Copied {
    /// What the person is told.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Done => "Copied.",
            Self::Selected => {
                "This browser does not let the page copy. It is selected: copy it with Ctrl+C or ⌘C."
            }
        }
    }
}

/// Copies what a field holds, and has `then` told how that ended.
pub(crate) fn copy(field: &HtmlInputElement, then: impl FnOnce(Copied) + 'static) {
    field.select();
    let navigator = window().navigator();
    let exists = Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|it| !it.is_undefined());
    if !exists {
        return then(by_selection());
    }
    after(&navigator.clipboard().write_text(&field.value()), move |outcome| match outcome {
        Ok(_) => then(Copied::Done),
        Err(_) => then(by_selection()),
    });
}

fn by_selection() -> Copied {
    let document: HtmlDocument = document().unchecked_into();
    if document.exec_command("copy").unwrap_or(false) { Copied::Done } else { Copied::Selected }
}
