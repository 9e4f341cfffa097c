//! The story: four people meet in each of the three ways, talk, and part.

use crate::book::Book;
use crate::stage::{BEGINNING_MS, Player, Said, Stage};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::group::{Body, History, Operation};
use tertulia_proto::identity::safety_number;
use tertulia_proto::io::Consent;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::Text;
use tertulia_proto::wire::cbor::{Wire, encode};
use tertulia_proto::wire::{Frame, Operations, Ping};
use tertulia_proto::{Command, ConversationId, ConversationKind, Event, Invite, NodeId, OpId, Reply, Window};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const SEALING: &str = "tertulia 2026-11 sealing key v1";
const INTRODUCTION: &[u8] = b"tertulia introduction v1";

/// The private halves of a player's keys.
pub(crate) struct Keys {
    pub account: [u8; 32],
    pub device: [u8; 32],
}

impl Keys {
    /// The keys of whoever was made from 32 bytes of `seed`.
    pub(crate) fn of(seed: u8) -> Self {
        let mut rng = Rng::new([seed; 32]);
        Self { account: rng.bytes(), device: rng.bytes() }
    }

    pub(crate) fn account(&self) -> SigningKey {
        SigningKey::from_bytes(&self.account)
    }

    pub(crate) fn device(&self) -> SigningKey {
        SigningKey::from_bytes(&self.device)
    }

    pub(crate) fn sealing(&self) -> [u8; 32] {
        blake3::derive_key(SEALING, &self.device)
    }
}

/// Tells the whole story into `book`.
pub(crate) fn tell(book: &mut Book) {
    let mut story = Story::begin();
    story.people(book);
    story.derived(book);
    let conversation = story.dial(book);
    story.introduction(book, conversation);
    story.at_once(book, conversation);
    story.parting(book, conversation);
    story.by_hand(book);
    story.machine(book);
    story.afterthoughts(book);
}

struct Story {
    stage: Stage,
    ana: Player,
    eva: Player,
    zoe: Player,
    leo: Player,
    operations: BTreeMap<OpId, tertulia_proto::group::Operation>,
    digest: BTreeMap<Player, [u8; 8]>,
}

impl Story {
    fn begin() -> Self {
        let mut stage = Stage::new();
        let ana = stage.native(("Ana", "ana"), 1);
        let (eva, zoe, leo) =
            (stage.tab(("Eva", "eva"), 2), stage.tab(("Zoé", "zoe"), 3), stage.tab(("Leo", "leo"), 4));
        Self { stage, ana, eva, zoe, leo, operations: BTreeMap::new(), digest: BTreeMap::new() }
    }

    fn people(&self, book: &mut Book) {
        book.chapter(
            "People",
            "Four nodes. The private seeds are Ed25519 seeds (RFC 8032) and an X25519 private key (RFC 7748).",
        );
        for player in self.stage.cast() {
            let (name, keys) = (self.stage.label(player), Keys::of(self.stage.seed(player)));
            let identity = self.stage.node(player).identity();
            let certificate = identity.certificate();
            assert_eq!(keys.account().verifying_key().to_bytes(), identity.account().0);
            book.bytes(&format!("{name}.account_seed"), keys.account);
            book.bytes(&format!("{name}.device_seed"), keys.device);
            book.bytes(&format!("{name}.sealing_private"), keys.sealing());
            book.bytes(&format!("{name}.account"), identity.account().0);
            book.bytes(&format!("{name}.device"), certificate.device.0);
            book.bytes(&format!("{name}.sealing"), certificate.sealing.0);
            book.bytes(&format!("{name}.node"), identity.node().0);
            book.bytes(&format!("{name}.certificate"), cbor(certificate));
            book.bytes(&format!("{name}.profile"), cbor(identity.profile()));
            book.bytes(&format!("{name}.fingerprint"), self.stage.fingerprint(player).0);
            book.pause();
        }
    }

    fn derived(&self, book: &mut Book) {
        book.chapter("Derived values", "Ana is a native node that can be dialled; the others are tabs.");
        let endpoint = self.stage.endpoint(self.ana);
        book.bytes("ana.endpoint", cbor(&endpoint));
        book.text("ana.ice_pwd", &endpoint.ice_pwd());
        let account = |player| self.stage.node(player).me().user;
        book.text("safety_number.ana.eva", &safety_number(&account(self.ana), &account(self.eva)));
        book.text("safety_number.eva.zoe", &safety_number(&account(self.eva), &account(self.zoe)));
        book.pause();
        book.bytes("rng.seed", [1; 32]);
        book.bytes("rng.stream", Rng::new([1; 32]).bytes::<64>());
    }

