//! The frame: conversations, what is being looked at, and what needs attention.

use super::attention::Attention;
use super::conversation::Conversation;
use super::dialog::Overlays;
use super::erased::{When, dynamic, effect, flag, press, text};
use super::home::Home;
use super::network::Network;
use super::people::People;
use super::settings::Settings;
use super::sidebar::Sidebar;
use crate::session::Session;
use crate::ui::{Place, Ui};
use leptos::prelude::*;

/// The page of a running node.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let place = Memo::new(move |_| ui.place.get());
    effect(move || match session.state.with(|state| state.unread()) {
        0 => document().set_title("Tertulia"),
        unread => document().set_title(&format!("({unread}) Tertulia")),
    });
    let main = dynamic(move || match place.get() {
        Place::Home => view! { <Home /> }.into_any(),
        Place::Conversation(id) => view! { <Conversation id /> }.into_any(),
        Place::People => view! { <People /> }.into_any(),
        Place::Network => view! { <Network /> }.into_any(),
        Place::Settings => view! { <Settings /> }.into_any(),
    });
    let word = text(move || place.get().word().to_owned());
    view! {
        <div class="frame" data-place=word>
            <Sidebar />
            <main class="main">{main}</main>
            // While a dialog is open all else is inert: the dialog then shows what needs attention.
            <When on=flag(move || ui.overlay.with(Option::is_none))>
                <Attention />
            </When>
            <Overlays />
        </div>
    }
}

/// The head of a view: back to the list on a phone, the heading, and what can be done here.
#[component]
pub(crate) fn Head(
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] detail: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! {
        <header class="head">
            <button class="back quiet" aria-label="Back" on:click=press(move || ui.place.set(Place::Home))>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M15 5l-7 7 7 7" />
                </svg>
            </button>
            <div class="titles">
                <h1 dir="auto">{title}</h1>
                <p class="detail">{detail}</p>
            </div>
            <div class="actions">{children.map(|children| children())}</div>
        </header>
    }
}
