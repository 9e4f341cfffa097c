//! The list of conversations, and the way to everything else.

use super::avatar::avatar;
use super::controls::{GLASS, button, icon_button};
use crate::session::Session;
use crate::state::{Preview, State};
use crate::ui::{Overlay, Place, Ui};
use crate::view::{Element, View, dynamic, each, el, key_of, run, when};
use crate::when;
use tertulia_proto::AccountId;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::ConversationView;

/// Two faces say who is in a conversation; more would be too small to tell apart.
const FACES: usize = 2;
const NONE_YET: &str = "No conversations yet. Begin one, or open an invite that somebody sent you.";

/// The navigation.
pub(super) fn sidebar() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let head = el("header")
        .class("sidebar-head")
        .child(el("span").class("wordmark").text("Tertulia"))
        .child(icon_button("quiet close", "Search messages", GLASS, move || ui.open(Overlay::Search(None))))
        .child(button("New conversation", move || ui.open(Overlay::New)).class("new"));
    let conversations = each(
        move || session.state.with(|state| state.conversations.iter().map(|view| view.id).collect()),
        |id: &ConversationId| key_of(&id.0, &[]),
        move |id| entry(session, ui, *id),
    );
    let is_empty = move || session.state.with(|state| state.conversations.is_empty());
    let list = el("nav")
        .class("conversations")
        .attr("aria-label", "Conversations")
        .child(el("ul").child(conversations))
        .child(when(is_empty, || el("p").class("empty").text(NONE_YET)));
    let has_mail = move || session.state.with(|state| !state.inbox.is_empty());
    // The list there says it to those who cannot see this.
    let mail = move || {
        let count = move || session.state.with(|state| state.inbox.len().to_string());
        el("span").class("badge").attr("aria-hidden", "true").text_of(count)
    };
    let places = el("nav")
        .class("places")
        .attr("aria-label", "Tertulia")
        .child(place_button(ui, Place::People, "People").child(when(has_mail, mail)))
        .child(place_button(ui, Place::Network, "Network"))
        .child(place_button(ui, Place::Settings, "Settings"));
    let foot = el("footer").class("sidebar-foot").child(me(session, ui)).child(places);
    el("div").class("sidebar").child(head).child(list).child(foot)
}

fn entry(session: Session, ui: Ui, id: ConversationId) -> Element {
    let unread = move || session.state.with(|state| state.conversation(id).map_or(0, |view| view.unread));
    let is_over = move || session.state.with(|state| state.conversation(id).is_some_and(|view| !view.open));
    let last = move |read: fn(&Preview) -> String| {
        move || session.state.with(|state| state.previews.get(&id).map(read).unwrap_or_default())
    };
    // Drawn anew only when somebody came or went: pictures are the dear part of a row.
    let others = move || session.state.with(|state| state.conversation(id).map(others).unwrap_or_default());
    let faces =
        el("span").class("faces").attr("aria-hidden", "true").child(dynamic(others, |users| faces(users)));
    let note_id = format!("note-{id}");
    let note = el("span")
        .class("entry-last")
        .attr("id", &note_id)
        .child(el("span").class("entry-text").attr("dir", "auto").text_of(last(|last| last.line.clone())))
        .child(when(move || unread() != 0, move || badge(unread)));
    el("li")
        .class("entry")
        .class_while("over", is_over)
        .class_while("unread", move || unread() != 0)
        .child(faces)
        .child(entry_button(session, ui, id).attr("aria-describedby", &note_id))
        .child(el("time").class("entry-time").text_of(last(|last| when::brief(last.time_ms))))
        .child(note)
}

/// Only the name is the button's, so that it is called that; it takes presses on all of the row.
fn entry_button(session: Session, ui: Ui, id: ConversationId) -> Element {
    el("button")
        .class("entry-name")
        .attr("dir", "auto")
        .attr_while("aria-current", "page", move || ui.place.get() == Place::Conversation(id))
        .on_press(move || session.show(id))
        .text_of(move || session.name_of(id))
}

fn badge(unread: impl Fn() -> usize + Send + 'static) -> Element {
    let unread = el("span").class("badge").text_of(move || unread().to_string());
    unread.child(el("span").class("visually-hidden").text(" unread"))
}

fn others(view: &ConversationView) -> Vec<AccountId> {
    let others = view.participants.iter().filter(|participant| !participant.me);
    others.take(FACES).map(|participant| participant.person.user).collect()
}

fn faces(users: &[AccountId]) -> View {
    if users.is_empty() {
        return el("span").class("avatar nobody").into();
    }
    run(users.iter().map(|user| avatar(*user).into()))
}

fn me(session: Session, ui: Ui) -> Element {
    let links = move || session.state.with(|state: &State| state.peers.len());
    let status = move || {
        let state = if session.state.with(|state| state.is_away) { "Away" } else { "Online" };
        match links() {
            0 => "No links".to_owned(),
            1 => [state, ", 1 link"].concat(),
            links => format!("{state}, {links} links"),
        }
    };
    let presence = el("span")
        .class("presence")
        .attr("aria-hidden", "true")
        .class_while("online", move || links() != 0)
        .text_of(status);
    // The state leads to the links that it speaks of. The button is called `Status` whatever that is, so what is seen
    // of it stands beside it.
    let button = el("button")
        .attr("aria-label", "Status")
        .on_press(move || ui.place.set(Place::Network))
        .child(el("span").class("visually-hidden").text_of(status));
    let name = el("p")
        .class("me-name")
        .attr("dir", "auto")
        .text_of(move || session.me.with(|me| me.name.to_string()));
    el("div")
        .class("me")
        .child(avatar(session.me.with_untracked(|me| me.user)))
        .child(el("div").child(name).child(el("p").class("status").child(presence).child(button)))
}

fn place_button(ui: Ui, place: Place, name: &str) -> Element {
    button(name, move || ui.place.set(place))
        .class("quiet")
        .attr_while("aria-current", "page", move || ui.place.get() == place)
}
