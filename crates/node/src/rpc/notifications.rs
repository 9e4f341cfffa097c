//! What happens to a node, as notifications: one function from an event to its JSON.

use crate::rpc::views;
use serde_json::{Value, json};
use tertulia_proto::io::{Event, Lacking, MessageState, Recalled, RequestOutcome};
use tertulia_proto::{ConversationId, Node, NodeId, OpId};

/// A method and its parameters.
pub(super) type Notification = (&'static str, Value);

/// The notification for an event; none when the node no longer has what it would show.
pub(super) fn fold(node: &Node, recalled: &Recalled, event: &Event) -> Result<Option<Notification>, Lacking> {
    let (method, conversation, message) = match event {
        Event::Message { conversation, message } => ("message", *conversation, *message),
        Event::MessageChanged { conversation, message } => ("message_changed", *conversation, *message),
        event => return Ok(told(Some(node), event)),
    };
    Ok(node.message(conversation, message, recalled)?.map(|view| {
        let mut params = views::message(&view);
        params["conversation"] = json!(conversation.to_string());
        (method, params)
    }))
}

/// The notification for an event that no message belongs to; there may be no node any more.
pub(super) fn told(node: Option<&Node>, event: &Event) -> Option<Notification> {
    Some(match event {
        Event::LinkOpened { node, path } => {
            ("link", json!({"node": node.to_string(), "event": "opened", "path": path.as_str()}))
        }
        Event::LinkClosed { node, reason } => {
            let (word, why) = (views::reason(*reason), reason.to_string());
            ("link", json!({"node": node.to_string(), "event": "closed", "reason": word, "why": why}))
        }
        Event::InviteReady { link, invite } => {
            ("invite_ready", json!({"link": link.0, "invite": invite.to_string()}))
        }
        Event::ReplyReady { link, code } => ("reply_code", json!({"link": link.0, "code": code.to_string()})),
        Event::Request { request, from, kind, conversation, greeting } => {
            let mut params = json!({
                "request": request.to_string(), "from": views::person(from), "type": kind.as_str(), "greeting": greeting,
            });
            if let Some(conversation) = conversation {
                params["conversation"] = json!(conversation.to_string());
            }
            ("request", params)
        }
        Event::Answered { request, outcome } => ("answered", answered(&request.to_string(), *outcome)),
        Event::LeftMessage { message } => ("left_message", views::left(message)),
        Event::RequestWithdrawn { request } => ("withdrawn", json!({"request": request.to_string()})),
        Event::ConversationOpened { conversation } => of_conversation(node, *conversation, "opened"),
        Event::ConversationChanged { conversation } => of_conversation(node, *conversation, "changed"),
        Event::ConversationEnded { conversation } => of_conversation(node, *conversation, "ended"),
        Event::ConversationForgotten { conversation } => of_conversation(None, *conversation, "forgotten"),
        // It is the answer to `search`.
        Event::Found { .. } => return None,
        Event::Message { .. } | Event::MessageChanged { .. } => return None,
        Event::Typing { conversation, node: typist } => ("typing", typing(node, *conversation, *typist)),
        Event::MessageState { conversation, message, state } => {
            ("state", of_state(*conversation, *message, state))
        }
        Event::Trouble { what, why, remedy } => trouble(what, why, remedy),
    })
}

/// The notification that some were lost because the program took them too slowly.
pub(super) fn missed(count: u64) -> Notification {
    let what = format!("{count} notifications were dropped");
    trouble(
        &what,
        "they came faster than they were read",
        "read the views again, such as conversations and messages",
    )
}

fn trouble(what: &str, why: &str, remedy: &str) -> Notification {
    ("trouble", json!({"what": what, "why": why, "remedy": remedy}))
}

fn answered(request: &str, outcome: RequestOutcome) -> Value {
    match outcome {
        RequestOutcome::Yes(conversation) => {
            json!({"request": request, "answer": "yes", "conversation": conversation.to_string()})
        }
        RequestOutcome::No => json!({"request": request, "answer": "no"}),
        RequestOutcome::AnsweringMachine => json!({"request": request, "answer": "answering_machine"}),
        RequestOutcome::Failed(reason) => {
            let (word, why) = (views::reason(reason), reason.to_string());
            json!({"request": request, "answer": "failed", "reason": word, "why": why})
        }
    }
}

fn of_conversation(node: Option<&Node>, id: ConversationId, event: &str) -> Notification {
    let view = node.and_then(|node| node.conversation(id));
    let mut params = view.map_or_else(|| json!({"id": id.to_string()}), |view| views::conversation(&view));
    params["event"] = json!(event);
    ("conversation", params)
}

fn typing(node: Option<&Node>, conversation: ConversationId, typist: NodeId) -> Value {
    let mut params = json!({"conversation": conversation.to_string(), "node": typist.to_string()});
    let view = node.and_then(|node| node.conversation(conversation));
    let participants = view.into_iter().flat_map(|view| view.participants);
    if let Some(one) = participants.map(|one| one.person).find(|person| person.node == typist) {
        params["user"] = json!(one.user.to_string());
        params["name"] = json!(one.name.as_str());
    }
    params
}

fn of_state(conversation: ConversationId, message: OpId, state: &MessageState) -> Value {
    let mut params = json!({"conversation": conversation.to_string(), "message": message.to_string()});
    views::put_state(&mut params, state);
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::CloseReason;
    use tertulia_proto::io::RequestId;

    #[test]
    fn a_closed_link_says_why_to_programs_and_to_people() {
        let event = Event::LinkClosed { node: NodeId([2; 16]), reason: CloseReason::Silent };
        let (method, params) = told(None, &event).unwrap();
        assert_eq!(
            (method, &params["event"], &params["reason"]),
            ("link", &json!("closed"), &json!("silent"))
        );
        assert_eq!(params["why"], CloseReason::Silent.to_string());
    }

    #[test]
    fn an_answer_names_the_conversation_only_when_there_is_one() {
        let request = RequestId([3; 8]);
        let yes = RequestOutcome::Yes(ConversationId([4; 16]));
        let (_, params) = told(None, &Event::Answered { request, outcome: yes }).unwrap();
        assert_eq!((&params["answer"], &params["conversation"]), (&json!("yes"), &json!("04".repeat(16))));
        let (_, params) = told(None, &Event::Answered { request, outcome: RequestOutcome::No }).unwrap();
        assert_eq!(params.get("conversation"), None);
    }

    #[test]
    fn the_end_is_told_even_when_the_node_is_gone() {
        let event = Event::ConversationEnded { conversation: ConversationId([5; 16]) };
        let (method, params) = told(None, &event).unwrap();
        assert_eq!((method, params), ("conversation", json!({"id": "05".repeat(16), "event": "ended"})));
    }
}