    /// Eva dials Ana, they begin a conversation and say a word each.
    fn dial(&mut self, book: &mut Book) -> ConversationId {
        book.chapter(
            "A link by dialling, and a conversation",
            "Eva follows Ana's invite (Eva is the offerer), asks for a public conversation, and each says a word. \
             One line a frame, in the order in which they were sent; `dial.07.ana.eva.answer` is the seventh, from \
             Ana to Eva, of kind Answer. The clock stands at 1800000000000 ms when the story begins.",
        );
        let Reply::Invite(invite) = self.stage.order(self.ana, invite(None, None, false)) else {
            panic!("an invite to a native node is ready at once")
        };
        book.text("dial.invite", &invite.to_string());
        let request = self.follow(self.eva, &invite, Some(ConversationKind::Public), "¿Tienes un rato?");
        assert!(request.is_some());
        let request = self.stage.event(self.ana, |event| match event {
            Event::Request { request, .. } => Some(*request),
            _ => None,
        });
        let answer = Command::Answer { request, answer: Consent::New(History::All) };
        let Reply::Conversation(conversation) = self.stage.order(self.ana, answer) else {
            panic!("answered")
        };
        let hello = self.say(self.ana, conversation, "¡Hola, Eva!", None);
        self.stage.pass(50);
        self.say(self.eva, conversation, "¿Qué tal?", Some(hello));
        self.stage.pass(450);
        let said = self.write_down(book, "dial");
        self.write_transcript(book, "dial", &said, self.eva, self.ana);
        book.bytes("dial.conversation", conversation.0);
        conversation
    }

    /// Zoé, a tab, comes in by Eva's invite: through Ana, who is linked to both.
    fn introduction(&mut self, book: &mut Book, conversation: ConversationId) {
        book.chapter(
            "An introduction, and an entry by ticket",
            "Eva, a tab, invites into the conversation with a ticket. Zoé dials Ana, is introduced to Eva (Zoé is the \
             offerer), and enters by the ticket. `letter.*.plain` is what the sealed letters hold.",
        );
        let command = invite(Some(conversation), Some(BEGINNING_MS + DAY_MS), false);
        let Reply::Invite(invite) = self.stage.order(self.eva, command) else {
            panic!("an invite to a tab that is linked to a native node is ready at once")
        };
        book.text("introduction.invite", &invite.to_string());
        book.bytes("introduction.pass", invite.pass.expect("a tab's invite has a pass").0);
        book.number("introduction.pass_expires_ms", invite.expires_ms.unwrap());
        self.follow(self.zoe, &invite, None, "");
        self.stage.pass(500);
        let said = self.write_down(book, "introduction");
        self.write_letters(book, &said);
        self.write_transcript(book, "introduction.zoe.ana", &said, self.zoe, self.ana);
        self.write_transcript(book, "introduction.zoe.eva", &said, self.zoe, self.eva);
        assert_eq!(self.participants(self.zoe, conversation).len(), 3);
    }

    /// Ana and Eva speak at the same time, while nothing passes between them.
    fn at_once(&mut self, book: &mut Book, conversation: ConversationId) {
        book.chapter(
            "Speaking at once, and what makes it one conversation again",
            "Nothing passes between Ana and Eva while both speak; Zoé has both messages and answers them. Then what \
             was on its way arrives, late. At the end every node has every operation: `state.*` says what it makes of \
             them, and the digests of the last PINGs agree with `state.digest`.",
        );
        self.stage.part(self.ana, self.eva);
        self.say(self.ana, conversation, "Ana, at once", None);
        self.say(self.eva, conversation, "Eva, at once", None);
        self.say(self.zoe, conversation, "Zoé has heard both", None);
        self.stage.pass(700);
        self.stage.reunite();
        self.stage.pass(2_500);
        self.write_down(book, "at_once");
        self.write_state(book, "state", conversation);
    }

    /// Zoé leaves the conversation; Eva leaves everything.
    fn parting(&mut self, book: &mut Book, conversation: ConversationId) {
        book.chapter("Leaving", "Zoé leaves the conversation and keeps her links; then Eva's node ends.");
        self.stage.order(self.zoe, Command::Leave { conversation });
        self.stage.pass(50);
        self.write_down(book, "leaving");
        self.write_state(book, "after_leaving", conversation);
        book.pause();
        self.stage.order(self.eva, Command::Quit);
        self.write_down(book, "quitting");
    }

