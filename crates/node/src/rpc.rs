//! JSON-RPC 2.0 over standard input and output: the contract of docs/AUTOMATION.md.

mod answers;
mod hex;
mod message;
mod methods;
mod notifications;
mod views;

pub(crate) use views::found_person;

use crate::failure::Failure;
use crate::pipes::{Closed, Line, Lines, Writer};
use crate::session::{Session, own_invite};
use crate::stop::Signal;
use answers::{Answers, Flow};
use message::{Call, Fault, Incoming};
use serde_json::{Value, json};
use tertulia_proto::Event;
use tertulia_webrtc::native::{Events, Notice};

/// How serving came to its end.
enum End {
    /// The program asked for it, or closed one of the pipes.
    Asked,
    /// The node ended by itself.
    NodeGone,
}

/// Serves a program until it quits, closes a pipe, or `stop` completes; then ends properly.
pub(crate) async fn run(
    session: &Session,
    mut events: Events,
    lines: Lines,
    writer: Writer,
    stop: impl Future<Output = Signal>,
) -> Result<(), Failure> {
    let ready = message::notification("ready", &ready(session).await?);
    let end = if writer.line(ready).await.is_err() {
        End::Asked
    } else {
        tokio::select! {
            end = serve(session, &mut events, lines, &writer) => end,
            _ = stop => End::Asked,
        }
    };
    if matches!(end, End::NodeGone) {
        writer.finish().await;
        return Err(anyhow::anyhow!("the node has stopped by itself").into());
    }
    session.quit().await;
    while let Some(notice) = events.next().await {
        if tell(session, notice, &writer).await.is_err() {
            break;
        }
    }
    writer.finish().await;
    Ok(())
}

async fn ready(session: &Session) -> anyhow::Result<Value> {
    let me = session.me().await?;
    let mut ready = views::person(&me);
    ready["invite"] = json!(own_invite(&session.handle).await?.to_string());
    ready["udp"] = json!(session.udp.to_string());
    if let Some(url) = &session.url {
        ready["http"] = json!(url);
    }
    if !session.lan_urls.is_empty() {
        ready["lan"] = json!(session.lan_urls);
    }
    Ok(ready)
}

/// What there is to do next.
enum Step {
    Line(Option<Line>),
    Notice(Option<Notice>),
}

async fn serve(session: &Session, events: &mut Events, mut lines: Lines, writer: &Writer) -> End {
    let mut answers = Answers::default();
    loop {
        let reads = answers.has_room();
        let step = tokio::select! {
            // An answer goes before the events that tell what came of it.
            biased;
            (answer, flow) = answers.next() => match answer.map(|answer| writer.line(answer)) {
                Some(written) => written.await.map(|()| flow),
                None => Ok(flow),
            },
            step = async {
                tokio::select! {
                    line = lines.next(), if reads => Step::Line(line),
                    notice = events.next() => Step::Notice(notice),
                }
            } => match step {
                Step::Line(Some(line)) => Ok(answers.begin(answer_line(session, line)).await),
                Step::Line(None) => Ok(answers.begin(async { (None, Flow::Quit) }).await),
                Step::Notice(Some(notice)) => tell(session, notice, writer).await.map(|()| Flow::On),
                Step::Notice(None) => return End::NodeGone,
            },
        };
        match step {
            Ok(Flow::On) => {}
            Ok(Flow::Quit) | Err(Closed) => return End::Asked,
        }
    }
}

/// What a line is answered with, if with anything, and whether to go on.
async fn answer_line(session: &Session, line: Line) -> (Option<String>, Flow) {
    let incoming = match line {
        Line::Text(text) if text.trim().is_empty() => return (None, Flow::On),
        Line::Text(text) => Incoming::parse(&text),
        Line::TooLong => Incoming::One(Err(message::Rejected::too_long())),
    };
    let mut flow = Flow::On;
    let mut answers = Vec::new();
    let (calls, batch) = incoming.into_calls();
    for call in calls {
        let (answer, after) = answer(session, call).await;
        answers.extend(answer);
        if after == Flow::Quit {
            flow = Flow::Quit;
        }
    }
    // A batch of nothing but notifications is answered with nothing at all (JSON-RPC 2.0, section 6).
    let answer = match (batch, answers.len()) {
        (_, 0) => None,
        (true, _) => Some(Value::Array(answers).to_string()),
        (false, _) => Some(answers.remove(0).to_string()),
    };
    (answer, flow)
}

async fn answer(session: &Session, call: Result<Call, message::Rejected>) -> (Option<Value>, Flow) {
    let call = match call {
        Ok(call) => call,
        Err(rejected) => return (Some(rejected.into_answer()), Flow::On),
    };
    let flow = if call.method == "quit" { Flow::Quit } else { Flow::On };
    let outcome = methods::call(session, &call.method, call.params).await;
    let flow = if outcome.is_ok() { flow } else { Flow::On };
    (call.id.map(|id| message::answer(&id, outcome)), flow)
}

async fn tell(session: &Session, notice: Notice, writer: &Writer) -> Result<(), Closed> {
    let notification = match notice {
        Notice::Event(Event::InviteReady { link, invite }) => {
            let mut params = methods::invited(session, &invite);
            params["link"] = json!(link.0);
            Some(("invite_ready", params))
        }
        Notice::Event(event) => {
            // A node that is gone has no views to show; what needs none is still told.
            let folded = session.handle.glance({
                let event = event.clone();
                move |node, recalled| notifications::fold(node, recalled, &event)
            });
            folded.await.unwrap_or_else(|_| notifications::told(None, &event))
        }
        Notice::Missed(count) => Some(notifications::missed(count)),
    };
    let Some((method, params)) = notification else { return Ok(()) };
    writer.line(message::notification(method, &params)).await
}

/// What a method yields.
type Outcome = Result<Value, Fault>;
