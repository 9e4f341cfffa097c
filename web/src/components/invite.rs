//! Inviting somebody: a link, a code to scan, and the way that needs no node.

use super::controls::{check, input, label, submit};
use super::copy_field::copy_field;
use super::dialog::dialog;
use super::qr_code::qr_code;
use crate::address;
use crate::session::Session;
use crate::state::State;
use crate::ui::Ui;
use crate::view::{Element, Signal, dynamic, effect, el, memo, run};
use tertulia_proto::NodeId;
use tertulia_proto::group::ConversationId;

const BY_HAND: &str = "Make a link that needs no node in between, but a reply code";
const NO_INTRODUCER: &str = "You are linked to no node that could introduce you, so this link works by hand: your \
    friend opens it, gets a reply code and sends it back to you.";
const PURPOSE: &str =
    "Send this link to somebody whom you want to talk to, or let them scan the code. It leads to ";

/// The dialog `Invite`: into a conversation, or to talk at all.
pub(super) fn invite_dialog(conversation: Option<ConversationId>) -> Element {
    let session = Session::present();
    let lets_in = Signal::new(false);
    let wants_by_hand = Signal::new(false);
    let has_introducer = move || session.state.with(State::has_introducer);
    let is_by_hand = memo(move || wants_by_hand.get() || !has_introducer());
    let link = invite_link(session, conversation, lets_in, is_by_hand);
    let name = session.state.with_untracked(|state| {
        conversation.and_then(|id| state.conversation(id)).map(|view| format!("“{}”", view.name))
    });
    let to = el("strong").attr("dir", "auto").text(name.as_deref().unwrap_or("a conversation with you"));
    let link_side = el("div")
        .class("invite-link")
        .child(copy_field("invite-link", "Invite link", move || link.get(), "Preparing…"))
        .children(conversation.map(|_| check("Let them in without asking", lets_in)));
    let by_hand = el("section")
        .class("by-hand")
        .attr("aria-labelledby", "by-hand-title")
        .child(el("h3").attr("id", "by-hand-title").text("By hand"))
        .child(dynamic(has_introducer, move |has_introducer| way(*has_introducer, wants_by_hand)))
        .child(reply_form());
    let purpose = el("p").text(PURPOSE).child(to).text(".");
    let ways = el("div").class("invite").child(qr_code(move || link.get())).child(link_side);
    dialog("Invite", run([purpose.into(), ways.into(), by_hand.into()]))
}

/// Whether it is by hand: a choice only where there is another way.
fn way(has_introducer: bool, wants_by_hand: Signal<bool>) -> Element {
    if has_introducer { check(BY_HAND, wants_by_hand) } else { el("p").text(NO_INTRODUCER) }
}

/// The address to hand over; empty until it is ready.
fn invite_link(
    session: Session,
    conversation: Option<ConversationId>,
    lets_in: Signal<bool>,
    is_by_hand: Signal<bool>,
) -> Signal<String> {
    let direct = Signal::new(String::new());
    effect(move || {
        let ticket = lets_in.get();
        if is_by_hand.get() {
            session.offer(conversation, ticket);
        } else {
            direct.set(session.invite(conversation, ticket).unwrap_or_default());
        }
    });
    let offered = memo(move || {
        let ticket = lets_in.get();
        let text =
            |state: &State| state.offered(conversation, ticket)?.invite.as_ref().map(ToString::to_string);
        session.state.with(text).unwrap_or_default()
    });
    memo(move || {
        let invite = if is_by_hand.get() { offered.get() } else { direct.get() };
        if invite.is_empty() { invite } else { address::link_to(&invite) }
    })
}

/// Takes the reply code to an invite by hand.
fn reply_form() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let code = Signal::new(String::new());
    let trouble = Signal::new(String::new());
    let connecting = Signal::new(None::<NodeId>);
    let connect = move || match session.complete(&code.get_untracked()) {
        Ok(node) => {
            trouble.set(String::new());
            code.set(String::new());
            connecting.set(Some(node));
        }
        Err(why) => trouble.set(why),
    };
    close_when_linked(session, ui, connecting);
    let progress = move || connecting.get().map(|_| "Connecting…".to_owned()).unwrap_or_default();
    let field = input("reply-code", "text")
        .attr("spellcheck", "false")
        .attr("placeholder", "What your friend sends back")
        .bind(code);
    let is_empty = move || code.with(|code| code.trim().is_empty());
    el("form")
        .class("row")
        .on_submit(connect)
        .child(label("reply-code", "Reply code"))
        .child(field)
        .child(submit("Connect").attr_while("disabled", "", is_empty))
        .child(el("p").class("trouble").attr("role", "alert").text_of(move || trouble.get()))
        .child(el("p").class("hint").attr("role", "status").text_of(progress))
}

/// What comes of it is a request or a newcomer, which is told in its own place.
fn close_when_linked(session: Session, ui: Ui, connecting: Signal<Option<NodeId>>) {
    effect(move || {
        let Some(node) = connecting.get() else { return };
        let name = session.state.with(|state| state.peer(node).map(|peer| peer.person.name.clone()));
        if let Some(name) = name {
            // The notice below changes the state that this is read from: it must not be told for ever.
            connecting.set(None);
            session.say(&format!("You are connected to {name}."));
            ui.close();
        }
    });
}
