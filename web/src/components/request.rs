//! Somebody asks to talk.

use super::avatar::Avatar;
use super::erased::{Each, items, key_of, press};
use crate::session::Session;
use crate::state::{Asked, State};
use leptos::prelude::*;
use tertulia_proto::group::{ConversationId, ConversationKind};
use tertulia_proto::io::{Consent, RequestId};

/// A request, to be accepted or refused. It is a dialog that leaves the rest of the page usable.
#[component]
pub(crate) fn RequestCard(request: RequestId) -> impl IntoView {
    let session = expect_context::<Session>();
    let find = |state: &State| state.requests.iter().find(|asked| asked.request == request).cloned();
    session.state.with_untracked(find).map(|asked| view! { <Card asked /> })
}

#[component]
fn Card(asked: Asked) -> impl IntoView {
    let session = expect_context::<Session>();
    let Asked { request, from, kind, conversation, greeting } = asked;
    let into = RwSignal::new(conversation.map(|id| id.to_string()).unwrap_or_default());
    let mine = items(
        move || session.state.with(|state| candidates(state, conversation)),
        |(id, name)| key_of(&id.0, name.as_bytes()),
        move |(id, name)| {
            view! { <option value=id.to_string() selected=Some(id) == conversation>{name}</option> }
                .into_any()
        },
    );
    let accept = move || {
        let chosen = ConversationId::from_hex(&into.get_untracked());
        session.answer(request, chosen.map_or(Consent::New, Consent::Into));
    };
    let (title_id, select_id) = (format!("request-{request}"), format!("into-{request}"));
    let (labelled_by, label_for) = (title_id.clone(), select_id.clone());
    let asks = session.state.with_untracked(|state| wish(state, kind, conversation));
    view! {
        <section class="notice request" role="dialog" aria-labelledby=labelled_by>
            <Avatar user=from.user />
            <div class="request-body">
                <h2 id=title_id>{format!("Request from {}", from.name)}</h2>
                <p role="alert">{format!("{} {asks}", from.name)}</p>
                {(!greeting.is_empty()).then(|| view! { <blockquote dir="auto">{greeting}</blockquote> })}
                <div class="row">
                    <label for=label_for>"Into"</label>
                    <select id=select_id prop:value=into on:change=move |event| into.set(event_target_value(&event))>
                        <option value="">"a new conversation"</option>
                        <Each items=mine />
                    </select>
                </div>
                <div class="actions">
                    <button on:click=press(move || session.answer(request, Consent::No))>"Refuse"</button>
                    <button class="primary" on:click=press(accept)>"Accept"</button>
                </div>
            </div>
        </section>
    }
}

/// What they ask for, after their name.
fn wish(state: &State, kind: ConversationKind, conversation: Option<ConversationId>) -> String {
    match conversation.and_then(|id| state.conversation(id)) {
        Some(view) => format!("asks to enter “{}”.", view.name),
        None => format!("asks you for a {} conversation.", kind.as_str()),
    }
}

/// Conversations of mine that they can be let into: the one that they ask for, and the public ones.
fn candidates(state: &State, asked: Option<ConversationId>) -> Vec<(ConversationId, String)> {
    let open = state.conversations.iter().filter(|view| view.open);
    let fits = open.filter(|view| view.kind == ConversationKind::Public || Some(view.id) == asked);
    fits.map(|view| (view.id, view.name.clone())).collect()
}
