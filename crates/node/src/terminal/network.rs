//! People whom one does not know yet: finding them, and being found.

use crate::people::{FOUND_DEFAULT, Shortened, listed_words, sought_words};
use crate::terminal::chat::{Chat, Out, Wrong};
use crate::terminal::text::plain;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::directory::words::Rank;
use tertulia_proto::io::{Greeting, SearchId};
use tertulia_proto::{Command, ConversationKind, Reply};

/// A search for people that goes on.
pub(super) struct Sought {
    search: SearchId,
    words: String,
}

impl Chat<'_> {
    /// Looks for people; who was found is told when it is known who of them is there. Those of the search before keep their
    /// numbers until then.
    pub(super) async fn search(&mut self, words: String) -> Result<Out, Wrong> {
        let sought = sought_words(&words);
        if sought.is_empty() {
            return Err(wordless(&words, "Nothing was searched."));
        }
        let reply = self.command(Command::SearchPeople { words: sought, limit: FOUND_DEFAULT }).await?;
        let Reply::Search(search) = reply else { return Ok(Out::new()) };
        let given_up = self.search.replace(Sought { search, words });
        let given_up =
            given_up.map(|before| format!("The search for “{}” is given up.", plain(&before.words)));
        Ok(given_up.into_iter().chain(["Searching…".to_owned()]).collect())
    }

    /// Tells who was found by the search that was begun last.
    pub(super) async fn found(&mut self, search: SearchId, people: Vec<FoundPerson>) -> Out {
        let Some(sought) = self.search.take_if(|sought| sought.search == search) else { return Out::new() };
        self.session.found.remember(&people);
        self.found = people;
        if self.found.is_empty() {
            let else_ = if self.am_found_by(&sought.words).await { " else" } else { "" };
            return vec![format!("* Nobody{else_} is listed under these words.")];
        }
        let line = |(at, one): (usize, &FoundPerson)| format!("  {} {}", at + 1, found_line(one));
        let lines = self.found.iter().enumerate().map(line);
        lines.chain(["* /ask n [words] asks one of them for a conversation.".to_owned()]).collect()
    }

    /// Whether others who look for these words find the person here, whom no search of their own yields.
    async fn am_found_by(&self, words: &str) -> bool {
        let listed = self.session.handle.with(|node| node.listed()).await.unwrap_or_default();
        Rank::of(&sought_words(words), &listed_words(&listed.join(" "))).is_some()
    }

    /// Who was found with this number, by the last search that is done.
    fn found_as(&self, number: usize) -> Result<&FoundPerson, Wrong> {
        let found = number.checked_sub(1).and_then(|at| self.found.get(at));
        found.ok_or_else(|| match &self.search {
            Some(sought) => {
                format!("The search for “{}” goes on: ask when it is done.", plain(&sought.words))
            }
            None => format!("Nobody was found as number {number}: /search WORDS"),
        })
    }

    /// Asks somebody who was found for a conversation.
    pub(super) async fn ask(
        &mut self,
        number: usize,
        kind: Option<ConversationKind>,
        greeting: &str,
    ) -> Result<Out, Wrong> {
        let person = self.found_as(number)?;
        let name = plain(&person.name);
        let node = person.nodes.first().copied().ok_or_else(|| format!("{name} is on no node."))?;
        let greeting =
            Greeting::new(greeting).ok_or("Those words are too long for a greeting: nothing was asked.")?;
        let kind = Some(kind.unwrap_or(ConversationKind::Private));
        if let Reply::Opening { request, .. } =
            self.command(Command::Connect { node, kind, greeting }).await?
        {
            self.asked.extend(request.map(|request| (request, name.clone())));
        }
        Ok(vec![format!("Asking {name}…")])
    }

    /// Lists the person under their name and further words, in place of those before.
    pub(super) async fn list_me(&self, words: &str) -> Result<Out, Wrong> {
        if listed_words(words).is_empty() {
            return Err(wordless(words, "How you are listed was not changed."));
        }
        let me = self.session.me().await.map_err(|gone| gone.to_string())?;
        let words = format!("{} {words}", me.name.as_str());
        self.command(Command::Publish { words: listed_words(&words) }).await?;
        let mut lines = self.how_listed().await?;
        lines.extend(Shortened::of(&words).lines());
        Ok(lines)
    }

    /// Says how others find the person.
    pub(super) async fn how_listed(&self) -> Result<Out, Wrong> {
        let Some(words) = self.listed_under().await? else {
            return Ok(vec![
                "You are not listed: nobody finds you by words. /list WORDS lists you.".to_owned(),
            ]);
        };
        let is_in = self.session.is_in_network().await.map_err(|gone| gone.to_string())?;
        Ok(vec![if is_in {
            format!("You are listed, for everybody, under: {words}. /unlist takes you out.")
        } else {
            format!(
                "You will be listed, for everybody, under: {words}, as soon as you are connected to the network: /open an invite first, or wait a moment. /unlist takes you out."
            )
        }])
    }

    /// The words that the person is listed under, or will be.
    pub(super) async fn listed_under(&self) -> Result<Option<String>, Wrong> {
        let listed = self.session.handle.with(|node| node.listed()).await.map_err(|gone| gone.to_string())?;
        let listed: Vec<_> = listed.iter().map(|word| plain(word)).collect();
        Ok((!listed.is_empty()).then(|| listed.join(", ")))
    }

    /// Takes the person out of the directory.
    pub(super) async fn unlist_me(&self) -> Result<Out, Wrong> {
        self.command(Command::Publish { words: listed_words("") }).await?;
        Ok(vec!["You are listed no longer.".to_owned()])
    }
}

/// What to say to a text without any word, and what was left as it was.
fn wordless(text: &str, unchanged: &str) -> Wrong {
    format!("There is no word in “{}”: letters or digits are needed. {unchanged}", plain(text))
}

/// Somebody who was found, on a line.
pub(crate) fn found_line(person: &FoundPerson) -> String {
    let words: Vec<_> = person.words.iter().map(|word| plain(word)).collect();
    format!("{} ({}): {}", plain(&person.name), person.presence.as_str(), words.join(", "))
}
