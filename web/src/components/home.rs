//! What to do first.

use super::controls::{button, focus_if_nothing_is, input, label, submit};
use crate::session::Session;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, el};

/// The first screen: how to get somebody to talk to.
pub(super) fn home() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let invite = Signal::new(String::new());
    let welcome = move || format!("Welcome, {}", session.me.with(|me| me.name.to_string()));
    let follow = move || {
        let pasted = invite.get_untracked();
        if !pasted.trim().is_empty() {
            session.follow(&pasted);
            invite.set(String::new());
        }
    };
    let lead = "To talk to somebody, send them an invite, open the one that they sent you, or find them \
        by a word under People.";
    let form = el("form")
        .class("row")
        .on_submit(follow)
        .child(label("invite-to-open", "Invite you were sent"))
        .child(input("invite-to-open", "text").attr("spellcheck", "false").bind(invite))
        .child(submit("Open"));
    // No button, which a second Enter would press, and no field, which would raise the keyboard of a phone.
    let heading = el("h1").attr("tabindex", "-1").text_of(welcome);
    focus_if_nothing_is(&heading);
    el("section")
        .class("home")
        .child(heading)
        .child(el("p").class("lead").text(lead))
        .child(button("Invite", move || ui.open(Overlay::Invite(None))).class("primary"))
        .child(form)
}
