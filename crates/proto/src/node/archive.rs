//! History on its way out: an export, piece by piece.

use super::Node;
use crate::group::archive::{Archived, Export, PIECE_MAX, Place};
use crate::group::{ConversationId, OpId};
use crate::io::{Lacking, Person, Recalled};

impl Node {
    /// All conversations that can be exported, in the order of their ids.
    pub fn exportable(&self) -> Vec<ConversationId> {
        self.groups.ids().collect()
    }

    /// The next piece of an export, some whole lines; nothing when all is written. What is said meanwhile is in it if
    /// it stands behind the place where the export is. Or what has to be read for the piece first.
    pub fn export(&self, export: &mut Export, recalled: &Recalled) -> Result<Option<String>, Lacking> {
        let (text, next) = match export.place {
            Place::Head => (Export::head(&self.me(), self.now.as_millis()), Place::Between),
            Place::Between => match export.waiting.pop() {
                Some(id) => {
                    let line = self.groups.archive_line(&id);
                    export.conversations += u64::from(line.is_some());
                    (line.unwrap_or_default(), Place::Within(id, None))
                }
                None => (export.tail(), Place::Done),
            },
            Place::Within(id, after) => {
                let piece = self.operations(id, after, PIECE_MAX, recalled)?;
                export.operations += piece.len() as u64;
                let last = piece.last().map(|one| one.operation.id());
                let next = last.map_or(Place::Between, |last| Place::Within(id, Some(last)));
                (piece.iter().map(Archived::line).collect(), next)
            }
            Place::Done => return Ok(None),
        };
        export.place = next;
        Ok(Some(text))
    }

    /// Everybody who is or was in a conversation.
    pub fn people(&self, id: ConversationId) -> Vec<Person> {
        self.groups.people(&id)
    }

    /// The operations of a conversation behind `after`, or from the first on, in the order of display, which is causal:
    /// at most `limit`; or what has to be read first.
    pub fn operations(
        &self,
        id: ConversationId,
        after: Option<OpId>,
        limit: usize,
        recalled: &Recalled,
    ) -> Result<Vec<Archived>, Lacking> {
        self.groups.archive(&id, after, limit, recalled)
    }
}
