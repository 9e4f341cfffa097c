//! What a line on the terminal means.

use crate::terminal::help::usage;
use tertulia_proto::ConversationKind;

/// One line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Nothing was typed.
    Nothing,
    /// Send this to the current conversation.
    Say(String),
    /// Accept a request, the latest by default, into a conversation by number or a new one.
    Accept { request: Option<usize>, into: Option<usize> },
    /// Refuse a request, the latest by default.
    Refuse { request: Option<usize> },
    /// List who is in the current conversation.
    Participants,
    /// List the conversations.
    Conversations,
    /// Make another conversation the current one.
    Chat { number: usize },
    /// Begin a conversation.
    New { kind: ConversationKind, name: String },
    /// Make an invite.
    Invite { ticket: bool, by_hand: bool },
    /// Follow an invite.
    Open { invite: String, kind: Option<ConversationKind>, greeting: String },
    /// Take a reply code, or answer a message.
    Reply { to: Option<usize>, text: String },
    /// List the last messages.
    History { count: Option<usize> },
    /// List messages that have these words.
    Find { words: String },
    /// Look for people.
    Search { words: String },
    /// Ask somebody who was found.
    Ask { number: usize, kind: Option<ConversationKind>, greeting: String },
    /// Be found by others.
    List { words: String },
    /// Say how one is found by others.
    Listed,
    /// Be found no longer.
    Unlist,
    /// Give a message other words.
    Edit { message: Option<usize>, text: String },
    /// Take a message back.
    Delete { message: Option<usize> },
    /// React to a message, or no longer.
    React { message: Option<usize>, emoji: String, on: bool },
    /// Let whoever asks leave a message.
    Later { request: Option<usize> },
    /// Leave a message where a request found nobody in.
    Message { text: String },
    /// Have requests answered by the answering machine, or no longer.
    Away { on: bool },
    /// List the messages that were left.
    Inbox,
    /// Take one of them out.
    Dismiss { number: usize },
    /// Drop the current conversation.
    Forget,
    /// Hear nothing more of somebody, or hear of them again.
    Block { name: String, on: bool },
    /// List those who are blocked.
    Blocked,
    /// Leave the current conversation.
    Leave,
    /// List the links.
    Peers,
    /// Take another name.
    Nick { name: String },
    /// Write conversations to a file.
    Export { file: String, here: bool },
    /// Take conversations in from a file.
    Import { file: String },
    /// Say what can be typed.
    Help { about: Option<String> },
    /// End.
    Quit,
    /// It means nothing: this is what to say.
    Wrong(String),
}

impl Command {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Self {
        let line = line.trim_end();
        let Some(rest) = line.strip_prefix(['/', '\\']) else {
            return if line.is_empty() { Self::Nothing } else { Self::Say(line.to_owned()) };
        };
        if rest.starts_with(['/', '\\']) {
            return Self::Say(rest.to_owned());
        }
        let (word, rest) = split_word(rest);
        Self::of(word, rest).unwrap_or_else(|| Self::Wrong(how_to_write(word)))
    }

