//! A QR code, drawn.

use crate::qr::Code;
use crate::view::{View, dynamic, nothing, svg};

/// The QR code of what `text` reads. A text too long for one gives none: the link is there to copy.
pub(super) fn qr_code(text: impl Fn() -> String + Send + 'static) -> View {
    dynamic(text, |text| match Code::of(text).filter(|_| !text.is_empty()) {
        None => nothing(),
        Some(Code { side, path }) => svg("svg")
            .class("qr")
            .attr("role", "img")
            .attr("aria-label", "QR code")
            .attr("viewBox", &format!("0 0 {side} {side}"))
            .attr("shape-rendering", "crispEdges")
            .child(svg("path").attr("d", &path))
            .into(),
    })
}
