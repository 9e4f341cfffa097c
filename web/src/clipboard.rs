//! Copying, also where the page is no secure context and the clipboard's own interface is missing.

use js_sys::Reflect;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
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

/// Copies what a field holds.
pub(crate) async fn copy(field: HtmlInputElement) -> Copied {
    field.select();
    if by_clipboard(&field.value()).await || by_selection() { Copied::Done } else { Copied::Selected }
}

async fn by_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    let exists = Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|it| !it.is_undefined());
    exists && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

fn by_selection() -> bool {
    let document: HtmlDocument = document().unchecked_into();
    document.exec_command("copy").unwrap_or(false)
}
