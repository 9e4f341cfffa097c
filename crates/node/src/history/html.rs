//! A history as a page to read: one file that asks nobody for anything and runs nothing.

use super::Written;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::group::archive::{Archived, date};
use tertulia_proto::group::{Body, ConversationKind};
use tertulia_proto::io::{Lacking, MessageView, Person, ReactionView, Recalled};
use tertulia_proto::{AccountId, ConversationId, Node, NodeId, OpId};

const STYLE: &str = include_str!("page.css");
/// Operations that one piece is made of.
const PIECE: usize = 64;
/// How much of a message stands where another replies to it, in characters.
const QUOTE: usize = 120;

/// A page that is being written.
#[derive(Debug)]
pub(crate) struct Page {
    all: Vec<ConversationId>,
    place: Place,
    talk: Talk,
    written: Written,
}

/// How far a page is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Nothing is written yet.
    Head,
    /// The conversation with this number comes.
    Before(usize),
    /// What stands behind this operation of that conversation comes.
    Within(usize, Option<OpId>),
    /// All is written.
    Done,
}

/// The conversation that is being written.
#[derive(Debug, Default)]
struct Talk {
    users: BTreeMap<AccountId, String>,
    nodes: BTreeMap<NodeId, String>,
    /// Who is in, as far as it is written.
    present: BTreeSet<NodeId>,
    /// The day of what was written last.
    day: String,
}

impl Page {
    /// A page of these conversations.
    pub(super) fn of(conversations: Vec<ConversationId>) -> Self {
        Self { all: conversations, place: Place::Head, talk: Talk::default(), written: Written::default() }
    }

    /// How much of it is written.
    pub(super) fn written(&self) -> Written {
        self.written
    }

    /// The next piece, until there is none.
    pub(super) fn next(&mut self, node: &Node, recalled: &Recalled) -> Result<Option<String>, Lacking> {
        let mut html = Html::default();
        self.place = match self.place {
            Place::Head => {
                self.head(node, &mut html);
                Place::Before(0)
            }
            Place::Before(at) => match self.all.get(at).copied() {
                Some(id) => {
                    self.begin(node, id, &mut html);
                    Place::Within(at, None)
                }
                None => {
                    html.raw("</main>\n<footer>Made with Tertulia. This file asks nobody for anything and runs nothing.</footer>\n");
                    html.raw("</body>\n</html>\n");
                    Place::Done
                }
            },
            Place::Within(at, after) => {
                let id = self.all[at];
                let piece = node.operations(id, after, PIECE, recalled)?;
                let said = said(node, id, &piece, recalled)?;
                piece.iter().zip(said).for_each(|(one, said)| self.entry(node, one, said, &mut html));
                match piece.last() {
                    Some(last) => Place::Within(at, Some(last.operation.id())),
                    None => {
                        html.raw("</section>\n");
                        Place::Before(at + 1)
                    }
                }
            }
            Place::Done => return Ok(None),
        };
        Ok(Some(html.0))
    }

    fn head(&self, node: &Node, html: &mut Html) {
        let me = node.me();
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.raw(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-",
        );
        html.raw(&hash);
        html.raw(
            "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
        );
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>Conversations of ");
        html.text(me.name.as_str());
        html.raw("</title>\n<style>");
        html.raw(STYLE);
        html.raw("</style>\n</head>\n<body>\n<header>\n<h1>Conversations of <bdi>");
        html.text(me.name.as_str());
        html.raw("</bdi></h1>\n<p class=\"about\">");
        html.raw(if self.all.len() == 1 { "One conversation" } else { "All conversations" });
        html.raw(". Times are in UTC, by the clocks of those who wrote.</p>\n</header>\n");
        if self.all.len() > 1 {
            html.raw("<nav aria-label=\"Conversations\">\n<ol>\n");
            for view in self.all.iter().filter_map(|id| node.conversation(*id)) {
                html.raw(&format!("<li><a href=\"#c-{}\" dir=\"auto\">", view.id));
                html.text(&view.name);
                html.raw("</a></li>\n");
            }
            html.raw("</ol>\n</nav>\n");
        }
        html.raw("<main>\n");
    }

