//! Who is in a conversation.

use super::avatar::avatar;
use super::controls::{button, close_button};
use crate::session::Session;
use crate::state::State;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, each, el, key_of, when};
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::ParticipantView;

/// The list `Participants`, and what can be done with the conversation.
pub(super) fn participants(id: ConversationId, shown: RwSignal<bool>) -> Element {
    let session = expect_context::<Session>();
    let list = move || {
        let list = |state: &State| state.conversation(id).map(|view| view.participants.clone());
        session.state.with(list).unwrap_or_default()
    };
    let head = el("header")
        .class("participants-head")
        .child(el("h2").attr("id", "participants-title").text("Who is here"))
        .child(close_button("Close participants", move || shown.set(false)));
    let list =
        el("ul").class("people-list").attr("aria-label", "Participants").child(each(list, key, participant));
    el("section")
        .class("participants")
        .attr("aria-labelledby", "participants-title")
        .attr("tabindex", "-1")
        .child(head)
        .child(list)
        .child(foot(id))
}

fn foot(id: ConversationId) -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let is_open = move || session.state.with(|state| state.conversation(id).is_some_and(|view| view.open));
    let leave = move || button("Leave", move || session.leave(id)).class("danger");
    el("div")
        .class("participants-foot")
        .child(button("Rename conversation", move || ui.open(Overlay::Rename(id))))
        .child(when(is_open, leave))
}

/// A row is drawn anew when anything that it shows has changed.
fn key(participant: &ParticipantView) -> u128 {
    let name = participant.person.name.as_str();
    let shown =
        [&[u8::from(participant.coordinator), u8::from(participant.linked)], name.as_bytes()].concat();
    key_of(&participant.person.node.0, &shown)
}

fn participant(participant: &ParticipantView) -> Element {
    let ParticipantView { person, me, coordinator, linked, .. } = participant;
    let name = el("span")
        .class("person-name")
        .child(el("bdi").text(person.name.as_str()))
        .children(me.then_some(" (you)"));
    let notes = el("span")
        .class("person-notes")
        .child(presence(*me || *linked))
        .children(coordinator.then(|| el("span").class("role").text("coordinator")));
    el("li").child(avatar(person.user)).child(el("span").class("person").child(name).child(notes))
}

/// Whether somebody can be reached, in a word.
pub(super) fn presence(is_online: bool) -> Element {
    let (class, word) = if is_online { ("presence online", "online") } else { ("presence", "unknown") };
    el("span").class(class).text(word)
}
