//! Beginning a conversation.

use super::avatar::avatar;
use super::controls::{actions, field, hint, input, name_input, radio, submit};
use super::dialog::dialog;
use super::join::{kind_choice, kind_of};
use super::participants::presence;
use super::people::key;
use crate::letters::has;
use crate::session::Session;
use crate::state::Known;
use crate::ui::Ui;
use crate::view::{Element, each, el, when};
use leptos::prelude::*;
use tertulia_proto::group::History;
use tertulia_proto::identity::NodeId;

/// The dialog `New conversation`: with somebody known, or empty for others to be invited to.
pub(super) fn new_conversation() -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let is_private = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let chosen = RwSignal::new(None::<NodeId>);
    let is_new_only = RwSignal::new(false);
    let create = move || {
        let kind = kind_of(is_private);
        let name = name.get_untracked().trim().to_owned();
        let people = session.state.with_untracked(|state| state.people());
        let with = people.into_iter().find(|known| Some(known.person.node) == chosen.get_untracked());
        ui.close();
        match with {
            Some(known) => session.connect(&known.person, kind, &name),
            None => session.create(kind, &name, history_of(is_new_only)),
        }
    };
    let name = name_input("conversation-name", name).attr("placeholder", "The names of those in it");
    let form = el("form")
        .on_submit(create)
        .child(kind_choice(is_private))
        .child(people_choice(session, chosen))
        .child(field("conversation-name", "Conversation name", name).child(hint("Only you see this name.")))
        .child(when(move || chosen.get().is_none(), move || history_choice("history", is_new_only)))
        .child(actions([submit("Create").class("primary").into()]));
    dialog("New conversation", form.into())
}

/// What newcomers see of the past, as it was chosen.
pub(super) fn history_of(is_new_only: RwSignal<bool>) -> History {
    if is_new_only.get_untracked() { History::FromAdmission } else { History::All }
}

/// What newcomers see of the past. Whoever is asked begins the conversation themself, and chooses then.
pub(super) fn history_choice(group: &str, is_new_only: RwSignal<bool>) -> Element {
    let choice = |name: &'static str, is_new: bool| {
        radio(group, name, name.into(), move || is_new_only.get() == is_new, move || is_new_only.set(is_new))
    };
    el("fieldset")
        .class("choice")
        .child(el("legend").text("Newcomers see"))
        .child(choice("All messages", false))
        .child(choice("From when they join", true))
}

/// Whom to ask: one person, or nobody yet.
fn people_choice(session: Session, chosen: RwSignal<Option<NodeId>>) -> Element {
    let words = RwSignal::new(String::new());
    let people = move || {
        let words = words.get();
        let matches = |known: &Known| has(known.person.name.as_str(), words.trim());
        session.state.with(|state| state.people().into_iter().filter(matches).collect::<Vec<_>>())
    };
    let hint = move || {
        let hint = match (people().is_empty(), chosen.get()) {
            (_, Some(_)) => "They are asked when you press Create.",
            (true, None) => "Nobody by that name yet. Create the conversation and invite them to it.",
            (false, None) => {
                "Choose somebody to ask now, or create the conversation and invite others to it."
            }
        };
        hint.to_owned()
    };
    let list = el("ul").class("people-list choosable").attr("aria-label", "People").child(each(
        people,
        key,
        move |known| choice(known, chosen),
    ));
    field("search-people", "Search people", input("search-people", "search").bind(words))
        .child(list)
        .child(el("p").class("hint").text_of(hint))
}

fn choice(known: &Known, chosen: RwSignal<Option<NodeId>>) -> Element {
    let node = known.person.node;
    let is_chosen = move || chosen.get() == Some(node);
    let who = el("span")
        .class("person")
        .child(el("bdi").class("person-name").text(known.person.name.as_str()))
        .child(presence(known.linked));
    let button = el("button")
        .attr("type", "button")
        .attr_of("aria-pressed", move || is_chosen().to_string())
        .on_press(move || chosen.set((!untrack(is_chosen)).then_some(node)))
        .child(avatar(known.person.user))
        .child(who);
    el("li").child(button)
}
