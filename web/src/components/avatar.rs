//! A face, drawn.

use crate::avatar::{Face, SIDE};
use crate::view::{Element, svg};
use tertulia_proto::AccountId;

/// The face of a user. It stands beside their name, so screen readers pass it by.
pub(super) fn avatar(user: AccountId) -> Element {
    let Face { hue, accent, tones: [one, two] } = Face::of(&user);
    svg("svg")
        .class(&format!("avatar hue-{hue}"))
        .attr("viewBox", &format!("-1 -1 {0} {0}", SIDE + 2))
        .attr("aria-hidden", "true")
        .child(svg("path").class("tone").attr("d", &one))
        .child(svg("path").class(&format!("accent hue-{accent}")).attr("d", &two))
}