    fn begin(&mut self, node: &Node, id: ConversationId, html: &mut Html) {
        self.talk = Talk::of(&node.people(id));
        let Some(view) = node.conversation(id) else { return };
        self.written.conversations += 1;
        html.raw(&format!("<section aria-labelledby=\"c-{id}\">\n<h2 id=\"c-{id}\" dir=\"auto\">"));
        html.text(&view.name);
        html.raw("</h2>\n<p class=\"about\">");
        html.raw(match view.kind {
            ConversationKind::Private => "A private conversation. ",
            ConversationKind::Public => "A public conversation. ",
        });
        let here: Vec<_> = view.participants.iter().map(|one| one.person.name.to_string()).collect();
        html.raw(if view.open { "In it: " } else { "In it at the end: " });
        html.names(&here);
        html.raw("</p>\n");
    }

    fn entry(&mut self, node: &Node, one: &Archived, said: Option<Said>, html: &mut Html) {
        match &one.operation.content().body {
            Body::Message(_) => {
                let Some(Said { message, reply }) = said else { return };
                self.written.entries += 1;
                self.talk.day(message.time_ms, html);
                self.talk.message(&message, reply, node.me().user, html);
            }
            body if one.counts => self.talk.event(one, body, html),
            _ => {}
        }
    }
}

/// A message as it is now.
struct Said {
    message: MessageView,
    /// What it replies to, if that is here.
    reply: Option<(OpId, Option<MessageView>)>,
}

/// The messages among operations of a conversation; or what has to be read first.
fn said(
    node: &Node,
    id: ConversationId,
    piece: &[Archived],
    recalled: &Recalled,
) -> Result<Vec<Option<Said>>, Lacking> {
    let mut lacking = Vec::new();
    let mut look = |message| {
        let found = node.message(id, message, recalled);
        found.map_err(|Lacking(keys)| lacking.extend(keys)).ok().flatten()
    };
    let mut all = Vec::with_capacity(piece.len());
    for one in piece {
        let message = match one.operation.content().body {
            Body::Message(_) => look(one.operation.id()),
            _ => None,
        };
        all.push(message.map(|message| {
            let reply = message.reply_to.map(|to| (to, look(to)));
            Said { message, reply }
        }));
    }
    if lacking.is_empty() { Ok(all) } else { Err(Lacking(lacking)) }
}

impl Talk {
    fn of(people: &[Person]) -> Self {
        let mut talk = Self::default();
        for person in people {
            talk.users.insert(person.user, person.name.to_string());
            talk.nodes.insert(person.node, person.name.to_string());
        }
        talk
    }

    /// A heading, where another day begins.
    fn day(&mut self, time_ms: u64, html: &mut Html) {
        let date = date(time_ms).unwrap_or_default();
        let day = date.get(..10).unwrap_or_default();
        if day != self.day {
            day.clone_into(&mut self.day);
            html.raw(&format!("<h3><time datetime=\"{day}\">{}</time></h3>\n", in_words(time_ms, day)));
        }
    }

    /// Who came and went, and by whose word.
    fn event(&mut self, one: &Archived, body: &Body, html: &mut Html) {
        let author = one.author.name.as_str();
        let (first, verb, second) = match body {
            Body::Create(_) => {
                self.present.insert(one.author.node);
                (author, " began the conversation", "")
            }
            Body::Admit(admit) => {
                let newcomer = admit.certificate.node();
                if !self.present.insert(newcomer) {
                    // Two let it in at once, or it lost its memory and came in anew.
                    return;
                }
                let by = admit.ticket.as_ref().map_or(one.author.node, |ticket| ticket.issuer.node());
                (self.name(&by), " let in ", self.name(&newcomer))
            }
            Body::Leave if self.present.remove(&one.author.node) => (author, " left", ""),
            Body::Evict(evict) if self.present.remove(&evict.node) => {
                (self.name(&evict.node), " was away for too long and is out", "")
            }
            _ => return,
        };
        let (first, second) = (first.to_owned(), second.to_owned());
        self.day(one.operation.content().time_ms, html);
        html.raw("<p class=\"event\"><bdi>");
        html.text(&first);
        html.raw("</bdi>");
        html.raw(verb);
        html.raw("<bdi>");
        html.text(&second);
        html.raw("</bdi></p>\n");
    }

    fn name(&self, node: &NodeId) -> &str {
        self.nodes.get(node).map_or("somebody", String::as_str)
    }

