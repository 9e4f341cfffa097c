//! The overlay, the directory and envelopes: one frame of each kind with fixed values, a ring of two, and verdicts.

use crate::book::Book;
use crate::stage::{BEGINNING_MS, Stage};
use crate::story::{Keys, cbor, kind, unsealed};
use crate::verdicts::{bytes, frame, list, map, signed, text, uint};
use std::sync::Arc;
use tertulia_proto::directory::code::{Code, Reading};
use tertulia_proto::directory::record::{LIFETIME_MS, Record, RecordBody};
use tertulia_proto::directory::words::listed;
use tertulia_proto::endpoint::{Address, Endpoint, Fingerprint};
use tertulia_proto::group::Letter;
use tertulia_proto::identity::Name;
use tertulia_proto::overlay::contact::Contact;
use tertulia_proto::overlay::ring::{Key, LEAVES_MAX};
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::{Blob, List};
use tertulia_proto::wire::cbor::decode;
use tertulia_proto::wire::signed::Signed;
use tertulia_proto::wire::{
    Arrival, Decline, Enclosed, Filed, Found, Frame, FrameError, Hop, Join, Joined, Keep, Kept, Leaves, Load,
    Lookup, PATH_MAX, Publish, Return, Route, RouteId, Row, RowRequest, Sealed, Seek, SessionId, Typing,
    Unreachable,
};
use tertulia_proto::{AccountId, Command, Config, ConversationId, Identity, NodeId, Reply};

const ENVELOPE: &[u8] = b"tertulia envelope v1";
const NODE: NodeId = NodeId([0x0d; 16]);

pub(crate) fn tell(book: &mut Book) {
    parts(book);
    alone(book);
    envelope(book);
    ring_of_two(book);
    verdicts(book);
}

/// A node whose id is one byte over and over.
fn contact(byte: u8) -> Arc<Contact> {
    Arc::new(Contact { node: NodeId([byte; 16]), endpoint: None })
}

fn dialable(byte: u8) -> Arc<Contact> {
    let address = Address("192.0.2.2:41000".parse().unwrap());
    let endpoint = Endpoint { fingerprint: Fingerprint([0xf1; 32]), addresses: List::first([address]) };
    Arc::new(Contact { node: NodeId([byte; 16]), endpoint: Some(Box::new(endpoint)) })
}

fn identity(seed: u8, name: &str) -> Identity {
    Identity::generate(&mut Rng::new([seed; 32]), &Name::cut(name), BEGINNING_MS)
}

/// Ana's record.
fn record(words: &str, seq: u64) -> Record {
    let ana = identity(1, "Ana");
    let body = RecordBody {
        account: ana.account(),
        name: Name::cut("Ana"),
        words: listed(words, Letter::of),
        nodes: List::first([ana.node()]),
        seq,
        expires_ms: BEGINNING_MS + LIFETIME_MS,
    };
    let signed = signed(&Keys::of(1).account(), "tertulia directory record v1", &cbor(&body));
    decode(&signed).expect("the record is genuine")
}

fn parts(book: &mut Book) {
    book.chapter(
        "Contacts and records",
        "As CBOR. The record is Ana's, listed under `ana chess`; then she is listed no longer. Its keys are those of the \
         balanced code.",
    );
    book.bytes("contact", cbor(&contact(0xc1)));
    book.bytes("contact.endpoint", cbor(&dialable(0xc2)));
    book.bytes("record", cbor(&record("Ana chess", BEGINNING_MS)));
    let account = identity(1, "Ana").account();
    for word in ["ana", "chess"] {
        for (name, reading) in [("forward", Reading::Forward), ("backward", Reading::Backward)] {
            let key = Code::Balanced.key(word, reading, &account);
            book.bytes(&format!("record.key.{word}.{name}"), key.to_be_bytes());
        }
    }
    book.bytes("record.unlisting", cbor(&record("", BEGINNING_MS + 1)));
}

fn route(load: Frame) -> Frame {
    let path = List::first([NodeId([0xa1; 16]), NodeId([0xa2; 16])]);
    Frame::Route(Route { key: Key([0x4e; 16]), id: RouteId([0x1d; 8]), path, load: Load(Arc::new(load)) })
}

fn answer(load: Frame) -> Frame {
    Frame::Return(Return {
        id: RouteId([0x1d; 8]),
        path: List::first([NodeId([0xa1; 16])]),
        load: Load(Arc::new(load)),
    })
}

fn leaves(knows: &[u32], leaves: &[Arc<Contact>], gone: &[NodeId], asks: bool) -> Frame {
    Frame::Leaves(Leaves {
        sender: contact(0xc1),
        knows: List::first(knows.iter().copied()),
        leaves: List::first(leaves.iter().cloned()),
        gone: List::first(gone.iter().copied()),
        asks,
    })
}

