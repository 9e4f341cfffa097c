//! What a person on the terminal has in front of them, and the commands that they give.

use crate::config::whole_name;
use crate::session::{InviteWish, Session};
use crate::terminal::command::Command;
use crate::terminal::help;
use crate::terminal::network::Sought;
use crate::terminal::said::{Face, message_text};
use crate::terminal::text::{plain, qr};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::time::Instant;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::group::History;
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, ConversationView, Greeting, Person, RequestId};
use tertulia_proto::{
    self as proto, ConversationId, ConversationKind, Invite, NodeId, OpId, Reply, ReplyCode,
};

/// Lines to print.
pub(super) type Out = Vec<String>;

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next line.
    On,
    /// No more lines.
    Quit,
}

/// The chat.
pub(super) struct Chat<'a> {
    pub(super) session: &'a Session,
    /// Conversations in the order in which they began here: a number stays what it is.
    pub(super) numbers: Vec<ConversationId>,
    pub(super) current: Option<ConversationId>,
    /// Who was in each when last looked, to tell who came and went.
    pub(super) members: BTreeMap<ConversationId, BTreeMap<NodeId, Name>>,
    /// Requests that wait for an answer, by number.
    pub(super) requests: BTreeMap<usize, Asked>,
    pub(super) last_request: usize,
    /// Our own requests that wait, and whom they ask: the conversation that answers one becomes the current one.
    pub(super) asked: BTreeMap<RequestId, String>,
    /// Messages that wait for somebody to be reached.
    pub(super) queued: BTreeSet<OpId>,
    /// The request that an answering machine answered last.
    pub(super) machine: Option<RequestId>,
    /// Messages that were listed with a number, which stays what it is.
    pub(super) listed: Vec<(ConversationId, OpId)>,
    /// What was last shown of messages, to tell what has changed of them.
    pub(super) shown: BTreeMap<OpId, Face>,
    /// The search for people that was begun last, while it goes on.
    pub(super) search: Option<Sought>,
    /// Whom the last search that is done has found: their numbers are their places.
    pub(super) found: Vec<FoundPerson>,
    /// Who was last said to be writing, and when.
    pub(super) writing: BTreeMap<(ConversationId, NodeId), Instant>,
}

/// A request that waits for an answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: RequestId,
    pub(super) from: Person,
    pub(super) conversation: Option<ConversationId>,
}

/// Why a command came to nothing, for people.
pub(super) type Wrong = String;

impl<'a> Chat<'a> {
    /// An empty chat.
    pub(super) fn new(session: &'a Session) -> Self {
        Self {
            session,
            numbers: Vec::new(),
            current: None,
            members: BTreeMap::new(),
            requests: BTreeMap::new(),
            last_request: 0,
            asked: BTreeMap::new(),
            queued: BTreeSet::new(),
            machine: None,
            listed: Vec::new(),
            shown: BTreeMap::new(),
            search: None,
            found: Vec::new(),
            writing: BTreeMap::new(),
        }
    }

    /// Does what a line says.
    pub(super) async fn take(&mut self, line: &str) -> (Out, Flow) {
        let outcome = match Command::parse(line) {
            Command::Quit => return (Out::new(), Flow::Quit),
            Command::Nothing => Ok(Out::new()),
            Command::Help { about } => explain(about.as_deref()),
            Command::Wrong(why) => Err(why),
            Command::Say(text) => self.say(text).await,
            Command::Accept { request, into } => self.accept(request, into).await,
            Command::Refuse { request } => self.refuse(request).await,
            Command::Participants => self.participants().await,
            Command::Conversations => self.conversations().await,
            Command::Chat { number } => self.switch(number).await,
            Command::New { kind, name } => self.begin(kind, &name).await,
            Command::Invite { ticket, by_hand } => self.invite(ticket, by_hand).await,
            Command::Open { invite, kind, greeting } => self.open(&invite, kind, &greeting).await,
            Command::Reply { to: None, text } if is_code(&text) => self.complete(&text).await,
            Command::Reply { to, text } => self.reply(to, text).await,
            Command::History { count } => self.history(count).await,
            Command::Find { words } => self.find(words).await,
            Command::Search { words } => self.search(words).await,
            Command::Ask { number, kind, greeting } => self.ask(number, kind, &greeting).await,
            Command::List { words } => self.list_me(&words).await,
            Command::Listed => self.how_listed().await,
            Command::Unlist => self.unlist_me().await,
            Command::Edit { message, text } => self.edit(message, text).await,
            Command::Delete { message } => self.delete(message).await,
            Command::React { message, emoji, on } => self.react(message, emoji, on).await,
            Command::Later { request } => self.later(request).await,
            Command::Message { text } => self.leave_message(text).await,
            Command::Away { on } => self.away(on).await,
            Command::Inbox => self.inbox().await,
            Command::Dismiss { number } => self.dismiss(number).await,
            Command::Forget => self.forget().await,
            Command::Block { name, on } => self.block(&name, on).await,
            Command::Blocked => self.blocked().await,
            Command::Leave => self.leave().await,
            Command::Peers => self.peers().await,
            Command::Export { file, here } => self.export(&file, here).await,
            Command::Import { file } => self.import(&file).await,
            Command::Nick { name } => self.nick(&name).await,
        };
        (outcome.unwrap_or_else(|why| vec![why]), Flow::On)
    }

