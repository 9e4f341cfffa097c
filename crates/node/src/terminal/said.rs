//! What is done with messages on the terminal, and how changes of them are told.

use crate::terminal::chat::{Chat, Out, Wrong};
use crate::terminal::text::{plain, plain_lines};
use tertulia_proto::group::{Letter, Search};
use tertulia_proto::io::{Emoji, Found, MessageText, MessageView};
use tertulia_proto::{Command, ConversationId, OpId, Window};

/// Messages that `/history` lists when it is not told how many.
const HISTORY: usize = 10;
/// Messages that `/find` lists at most.
const FOUND: usize = 20;
/// Messages whose looks are remembered: changes are mostly of the last ones.
const SHOWN_MAX: usize = 1_024;
/// Characters of a message that are quoted.
const QUOTE: usize = 30;

/// What was last shown of a message.
pub(super) struct Face {
    text: String,
    reactions: String,
}

/// A text that fits a message.
pub(super) fn message_text(text: String) -> Result<MessageText, Wrong> {
    let wrong = || "That is too long for one message and was not sent: send it in parts.".to_owned();
    MessageText::new(text).ok_or_else(wrong)
}

impl Chat<'_> {
    /// The last messages of the current conversation, with their numbers.
    pub(super) async fn history(&mut self, count: Option<usize>) -> Result<Out, Wrong> {
        let conversation = self.here()?;
        let messages = self.messages(conversation, count.unwrap_or(HISTORY)).await?;
        let mut lines = Out::new();
        for message in messages {
            let at = self.list(conversation, message.id);
            let reactions = reactions(&message);
            let tail = if reactions.is_empty() { reactions } else { format!(" [{reactions}]") };
            lines.push(format!("  #{at} {}{tail}", line(&message)));
        }
        Ok(if lines.is_empty() { vec!["Nothing was said here yet.".to_owned()] } else { lines })
    }

    /// Messages of all conversations that have these words, the newest last, as they stand on a terminal.
    pub(super) async fn find(&mut self, words: String) -> Result<Out, Wrong> {
        let mut search = Search::new(&words, FOUND, None, Letter::of);
        let found = self.session.handle.ask(move |node, recalled| node.find(&mut search, recalled)).await;
        let mut lines = Out::new();
        for Found { conversation, message, .. } in found.map_err(|gone| gone.to_string())?.iter().rev() {
            let (at, place) = (self.list(*conversation, message.id), self.number(*conversation));
            lines.push(format!("  #{at} [{place}] {}", line(message)));
        }
        Ok(if lines.is_empty() { vec!["Nothing was said with these words.".to_owned()] } else { lines })
    }

    /// The number of a message, which it keeps.
    fn list(&mut self, conversation: ConversationId, message: OpId) -> usize {
        let key = (conversation, message);
        let known = self.listed.iter().position(|listed| *listed == key);
        let at = known.unwrap_or_else(|| {
            self.listed.push(key);
            self.listed.len() - 1
        });
        at + 1
    }

    /// Answers a message.
    pub(super) async fn reply(&mut self, to: Option<usize>, text: String) -> Result<Out, Wrong> {
        let me = self.session.me().await.map_err(|gone| gone.to_string())?.user;
        let (conversation, to) = self.message_of(to, |message| message.author != me).await?;
        let text = message_text(text)?;
        self.command(Command::Send { conversation, text, reply_to: Some(to) }).await?;
        Ok(Out::new())
    }

    /// Gives a message other words.
    pub(super) async fn edit(&mut self, message: Option<usize>, text: String) -> Result<Out, Wrong> {
        let (conversation, message) = self.own_message(message).await?;
        self.command(Command::Edit { conversation, message, text: message_text(text)? }).await?;
        Ok(Out::new())
    }

    /// Takes a message back.
    pub(super) async fn delete(&mut self, message: Option<usize>) -> Result<Out, Wrong> {
        let (conversation, message) = self.own_message(message).await?;
        self.command(Command::Delete { conversation, message }).await?;
        Ok(vec!["* Taken back.".to_owned()])
    }

    /// Reacts to a message, or no longer.
    pub(super) async fn react(
        &mut self,
        message: Option<usize>,
        emoji: String,
        on: bool,
    ) -> Result<Out, Wrong> {
        let (conversation, message) = self.message_of(message, |_| true).await?;
        let emoji = Emoji::new(emoji).ok_or("A reaction is one emoji or a short word.")?;
        self.command(Command::React { conversation, message, emoji, on }).await?;
        Ok(Out::new())
    }

    async fn own_message(&self, number: Option<usize>) -> Result<(ConversationId, OpId), Wrong> {
        let me = self.session.me().await.map_err(|gone| gone.to_string())?.user;
        self.message_of(number, |message| message.author == me).await
    }

    /// The message with this number, or the last one of the current conversation that fits.
    async fn message_of(
        &self,
        number: Option<usize>,
        fits: impl Fn(&MessageView) -> bool,
    ) -> Result<(ConversationId, OpId), Wrong> {
        if let Some(number) = number {
            let listed = number.checked_sub(1).and_then(|at| self.listed.get(at)).copied();
            return listed.ok_or_else(|| format!("There is no message #{number}: /history lists them."));
        }
        let conversation = self.here()?;
        let last = self.messages(conversation, 200).await?;
        let found = last.iter().rev().find(|message| !message.deleted && fits(message));
        Ok((conversation, found.ok_or("There is no such message here: /history lists them.")?.id))
    }

    async fn messages(&self, id: ConversationId, count: usize) -> Result<Vec<MessageView>, Wrong> {
        let window = Window { limit: Some(count), ..Window::default() };
        let messages =
            self.session.handle.ask(move |node, recalled| node.messages(id, window, recalled)).await;
        messages.map_err(|gone| gone.to_string())
    }

    /// Remembers how a message looks now.
    pub(super) fn note(&mut self, message: &MessageView) {
        if self.shown.len() >= SHOWN_MAX {
            self.shown.clear();
        }
        let face = Face { text: message.text.clone(), reactions: reactions(message) };
        self.shown.insert(message.id, face);
    }

    /// Tells what has changed of a message: others' words, anybody's reactions.
    pub(super) async fn message_changed(&mut self, id: ConversationId, message: OpId) -> Out {
        let found = self.session.message(id, message).await;
        let Ok((Some(message), me)) = found else { return Out::new() };
        let before = self.shown.remove(&message.id);
        self.note(&message);
        let place = if self.current == Some(id) { String::new() } else { format!("[{}] ", self.number(id)) };
        let name = plain(message.name.as_str());
        let same_text = before.as_ref().is_some_and(|face| face.text == message.text);
        let reactions = reactions(&message);
        let had = before.is_some_and(|face| face.reactions != reactions) || !reactions.is_empty();
        if message.deleted {
            return if message.node == me {
                Out::new()
            } else {
                vec![format!("{place}* {name} took a message back.")]
            };
        }
        if message.edited && !same_text {
            let line = || format!("{place}* {name} means: {}", plain_lines(&message.text));
            return if message.node == me { Out::new() } else { vec![line()] };
        }
        if !had {
            return Out::new();
        }
        let now = if reactions.is_empty() { "no reactions".to_owned() } else { reactions };
        vec![format!("{place}* “{}”: {now}", quote(&message.text))]
    }

    /// What a message ends with that replies to another: a few of its words.
    pub(super) async fn replied_to(&self, id: ConversationId, message: &MessageView) -> String {
        let Some(to) = message.reply_to else { return String::new() };
        let found = self.session.message(id, to).await.ok().and_then(|(found, _)| found);
        found.map(|to| format!(" (to “{}”)", quote(&to.text))).unwrap_or_default()
    }
}

/// A message on a line: who, and what or what they do.
pub(super) fn line(message: &MessageView) -> String {
    let name = plain(message.name.as_str());
    match message {
        MessageView { deleted: true, .. } => format!("{name} (taken back)"),
        MessageView { emote: true, .. } => format!("* {name} {}", plain_lines(&message.text)),
        _ => format!("{name}: {}", plain_lines(&message.text)),
    }
}

fn reactions(message: &MessageView) -> String {
    let all: Vec<_> =
        message.reactions.iter().map(|one| format!("{} {}", plain(&one.emoji), one.by.len())).collect();
    all.join(", ")
}

fn quote(text: &str) -> String {
    let cut: String = text.chars().take(QUOTE).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", plain(&cut))
}
