//! What needs attention: requests, notices, and what is being waited for.

use super::erased::{Each, When, flag, items, key_of, press};
use super::request::RequestCard;
use crate::session::Session;
use crate::state::{Notice, Tone, Waiting, Way};
use crate::ui::{Overlay, Ui};
use leptos::prelude::*;
use std::time::Duration;

/// How long a quiet notice stands: two lines are read in half of it.
const QUIET: Duration = Duration::from_secs(8);

/// Stands in the frame, or in the dialog that covers it. It never takes the focus: the person may be typing.
#[component]
pub(crate) fn Attention() -> impl IntoView {
    let session = expect_context::<Session>();
    let requests = items(
        move || session.state.with(|state| state.requests.iter().map(|asked| asked.request).collect()),
        |request| key_of(&request.0, &[]),
        |request| view! { <RequestCard request /> }.into_any(),
    );
    let notices = move |tone| move || session.state.with(|state| state.notices.of(tone));
    let urgent = items(
        notices(Tone::Urgent),
        |notice| notice.id.into(),
        |notice| view! { <UrgentNotice notice /> }.into_any(),
    );
    let quiet = items(
        notices(Tone::Quiet),
        |notice| notice.id.into(),
        |notice| view! { <QuietNotice notice /> }.into_any(),
    );
    let waiting = items(
        move || session.state.with(|state| state.waiting.clone()),
        |waiting| key_of(&waiting.request.0, &[]),
        |waiting| view! { <WaitingNotice waiting /> }.into_any(),
    );
    view! {
        <div class="attention">
            <Each items=requests />
            <Each items=urgent />
            <div role="status" aria-label="Notices" class="notices">
                <Each items=waiting />
                <Each items=quiet />
            </div>
        </div>
    }
}

#[component]
fn UrgentNotice(notice: Notice) -> impl IntoView {
    let session = expect_context::<Session>();
    let id = notice.id;
    view! {
        <div class="notice urgent">
            <div role="alert">
                <p>{notice.text}</p>
                <p class="hint">{notice.remedy}</p>
            </div>
            <button class="quiet" on:click=press(move || session.dismiss(id))>
                "Dismiss"
            </button>
        </div>
    }
}

#[component]
fn QuietNotice(notice: Notice) -> impl IntoView {
    let session = expect_context::<Session>();
    let id = notice.id;
    set_timeout(move || session.dismiss(id), QUIET);
    view! { <p class="notice">{notice.text}</p> }
}

#[component]
fn WaitingNotice(waiting: Waiting) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let link = waiting.link;
    let is_by_hand = matches!(waiting.way, Way::ByHand(_));
    let is_hidden = move || is_by_hand && ui.overlay.with(|overlay| *overlay != Some(Overlay::Reply(link)));
    view! {
        <div class="notice waiting">
            <p>{format!("Waiting for {} to let you in.", waiting.to)}</p>
            <When on=flag(is_hidden)>
                <button class="quiet" on:click=press(move || ui.open(Overlay::Reply(link)))>
                    "Show reply code"
                </button>
            </When>
        </div>
    }
}
