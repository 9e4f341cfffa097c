//! Who is in a conversation.

use super::avatar::avatar;
use super::controls::{button, close_button, hint};
use crate::session::Session;
use crate::state::State;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, each, el, key_of, when};
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::ParticipantView;

const CARRIED: &str = "No direct connection could be opened. Others carry what you say, sealed for them.";
const FORKED: &str =
    "This device has said different things in one place. It lost its memory, or somebody cheats: ask.";

/// The list `Participants`, and what can be done with the conversation.
pub(super) fn participants(id: ConversationId, shown: Signal<bool>) -> Element {
    let session = Session::present();
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
    let (session, ui) = (Session::present(), Ui::present());
    let is_open = move || session.state.with(|state| state.conversation(id).is_some_and(|view| view.open));
    let open = move |name: &str, overlay: Overlay| button(name, move || ui.open(overlay.clone()));
    el("div")
        .class("participants-foot")
        .child(open("Rename conversation", Overlay::Rename(id)))
        .child(when(is_open, move || open("Leave", Overlay::Leave(id)).class("danger")))
        .child(open("Forget", Overlay::Forget(id)).class("danger"))
}

/// A row is drawn anew when anything that it shows has changed.
fn key(participant: &ParticipantView) -> u128 {
    let ParticipantView { person, coordinator, linked, carried, admitted_by, forked, .. } = participant;
    let host = admitted_by.as_ref().map_or("", |host| host.name.as_str());
    let flags = [u8::from(*coordinator), u8::from(*linked), u8::from(*carried), u8::from(*forked)];
    key_of(&person.node.0, &[&flags, person.name.as_str().as_bytes(), &[0], host.as_bytes()].concat())
}

fn participant(participant: &ParticipantView) -> Element {
    let ParticipantView { person, me, coordinator, linked, carried, admitted_by, forked } = participant;
    let name = el("span")
        .class("person-name")
        .child(el("bdi").text(person.name.as_str()))
        .children(me.then_some(" (you)"));
    let notes = el("span")
        .class("person-notes")
        .child(presence(*me || *linked))
        .children(carried.then(|| el("span").class("role").attr("title", CARRIED).text("through others")))
        .children(coordinator.then(|| el("span").class("role").text("coordinator")));
    let host = admitted_by
        .as_ref()
        .map(|host| el("span").class("hint").text("let in by ").child(el("bdi").text(host.name.as_str())));
    let who = el("span").class("person").child(name).child(notes).children(host);
    el("li").child(avatar(person.user)).child(who.children(forked.then(|| hint(FORKED).class("warning"))))
}

/// Whether somebody can be reached, in a word.
pub(super) fn presence(is_online: bool) -> Element {
    let (class, word) = if is_online { ("presence online", "online") } else { ("presence", "unknown") };
    el("span").class(class).text(word)
}