    fn of(word: &str, rest: &str) -> Option<Self> {
        Some(match word {
            "accept" => Self::accept(rest)?,
            "refuse" => Self::Refuse { request: optional_number(rest)? },
            "participants" => Self::Participants,
            "conversations" => Self::Conversations,
            "chat" => Self::Chat { number: rest.parse().ok()? },
            "new" => {
                let (kind, name) = kind_and_rest(rest);
                Self::New { kind: kind.unwrap_or(ConversationKind::Public), name: name.to_owned() }
            }
            "invite" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let known = words.iter().all(|word| ["ticket", "hand"].contains(word));
                known.then(|| Self::Invite {
                    ticket: words.contains(&"ticket"),
                    by_hand: words.contains(&"hand"),
                })?
            }
            "open" => {
                let (invite, rest) = split_word(rest);
                let (kind, greeting) = kind_and_rest(rest);
                let (invite, greeting) = (non_empty(invite)?, greeting.to_owned());
                Self::Open { invite, kind, greeting }
            }
            "reply" => {
                let (to, text) = message_and_rest(rest)?;
                Self::Reply { to, text: non_empty(text)? }
            }
            "me" => Self::Say(format!("/me {}", non_empty(rest)?)),
            "find" => Self::Find { words: non_empty(rest)?.to_owned() },
            "history" => Self::History { count: optional_number(rest)? },
            "search" => Self::Search { words: non_empty(rest)? },
            "ask" => {
                let (number, rest) = split_word(rest);
                let (kind, greeting) = kind_and_rest(rest);
                Self::Ask { number: number.parse().ok()?, kind, greeting: greeting.to_owned() }
            }
            "list" => non_empty(rest).map_or(Self::Listed, |words| Self::List { words }),
            "unlist" => Self::Unlist,
            "edit" => {
                let (message, text) = message_and_rest(rest)?;
                Self::Edit { message, text: non_empty(text)? }
            }
            "delete" => match message_and_rest(rest)? {
                (message, "") => Self::Delete { message },
                _ => return None,
            },
            "react" | "unreact" => {
                let (message, emoji) = message_and_rest(rest)?;
                Self::React { message, emoji: non_empty(emoji)?, on: word == "react" }
            }
            "later" => Self::Later { request: optional_number(rest)? },
            "message" => Self::Message { text: non_empty(rest)? },
            "away" | "back" => Self::Away { on: word == "away" },
            "inbox" => Self::Inbox,
            "dismiss" => Self::Dismiss { number: rest.parse().ok()? },
            "forget" => Self::Forget,
            "block" | "unblock" => Self::Block { name: non_empty(rest)?, on: word == "block" },
            "blocked" => Self::Blocked,
            "export" => match split_word(rest) {
                ("here", file) if !file.is_empty() => Self::Export { file: file.to_owned(), here: true },
                _ => Self::Export { file: non_empty(rest)?, here: false },
            },
            "import" => Self::Import { file: non_empty(rest)? },
            "leave" => Self::Leave,
            "peers" => Self::Peers,
            "nick" => Self::Nick { name: non_empty(rest)? },
            "help" => Self::Help { about: non_empty(rest.trim_start_matches(['/', '\\'])) },
            "quit" | "exit" => Self::Quit,
            _ => Self::Wrong(format!("There is no /{word}. /help lists what there is.")),
        })
    }

    fn accept(rest: &str) -> Option<Self> {
        let (request, into) = match rest.split_once("into") {
            Some((request, into)) => (request.trim(), Some(into.trim().parse().ok()?)),
            None => (rest, None),
        };
        Some(Self::Accept { request: optional_number(request)?, into })
    }
}

fn how_to_write(word: &str) -> String {
    let usage = usage(word).unwrap_or_else(|| "/help says how it is written.".to_owned());
    format!("/{word} is written otherwise, and nothing was done:\n{usage}")
}

fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

fn kind_and_rest(text: &str) -> (Option<ConversationKind>, &str) {
    match split_word(text) {
        ("private", rest) => (Some(ConversationKind::Private), rest),
        ("public", rest) => (Some(ConversationKind::Public), rest),
        _ => (None, text),
    }
}

/// The number of a message, if one is given behind a `#`, and what follows.
fn message_and_rest(text: &str) -> Option<(Option<usize>, &str)> {
    let Some(numbered) = text.strip_prefix('#') else { return Some((None, text)) };
    let (number, rest) = split_word(numbered);
    Some((Some(number.parse().ok()?), rest))
}

