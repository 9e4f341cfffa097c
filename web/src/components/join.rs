//! Following an invite.

use super::controls::{actions, button, field, hint, input, radio, submit};
use super::copy_field::copy_field;
use super::dialog::{dialog, dialog_with};
use crate::address;
use crate::session::{Session, after_head_start};
use crate::state::{State, Way};
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, effect, el, run};
use std::cell::Cell;
use std::sync::Arc;
use tertulia_proto::Invite;
use tertulia_proto::group::ConversationKind;
use tertulia_proto::io::{GREETING_MAX, LinkId};

const BY_HAND: &str = "This invite works by hand: when you join, you get a reply code to send back.";
const THEN: &str = "They enter it under “By hand”. Then you are connected, without anything in between.";

/// The dialog `Join`: who invites, and to what.
pub(super) fn join_dialog(invite: Arc<Invite>) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let is_private = Signal::new(false);
    let greeting = Signal::new(String::new());
    let is_by_hand = invite.is_by_hand();
    let cancel = move || {
        address::clear_fragment();
        ui.close();
    };
    let kind = invite.conversation.is_none().then(|| kind_choice(is_private));
    let greets = invite.ticket.is_none().then(|| greeting_field(greeting));
    let sentence = el("p").class("lead").attr("dir", "auto").text(&offer(&invite));
    let has_joined = Cell::new(false);
    let join = move || {
        if !has_joined.replace(true) {
            let kind = kind_of(is_private);
            let link = session.open(&invite, kind, greeting.get_untracked().trim()).filter(|_| is_by_hand);
            after_head_start(move || leave(ui, link));
        }
    };
    let form = el("form")
        .on_submit(join)
        .child(sentence)
        .children(kind)
        .children(greets)
        .children(is_by_hand.then(|| hint(BY_HAND)))
        .child(actions([
            button("Cancel", cancel).attr("type", "button").into(),
            submit("Join").class("primary").attr("autofocus", "").into(),
        ]));
    dialog_with("Join", form.into(), cancel)
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

fn greeting_field(greeting: Signal<String>) -> Element {
    let input = input("greeting", "text").attr("maxlength", &GREETING_MAX.to_string()).bind(greeting);
    field("greeting", "Greeting (optional)", input)
}

/// Private or public.
pub(super) fn kind_choice(is_private: Signal<bool>) -> Element {
    let kind = |name: &str, what: &str, private| {
        let words = run([name.into(), el("small").text(what).into()]);
        radio("kind", name, words, move || is_private.get() == private, move || is_private.set(private))
    };
    el("fieldset")
        .class("choice")
        .child(el("legend").text("Kind of conversation"))
        .child(kind("Private", "the two of you, nobody else", true))
        .child(kind("Public", "everybody in it may let others in", false))
}

/// What was chosen.
pub(super) fn kind_of(is_private: Signal<bool>) -> ConversationKind {
    if is_private.get_untracked() { ConversationKind::Private } else { ConversationKind::Public }
}

/// The dialog `Join` after the person has joined by hand: the reply code to send back.
pub(super) fn reply_dialog(link: LinkId) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let code = move || session.state.with(|state| reply_code(state, link));
    let to =
        session.state.with_untracked(|state| state.waiting_on(link).map(|waiting| waiting.to.to_string()));
    // Answered, or come to nothing: both are told elsewhere.
    effect(move || {
        if session.state.with(|state| state.waiting_on(link).is_none()) {
            ui.close();
        }
    });
    let what = format!("Send this code back to {} and keep this page open.", to.unwrap_or_default());
    let field = copy_field("your-reply-code", "Your reply code", code, "Preparing…");
    dialog("Join", run([el("p").attr("dir", "auto").text(&what).into(), field.into(), hint(THEN).into()]))
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