    fn message(
        &self,
        message: &MessageView,
        reply: Option<(OpId, Option<MessageView>)>,
        me: AccountId,
        html: &mut Html,
    ) {
        let class = if message.author == me { " class=\"mine\"" } else { "" };
        html.raw(&format!("<article id=\"m-{}\"{class}>\n<header><b><bdi>", message.id));
        html.text(message.name.as_str());
        html.raw("</bdi></b>");
        html.time(message.time_ms);
        html.raw("</header>\n");
        if let Some((to, found)) = reply {
            html.reply(to, found.as_ref());
        }
        if message.deleted {
            html.raw("<p class=\"note\">This message was deleted</p>\n");
        } else {
            html.raw("<p class=\"text\" lang=\"\" dir=\"auto\">");
            if message.emote {
                html.raw("* ");
                html.text(message.name.as_str());
                html.raw(" ");
            }
            html.text(&message.text);
            html.raw("</p>\n");
        }
        if message.edited {
            html.raw("<p class=\"note\">edited</p>\n");
        }
        if !message.reactions.is_empty() {
            html.raw("<ul class=\"reactions\" aria-label=\"Reactions\">");
            message.reactions.iter().for_each(|reaction| self.reaction(reaction, html));
            html.raw("</ul>\n");
        }
        html.raw("</article>\n");
    }

    fn reaction(&self, reaction: &ReactionView, html: &mut Html) {
        let names =
            reaction.by.iter().map(|user| self.users.get(user).cloned().unwrap_or("somebody".to_owned()));
        html.raw("<li><bdi>");
        html.text(&reaction.emoji);
        html.raw("</bdi> ");
        html.names(&names.collect::<Vec<_>>());
        html.raw("</li>");
    }
}

/// A day as people write it.
fn in_words(time_ms: u64, day: &str) -> String {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let number = |range| day.get(range).and_then(|digits: &str| digits.parse::<usize>().ok());
    let (year, month, date) = (number(0..4), number(5..7), number(8..10));
    let (Some(year), Some(month), Some(date)) = (year, month, date) else {
        return "On a day that no calendar has".to_owned();
    };
    // 1970 began on a Thursday.
    let weekday = usize::try_from(time_ms / 86_400_000 % 7).ok().and_then(|at| DAYS.get(at)).unwrap_or(&"");
    let month = MONTHS.get(month - 1).unwrap_or(&"");
    format!("{weekday}, {date} {month} {year}")
}

/// HTML that is being written. Whatever people have said goes through [`Html::text`].
#[derive(Debug, Default)]
struct Html(String);

