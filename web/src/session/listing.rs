//! Finding people in the network, and being found there.

use super::Session;
use crate::address;
use crate::letters::letter;
use crate::state::{SOUGHT_MAX, Seeking, Stale};
use crate::view::Signal;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::directory::words::{Words, listed};
use tertulia_proto::io::SearchId;
use tertulia_proto::{Command, Reply};

impl Session {
    /// Keeps up what is looked for in a searchbox, as long as that is there.
    pub(crate) fn keep_up(self, seeking: Signal<Seeking>) {
        self.seeking.update_untracked(|all| {
            all.retain(|one| !one.is_gone());
            all.push(seeking);
        });
    }

    /// Looks for people who are listed under these words.
    pub(crate) fn seek(self, words: Words, seeking: Signal<Seeking>) {
        let command = Command::SearchPeople { words: words.clone(), limit: SOUGHT_MAX };
        let reply = self.with_tab(|tab| tab.command(command));
        seeking.update(|seeking| match reply {
            Some(Ok(Reply::Search(search))) => seeking.begin(search, words),
            // There are words, so that only the network can be missing.
            _ => seeking.refuse(self.is_connecting()),
        });
    }

    /// Whether somebody is there, or on the way, who can let this node into the network.
    fn is_connecting(self) -> bool {
        address::serving_node().is_some() || self.state.with_untracked(|state| !state.peers.is_empty())
    }

    /// Shows who was found wherever it is looked for them, and forgets the searchboxes that are gone.
    pub(super) fn show_found(self, search: SearchId, people: &[FoundPerson], is_over: bool) {
        self.seeking.update_untracked(|all| {
            all.retain(|one| {
                one.try_update(|seeking| seeking.take(search, people, is_over, letter)).is_some()
            });
        });
    }

    /// Lists the person under the words of a text, or no longer when there are none in it.
    pub(crate) fn list(self, text: &str) {
        self.run(Command::Publish { words: listed(text, letter) });
        self.refresh(&Stale { people: true, ..Stale::default() });
    }
}
