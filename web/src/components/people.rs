//! Everybody known.

use super::avatar::avatar;
use super::controls::{actions, button};
use super::frame::head;
use super::inbox::inbox;
use super::participants::presence;
use crate::session::Session;
use crate::state::Known;
use crate::view::{Element, each, el, key_of, when};
use leptos::prelude::*;
use tertulia_proto::AccountId;

/// The region `People`.
pub(super) fn people() -> Element {
    let session = expect_context::<Session>();
    let people = move || session.state.with(|state| state.people());
    let contacts = each(people, key, move |known| contact(session, known));
    let nobody = || el("p").class("empty").text("Nobody yet. Whoever you talk to appears here.");
    let body = el("div")
        .class("view-body")
        .child(inbox(session))
        .child(el("ul").class("people-list").attr("aria-label", "Contacts").child(contacts))
        .child(when(move || people().is_empty(), nobody));
    let detail = "Those whom you talk to, or are linked to now.";
    el("section")
        .class("view")
        .attr("role", "region")
        .attr("aria-label", "People")
        .child(head("People".into(), detail.into(), actions([])))
        .child(body)
}

/// A row is drawn anew when anything that it shows has changed.
pub(super) fn key(known: &Known) -> u128 {
    let shown = [&[u8::from(known.linked)], known.person.name.as_str().as_bytes()].concat();
    key_of(&known.person.node.0, &shown)
}

fn contact(session: Session, known: &Known) -> Element {
    let person = known.person.clone();
    let who = el("span")
        .class("person")
        .child(el("bdi").class("person-name").text(person.name.as_str()))
        .child(presence(known.linked));
    el("li")
        .child(avatar(person.user))
        .child(who)
        .child(block_button(session, person.user))
        .child(button("Message", move || session.message(&person)))
}

/// The button `Block`, or `Unblock` for whom the person hears nothing of.
pub(super) fn block_button(session: Session, user: AccountId) -> Element {
    let is_blocked = move || session.state.with(|state| state.blocks(&user));
    el("button")
        .class("quiet")
        .text_of(move || if is_blocked() { "Unblock" } else { "Block" }.into())
        .on_press(move || session.block(user, !untrack(is_blocked)))
}
