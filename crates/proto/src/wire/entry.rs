//! Frames with which one enters a conversation and leaves it, under the paper's names (García, section 2.2).

use crate::group::{Body, ConversationId, ConversationKind, OpId, Operation, PARTICIPANTS_MAX, Ticket};
use crate::identity::{Certificate, NodeId, Profile};
use crate::io::{Greeting, RequestId};
use crate::wire::Frame;
use crate::wire::bounded::List;
use crate::wire::cbor::{Reader, Wire, Writer, structure};

/// A wish to talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// Names the request; sent again with the same id after a link was lost.
    pub request: RequestId,
    /// Private or public.
    pub kind: ConversationKind,
    /// The conversation that the sender asks to enter; none asks for a new one.
    pub conversation: Option<ConversationId>,
    /// Words for the person who decides.
    pub greeting: Option<Greeting>,
    /// What lets the sender in without a person's decision.
    pub ticket: Option<Ticket>,
}

structure! { ConnectionRequest { 0 => request, 1 => kind, 2 => conversation, 3 => greeting, 4 => ticket } }

/// The answer to a wish to talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which request.
    pub request: RequestId,
    /// [`AnswerCode`], or a number of a later version.
    pub code: u16,
    /// With Yes: the conversation that the newcomer was admitted to. With DisconnectedGroup, whatever the request: that
    /// which the sender is not in, and which the receiver shows it in.
    pub conversation: Option<ConversationId>,
    /// With Yes: the operation that admitted the newcomer. Once it has it, it is in. With the word of a participant: the
    /// operation that it is about.
    pub admit: Option<OpId>,
    /// With Yes and Derivation: who is in it, in the order of entry, as far as the sender does not suspect them.
    pub list: List<NodeId, PARTICIPANTS_MAX>,
    /// With Derivation: what the coordinator lets the newcomer in for.
    pub ticket: Option<Ticket>,
}

structure! {
    Answer { 0 => request, 1 => code, 2 => conversation, 3 => admit, 4 => list or default, 5 => ticket }
}

impl Answer {
    /// An answer that says no more than its code.
    pub(crate) fn bare(request: RequestId, code: AnswerCode) -> Frame {
        Self::word(request, None, code)
    }

    /// The word that we are not in a conversation, to one who shows us in its list.
    pub(crate) fn absence(conversation: ConversationId) -> Frame {
        let (request, list, code) =
            (RequestId([0; 8]), List::default(), AnswerCode::DisconnectedGroup.code());
        let conversation = Some(conversation);
        Frame::Answer(Box::new(Self { request, code, conversation, admit: None, list, ticket: None }))
    }

    /// The conversation that the sender says it is not in, unasked.
    pub(crate) fn denied(&self) -> Option<ConversationId> {
        self.conversation.filter(|_| self.code == AnswerCode::DisconnectedGroup.code())
    }

    /// A participant's word on the entry by `admit`, which it names: an entry that is made anew is another.
    pub(crate) fn word(request: RequestId, admit: Option<OpId>, code: AnswerCode) -> Frame {
        let (list, code) = (List::default(), code.code());
        Frame::Answer(Box::new(Self { request, code, conversation: None, admit, list, ticket: None }))
    }
}

/// The answers of García, section 2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerCode {
    /// Come in.
    Yes,
    /// No.
    No,
    /// The person is away: leave a message, if you like.
    AnsweringMachine,
    /// Come in, but ask the coordinator.
    Derivation,
    /// I am not in that conversation any more.
    DisconnectedGroup,
    /// You are not in the list that I have.
    NotUpdatedGroup,
}

impl AnswerCode {
    const ALL: [(Self, u16); 6] = [
        (Self::Yes, 0),
        (Self::No, 1),
        (Self::AnsweringMachine, 2),
        (Self::Derivation, 3),
        (Self::DisconnectedGroup, 4),
        (Self::NotUpdatedGroup, 5),
    ];

    /// The number on the wire.
    pub(crate) fn code(self) -> u16 {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or(u16::MAX, |(_, code)| code)
    }

    /// The answer with this number, if this version knows it.
    pub(crate) fn read(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == code).map(|(answer, _)| answer)
    }
}

/// The wish of somebody whom a participant has accepted to be let in by the coordinator. The one who accepted may
/// hand it in for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomaticEntryToCoordinator {
    /// The request that was accepted.
    pub request: RequestId,
    /// Into which conversation.
    pub conversation: ConversationId,
    /// The word of the participant who accepted.
    pub ticket: Ticket,
    /// Who enters, when it is not the sender.
    pub newcomer: Option<Newcomer>,
}

structure! { AutomaticEntryToCoordinator { 0 => request, 1 => conversation, 2 => ticket, 3 => newcomer } }

/// Somebody who enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Their certificate.
    pub certificate: Certificate,
    /// What they say of themself.
    pub profile: Profile,
}

structure! { Newcomer { 0 => certificate, 1 => profile } }

/// The word of a newcomer to each participant that it is in the conversation now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomaticEntryToPeer {
    /// The request that was accepted.
    pub request: RequestId,
    /// Which conversation.
    pub conversation: ConversationId,
    /// The operation that admitted the newcomer.
    pub admit: OpId,
}

structure! { AutomaticEntryToPeer { 0 => request, 1 => conversation, 2 => admit } }

/// An operation that changes the list: an Admit or an Evict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListUpdate {
    /// The operation.
    pub operation: ListOperation,
}

structure! { ListUpdate { 0 => operation } }

/// An operation that others let somebody in or out with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOperation(pub Operation);

impl Wire for ListOperation {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let is_it = |body: &Body| matches!(body, Body::Admit(_) | Body::Evict(_));
        Operation::read(from).filter(|operation| is_it(&operation.content().body)).map(Self)
    }
}

/// The farewell of a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRelease {
    /// The Leave.
    pub operation: LeaveOperation,
}

structure! { ConnectionRelease { 0 => operation } }

/// An operation with which its author leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveOperation(pub Operation);

impl Wire for LeaveOperation {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Operation::read(from).filter(|operation| operation.content().body == Body::Leave).map(Self)
    }
}
