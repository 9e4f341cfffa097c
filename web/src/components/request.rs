//! Somebody asks to talk.

use super::avatar::avatar;
use super::controls::{actions, button, label};
use super::new_conversation::{history_choice, history_of};
use super::people::block_button;
use crate::session::Session;
use crate::state::{Asked, State};
use crate::view::{Element, Signal, View, each, el, key_of, nothing, value_of, when};
use tertulia_proto::group::{ConversationId, ConversationKind};
use tertulia_proto::io::{Consent, RequestId};

/// A request, to be accepted or refused. It is a dialog that leaves the rest of the page usable.
pub(super) fn request_card(request: RequestId) -> View {
    let session = Session::present();
    let find = |state: &State| state.requests.iter().find(|asked| asked.request == request).cloned();
    session.state.with_untracked(find).map_or_else(nothing, |asked| card(session, &asked).into())
}

fn card(session: Session, asked: &Asked) -> Element {
    let Asked { request, from, kind, conversation, greeting } = asked;
    let request = *request;
    let into = Signal::new(conversation.map(|id| id.to_string()).unwrap_or_default());
    let is_new_only = Signal::new(false);
    let accept = move || {
        let chosen = ConversationId::from_hex(&into.get_untracked());
        let new = Consent::New(history_of(is_new_only));
        session.answer(request, chosen.map_or(new, Consent::Into));
    };
    let (title_id, select_id) = (format!("request-{request}"), format!("into-{request}"));
    let asks = session.state.with_untracked(|state| wish(state, *kind, *conversation));
    let choice = el("div")
        .class("row")
        .child(label(&select_id, "Into"))
        .child(choice(session, *conversation, into).attr("id", &select_id));
    // Nobody else ever enters a private one.
    let gives_past = *kind == ConversationKind::Public;
    let history = when(
        move || gives_past && into.with(String::is_empty),
        move || history_choice(&format!("history-{request}"), is_new_only),
    );
    let quote = (!greeting.is_empty()).then(|| el("blockquote").attr("dir", "auto").text(greeting));
    let body = el("div")
        .class("request-body")
        .child(el("h2").attr("id", &title_id).text(&format!("Request from {}", from.name)))
        .child(el("p").attr("role", "alert").text(&format!("{} {asks}", from.name)))
        .children(quote)
        .child(choice)
        .child(history)
        .child(actions([
            block_button(session, from.user).into(),
            button("Answering machine", move || session.answer(request, Consent::AnsweringMachine)).into(),
            button("Refuse", move || session.answer(request, Consent::No)).into(),
            button("Accept", accept).class("primary").into(),
        ]));
    el("section")
        .class("notice request")
        .attr("role", "dialog")
        .attr("aria-labelledby", &title_id)
        .child(avatar(from.user))
        .child(body)
}

/// Into which conversation they are let.
fn choice(session: Session, asked: Option<ConversationId>, into: Signal<String>) -> Element {
    let mine = each(
        move || session.state.with(|state| candidates(state, asked)),
        |(id, name)| key_of(&id.0, name.as_bytes()),
        move |(id, name)| {
            let option = el("option").attr("value", &id.to_string()).text(name);
            if Some(*id) == asked { option.attr("selected", "") } else { option }
        },
    );
    el("select")
        .child(el("option").attr("value", "").text("a new conversation"))
        .child(mine)
        .value(move || into.get())
        .on("change", move |event| into.set(value_of(&event)))
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
