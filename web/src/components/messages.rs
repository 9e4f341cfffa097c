//! What was said.

use super::controls::button;
use super::message::{Log, Shown, go_to, key, message};
use super::message_actions::Actions;
use super::talk::Talk;
use crate::session::Session;
use crate::state::Feed;
use crate::ui::Ui;
use crate::view::{Element, Signal, View, at_next_frame, each, effect, el, on_cleanup, when};
use std::cell::Cell;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::ConversationView;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Event, HtmlElement, ResizeObserver};

/// So close to the end counts as at the end: a line of text, and what zooming rounds.
const END_PX: i32 = 48;

const ALONE: &str =
    "Nobody else is here yet. Press “Invite” and send the link to somebody, or let them scan the code.";
const SILENT: &str = "Nothing was said yet. Say hello.";

/// The log `Messages`. It follows what is said only while the person is at its end.
pub(super) fn messages(talk: Talk) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let (is_at_end, id) = (Signal::new(true), talk.id);
    let shared = Log { session, talk, marks: Signal::default(), is_at_end };
    let actions = Actions::of(shared, ui);
    let rows = actions.listen(el("div").class("rows").child(rows(shared)));
    let log = el("div").class("log").attr("role", "log").attr("aria-label", "Messages").attr("tabindex", "0");
    let (log_node, rows_node) = (log.node::<HtmlElement>(), rows.node::<HtmlElement>());
    begin(log_node.clone(), rows_node, is_at_end);
    follow_own(session, is_at_end);
    report_reading(session, ui, id, is_at_end);
    lead(shared);
    let has_earlier = move || session.feed.with(Feed::has_earlier);
    let is_empty = move || session.feed.with(|feed| feed.rows.is_empty());
    let is_over = move || session.state.with(|state| state.conversation(id).is_none_or(|view| !view.open));
    let earlier = log_node.clone();
    let log = log
        .class_while("over", is_over)
        .on("scroll", watch_scrolling(log_node.clone(), is_at_end))
        .child(when(has_earlier, move || earlier_button(session, earlier.clone())))
        .child(when(is_empty, move || nothing_said(session, id)))
        .child(rows);
    let jump = when(move || !is_at_end.get(), move || to_end(log_node.clone(), is_at_end));
    el("div").class("log-frame").child(log).child(jump)
}

/// Shows more of the past above what stands there, which stays where it is.
fn earlier_button(session: Session, log: HtmlElement) -> Element {
    let show = move || {
        let log = log.clone();
        session.show_earlier(move || {
            // Measured before the page is drawn anew.
            let below = log.scroll_height() - log.scroll_top();
            at_next_frame(move || log.set_scroll_top(log.scroll_height() - below));
        });
    };
    button("Show earlier", show).class("earlier")
}

fn to_end(log: HtmlElement, is_at_end: Signal<bool>) -> Element {
    let jump = move || {
        is_at_end.set(true);
        log.set_scroll_top(log.scroll_height());
    };
    button("Jump to latest", jump).class("jump")
}

fn nothing_said(session: Session, conversation: ConversationId) -> Element {
    let others = |view: &ConversationView| view.participants.iter().filter(|one| !one.me).count();
    let is_alone =
        move || session.state.with(|state| state.conversation(conversation).map_or(0, others)) == 0;
    el("p").class("empty").text_of(move || if is_alone() { ALONE } else { SILENT }.to_owned())
}

fn rows(log: Log) -> View {
    update_marks(log);
    each(move || log.session.feed.with(|feed| feed.rows.clone()), key, move |row| message(log, row))
}

/// Tells the messages that stay what has changed of them.
fn update_marks(log: Log) {
    effect(move || {
        log.session.feed.with(|feed| {
            for (at, row) in feed.rows.iter().enumerate() {
                let next = feed.rows.get(at + 1);
                let is_last = next.is_none_or(|next| next.leads);
                let shown = Shown { message: row.message.clone(), is_last, is_end: next.is_none() };
                let mark = log.marks.with_untracked(|marks| marks.get(&row.message.id).cloned());
                if let Some(mark) = mark.filter(|mark| mark.shown.with_untracked(|before| *before != shown)) {
                    mark.shown.set(shown);
                }
            }
        });
    });
}

/// Shows the first unread message, or the end when there is none. From then on it keeps the end in view while the
/// person is there, whatever changes: more is said, a keyboard slides in, the composer grows.
fn begin(log: HtmlElement, rows: HtmlElement, is_at_end: Signal<bool>) {
    let observer = keep_end(log.clone(), is_at_end);
    effect(move || {
        let line = log.query_selector(".divider.new").ok().flatten();
        match line.and_then(|line| line.dyn_into::<HtmlElement>().ok()) {
            Some(line) => log.set_scroll_top(line.offset_top() - END_PX),
            None => log.set_scroll_top(log.scroll_height()),
        }
        is_at_end.set(at_end(&log));
        if let Some(observer) = &observer {
            observer.observe(&log);
            observer.observe(&rows);
        }
    });
}

/// What keeps the end in view when told of a size that has changed.
fn keep_end(log: HtmlElement, is_at_end: Signal<bool>) -> Option<ResizeObserver> {
    let resized = Closure::<dyn Fn()>::new(move || {
        if is_at_end.try_get_untracked() == Some(true) {
            log.set_scroll_top(log.scroll_height());
        }
    });
    let observer = ResizeObserver::new(resized.into_js_value().unchecked_ref()).ok()?;
    let watching = observer.clone();
    on_cleanup(move || watching.disconnect());
    Some(observer)
}

/// Tells the person who scrolls up from a log that has grown below them: only the former leaves the end.
fn watch_scrolling(log: HtmlElement, is_at_end: Signal<bool>) -> impl Fn(Event) {
    let last_top = Cell::new(0);
    move |_| {
        let top = log.scroll_top();
        let went_up = top < last_top.replace(top);
        let (before, now) = (is_at_end.get_untracked(), at_end(&log));
        if now != before && (now || went_up) {
            is_at_end.set(now);
        }
    }
}

/// Goes to the end when the person says something themselves.
fn follow_own(session: Session, is_at_end: Signal<bool>) {
    let mut before = None::<Option<OpId>>;
    effect(move || {
        let (last, is_own) = session.feed.with(|feed| {
            let last = feed.rows.last().map(|row| &row.message);
            (last.map(|last| last.id), last.is_some_and(|last| last.state.is_some()))
        });
        if is_own && before.is_some_and(|before| before != last) && !is_at_end.get_untracked() {
            is_at_end.set(true);
        }
        before = Some(last);
    });
}

/// Leads to the message that a search has found here.
fn lead(log: Log) {
    effect(move || {
        // The log of the conversation before may still be there.
        let here = |feed: &Feed| feed.goal.filter(|_| feed.conversation == Some(log.talk.id));
        if let Some(message) = log.session.feed.with(here) {
            log.session.feed.update_untracked(|feed| feed.goal = None);
            go_to(log, message);
        }
    });
}

/// The conversation is being read while its end is in view on a page that can be seen.
fn report_reading(session: Session, ui: Ui, conversation: ConversationId, is_at_end: Signal<bool>) {
    effect(move || {
        let reads = is_at_end.get() && ui.is_visible.get();
        session.reads(reads.then_some(conversation));
    });
    on_cleanup(move || session.reads(None));
}

pub(super) fn at_end(log: &web_sys::Element) -> bool {
    log.scroll_height() - log.scroll_top() - log.client_height() < END_PX
}
