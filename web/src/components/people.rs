//! Everybody known, and whoever wants to be found.

use super::avatar::avatar;
use super::controls::{actions, button, field, focus_if_nothing_is, hint};
use super::finder::Finder;
use super::frame::head;
use super::inbox::inbox;
use super::participants::presence;
use crate::session::Session;
use crate::state::Known;
use crate::ui::Ui;
use crate::view::{Element, View, each, el, key_of, untrack, when};
use tertulia_proto::AccountId;

const IDLE: &str =
    "A name, an address or an interest, or its beginning, finds those who are listed under it.";

/// The region `People`.
pub(super) fn people() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let people = move || session.state.with(|state| state.people());
    let contacts = each(people, key, move |known| contact(session, known));
    let nobody = || el("p").class("empty").text("Nobody yet. Whoever you talk to appears here.");
    let finder = Finder::new(session, ui.sought);
    let body = el("div")
        .class("view-body people")
        .child(search(finder))
        .child(found(finder))
        .child(inbox(session))
        .child(when(move || !finder.users().is_empty(), || el("h2").text("Contacts")))
        .child(el("ul").class("people-list").attr("aria-label", "Contacts").child(contacts))
        .child(when(move || people().is_empty(), nobody));
    let detail = "Those you know or can find by a word.";
    el("section")
        .class("view")
        .attr("role", "region")
        .attr("aria-label", "People")
        .child(head("People".into(), detail.into(), actions([])))
        .child(body)
}

fn search(finder: Finder) -> Element {
    let searchbox = finder.searchbox("find-people");
    focus_if_nothing_is(&searchbox);
    el("form")
        .on_submit(move || finder.look())
        .child(field("find-people", "Search people", searchbox))
        .child(hint("").attr("role", "status").text_of(move || finder.outcome(IDLE)))
}

/// The list `Found`, while somebody is.
fn found(finder: Finder) -> View {
    when(
        move || !finder.users().is_empty(),
        move || {
            let rows =
                each(move || finder.users(), |user| key_of(&user.0, &[]), move |user| one(finder, *user));
            let list = el("ul").class("people-list").attr("aria-label", "Found").child(rows);
            el("section").class("found").child(el("h2").text("Found")).child(list)
        },
    )
}

fn one(finder: Finder, user: AccountId) -> Element {
    let message = move || {
        finder.person(&user).into_iter().for_each(|person| finder.session.message(&person));
    };
    el("li")
        .child(avatar(user))
        .child(finder.about(user))
        .child(button("Message", message))
        .child(block_button(finder.session, user))
}

/// A row is drawn anew when anything that it shows has changed.
pub(super) fn key(known: &Known) -> u128 {
    let shown = [&[u8::from(known.linked)], known.person.name.as_str().as_bytes()].concat();
    key_of(&known.person.node.0, &shown)
}

fn contact(session: Session, known: &Known) -> Element {
    let (person, user) = (known.person.clone(), known.person.user);
    let who = el("span")
        .class("person")
        .child(el("bdi").class("person-name").text(person.name.as_str()))
        .child(presence(known.linked));
    el("li")
        .child(avatar(user))
        .child(who)
        .child(button("Message", move || session.message(&person)))
        .child(block_button(session, user))
}

/// The button `Block`, or `Unblock` for whom the person hears nothing of.
pub(super) fn block_button(session: Session, user: AccountId) -> Element {
    let is_blocked = move || session.state.with(|state| state.blocks(&user));
    el("button")
        .class("quiet")
        .text_of(move || if is_blocked() { "Unblock" } else { "Block" }.into())
        .on_press(move || session.block(user, !untrack(is_blocked)))
}
