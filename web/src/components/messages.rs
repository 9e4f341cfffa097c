//! What was said.

use super::avatar::Avatar;
use super::erased::{Each, When, effect, flag, items, key_of, press, text};
use crate::session::Session;
use crate::state::{Row, progress};
use crate::ui::Ui;
use crate::when;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::{ConversationView, MessageView};
use tertulia_proto::table::Table;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{HtmlElement, ResizeObserver};

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
#[component]
pub(crate) fn Messages(conversation: ConversationId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let (log, rows_node) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let last_top = StoredValue::new(0);
    let is_at_end = RwSignal::new(true);
    let marks: Marks = StoredValue::default();
    let to_end = move || {
        is_at_end.set(true);
        scroll_to_end(log);
    };
    begin(log, rows_node, is_at_end);
    follow_own(session, is_at_end);
    update_marks(session, marks);
    report_reading(session, ui, conversation, is_at_end);
    let rows =
        items(move || session.feed.with(|feed| feed.rows.clone()), key, move |row| message(row, marks));
    view! {
        <div class="log-frame">
            <div
                class="log"
                role="log"
                aria-label="Messages"
                tabindex="0"
                node_ref=log
                on:scroll=move |_| watch_scrolling(log, is_at_end, last_top)
            >
                <When on=flag(move || session.feed.with(|feed| feed.has_earlier))>
                    <button class="earlier" on:click=press(move || session.show_earlier())>
                        "Show earlier"
                    </button>
                </When>
                <When on=flag(move || session.feed.with(|feed| feed.rows.is_empty()))>
                    <Nothing conversation />
                </When>
                <div class="rows" node_ref=rows_node>
                    <Each items=rows />
                </div>
            </div>
            <When on=flag(move || !is_at_end.get())>
                <button class="jump" on:click=press(to_end)>"Jump to latest"</button>
            </When>
        </div>
    }
}

#[component]
fn Nothing(conversation: ConversationId) -> impl IntoView {
    let session = expect_context::<Session>();
    let others = |view: &ConversationView| view.participants.iter().filter(|one| !one.me).count();
    let is_alone =
        move || session.state.with(|state| state.conversation(conversation).map_or(0, others)) == 0;
    let words = text(move || if is_alone() { ALONE } else { SILENT }.to_owned());
    view! { <p class="empty">{words}</p> }
}

/// What must be equal for a row to stay in place as it is. How far it has come is not in it: that changes in place.
fn key(row: &Row) -> u128 {
    let above = [u8::from(row.leads), u8::from(row.day_ms.is_some()), u8::from(row.is_new)];
    key_of(&row.message.id.0, &above)
}

fn message(row: Row, marks: Marks) -> AnyView {
    let Row { message, leads, day_ms, is_new } = row;
    let is_own = message.state.is_some();
    let mark = mark_of(&message, marks);
    let is_last = mark.as_ref().map_or(Signal::stored(false), |mark| mark.is_last.clone().into());
    view! {
        {day_ms.map(|ms| view! { <p class="divider" role="separator"><span>{when::day_name(ms)}</span></p> })}
        {is_new.then(|| view! { <p class="divider new" role="separator"><span>"New"</span></p> })}
        <article class="message" class:own=is_own class:leads=leads class:last=is_last>
            {(leads && !is_own).then(|| view! { <Avatar user=message.author /> })}
            <header>
                <bdi class="author">{message.name.to_string()}</bdi>
                " "
                <time datetime=when::iso(message.time_ms) title=when::full(message.time_ms)>{when::time(message.time_ms)}</time>
            </header>
            <p class="text" dir="auto">{message.text.clone()}</p>
            {mark.map(|mark| view! { <p class="state">{Signal::<String>::from(mark.words)}</p> })}
        </article>
    }
    .into_any()
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
fn begin(log: NodeRef<html::Div>, rows: NodeRef<html::Div>, is_at_end: RwSignal<bool>) {
    let watching = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn Fn()>)>);
    effect(move || {
        let (Some(log), Some(rows)) = (log.get(), rows.get()) else { return };
        let line = log.query_selector(".divider.new").ok().flatten();
        match line.and_then(|line| line.dyn_into::<HtmlElement>().ok()) {
            Some(line) => log.set_scroll_top(line.offset_top() - END_PX),
            None => log.set_scroll_top(log.scroll_height()),
        }
        is_at_end.set(at_end(&log));
        let scrolled = log.clone();
        let resized = Closure::<dyn Fn()>::new(move || {
            if is_at_end.try_get_untracked() == Some(true) {
                scrolled.set_scroll_top(scrolled.scroll_height());
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&log);
            observer.observe(&rows);
            watching.set_value(Some((observer, resized)));
        }
    });
    let watching = SendWrapper::new(watching);
    on_cleanup(move || {
        watching.try_with_value(|watching| watching.iter().for_each(|(observer, _)| observer.disconnect()));
    });
}

/// Tells the person who scrolls up from a log that has grown below them: only the former leaves the end.
fn watch_scrolling(log: NodeRef<html::Div>, is_at_end: RwSignal<bool>, last_top: StoredValue<i32>) {
    let Some(log) = log.get_untracked() else { return };
    let top = log.scroll_top();
    let went_up = top < last_top.get_value();
    last_top.set_value(top);
    let (before, now) = (is_at_end.get_untracked(), at_end(&log));
    if now != before && (now || went_up) {
        is_at_end.set(now);
    }
}

/// Goes to the end when the person says something themselves.
fn follow_own(session: Session, is_at_end: RwSignal<bool>) {
    Effect::new(move |before: Option<Option<OpId>>| {
        let (last, is_own) = session.feed.with(|feed| {
            let last = feed.rows.last().map(|row| &row.message);
            (last.map(|last| last.id), last.is_some_and(|last| last.state.is_some()))
        });
        if is_own && before.is_some_and(|before| before != last) && !is_at_end.get_untracked() {
            is_at_end.set(true);
        }
        last
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

fn scroll_to_end(log: NodeRef<html::Div>) {
    if let Some(log) = log.try_get_untracked().flatten() {
        log.set_scroll_top(log.scroll_height());
    }
}
