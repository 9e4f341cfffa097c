//! Who is in a conversation, and who was when: a pure function of its operations (DESIGN, section 6).

use crate::group::op::{Body, ConversationKind, DisplayKey, Operation};
use crate::identity::{Certificate, NodeId, Profile};
use crate::table::Table;

/// The most participants: every two have a link, and a native node keeps two hundred.
pub const PARTICIPANTS_MAX: usize = 128;

/// Somebody in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Participant {
    pub node: NodeId,
    pub certificate: Certificate,
    pub profile: Profile,
}

/// The list of participants in the order of their entry, and how it came about.
///
/// Everybody who has the same operations computes the same, so that two nodes which admit newcomers during a
/// partition do no harm: afterwards both lists are one. An Admit counts if its author was in the list just
/// before it, and if the kind of conversation leaves room; a word counts if its author was in the list.
#[derive(Default)]
pub(crate) struct Membership {
    list: Vec<Participant>,
    /// Who let each node in, the last time that it came.
    admitters: Table<NodeId, NodeId>,
    /// Who was in it from each change on, in the order of display.
    steps: Vec<(DisplayKey, Vec<NodeId>)>,
}

impl Membership {
    /// The membership that operations make, given in the order of display.
    pub(crate) fn of<'a>(operations: impl Iterator<Item = &'a Operation>) -> Self {
        let mut membership = Self::default();
        let mut kind = ConversationKind::Public;
        for operation in operations {
            if let Body::Create(create) = &operation.content().body {
                kind = create.kind;
            }
            if membership.apply(operation, kind) {
                let nodes = membership.list.iter().map(|one| one.node).collect();
                membership.steps.push((operation.display_key(), nodes));
            }
        }
        membership
    }

    /// Applies the next operation; answers whether the list changed.
    fn apply(&mut self, operation: &Operation, kind: ConversationKind) -> bool {
        let author = operation.node();
        let before = self.list.len();
        match &operation.content().body {
            Body::Create(create) => self.list.push(Participant::new(&create.certificate, &create.profile)),
            Body::Admit(admit) if self.has(&author) => {
                let newcomer = Participant::new(&admit.certificate, &admit.profile);
                if has_room(&self.list, kind, &newcomer) {
                    self.admitters.insert(newcomer.node, author);
                    self.list.push(newcomer);
                }
            }
            Body::Leave => self.list.retain(|one| one.node != author),
            _ => {}
        }
        self.list.len() != before
    }

    /// The participants now.
    pub(crate) fn list(&self) -> &[Participant] {
        &self.list
    }

    /// Whether there were ever two in it.
    pub(crate) fn had_company(&self) -> bool {
        self.steps.iter().any(|(_, nodes)| nodes.len() > 1)
    }

    /// Who let `node` in; nobody did that for the one who began the conversation.
    pub(crate) fn admitter(&self, node: &NodeId) -> Option<NodeId> {
        self.admitters.get(node).copied()
    }

    /// Whether `node` is in the list now.
    pub(crate) fn has(&self, node: &NodeId) -> bool {
        self.list.iter().any(|one| one.node == *node)
    }

    /// Whether the author of an operation was in the list at its place.
    pub(crate) fn counts(&self, operation: &Operation) -> bool {
        let place = operation.display_key();
        let after = self.steps.partition_point(|(step, _)| *step < place);
        let before = after.checked_sub(1).and_then(|at| self.steps.get(at));
        before.is_some_and(|(_, nodes)| nodes.contains(&operation.node()))
    }
}

/// Whether `newcomer` may come into the list: not twice, not a third user in private, not without end.
pub(crate) fn has_room(list: &[Participant], kind: ConversationKind, newcomer: &Participant) -> bool {
    let user = |one: &Participant| one.certificate.account;
    let first = list.first().map(user);
    let is_third = |one: &Participant| Some(user(one)) != first && user(one) != user(newcomer);
    let fits =
        kind == ConversationKind::Public || Some(user(newcomer)) == first || !list.iter().any(is_third);
    fits && list.len() < PARTICIPANTS_MAX && list.iter().all(|one| one.node != newcomer.node)
}

impl Participant {
    pub(crate) fn new(certificate: &Certificate, profile: &Profile) -> Self {
        Self { node: certificate.node(), certificate: certificate.clone(), profile: profile.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::graph::Graph;
    use crate::group::op::{Admit, Create, History, Message};
    use crate::identity::{Identity, Name};
    use crate::io::MessageText;
    use crate::rng::Rng;

    fn someone(seed: u8) -> Identity {
        Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1)
    }

    fn begin(graph: &mut Graph, me: &Identity, kind: ConversationKind) {
        let (certificate, profile) = (me.certificate().clone(), me.profile().clone());
        let create = Create { kind, history: History::All, nonce: [0; 16], certificate, profile };
        graph.write(me, 1, Body::Create(create));
    }

    fn admit(graph: &mut Graph, by: &Identity, who: &Identity) {
        let admit = Admit { certificate: who.certificate().clone(), profile: who.profile().clone() };
        graph.write(by, 1, Body::Admit(admit));
    }

    fn counts(graph: &mut Graph, who: &Identity) -> bool {
        let said = Body::Message(Message { text: MessageText::cut("hi"), reply_to: None });
        let operation = graph.write(who, 1, said);
        Membership::of(graph.in_order()).counts(&operation)
    }

    #[test]
    fn after_leaving_no_word_counts_until_admitted_again() {
        let (ana, eva) = (someone(1), someone(2));
        let mut graph = Graph::default();
        begin(&mut graph, &ana, ConversationKind::Public);
        admit(&mut graph, &ana, &eva);
        assert!(counts(&mut graph, &eva));
        graph.write(&eva, 2, Body::Leave);
        assert!(!counts(&mut graph, &eva));
        admit(&mut graph, &ana, &eva);
        assert!(counts(&mut graph, &eva));
    }

    #[test]
    fn a_third_user_neither_enters_nor_is_heard_in_private() {
        let (ana, eva, zoe) = (someone(1), someone(2), someone(3));
        let mut graph = Graph::default();
        begin(&mut graph, &ana, ConversationKind::Private);
        admit(&mut graph, &ana, &eva);
        admit(&mut graph, &eva, &zoe);
        assert_eq!(Membership::of(graph.in_order()).list().len(), 2);
        assert!(!counts(&mut graph, &zoe));
    }
}
