//! A QR code, drawn.

use super::erased::dynamic;
use crate::qr::Code;
use leptos::prelude::*;

/// The QR code of `text`. A text too long for one gives none: the link is there to copy.
#[component]
pub(crate) fn QrCode(#[prop(into)] text: Signal<String>) -> impl IntoView {
    dynamic(move || match text.with(|text| if text.is_empty() { None } else { Code::of(text) }) {
        None => ().into_any(),
        Some(Code { side, path }) => {
            let view_box = format!("0 0 {side} {side}");
            view! {
                <svg class="qr" role="img" aria-label="QR code" viewBox=view_box shape-rendering="crispEdges">
                    <path d=path />
                </svg>
            }
            .into_any()
        }
    })
}
