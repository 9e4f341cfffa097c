//! Everybody known.

use super::avatar::Avatar;
use super::erased::{Each, When, flag, items, key_of, press};
use super::frame::Head;
use super::participants::Presence;
use crate::session::Session;
use crate::state::Known;
use leptos::prelude::*;

/// The region `People`.
#[component]
pub(crate) fn People() -> impl IntoView {
    let session = expect_context::<Session>();
    let people = move || session.state.with(|state| state.people());
    let contacts = items(people, key, |known| view! { <Contact known /> }.into_any());
    view! {
        <section class="view" role="region" aria-label="People">
            <Head title="People" detail="Those whom you talk to, or are linked to now." />
            <div class="view-body">
                <ul class="people-list" aria-label="Contacts">
                    <Each items=contacts />
                </ul>
                <When on=flag(move || people().is_empty())>
                    <p class="empty">"Nobody yet. Whoever you talk to appears here."</p>
                </When>
            </div>
        </section>
    }
}

/// A row is drawn anew when anything that it shows has changed.
pub(crate) fn key(known: &Known) -> u128 {
    let shown = [&[u8::from(known.linked)], known.person.name.as_str().as_bytes()].concat();
    key_of(&known.person.node.0, &shown)
}

#[component]
fn Contact(known: Known) -> impl IntoView {
    let session = expect_context::<Session>();
    let Known { person, linked } = known;
    let (user, name) = (person.user, person.name.to_string());
    view! {
        <li>
            <Avatar user />
            <span class="person">
                <bdi class="person-name">{name}</bdi>
                <Presence is_online=linked />
            </span>
            <button on:click=press(move || session.message(&person))>"Message"</button>
        </li>
    }
}
