//! Whom a person on the terminal wants to hear, and what was left for them.

use crate::terminal::chat::{Chat, Out, Wrong};
use crate::terminal::said::message_text;
use crate::terminal::text::{plain, plain_lines};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tertulia_proto::io::Consent;
use tertulia_proto::{AccountId, Command, ConversationId, NodeId};

/// How long it is not said again that somebody writes.
const WRITING: Duration = Duration::from_secs(30);

impl Chat<'_> {
    /// Lets whoever asks leave a message.
    pub(super) async fn later(&mut self, request: Option<usize>) -> Result<Out, Wrong> {
        let number = self.pending(request)?;
        let request = self.requests[&number].request;
        self.command(Command::Answer { request, answer: Consent::AnsweringMachine }).await?;
        let asked = self.requests.remove(&number);
        let line = |name: &str| format!("{} may leave a message.", plain(name));
        Ok(asked.map(|asked| line(asked.from.name.as_str())).into_iter().collect())
    }

    /// Leaves a message where a request found nobody in.
    pub(super) async fn leave_message(&mut self, text: String) -> Result<Out, Wrong> {
        let request = self.machine.ok_or("No answering machine waits for a message of yours.")?;
        self.command(Command::LeaveMessage { request, text: message_text(text)? }).await?;
        self.machine = None;
        Ok(vec!["Your message is left.".to_owned()])
    }

    /// Has requests answered by the answering machine, or no longer.
    pub(super) async fn away(&self, on: bool) -> Result<Out, Wrong> {
        self.command(Command::Away { on }).await?;
        let line =
            if on { "You are away: who asks may leave a message. /back" } else { "You are back. /inbox" };
        Ok(vec![line.to_owned()])
    }

    /// The messages that were left.
    pub(super) async fn inbox(&self) -> Result<Out, Wrong> {
        let left = self.session.handle.with(|node| node.inbox()).await.map_err(|gone| gone.to_string())?;
        if left.is_empty() {
            return Ok(vec!["Nobody has left a message.".to_owned()]);
        }
        let line = |(at, left): (usize, &tertulia_proto::io::LeftView)| {
            format!("  {} {}: {}", at + 1, plain(left.from.name.as_str()), plain_lines(&left.text))
        };
        Ok(left.iter().enumerate().map(line).collect())
    }

    /// Takes one of them out.
    pub(super) async fn dismiss(&self, number: usize) -> Result<Out, Wrong> {
        let left = self.session.handle.with(|node| node.inbox()).await.map_err(|gone| gone.to_string())?;
        let found = number.checked_sub(1).and_then(|at| left.get(at));
        let request =
            found.ok_or_else(|| format!("There is no message {number}: /inbox lists them."))?.request;
        self.command(Command::Dismiss { request }).await?;
        Ok(Out::new())
    }

    /// Drops the current conversation.
    pub(super) async fn forget(&self) -> Result<Out, Wrong> {
        let conversation = self.here()?;
        self.command(Command::Forget { conversation }).await?;
        Ok(Out::new())
    }

    /// Hears nothing more of somebody, or hears of them again.
    pub(super) async fn block(&self, name: &str, on: bool) -> Result<Out, Wrong> {
        let users = self.users_called(name, on).await?;
        let mut users = users.into_iter();
        let user = users.next().ok_or_else(|| format!("Nobody here is called {}.", plain(name)))?;
        if users.next().is_some() {
            return Err(format!("Several are called {}: nobody was blocked or unblocked.", plain(name)));
        }
        self.command(Command::Block { user, on }).await?;
        let word = if on { "You hear nothing more of" } else { "You hear again of" };
        Ok(vec![format!("{word} {}.", plain(name))])
    }

    /// Those who are blocked.
    pub(super) async fn blocked(&self) -> Result<Out, Wrong> {
        let blocked =
            self.session.handle.with(|node| node.blocked()).await.map_err(|gone| gone.to_string())?;
        let none = || vec!["Nobody is blocked.".to_owned()];
        let lines: Out = blocked.iter().map(|one| format!("  {}", plain(one.name.as_str()))).collect();
        Ok(if lines.is_empty() { none() } else { lines })
    }

    /// The users with this name: to block them, those whom we talk with or are linked to, or who ask; to unblock
    /// them, those who are blocked.
    async fn users_called(&self, name: &str, on: bool) -> Result<BTreeSet<AccountId>, Wrong> {
        let asking = self.requests.values().map(|asked| asked.from.clone()).collect::<Vec<_>>();
        let known = self.session.handle.with(move |node| {
            let me = node.me().user;
            let talking = node.conversations().into_iter().flat_map(|one| one.participants);
            let people =
                talking.map(|one| one.person).chain(node.peers().into_iter().map(|peer| peer.person));
            let people = people.chain(asking).filter(|person| person.user != me);
            let free: Vec<_> = people.map(|person| (person.user, person.name)).collect();
            let blocked: Vec<_> = node.blocked().into_iter().map(|one| (one.user, one.name)).collect();
            if on { free } else { blocked }
        });
        let known = known.await.map_err(|gone| gone.to_string())?;
        Ok(known.into_iter().filter(|(_, known)| known.as_str() == name).map(|(user, _)| user).collect())
    }

    /// Tells that somebody writes: in the current conversation, and not over and over.
    pub(super) fn typing(&mut self, conversation: ConversationId, node: NodeId) -> Out {
        let now = Instant::now();
        self.writing.retain(|_, since| now.duration_since(*since) < WRITING);
        let is_news = self.writing.insert((conversation, node), now).is_none();
        if !is_news || self.current != Some(conversation) {
            return Out::new();
        }
        let name = self.members.get(&conversation).and_then(|members| members.get(&node));
        name.map(|name| format!("* {} is writing…", plain(name.as_str()))).into_iter().collect()
    }
}
