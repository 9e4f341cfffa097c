//! One message.

use super::avatar::avatar;
use super::messages::at_end;
use super::talk::Talk;
use crate::session::Session;
use crate::state::{Row, State, beginning, progress, reacted, said};
use crate::view::{Element, Signal, Source, View, at_next_frame, each, el, key_of, later, run, untrack};
use crate::when;
use std::sync::Arc;
use std::time::Duration;
use tertulia_proto::group::OpId;
use tertulia_proto::io::{MessageView, ReactionView};
use tertulia_proto::table::Table;
use web_sys::HtmlElement;

/// How long a message that one was led to is marked.
const MARKED: Duration = Duration::from_secs(2);

/// What changes of a message while it stands there: it changes in place, so that focus and scroll stay where they are
/// and the message is not said again.
#[derive(Clone, PartialEq)]
pub(super) struct Shown {
    /// The message.
    pub(super) message: Arc<MessageView>,
    /// Whether it is the last of its group, where it is seen how far all of them have come.
    pub(super) is_last: bool,
    /// Whether it is the last of all: the first that the keyboard comes to.
    pub(super) is_end: bool,
}

/// A message on the page.
#[derive(Clone)]
pub(super) struct Mark {
    /// What it shows.
    pub(super) shown: Arc<Source<Shown>>,
    /// Its article, once it was drawn.
    pub(super) article: Option<HtmlElement>,
}

/// What the messages of a log share.
#[derive(Clone, Copy)]
pub(super) struct Log {
    /// Who shows it.
    pub(super) session: Session,
    /// The conversation.
    pub(super) talk: Talk,
    /// What stands on the page.
    pub(super) marks: Signal<Table<OpId, Mark>>,
    /// Whether the person is at the end.
    pub(super) is_at_end: Signal<bool>,
}

/// What must be equal for a row to stay in place as it is. The message itself is not in it: that changes in place.
pub(super) fn key(row: &Row) -> u128 {
    let above = [u8::from(row.leads), u8::from(row.day_ms.is_some()), u8::from(row.is_new)];
    key_of(&row.message.id.0, &above)
}

/// A message, and what stands above it.
pub(super) fn message(log: Log, row: &Row) -> View {
    let day = row.day_ms.map(|ms| divider("divider", &when::day_name(ms)).into());
    let line = row.is_new.then(|| divider("divider new", "New").into());
    run(day.into_iter().chain(line).chain([article(log, row).into()]))
}

fn divider(class: &str, words: &str) -> Element {
    el("p").class(class).attr("role", "separator").child(el("span").text(words))
}

fn article(log: Log, row: &Row) -> Element {
    let message = &*row.message;
    let article = el("article");
    let shown = mark(log, &row.message, &article);
    let (leads, is_own) = (row.leads, message.state.is_some());
    let classes = follow(&shown, move |shown| {
        let Shown { message, is_last, .. } = shown;
        let flags = [
            (is_own, "own"),
            (leads, "leads"),
            (*is_last, "last"),
            (message.emote, "emote"),
            (message.deleted, "deleted"),
        ];
        let on = flags.into_iter().filter(|(is_on, _)| *is_on);
        on.fold("message".to_owned(), |classes, (_, name)| [&classes, " ", name].concat())
    });
    let edited = |shown: &Shown| if shown.message.edited && !shown.message.deleted { " edited" } else { "" };
    let text = el("p")
        .class("text")
        .attr("dir", "auto")
        .text_of(follow(&shown, |shown| said(&shown.message)))
        .child(el("small").class("edited").text_of(follow(&shown, move |shown| edited(shown).to_owned())));
    let state = |shown: &Shown| shown.message.state.as_ref().map(progress).unwrap_or_default();
    article
        .attr_of("class", classes)
        .children((leads && !is_own).then(|| avatar(message.author)))
        .child(signature(message))
        .children(message.reply_to.map(|to| quote(log, to)))
        .child(text)
        .child(reactions(log, message.id, &shown))
        .children(is_own.then(|| el("p").class("state").text_of(follow(&shown, state))))
        .child(actions_button(&shown))
}

/// What `read` reads of a message as it is now.
fn follow(
    shown: &Arc<Source<Shown>>,
    read: impl Fn(&Shown) -> String + Send + 'static,
) -> impl Fn() -> String + Send + 'static {
    let shown = shown.clone();
    move || shown.with(&read)
}

