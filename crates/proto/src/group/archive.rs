//! History on its way out of a node and into another: lines of JSON that people and programs can read, each with the
//! signed operation itself, so that whoever takes them in need not believe the file (docs/HISTORY.md).

use super::graph::Horizons;
use super::op::{Body, ConversationId, ConversationKind, Create, History, OpId, Operation};
use crate::identity::{Name, NodeId, is_plain};
use crate::io::Person;
use crate::table::Table;
use crate::wire::bounded::List;
use crate::wire::cbor::{Wire, decode, encode, structure};
use crate::wire::{DEVICES_MAX, DeviceHead};
use base64ct::{Base64UrlUnpadded, Encoding};

/// The longest line that is read, in bytes: a conversation whose past begins with thousands of roots takes the half.
pub const LINE_MAX: usize = 1024 * 1024;
/// Operations that one piece of an export has at most: a megabyte or two, if all are as long as they may be.
pub(crate) const PIECE_MAX: usize = 64;

const FORMAT: &str = "tertulia-history";
const VERSION: u64 = 1;

/// An export under way: what it is of, and how far it is. [`Node::export`](crate::Node::export) moves it on.
#[derive(Clone, Debug)]
pub struct Export {
    pub(crate) waiting: Vec<ConversationId>,
    pub(crate) place: Place,
    /// Conversations so far.
    pub conversations: u64,
    /// Operations so far.
    pub operations: u64,
}

/// How far an export is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Nothing is written yet.
    Head,
    /// The next conversation comes.
    Between,
    /// What stands behind this operation comes; behind none, the first.
    Within(ConversationId, Option<OpId>),
    /// All is written.
    Done,
}

impl Export {
    /// An export of these conversations.
    pub fn of(conversations: impl IntoIterator<Item = ConversationId>) -> Self {
        let mut waiting: Vec<_> = conversations.into_iter().collect();
        waiting.reverse();
        Self { waiting, place: Place::Head, conversations: 0, operations: 0 }
    }

    /// The first line: what this is, when it was made, and whose it is.
    pub(crate) fn head(by: &Person, now_ms: u64) -> String {
        let mut line = Json::of("history");
        line.text("format", FORMAT);
        line.number("version", VERSION);
        line.time(now_ms);
        line.person("by", by);
        line.end()
    }

    /// The last line: whoever has it has all.
    pub(crate) fn tail(&self) -> String {
        let mut line = Json::of("end");
        line.text("format", FORMAT);
        line.number("conversations", self.conversations);
        line.number("operations", self.operations);
        line.end()
    }
}

/// What an export says of a conversation besides its operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub conversation: ConversationId,
    /// What it is called here.
    pub name: Name,
    /// How far each device had come when the person saw all of it.
    pub read: List<DeviceHead, DEVICES_MAX>,
    /// What came before the time of whoever exports.
    pub horizons: Option<Horizons>,
}

structure! { Kept { 0 => conversation, 1 => name, 2 => read or default, 3 => horizons } }

impl Kept {
    pub(crate) fn line(&self, kind: ConversationKind) -> String {
        let mut line = Json::of("conversation");
        line.text("conversation", &self.conversation.to_string());
        line.text("type", kind.as_str());
        line.text("name", self.name.as_str());
        line.coded("kept", self);
        line.end()
    }
}

/// An operation as it is read outside of its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The operation.
    pub operation: Operation,
    /// Who wrote it.
    pub author: Person,
    /// Whether it counts: its author had a say in the conversation.
    pub counts: bool,
}

impl Archived {
    /// The operation as a line of an export.
    pub(crate) fn line(&self) -> String {
        let Self { operation, author, counts } = self;
        let content = operation.content();
        let mut line = Json::of(kind(&content.body));
        line.text("conversation", &operation.conversation().to_string());
        line.text("id", &operation.id().to_string());
        line.text("author", &author.user.to_string());
        line.text("node", &author.node.to_string());
        line.text("name", author.name.as_str());
        line.time(content.time_ms);
        line.body(&content.body);
        if !counts {
            line.raw("counts", "false");
        }
        line.coded("signed", operation);
        line.end()
    }
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::Create(_) => "create",
        Body::Admit(_) => "admit",
        Body::Leave => "leave",
        Body::Message(_) => "message",
        Body::Evict(_) => "evict",
        Body::Edit(_) => "edit",
        Body::Delete(_) => "delete",
        Body::React(_) => "react",
        Body::Unknown(_) => "unknown",
    }
}

