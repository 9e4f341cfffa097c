//! Who is in a conversation, and who was when: a pure function of its operations (DESIGN, section 6).

use crate::group::op::{Admit, Body, ConversationKind, Operation};
use crate::group::ticket::{Ticket, TicketSerial};
use crate::identity::{AccountId, Certificate, DeviceKey, NodeId, Profile};
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
/// partition do no harm: afterwards both lists are one. In the order of display an Admit counts if its author is in
/// the list just then, if its ticket has been used less often than it may be, and if the kind of conversation leaves
/// room; an Evict counts if its author is in the list.
#[derive(Default)]
pub(crate) struct Membership {
    list: Vec<Participant>,
    /// Who admitted each node that is or was in the list, the last time: the author, or who signed the ticket.
    admitters: Table<NodeId, NodeId>,
    /// How many have entered with each ticket.
    uses: Table<(DeviceKey, TicketSerial), u32>,
    /// Whether there were ever two in it.
    had_company: bool,
    /// Everybody who was ever in it, if it is private: no third user is heard.
    pair: Option<Vec<AccountId>>,
}

impl Membership {
    /// The membership that operations make, given in the order of display.
    pub(crate) fn of<'a>(operations: impl Iterator<Item = &'a Operation>) -> Self {
        let mut membership = Self::default();
        for operation in operations {
            membership.apply(operation);
        }
        membership
    }

    fn apply(&mut self, operation: &Operation) {
        let author = operation.node();
        match &operation.content().body {
            Body::Create(create) => {
                self.pair = (create.kind == ConversationKind::Private).then(Vec::new);
                self.enter(Participant::new(&create.certificate, &create.profile));
            }
            Body::Admit(admit) if self.has(&author) => self.admit(author, admit),
            Body::Leave => self.list.retain(|one| one.node != author),
            Body::Evict(evict) if self.has(&author) => self.list.retain(|one| one.node != evict.node),
            _ => {}
        }
    }

    fn admit(&mut self, author: NodeId, admit: &Admit) {
        let newcomer = Participant::new(&admit.certificate, &admit.profile);
        if !self.has_room_for(&newcomer) || admit.ticket.as_ref().is_some_and(|ticket| !self.spend(ticket)) {
            return;
        }
        let admitter = admit.ticket.as_ref().map_or(author, |ticket| ticket.issuer.node());
        self.admitters.insert(newcomer.node, admitter);
        self.enter(newcomer);
    }

    fn enter(&mut self, newcomer: Participant) {
        let account = newcomer.certificate.account;
        if let Some(pair) = self.pair.as_mut().filter(|pair| !pair.contains(&account)) {
            pair.push(account);
        }
        self.list.push(newcomer);
        self.had_company |= self.list.len() > 1;
    }

    /// Takes one use off a ticket; false when there is none left.
    fn spend(&mut self, ticket: &Ticket) -> bool {
        let uses = self.uses.or_insert_with((ticket.issuer, ticket.serial), || 0);
        *uses = uses.saturating_add(1);
        *uses <= ticket.uses
    }

    /// Whether somebody may still enter with a ticket.
    pub(crate) fn has_use_left(&self, ticket: &Ticket) -> bool {
        self.uses.get(&(ticket.issuer, ticket.serial)).is_none_or(|uses| *uses < ticket.uses)
    }

    /// Whether `newcomer` may come into the list: not twice, not a third user in private, not without end.
    pub(crate) fn has_room_for(&self, newcomer: &Participant) -> bool {
        let account = newcomer.certificate.account;
        let fits = self.pair.as_ref().is_none_or(|pair| pair.len() < 2 || pair.contains(&account));
        fits && self.list.len() < PARTICIPANTS_MAX && !self.has(&newcomer.node)
    }

    /// The participants now.
    pub(crate) fn list(&self) -> &[Participant] {
        &self.list
    }

    /// Whether there were ever two in it.
    pub(crate) fn had_company(&self) -> bool {
        self.had_company
    }

    /// Whether one is left over: before there were two it waits, after that it is over.
    pub(crate) fn is_alone(&self) -> bool {
        self.had_company && self.list.len() < 2
    }

    /// Who let `node` in; nobody did that for the one who began the conversation.
    pub(crate) fn admitter(&self, node: &NodeId) -> Option<NodeId> {
        self.admitters.get(node).copied()
    }

    /// Whether `node` is in the list now.
    pub(crate) fn has(&self, node: &NodeId) -> bool {
        self.list.iter().any(|one| one.node == *node)
    }

    /// Whether a user may be heard here at all: in private the two are who were ever in it.
    pub(crate) fn hears(&self, account: &AccountId) -> bool {
        self.pair.as_ref().is_none_or(|pair| pair.contains(account))
    }
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
        let (certificate, profile) = (who.certificate().clone(), who.profile().clone());
        graph.write(by, 1, Body::Admit(Admit { certificate, profile, ticket: None }));
    }

    fn counts(graph: &mut Graph, who: &Identity) -> bool {
        let said = Body::Message(Message { text: MessageText::cut("hi"), reply_to: None });
        let operation = graph.write(who, 1, said);
        let membership = Membership::of(graph.list_operations());
        graph.rows().row(graph.place(&operation.id()).unwrap()).is_entitled
            && membership.hears(&operation.content().author)
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
    fn who_is_in_the_list_by_a_tie_is_heard() {
        let [one, other] = [someone(1), someone(2)];
        let (eva, ana) = if one.account() < other.account() { (one, other) } else { (other, one) };
        let mut graph = Graph::default();
        begin(&mut graph, &ana, ConversationKind::Public);
        admit(&mut graph, &ana, &eva);
        let before: Vec<_> = graph.operations().cloned().collect();
        admit(&mut graph, &ana, &eva);
        let admitted = graph.heads()[0];
        // She leaves at the same time: first in the order of the list, though her operation has the higher id.
        let leave = |time_ms| {
            let mut evas = Graph::default();
            before.iter().for_each(|operation| drop(evas.take(operation.clone())));
            evas.write(&eva, time_ms, Body::Leave)
        };
        let leave = (0..).map(leave).find(|leave| leave.id() > admitted).unwrap();
        graph.take(leave);
        assert!(Membership::of(graph.list_operations()).has(&eva.node()));
        assert!(counts(&mut graph, &eva));
    }

    #[test]
    fn a_third_user_neither_enters_nor_is_heard_in_private() {
        let (ana, eva, zoe) = (someone(1), someone(2), someone(3));
        let mut graph = Graph::default();
        begin(&mut graph, &ana, ConversationKind::Private);
        admit(&mut graph, &ana, &eva);
        admit(&mut graph, &eva, &zoe);
        assert_eq!(Membership::of(graph.list_operations()).list().len(), 2);
        assert!(!counts(&mut graph, &zoe));
    }
}
