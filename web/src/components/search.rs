//! Finding what was said.

use super::controls::{check, hint, input, label};
use super::dialog::dialog;
use crate::session::{FOUND_MAX, Session};
use crate::state::snippet;
use crate::view::{Element, Signal, View, document, dynamic, effect, el, later};
use crate::when;
use std::cell::RefCell;
use std::time::Duration;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::Found;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// Whoever types on is not looked for half a word for.
const PAUSE: Duration = Duration::from_millis(150);
const EMPTY: &str = "Type words that were said, or a phrase in “quotation marks”.";
const NOTHING: &str = "Nothing that was said has all of these words.";

thread_local! {
    /// What was found last.
    static FOUND: RefCell<Vec<Found>> = const { RefCell::new(Vec::new()) };
}

/// A search while its dialog is open.
#[derive(Clone, Copy)]
struct Search {
    session: Session,
    words: Signal<String>,
    /// The conversation from which it was opened.
    here: Option<ConversationId>,
    is_only_here: Signal<bool>,
    /// The words that [`FOUND`] has, and where they were looked for; empty while nothing is looked for.
    answered: Signal<String>,
}

/// The dialog `Search messages`. From a conversation it looks there only, until the person wants more.
pub(super) fn search_dialog(here: Option<ConversationId>) -> Element {
    let search = Search {
        session: Session::present(),
        words: Signal::default(),
        here,
        is_only_here: Signal::new(here.is_some()),
        answered: Signal::default(),
    };
    FOUND.take();
    effect(move || search.look());
    let input = input("search-words", "search").attr("autofocus", "").bind(search.words);
    let form = el("form")
        .on_submit(move || search.go_to_first())
        // What the dialog is called stands above it already.
        .child(label("search-words", "Search messages").class("visually-hidden"))
        .child(input)
        .children(here.map(|_| check("In this conversation only", search.is_only_here)))
        .child(hint("").attr("role", "status").text_of(move || search.outcome()));
    let body = el("div")
        .class("search")
        .on("keydown", |event| {
            if press(event.unchecked_ref()) {
                event.prevent_default();
            }
        })
        .child(form)
        .child(dynamic(move || search.answered.get(), move |_| search.groups()));
    dialog("Search messages", body.into())
}

impl Search {
    /// Looks for what is typed, once the person has stopped to type.
    fn look(self) {
        let (words, is_only_here) = (self.words.get(), self.is_only_here.get());
        let only = self.here.filter(|_| is_only_here);
        if words.trim().is_empty() {
            FOUND.take();
            return self.answered.set(words);
        }
        let asked = words.clone();
        let is_current = move || {
            self.is_only_here.try_get_untracked() == Some(is_only_here)
                && self.words.try_with_untracked(|now| *now == asked) == Some(true)
        };
        later(PAUSE, move || {
            if is_current() {
                let answer = [words.as_str(), if is_only_here { " " } else { "" }].concat();
                self.session.find(&words, only, is_current, move |found| {
                    FOUND.set(found);
                    // The dialog may be closed by now.
                    self.answered.set(answer);
                });
            }
        });
    }

    fn outcome(self) -> String {
        let is_asked = self.answered.with(|answered| !answered.trim().is_empty());
        match FOUND.with_borrow(Vec::len) {
            _ if !is_asked => EMPTY.to_owned(),
            0 => NOTHING.to_owned(),
            1 => "One message.".to_owned(),
            FOUND_MAX => {
                format!("The newest {FOUND_MAX} messages. More words find older ones.")
            }
            count => format!("{count} messages, the newest first."),
        }
    }

    fn go_to_first(self) {
        let first = |found: &Vec<Found>| found.first().map(|first| (first.conversation, first.message.id));
        if let Some((conversation, message)) = FOUND.with_borrow(first) {
            self.session.show_message(conversation, message);
        }
    }

    /// What was found, by conversation: first the one that has the newest.
    fn groups(self) -> View {
        let mut groups: Vec<(ConversationId, Element)> = Vec::new();
        for one in &FOUND.with_borrow(Clone::clone) {
            let hit = el("li").child(self.hit(one));
            match groups.iter().position(|(id, _)| *id == one.conversation) {
                Some(at) => groups[at].1.append(hit),
                None => {
                    let name = self.session.name_of(one.conversation);
                    let list = el("ul").class("people-list choosable").attr("aria-label", &name);
                    groups.push((one.conversation, list.child(hit)));
                }
            }
        }
        let group = |(id, list): (ConversationId, Element)| {
            let name = el("bdi").text(&self.session.name_of(id));
            el("section").child(el("h3").child(name)).child(list)
        };
        el("div").class("hits").children(groups.into_iter().map(group)).into()
    }

    fn hit(self, found: &Found) -> Element {
        let (session, conversation, message) = (self.session, found.conversation, &found.message);
        let id = message.id;
        let time = el("time")
            .attr("datetime", &when::iso(message.time_ms))
            .attr("title", &when::full(message.time_ms))
            .text(&when::brief(message.time_ms));
        let head = el("span")
            .class("hit-head")
            .child(el("bdi").class("author").text(message.name.as_str()))
            .text(" ")
            .child(time)
            .text(" ");
        let words = snippet(&message.text, &found.places).into_iter().map(|(words, is_found)| -> View {
            if is_found { el("mark").text(words).into() } else { words.into() }
        });
        el("button")
            .class("hit")
            .attr("type", "button")
            .on_press(move || session.show_message(conversation, id))
            .child(head)
            .child(el("span").class("snippet").child(el("bdi").children(words)))
    }
}

/// Walks from the searchbox to what was found, and back. Whether the key was for that.
fn press(event: &KeyboardEvent) -> bool {
    let step = match event.key().as_str() {
        "ArrowUp" => -1,
        "ArrowDown" => 1,
        _ => return false,
    };
    let Ok(places) = document().query_selector_all(".search input[type=search], .search .hit") else {
        return false;
    };
    let places: Vec<HtmlElement> =
        (0..places.length()).filter_map(|at| places.get(at)?.dyn_into().ok()).collect();
    let focused = document().active_element();
    let at = places.iter().position(|place| focused.as_deref() == Some(&***place));
    let next = at.and_then(|at| places.get(at.checked_add_signed(step)?));
    next.into_iter().for_each(|next| drop(next.focus()));
    at.is_some()
}