/// No text is no number; a text that is none is wrong.
fn optional_number(text: &str) -> Option<Option<usize>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_said_and_slashes_can_be() {
        assert_eq!(Command::parse("  hello /you  "), Command::Say("  hello /you".to_owned()));
        assert_eq!(Command::parse("//etc"), Command::Say("/etc".to_owned()));
        assert_eq!(Command::parse("\\\\x"), Command::Say("\\x".to_owned()));
        assert_eq!(Command::parse("   "), Command::Nothing);
    }

    #[test]
    fn both_slashes_begin_a_command() {
        assert_eq!(Command::parse("/quit"), Command::Quit);
        assert_eq!(Command::parse("\\exit"), Command::Quit);
        assert_eq!(Command::parse("/chat 3"), Command::Chat { number: 3 });
    }

    #[test]
    fn requests_are_named_by_number_or_not_at_all() {
        assert_eq!(Command::parse("/accept"), Command::Accept { request: None, into: None });
        assert_eq!(Command::parse("/accept 2 into 1"), Command::Accept { request: Some(2), into: Some(1) });
        assert_eq!(Command::parse("/accept into 1"), Command::Accept { request: None, into: Some(1) });
        assert_eq!(Command::parse("/refuse 2"), Command::Refuse { request: Some(2) });
        assert!(matches!(Command::parse("/accept two"), Command::Wrong(_)));
    }

    #[test]
    fn an_invite_is_opened_with_or_without_words() {
        let open =
            |kind, greeting: &str| Command::Open { invite: "AaB".into(), kind, greeting: greeting.into() };
        assert_eq!(Command::parse("/open AaB"), open(None, ""));
        assert_eq!(
            Command::parse("/open  AaB public it's me"),
            open(Some(ConversationKind::Public), "it's me")
        );
        assert_eq!(Command::parse("/open AaB it's me"), open(None, "it's me"));
        assert!(matches!(Command::parse("/open"), Command::Wrong(_)));
    }

    #[test]
    fn messages_are_named_by_number_or_not_at_all() {
        let edit = |message, text: &str| Command::Edit { message, text: text.into() };
        assert_eq!(Command::parse("/edit at eight"), edit(None, "at eight"));
        assert_eq!(Command::parse("/edit #3 at eight"), edit(Some(3), "at eight"));
        assert!(matches!(Command::parse("/edit #3"), Command::Wrong(_)));
        assert_eq!(Command::parse("/delete"), Command::Delete { message: None });
        assert!(matches!(Command::parse("/delete it"), Command::Wrong(_)));
        let react = Command::React { message: Some(2), emoji: "👍".into(), on: false };
        assert_eq!(Command::parse("/unreact #2 👍"), react);
        assert_eq!(Command::parse("/me waves"), Command::Say("/me waves".into()));
    }

    #[test]
    fn a_history_goes_to_a_file_whose_name_may_have_spaces() {
        let export = |file: &str, here| Command::Export { file: file.into(), here };
        assert_eq!(Command::parse("/export my talks.jsonl"), export("my talks.jsonl", false));
        assert_eq!(Command::parse("/export here a.html"), export("a.html", true));
        assert_eq!(Command::parse("/export here"), export("here", false));
        assert!(matches!(Command::parse("/export"), Command::Wrong(_)));
        assert!(matches!(Command::parse("/import "), Command::Wrong(_)));
    }

    #[test]
    fn whoever_was_found_is_asked_by_number() {
        let ask = |kind, greeting: &str| Command::Ask { number: 2, kind, greeting: greeting.into() };
        assert_eq!(Command::parse("/ask 2"), ask(None, ""));
        assert_eq!(Command::parse("/ask 2 public hello"), ask(Some(ConversationKind::Public), "hello"));
        assert!(matches!(Command::parse("/ask Ana"), Command::Wrong(_)));
        assert!(matches!(Command::parse("/search"), Command::Wrong(_)));
        assert_eq!(Command::parse("/list chess"), Command::List { words: "chess".into() });
        assert_eq!(Command::parse("/list"), Command::Listed, "nobody is listed otherwise by asking");
    }

    #[test]
    fn what_is_written_wrongly_is_answered_with_how_it_is_written() {
        let Command::Wrong(said) = Command::parse("/ask") else { panic!("nobody is asked") };
        assert!(said.contains("/ask n [private|public]") && said.lines().count() == 3, "{said}");
        assert_eq!(Command::parse("/help /ask"), Command::Help { about: Some("ask".into()) });
        assert_eq!(Command::parse("/help"), Command::Help { about: None });
    }

    #[test]
    fn what_is_unknown_is_not_sent() {
        assert!(matches!(Command::parse("/frobnicate"), Command::Wrong(_)));
        assert!(matches!(Command::parse("/invite everybody"), Command::Wrong(_)));
    }
}
