//! Who is in a conversation: a pure function of its operations (DESIGN, section 6).

use crate::group::op::{Body, ConversationKind, Operation};
use crate::identity::{Certificate, NodeId, Profile};
use std::collections::BTreeSet;

/// The most participants: every two have a link, and a native node keeps two hundred.
pub const PARTICIPANTS_MAX: usize = 128;

/// Somebody in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Participant {
    pub node: NodeId,
    pub certificate: Certificate,
    pub profile: Profile,
}

/// The list of participants in the order of their entry, from operations in the order of display.
///
/// Everybody who has the same operations computes the same list, so that two nodes which admit newcomers
/// during a partition do no harm: afterwards both lists are one. An Admit counts if its author was in the
/// list just before it, and if the kind of conversation leaves room.
pub(crate) fn participants<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<Participant> {
    let mut list: Vec<Participant> = Vec::new();
    let mut kind = ConversationKind::Public;
    for operation in operations {
        let author = operation.node();
        match &operation.content().body {
            Body::Create(create) => {
                kind = create.kind;
                list = vec![Participant::new(&create.certificate, &create.profile)];
            }
            Body::Admit(admit) if list.iter().any(|one| one.node == author) => {
                let newcomer = Participant::new(&admit.certificate, &admit.profile);
                if has_room(&list, kind, &newcomer) {
                    list.push(newcomer);
                }
            }
            Body::Leave => list.retain(|one| one.node != author),
            _ => {}
        }
    }
    list
}

/// Whether `newcomer` may come into the list: not twice, not a third user in private, not without end.
pub(crate) fn has_room(list: &[Participant], kind: ConversationKind, newcomer: &Participant) -> bool {
    let user = |one: &Participant| one.certificate.account;
    let users: BTreeSet<_> = list.iter().map(user).chain([user(newcomer)]).collect();
    let fits = kind == ConversationKind::Public || users.len() <= 2;
    fits && list.len() < PARTICIPANTS_MAX && list.iter().all(|one| one.node != newcomer.node)
}

impl Participant {
    pub(crate) fn new(certificate: &Certificate, profile: &Profile) -> Self {
        Self { node: certificate.node(), certificate: certificate.clone(), profile: profile.clone() }
    }
}
