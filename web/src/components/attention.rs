//! What needs attention: requests, notices, and what is being waited for.

use super::controls::{button, hint};
use super::request::request_card;
use crate::session::Session;
use crate::state::{Machine, Notice, Tone, Waiting, Way};
use crate::ui::{Overlay, Ui};
use crate::view::{Element, View, each, el, key_of, later, when};
use std::time::Duration;

/// How long a quiet notice stands: two lines are read in half of it.
const QUIET: Duration = Duration::from_secs(8);

/// Stands in the frame, or in the dialog that covers it. It never takes the focus: the person may be typing.
pub(super) fn attention() -> Element {
    let session = Session::present();
    let requests = each(
        move || session.state.with(|state| state.requests.iter().map(|asked| asked.request).collect()),
        |request| key_of(&request.0, &[]),
        |request| request_card(*request),
    );
    let waiting = each(
        move || session.state.with(|state| state.waiting.clone()),
        |waiting| key_of(&waiting.request.0, &[]),
        waiting_notice,
    );
    let machines = each(
        move || session.state.with(|state| state.machines.clone()),
        |machine| key_of(&machine.request.0, &[]),
        machine_notice,
    );
    let notices = el("div").class("notices").attr("role", "status").attr("aria-label", "Notices");
    el("div")
        .class("attention")
        .child(requests)
        .child(notices_of(Tone::Urgent, urgent_notice))
        .child(machines)
        .child(notices.child(waiting).child(notices_of(Tone::Quiet, quiet_notice)))
}

fn notices_of(tone: Tone, draw: fn(&Notice) -> Element) -> View {
    let session = Session::present();
    each(move || session.state.with(|state| state.notices.of(tone)), |notice| notice.id.into(), draw)
}

fn urgent_notice(notice: &Notice) -> Element {
    let session = Session::present();
    let id = notice.id;
    urgent(&notice.text, &notice.remedy, move || session.dismiss(id))
}

/// Somebody's answering machine waits for a message.
fn machine_notice(machine: &Machine) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let request = machine.request;
    let text = [machine.of.as_str(), " is away."].concat();
    let leave = button("Leave a message", move || ui.open(Overlay::LeaveMessage(request)));
    urgent(&text, "Their answering machine takes one message.", move || session.hang_up(request))
        .class("notice urgent machine")
        .child(leave)
}

fn urgent(text: &str, remedy: &str, dismiss: impl Fn() + 'static) -> Element {
    let words = el("div").attr("role", "alert").child(el("p").text(text)).child(hint(remedy));
    el("div").class("notice urgent").child(words).child(button("Dismiss", dismiss).class("quiet"))
}

fn quiet_notice(notice: &Notice) -> Element {
    let session = Session::present();
    let id = notice.id;
    later(QUIET, move || session.dismiss(id));
    el("p").class("notice").text(&notice.text)
}

fn waiting_notice(waiting: &Waiting) -> Element {
    let ui = Ui::present();
    let link = waiting.link;
    let is_by_hand = matches!(waiting.way, Way::ByHand(_));
    let is_hidden = move || is_by_hand && ui.overlay.with(|overlay| *overlay != Some(Overlay::Reply(link)));
    let show = move || button("Show reply code", move || ui.open(Overlay::Reply(link))).class("quiet");
    el("div")
        .class("notice waiting")
        .child(el("p").text(&format!("Waiting for {} to let you in.", waiting.to)))
        .child(when(is_hidden, show))
}
