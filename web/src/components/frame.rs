//! The frame: conversations, what is being looked at, and what needs attention.

use super::attention::attention;
use super::controls::icon_button;
use super::conversation::conversation;
use super::dialog::overlays;
use super::home::home;
use super::network::network;
use super::people::people;
use super::settings::settings;
use super::sidebar::sidebar;
use crate::session::Session;
use crate::ui::{Place, Ui};
use crate::view::{Element, View, document, dynamic, effect, el, when};

/// The page of a running node.
pub(super) fn frame() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    effect(move || match session.state.with(|state| state.unread()) {
        0 => document().set_title("Tertulia"),
        unread => document().set_title(&format!("({unread}) Tertulia")),
    });
    let main = dynamic(move || ui.place.get(), |place| draw(*place));
    el("div")
        .class("frame")
        .attr_of("data-place", move || ui.place.get().word().to_owned())
        .child(sidebar())
        .child(el("main").class("main").child(main))
        // While a dialog is open all else is inert: the dialog then shows what needs attention.
        .child(when(move || ui.overlay.with(Option::is_none), attention))
        .child(overlays())
}

fn draw(place: Place) -> Element {
    match place {
        Place::Home => home(),
        Place::Conversation(id) => conversation(id),
        Place::People => people(),
        Place::Network => network(),
        Place::Settings => settings(),
    }
}

/// The head of a view: back to the list on a phone, the heading, and what can be done here.
pub(super) fn head(title: View, detail: View, actions: Element) -> Element {
    let ui = Ui::present();
    let titles = el("div")
        .class("titles")
        .child(el("h1").attr("dir", "auto").child(title))
        .child(el("p").class("detail").child(detail));
    el("header")
        .class("head")
        .child(icon_button("back quiet", "Back", "M15 5l-7 7 7 7", move || ui.place.set(Place::Home)))
        .child(titles)
        .child(actions)
}