impl Html {
    /// Our own markup.
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// Text, which is none.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                '\n' | '\t' => self.0.push(c),
                _ if c.is_control() => self.0.push('\u{fffd}'),
                _ => self.0.push(c),
            }
        }
    }

    fn time(&mut self, time_ms: u64) {
        if let Some(date) = date(time_ms) {
            let clock = date.get(11..16).unwrap_or_default();
            self.raw(&format!("<time datetime=\"{date}\">{clock}</time>"));
        }
    }

    fn names(&mut self, names: &[String]) {
        for (at, name) in names.iter().enumerate() {
            self.raw(if at == 0 { "<bdi>" } else { ", <bdi>" });
            self.text(name);
            self.raw("</bdi>");
        }
    }

    /// What a message replies to, in a few words that lead there.
    fn reply(&mut self, to: OpId, found: Option<&MessageView>) {
        self.raw("<blockquote>");
        match found {
            Some(message) => {
                self.raw(&format!("<a href=\"#m-{to}\">In reply to <bdi>"));
                self.text(message.name.as_str());
                self.raw("</bdi>");
                if !message.deleted {
                    self.raw(": <span lang=\"\" dir=\"auto\">");
                    let quote: String = message.text.chars().take(QUOTE).collect();
                    self.text(&quote);
                    self.raw(if quote.len() < message.text.len() { "…</span>" } else { "</span>" });
                }
                self.raw("</a>");
            }
            None => self.raw("In reply to a message that is not here"),
        }
        self.raw("</blockquote>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::group::History;
    use tertulia_proto::identity::{Identity, Name};
    use tertulia_proto::io::{Emoji, MessageText};
    use tertulia_proto::rng::Rng;
    use tertulia_proto::{Command, Config, Instant, Reply};

    const NOW: Instant = Instant::from_millis(1_800_000_000_000);

    /// Somebody who calls themself `name` and says these things.
    fn talkative(name: &str, texts: &[&str]) -> (Node, ConversationId, Vec<OpId>) {
        let identity = Identity::generate(&mut Rng::new([1; 32]), &Name::cut(name), 1);
        let mut node = Node::new(identity, Config::NATIVE, [2; 32], NOW);
        let kind = ConversationKind::Public;
        let create = Command::Create { kind, name: Name::cut(name), history: History::All };
        let Ok(Reply::Conversation(conversation)) = node.command(create, NOW) else { panic!("not created") };
        let mut said = Vec::new();
        for text in texts {
            let send =
                Command::Send { conversation, text: MessageText::cut(text), reply_to: said.last().copied() };
            let Ok(Reply::Message(id)) = node.command(send, NOW) else { panic!("not said") };
            said.push(id);
        }
        (node, conversation, said)
    }

    fn page(node: &Node) -> String {
        let mut page = Page::of(node.exportable());
        std::iter::from_fn(|| page.next(node, &Recalled::default()).unwrap()).collect()
    }

    #[test]
    fn what_people_say_is_never_markup() {
        let hostile = "</p><script>alert(1)</script>\" onload='x' &amp;\0\u{1b}[2J";
        let (mut node, conversation, said) = talkative("<b>\"A\"&", &[hostile, "]]><!--"]);
        let emoji = Emoji::cut("<i>");
        node.command(Command::React { conversation, message: said[0], emoji, on: true }, NOW).unwrap();
        let html = page(&node);
        assert!(
            !html.contains("<script")
                && !html.contains("<b>\"")
                && !html.contains("<i>")
                && !html.contains("<!--")
        );
        assert!(!html.contains(['\0', '\u{1b}']));
        assert!(html.contains(
            "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;\u{fffd}\u{fffd}[2J"
        ));
        assert!(html.contains("<bdi>&lt;b&gt;&quot;A&quot;&amp;</bdi> began the conversation"));
        // Whatever was said, the elements are the same and all are closed.
        let (mut plain, conversation, said) = talkative("Ana", &["hello", "again"]);
        let emoji = Emoji::cut("x");
        plain.command(Command::React { conversation, message: said[0], emoji, on: true }, NOW).unwrap();
        let tags = |html: &str| html.matches('<').count();
        assert_eq!(tags(&html), tags(&page(&plain)));
    }

    #[test]
    fn a_page_loads_nothing_and_runs_nothing() {
        let (node, ..) = talkative("Ana", &["see https://example.org/"]);
        let html = page(&node);
        let policy = html.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
        let policy = policy.split('"').next().unwrap();
        let hash = BASE64
            .encode(&Sha256::digest(html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap()));
        assert!(policy.starts_with("default-src 'none';") && policy.contains(&hash), "{policy}");
        for word in ["<script", "src=", "<img", "<link", "url(", "@import", "http://", "style=\""] {
            assert!(!html.contains(word), "{word}");
        }
        assert_eq!(html.matches("https://").count(), 1, "what was said, and it is no link");
        assert!(!html.contains("href=\"http"));
    }

    #[test]
    fn words_stand_as_they_are_now() {
        let (mut node, conversation, said) = talkative("Ana", &["one", "two", "/me waves"]);
        let text = MessageText::cut("uno");
        node.command(Command::Edit { conversation, message: said[0], text }, NOW).unwrap();
        node.command(Command::Delete { conversation, message: said[1] }, NOW).unwrap();
        let html = page(&node);
        assert!(html.contains(">uno</p>\n<p class=\"note\">edited</p>") && !html.contains(">one<"));
        assert!(html.contains("This message was deleted") && !html.contains("two"));
        assert!(html.contains(">* Ana waves</p>"));
        assert!(html.contains("<h3><time datetime=\"2027-01-15\">Friday, 15 January 2027</time></h3>"));
        assert!(html.contains(&format!("<a href=\"#m-{}\">In reply to <bdi>Ana</bdi></a>", said[1])));
    }

    #[test]
    fn days_have_their_names() {
        assert_eq!(in_words(0, "1970-01-01"), "Thursday, 1 January 1970");
        assert_eq!(in_words(1_709_164_800_000, "2024-02-29"), "Thursday, 29 February 2024");
        assert_eq!(in_words(u64::MAX, ""), "On a day that no calendar has");
    }
}