    /// The number of a conversation, which it is given when it is first spoken of.
    pub(super) fn number(&mut self, id: ConversationId) -> usize {
        let found = self.numbers.iter().position(|known| *known == id);
        let index = found.unwrap_or_else(|| {
            self.numbers.push(id);
            self.numbers.len() - 1
        });
        index + 1
    }

    /// A conversation as it is now.
    pub(super) async fn view(&self, id: ConversationId) -> Option<ConversationView> {
        self.session.handle.with(move |node| node.conversation(id)).await.ok().flatten()
    }

    /// The URL or text of an invite, and its QR code.
    pub(super) fn invitation(&self, invite: &Invite) -> Out {
        let link = self.session.invite_url(invite).unwrap_or_else(|| invite.to_string());
        let code = qr(&link, std::io::stdout().is_terminal());
        std::iter::once(link).chain(code).collect()
    }

    pub(super) async fn command(&self, command: proto::Command) -> Result<Reply, Wrong> {
        let taken = self.session.handle.command(command).await.map_err(|gone| gone.to_string())?;
        let told = |text: &str| format!("{}.", sentence(text));
        taken.map_err(|refusal| [told(&refusal.to_string()), told(refusal.unchanged())].join(" "))
    }

    pub(super) fn here(&self) -> Result<ConversationId, Wrong> {
        self.current.ok_or_else(|| {
            "You are in no conversation: /invite somebody, /open an invite, or /chat n.".to_owned()
        })
    }

    fn numbered(&self, number: usize) -> Result<ConversationId, Wrong> {
        let found = number.checked_sub(1).and_then(|index| self.numbers.get(index)).copied();
        found.ok_or_else(|| format!("There is no conversation {number}: /conversations lists them."))
    }

    async fn say(&mut self, text: String) -> Result<Out, Wrong> {
        let conversation = self.here()?;
        let text = message_text(text)?;
        self.command(proto::Command::Send { conversation, text, reply_to: None }).await?;
        Ok(Out::new())
    }

    async fn accept(&mut self, request: Option<usize>, into: Option<usize>) -> Result<Out, Wrong> {
        let number = self.pending(request)?;
        let asked = &self.requests[&number];
        let into = into.map(|number| self.numbered(number)).transpose()?.or(asked.conversation);
        let answer = into.map_or(Consent::New(History::All), Consent::Into);
        let reply = self.command(proto::Command::Answer { request: asked.request, answer }).await?;
        self.requests.remove(&number);
        if let Reply::Conversation(id) = reply {
            self.current = Some(id);
        }
        Ok(Out::new())
    }

    async fn refuse(&mut self, request: Option<usize>) -> Result<Out, Wrong> {
        let number = self.pending(request)?;
        let request = self.requests[&number].request;
        self.command(proto::Command::Answer { request, answer: Consent::No }).await?;
        let refused = self.requests.remove(&number);
        Ok(refused.map(|asked| format!("Refused {}.", plain(asked.from.name.as_str()))).into_iter().collect())
    }

    /// The number of a request that waits: the one given, or the latest.
    pub(super) fn pending(&self, request: Option<usize>) -> Result<usize, Wrong> {
        let latest =
            || self.requests.keys().next_back().copied().ok_or_else(|| "Nobody is asking.".to_owned());
        let number = request.map_or_else(latest, Ok)?;
        let known = self.requests.contains_key(&number).then_some(number);
        known.ok_or_else(|| format!("There is no request {number}."))
    }

    async fn participants(&self) -> Result<Out, Wrong> {
        let view = self.view(self.here()?).await.ok_or("That conversation is gone.")?;
        let line = |one: &proto::io::ParticipantView| {
            let marks = [(one.me, "you"), (one.coordinator, "coordinator"), (!one.linked, "not connected")];
            let marks: Vec<&str> = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
            let name = plain(one.person.name.as_str());
            if marks.is_empty() { format!("  {name}") } else { format!("  {name} ({})", marks.join(", ")) }
        };
        Ok(view.participants.iter().map(line).collect())
    }

    async fn conversations(&mut self) -> Result<Out, Wrong> {
        let views =
            self.session.handle.with(|node| node.conversations()).await.map_err(|gone| gone.to_string())?;
        let mut lines: Vec<(usize, String)> = Vec::new();
        for view in &views {
            let number = self.number(view.id);
            let mark = if self.current == Some(view.id) { '*' } else { ' ' };
            let unread = if view.unread > 0 { format!(", {} unread", view.unread) } else { String::new() };
            let over = if view.open { "" } else { ", over" };
            let (name, kind) = (plain(&view.name), view.kind.as_str());
            lines.push((
                number,
                format!("{mark} {number} {name} ({kind}, {} in it{unread}{over})", view.participants.len()),
            ));
        }
        lines.sort();
        let none = || vec!["There are none yet: /invite somebody, or /open an invite.".to_owned()];
        Ok(if lines.is_empty() { none() } else { lines.into_iter().map(|(_, line)| line).collect() })
    }

