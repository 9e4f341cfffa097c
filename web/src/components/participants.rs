//! Who is in a conversation.

use super::avatar::Avatar;
use super::erased::{Each, When, flag, items, key_of, press};
use crate::session::Session;
use crate::ui::{Overlay, Ui};
use leptos::html;
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::ParticipantView;

/// The list `Participants`, and what can be done with the conversation.
#[component]
pub(crate) fn Participants(
    id: ConversationId,
    node_ref: NodeRef<html::Section>,
    shown: RwSignal<bool>,
) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let participants = items(
        move || {
            let list =
                |state: &crate::state::State| state.conversation(id).map(|view| view.participants.clone());
            session.state.with(list).unwrap_or_default()
        },
        key,
        |participant| view! { <Participant participant /> }.into_any(),
    );
    let is_open =
        flag(move || session.state.with(|state| state.conversation(id).is_some_and(|view| view.open)));
    view! {
        <section class="participants" aria-labelledby="participants-title" tabindex="-1" node_ref=node_ref>
            <header class="participants-head">
                <h2 id="participants-title">"Who is here"</h2>
                <button class="quiet close" aria-label="Close participants" on:click=press(move || shown.set(false))>
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M6 6l12 12M18 6L6 18" />
                    </svg>
                </button>
            </header>
            <ul class="people-list" aria-label="Participants">
                <Each items=participants />
            </ul>
            <div class="participants-foot">
                <button on:click=press(move || ui.open(Overlay::Rename(id)))>"Rename conversation"</button>
                <When on=is_open>
                    <button class="danger" on:click=press(move || session.leave(id))>
                        "Leave"
                    </button>
                </When>
            </div>
        </section>
    }
}

/// A row is drawn anew when anything that it shows has changed.
fn key(participant: &ParticipantView) -> u128 {
    let name = participant.person.name.as_str();
    let shown =
        [&[u8::from(participant.coordinator), u8::from(participant.linked)], name.as_bytes()].concat();
    key_of(&participant.person.node.0, &shown)
}

#[component]
fn Participant(participant: ParticipantView) -> impl IntoView {
    let ParticipantView { person, me, coordinator, linked, .. } = participant;
    let is_online = me || linked;
    view! {
        <li>
            <Avatar user=person.user />
            <span class="person">
                <span class="person-name">
                    <bdi>{person.name.to_string()}</bdi>
                    {if me { " (you)" } else { "" }}
                </span>
                <span class="person-notes">
                    <Presence is_online />
                    {coordinator.then(|| view! { <span class="role">"coordinator"</span> })}
                </span>
            </span>
        </li>
    }
}

/// Whether somebody can be reached, in a word.
#[component]
pub(crate) fn Presence(is_online: bool) -> impl IntoView {
    let (class, word) = if is_online { ("presence online", "online") } else { ("presence", "unknown") };
    view! { <span class=class>{word}</span> }
}
