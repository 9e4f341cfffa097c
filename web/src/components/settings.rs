//! The settings.

use super::dialog::Dialog;
use super::erased::{flag, press, submit};
use super::frame::Head;
use crate::session::Session;
use crate::theme::{self, Theme};
use crate::ui::{Overlay, Ui};
use leptos::prelude::*;
use leptos::task::spawn_local;
use tertulia_proto::identity::NAME_MAX;

const KEPT: &str =
    "Your key is kept in this browser and nowhere else. Conversations last as long as this tab.";
const NOT_KEPT: &str = "Nothing is kept: closing this tab forgets who you are, and your conversations.";

/// The region `Settings`.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let kept = if session.is_kept() { KEPT } else { NOT_KEPT };
    view! {
        <section class="view" role="region" aria-label="Settings">
            <Head title="Settings" />
            <div class="view-body settings">
                <Profile />
                <Appearance />
                <section aria-labelledby="data-title">
                    <h2 id="data-title">"Data"</h2>
                    <p class="hint">{kept}</p>
                    <button class="danger" on:click=press(move || ui.open(Overlay::Erase))>"Erase everything"</button>
                </section>
                <section aria-labelledby="keys-title">
                    <h2 id="keys-title">"Keys"</h2>
                    <button on:click=press(move || ui.open(Overlay::Keys))>"Show keys"</button>
                </section>
            </div>
        </section>
    }
}

#[component]
fn Profile() -> impl IntoView {
    let session = expect_context::<Session>();
    let name = RwSignal::new(session.me.with_untracked(|me| me.name.to_string()));
    let is_same = flag(move || {
        name.with(|name| session.me.with(|me| name.trim() == me.name.as_str() || name.trim().is_empty()))
    });
    let save = submit(move || {
        session.set_name(name.get_untracked().trim());
    });
    view! {
        <section aria-labelledby="profile-title">
            <h2 id="profile-title">"Profile"</h2>
            <form class="row" on:submit=save>
                <label for="your-name">"Your name"</label>
                <input id="your-name" type="text" autocomplete="nickname" maxlength=NAME_MAX bind:value=name />
                <button type="submit" disabled=is_same>"Save"</button>
            </form>
            <p class="hint">"Others see it on links that open from now on."</p>
        </section>
    }
}

#[component]
fn Appearance() -> impl IntoView {
    let ui = expect_context::<Ui>();
    let choose = move |theme: Theme| {
        theme.apply();
        theme.keep();
        ui.theme.set(theme);
    };
    let choices = Theme::ALL.map(|theme| {
        view! {
            <label class="check">
                <input
                    type="radio"
                    name="theme"
                    prop:checked=flag(move || ui.theme.get() == theme)
                    on:change=move |_| choose(theme)
                />
                <span>{theme.label()}</span>
            </label>
        }
    });
    view! {
        <section>
            <fieldset class="choice">
                <legend><h2>"Theme"</h2></legend>
                {choices.collect_view()}
            </fieldset>
        </section>
    }
}

/// The dialog that asks before all is gone.
#[component]
pub(crate) fn EraseDialog() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let erase = move || {
        spawn_local(async move {
            theme::forget();
            if session.erase().await.is_ok() {
                // The page begins anew, as somebody new; a page that cannot be loaded anew says so itself.
                let _ = location().reload();
            } else {
                ui.close();
                session.urge(
                    "This browser could not erase what it keeps of you. Your links are closed.",
                    "Close other tabs of this page and try again, or erase this site's data in the browser's settings.",
                );
            }
        });
    };
    view! {
        <Dialog title="Erase everything?">
            <p>
                "You leave every conversation, and this browser forgets your key, your name and your settings. "
                "Nobody can bring them back: afterwards you are somebody new to everyone."
            </p>
            <div class="actions">
                <button on:click=press(move || ui.close())>"Keep everything"</button>
                <button class="danger" on:click=press(erase)>"Erase for good"</button>
            </div>
        </Dialog>
    }
}
