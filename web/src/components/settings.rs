//! The settings.

use super::avatar::avatar;
use super::confirm::confirm;
use super::controls::{actions, button, check, hint, label, name_input, radio, submit};
use super::frame::head;
use super::listing::listing;
use crate::session::Session;
use crate::theme::{self, Theme};
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, View, each, el, key_of, location, untrack, when};
use web_sys::HtmlInputElement;

const KEPT: &str = "Your key and your conversations are kept in this browser and nowhere else.";
const NOT_KEPT: &str = "Nothing is kept: closing this tab forgets who you are, and your conversations.";

const ERASED: &str = "You leave every conversation, and this browser forgets your key, your name and your settings. \
    Nobody can bring them back: afterwards you are somebody new to everyone.";

/// The region `Settings`.
pub(super) fn settings() -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let kept = if session.is_kept() { KEPT } else { NOT_KEPT };
    let data = section("data-title", "Data")
        .child(hint(kept))
        .child(archive(session))
        .child(button("Erase everything", move || ui.open(Overlay::Erase)).class("danger"));
    let keys = section("keys-title", "Keys").child(button("Show keys", move || ui.open(Overlay::Keys)));
    let body = el("div")
        .class("view-body settings")
        .child(profile(session))
        .child(appearance(ui))
        .child(privacy(session))
        .child(data)
        .child(keys);
    el("section")
        .class("view")
        .attr("role", "region")
        .attr("aria-label", "Settings")
        .child(head("Settings".into(), "".into(), actions([])))
        .child(body)
}

/// Histories as files.
fn archive(session: Session) -> Element {
    let chooser = el("input").attr("type", "file").attr("accept", ".jsonl").attr("hidden", "");
    let field: HtmlInputElement = chooser.node();
    let chosen = field.clone();
    let take = move |_| {
        let file = chosen.files().and_then(|files| files.get(0));
        file.into_iter().for_each(|file| session.import(file));
        // The same file may be chosen again.
        chosen.set_value("");
    };
    let buttons =
        [button("Export", move || session.export()).into(), button("Import", move || field.click()).into()];
    el("div")
        .class("archive")
        .child(hint("A file with all that was said, for people and programs. It is not encrypted."))
        .child(actions(buttons))
        .child(chooser.on("change", take))
}

fn section(title_id: &str, title: &str) -> Element {
    el("section").attr("aria-labelledby", title_id).child(el("h2").attr("id", title_id).text(title))
}

fn profile(session: Session) -> Element {
    let name = Signal::new(session.me.with_untracked(|me| me.name.to_string()));
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

/// What others are told of us, and whom we hear nothing of.
fn privacy(session: Session) -> Element {
    let shares = Signal::new(session.shares_read());
    let share = check("Tell others what I have read", shares)
        .on("change", move |_| session.share_read(shares.get_untracked()));
    // `/away` and `/back` say the same.
    let is_away = move || session.state.with(|state| state.is_away);
    let tick = el("input")
        .attr("type", "checkbox")
        .checked_while(is_away)
        .on_press(move || session.set_away(!untrack(is_away)));
    let away = el("label").class("check").child(tick).child(el("span").text("Away"));
    section("privacy-title", "Privacy")
        .child(share)
        .child(away)
        .child(hint("While you are away an answering machine answers whoever asks to talk. It takes one message each."))
        .child(listing(session))
        .child(blocked(session))
}

fn blocked(session: Session) -> View {
    let all = move || session.state.with(|state| state.blocked.clone());
    when(
        move || !all().is_empty(),
        move || {
            let rows = each(
                all,
                |one| key_of(&one.user.0, one.name.as_str().as_bytes()),
                move |one| {
                    let user = one.user;
                    let name =
                        if one.name.as_str().is_empty() { "Somebody unknown" } else { one.name.as_str() };
                    let unblock = button("Unblock", move || session.block(user, false));
                    let name = el("span").class("person").child(el("bdi").class("person-name").text(name));
                    el("li").child(avatar(user)).child(name).child(unblock)
                },
            );
            let list = el("ul").class("people-list").attr("aria-label", "Blocked people").child(rows);
            el("div").class("blocked").child(el("h3").text("Blocked people")).child(list)
        },
    )
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
    let (session, ui) = (Session::present(), Ui::present());
    let erase = move || erase(session, ui);
    confirm("Erase everything?", ERASED, "Keep everything", "Erase for good", erase)
}

fn erase(session: Session, ui: Ui) {
    theme::forget();
    session.erase(move |is_erased| {
        if is_erased {
            // The page begins anew, as somebody new; a page that cannot be loaded anew says so itself.
            let _ = location().reload();
        } else {
            ui.close();
            session.urge(
                "This browser could not erase what it keeps of you. Your links are closed.",
                "Close other tabs of this page and try again, or erase this site's data in the browser's settings.",
            );
        }
    });
}
