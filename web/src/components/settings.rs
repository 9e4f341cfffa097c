//! The settings.

use super::controls::{actions, button, hint, label, name_input, radio, submit};
use super::dialog::dialog;
use super::frame::head;
use crate::session::Session;
use crate::theme::{self, Theme};
use crate::ui::{Overlay, Ui};
use crate::view::{Element, el, run};
use leptos::prelude::*;
use leptos::task::spawn_local;

const KEPT: &str =
    "Your key is kept in this browser and nowhere else. Conversations last as long as this tab.";
const NOT_KEPT: &str = "Nothing is kept: closing this tab forgets who you are, and your conversations.";

const ERASED: &str = "You leave every conversation, and this browser forgets your key, your name and your settings. \
    Nobody can bring them back: afterwards you are somebody new to everyone.";

/// The region `Settings`.
pub(super) fn settings() -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let kept = if session.is_kept() { KEPT } else { NOT_KEPT };
    let data = section("data-title", "Data")
        .child(hint(kept))
        .child(button("Erase everything", move || ui.open(Overlay::Erase)).class("danger"));
    let keys = section("keys-title", "Keys").child(button("Show keys", move || ui.open(Overlay::Keys)));
    let body = el("div")
        .class("view-body settings")
        .child(profile(session))
        .child(appearance(ui))
        .child(data)
        .child(keys);
    el("section")
        .class("view")
        .attr("role", "region")
        .attr("aria-label", "Settings")
        .child(head("Settings".into(), "".into(), actions([])))
        .child(body)
}

fn section(title_id: &str, title: &str) -> Element {
    el("section").attr("aria-labelledby", title_id).child(el("h2").attr("id", title_id).text(title))
}

fn profile(session: Session) -> Element {
    let name = RwSignal::new(session.me.with_untracked(|me| me.name.to_string()));
    let is_same = move || {
        name.with(|name| session.me.with(|me| name.trim() == me.name.as_str() || name.trim().is_empty()))
    };
    let form = el("form")
        .class("row")
        .on_submit(move || session.set_name(name.get_untracked().trim()))
        .child(label("your-name", "Your name"))
        .child(name_input("your-name", name).attr("autocomplete", "nickname"))
        .child(submit("Save").attr_while("disabled", "", is_same));
    section("profile-title", "Profile")
        .child(form)
        .child(hint("Others see it on links that open from now on."))
}

fn appearance(ui: Ui) -> Element {
    let choose = move |theme: Theme| {
        theme.apply();
        theme.keep();
        ui.theme.set(theme);
    };
    let choices = Theme::ALL.map(|theme| {
        let name = theme.label();
        radio("theme", name, name.into(), move || ui.theme.get() == theme, move || choose(theme))
    });
    let legend = el("legend").child(el("h2").text("Theme"));
    el("section").child(el("fieldset").class("choice").child(legend).children(choices))
}

/// The dialog that asks before all is gone.
pub(super) fn erase_dialog() -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let choices = actions([
        button("Keep everything", move || ui.close()).into(),
        button("Erase for good", move || spawn_local(erase(session, ui))).class("danger").into(),
    ]);
    dialog("Erase everything?", run([el("p").text(ERASED).into(), choices.into()]))
}

async fn erase(session: Session, ui: Ui) {
    theme::forget();
    if session.erase().await.is_ok() {
        // The page begins anew, as somebody new; a page that cannot be loaded anew says so itself.
        let _ = location().reload();
    } else {
        ui.close();
        session.urge(
            "This browser could not erase what it keeps of you. Your links are closed.",
            "Close other tabs of this page and try again, or erase this site's data in the browser's settings.",
        );
    }
}