    /// Leo invites by hand; Zoé replies.
    fn by_hand(&mut self, book: &mut Book) {
        book.chapter(
            "By hand",
            "Leo's invite carries an offer, Zoé's reply code the answer. Then the handshake: Leo is the offerer.",
        );
        self.stage.order(self.leo, invite(None, None, true));
        let invite = self.stage.event(self.leo, |event| match event {
            Event::InviteReady { invite, .. } => Some(invite.clone()),
            _ => None,
        });
        book.text("by_hand.invite", &invite.to_string());
        self.follow(self.zoe, &invite, None, "");
        let reply = self.stage.event(self.zoe, |event| match event {
            Event::ReplyReady { code, .. } => Some(code.clone()),
            _ => None,
        });
        book.text("by_hand.reply_code", &reply.to_string());
        self.stage.order(self.leo, Command::Complete { reply });
        let said = self.write_down(book, "by_hand");
        self.write_transcript(book, "by_hand", &said, self.leo, self.zoe);
    }

    /// Zoé finds nobody in.
    fn machine(&mut self, book: &mut Book) {
        book.chapter(
            "An answering machine",
            "Leo is away. Zoé, who is linked to him by now, asks for a private conversation, is answered by his \
             machine, and leaves a message.",
        );
        self.stage.order(self.leo, Command::Away { on: true });
        let request = self.ask_leo();
        let text = Text::cut("¿Me llamas?");
        self.stage.order(self.zoe, Command::LeaveMessage { request, text });
        self.write_down(book, "machine");
        let inbox = self.stage.node(self.leo).inbox();
        assert_eq!(inbox.iter().map(|left| left.request).collect::<Vec<_>>(), [request]);
    }

    /// Zoé and Leo talk, and do with messages what else can be done.
    fn afterthoughts(&mut self, book: &mut Book) {
        book.chapter(
            "Typing, edits, reactions, deletions, read marks",
            "Leo is back. They talk: Zoé types, says something, edits it; Leo, who shares what he reads, reads it and \
             reacts; Zoé deletes it.",
        );
        self.stage.order(self.leo, Command::Away { on: false });
        self.stage.order(self.leo, Command::ShareRead { on: true });
        let request = self.ask_leo();
        let answer = Command::Answer { request, answer: Consent::New(History::All) };
        let Reply::Conversation(conversation) = self.stage.order(self.leo, answer) else {
            panic!("answered")
        };
        self.stage.order(self.zoe, Command::Typing { conversation });
        let message = self.say(self.zoe, conversation, "¿Vienes manana?", None);
        self.stage.pass(50);
        let text = Text::cut("¿Vienes mañana?");
        self.stage.order(self.zoe, Command::Edit { conversation, message, text });
        self.stage.order(self.leo, Command::Read { conversation });
        let emoji = Text::cut("👍");
        for on in [true, false] {
            let emoji = emoji.clone();
            self.stage.order(self.leo, Command::React { conversation, message, emoji, on });
        }
        self.stage.pass(50);
        self.stage.order(self.zoe, Command::Delete { conversation, message });
        self.stage.pass(50);
        self.write_down(book, "afterthoughts");
        for player in [self.zoe, self.leo] {
            let view = self.stage.node(player).message(
                conversation,
                message,
                &tertulia_proto::io::Recalled::default(),
            );
            let view = view.unwrap().expect("it keeps its place");
            assert!(view.deleted && view.text.is_empty() && view.reactions.is_empty());
        }
    }

    fn ask_leo(&mut self) -> tertulia_proto::io::RequestId {
        let (node, kind) = (self.stage.node(self.leo).me().node, Some(ConversationKind::Private));
        let command = Command::Connect { node, kind, greeting: Text::cut("") };
        match self.stage.order(self.zoe, command) {
            Reply::Opening { request: Some(request), .. } => request,
            other => panic!("{other:?}"),
        }
    }

