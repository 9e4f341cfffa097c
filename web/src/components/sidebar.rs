//! The list of conversations, and the way to everything else.

use super::avatar::Avatar;
use super::erased::{Each, When, current, dynamic, flag, items, key_of, press, text};
use crate::session::Session;
use crate::state::{Preview, State};
use crate::ui::{Overlay, Place, Ui};
use crate::when;
use leptos::prelude::*;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::ConversationView;

/// Two faces say who is in a conversation; more would be too small to tell apart.
const FACES: usize = 2;

/// The navigation.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let conversations = items(
        move || session.state.with(|state| state.conversations.iter().map(|view| view.id).collect()),
        |id: &ConversationId| key_of(&id.0, &[]),
        |id| view! { <Entry id /> }.into_any(),
    );
    view! {
        <div class="sidebar">
            <header class="sidebar-head">
                <span class="wordmark">"Tertulia"</span>
                <button class="new" on:click=press(move || ui.open(Overlay::New))>
                    "New conversation"
                </button>
            </header>
            <nav class="conversations" aria-label="Conversations">
                <ul>
                    <Each items=conversations />
                </ul>
                <When on=flag(move || session.state.with(|state| state.conversations.is_empty()))>
                    <p class="empty">"No conversations yet. Begin one, or open an invite that somebody sent you."</p>
                </When>
            </nav>
            <footer class="sidebar-foot">
                <Me />
                <nav class="places" aria-label="Tertulia">
                    <PlaceLink place=Place::People label="People" />
                    <PlaceLink place=Place::Network label="Network" />
                    <PlaceLink place=Place::Settings label="Settings" />
                </nav>
            </footer>
        </div>
    }
}

#[component]
fn Entry(id: ConversationId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let name = text(move || session.name_of(id));
    let unread = move || session.state.with(|state| state.conversation(id).map_or(0, |view| view.unread));
    let is_over =
        flag(move || session.state.with(|state| state.conversation(id).is_some_and(|view| !view.open)));
    let last = move |read: fn(&Preview) -> String| {
        text(move || session.state.with(|state| state.previews.get(&id).map(read).unwrap_or_default()))
    };
    // Drawn anew only when somebody came or went: pictures are the dear part of a row.
    let others = Memo::new(move |_| {
        session.state.with(|state| state.conversation(id).map(others).unwrap_or_default())
    });
    let faces = dynamic(move || faces(&others.get()));
    let note_id = format!("note-{id}");
    let described_by = note_id.clone();
    view! {
        <li class="entry" class:over=is_over class:unread=flag(move || unread() != 0)>
            <span class="faces" aria-hidden="true">
                {faces}
            </span>
            // Only the name is the button's, so that it is called that; it takes presses on all of the row.
            <button
                class="entry-name"
                dir="auto"
                aria-describedby=described_by
                aria-current=current(move || ui.place.get() == Place::Conversation(id))
                on:click=press(move || session.show(id))
            >
                {name}
            </button>
            <time class="entry-time">{last(|last| when::brief(last.time_ms))}</time>
            <span class="entry-last" id=note_id>
                <span class="entry-text" dir="auto">
                    {last(line)}
                </span>
                <When on=flag(move || unread() != 0)>
                    <span class="badge">
                        {text(move || unread().to_string())} <span class="visually-hidden">" unread"</span>
                    </span>
                </When>
            </span>
        </li>
    }
}

fn others(view: &ConversationView) -> Vec<tertulia_proto::AccountId> {
    let others = view.participants.iter().filter(|participant| !participant.me);
    others.take(FACES).map(|participant| participant.person.user).collect()
}

fn faces(users: &[tertulia_proto::AccountId]) -> AnyView {
    if users.is_empty() {
        return view! { <span class="avatar nobody"></span> }.into_any();
    }
    users.iter().map(|user| view! { <Avatar user=*user /> }.into_any()).collect_view().into_any()
}

fn line(last: &Preview) -> String {
    let author = last.author.as_ref().map_or("You", |author| author.as_str());
    format!("{author}: {}", last.text)
}

#[component]
fn Me() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let links = move || session.state.with(|state: &State| state.peers.len());
    let status = text(move || match links() {
        0 => "No links".to_owned(),
        1 => "Online, 1 link".to_owned(),
        links => format!("Online, {links} links"),
    });
    let user = session.me.with_untracked(|me| me.user);
    view! {
        <div class="me">
            <Avatar user />
            <div>
                <p class="me-name" dir="auto">
                    {text(move || session.me.with(|me| me.name.to_string()))}
                </p>
                // The state leads to the links that it speaks of. The button is called `Status` whatever that is, so
                // what is seen of it stands beside it.
                <p class="status">
                    <span class="presence" class:online=flag(move || links() != 0) aria-hidden="true">
                        {status}
                    </span>
                    <button aria-label="Status" on:click=press(move || ui.place.set(Place::Network))>
                        <span class="visually-hidden">{status}</span>
                    </button>
                </p>
            </div>
        </div>
    }
}

#[component]
fn PlaceLink(place: Place, label: &'static str) -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! {
        <button
            class="quiet"
            aria-current=current(move || ui.place.get() == place)
            on:click=press(move || ui.place.set(place))
        >
            {label}
        </button>
    }
}
