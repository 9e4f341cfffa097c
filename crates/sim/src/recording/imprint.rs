//! What a recording keeps of what came out of a node: enough to see that something else comes out.

use tertulia_proto::wire::Frame;
use tertulia_proto::{Input, Output, Refusal, Reply};

/// The length of an imprint in bytes.
pub(super) const IMPRINT_LEN: usize = 9;

/// What the numbers of imprints stand for: outputs, and the two answers to a command.
const KINDS: [&str; 11] = [
    "dial",
    "offer",
    "accept",
    "complete",
    "send",
    "close",
    "store",
    "event",
    "reply",
    "refusal",
    "send kept",
];

/// What kind of output or reply it was, and a hash of all that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imprint {
    kind: u8,
    hash: [u8; 8],
}

impl Imprint {
    /// The imprint of an output.
    pub fn of_output(output: &Output) -> Self {
        let debugged = || format!("{output:?}").into_bytes();
        match output {
            Output::Dial { .. } => Self::new(0, &debugged()),
            Output::Offer { .. } => Self::new(1, &debugged()),
            Output::Accept { .. } => Self::new(2, &debugged()),
            Output::Complete { .. } => Self::new(3, &debugged()),
            Output::Send { link, bytes } => Self::new(4, &[&link.0.to_le_bytes(), &bytes[..]].concat()),
            Output::Close { .. } => Self::new(5, &debugged()),
            Output::Store { key, value } => {
                let length = key.len().to_le_bytes();
                let value = value.as_ref().map_or([&[0][..], &[]], |value| [&[1], &value[..]]);
                Self::new(6, &[&length[..], &key[..], value[0], value[1]].concat())
            }
            Output::Event(_) => Self::new(7, &debugged()),
            Output::SendKept { link, head, keys } => {
                Self::new(10, &[&link.0.to_le_bytes(), &head[..], &keys.concat()].concat())
            }
        }
    }

    /// The imprint of the answer to a command.
    pub fn of_reply(reply: &Result<Reply, Refusal>) -> Self {
        Self::new(if reply.is_ok() { 8 } else { 9 }, format!("{reply:?}").as_bytes())
    }

    fn new(kind: u8, said: &[u8]) -> Self {
        let mut hash = [0; 8];
        hash.copy_from_slice(&blake3::hash(said).as_bytes()[..8]);
        Self { kind, hash }
    }

    /// What it was, in a word.
    pub fn kind(self) -> &'static str {
        KINDS[usize::from(self.kind)]
    }

    pub(super) fn to_bytes(self) -> [u8; IMPRINT_LEN] {
        let mut bytes = [self.kind; IMPRINT_LEN];
        bytes[1..].copy_from_slice(&self.hash);
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; IMPRINT_LEN]) -> Option<Self> {
        let [kind, hash @ ..] = bytes;
        (usize::from(kind) < KINDS.len()).then_some(Self { kind, hash })
    }
}

/// An input for people.
pub(super) fn input_in_words(input: &Input) -> String {
    match input {
        Input::Frame { link, bytes } => format!("{} from {link:?}", frame_in_words(bytes)),
        Input::Closed { link, reason } => format!("{link:?} closed: {reason}"),
        other => format!("{other:?}"),
    }
}

/// An output for people.
pub(super) fn output_in_words(output: &Output) -> String {
    match output {
        Output::Send { link, bytes } => format!("{} to {link:?}", frame_in_words(bytes)),
        Output::Store { key, value } => {
            let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            match value {
                Some(value) => format!("record {key} of {} bytes", value.len()),
                None => format!("record {key} removed"),
            }
        }
        Output::Event(event) => format!("{event:?}"),
        other => format!("{other:?}"),
    }
}

fn frame_in_words(bytes: &[u8]) -> String {
    let frame = Frame::decode(bytes).map(|frame| format!("{frame:?}"));
    let kind = frame.as_deref().map_or("an unreadable frame", |said| said.split('(').next().unwrap_or(said));
    format!("{kind} of {} bytes", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::LinkId;

    #[test]
    fn another_link_byte_key_or_value_leaves_another_imprint() {
        let send = |link, bytes: &[u8]| Output::Send { link: LinkId(link), bytes: bytes.to_vec() };
        let store = |key: &[u8], value: Option<&[u8]>| Output::Store {
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
        };
        let outputs = [
            send(1, b"ab"),
            send(2, b"ab"),
            send(1, b"ac"),
            store(b"ab", Some(b"c")),
            store(b"a", Some(b"bc")),
            store(b"ab", Some(b"")),
            store(b"ab", None),
            Output::Close { link: LinkId(1) },
        ];
        for (at, one) in outputs.iter().enumerate() {
            for (other_at, other) in outputs.iter().enumerate() {
                let same = Imprint::of_output(one) == Imprint::of_output(other);
                assert_eq!(same, at == other_at, "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn an_imprint_survives_and_none_of_an_unknown_kind_is_read() {
        let imprint = Imprint::of_reply(&Ok(Reply::Done));
        assert_eq!(Imprint::from_bytes(imprint.to_bytes()), Some(imprint));
        assert_eq!((imprint.kind(), Imprint::of_reply(&Err(Refusal::Empty)).kind()), ("reply", "refusal"));
        assert_eq!(Imprint::from_bytes([11; IMPRINT_LEN]), None);
    }
}
