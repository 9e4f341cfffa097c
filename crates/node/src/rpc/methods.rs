//! The methods, one function each.

mod history;
mod network;
mod people;
mod said;

use crate::config::whole_name;
use crate::rpc::hex::Hex;
use crate::rpc::message::Fault;
use crate::rpc::{Outcome, views};
use crate::session::{InviteWish, Session};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use tertulia_proto::group::History;
use tertulia_proto::identity::{NAME_MAX, Name};
use tertulia_proto::io::{Consent, GREETING_MAX, Greeting, MESSAGE_MAX, MessageText, RequestId};
use tertulia_proto::{
    AccountId, Command, ConversationId, ConversationKind, Invite, Node, NodeId, OpId, Reply, ReplyCode,
    Window,
};

/// The most messages that one call returns, and how many when it does not say.
const MESSAGES_MAX: usize = 1000;
const MESSAGES_DEFAULT: usize = 100;

/// Methods of the contract that later versions will have.
const LATER: [&str; 3] = ["presence", "users", "measurements"];

/// Calls `method`.
pub(super) async fn call(session: &Session, method: &str, params: Map<String, Value>) -> Outcome {
    match method {
        "invite" => invite(session, read(params)?).await,
        "open" => open(session, read(params)?).await,
        "complete" => complete(session, read(params)?).await,
        "connect" => connect(session, read(params)?).await,
        "answer" => answer(session, read(params)?).await,
        "create" => create(session, read(params)?).await,
        "conversations" => conversations(session, read(params)?).await,
        "participants" => participants(session, read(params)?).await,
        "send" => send(session, read(params)?).await,
        "messages" => messages(session, read(params)?).await,
        "find" => said::find(session, read(params)?).await,
        "edit" => said::edit(session, read(params)?).await,
        "delete" => said::delete(session, read(params)?).await,
        "react" => said::react(session, read(params)?).await,
        "typing" => typing(session, read(params)?).await,
        "read" => mark_read(session, read(params)?).await,
        "block" => people::block(session, read(params)?).await,
        "blocked" => people::blocked(session, read(params)?).await,
        "away" => people::away(session, read(params)?).await,
        "inbox" => people::inbox(session, read(params)?).await,
        "leave_message" => people::leave_message(session, read(params)?).await,
        "dismiss" => people::dismiss(session, read(params)?).await,
        "share_read" => people::share_read(session, read(params)?).await,
        "rename" => rename(session, read(params)?).await,
        "leave" => leave(session, read(params)?).await,
        "forget" => forget(session, read(params)?).await,
        "export" => history::export(session, read(params)?).await,
        "import" => history::import(session, read(params)?).await,
        "search" => network::search(session, read(params)?).await,
        "publish" => network::publish(session, read(params)?).await,
        "network" => network::network(session, read(params)?).await,
        "peers" => peers(session, read(params)?).await,
        "stats" => stats(session, read(params)?).await,
        "quit" => quit(session, read(params)?).await,
        later if LATER.contains(&later) => {
            Err(Fault::method(format!("this version of tertulia cannot do \"{later}\" yet")))
        }
        _ => Err(Fault::method(format!("there is no method \"{method}\""))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteParams {
    conversation: Option<Hex<ConversationId>>,
    #[serde(default)]
    ticket: bool,
    expires_ms: Option<u64>,
    #[serde(default)]
    by_hand: bool,
}

async fn invite(session: &Session, params: InviteParams) -> Outcome {
    let InviteParams { conversation, ticket, expires_ms, by_hand } = params;
    let wish = InviteWish { conversation: conversation.map(|Hex(id)| id), ticket, expires_ms, by_hand };
    match session.handle.command(wish.into()).await?? {
        Reply::Invite(invite) => Ok(invited(session, &invite)),
        // The offer has yet to be gathered: an `invite_ready` notification names this link.
        Reply::Opening { link, .. } => Ok(json!({"link": link.0, "pending": true})),
        other => Err(unexpected(&other)),
    }
}

/// An invite with the URL that opens it in the page.
pub(super) fn invited(session: &Session, invite: &Invite) -> Value {
    let mut value = json!({"invite": invite.to_string()});
    if let Some(url) = session.invite_url(invite) {
        value["url"] = json!(url);
    }
    value
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenParams {
    invite: String,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    greeting: String,
}

async fn open(session: &Session, params: OpenParams) -> Outcome {
    let invite = Box::new(Invite::parse(&params.invite, session.handle.now())?);
    let by_hand = invite.is_by_hand();
    let command =
        Command::Open { invite, kind: params.kind.map(Into::into), greeting: greeting(params.greeting)? };
    let mut opened = opening(session, command).await?;
    if by_hand {
        // The reply code has yet to be gathered: a `reply_code` notification names this link.
        opened["by_hand"] = json!(true);
    }
    Ok(opened)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompleteParams {
    code: String,
}

async fn complete(session: &Session, params: CompleteParams) -> Outcome {
    let reply = Box::new(ReplyCode::parse(&params.code)?);
    opening(session, Command::Complete { reply }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectParams {
    node: Option<Hex<NodeId>>,
    user: Option<Hex<AccountId>>,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    greeting: String,
}

async fn connect(session: &Session, params: ConnectParams) -> Outcome {
    let node = match (params.node, params.user) {
        (Some(Hex(node)), None) => node,
        (None, Some(Hex(user))) => {
            let known = session.handle.with(move |node| node_of(node, user)).await?;
            let why = "that user has no link to this node, shares no conversation with it and was not found: search, or open an invite of theirs";
            known
                .or_else(|| session.found.node_of(user))
                .ok_or_else(|| Fault::refused("unknown_user", why, "nothing was changed"))?
        }
        _ => return Err(Fault::params("give either node or user")),
    };
    let command =
        Command::Connect { node, kind: params.kind.map(Into::into), greeting: greeting(params.greeting)? };
    opening(session, command).await
}

/// A node of `user`: one that is linked, else one that shares a conversation.
fn node_of(node: &Node, user: AccountId) -> Option<NodeId> {
    let linked = node.peers().into_iter().map(|peer| peer.person);
    let sharing = node.conversations().into_iter().flat_map(|conversation| conversation.participants);
    let me = node.me().node;
    let mut known = linked.chain(sharing.map(|participant| participant.person));
    known.find(|person| person.user == user && person.node != me).map(|person| person.node)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerParams {
    request: Hex<RequestId>,
    answer: Answer,
    into: Option<Hex<ConversationId>>,
    history: Option<Past>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
    AnsweringMachine,
}

async fn answer(session: &Session, params: AnswerParams) -> Outcome {
    if params.history.is_some() && (params.into.is_some() || !matches!(params.answer, Answer::Yes)) {
        return Err(Fault::params("history goes with the answer yes into a new conversation"));
    }
    let answer = match (params.answer, params.into) {
        (Answer::Yes, None) => Consent::New(params.history.unwrap_or_default().into()),
        (Answer::Yes, Some(Hex(conversation))) => Consent::Into(conversation),
        (Answer::No, None) => Consent::No,
        (Answer::AnsweringMachine, None) => Consent::AnsweringMachine,
        (Answer::No | Answer::AnsweringMachine, Some(_)) => {
            return Err(Fault::params("into goes with the answer yes"));
        }
    };
    let Hex(request) = params.request;
    match session.handle.command(Command::Answer { request, answer }).await?? {
        Reply::Conversation(conversation) => Ok(json!({"conversation": conversation.to_string()})),
        _ => Ok(json!({})),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateParams {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    name: String,
    #[serde(default)]
    history: Past,
}

/// Leaves every conversation; the node ends when this is answered.
async fn quit(session: &Session, Nothing {}: Nothing) -> Outcome {
    session.handle.command(Command::Quit).await??;
    Ok(json!({}))
}

async fn create(session: &Session, params: CreateParams) -> Outcome {
    let command = Command::Create {
        kind: params.kind.into(),
        name: name(&params.name)?,
        history: params.history.into(),
    };
    match session.handle.command(command).await?? {
        Reply::Conversation(conversation) => Ok(json!({"conversation": conversation.to_string()})),
        other => Err(unexpected(&other)),
    }
}

async fn conversations(session: &Session, Nothing {}: Nothing) -> Outcome {
    let views = session.handle.with(|node| node.conversations()).await?;
    Ok(views.iter().map(views::conversation).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneConversation {
    conversation: Hex<ConversationId>,
}

async fn participants(
    session: &Session,
    OneConversation { conversation: Hex(id) }: OneConversation,
) -> Outcome {
    let view =
        session.handle.with(move |node| node.conversation(id)).await?.ok_or_else(unknown_conversation)?;
    Ok(view.participants.iter().map(views::participant).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendParams {
    conversation: Hex<ConversationId>,
    text: String,
    reply_to: Option<Hex<OpId>>,
}

async fn send(session: &Session, params: SendParams) -> Outcome {
    let Hex(conversation) = params.conversation;
    let text = message_text(params.text)?;
    let command = Command::Send { conversation, text, reply_to: params.reply_to.map(|Hex(id)| id) };
    match session.handle.command(command).await?? {
        Reply::Message(message) => Ok(json!({"message": message.to_string()})),
        other => Err(unexpected(&other)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessagesParams {
    conversation: Hex<ConversationId>,
    after: Option<Hex<OpId>>,
    before: Option<Hex<OpId>>,
    limit: Option<Limit>,
}

async fn messages(session: &Session, params: MessagesParams) -> Outcome {
    let Hex(id) = params.conversation;
    let window = Window {
        after: params.after.map(|Hex(id)| id),
        before: params.before.map(|Hex(id)| id),
        limit: Some(Limit::or(params.limit, MESSAGES_DEFAULT).min(MESSAGES_MAX)),
    };
    let shown = session.handle.ask(move |node, recalled| {
        node.conversation(id).map(|_| node.messages(id, window, recalled)).transpose()
    });
    Ok(shown.await?.ok_or_else(unknown_conversation)?.iter().map(views::message).collect())
}

async fn typing(
    session: &Session,
    OneConversation { conversation: Hex(conversation) }: OneConversation,
) -> Outcome {
    done(session, Command::Typing { conversation }).await
}

async fn mark_read(
    session: &Session,
    OneConversation { conversation: Hex(conversation) }: OneConversation,
) -> Outcome {
    done(session, Command::Read { conversation }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameParams {
    conversation: Hex<ConversationId>,
    name: String,
}

async fn rename(session: &Session, params: RenameParams) -> Outcome {
    let Hex(conversation) = params.conversation;
    done(session, Command::Rename { conversation, name: name(&params.name)? }).await
}

async fn leave(
    session: &Session,
    OneConversation { conversation: Hex(conversation) }: OneConversation,
) -> Outcome {
    done(session, Command::Leave { conversation }).await
}

async fn forget(
    session: &Session,
    OneConversation { conversation: Hex(conversation) }: OneConversation,
) -> Outcome {
    done(session, Command::Forget { conversation }).await
}

async fn peers(session: &Session, Nothing {}: Nothing) -> Outcome {
    let peers = session.handle.peers().await?;
    Ok(peers.iter().map(|(view, route)| views::peer(view, route.as_ref())).collect())
}

async fn stats(session: &Session, Nothing {}: Nothing) -> Outcome {
    Ok(json!(session.handle.stats().await?))
}

/// How many are wanted at the most. What is none is told as it is written, and not as what this program keeps it in.
struct Limit(usize);

impl Limit {
    /// The one that was given, or else this many.
    fn or(given: Option<Self>, default: usize) -> usize {
        given.map_or(default, |Self(limit)| limit)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Value::deserialize(deserializer)?.as_u64();
        let limit = number.and_then(|number| usize::try_from(number).ok());
        limit.map(Self).ok_or_else(|| D::Error::custom("limit is a whole number, 0 or more"))
    }
}

/// A kind of conversation as parameters name it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Private,
    Public,
}

/// What newcomers are given of the past, as parameters name it.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Past {
    #[default]
    All,
    FromAdmission,
}

impl From<Past> for History {
    fn from(past: Past) -> Self {
        match past {
            Past::All => Self::All,
            Past::FromAdmission => Self::FromAdmission,
        }
    }
}

impl From<Kind> for ConversationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Private => Self::Private,
            Kind::Public => Self::Public,
        }
    }
}

fn read<T: DeserializeOwned>(params: Map<String, Value>) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(params)).map_err(Fault::params)
}

fn greeting(text: String) -> Result<Greeting, Fault> {
    Greeting::new(text).ok_or_else(|| Fault::params(format!("a greeting has at most {GREETING_MAX} bytes")))
}

/// What a switch is set to when nothing else is said.
const fn yes() -> bool {
    true
}

fn message_text(text: String) -> Result<MessageText, Fault> {
    let wrong = || Fault::params(format!("a text has at most {MESSAGE_MAX} bytes: send it in parts"));
    MessageText::new(text).ok_or_else(wrong)
}

fn name(text: &str) -> Result<Name, Fault> {
    let wrong = || Fault::params(format!("a name has at most {NAME_MAX} bytes and no control characters"));
    whole_name(text).ok_or_else(wrong)
}

async fn done(session: &Session, command: Command) -> Outcome {
    session.handle.command(command).await??;
    Ok(json!({}))
}

async fn opening(session: &Session, command: Command) -> Outcome {
    match session.handle.command(command).await?? {
        Reply::Opening { link, request: None } => Ok(json!({"link": link.0})),
        Reply::Opening { link, request: Some(request) } => {
            Ok(json!({"link": link.0, "request": request.to_string()}))
        }
        Reply::Conversation(conversation) => Ok(json!({"conversation": conversation.to_string()})),
        Reply::Done => Ok(json!({})),
        other => Err(unexpected(&other)),
    }
}

fn unknown_conversation() -> Fault {
    Fault::from(tertulia_proto::Refusal::UnknownConversation)
}

fn unexpected(reply: &Reply) -> Fault {
    Fault::from(anyhow::anyhow!("the node answered {reply:?}, which does not belong here"))
}
