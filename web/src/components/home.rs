//! What to do first.

use super::erased::{press, submit, text};
use crate::session::Session;
use crate::ui::{Overlay, Ui};
use leptos::prelude::*;

/// The first screen: how to get somebody to talk to.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let invite = RwSignal::new(String::new());
    let welcome = text(move || format!("Welcome, {}", session.me.with(|me| me.name.to_string())));
    let follow = submit(move || {
        let pasted = invite.get_untracked();
        if !pasted.trim().is_empty() {
            session.follow(&pasted);
            invite.set(String::new());
        }
    });
    view! {
        <section class="home">
            <h1>{welcome}</h1>
            <p class="lead">"To talk to somebody, send them an invite, or open the one that they sent you."</p>
            <button class="primary" on:click=press(move || ui.open(Overlay::Invite(None)))>"Invite"</button>
            <form class="row" on:submit=follow>
                <label for="invite-to-open">"Invite you were sent"</label>
                <input id="invite-to-open" type="text" autocomplete="off" spellcheck="false" bind:value=invite />
                <button type="submit">"Open"</button>
            </form>
        </section>
    }
}
