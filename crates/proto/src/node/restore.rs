//! Going on after a restart, from the records that the driver kept.

use super::{Config, Node, ctx};
use crate::ctx::Ctx;
use crate::group::Operation;
use crate::identity::Identity;
use crate::store::Key;
use crate::time::Instant;
use crate::wire::cbor::decode;

impl Node {
    /// A node that goes on where the one was whose records these are: all that
    /// [`Output::Store`](crate::Output::Store) had kept, in the order of their keys.
    ///
    /// What cannot be read is skipped and counted under `record_unreadable`. Drain [`Self::poll_output`] afterwards:
    /// links to those whom we talk with are pursued from the first moment.
    pub fn restore(
        identity: Identity,
        config: Config,
        seed: [u8; 32],
        now: Instant,
        records: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Self {
        let mut restoring = Restoring::new(identity, config, seed, now);
        records.into_iter().for_each(|(key, value)| restoring.take(&key, &value));
        restoring.finish()
    }

    /// Takes one record back, or nothing when it is none.
    fn take_back(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let key = Key::from_bytes(key)?;
        let mut ctx = ctx!(self);
        match key {
            Key::Settings(id) => self.groups.take_back(&ctx, id)?.take_settings(decode(value)?),
            Key::Horizons(id) => self.groups.take_back(&ctx, id)?.take_horizons(&decode(value)?),
            Key::Operation(id, ..) => {
                // The key covers all that was signed: what is damaged has another.
                let operation = decode::<Operation>(value).filter(|operation| operation.key() == key)?;
                self.groups.take_back(&ctx, id)?.take_back(&mut ctx, operation);
            }
            Key::Reach(node) => self.reach.take_back(node, decode(value)?),
            Key::Granted(_) => self.requests.take_granted(value)?,
            Key::Left(request) => self.inbox.take_back(request, value)?,
            Key::Blocked(user) => self.preferences.take_blocked(user, decode(value)?),
            Key::Switches => self.preferences.switches = decode(value)?,
            Key::Listed => self.directory.take_listed(self.now, decode(value)?),
        }
        Some(())
    }
}

/// A node on its way back, for drivers that are given their records piece by piece: see [`Node::restore`].
pub struct Restoring(Node);

impl Restoring {
    /// A node that has taken nothing back yet.
    pub fn new(identity: Identity, config: Config, seed: [u8; 32], now: Instant) -> Self {
        Self(Node::new(identity, config, seed, now))
    }

    /// Takes the next record back, in the order of the keys.
    pub fn take(&mut self, key: &[u8], value: &[u8]) {
        if self.0.take_back(key, value).is_none() {
            let node = &mut self.0;
            ctx!(node).count("record_unreadable");
        }
    }

    /// The node, now that all is back.
    pub fn finish(self) -> Node {
        let Self(mut node) = self;
        node.groups.resume(&mut ctx!(node));
        node.settle();
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::History;
    use crate::identity::Name;
    use crate::io::{MessageText, Recalled};
    use crate::rng::Rng;
    use crate::table::Table;
    use crate::{Command, ConversationId, ConversationKind, Output, Reply, Window};

    const NOW: Instant = Instant::from_millis(1_800_000_000_000);

    fn identity() -> Identity {
        Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1)
    }

    fn keep(node: &mut Node, kept: &mut Table<Vec<u8>, Vec<u8>>) {
        while let Some(output) = node.poll_output() {
            match output {
                Output::Store { key, value: Some(value) } => drop(kept.insert(key, value)),
                Output::Store { key, value: None } => drop(kept.remove(&key)),
                _ => {}
            }
        }
    }

    fn restored(kept: &Table<Vec<u8>, Vec<u8>>) -> Node {
        let records = kept.iter().map(|(key, value)| (key.clone(), value.clone()));
        Node::restore(identity(), Config::NATIVE, [3; 32], NOW, records)
    }

    fn say(node: &mut Node, conversation: ConversationId, text: &str) {
        let text = MessageText::cut(text);
        node.command(Command::Send { conversation, text, reply_to: None }, NOW).unwrap();
    }

    fn texts(node: &Node, conversation: ConversationId) -> Vec<String> {
        let messages = node.messages(conversation, Window::default(), &Recalled::default()).unwrap();
        messages.into_iter().map(|message| message.text).collect()
    }

    fn talkative() -> (Table<Vec<u8>, Vec<u8>>, ConversationId) {
        let mut node = Node::new(identity(), Config::NATIVE, [2; 32], NOW);
        let create = Command::Create {
            kind: ConversationKind::Public,
            name: Name::cut("Plans"),
            history: History::All,
        };
        let Ok(Reply::Conversation(talk)) = node.command(create, NOW) else { panic!("not created") };
        say(&mut node, talk, "one");
        say(&mut node, talk, "two");
        let mut kept = Table::default();
        keep(&mut node, &mut kept);
        (kept, talk)
    }

    #[test]
    fn a_node_goes_on_where_it_was() {
        let (mut kept, talk) = talkative();
        for text in ["three", "four"] {
            let mut node = restored(&kept);
            assert_eq!(node.conversation(talk).unwrap().name, "Plans");
            say(&mut node, talk, text);
            keep(&mut node, &mut kept);
        }
        let node = restored(&kept);
        assert_eq!(texts(&node, talk), ["one", "two", "three", "four"]);
        assert!(node.stats().is_empty(), "{:?}", node.stats());
    }

    #[test]
    fn what_cannot_be_read_is_skipped_and_counted() {
        let (whole, talk) = talkative();
        for at in 0..whole.len() {
            let mut kept = whole.clone();
            let record = kept.values_mut().nth(at).unwrap();
            record.truncate(record.len() / 2);
            assert!(restored(&kept).stats().contains_key("record_unreadable"), "record {at}");
        }
        let mut kept = whole;
        kept.insert(vec![0xff; 70], vec![1, 2, 3]);
        kept.insert(Vec::new(), Vec::new());
        let node = restored(&kept);
        assert_eq!(node.stats()["record_unreadable"], 2);
        assert_eq!(texts(&node, talk), ["one", "two"]);
    }
}
