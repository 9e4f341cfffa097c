//! Inviting somebody: a link, a code to scan, and the way that needs no node.

use super::copy_field::CopyField;
use super::dialog::Dialog;
use super::erased::{dynamic, effect, flag, submit, text};
use super::qr_code::QrCode;
use crate::address;
use crate::session::Session;
use crate::state::State;
use crate::ui::Ui;
use leptos::prelude::*;
use tertulia_proto::NodeId;
use tertulia_proto::group::ConversationId;

const BY_HAND: &str = "Make a link that needs no node in between, but a reply code";
const NO_INTRODUCER: &str = "You are linked to no node that could introduce you, so this link works by hand: your \
    friend opens it, gets a reply code and sends it back to you.";

/// The dialog `Invite`: into a conversation, or to talk at all.
#[component]
pub(crate) fn InviteDialog(conversation: Option<ConversationId>) -> impl IntoView {
    let session = expect_context::<Session>();
    let lets_in = RwSignal::new(false);
    let wants_by_hand = RwSignal::new(false);
    let has_introducer = Memo::new(move |_| session.state.with(State::has_introducer));
    let is_by_hand = Memo::new(move |_| wants_by_hand.get() || !has_introducer.get());
    let link = invite_link(session, conversation, lets_in, is_by_hand);
    let name = session.state.with_untracked(|state| {
        conversation.and_then(|id| state.conversation(id)).map(|view| format!("“{}”", view.name))
    });
    let way = dynamic(move || {
        if has_introducer.get() {
            view! { <Check label=BY_HAND value=wants_by_hand /> }.into_any()
        } else {
            view! { <p>{NO_INTRODUCER}</p> }.into_any()
        }
    });
    view! {
        <Dialog title="Invite">
            <p>
                "Send this link to somebody whom you want to talk to, or let them scan the code. It leads to "
                <strong dir="auto">{name.unwrap_or_else(|| "a conversation with you".into())}</strong> "."
            </p>
            <div class="invite">
                <QrCode text=link />
                <div class="invite-link">
                    <CopyField id="invite-link" label="Invite link" value=link placeholder="Preparing…" />
                    {conversation.map(|_| view! { <Check label="Let them in without asking" value=lets_in /> })}
                </div>
            </div>
            <section class="by-hand" aria-labelledby="by-hand-title">
                <h3 id="by-hand-title">"By hand"</h3>
                {way}
                <ReplyForm />
            </section>
        </Dialog>
    }
}

#[component]
fn Check(label: &'static str, value: RwSignal<bool>) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" bind:checked=value />
            <span>{label}</span>
        </label>
    }
}

/// The address to hand over; empty until it is ready.
fn invite_link(
    session: Session,
    conversation: Option<ConversationId>,
    lets_in: RwSignal<bool>,
    is_by_hand: Memo<bool>,
) -> Signal<String> {
    let direct = RwSignal::new(String::new());
    effect(move || {
        let ticket = lets_in.get();
        if is_by_hand.get() {
            session.offer(conversation, ticket);
        } else {
            direct.set(session.invite(conversation, ticket).unwrap_or_default());
        }
    });
    let offered = Memo::new(move |_: Option<&String>| {
        let ticket = lets_in.get();
        let text =
            |state: &State| state.offered(conversation, ticket)?.invite.as_ref().map(ToString::to_string);
        session.state.with(text).unwrap_or_default()
    });
    text(move || {
        let invite = if is_by_hand.get() { offered.get() } else { direct.get() };
        if invite.is_empty() { invite } else { address::link_to(&invite) }
    })
}

/// Takes the reply code to an invite by hand.
#[component]
fn ReplyForm() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let code = RwSignal::new(String::new());
    let trouble = RwSignal::new(String::new());
    let connecting = RwSignal::new(None::<NodeId>);
    let connect = submit(move || match session.complete(&code.get_untracked()) {
        Ok(node) => {
            trouble.set(String::new());
            code.set(String::new());
            connecting.set(Some(node));
        }
        Err(why) => trouble.set(why),
    });
    let progress = text(move || connecting.get().map(|_| "Connecting…".to_owned()).unwrap_or_default());
    // A memo, since the notice below changes the state that this is read from: it must not be told for ever.
    let linked = Memo::new(move |_| {
        let node = connecting.get()?;
        session.state.with(|state| state.peer(node).map(|peer| peer.person.name.clone()))
    });
    // Done: what comes of it is a request or a newcomer, which is told in its own place.
    effect(move || {
        if let Some(name) = linked.get() {
            session.say(&format!("You are connected to {name}."));
            ui.close();
        }
    });
    view! {
        <form class="row" on:submit=connect>
            <label for="reply-code">"Reply code"</label>
            <input
                id="reply-code"
                type="text"
                autocomplete="off"
                spellcheck="false"
                placeholder="What your friend sends back"
                bind:value=code
            />
            <button type="submit" disabled=flag(move || code.with(|code| code.trim().is_empty()))>"Connect"</button>
            <p class="trouble" role="alert">{trouble}</p>
            <p class="hint" role="status">{progress}</p>
        </form>
    }
}
