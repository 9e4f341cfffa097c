//! How what a driver tells a node is coded: each variant as its number, then its fields, one item behind the other.
//!
//! A variant or a field that is new in the core does not compile until it stands here. A new variant takes the next
//! number, and recordings made before can still be read; whoever changes the fields of one that is there, or gives a number
//! another meaning, raises the number of the format in `file.rs`.

use tertulia_proto::directory::code::Code as WordCode;
use tertulia_proto::directory::words::Words;
use tertulia_proto::endpoint::{Description, Endpoint};
use tertulia_proto::group::History;
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::wire::bounded::Text;
use tertulia_proto::wire::cbor::{Reader, Wire, Writer};
use tertulia_proto::{
    AccountId, CloseReason, Command, ConversationId, ConversationKind, Fingerprint, Input, Invite, LinkId,
    NodeId, OpId, ReplyCode,
};

/// A value that has a form in recordings.
pub(super) trait Code: Sized {
    /// Writes it.
    fn write(&self, to: &mut Writer);

    /// Reads it, or nothing when what comes is no legal value.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// Codes an enum as the number of the variant and its fields.
macro_rules! variants {
    ($name:ident {
        $($number:literal => $variant:ident $({ $($field:ident),* })? $(($inner:ident))?),* $(,)?
    }) => {
        impl Code for $name {
            fn write(&self, to: &mut Writer) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($inner))? => {
                        to.unsigned($number);
                        $($(Code::write($field, to);)*)?
                        $(Code::write($inner, to);)?
                    })*
                }
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                match from.unsigned()? {
                    $($number => {
                        $($(let $field = Code::read(from)?;)*)?
                        $(let $inner = Code::read(from)?;)?
                        Some(Self::$variant $({ $($field),* })? $(($inner))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

variants! {
    Input {
        0 => Opened { link, local, remote },
        1 => Frame { link, bytes },
        2 => Described { link, description },
        3 => Closed { link, reason },
        4 => Listening { endpoint },
        5 => Tick,
    }
}

variants! {
    Command {
        0 => Invite { conversation, ticket, expires_ms, by_hand },
        1 => Open { invite, kind, greeting },
        2 => Connect { node, kind, greeting },
        3 => Complete { reply },
        4 => Introducer { invite },
        5 => Answer { request, answer },
        6 => Create { kind, name, history },
        7 => Send { conversation, text, reply_to },
        8 => Edit { conversation, message, text },
        9 => Delete { conversation, message },
        10 => React { conversation, message, emoji, on },
        11 => Typing { conversation },
        12 => Rename { conversation, name },
        13 => Read { conversation },
        14 => ShareRead { on },
        15 => Block { user, on },
        16 => Leave { conversation },
        17 => Forget { conversation },
        18 => Away { on },
        19 => LeaveMessage { request, text },
        20 => Dismiss { request },
        21 => SetName { name },
        22 => Quit,
        23 => Close,
        24 => Import { text, last },
        25 => Meet { node, endpoint },
        26 => Publish { words },
        27 => SearchPeople { words, limit },
    }
}

variants! {
    WordCode {
        0 => Ascii,
        1 => Balanced,
    }
}

variants! {
    Consent {
        0 => New(history),
        1 => Into(conversation),
        2 => No,
        3 => AnsweringMachine,
    }
}

variants! {
    CloseReason {
        0 => Unreachable,
        1 => Broken,
        2 => Left,
        3 => Silent,
        4 => Unproven,
        5 => Misbehaved,
        6 => Incompatible,
        7 => Duplicate,
        8 => Full,
        9 => Closed,
        10 => Backlog,
        11 => Unable,
        12 => Disagreed,
        13 => NoIntroducer,
    }
}

/// Takes the form that values have on the wire.
macro_rules! as_on_the_wire {
    ($($name:ty)*) => {$(
        impl Code for $name {
            fn write(&self, to: &mut Writer) {
                Wire::write(self, to);
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Wire::read(from)
            }
        }
    )*};
}

as_on_the_wire! {
    bool u64 [u8; 32]
    AccountId ConversationId ConversationKind Description Endpoint Fingerprint History Invite Name NodeId OpId ReplyCode
    RequestId
}

impl Code for Words {
    fn write(&self, to: &mut Writer) {
        Wire::write(self, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Wire::read(from)
    }
}

impl Code for usize {
    fn write(&self, to: &mut Writer) {
        to.unsigned(*self as u64);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.unsigned()?.try_into().ok()
    }
}

impl<const MAX: usize> Code for Text<MAX> {
    fn write(&self, to: &mut Writer) {
        Wire::write(self, to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Wire::read(from)
    }
}

/// The bit that marks links that came in goes to the end: small numbers are short.
impl Code for LinkId {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.0.rotate_left(1));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.unsigned().map(|number| Self(number.rotate_right(1)))
    }
}

impl Code for Vec<u8> {
    fn write(&self, to: &mut Writer) {
        to.bytes(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes().map(<[u8]>::to_vec)
    }
}

impl Code for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(str::to_owned)
    }
}

impl<T: Code> Code for Box<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

/// Whether it is there, then it: no item has a number by which its absence could be told.
impl<T: Code> Code for Option<T> {
    fn write(&self, to: &mut Writer) {
        to.truth(self.is_some());
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(if from.truth()? { Some(T::read(from)?) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::directory::words::listed;
    use tertulia_proto::endpoint::{Address, Candidate, CandidateHost, CandidateKind, IceText};
    use tertulia_proto::group::Letter;
    use tertulia_proto::invite::{HandOffer, OfferId};
    use tertulia_proto::wire::bounded::List;

    fn description() -> Description {
        let host = CandidateHost::Ip([10, 0, 0, 1].into());
        Description {
            ufrag: IceText::new("half").unwrap(),
            pwd: IceText::new("0123456789012345678901").unwrap(),
            fingerprint: Fingerprint([3; 32]),
            candidates: List::first([Candidate { host, port: 9, kind: CandidateKind::Host, priority: 7 }]),
        }
    }

    fn endpoint() -> Endpoint {
        let address = Address("10.0.0.1:4000".parse().unwrap());
        Endpoint { fingerprint: Fingerprint([2; 32]), addresses: List::first([address]) }
    }

    fn invite() -> Box<Invite> {
        Box::new(Invite {
            node: NodeId([1; 16]),
            name: Name::cut("Ana"),
            endpoint: Some(endpoint()),
            via: List::default(),
            offer: Some(HandOffer { id: OfferId([5; 8]), description: description() }),
            conversation: None,
            ticket: None,
            pass: None,
            expires_ms: Some(1000),
        })
    }

    /// Says of a value what it is when it was written and read again; nothing must be left.
    fn survives<T: Code + std::fmt::Debug>(value: &T) {
        let mut to = Writer::default();
        value.write(&mut to);
        let bytes = to.into_bytes();
        let mut from = Reader::new(&bytes);
        let read = T::read(&mut from).map(|read| format!("{read:?}"));
        assert_eq!(read, Some(format!("{value:?}")));
        assert!(from.is_at_end());
        for end in 0..bytes.len() {
            let mut from = Reader::new(&bytes[..end]);
            assert!(T::read(&mut from).is_none(), "{value:?} cut at {end}");
        }
    }

    #[test]
    fn inputs_survive() {
        let link = LinkId::inbound(3);
        let (local, remote) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
        survives(&Input::Opened { link, local, remote });
        survives(&Input::Frame { link: LinkId(7), bytes: vec![1, 2, 3] });
        survives(&Input::Described { link, description: description() });
        survives(&Input::Closed { link, reason: CloseReason::NoIntroducer });
        survives(&Input::Listening { endpoint: Some(endpoint()) });
        survives(&Input::Listening { endpoint: None });
        survives(&Input::Tick);
    }

    #[test]
    fn commands_survive() {
        let (conversation, message, request) = (ConversationId([4; 16]), OpId([5; 32]), RequestId([6; 8]));
        let (greeting, text) = (Text::cut("hello"), Text::cut("words"));
        let (node, kind, name) = (NodeId([1; 16]), Some(ConversationKind::Public), Name::cut("Plans"));
        let reply = Box::new(ReplyCode { offer: OfferId([5; 8]), node, description: description() });
        for command in [
            Command::Invite {
                conversation: Some(conversation),
                ticket: true,
                expires_ms: None,
                by_hand: true,
            },
            Command::Open { invite: invite(), kind, greeting: greeting.clone() },
            Command::Connect { node, kind: None, greeting },
            Command::Complete { reply },
            Command::Introducer { invite: invite() },
            Command::Meet { node, endpoint: endpoint() },
            Command::Answer { request, answer: Consent::Into(conversation) },
            Command::Create { kind: ConversationKind::Private, name: name.clone(), history: History::All },
            Command::Send { conversation, text: text.clone(), reply_to: Some(message) },
            Command::Edit { conversation, message, text: text.clone() },
            Command::Delete { conversation, message },
            Command::React { conversation, message, emoji: Text::cut("👍"), on: true },
            Command::Typing { conversation },
            Command::Rename { conversation, name: name.clone() },
            Command::Read { conversation },
            Command::ShareRead { on: true },
            Command::Block { user: AccountId([8; 32]), on: false },
            Command::Leave { conversation },
            Command::Forget { conversation },
            Command::Away { on: true },
            Command::LeaveMessage { request, text },
            Command::Dismiss { request },
            Command::Publish { words: listed("Ana Pérez", Letter::of) },
            Command::SearchPeople { words: listed("ana", Letter::of), limit: 20 },
            Command::SetName { name },
            Command::Quit,
            Command::Close,
        ] {
            survives(&command);
        }
    }
}
