//! What was said.

use super::avatar::avatar;
use super::controls::button;
use crate::session::Session;
use crate::state::{Row, progress};
use crate::ui::Ui;
use crate::view::{Element, View, each, effect, el, key_of, run, when};
use crate::when;
use leptos::prelude::*;
use std::cell::Cell;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::{ConversationView, MessageView};
use tertulia_proto::table::Table;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Event, HtmlElement, ResizeObserver};

/// So close to the end counts as at the end: a line of text, and what zooming rounds.
const END_PX: i32 = 48;

const ALONE: &str =
    "Nobody else is here yet. Press “Invite” and send the link to somebody, or let them scan the code.";
const SILENT: &str = "Nothing was said yet. Say hello.";

/// What changes of a message of ours while it stands there: it changes in place, so that the message is not said again.
#[derive(Clone)]
struct Mark {
    /// How far it has come.
    words: ArcRwSignal<String>,
    /// Whether it is the last of its group, where that is seen for all of them.
    is_last: ArcRwSignal<bool>,
}

type Marks = StoredValue<Table<OpId, Mark>>;

/// The log `Messages`. It follows what is said only while the person is at its end.
pub(super) fn messages(conversation: ConversationId) -> Element {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let is_at_end = RwSignal::new(true);
    let rows = el("div").class("rows").child(rows(session));
    let log = el("div").class("log").attr("role", "log").attr("aria-label", "Messages").attr("tabindex", "0");
    let (log_node, rows_node) = (log.node::<HtmlElement>(), rows.node::<HtmlElement>());
    begin(log_node.clone(), rows_node, is_at_end);
    follow_own(session, is_at_end);
    report_reading(session, ui, conversation, is_at_end);
    let has_earlier = move || session.feed.with(|feed| feed.has_earlier);
    let is_empty = move || session.feed.with(|feed| feed.rows.is_empty());
    let log = log
        .on("scroll", watch_scrolling(log_node.clone(), is_at_end))
        .child(when(has_earlier, move || {
            button("Show earlier", move || session.show_earlier()).class("earlier")
        }))
        .child(when(is_empty, move || nothing_said(session, conversation)))
        .child(rows);
    let jump = when(move || !is_at_end.get(), move || to_end(log_node.clone(), is_at_end));
    el("div").class("log-frame").child(log).child(jump)
}

fn to_end(log: HtmlElement, is_at_end: RwSignal<bool>) -> Element {
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

fn rows(session: Session) -> View {
    let marks: Marks = StoredValue::default();
    update_marks(session, marks);
    each(move || session.feed.with(|feed| feed.rows.clone()), key, move |row| message(row, marks))
}

/// What must be equal for a row to stay in place as it is. How far it has come is not in it: that changes in place.
fn key(row: &Row) -> u128 {
    let above = [u8::from(row.leads), u8::from(row.day_ms.is_some()), u8::from(row.is_new)];
    key_of(&row.message.id.0, &above)
}

fn message(row: &Row, marks: Marks) -> View {
    let message = &*row.message;
    let is_own = message.state.is_some();
    let day = row.day_ms.map(|ms| divider("divider", &when::day_name(ms)).into());
    let line = row.is_new.then(|| divider("divider new", "New").into());
    let mut article = el("article").class(match (is_own, row.leads) {
        (true, true) => "message own leads",
        (true, false) => "message own",
        (false, true) => "message leads",
        (false, false) => "message",
    });
    if row.leads && !is_own {
        article = article.child(avatar(message.author));
    }
    article = article
        .child(signature(message))
        .child(el("p").class("text").attr("dir", "auto").text(&message.text));
    if let Some(Mark { words, is_last }) = mark_of(message, marks) {
        let state = el("p").class("state").text_of(move || words.get());
        article = article.class_while("last", move || is_last.get()).child(state);
    }
    run(day.into_iter().chain(line).chain([article.into()]))
}

fn divider(class: &str, words: &str) -> Element {
    el("p").class(class).attr("role", "separator").child(el("span").text(words))
}

/// Who said it, and when.
fn signature(message: &MessageView) -> Element {
    let time = el("time")
        .attr("datetime", &when::iso(message.time_ms))
        .attr("title", &when::full(message.time_ms))
        .text(&when::time(message.time_ms));
    el("header").child(el("bdi").class("author").text(message.name.as_str())).text(" ").child(time)
}

fn mark_of(message: &MessageView, marks: Marks) -> Option<Mark> {
    let words = progress(message.state.as_ref()?);
    let make = || Mark { words: ArcRwSignal::new(words), is_last: ArcRwSignal::new(true) };
    marks.try_update_value(|marks| marks.or_insert_with(message.id, make).clone())
}

fn update_marks(session: Session, marks: Marks) {
    effect(move || {
        session.feed.with(|feed| {
            for (at, row) in feed.rows.iter().enumerate() {
                let mark = marks.with_value(|marks| marks.get(&row.message.id).cloned());
                if let (Some(mark), Some(state)) = (mark, &row.message.state) {
                    set_if_new(&mark.words, progress(state));
                    set_if_new(&mark.is_last, feed.rows.get(at + 1).is_none_or(|next| next.leads));
                }
            }
        });
    });
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|before| *before != value) {
        signal.set(value);
    }
}

/// Shows the first unread message, or the end when there is none. From then on it keeps the end in view while the
/// person is there, whatever changes: more is said, a keyboard slides in, the composer grows.
fn begin(log: HtmlElement, rows: HtmlElement, is_at_end: RwSignal<bool>) {
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
fn keep_end(log: HtmlElement, is_at_end: RwSignal<bool>) -> Option<ResizeObserver> {
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
fn watch_scrolling(log: HtmlElement, is_at_end: RwSignal<bool>) -> impl Fn(Event) {
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
fn follow_own(session: Session, is_at_end: RwSignal<bool>) {
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

/// The conversation is being read while its end is in view on a page that can be seen.
fn report_reading(session: Session, ui: Ui, conversation: ConversationId, is_at_end: RwSignal<bool>) {
    effect(move || {
        let reads = is_at_end.get() && ui.is_visible.get();
        session.reads(reads.then_some(conversation));
    });
    on_cleanup(move || session.reads(None));
}

fn at_end(log: &HtmlElement) -> bool {
    log.scroll_height() - log.scroll_top() - log.client_height() < END_PX
}
