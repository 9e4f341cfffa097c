//! Following an invite.

use super::copy_field::CopyField;
use super::dialog::Dialog;
use super::erased::{effect, flag, press, submit, text};
use crate::address;
use crate::session::{Session, after_head_start};
use crate::state::{State, Way};
use crate::ui::{Overlay, Ui};
use leptos::prelude::*;
use std::sync::Arc;
use tertulia_proto::Invite;
use tertulia_proto::group::ConversationKind;
use tertulia_proto::io::{GREETING_MAX, LinkId};

const BY_HAND: &str = "This invite works by hand: when you join, you get a reply code to send back.";

/// The dialog `Join`: who invites, and to what.
#[component]
pub(crate) fn JoinDialog(invite: Arc<Invite>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let is_private = RwSignal::new(false);
    let greeting = RwSignal::new(String::new());
    let has_joined = StoredValue::new(false);
    let (is_by_hand, names_conversation) = (invite.is_by_hand(), invite.conversation.is_some());
    let has_ticket = invite.ticket.is_some();
    let sentence = offer(&invite);
    let join = submit(move || {
        let kind =
            if is_private.get_untracked() { ConversationKind::Private } else { ConversationKind::Public };
        if has_joined.get_value() {
            return;
        }
        has_joined.set_value(true);
        let link = session.open(&invite, kind, greeting.get_untracked().trim()).filter(|_| is_by_hand);
        after_head_start(move || leave(ui, link));
    });
    view! {
        <Dialog title="Join" on_cancel=Callback::new(|()| address::clear_fragment())>
            <form on:submit=join>
                <p class="lead" dir="auto">{sentence}</p>
                {(!names_conversation).then(|| view! { <KindChoice is_private /> })}
                {(!has_ticket).then(|| view! { <GreetingField greeting /> })}
                {is_by_hand.then(|| view! { <p class="hint">{BY_HAND}</p> })}
                <div class="actions">
                    <button
                        type="button"
                        on:click=press(move || {
                            address::clear_fragment();
                            ui.close();
                        })
                    >
                        "Cancel"
                    </button>
                    <button class="primary" type="submit" autofocus>"Join"</button>
                </div>
            </form>
        </Dialog>
    }
}

/// Closes the dialog, or goes on to the reply code for this link.
fn leave(ui: Ui, link: Option<LinkId>) {
    address::clear_fragment();
    // What came of it may have closed the dialog before.
    if ui.overlay.with_untracked(|overlay| matches!(overlay, Some(Overlay::Join(_)))) {
        match link {
            Some(link) => ui.open(Overlay::Reply(link)),
            None => ui.close(),
        }
    }
}

#[component]
fn GreetingField(greeting: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="field">
            <label for="greeting">"Greeting (optional)"</label>
            <input id="greeting" type="text" maxlength=GREETING_MAX autocomplete="off" bind:value=greeting />
        </div>
    }
}

/// Private or public.
#[component]
pub(crate) fn KindChoice(is_private: RwSignal<bool>) -> impl IntoView {
    let choose = move |private| move |_| is_private.set(private);
    view! {
        <fieldset class="choice">
            <legend>"Kind of conversation"</legend>
            <label class="check">
                <input type="radio" name="kind" aria-label="Private" prop:checked=flag(move || is_private.get()) on:change=choose(true) />
                <span>"Private" <small>"the two of you, nobody else"</small></span>
            </label>
            <label class="check">
                <input
                    type="radio"
                    name="kind"
                    aria-label="Public"
                    prop:checked=flag(move || !is_private.get())
                    on:change=choose(false)
                />
                <span>"Public" <small>"everybody in it may let others in"</small></span>
            </label>
        </fieldset>
    }
}

/// The dialog `Join` after the person has joined by hand: the reply code to send back.
#[component]
pub(crate) fn ReplyDialog(link: LinkId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let code = text(move || session.state.with(|state| reply_code(state, link)));
    let to =
        session.state.with_untracked(|state| state.waiting_on(link).map(|waiting| waiting.to.to_string()));
    // Answered, or come to nothing: both are told elsewhere.
    effect(move || {
        if session.state.with(|state| state.waiting_on(link).is_none()) {
            ui.close();
        }
    });
    view! {
        <Dialog title="Join">
            <p dir="auto">
                {format!("Send this code back to {} and keep this page open.", to.unwrap_or_default())}
            </p>
            <CopyField id="your-reply-code" label="Your reply code" value=code placeholder="Preparing…" />
            <p class="hint">"They enter it under “By hand”. Then you are connected, without anything in between."</p>
        </Dialog>
    }
}

fn reply_code(state: &State, link: LinkId) -> String {
    match state.waiting_on(link).map(|waiting| &waiting.way) {
        Some(Way::ByHand(Some(code))) => code.clone(),
        _ => String::new(),
    }
}

/// Who invites, and to what.
fn offer(invite: &Invite) -> String {
    let kind = |kind| match kind {
        ConversationKind::Private => "private",
        ConversationKind::Public => "public",
    };
    match &invite.conversation {
        Some(to) if to.name.as_str().is_empty() => {
            format!("{} invites you to a {} conversation.", invite.name, kind(to.kind))
        }
        Some(to) => {
            format!("{} invites you to the {} conversation “{}”.", invite.name, kind(to.kind), to.name)
        }
        None => format!("{} invites you to a new conversation.", invite.name),
    }
}