    async fn switch(&mut self, number: usize) -> Result<Out, Wrong> {
        let conversation = self.numbered(number)?;
        self.command(proto::Command::Read { conversation }).await?;
        self.current = Some(conversation);
        let name = self.view(conversation).await.map(|view| plain(&view.name)).unwrap_or_default();
        Ok(vec![format!("You are in {number}: {name}")])
    }

    async fn begin(&mut self, kind: ConversationKind, name: &str) -> Result<Out, Wrong> {
        let reply = self
            .command(proto::Command::Create { kind, name: Name::cut(name), history: History::All })
            .await?;
        if let Reply::Conversation(id) = reply {
            self.current = Some(id);
        }
        Ok(Out::new())
    }

    async fn invite(&self, ticket: bool, by_hand: bool) -> Result<Out, Wrong> {
        let wish = InviteWish { conversation: self.current, ticket, expires_ms: None, by_hand };
        match self.command(wish.into()).await? {
            Reply::Invite(invite) => Ok(self.invitation(&invite)),
            _ => Ok(vec!["Preparing the invite…".to_owned()]),
        }
    }

    async fn open(
        &mut self,
        invite: &str,
        kind: Option<ConversationKind>,
        greeting: &str,
    ) -> Result<Out, Wrong> {
        let invite =
            Invite::parse(invite, self.session.handle.now()).map_err(|error| sentence(&error.to_string()))?;
        let name = plain(invite.name.as_str());
        // An invite that names a conversation asks for that one; a bare one leads to somebody, to be talked to.
        let kind = kind.or_else(|| invite.conversation.is_none().then_some(ConversationKind::Private));
        let greeting =
            Greeting::new(greeting).ok_or("Those words are too long for a greeting: nothing was asked.")?;
        let reply = self.command(proto::Command::Open { invite: Box::new(invite), kind, greeting }).await?;
        if let Reply::Opening { request, .. } = reply {
            self.asked.extend(request.map(|request| (request, name.clone())));
        }
        Ok(vec![format!("Asking {name}…")])
    }

    async fn complete(&self, code: &str) -> Result<Out, Wrong> {
        let reply = ReplyCode::parse(code).map_err(|error| sentence(&error.to_string()))?;
        self.command(proto::Command::Complete { reply: Box::new(reply) }).await?;
        Ok(vec!["Connecting…".to_owned()])
    }

    async fn leave(&mut self) -> Result<Out, Wrong> {
        let conversation = self.here()?;
        self.command(proto::Command::Leave { conversation }).await?;
        Ok(Out::new())
    }

    async fn peers(&self) -> Result<Out, Wrong> {
        let peers = self.session.handle.peers().await.map_err(|gone| gone.to_string())?;
        if peers.is_empty() {
            return Ok(vec!["No links: nobody is connected to you.".to_owned()]);
        }
        let line = |(peer, route): &(proto::io::PeerView, Option<tertulia_webrtc::Route>)| {
            let name = plain(peer.person.name.as_str());
            let rtt = peer.rtt_micros.map(|micros| format!(", {}.{} ms", micros / 1000, micros % 1000 / 100));
            let address =
                route.as_ref().and_then(|route| route.address).map(|address| format!(", {address}"));
            format!(
                "  {name} ({}{}{})",
                peer.path.as_str(),
                rtt.unwrap_or_default(),
                address.unwrap_or_default()
            )
        };
        Ok(peers.iter().map(line).collect())
    }

    async fn nick(&self, name: &str) -> Result<Out, Wrong> {
        let name = whole_name(name)
            .ok_or("That is too long or too odd for a name: you are called what you were.")?;
        self.session.rename(name.clone()).await.map_err(|error| format!("{error:#}"))?;
        let mut lines = vec![format!("You are {} to all whom you meet from now on.", plain(name.as_str()))];
        // They were chosen, and somebody may look for the former name.
        let stays =
            |words| format!("You are found by the same words as before, {words}: /list WORDS changes them.");
        lines.extend(self.listed_under().await?.map(stays));
        Ok(lines)
    }
}

/// The help, all of it or what it says of one command.
fn explain(about: Option<&str>) -> Result<Out, Wrong> {
    let Some(word) = about else { return Ok(vec![help::HELP.to_owned()]) };
    let none = || format!("There is no /{}. /help lists what there is.", plain(word));
    help::usage(word).map(|usage| vec![usage]).ok_or_else(none)
}

/// Whether a text is meant as a reply code: nobody says a hundred letters without a space.
fn is_code(text: &str) -> bool {
    text.len() > 100 && !text.contains(char::is_whitespace)
}

/// A message as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
