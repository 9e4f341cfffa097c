//! A face, drawn.

use crate::avatar::{Face, SIDE};
use leptos::prelude::*;
use tertulia_proto::AccountId;

/// The face of a user. It stands beside their name, so screen readers pass it by.
#[component]
pub(crate) fn Avatar(user: AccountId) -> impl IntoView {
    let Face { hue, accent, tones: [one, two] } = Face::of(&user);
    view! {
        <svg class=format!("avatar hue-{hue}") viewBox=format!("-1 -1 {0} {0}", SIDE + 2) aria-hidden="true">
            <path class="tone" d=one />
            <path class=format!("accent hue-{accent}") d=two />
        </svg>
    }
}