fn alone(book: &mut Book) {
    book.chapter(
        "Frames of the overlay and the directory",
        "One of each kind and shape; routed ones in a Route or a Return.",
    );
    let words = listed("ana", Letter::of);
    let one = || record("Ana chess", BEGINNING_MS);
    let frames = [
        ("route", route(Frame::Lookup(Lookup { node: NODE }))),
        ("hop", Frame::Hop(Hop { id: RouteId([0x1d; 8]), hint: None, declined: None })),
        ("hop.hint", Frame::Hop(Hop { id: RouteId([0x1d; 8]), hint: Some(dialable(0xc2)), declined: None })),
        (
            "hop.declined",
            Frame::Hop(Hop { id: RouteId([0x1d; 8]), hint: None, declined: Some(Decline::Outside) }),
        ),
        ("return", answer(Frame::Unreachable(Unreachable { node: NODE }))),
        ("leaves.asks", leaves(&[0xc2c2_c2c2, 0xc3c3_c3c3], &[], &[], true)),
        ("leaves.answers", leaves(&[0xc2c2_c2c2], &[contact(0xc4), dialable(0xc2)], &[], false)),
        ("leaves.gone", leaves(&[], &[contact(0xc4)], &[NodeId([0xc5; 16])], false)),
        ("leaves.goes", leaves(&[], &[], &[NodeId([0xc1; 16])], false)),
        ("arrival", Frame::Arrival(Arrival { sender: contact(0xc1) })),
        ("row_request", Frame::RowRequest(RowRequest { row: 2 })),
        ("row", Frame::Row(Row { contacts: List::first([contact(0xc1), dialable(0xc2)]) })),
        ("join", route(Frame::Join(Join { sender: contact(0xc1), contacts: List::first([dialable(0xc2)]) }))),
        (
            "joined",
            answer(Frame::Joined(Joined {
                contacts: List::first([dialable(0xc2)]),
                leaves: List::first([contact(0xc3), contact(0xc4)]),
            })),
        ),
        ("publish", route(Frame::Publish(Box::new(Publish { record: one() })))),
        ("filed", answer(Frame::Filed(Filed { kept: true }))),
        ("keep", Frame::Keep(Keep { records: List::first([Kept { key: Key([0x4e; 16]), record: one() }]) })),
        (
            "seek",
            route(Frame::Seek(Seek { first: Key([0x4e; 16]), last: Key([0x4f; 16]), words: words.clone() })),
        ),
        ("found", answer(Frame::Found(Found { records: List::first([one()]), covered: Key([0x4f; 16]) }))),
    ];
    for (name, frame) in frames {
        assert_eq!(Frame::decode(&frame.encode()).as_ref(), Ok(&frame), "{name}");
        book.bytes(&format!("overlay.{name}"), frame.encode());
    }
}

/// Eva writes to Leo, who has no link to her.
fn envelope(book: &mut Book) {
    book.chapter(
        "An envelope",
        "From Eva to Leo: a Typing. `envelope.plain` is what is sealed; the key that was drawn for it is not given, but \
         Leo's private key opens it.",
    );
    let (eva, leo) = (identity(2, "Eva"), identity(4, "Leo"));
    let typing = Frame::Typing(Typing { conversation: ConversationId([0xc0; 16]) });
    let enclosed: Signed<Enclosed> = eva.sign_body(Enclosed {
        certificate: eva.certificate().clone(),
        profile: Some(eva.profile().clone()),
        to: leo.certificate().device,
        session: SessionId([0x5e; 8]),
        count: 1,
        frame: Blob::new(typing.encode()).unwrap(),
    });
    let sealed = sealed(&leo.certificate().sealing.0, &cbor(&enclosed));
    assert_eq!(unsealed(&Keys::of(4).sealing(), ENVELOPE, &sealed), cbor(&enclosed));
    book.bytes("envelope.plain", cbor(&enclosed));
    let to = leo.node();
    book.bytes(
        "envelope.route",
        route(Frame::Sealed(Sealed { to, sealed: Blob::new(sealed).unwrap() })).encode(),
    );
}

fn sealed(public: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    use hpke::{Deserializable, Kem, OpModeS, Serializable};
    type Sealing = hpke::kem::X25519HkdfSha256;
    let public = <Sealing as Kem>::PublicKey::from_bytes(public).unwrap();
    let mut rng = Rng::new([9; 32]);
    let (encapped, text) = hpke::single_shot_seal_with_rng::<
        hpke::aead::ChaCha20Poly1305,
        hpke::kdf::HkdfSha256,
        Sealing,
    >(&OpModeS::Base, &public, ENVELOPE, plain, b"", &mut rng)
    .unwrap();
    [&*encapped.to_bytes(), &*text].concat()
}

