//! A searchbox for people who are listed in the network.

use super::controls::input;
use crate::letters::letter;
use crate::session::Session;
use crate::state::{Seeking, Sought, enough};
use crate::view::{Element, Signal, effect, el, later};
use std::time::Duration;
use tertulia_proto::AccountId;
use tertulia_proto::io::Person;

/// Whoever types on is not looked for half a word for: others answer for it.
const PAUSE: Duration = Duration::from_millis(250);
/// How soon it looks again where there was no network: whoever waits for it sees no pause. It asks nobody but this node.
const RETRY: Duration = Duration::from_millis(500);

/// What is typed, and who is found by it.
#[derive(Clone, Copy)]
pub(super) struct Finder {
    pub(super) session: Session,
    pub(super) words: Signal<String>,
    pub(super) seeking: Signal<Seeking>,
}

impl Finder {
    /// Looks for what is in `words`, as long as the present owner lives.
    pub(super) fn new(session: Session, words: Signal<String>) -> Self {
        let finder = Self { session, words, seeking: Signal::default() };
        session.keep_up(finder.seeking);
        effect(move || {
            let words = words.get();
            if enough(&words, letter).is_some() {
                finder.look_in(PAUSE, words);
            } else {
                finder.seeking.set(Seeking::idle(&words, letter));
            }
        });
        finder
    }

    /// The searchbox.
    pub(super) fn searchbox(self, id: &str) -> Element {
        input(id, "search").bind(self.words)
    }

    /// Looks at once, and again for those who were not there before.
    pub(super) fn look(self) {
        self.look_in(Duration::ZERO, self.words.get_untracked());
    }

    /// Looks for these words after a while, if they are wanted then.
    fn look_in(self, pause: Duration, words: String) {
        later(pause, move || {
            // What shows it may be gone by now, and what was typed with it.
            let is_wanted = self.words.try_with_untracked(|now| *now == words) == Some(true);
            let Some(sought) = enough(&words, letter).filter(|_| is_wanted && !self.seeking.is_gone()) else {
                return;
            };
            self.session.seek(sought, self.seeking);
            if self.seeking.with_untracked(Seeking::is_refused) {
                self.look_in(RETRY, words);
            }
        });
    }

    /// How far it has come, in words; `idle` while nothing is looked for.
    pub(super) fn outcome(self, idle: &str) -> String {
        let outcome = self.seeking.with(Seeking::outcome);
        if outcome.is_empty() { idle.to_owned() } else { outcome }
    }

    /// Those who were found.
    pub(super) fn users(self) -> Vec<AccountId> {
        self.seeking.with(|seeking| seeking.people.iter().map(|one| one.person.user).collect())
    }

    /// Who that is whom it has found.
    pub(super) fn person(self, user: &AccountId) -> Option<Person> {
        self.seeking.with_untracked(|seeking| seeking.one(user).map(|one| one.person.clone()))
    }

    /// Somebody who was found, in words. What becomes known of them is put into its place.
    pub(super) fn about(self, user: AccountId) -> Element {
        let now = move |read: fn(&Sought) -> String| {
            move || self.seeking.with(|seeking| seeking.one(&user).map(read).unwrap_or_default())
        };
        let is_online = move || self.seeking.with(|seeking| seeking.one(&user).is_some_and(Sought::is_there));
        let presence = el("span")
            .class("presence")
            .class_while("online", is_online)
            .text_of(now(|one| one.presence.as_str().into()));
        let words = el("bdi").class("hint").text_of(now(|one| one.words.clone()));
        el("span")
            .class("person")
            .child(el("bdi").class("person-name").text_of(now(|one| one.person.name.to_string())))
            .child(el("span").class("person-notes").child(presence).child(words))
    }
}
