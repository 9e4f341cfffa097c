//! Frames alone, and verdicts: bytes at the edge of what is legal, with what becomes of them.

use crate::book::Book;
use crate::stage::BEGINNING_MS;
use crate::story::{Keys, cbor, kind};
use ed25519_dalek::{Signer, SigningKey};
use minicbor::Encoder;
use tertulia_proto::endpoint::{Address, Fingerprint};
use tertulia_proto::identity::Name;
use tertulia_proto::invite::InviteError;
use tertulia_proto::io::RequestId;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::wire::cbor::decode;
use tertulia_proto::wire::{
    Answer, Bye, ConnectionRequest, DeviceHead, FarewellCode, Frame, FrameError, Heads, Pong, Unreachable,
    Want,
};
use tertulia_proto::{
    ConversationId, ConversationKind, Description, Endpoint, Identity, Instant, Invite, NodeId, OpId,
};

pub(crate) type Fields<'a> = &'a [(i64, &'a [u8])];

/// Tells what no story tells.
pub(crate) fn tell(book: &mut Book) {
    alone(book);
    accepted(book);
    malformed(book);
    unknown(book);
    texts(book);
    places(book);
}

/// Kinds and values that the story did not need.
fn alone(book: &mut Book) {
    book.chapter("Frames alone", "Kinds and values that did not occur above.");
    let conversation = ConversationId([0xc0; 16]);
    let (node, request) = (NodeId([0x0d; 16]), RequestId([0x0e; 8]));
    let device = |seq| DeviceHead { node, seq };
    let frames = [
        Frame::Unreachable(Unreachable { node }),
        Frame::Want(Want { conversation, ids: List::first([OpId([1; 32]), OpId([2; 32])]), deep: true }),
        Frame::Heads(Heads {
            conversation,
            devices: List::first([device(3), device(300)]),
            answer: false,
            heads: List::first([OpId([3; 32])]),
            more: false,
        }),
        Frame::Heads(Heads {
            conversation,
            devices: List::first([device(300)]),
            answer: false,
            heads: List::default(),
            more: true,
        }),
        Frame::Answer(Box::new(Answer {
            request,
            code: 1,
            conversation: None,
            admit: None,
            list: List::default(),
            ticket: None,
        })),
        Frame::ConnectionRequest(Box::new(ConnectionRequest {
            request,
            kind: ConversationKind::Private,
            conversation: None,
            greeting: None,
            ticket: None,
        })),
    ];
    for frame in frames {
        book.bytes(&format!("alone.{}", kind(&frame)), frame.encode());
    }
    use FarewellCode::{Duplicate, Full, Incompatible, Left, Misbehaved, Unproven};
    for code in [Left, Duplicate, Full, Unproven, Incompatible, Misbehaved] {
        let name = format!("alone.bye.{}", format!("{code:?}").to_lowercase());
        book.bytes(&name, Frame::Bye(Bye { code: code.code() }).encode());
    }
}

fn accepted(book: &mut Book) {
    book.chapter(
        "Accepted, though written otherwise",
        "Each decodes, and means the same as the line after it.",
    );
    let pong = |fields: Fields<'_>| frame(3, &map(fields));
    let seven = uint(7);
    let answer = [(0, bytes(&[0x0e; 8])), (1, uint(1)), (2, vec![0xf6]), (3, vec![0xf6])];
    let answer: Vec<_> = answer.iter().map(|(key, value)| (*key, value.as_slice())).collect();
    // A tagged float, then text in pieces: nothing of it is looked at.
    let strange = [0x82, 0xc1, 0xfb, 0x40, 9, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0x7f, 0x61, 0x61, 0xff];
    let cases = [
        ("unknown_field", pong(&[(0, &seven), (200, &[0x63, b'n', b'e', b'w'])])),
        ("unknown_field_of_any_form", pong(&[(-1, &strange), (0, &seven)])),
        ("long_integers", vec![0x98, 2, 0x18, 3, 0xb9, 0, 1, 0x1a, 0, 0, 0, 0, 0x1b, 0, 0, 0, 0, 0, 0, 0, 7]),
        ("map_of_indefinite_length", vec![0x82, 3, 0xbf, 0, 7, 0xff]),
        ("null_is_absent", frame(17, &map(&answer))),
        ("list_absent_is_empty", frame(2, &map(&[(0, &seven)]))),
        ("list_of_indefinite_length", frame(2, &map(&[(0, &seven), (1, &[0x9f, 0xff])]))),
        ("farewell_of_a_later_version", frame(4, &map(&[(0, &uint(77))]))),
        ("certificate_with_a_later_field", frame(9, &map(&[(0, &certificate(&Wrong::LaterField))]))),
        ("operation_of_a_later_version", operations(&[&operation(&Operation::unknown())])),
    ];
    for (name, bytes) in cases {
        let meaning = Frame::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        book.bytes(&format!("accepted.{name}"), &bytes);
        book.bytes(&format!("accepted.{name}.means"), meaning.encode());
    }
}

fn malformed(book: &mut Book) {
    book.chapter("Malformed", "Each is counted and has no other effect; before the proof it ends the link.");
    let seven = uint(7);
    let digest = map(&[(0, &bytes(&[0xc0; 16])), (1, &bytes(&[1; 8]))]);
    let request = |fields: Fields<'_>| frame(16, &map(fields));
    let id = bytes(&[0x0e; 8]);
    let long = text(&"g".repeat(281));
    let whole = Frame::Pong(Pong { correlator: 7 }).encode();
    let cases = [
        ("nothing", vec![]),
        ("a_byte_to_spare", [&whole[..], &[0]].concat()),
        ("cut_short", whole[..4].to_vec()),
        ("three_parts", vec![0x83, 3, 0xa1, 0, 7, 0]),
        ("parts_of_indefinite_number", vec![0x9f, 3, 0xa1, 0, 7, 0xff]),
        ("kind_over_32_bits", vec![0x82, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0]),
        ("kind_below_zero", vec![0x82, 0x20, 0xa0]),
        ("body_is_no_map", vec![0x82, 3, 0x81, 7]),
        ("field_missing", frame(3, &map(&[]))),
        ("number_below_zero", frame(3, &map(&[(0, &[0x26])]))),
        ("number_over_16_bits", frame(4, &map(&[(0, &uint(65_536))]))),
        ("number_with_a_tag", frame(3, &map(&[(0, &[0xc1, 7])]))),
        ("required_field_null", frame(3, &map(&[(0, &[0xf6])]))),
        ("list_null", frame(2, &map(&[(0, &seven), (1, &[0xf6])]))),
        ("key_is_text", vec![0x82, 3, 0xa2, 0, 7, 0x61, b'a', 7]),
        ("key_over_63_bits", vec![0x82, 3, 0xa2, 0, 7, 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0, 7]),
        ("key_twice", frame(3, &map(&[(0, &seven), (0, &seven)]))),
        ("unknown_key_twice", frame(3, &map(&[(0, &seven), (200, &seven), (200, &seven)]))),
        ("keys_in_falling_order", frame(17, &map(&[(1, &uint(1)), (0, &id)]))),
        ("bytes_too_few", frame(8, &map(&[(0, &bytes(&[0x0d; 15]))]))),
        ("bytes_in_pieces", frame(8, &map(&[(0, &[&[0x5f][..], &bytes(&[0x0d; 16]), &[0xff]].concat())]))),
        ("truth_as_a_number", frame(34, &map(&[(0, &bytes(&[0xc0; 16])), (1, &[0x80]), (2, &uint(1))]))),
        ("list_over_its_limit", frame(2, &map(&[(0, &seven), (1, &list(&[&digest[..]; 33]))]))),
        ("text_over_its_limit", request(&[(0, &id), (1, &uint(1)), (3, &long)])),
        ("text_not_utf_8", request(&[(0, &id), (1, &uint(1)), (3, &[0x62, 0xc3, 0x28])])),
        ("choice_of_a_later_version", request(&[(0, &id), (1, &uint(2))])),
        ("certificate_signature_wrong", frame(9, &map(&[(0, &certificate(&Wrong::Signature))]))),
        ("certificate_endorsed_by_another", frame(9, &map(&[(0, &certificate(&Wrong::Endorsement))]))),
        ("certificate_with_a_byte_to_spare", frame(9, &map(&[(0, &certificate(&Wrong::SpareByte))]))),
        ("certificate_name_with_a_line_break", frame(9, &map(&[(0, &certificate(&Wrong::Name))]))),
    ];
    let misplaced = misplaced();
    for (name, bytes) in cases.into_iter().chain(misplaced) {
        assert_eq!(Frame::decode(&bytes), Err(FrameError::Malformed), "{name}");
        book.bytes(&format!("malformed.{name}"), &bytes);
    }
}

/// Operations whose parts do not fit together, whatever else is known.
fn misplaced() -> Vec<(&'static str, Vec<u8>)> {
    let good = Operation::message;
    let other = [9; 32];
    let cases = [
        ("operation_without_conversation", Operation { conversation: None, ..good() }),
        ("operation_that_depends_on_nothing", Operation { dependencies: vec![], previous: None, ..good() }),
        ("operation_with_seq_0", Operation { seq: 0, previous: None, ..good() }),
        ("operation_with_seq_2_and_no_previous", Operation { previous: None, ..good() }),
        ("operation_with_seq_1_and_a_previous", Operation { seq: 1, ..good() }),
        ("operation_whose_previous_is_no_dependency", Operation { previous: Some(other), ..good() }),
        ("operation_with_lamport_1", Operation { lamport: 1, ..good() }),
        ("operation_with_17_dependencies", Operation { dependencies: vec![[8; 32]; 17], ..good() }),
        ("create_in_a_conversation", Operation { conversation: Some([0xc0; 16]), ..Operation::create(5) }),
        ("create_with_lamport_2", Operation { lamport: 2, ..Operation::create(5) }),
        ("create_by_another_than_it_certifies", Operation { signer: 5, ..Operation::create(6) }),
    ];
    let fine = [good(), Operation::create(5), Operation::unknown()];
    for operation in fine {
        let bytes = operations(&[&self::operation(&operation)]);
        assert!(Frame::decode(&bytes).is_ok(), "what is misplaced here is only what the names say");
    }
    cases.into_iter().map(|(name, one)| (name, operations(&[&operation(&one)]))).collect()
}

fn unknown(book: &mut Book) {
    book.chapter("Of a later version", "Kinds that version 1 does not know: counted and skipped, unread.");
    let cases = [
        ("of_the_link", frame(7, &map(&[]))),
        ("later", frame(1_000_000, &text("whatever"))),
        ("later_with_bytes_to_spare", vec![0x82, 0x18, 200, 0xff, 0xff, 0xff]),
    ];
    for (name, bytes) in cases {
        assert_eq!(Frame::decode(&bytes), Err(FrameError::UnknownKind), "{name}");
        book.bytes(&format!("unknown_kind.{name}"), &bytes);
    }
}

fn texts(book: &mut Book) {
    book.chapter("Texts", "What a reader of invites says of each, at 1800000000000 ms.");
    let address = Address("192.0.2.2:41000".parse().unwrap());
    let invite = Invite {
        node: NodeId([0x0d; 16]),
        name: Name::cut("Ana"),
        endpoint: Some(Endpoint { fingerprint: Fingerprint([0xf1; 32]), addresses: List::first([address]) }),
        via: List::default(),
        offer: None,
        conversation: None,
        ticket: None,
        pass: None,
        expires_ms: Some(BEGINNING_MS + 1),
    };
    let whole = invite.to_string();
    let over = Invite { expires_ms: Some(BEGINNING_MS), ..invite };
    let (left, right) = whole.split_at(40);
    let body = data_encoding::BASE64URL_NOPAD.decode(whole.as_bytes()).unwrap();
    let newer = checked(&[&[2], &body[1..body.len() - 4]].concat());
    let padded = checked(&[&body[..body.len() - 4], &[0]].concat());
    let altered = [&whole[..30], if whole[30..].starts_with('A') { "B" } else { "A" }, &whole[31..]].concat();
    let cases = [
        ("accepted.whole", whole.clone(), None),
        ("accepted.in_a_url_broken_and_punctuated", format!("http://host:1/p#{left}  {right}>."), None),
        ("expired", over.to_string(), Some(InviteError::Expired)),
        ("damaged.cut", whole[..60].to_owned(), Some(InviteError::Damaged)),
        ("damaged.altered", altered, Some(InviteError::Damaged)),
        ("damaged.a_byte_to_spare", padded, Some(InviteError::Damaged)),
        ("damaged.choice_of_a_later_version", checked(&of_later_kind()), Some(InviteError::Damaged)),
        ("newer", newer, Some(InviteError::Newer)),
        ("foreign", "hello".to_owned(), Some(InviteError::NotAnInvite)),
    ];
    for (name, text, error) in cases {
        let read = Invite::parse(&text, Instant::from_millis(BEGINNING_MS));
        assert_eq!(read.err(), error, "{name}");
        book.text(&format!("text.{name}"), &text);
    }
}

/// An invite into a conversation of a kind that version 1 does not know.
fn of_later_kind() -> Vec<u8> {
    let into = map(&[(0, &bytes(&[0xc0; 16])), (1, &uint(2)), (2, &text("Talk"))]);
    [vec![1], map(&[(0, &bytes(&[0x0d; 16])), (1, &text("Ana")), (5, &into)])].concat()
}

fn checked(bytes: &[u8]) -> String {
    let sum = blake3::hash(bytes);
    data_encoding::BASE64URL_NOPAD.encode(&[bytes, &sum.as_bytes()[..4]].concat())
}

fn places(book: &mut Book) {
    book.chapter("Addresses and descriptions", "Endpoints and descriptions by themselves, as CBOR.");
    let endpoint = |address: &[u8]| map(&[(0, &bytes(&[0xf1; 32])), (1, &list(&[&bytes(address)[..]]))]);
    let endpoints = [
        ("accepted.v4", endpoint(&[192, 0, 2, 2, 0xa0, 0x28]), true),
        ("accepted.v6", endpoint(&[&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1, 0, 80]].concat()), true),
        ("refused.port_zero", endpoint(&[192, 0, 2, 2, 0, 0]), false),
        ("refused.length", endpoint(&[192, 0, 2, 0xa0, 0x28]), false),
        ("refused.unspecified", endpoint(&[0, 0, 0, 0, 0xa0, 0x28]), false),
        ("refused.multicast", endpoint(&[224, 0, 0, 251, 0xa0, 0x28]), false),
        ("refused.broadcast", endpoint(&[255, 255, 255, 255, 0xa0, 0x28]), false),
    ];
    for (name, bytes, is_good) in endpoints {
        assert_eq!(decode::<Endpoint>(&bytes).is_some(), is_good, "{name}");
        book.bytes(&format!("endpoint.{name}"), bytes);
    }
    let description = |ufrag: &str, pwd: &str, host: &[u8]| {
        let candidate = map(&[(0, host), (1, &uint(5_000)), (2, &uint(0)), (3, &uint(1))]);
        let fields = [text(ufrag), text(pwd), bytes(&[0xf1; 32]), list(&[&candidate[..]])];
        map(&[(0, &fields[0]), (1, &fields[1]), (2, &fields[2]), (3, &fields[3])])
    };
    let (pwd, host) = ("0123456789abcdefABCD+/", bytes(&[192, 0, 2, 2]));
    let descriptions = [
        ("accepted.ip", description("ab+/", pwd, &host), true),
        ("accepted.mdns", description("ab+/", pwd, &text("0a-B.local")), true),
        ("refused.ufrag_too_short", description("abc", pwd, &host), false),
        ("refused.pwd_too_short", description("abcd", &pwd[1..], &host), false),
        ("refused.alphabet", description("ab=c", pwd, &host), false),
        ("refused.unspecified", description("abcd", pwd, &bytes(&[0; 16])), false),
        ("refused.foreign_name", description("abcd", pwd, &text("host.example")), false),
        ("refused.two_labels", description("abcd", pwd, &text("a.b.local")), false),
    ];
    for (name, bytes, is_good) in descriptions {
        assert_eq!(decode::<Description>(&bytes).is_some(), is_good, "{name}");
        book.bytes(&format!("description.{name}"), bytes);
    }
}

/// What is wrong with a certificate, or new.
#[derive(PartialEq, Eq)]
enum Wrong {
    LaterField,
    Signature,
    Endorsement,
    SpareByte,
    Name,
}

/// A certificate of the keys under seed 5, written by hand.
fn certificate(wrong: &Wrong) -> Vec<u8> {
    let (keys, other) = (Keys::of(5), Keys::of(6));
    let identity = Identity::generate(&mut Rng::new([5; 32]), &Name::cut("Ida"), BEGINNING_MS);
    let sealing = identity.certificate().sealing.0;
    let account = keys.account().verifying_key().to_bytes();
    let endorser = if *wrong == Wrong::Endorsement { other.device() } else { keys.device() };
    let endorsement = sign(&endorser, "tertulia device endorsement v1", &[account, sealing].concat());
    let name = if *wrong == Wrong::Name { "two\nlines" } else { "telephone" };
    let fields = [
        bytes(&account),
        bytes(&keys.device().verifying_key().to_bytes()),
        bytes(&sealing),
        text(name),
        uint(BEGINNING_MS),
        uint(2),
        bytes(&endorsement),
        text("later"),
    ];
    let known = if *wrong == Wrong::LaterField { 8 } else { 7 };
    let pairs: Vec<_> = (0..).zip(&fields[..known]).map(|(key, value)| (key, value.as_slice())).collect();
    let mut body = map(&pairs);
    if *wrong == Wrong::SpareByte {
        body.push(0);
    }
    let signer = if *wrong == Wrong::Signature { other.account() } else { keys.account() };
    signed(&signer, "tertulia device certificate v1", &body)
}

/// An operation to be written by hand, legal or not.
struct Operation {
    conversation: Option<[u8; 16]>,
    signer: u8,
    seq: u64,
    previous: Option<[u8; 32]>,
    dependencies: Vec<[u8; 32]>,
    lamport: u64,
    body: Vec<u8>,
}

impl Operation {
    fn message() -> Self {
        Self {
            conversation: Some([0xc0; 16]),
            signer: 5,
            seq: 2,
            previous: Some([8; 32]),
            dependencies: vec![[8; 32]],
            lamport: 3,
            body: frame(3, &map(&[(0, &text("hi"))])),
        }
    }

    fn unknown() -> Self {
        Self { body: frame(99, &map(&[(0, &bytes(&[8; 32])), (1, &text("a vote?"))])), ..Self::message() }
    }

    fn create(certified: u8) -> Self {
        let identity = Identity::generate(&mut Rng::new([certified; 32]), &Name::cut("Ida"), BEGINNING_MS);
        let (certificate, profile) = (cbor(identity.certificate()), cbor(identity.profile()));
        let fields = [uint(1), uint(0), bytes(&[7; 16]), certificate, profile];
        let pairs: Vec<_> = (0..).zip(&fields).map(|(key, value)| (key, value.as_slice())).collect();
        let (previous, dependencies) = (None, vec![]);
        let body = frame(0, &map(&pairs));
        Self { conversation: None, seq: 1, previous, dependencies, lamport: 1, body, ..Self::message() }
    }
}

fn operation(one: &Operation) -> Vec<u8> {
    let keys = Keys::of(one.signer);
    let dependencies: Vec<_> = one.dependencies.iter().map(|id| bytes(id)).collect();
    let dependencies: Vec<_> = dependencies.iter().map(Vec::as_slice).collect();
    let fields = [
        one.conversation.map(|id| bytes(&id)),
        Some(bytes(&keys.account().verifying_key().to_bytes())),
        Some(bytes(&keys.device().verifying_key().to_bytes())),
        Some(uint(one.seq)),
        one.previous.map(|id| bytes(&id)),
        Some(list(&dependencies)),
        Some(uint(one.lamport)),
        Some(uint(BEGINNING_MS)),
        Some(one.body.clone()),
    ];
    let present = (0..).zip(&fields).filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let content = map(&present.collect::<Vec<_>>());
    let id = *blake3::hash(&content).as_bytes();
    let signature = sign(&keys.device(), "tertulia operation v1", &id);
    list(&[&bytes(&content), &bytes(&signature)])
}

fn operations(operations: &[&[u8]]) -> Vec<u8> {
    frame(32, &map(&[(0, &list(operations))]))
}

pub(crate) fn signed(key: &SigningKey, context: &str, body: &[u8]) -> Vec<u8> {
    list(&[&bytes(body), &bytes(&sign(key, context, body))])
}

fn sign(key: &SigningKey, context: &str, message: &[u8]) -> [u8; 64] {
    key.sign(&[context.as_bytes(), &[0], message].concat()).to_bytes()
}

pub(crate) fn frame(kind: u32, body: &[u8]) -> Vec<u8> {
    list(&[&uint(kind.into()), body])
}

pub(crate) fn map(pairs: Fields<'_>) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.map(pairs.len() as u64).unwrap();
    let mut bytes = e.into_writer();
    for (key, value) in pairs {
        bytes.extend(int(*key));
        bytes.extend(*value);
    }
    bytes
}

pub(crate) fn list(values: &[&[u8]]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(values.len() as u64).unwrap();
    [e.into_writer(), values.concat()].concat()
}

pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.bytes(bytes).unwrap();
    e.into_writer()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.str(text).unwrap();
    e.into_writer()
}

fn int(number: i64) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.i64(number).unwrap();
    e.into_writer()
}

pub(crate) fn uint(number: u64) -> Vec<u8> {
    cbor(&number)
}
