//! What others left while the person was away.

use super::avatar::avatar;
use super::controls::{actions, button};
use crate::session::Session;
use crate::view::{Element, View, each, el, key_of, when};
use crate::when::brief;
use tertulia_proto::io::LeftView;

/// The list `Inbox`, while there is something in it.
pub(super) fn inbox(session: Session) -> View {
    let all = move || session.state.with(|state| state.inbox.clone());
    when(
        move || !all().is_empty(),
        move || {
            let rows = each(all, |left| key_of(&left.request.0, &[]), move |left| row(session, left));
            let list = el("ul").class("people-list").attr("aria-label", "Inbox").child(rows);
            el("section").class("inbox").child(el("h2").text("Left while you were away")).child(list)
        },
    )
}

fn row(session: Session, left: &LeftView) -> Element {
    let LeftView { request, from, text, time_ms } = left;
    let (request, from) = (*request, from.clone());
    let head = el("span")
        .class("person-notes")
        .child(el("bdi").class("person-name").text(from.name.as_str()))
        .child(el("time").class("hint").text(&brief(*time_ms)));
    let words = el("p").class("left").attr("dir", "auto").text(text);
    el("li").child(avatar(from.user)).child(el("div").class("person").child(head).child(words)).child(
        actions([
            button("Dismiss", move || session.take_out(request)).class("quiet").into(),
            button("Message", move || session.message(&from)).into(),
        ]),
    )
}