/// Eva joins Ana's ring, and is listed.
fn ring_of_two(book: &mut Book) {
    book.chapter(
        "A ring of two",
        "Ana and Eva once more, now in the overlay (`features` is 1). Eva dials Ana; each asks the other for its place. Then Eva \
         lists herself under `eva`: of the two keys one is nearer to Ana.",
    );
    let mut stage = Stage::of(Config { overlay: true, ..Config::TAB });
    let (ana, eva) = (stage.native(("Ana", "ana"), 1), stage.tab(("Eva", "eva"), 2));
    let command = Command::Invite { conversation: None, ticket: false, expires_ms: None, by_hand: false };
    let Reply::Invite(invite) = stage.order(ana, command) else { panic!("an invite is ready at once") };
    let open =
        |invite| Command::Open { invite, kind: None, greeting: tertulia_proto::wire::bounded::Text::cut("") };
    stage.order(eva, open(invite));
    let mut said = stage.said();
    stage.order(eva, Command::Publish { words: listed("eva", Letter::of) });
    stage.pass(50);
    said.extend(stage.said());
    for (count, said) in (1..).zip(&said) {
        let (from, to) = (stage.label(said.from), stage.label(said.to));
        let frame = Frame::decode(&said.bytes).expect("our own frames are frames");
        assert_eq!(frame.encode(), said.bytes, "a frame is coded in one way only");
        let kind = match &frame {
            Frame::Route(Route { load, .. }) => format!("route.{}", kind(&load.0)),
            Frame::Return(Return { load, .. }) => format!("return.{}", kind(&load.0)),
            frame => kind(frame).to_owned(),
        };
        book.bytes(&format!("ring.{count:02}.{from}.{to}.{kind}"), &said.bytes);
    }
    for (player, other) in [(ana, eva), (eva, ana)] {
        let neighbours = stage.node(player).neighbours();
        assert_eq!(neighbours, Some(vec![stage.node(other).me().node]));
        assert_eq!(stage.node(player).records_kept(), 2, "both keep both");
    }
}

fn verdicts(book: &mut Book) {
    book.chapter(
        "Routed frames at the edge",
        "Malformed ones, and after them two that are not: sixteen are in the path of the one, so that whoever gets it drops it all the same, \
         and the other is of a kind that nobody knows yet.",
    );
    let lookup = |node: &[u8]| frame(8, &map(&[(0, &bytes(node))]));
    let path = |count: usize| list(&vec![&bytes(&NODE.0)[..]; count]);
    let routed = |path: &[u8], load: &[u8]| {
        frame(40, &map(&[(0, &bytes(&[0x4e; 16])), (1, &bytes(&[0x1d; 8])), (2, path), (3, load)]))
    };
    let good = lookup(&NODE.0);
    let inner = routed(&path(1), &good);
    let published = |record: &[u8]| frame(50, &map(&[(0, record)]));
    let many = list(&[&cbor(&*contact(0xc1))[..]; LEAVES_MAX + 1]);
    let cases = [
        ("a_route_in_a_route", routed(&path(1), &inner)),
        ("a_ping_in_a_route", routed(&path(1), &frame(2, &map(&[(0, &uint(7))])))),
        ("a_free_kind_in_a_route", routed(&path(1), &frame(64, &map(&[])))),
        ("a_path_of_17", routed(&path(PATH_MAX + 1), &good)),
        ("a_path_that_claims_2_to_the_30", routed(&[0x9a, 0x40, 0, 0, 0], &good)),
        (
            "a_key_of_15_bytes",
            frame(40, &map(&[(0, &bytes(&[0x4e; 15])), (1, &bytes(&[0x1d; 8])), (2, &path(1)), (3, &good)])),
        ),
        ("seventeen_leaves", frame(43, &map(&[(0, &cbor(&*contact(0xc1))), (2, &many)]))),
        ("a_record_that_another_signed", routed(&path(1), &published(&false_record(6, "ana")))),
        ("a_record_with_a_capital", routed(&path(1), &published(&false_record(5, "Ana")))),
        ("a_record_with_an_empty_word", routed(&path(1), &published(&false_record(5, "")))),
    ];
    for (name, bytes) in cases {
        assert_eq!(Frame::decode(&bytes), Err(FrameError::Malformed), "{name}");
        book.bytes(&format!("malformed.{name}"), &bytes);
    }
    let record = false_record(5, "ana");
    assert!(
        Frame::decode(&routed(&path(1), &published(&record))).is_ok(),
        "false is only what the names say"
    );
    let full = routed(&path(PATH_MAX), &good);
    assert!(Frame::decode(&full).is_ok());
    book.bytes("accepted.a_path_of_16", full);
    let later = routed(&path(1), &frame(60, &map(&[])));
    assert_eq!(Frame::decode(&later).map(|frame| frame.encode()), Ok(later.clone()));
    book.bytes("accepted.an_unknown_kind_in_a_route", later);
}

/// A record of the account under seed 5 with one word, signed by that under another.
fn false_record(signer: u8, word: &str) -> Vec<u8> {
    let account = AccountId(Keys::of(5).account().verifying_key().to_bytes());
    let body = map(&[
        (0, &bytes(&account.0)),
        (1, &text("Ida")),
        (2, &list(&[&text(word)[..]])),
        (4, &uint(1)),
        (5, &uint(BEGINNING_MS + LIFETIME_MS)),
    ]);
    signed(&Keys::of(signer).account(), "tertulia directory record v1", &body)
}