/// Notes that a message stands on the page.
fn mark(log: Log, message: &Arc<MessageView>, article: &Element) -> Arc<Source<Shown>> {
    let now = Shown { message: message.clone(), is_last: true, is_end: false };
    let marked = log.marks.update_untracked(|marks| {
        let make = || Mark { shown: Arc::new(Source::new(now.clone())), article: None };
        let mark = marks.or_insert_with(message.id, make);
        mark.article = Some(article.node());
        mark.shown.clone()
    });
    marked.unwrap_or_else(|| Arc::new(Source::new(now)))
}

/// Who said it, and when.
fn signature(message: &MessageView) -> Element {
    let time = el("time")
        .attr("datetime", &when::iso(message.time_ms))
        .attr("title", &when::full(message.time_ms))
        .text(&when::time(message.time_ms));
    el("header").child(el("bdi").class("author").text(message.name.as_str())).text(" ").child(time)
}

/// What it replies to; pressed, it goes there.
fn quote(log: Log, to: OpId) -> Element {
    let Log { session, talk, .. } = log;
    // It changes with what it quotes: what was taken back is not read here either.
    let read = move || {
        session.feed.track();
        match session.said(talk.id, to) {
            Some(message) => [message.name.as_str(), ": ", &beginning(&message)].concat(),
            None => "A message that is not here".into(),
        }
    };
    el("button")
        .class("quote")
        .attr("dir", "auto")
        .on_press(move || go_to(log, to))
        .child(el("span").class("visually-hidden").text("In reply to "))
        .child(el("span").text_of(read))
}

/// Shows a message that may be further back, marks it for a while, and puts the focus there.
pub(super) fn go_to(log: Log, message: OpId) {
    let lead = move || {
        let mark = log.marks.try_with_untracked(|marks| marks.get(&message).cloned()).flatten();
        if let Some(article) = mark.and_then(|mark| mark.article) {
            // Else the end would be kept in view. Who is led there is told by the scrolling.
            log.is_at_end.set(false);
            // A focus that scripts only may set: it is where the reader is led to.
            let _ = article.set_attribute("tabindex", "-1");
            let _ = article.set_attribute("data-goal", "");
            article.scroll_into_view();
            let _ = article.focus();
            if let Ok(Some(frame)) = article.closest(".log") {
                log.is_at_end.set(at_end(&frame));
            }
            later(MARKED, move || drop(article.remove_attribute("data-goal")));
        }
    };
    log.session.show_around(message, move || at_next_frame(lead));
}

fn reactions(log: Log, id: OpId, shown: &Arc<Source<Shown>>) -> Element {
    let (all, shown) = (shown.clone(), shown.clone());
    let rows = each(
        move || all.with(|shown| shown.message.reactions.clone()),
        |reaction: &ReactionView| key_of(&[], reaction.emoji.as_bytes()),
        move |reaction| reaction_button(log, id, shown.clone(), reaction.emoji.clone()),
    );
    el("div").class("reactions").child(rows)
}

/// A reaction of others or ours; pressed, it is ours or no longer.
fn reaction_button(log: Log, id: OpId, shown: Arc<Source<Shown>>, emoji: String) -> Element {
    let Log { session, talk, .. } = log;
    let words = emoji.clone();
    let now = Arc::new(move || {
        let is_it = |one: &&ReactionView| one.emoji == emoji;
        shown.with(|shown| shown.message.reactions.iter().find(is_it).cloned())
    });
    let (called, mine) = (now.clone(), now.clone());
    let is_mine = move || mine().is_some_and(|now| now.mine).to_string();
    let name = move || {
        let name = |user: &_| session.state.with_untracked(|state: &State| state.user_name(talk.id, user));
        called().map(|now| reacted(&now, name)).unwrap_or_default()
    };
    let (count, pressed) = (now.clone(), now);
    el("button")
        .attr_of("aria-label", name)
        .attr_of("aria-pressed", is_mine)
        .text(&words)
        .text(" ")
        .text_of(move || count().map_or(0, |now| now.by.len()).to_string())
        .on_press(move || {
            let is_mine = untrack(|| pressed()).is_some_and(|now| now.mine);
            session.react(talk.id, id, &words, !is_mine);
        })
}

/// What opens the actions; the log listens to it.
fn actions_button(shown: &Arc<Source<Shown>>) -> Element {
    let place = |shown: &Shown| if shown.is_end { "0" } else { "-1" }.to_owned();
    el("button")
        .class("more quiet")
        .attr("aria-label", "Actions")
        .attr("aria-expanded", "false")
        .attr_of("tabindex", follow(shown, place))
        .text("⋯")
}
