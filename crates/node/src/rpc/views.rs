//! The JSON forms of what a node shows: each is made in one place, for results and notifications alike.

use serde_json::{Value, json};
use tertulia_proto::CloseReason;
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::io::{
    BlockedView, ConversationView, Found, LeftView, MessageState, MessageView, ParticipantView, PeerView,
    Person, ReactionView,
};
use tertulia_webrtc::Route;

/// A node and its user.
pub(super) fn person(person: &Person) -> Value {
    json!({"node": person.node.to_string(), "user": person.user.to_string(), "name": person.name.as_str()})
}

/// A conversation.
pub(super) fn conversation(view: &ConversationView) -> Value {
    let nodes: Vec<String> = view.participants.iter().map(|one| one.person.node.to_string()).collect();
    let coordinator = view.participants.iter().find(|one| one.coordinator);
    json!({
        "id": view.id.to_string(),
        "type": view.kind.as_str(),
        "name": view.name,
        "participants": nodes,
        "coordinator": coordinator.map(|one| one.person.node.to_string()),
        "unread": view.unread,
        "open": view.open,
    })
}

/// A participant.
pub(super) fn participant(view: &ParticipantView) -> Value {
    let mut value = person(&view.person);
    // Until nodes tell each other more, a link is the only sign of life that there is.
    value["presence"] = json!(if view.linked { "online" } else { "unknown" });
    value["coordinator"] = json!(view.coordinator);
    value["linked"] = json!(view.linked);
    value["carried"] = json!(view.carried);
    value["me"] = json!(view.me);
    value["forked"] = json!(view.forked);
    value["admitted_by"] = json!(view.admitted_by.as_ref().map(person));
    value
}

/// A message.
pub(super) fn message(view: &MessageView) -> Value {
    let mut value = json!({
        "id": view.id.to_string(),
        "author": view.author.to_string(),
        "node": view.node.to_string(),
        "name": view.name.as_str(),
        "time": view.time_ms,
        "text": view.text,
        "emote": view.emote,
        "edited": view.edited,
        "deleted": view.deleted,
        "reactions": view.reactions.iter().map(reaction).collect::<Vec<_>>(),
    });
    if let Some(reply_to) = view.reply_to {
        value["reply_to"] = json!(reply_to.to_string());
    }
    if let Some(state) = &view.state {
        put_state(&mut value, state);
    }
    value
}

/// A message that was looked for. Places count code points: bytes mean something in few languages.
pub(super) fn found(view: &Found) -> Value {
    let text = &view.message.text;
    let count = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    let places: Vec<_> = view.places.iter().map(|place| [count(place.start), count(place.end)]).collect();
    json!({
        "conversation": view.conversation.to_string(),
        "message": message(&view.message),
        "places": places,
    })
}

/// Somebody who was found in the directory.
pub(crate) fn found_person(person: &FoundPerson) -> Value {
    json!({
        "user": person.user.to_string(),
        "name": person.name,
        "words": person.words,
        "matched": person.matched,
        "presence": person.presence.as_str(),
        "nodes": person.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn reaction(view: &ReactionView) -> Value {
    let by: Vec<String> = view.by.iter().map(ToString::to_string).collect();
    json!({"emoji": view.emoji, "by": by, "mine": view.mine})
}

/// Adds how far a message has come: `state`, and where it was delivered or read, `by`, `delivered_to` and `of`.
pub(super) fn put_state(value: &mut Value, state: &MessageState) {
    let (word, by, delivered_to): (_, &[_], _) = match state {
        MessageState::Queued => ("queued", &[], 0),
        MessageState::Sent => ("sent", &[], 0),
        MessageState::Delivered { by, .. } => ("delivered", by, by.len()),
        MessageState::Read { by, delivered_to, .. } => ("read", by, *delivered_to),
    };
    value["state"] = json!(word);
    value["by"] = by.iter().map(ToString::to_string).collect();
    value["delivered_to"] = json!(delivered_to);
    if let MessageState::Delivered { of, .. } | MessageState::Read { of, .. } = state {
        value["of"] = json!(of);
    }
}

/// A message that was left for somebody who was away.
pub(super) fn left(view: &LeftView) -> Value {
    let from = person(&view.from);
    json!({"request": view.request.to_string(), "from": from, "text": view.text, "time": view.time_ms})
}

/// A user whom the person wants to hear nothing of.
pub(super) fn blocked(view: &BlockedView) -> Value {
    json!({"user": view.user.to_string(), "name": view.name.as_str()})
}

/// A usable link, with the kinds of address at its two ends where the driver knows them.
pub(super) fn peer(view: &PeerView, route: Option<&Route>) -> Value {
    let mut value = person(&view.person);
    value["path"] = json!(view.path.as_str());
    value["rtt_ms"] = json!(view.rtt_micros.map(milliseconds));
    value["state"] = json!("open");
    value["since"] = json!(view.since_ms);
    value["bytes_in"] = json!(view.bytes_in);
    value["bytes_out"] = json!(view.bytes_out);
    if let Some(route) = route {
        value["local"] = json!(route.local.as_str());
        value["remote"] = json!(route.remote.as_str());
        value["address"] = json!(route.address.map(|address| address.to_string()));
    }
    value
}

/// A stable word for why a link ended.
pub(super) const fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unreachable => "unreachable",
        CloseReason::Broken => "broken",
        CloseReason::Left => "left",
        CloseReason::Silent => "silent",
        CloseReason::Unproven => "unproven",
        CloseReason::Misbehaved => "misbehaved",
        CloseReason::Incompatible => "incompatible",
        CloseReason::Duplicate => "duplicate",
        CloseReason::Full => "full",
        CloseReason::Closed => "closed",
        CloseReason::Backlog => "backlog",
        CloseReason::Unable => "unable",
        CloseReason::NoIntroducer => "no_introducer",
        CloseReason::Disagreed => "disagreed",
    }
}

/// Microseconds as milliseconds with three decimals.
fn milliseconds(micros: u64) -> f64 {
    // Exact up to 2^53 µs, which is 285 years.
    #[allow(clippy::cast_precision_loss)]
    let micros = micros as f64;
    micros / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_proto::AccountId;

    #[test]
    fn a_state_is_a_word_and_its_numbers() {
        let mut value = json!({});
        put_state(&mut value, &MessageState::Delivered { by: vec![AccountId([1; 32])], of: 3 });
        assert_eq!(
            (&value["state"], &value["delivered_to"], &value["of"]),
            (&json!("delivered"), &json!(1), &json!(3))
        );
        assert_eq!(value["by"][0], "01".repeat(32));
    }

    #[test]
    fn what_was_read_still_says_to_how_many_it_was_delivered() {
        let mut value = json!({});
        put_state(&mut value, &MessageState::Read { by: vec![AccountId([1; 32])], delivered_to: 2, of: 3 });
        assert_eq!(
            (&value["state"], &value["delivered_to"], &value["of"]),
            (&json!("read"), &json!(2), &json!(3))
        );
        assert_eq!(value["by"], json!(["01".repeat(32)]));
    }

    #[test]
    fn a_round_trip_keeps_its_microseconds() {
        assert!((milliseconds(1234) - 1.234).abs() < f64::EPSILON);
    }
}