/// What an import has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Conversations that were not here.
    pub conversations: u64,
    /// Operations that were taken in.
    pub taken: u64,
    /// Operations that were here already.
    pub known: u64,
    /// Operations that wait for others: of a conversation that we are in, where they are asked for.
    pub waiting: u64,
    /// Lines that were not taken, by reason.
    pub refused: Table<&'static str, u64>,
}

impl Imported {
    pub(crate) fn refuse(&mut self, reason: &'static str, count: usize) {
        if count > 0 {
            *self.refused.or_insert_with(reason, || 0) += count as u64;
        }
    }

    /// Adds what a further piece has come to.
    pub fn add(&mut self, piece: &Self) {
        self.conversations += piece.conversations;
        self.taken += piece.taken;
        self.known += piece.known;
        self.waiting += piece.waiting;
        for (reason, count) in piece.refused.iter() {
            *self.refused.or_insert_with(reason, || 0) += count;
        }
    }
}

/// What a line of an export is to whoever takes it in. What it says to people is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The first or the last line.
    Frame,
    Conversation(Box<Kept>),
    Operation(Box<Operation>),
}

impl Line {
    /// Reads a line, or nothing when it is none of ours.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        if line.len() > LINE_MAX {
            return None;
        }
        if let Some(signed) = field(line, "signed") {
            return Some(Self::Operation(Box::new(decoded(signed)?)));
        }
        if let Some(kept) = field(line, "kept") {
            return Some(Self::Conversation(Box::new(decoded(kept)?)));
        }
        field(line, "format").filter(|format| *format == FORMAT).map(|_| Self::Frame)
    }
}

fn decoded<T: Wire>(text: &str) -> Option<T> {
    decode(&Base64UrlUnpadded::decode_vec(text).ok()?)
}

/// The text of a field of a JSON object, as it is written: what we read of a line needs no escapes.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (mut rest, mut depth, mut key) = (line, 0_u32, None);
    loop {
        let at = rest.find(['"', '{', '}', '[', ']'])?;
        let (found, after) = rest[at..].split_at(1);
        rest = after;
        match found {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.checked_sub(1)?,
            _ => {
                let text = &rest[..end_of_text(rest)?];
                rest = &rest[text.len() + 1..];
                let is_key = rest.trim_start().starts_with(':');
                if depth == 1 && is_key {
                    key = Some(text);
                } else if depth == 1 && key.take() == Some(name) {
                    return Some(text);
                }
            }
        }
    }
}

/// Where a text ends that has begun: before a quotation mark that is not escaped.
fn end_of_text(rest: &str) -> Option<usize> {
    let mut escaped = false;
    rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// A JSON object on a line, as it is being written.
struct Json(String);

impl Json {
    fn of(kind: &str) -> Self {
        let mut line = Self("{".to_owned());
        line.text("kind", kind);
        line
    }

    fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }

    fn key(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn raw(&mut self, name: &str, value: &str) {
        self.key(name);
        self.0.push_str(value);
    }

    fn number(&mut self, name: &str, value: u64) {
        self.raw(name, &value.to_string());
    }

    /// A text. What steers a terminal or turns what stands around it is escaped, too.
    fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.0.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                '\n' => self.0.push_str("\\n"),
                _ if is_plain(c) => self.0.push(c),
                // All of them have sixteen bits.
                _ => {
                    self.0.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        self.0.extend(char::from_digit(u32::from(c) >> shift & 15, 16));
                    }
                }
            }
        }
        self.0.push('"');
    }

    /// A value as it stands on the wire.
    fn coded(&mut self, name: &str, value: &impl Wire) {
        self.text(name, &Base64UrlUnpadded::encode_string(&encode(value)));
    }

    fn time(&mut self, time_ms: u64) {
        self.number("time", time_ms);
        if let Some(date) = date(time_ms) {
            self.text("date", &date);
        }
    }

    fn person(&mut self, name: &str, person: &Person) {
        self.key(name);
        self.0.push('{');
        self.text("node", &person.node.to_string());
        self.text("user", &person.user.to_string());
        self.text("name", person.name.as_str());
        self.0.push('}');
    }

    /// What an operation says, for people.
    fn body(&mut self, body: &Body) {
        match body {
            Body::Create(Create { kind, history, .. }) => {
                self.text("type", kind.as_str());
                self.text("history", if *history == History::All { "all" } else { "from_admission" });
            }
            Body::Admit(admit) => {
                let (node, user) = (admit.certificate.node(), admit.certificate.account);
                self.person("newcomer", &Person { node, user, name: admit.profile.name.clone() });
                if let Some(ticket) = &admit.ticket {
                    self.node("word_of", ticket.issuer.node());
                }
            }
            Body::Message(message) => {
                self.text("text", message.text.as_str());
                if let Some(to) = message.reply_to {
                    self.text("reply_to", &to.to_string());
                }
            }
            Body::Evict(evict) => self.node("evicted", evict.node),
            Body::Edit(edit) => self.text("text", edit.text.as_str()),
            Body::React(react) => {
                self.text("emoji", react.emoji.as_str());
                self.raw("on", if react.on { "true" } else { "false" });
            }
            Body::Unknown(number) => self.number("number", u64::from(*number)),
            Body::Leave | Body::Delete(_) => {}
        }
        if let Some(message) = body.target() {
            self.text("message", &message.to_string());
        }
    }

    fn node(&mut self, name: &str, node: NodeId) {
        self.text(name, &node.to_string());
    }
}

