//! The answering machine of this node: who may leave a message, and those that were left (García, section 2.2).

use crate::ctx::Ctx;
use crate::identity::{AccountId, Name, NodeId};
use crate::io::{Event, LeftView, MessageText, Person, Refusal, RequestId};
use crate::store::Key;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::cbor::{decode, structure};
use crate::wire::{Answer, AnswerCode, LeftMessage};

/// Messages that wait at once: a long absence, and a megabyte at most.
const INBOX_MAX: usize = 128;
/// Messages of one user that wait at once: whoever has more to say finds another way.
const INBOX_PER_USER_MAX: usize = 8;
/// How long whoever was answered may leave a message: time to write it, and to come back on a bad connection.
const INVITED_MAX: Duration = Duration::from_secs(15 * 60);
/// Answers that are remembered at once; of more, the oldest is forgotten.
const ANSWERS_MAX: usize = 64;

/// Why a message that comes again is not taken again.
const KNOWN: &str = "left_message_known";

/// The messages that were left, and the answers that more may follow.
#[derive(Default)]
pub(crate) struct Inbox {
    left: Table<RequestId, Left>,
    answers: Vec<Answered>,
}

/// A request that the machine has answered.
struct Answered {
    request: RequestId,
    node: NodeId,
    until: Instant,
    /// Whether the message has come.
    is_used: bool,
}

/// A message that was left.
struct Left {
    node: NodeId,
    user: AccountId,
    name: Name,
    text: MessageText,
    time_ms: u64,
}

structure! { Left { 0 => node, 1 => user, 2 => name, 3 => text, 4 => time_ms } }

impl Inbox {
    /// Notes that the machine has answered a request: its node may leave one message.
    pub(crate) fn expect(&mut self, ctx: &Ctx<'_>, node: NodeId, request: RequestId) {
        let until = ctx.now + INVITED_MAX;
        let known = self.answers.iter_mut().find(|one| one.request == request && one.node == node);
        if let Some(known) = known {
            known.until = until;
            return;
        }
        if self.answers.len() == ANSWERS_MAX {
            self.answers.remove(0);
        }
        self.answers.push(Answered { request, node, until, is_used: false });
    }

    /// Takes in a message, or counts why not. What is here, now or before, is confirmed.
    pub(crate) fn on_left(&mut self, ctx: &mut Ctx<'_>, from: Person, message: LeftMessage) {
        let LeftMessage { request, text } = message;
        let receipt = Answer::bare(request, AnswerCode::Yes);
        match self.admits(ctx, &from, request, &text) {
            Ok(()) => {}
            Err(KNOWN) => {
                ctx.count(KNOWN);
                return ctx.post(from.node, receipt);
            }
            Err(reason) => return ctx.count(reason),
        }
        let Person { node, user, name } = from;
        let left = Left { node, user, name, text, time_ms: ctx.now.as_millis() };
        ctx.keep(Key::Left(request), &left);
        ctx.tell(Event::LeftMessage { message: left.view(request) });
        ctx.post(node, receipt);
        self.left.insert(request, left);
    }

    fn admits(
        &mut self,
        ctx: &Ctx<'_>,
        from: &Person,
        request: RequestId,
        text: &MessageText,
    ) -> Result<(), &'static str> {
        if self.left.get(&request).is_some_and(|left| left.node == from.node) {
            return Err(KNOWN);
        }
        let is_it = |one: &&mut Answered| one.request == request && one.node == from.node;
        let answered = self.answers.iter_mut().find(is_it).filter(|one| one.until > ctx.now);
        let answered = answered.ok_or("left_message_unasked")?;
        if answered.is_used || self.left.contains_key(&request) {
            return Err(KNOWN);
        }
        if ctx.wants.blocks(&from.user) || text.as_str().trim().is_empty() {
            return Err("left_message_unwanted");
        }
        let of_user = self.left.values().filter(|left| left.user == from.user).count();
        if self.left.len() >= INBOX_MAX || of_user >= INBOX_PER_USER_MAX {
            return Err("inbox_full");
        }
        answered.is_used = true;
        Ok(())
    }

    /// Takes a message out.
    pub(crate) fn dismiss(&mut self, ctx: &mut Ctx<'_>, request: &RequestId) -> Result<(), Refusal> {
        self.left.remove(request).ok_or(Refusal::UnknownMessage)?;
        ctx.drop_kept(Key::Left(*request));
        Ok(())
    }

    /// Takes back a message that was kept, or nothing when the record is none.
    pub(crate) fn take_back(&mut self, request: RequestId, record: &[u8]) -> Option<()> {
        let left = decode(record)?;
        if self.left.len() < INBOX_MAX {
            self.left.insert(request, left);
        }
        Some(())
    }

    /// The messages, the oldest first.
    pub(crate) fn views(&self) -> Vec<LeftView> {
        let mut by_time = Table::default();
        for (request, left) in self.left.iter() {
            by_time.insert((left.time_ms, *request), left.view(*request));
        }
        by_time.into_values()
    }
}

impl Left {
    fn view(&self, request: RequestId) -> LeftView {
        let from = Person { node: self.node, user: self.user, name: self.name.clone() };
        LeftView { request, from, text: self.text.to_string(), time_ms: self.time_ms }
    }
}
