//! What became of a message: a pure function of it and of the operations that change it.

use crate::group::op::{Body, Content, Message, Operation, React};
use crate::identity::{AccountId, is_plain};
use crate::io::{Emoji, MessageText};

/// Different reactions that one message shows: a line of them, and more than anybody tells apart.
pub(crate) const REACTIONS_MAX: usize = 32;

/// A message as its author and those who react to it have made it.
pub(crate) struct Now<'a> {
    /// The latest words.
    pub text: &'a MessageText,
    pub edited: bool,
    pub deleted: bool,
    /// Each reaction that stands, and whose it is, in the order in which they came to be.
    pub reactions: Vec<(&'a Emoji, Vec<AccountId>)>,
}

impl<'a> Now<'a> {
    /// What `changes`, in the order of display and by people whose word counts, make of a message of `author`.
    /// Only the author's edits count, the last of them; once deleted it stays so.
    pub(crate) fn of(
        author: AccountId,
        message: &'a Message,
        changes: impl Iterator<Item = &'a Operation>,
    ) -> Self {
        let mut now = Self { text: &message.text, edited: false, deleted: false, reactions: Vec::new() };
        for change in changes.map(Operation::content).filter(|change| may(change, author)) {
            match &change.body {
                Body::Edit(edit) => (now.text, now.edited) = (&edit.text, true),
                Body::Delete(_) => now.deleted = true,
                Body::React(react) => now.react(change.author, react),
                _ => {}
            }
        }
        if now.deleted {
            (now.edited, now.reactions) = (false, Vec::new());
        }
        now
    }

    fn react(&mut self, who: AccountId, react: &'a React) {
        let place = self.reactions.iter().position(|(emoji, _)| **emoji == react.emoji);
        match place {
            Some(at) => {
                let (_, by) = &mut self.reactions[at];
                let is_among = by.contains(&who);
                if react.on && !is_among {
                    by.push(who);
                } else if !react.on {
                    by.retain(|one| *one != who);
                }
                if by.is_empty() {
                    self.reactions.remove(at);
                }
            }
            None if react.on && self.has_room() => self.reactions.push((&react.emoji, vec![who])),
            None => {}
        }
    }

    /// Whether one more emoji can be shown.
    pub(crate) fn has_room(&self) -> bool {
        self.reactions.len() < REACTIONS_MAX
    }

    /// Those who react with `emoji`, if anybody does.
    pub(crate) fn reacting(&self, emoji: &Emoji) -> Option<&[AccountId]> {
        self.reactions.iter().find(|(known, _)| *known == emoji).map(|(_, by)| by.as_slice())
    }
}

/// Whether a change is one that its author may make to a message of `author`.
pub(crate) fn may(change: &Content, author: AccountId) -> bool {
    match &change.body {
        Body::Edit(_) | Body::Delete(_) => change.author == author,
        Body::React(react) => is_reaction(&react.emoji),
        _ => false,
    }
}

