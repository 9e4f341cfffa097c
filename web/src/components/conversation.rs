//! One conversation: who, what was said, and where to say more.

use super::composer::composer;
use super::controls::{GLASS, actions, button, icon_button};
use super::frame::head;
use super::messages::messages;
use super::participants::participants;
use super::talk::Talk;
use crate::session::Session;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, at_next_frame, dynamic, el, text, when, window};
use tertulia_proto::group::{ConversationId, ConversationKind};
use tertulia_proto::io::ConversationView;
use web_sys::HtmlElement;

/// From this width on, who is here stands beside the talk from the start (styles/layout.css has the same).
const WIDE: &str = "(min-width: 75rem)";

/// A conversation.
pub(super) fn conversation(id: ConversationId) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let shared = Talk::new(ui, id);
    let is_open = move || session.state.with(|state| state.conversation(id).is_some_and(|view| view.open));
    let detail = move || session.state.with(|state| state.conversation(id).map(describe).unwrap_or_default());
    let shows_participants = Signal::new(is_wide());
    let list = Signal::new(None::<HtmlElement>);
    let write = dynamic(is_open, move |is_open| if *is_open { composer(shared) } else { over() });
    let who = move || {
        let who = participants(id, shows_participants);
        list.set(Some(who.node()));
        who
    };
    let open_participants = move || {
        shows_participants.set(true);
        at_next_frame(move || {
            list.try_get_untracked().flatten().into_iter().for_each(|list| drop(list.focus()));
        });
    };
    let participants_button = button("Participants", open_participants)
        .attr_of("aria-expanded", move || shows_participants.get().to_string());
    let search = icon_button("quiet close", "Search this conversation", GLASS, move || {
        ui.open(Overlay::Search(Some(id)));
    });
    let actions =
        actions([search.into(), when(is_open, move || invite_button(id)), participants_button.into()]);
    let talk = el("div")
        .class("talk")
        .child(head(text(move || session.name_of(id)), text(detail), actions))
        .child(messages(shared))
        .child(write);
    el("section")
        .class("conversation")
        .class_while("with-participants", move || shows_participants.get())
        .child(talk)
        .child(when(move || shows_participants.get(), who))
}

fn invite_button(id: ConversationId) -> Element {
    let ui = Ui::present();
    button("Invite", move || ui.open(Overlay::Invite(Some(id))))
}

fn over() -> Element {
    el("p").class("over").text("This conversation is over for you. What was said stays here.")
}

/// Who is in it, in a line.
fn describe(view: &ConversationView) -> String {
    let others = view.participants.iter().filter(|participant| !participant.me).count();
    let linked = view.participants.iter().filter(|participant| !participant.me && participant.linked).count();
    let kind = match view.kind {
        ConversationKind::Private => "Private",
        ConversationKind::Public => "Public",
    };
    match others {
        _ if !view.open => format!("{kind}, over"),
        0 => format!("{kind}, nobody else yet"),
        1 if linked == 1 => format!("{kind}, you and one other, online"),
        1 => format!("{kind}, you and one other"),
        _ => format!("{kind}, you and {others} others, {linked} online"),
    }
}

fn is_wide() -> bool {
    window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches())
}