    fn follow(
        &mut self,
        player: Player,
        invite: &Invite,
        kind: Option<ConversationKind>,
        greeting: &str,
    ) -> Option<tertulia_proto::io::RequestId> {
        let command = Command::Open { invite: Box::new(invite.clone()), kind, greeting: Text::cut(greeting) };
        match self.stage.order(player, command) {
            Reply::Opening { request, .. } => request,
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self, player: Player, into: ConversationId, text: &str, reply_to: Option<OpId>) -> OpId {
        let command = Command::Send { conversation: into, text: Text::cut(text), reply_to };
        match self.stage.order(player, command) {
            Reply::Message(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Writes down the frames that were sent since this was done last.
    fn write_down(&mut self, book: &mut Book, chapter: &str) -> Vec<Said> {
        let said = self.stage.said();
        for (count, said) in (1..).zip(&said) {
            let (from, to) = (self.stage.label(said.from), self.stage.label(said.to));
            let frame = Frame::decode(&said.bytes).expect("our own frames are frames");
            book.bytes(&format!("{chapter}.{count:02}.{from}.{to}.{}", kind(&frame)), &said.bytes);
            assert_eq!(frame.encode(), said.bytes, "a frame is coded in one way only");
            self.take_note(said.from, &frame);
        }
        said
    }

    fn take_note(&mut self, from: Player, frame: &Frame) {
        match frame {
            Frame::Operations(Operations { operations, .. }) => {
                operations.iter().for_each(|operation| self.take_operation(operation));
            }
            Frame::ListUpdate(update) => self.take_operation(&update.operation.0),
            Frame::ConnectionRelease(release) => self.take_operation(&release.operation.0),
            Frame::Ping(Ping { digests, .. }) => {
                if let Some(digest) = digests.first() {
                    self.digest.insert(from, digest.heads.0);
                }
            }
            _ => {}
        }
    }

    fn take_operation(&mut self, operation: &Operation) {
        assert!(operation.verify());
        self.operations.insert(operation.id(), operation.clone());
    }

    /// What both sides of a handshake signed; their proofs must fit.
    fn write_transcript(
        &self,
        book: &mut Book,
        name: &str,
        said: &[Said],
        offerer: Player,
        answerer: Player,
    ) {
        let of = |from: Player, to: Player, kind_wanted: &str| {
            let is_it = |said: &&Said| {
                said.from == from
                    && said.to == to
                    && Frame::decode(&said.bytes).is_ok_and(|frame| kind(&frame) == kind_wanted)
            };
            said.iter().find(is_it).expect("the handshake was played").bytes.clone()
        };
        for (role, from, to) in [(0, offerer, answerer), (1, answerer, offerer)] {
            let mut hasher = blake3::Hasher::new_derive_key("tertulia 2026-11 handshake transcript v1");
            hasher.update(&[role]);
            for (one, other) in [(offerer, answerer), (answerer, offerer)] {
                let hello = of(one, other, "hello");
                hasher.update(&(hello.len() as u64).to_be_bytes()).update(&hello);
                hasher.update(&self.stage.fingerprint(one).0);
            }
            let transcript = *hasher.finalize().as_bytes();
            let Ok(Frame::Proof(proof)) = Frame::decode(&of(from, to, "proof")) else { panic!("a proof") };
            let message = [&b"tertulia link proof v1\0"[..], &transcript].concat();
            let device = self.stage.node(from).identity().certificate().device.0;
            let key = VerifyingKey::from_bytes(&device).unwrap();
            key.verify_strict(&message, &Signature::from_bytes(&proof.signature.0)).expect("the proof fits");
            book.bytes(
                &format!("{name}.transcript.{}", ["offerer", "answerer"][usize::from(role)]),
                transcript,
            );
        }
    }

    /// What the sealed letters hold, opened with the recipient's private key.
    fn write_letters(&self, book: &mut Book, said: &[Said]) {
        for (name, to) in [("offer", self.eva), ("answer", self.zoe)] {
            let sealed = said.iter().find_map(|said| match Frame::decode(&said.bytes) {
                Ok(Frame::Signal(signal)) if said.to == to => Some(signal.sealed),
                _ => None,
            });
            let sealed = sealed.expect("a letter came");
            let plain = unsealed(&Keys::of(self.stage.seed(to)).sealing(), INTRODUCTION, &sealed);
            book.bytes(&format!("letter.{name}.plain"), plain);
        }
    }

    /// What follows from the operations alone.
    fn write_state(&self, book: &mut Book, name: &str, conversation: ConversationId) {
        let mut shown: Vec<_> = self.operations.values().collect();
        shown.sort_by_key(|operation| operation.display_key());
        for (count, operation) in (1..).zip(&shown) {
            let body = match operation.content().body {
                Body::Create(_) => "create",
                Body::Admit(_) => "admit",
                Body::Leave => "leave",
                Body::Message(_) => "message",
                Body::Evict(_) => "evict",
                Body::Edit(_) => "edit",
                Body::Delete(_) => "delete",
                Body::React(_) => "react",
                Body::Unknown(_) => "unknown",
            };
            book.bytes(&format!("{name}.display.{count:02}.{body}"), operation.id().0);
        }
        let messages: Vec<_> = shown
            .iter()
            .filter(|one| matches!(one.content().body, Body::Message(_)))
            .map(|one| one.id())
            .collect();
        for player in [self.ana, self.eva] {
            let views = self
                .stage
                .node(player)
                .messages(conversation, Window::default(), &tertulia_proto::io::Recalled::default())
                .unwrap();
            assert_eq!(views.iter().map(|view| view.id).collect::<Vec<_>>(), messages);
        }
        let participants = self.participants(self.ana, conversation);
        assert_eq!(participants, self.participants(self.eva, conversation));
        for (count, node) in (1..).zip(participants) {
            book.bytes(&format!("{name}.participant.{count}"), node.0);
        }
        book.bytes(&format!("{name}.digest"), self.digest_of_heads(name));
    }

    fn digest_of_heads(&self, name: &str) -> [u8; 8] {
        let taken: BTreeSet<_> =
            self.operations.values().flat_map(|one| one.content().dependencies.iter().copied()).collect();
        let mut hasher = blake3::Hasher::new();
        for head in self.operations.keys().filter(|id| !taken.contains(id)) {
            hasher.update(&head.0);
        }
        let digest = *hasher.finalize().as_bytes().first_chunk().unwrap();
        if name == "state" {
            assert!(self.digest.values().all(|told| *told == digest), "the last PINGs agree");
        }
        digest
    }

    fn participants(&self, player: Player, conversation: ConversationId) -> Vec<NodeId> {
        let view = self.stage.node(player).conversation(conversation).expect("it is known");
        view.participants.iter().map(|one| one.person.node).collect()
    }
}

fn invite(conversation: Option<ConversationId>, expires_ms: Option<u64>, by_hand: bool) -> Command {
    Command::Invite { conversation, ticket: conversation.is_some(), expires_ms, by_hand }
}

/// The name of a frame's kind, for the vectors' names.
pub(crate) fn kind(frame: &Frame) -> &'static str {
    match frame {
        Frame::Hello(_) => "hello",
        Frame::Proof(_) => "proof",
        Frame::Ping(_) => "ping",
        Frame::Pong(_) => "pong",
        Frame::Bye(_) => "bye",
        Frame::Lookup(_) => "lookup",
        Frame::Contact(_) => "contact",
        Frame::Signal(_) => "signal",
        Frame::Unreachable(_) => "unreachable",
        Frame::ConnectionRequest(_) => "connection_request",
        Frame::Answer(_) => "answer",
        Frame::AutomaticEntryToCoordinator(_) => "automatic_entry_to_coordinator",
        Frame::AutomaticEntryToPeer(_) => "automatic_entry_to_peer",
        Frame::ListUpdate(_) => "list_update",
        Frame::ConnectionRelease(_) => "connection_release",
        Frame::LeftMessage(_) => "left_message",
        Frame::Operations(_) => "operations",
        Frame::Want(_) => "want",
        Frame::Heads(_) => "heads",
        Frame::Past(_) => "past",
        Frame::Delivered(_) => "delivered",
        Frame::Typing(_) => "typing",
        Frame::Route(_) => "route",
        Frame::Hop(_) => "hop",
        Frame::Return(_) => "return",
        Frame::Leaves(_) => "leaves",
        Frame::Arrival(_) => "arrival",
        Frame::RowRequest(_) => "row_request",
        Frame::Row(_) => "row",
        Frame::Join(_) => "join",
        Frame::Joined(_) => "joined",
        Frame::Keep(_) => "keep",
        Frame::Publish(_) => "publish",
        Frame::Filed(_) => "filed",
        Frame::Seek(_) => "seek",
        Frame::Found(_) => "found",
        Frame::Sealed(_) => "sealed",
        Frame::Later(_) => "later",
    }
}

pub(crate) fn cbor(value: &impl Wire) -> Vec<u8> {
    encode(value)
}

/// Opens what was sealed to a private key.
pub(crate) fn unsealed(private: &[u8; 32], info: &[u8], sealed: &[u8]) -> Vec<u8> {
    use hpke::{Deserializable, Kem, OpModeR};
    type Sealing = hpke::kem::X25519HkdfSha256;
    let (encapped, text) = sealed.split_at(32);
    hpke::single_shot_open::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Sealing>(
        &OpModeR::Base,
        &<Sealing as Kem>::PrivateKey::from_bytes(private).unwrap(),
        &<Sealing as Kem>::EncappedKey::from_bytes(encapped).unwrap(),
        info,
        text,
        b"",
    )
    .expect("the letter is for this key")
}
