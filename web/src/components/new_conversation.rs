//! Beginning a conversation.

use super::avatar::Avatar;
use super::dialog::Dialog;
use super::erased::{Each, items, press, submit, text};
use super::join::KindChoice;
use super::participants::Presence;
use super::people::key;
use crate::letters::has;
use crate::session::Session;
use crate::state::Known;
use crate::ui::Ui;
use leptos::prelude::*;
use tertulia_proto::group::ConversationKind;
use tertulia_proto::identity::{NAME_MAX, NodeId};

/// The dialog `New conversation`: with somebody known, or empty for others to be invited to.
#[component]
pub(crate) fn NewConversation() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let is_private = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let chosen = RwSignal::new(None::<NodeId>);
    let create = submit(move || {
        let kind =
            if is_private.get_untracked() { ConversationKind::Private } else { ConversationKind::Public };
        let name = name.get_untracked().trim().to_owned();
        let people = session.state.with_untracked(|state| state.people());
        let with = people.into_iter().find(|known| Some(known.person.node) == chosen.get_untracked());
        ui.close();
        match with {
            Some(known) => session.connect(&known.person, kind, &name),
            None => session.create(kind, &name),
        }
    });
    view! {
        <Dialog title="New conversation">
            <form on:submit=create>
                <KindChoice is_private />
                <PeopleChoice chosen />
                <div class="field">
                    <label for="conversation-name">"Conversation name"</label>
                    <input
                        id="conversation-name"
                        type="text"
                        maxlength=NAME_MAX
                        autocomplete="off"
                        placeholder="The names of those in it"
                        bind:value=name
                    />
                    <p class="hint">"Only you see this name."</p>
                </div>
                <div class="actions">
                    <button class="primary" type="submit">"Create"</button>
                </div>
            </form>
        </Dialog>
    }
}

/// Whom to ask: one person, or nobody yet.
#[component]
fn PeopleChoice(chosen: RwSignal<Option<NodeId>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let words = RwSignal::new(String::new());
    let people = move || {
        let words = words.get();
        let matches = |known: &Known| has(known.person.name.as_str(), words.trim());
        session.state.with(|state| state.people().into_iter().filter(matches).collect::<Vec<_>>())
    };
    let rows = items(people, key, move |known| view! { <Choice known chosen /> }.into_any());
    let hint = text(move || {
        let hint = match (people().is_empty(), chosen.get()) {
            (_, Some(_)) => "They are asked when you press Create.",
            (true, None) => "Nobody by that name yet. Create the conversation and invite them to it.",
            (false, None) => {
                "Choose somebody to ask now, or create the conversation and invite others to it."
            }
        };
        hint.to_owned()
    });
    view! {
        <div class="field">
            <label for="search-people">"Search people"</label>
            <input id="search-people" type="search" autocomplete="off" bind:value=words />
            <ul class="people-list choosable" aria-label="People">
                <Each items=rows />
            </ul>
            <p class="hint">{hint}</p>
        </div>
    }
}

#[component]
fn Choice(known: Known, chosen: RwSignal<Option<NodeId>>) -> impl IntoView {
    let Known { person, linked } = known;
    let node = person.node;
    let is_chosen = move || chosen.get() == Some(node);
    view! {
        <li>
            <button
                type="button"
                aria-pressed=text(move || is_chosen().to_string())
                on:click=press(move || chosen.set((!untrack(is_chosen)).then_some(node)))
            >
                <Avatar user=person.user />
                <span class="person">
                    <bdi class="person-name">{person.name.to_string()}</bdi>
                    <Presence is_online=linked />
                </span>
            </button>
        </li>
    }
}