/// A time as RFC 3339 writes it, in UTC; none after the year 9999, which it cannot write.
pub fn date(time_ms: u64) -> Option<String> {
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    // The civil calendar from a count of days (Hinnant, days_from_civil): years begin in March, so that the day that
    // comes and goes is the last.
    let days = time_ms / DAY_MS + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let ms = time_ms % DAY_MS;
    let parts = [(year, 4, '-'), (month, 2, '-'), (day, 2, 'T'), (ms / 3_600_000, 2, ':')];
    let rest = [(ms / 60_000 % 60, 2, ':'), (ms / 1000 % 60, 2, '.'), (ms % 1000, 3, 'Z')];
    let mut text = String::new();
    for (value, width, end) in parts.into_iter().chain(rest) {
        let digits = value.to_string();
        (digits.len()..width).for_each(|_| text.push('0'));
        text.push_str(&digits);
        text.push(end);
    }
    (year <= 9999).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::graph::Graph;
    use crate::group::op::{Admit, Delete, Edit, Message, React};
    use crate::identity::Identity;
    use crate::io::{Emoji, MessageText};
    use crate::rng::Rng;
    use proptest::prelude::*;
    use serde_json::Value;

    fn someone(seed: u8, name: &str) -> Identity {
        Identity::generate(&mut Rng::new([seed; 32]), &Name::cut(name), 1)
    }

    /// The lines of a conversation in which everything happens that can happen.
    fn lines(text: &str) -> Vec<(Operation, String)> {
        let (ana, eva) = (someone(1, "Ana \"A\" \\"), someone(2, "Eva"));
        let mut graph = Graph::default();
        let (certificate, profile) = (ana.certificate().clone(), ana.profile().clone());
        let (kind, history) = (ConversationKind::Public, History::FromAdmission);
        let create = Create { kind, history, nonce: [0; 16], certificate, profile };
        graph.write(&ana, 1_800_000_000_000, Body::Create(create));
        let (certificate, profile) = (eva.certificate().clone(), eva.profile().clone());
        graph.write(&ana, 1, Body::Admit(Admit { certificate, profile, ticket: None }));
        let said = Body::Message(Message { text: MessageText::cut(text), reply_to: Some(OpId([7; 32])) });
        let message = graph.write(&ana, u64::MAX, said).id();
        for body in [
            Body::Edit(Edit { message, text: MessageText::cut("") }),
            Body::React(React { message, emoji: Emoji::cut("👍"), on: true }),
            Body::Delete(Delete { message }),
            Body::Evict(crate::group::op::Evict { node: eva.node() }),
            Body::Leave,
        ] {
            graph.write(&ana, 3, body);
        }
        let author = Person { node: ana.node(), user: ana.account(), name: ana.profile().name.clone() };
        let archived = graph.operations().map(|operation| {
            let archived = Archived { operation: operation.clone(), author: author.clone(), counts: true };
            (operation.clone(), archived.line())
        });
        archived.collect()
    }

    #[test]
    fn lines_are_json_that_says_what_happened() {
        let lines = lines("a\t\"quoted\"\n\u{202e}line\u{85} 👋");
        let read: Vec<Value> = lines.iter().map(|(_, line)| serde_json::from_str(line).unwrap()).collect();
        let kinds: Vec<_> = read.iter().map(|line| line["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["create", "admit", "message", "edit", "react", "delete", "evict", "leave"]);
        assert_eq!(read[0]["date"], "2027-01-15T08:00:00.000Z");
        assert_eq!(read[0]["history"], "from_admission");
        assert_eq!(read[1]["newcomer"]["name"], "Eva");
        assert_eq!(read[2]["name"], "Ana \"A\" \\");
        assert_eq!(read[2]["text"], "a\t\"quoted\"\n\u{202e}line\u{85} 👋");
        assert_eq!((&read[2]["time"], &read[2]["date"]), (&Value::from(u64::MAX), &Value::Null));
        assert_eq!(read[4]["message"], read[2]["id"]);
        assert!(
            lines.iter().all(|(_, line)| line.trim_end().chars().all(is_plain)),
            "nothing steers a terminal"
        );
    }

    #[test]
    fn the_frame_of_an_export_is_json_too() {
        let ana = someone(1, "Ana");
        let by = Person { node: ana.node(), user: ana.account(), name: ana.profile().name.clone() };
        let head: Value = serde_json::from_str(&Export::head(&by, 0)).unwrap();
        assert_eq!((&head["format"], &head["version"]), (&FORMAT.into(), &1.into()));
        assert_eq!((&head["date"], &head["by"]["name"]), (&"1970-01-01T00:00:00.000Z".into(), &"Ana".into()));
        let tail = Export::of([]).tail();
        assert_eq!(serde_json::from_str::<Value>(&tail).unwrap()["operations"], 0);
        for line in [Export::head(&by, 0), tail] {
            assert_eq!(Line::parse(&line), Some(Line::Frame));
        }
    }

    #[test]
    fn a_line_is_read_however_others_have_written_it_anew() {
        for (operation, line) in lines("one") {
            let value: Value = serde_json::from_str(&line).unwrap();
            let wide = serde_json::to_string_pretty(&value).unwrap().replace('\n', " ");
            for line in [line, value.to_string(), wide] {
                assert_eq!(Line::parse(&line), Some(Line::Operation(Box::new(operation.clone()))));
            }
        }
    }

    #[test]
    fn what_is_said_in_a_text_is_no_field() {
        let line =
            r#"{"text":"\",\"signed\":\"AA\"","newcomer":{"signed":"AB"},"x":["signed",":"],"signed":"AC"}"#;
        assert_eq!(field(line, "signed"), Some("AC"));
        assert_eq!(field(r#"{"text":"signed"}"#, "signed"), None);
        assert_eq!(field(r#"{"signed":"cut o"#, "signed"), None);
        assert_eq!(field(r#"}{"signed":"AA"}"#, "signed"), None);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let day = 24 * 60 * 60 * 1000;
        for (time_ms, told) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000 - 1, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_782_400_000 + day, "2000-03-01T00:00:00.000Z"),
            (4_107_542_400_000 - day, "2100-02-28T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(date(time_ms).as_deref(), Some(told));
        }
        assert_eq!(date(253_402_300_800_000), None);
        assert_eq!(date(u64::MAX), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

        #[test]
        fn fields_are_found_as_serde_finds_them(
            texts in proptest::collection::vec(("[a-c]", "[a-c\"\\\\{}\\[\\]:,é\n]{0,6}"), 0..6),
            number in any::<i32>(),
        ) {
            let mut object = serde_json::Map::new();
            for (key, text) in &texts {
                object.insert(key.clone(), Value::from(text.clone()));
                object.insert(["n", key].concat(), serde_json::json!([number, {"a": text}, null]));
            }
            let line = Value::Object(object.clone()).to_string();
            for key in ["a", "b", "c"] {
                let ours = field(&line, key).map(|raw| serde_json::from_str::<Value>(&["\"", raw, "\""].concat()).unwrap());
                prop_assert_eq!(ours.as_ref(), object.get(key));
            }
        }

        #[test]
        fn any_text_survives(text in "\\PC{0,40}|[\\x00-\\x40\u{2028}\u{2066}]{0,20}") {
            let line = lines(&text).remove(2).1;
            let value: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(value["text"].as_str(), Some(&*text));
        }

        #[test]
        fn any_line_is_read_without_harm(line in "\\PC{0,80}", cut in any::<u16>(), at in any::<u16>(), byte in any::<u8>()) {
            let _ = Line::parse(&line);
            let whole = lines("one").remove(2).1;
            let _ = Line::parse(&whole[..usize::from(cut) % whole.len()]);
            let mut changed = whole.into_bytes();
            let at = usize::from(at) % changed.len();
            changed[at] = byte;
            let _ = Line::parse(&String::from_utf8_lossy(&changed));
        }
    }
}
