//! Beginning a conversation.

use super::avatar::avatar;
use super::controls::{actions, field, hint, name_input, radio, submit};
use super::dialog::dialog;
use super::finder::Finder;
use super::join::{kind_choice, kind_of};
use super::participants::presence;
use super::people::key;
use crate::letters::has;
use crate::session::Session;
use crate::state::Known;
use crate::ui::Ui;
use crate::view::{Element, Signal, each, el, key_of, nothing, untrack, when};
use tertulia_proto::AccountId;
use tertulia_proto::group::History;
use tertulia_proto::io::Person;

const CHOSEN: &str = "They are asked when you press Create.";
const CHOICE: &str = "Choose somebody to ask now, or create the conversation and invite others to it.";
const NOBODY: &str = "Nobody by that name yet. Create the conversation and invite them to it.";

/// The dialog `New conversation`: with somebody known, or empty for others to be invited to.
pub(super) fn new_conversation() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let is_private = Signal::new(false);
    let name = Signal::new(String::new());
    let chosen = Signal::new(None::<Person>);
    let is_new_only = Signal::new(false);
    let create = move || {
        let kind = kind_of(is_private);
        let name = name.get_untracked().trim().to_owned();
        ui.close();
        match chosen.get_untracked() {
            Some(person) => session.connect(&person, kind, &name),
            None => session.create(kind, &name, history_of(is_new_only)),
        }
    };
    let name = name_input("conversation-name", name).attr("placeholder", "The names of those in it");
    let form = el("form")
        .on_submit(create)
        .child(kind_choice(is_private))
        .child(people_choice(Finder::new(session, Signal::default()), chosen))
        .child(field("conversation-name", "Conversation name", name).child(hint("Only you see this name.")))
        .child(when(move || chosen.with(Option::is_none), move || history_choice("history", is_new_only)))
        .child(actions([submit("Create").class("primary").into()]));
    dialog("New conversation", form.into())
}

/// What newcomers see of the past, as it was chosen.
pub(super) fn history_of(is_new_only: Signal<bool>) -> History {
    if is_new_only.get_untracked() { History::FromAdmission } else { History::All }
}

/// What newcomers see of the past. Whoever is asked begins the conversation themself, and chooses then.
pub(super) fn history_choice(group: &str, is_new_only: Signal<bool>) -> Element {
    let choice = |name: &'static str, is_new: bool| {
        radio(group, name, name.into(), move || is_new_only.get() == is_new, move || is_new_only.set(is_new))
    };
    el("fieldset")
        .class("choice")
        .child(el("legend").text("Newcomers see"))
        .child(choice("All messages", false))
        .child(choice("From when they join", true))
}

/// Whom to ask: one person, or nobody yet. Those who are known come first.
fn people_choice(finder: Finder, chosen: Signal<Option<Person>>) -> Element {
    let (session, words) = (finder.session, finder.words);
    let people = move || {
        let words = words.get();
        let matches = |known: &Known| has(known.person.name.as_str(), words.trim());
        session.state.with(|state| state.people().into_iter().filter(matches).collect::<Vec<_>>())
    };
    let found = move || {
        let known = people();
        let is_new = |user: &AccountId| known.iter().all(|known| known.person.user != *user);
        finder.users().into_iter().filter(is_new).collect::<Vec<_>>()
    };
    let hint = move || {
        if chosen.with(Option::is_some) {
            CHOSEN.to_owned()
        } else if people().is_empty() && found().is_empty() {
            finder.outcome(NOBODY)
        } else {
            CHOICE.to_owned()
        }
    };
    let known = each(people, key, move |known| {
        let who = el("span")
            .class("person")
            .child(el("bdi").class("person-name").text(known.person.name.as_str()))
            .child(presence(known.linked));
        choice(known.person.clone(), who, chosen)
    });
    let found = each(
        found,
        |user| key_of(&user.0, &[]),
        move |user| {
            finder
                .person(user)
                .map_or_else(nothing, |person| choice(person, finder.about(*user), chosen).into())
        },
    );
    let list = el("ul").class("people-list choosable").attr("aria-label", "People").child(known).child(found);
    field("search-people", "Search people", finder.searchbox("search-people"))
        .child(list)
        .child(el("p").class("hint").attr("role", "status").text_of(hint))
}

fn choice(person: Person, who: Element, chosen: Signal<Option<Person>>) -> Element {
    let (node, user) = (person.node, person.user);
    let is_chosen = move || chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.node == node));
    let button = el("button")
        .attr("type", "button")
        .attr_of("aria-pressed", move || is_chosen().to_string())
        .on_press(move || chosen.set((!untrack(is_chosen)).then(|| person.clone())))
        .child(avatar(user))
        .child(who);
    el("li").child(button)
}