/// Whether `emoji` can be shown beside a message: something, and nothing that moves what stands around it.
pub(crate) fn is_reaction(emoji: &Emoji) -> bool {
    let text = emoji.as_str();
    !text.is_empty() && text.chars().all(|c| is_plain(c) && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::graph::Graph;
    use crate::group::op::{Admit, ConversationKind, Create, Delete, Edit, History, OpId};
    use crate::identity::{Identity, Name};
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// Ana on two devices, and Eva: each with a copy of their conversation.
    struct Room {
        people: Vec<(Identity, Graph)>,
    }

    impl Room {
        fn new() -> Self {
            let someone = |seed| Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1);
            let (ana, eva) = (someone(1), someone(2));
            let tablet = ana.sibling(&mut Rng::new([3; 32]));
            let mut graph = Graph::default();
            let create = Create {
                kind: ConversationKind::Public,
                history: History::All,
                nonce: [0; 16],
                certificate: ana.certificate().clone(),
                profile: ana.profile().clone(),
            };
            graph.write(&ana, 1, Body::Create(create));
            for who in [&tablet, &eva] {
                let (certificate, profile) = (who.certificate().clone(), who.profile().clone());
                graph.write(&ana, 1, Body::Admit(Admit { certificate, profile, ticket: None }));
            }
            let copies = [Graph::default(), Graph::default()].map(|copy| copied(copy, graph.operations()));
            let [of_tablet, of_eva] = copies;
            Self { people: vec![(ana, graph), (tablet, of_tablet), (eva, of_eva)] }
        }

        fn writes(&mut self, who: usize, body: Body) -> OpId {
            let (me, graph) = &mut self.people[who];
            graph.write(me, 1, body).id()
        }

        fn says(&mut self, who: usize, text: &str) -> OpId {
            self.writes(who, Body::Message(Message { text: MessageText::cut(text), reply_to: None }))
        }

        fn reacts(&mut self, who: usize, message: OpId, emoji: &str, on: bool) {
            self.writes(who, Body::React(React { message, emoji: Emoji::cut(emoji), on }));
        }

        /// One takes in all that another has.
        fn hears(&mut self, who: usize, of: usize) {
            let all: Vec<_> = self.people[of].1.operations().cloned().collect();
            let graph = std::mem::take(&mut self.people[who].1);
            self.people[who].1 = copied(graph, all.iter());
        }

        fn meet(&mut self) {
            for (who, of) in [(0, 1), (0, 2), (1, 0), (2, 0)] {
                self.hears(who, of);
            }
        }
    }

    fn copied<'a>(mut graph: Graph, operations: impl Iterator<Item = &'a Operation>) -> Graph {
        operations.for_each(|operation| drop(graph.take(operation.clone())));
        graph
    }

    fn edit(message: OpId, text: &str) -> Body {
        Body::Edit(Edit { message, text: MessageText::cut(text) })
    }

    /// What a graph makes of every message in it.
    fn shown(graph: &Graph) -> Vec<String> {
        let mut shown = Vec::new();
        for operation in graph.operations() {
            let Body::Message(message) = &operation.content().body else { continue };
            let rows = graph.rows();
            let counted =
                graph.changes(&operation.id()).iter().filter(|change| rows.row(**change).is_entitled);
            let changes = counted.filter_map(|change| rows.operation(*change));
            let now = Now::of(operation.content().author, message, changes);
            let reactions: Vec<_> =
                now.reactions.iter().map(|(emoji, by)| format!("{emoji} {}", by.len())).collect();
            let marks = [(now.edited, "edited"), (now.deleted, "deleted")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            shown.push(format!("{} {marks} {}", now.text, reactions.join(" ")));
        }
        shown
    }

    #[test]
    fn any_device_of_the_author_may_edit_and_delete_and_nobody_else() {
        let mut room = Room::new();
        let message = room.says(0, "one");
        room.meet();
        room.writes(2, edit(message, "forged"));
        room.writes(2, Body::Delete(Delete { message }));
        room.writes(1, edit(message, "two"));
        room.meet();
        assert_eq!(shown(&room.people[2].1), ["two edited "]);
        room.writes(1, Body::Delete(Delete { message }));
        room.writes(1, edit(message, "three"));
        room.reacts(1, message, "👍", true);
        room.meet();
        assert_eq!(shown(&room.people[2].1), ["three deleted "]);
    }

    #[test]
    fn a_reaction_is_an_accounts_and_the_latest_counts() {
        let mut room = Room::new();
        let message = room.says(2, "one");
        room.meet();
        room.reacts(0, message, "👍", true);
        room.reacts(1, message, "👍", true);
        room.reacts(2, message, "👎", true);
        room.meet();
        assert!(shown(&room.people[0].1)[0].contains("👍 1"));
        room.reacts(1, message, "👍", false);
        room.reacts(1, message, "a b", true);
        room.meet();
        assert_eq!(shown(&room.people[0].1), ["one  👎 1"]);
    }

    #[test]
    fn a_message_shows_only_so_many_reactions() {
        let mut room = Room::new();
        let message = room.says(0, "one");
        for number in 0..=REACTIONS_MAX {
            room.reacts(0, message, &number.to_string(), true);
        }
        let shown = shown(&room.people[0].1);
        assert!(shown[0].contains(&format!("{} 1", REACTIONS_MAX - 1)));
        assert!(!shown[0].contains(&format!("{REACTIONS_MAX} 1")));
    }

    #[test]
    fn a_change_of_what_is_not_there_waits_for_it() {
        let mut room = Room::new();
        let mut evas = Graph::default();
        // A peer that names what it does not depend on: its edit can be there first.
        let message = room.says(2, "one");
        evas = copied(evas, room.people[0].1.operations());
        evas.write(&room.people[2].0, 1, edit(message, "two"));
        assert!(shown(&evas).is_empty());
        let evas = copied(evas, room.people[2].1.operations());
        assert_eq!(shown(&evas), ["two edited "]);
    }

    fn play(room: &mut Room, messages: &mut Vec<OpId>, step: (usize, u8, usize)) {
        let (who, what, which) = step;
        let target = messages.get(which % messages.len().max(1)).copied();
        let emoji = ["👍", "👎", "🎉"][which % 3];
        match (what, target) {
            (0, _) | (_, None) => messages.push(room.says(who, "said")),
            (1, Some(message)) => drop(room.writes(who, edit(message, &format!("{who} {which}")))),
            (2, Some(message)) if which % 4 == 0 => drop(room.writes(who, Body::Delete(Delete { message }))),
            (3 | 4, Some(message)) => room.reacts(who, message, emoji, what == 3),
            (5, _) if which == 7 => drop(room.writes(who, Body::Leave)),
            _ => room.hears(who, which % 3),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn what_is_shown_does_not_depend_on_the_order_of_arrival(
            steps in proptest::collection::vec((0usize..3, 0u8..8, 0usize..12), 1..40),
            keys in proptest::collection::vec(any::<u64>(), 64),
        ) {
            let (mut room, mut messages) = (Room::new(), Vec::new());
            for step in steps {
                play(&mut room, &mut messages, step);
            }
            room.meet();
            let mut operations: Vec<_> = room.people[0].1.operations().cloned().collect();
            for turn in 0..3 {
                let mut at = 0;
                operations.sort_by_cached_key(|_| { at += 1; keys[(at + turn * 21) % keys.len()] });
                let other = copied(Graph::default(), operations.iter());
                prop_assert_eq!(other.held(), 0);
                prop_assert_eq!(shown(&other), shown(&room.people[0].1));
            }
        }
    }
}
