//! Looking for people: searches to their end, and where those are whom they found.

mod look;
mod shortened;

pub(crate) use look::look;
pub(crate) use shortened::Shortened;

use crate::session::Session;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::directory::words::{Words, listed, sought};
use tertulia_proto::group::Letter;
use tertulia_proto::io::SearchId;
use tertulia_proto::{AccountId, Command, Event, NodeId, Refusal, Reply};
use tertulia_webrtc::native::{Events, Gone, Notice};

/// People that a search yields when it is not said how many.
pub(crate) const FOUND_DEFAULT: usize = 20;
/// How long a search may take. The usual one takes some round trips; one that meets many who are gone is told as far as it came.
const SEARCH_MAX: Duration = Duration::from_secs(10);
/// People who are remembered because they were found: five searches of the greatest size.
const ACQUAINTANCES_MAX: usize = 512;

/// Who was found by the last searches, and where: an account is no way to anybody.
#[derive(Debug, Default)]
pub(crate) struct Acquaintances(RefCell<VecDeque<(AccountId, NodeId)>>);

impl Acquaintances {
    /// Remembers those who were found, in place of the oldest.
    pub(crate) fn remember(&self, people: &[FoundPerson]) {
        let mut known = self.0.borrow_mut();
        for person in people {
            // Those that answer come first.
            let Some(node) = person.nodes.first() else { continue };
            known.retain(|(user, _)| *user != person.user);
            known.push_back((person.user, *node));
        }
        let surplus = known.len().saturating_sub(ACQUAINTANCES_MAX);
        known.drain(..surplus);
    }

    /// Where a user was found.
    pub(crate) fn node_of(&self, user: AccountId) -> Option<NodeId> {
        self.0.borrow().iter().find(|(known, _)| *known == user).map(|(_, node)| *node)
    }
}

/// The words that a person or a program looks for.
pub(crate) fn sought_words(text: &str) -> Words {
    sought(text, Letter::of)
}

/// The words that somebody wants to be found by.
pub(crate) fn listed_words(text: &str) -> Words {
    listed(text, Letter::of)
}

/// Looks for people, and waits until it is known who of them is there.
pub(crate) async fn search(
    session: &Session,
    words: Words,
    limit: usize,
) -> Result<Result<Vec<FoundPerson>, Refusal>, Gone> {
    // From before the command: what it finds may be told before it is answered.
    let events = session.handle.subscribe();
    let id = match session.handle.command(Command::SearchPeople { words, limit }).await? {
        Ok(Reply::Search(id)) => id,
        Ok(_) => return Ok(Ok(Vec::new())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = result(events, id).await;
    session.found.remember(&found);
    Ok(Ok(found))
}

/// What a search comes to; or how far it has come, when that takes too long.
async fn result(mut events: Events, id: SearchId) -> Vec<FoundPerson> {
    let mut found = Vec::new();
    let listening = async {
        while let Some(notice) = events.next().await {
            match notice {
                Notice::Event(Event::Found { search, people, is_over }) if search == id => {
                    found = people;
                    if is_over {
                        break;
                    }
                }
                Notice::Event(_) | Notice::Missed(_) => {}
            }
        }
    };
    let _ = tokio::time::timeout(SEARCH_MAX, listening).await;
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::io::Presence;

    fn found(user: u16, nodes: &[u8]) -> FoundPerson {
        let [high, low] = user.to_be_bytes();
        let mut id = [0; 32];
        (id[0], id[1]) = (high, low);
        FoundPerson {
            user: AccountId(id),
            name: "Ana".to_owned(),
            words: Vec::new(),
            matched: 1,
            nodes: nodes.iter().map(|node| NodeId([*node; 16])).collect(),
            presence: Presence::Online,
        }
    }

    #[test]
    fn whoever_was_found_is_where_they_answered_last() {
        let known = Acquaintances::default();
        known.remember(&[found(1, &[7, 8]), found(2, &[])]);
        assert_eq!(known.node_of(found(1, &[]).user), Some(NodeId([7; 16])));
        assert_eq!(known.node_of(found(2, &[]).user), None);
        known.remember(&[found(1, &[9])]);
        assert_eq!(known.node_of(found(1, &[]).user), Some(NodeId([9; 16])));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_latest() {
        let known = Acquaintances::default();
        for user in 0..600 {
            known.remember(&[found(user, &[1])]);
        }
        assert_eq!(known.0.borrow().len(), ACQUAINTANCES_MAX);
        assert!(known.node_of(found(0, &[]).user).is_none() && known.node_of(found(599, &[]).user).is_some());
    }
}
