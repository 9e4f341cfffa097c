//! People whom one does not know yet: finding them, and being found.

use crate::people::{FOUND_DEFAULT, listed_words, sought_words};
use crate::terminal::chat::{Chat, Out, Wrong};
use crate::terminal::text::plain;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::io::{Greeting, SearchId};
use tertulia_proto::{Command, ConversationKind, Reply};

impl Chat<'_> {
    /// Looks for people; who was found is told when it is known who of them is there.
    pub(super) async fn search(&mut self, words: &str) -> Result<Out, Wrong> {
        let command = Command::SearchPeople { words: sought_words(words), limit: FOUND_DEFAULT };
        if let Reply::Search(id) = self.command(command).await? {
            self.search = Some(id);
        }
        Ok(Out::new())
    }

    /// Tells who was found by the search that was begun last.
    pub(super) fn found(&mut self, search: SearchId, people: Vec<FoundPerson>) -> Out {
        if self.search != Some(search) {
            return Out::new();
        }
        self.search = None;
        self.session.found.remember(&people);
        self.found = people;
        if self.found.is_empty() {
            return vec!["* Nobody is listed under these words.".to_owned()];
        }
        let line = |(at, one): (usize, &FoundPerson)| format!("  {} {}", at + 1, found_line(one));
        let lines = self.found.iter().enumerate().map(line);
        lines.chain(["* /ask n [words] asks one of them for a conversation.".to_owned()]).collect()
    }

    /// Asks somebody who was found for a conversation.
    pub(super) async fn ask(
        &mut self,
        number: usize,
        kind: Option<ConversationKind>,
        greeting: &str,
    ) -> Result<Out, Wrong> {
        let found = number.checked_sub(1).and_then(|at| self.found.get(at));
        let person = found.ok_or_else(|| format!("Nobody was found as number {number}: /search WORDS"))?;
        let name = plain(&person.name);
        let node = person.nodes.first().copied().ok_or_else(|| format!("{name} is on no node."))?;
        let greeting =
            Greeting::new(greeting).ok_or("Those words are too long for a greeting: nothing was asked.")?;
        let kind = Some(kind.unwrap_or(ConversationKind::Private));
        if let Reply::Opening { request, .. } =
            self.command(Command::Connect { node, kind, greeting }).await?
        {
            self.asked.extend(request);
        }
        Ok(vec![format!("Asking {name}…")])
    }

    /// Lists the person under their name and further words, in place of those before.
    pub(super) async fn list_me(&self, words: &str) -> Result<Out, Wrong> {
        let me = self.session.me().await.map_err(|gone| gone.to_string())?;
        let words = listed_words(&format!("{} {words}", me.name.as_str()));
        if words.is_empty() {
            return Err(
                "There is no word in this, nor in your name: letters or digits are needed.".to_owned()
            );
        }
        self.command(Command::Publish { words }).await?;
        let listed = self.session.handle.with(|node| node.listed()).await.map_err(|gone| gone.to_string())?;
        let listed: Vec<_> = listed.iter().map(|word| plain(word)).collect();
        Ok(vec![format!(
            "You are listed, for everybody, under: {}. /unlist takes you out.",
            listed.join(", ")
        )])
    }

    /// Takes the person out of the directory.
    pub(super) async fn unlist_me(&self) -> Result<Out, Wrong> {
        self.command(Command::Publish { words: listed_words("") }).await?;
        Ok(vec!["You are listed no longer.".to_owned()])
    }
}

/// Somebody who was found, on a line.
pub(crate) fn found_line(person: &FoundPerson) -> String {
    let words: Vec<_> = person.words.iter().map(|word| plain(word)).collect();
    format!("{} ({}): {}", plain(&person.name), person.presence.as_str(), words.join(", "))
}
