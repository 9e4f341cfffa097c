//! The envelope of JSON-RPC 2.0: calls, batches, answers, errors and notifications.

use crate::pipes::LINE_MAX;
use crate::rpc::Outcome;
use serde_json::{Map, Value, json};
use tertulia_proto::Refusal;
use tertulia_proto::invite::InviteError;
use tertulia_webrtc::native::Gone;

/// The most calls that one batch may hold: a program has a line for each, and answers are held back until the last.
const BATCH_MAX: usize = 256;

/// What one line holds.
#[derive(Debug)]
pub(super) enum Incoming {
    /// One call.
    One(Result<Call, Rejected>),
    /// Several, to be answered together.
    Batch(Vec<Result<Call, Rejected>>),
}

/// A well-formed call.
#[derive(Debug)]
pub(super) struct Call {
    /// What to name the answer by; without it, no answer is wanted.
    pub(super) id: Option<Value>,
    /// Which method.
    pub(super) method: String,
    /// Its parameters by name.
    pub(super) params: Map<String, Value>,
}

/// Something that is no call, and what to answer.
#[derive(Debug)]
pub(super) struct Rejected {
    id: Value,
    fault: Fault,
}

/// An error as JSON-RPC has it.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// The code.
    pub(super) code: i32,
    /// One sentence for people.
    pub(super) message: String,
    /// For refusals: `{reason, unchanged}`.
    pub(super) data: Option<Value>,
}

impl Incoming {
    /// Reads a line.
    pub(super) fn parse(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(Value::Array(items)) if items.is_empty() => {
                Self::One(Err(Rejected::request(Value::Null, "a batch has at least one call")))
            }
            Ok(Value::Array(items)) if items.len() > BATCH_MAX => Self::One(Err(Rejected::request(
                Value::Null,
                &format!("a batch has at most {BATCH_MAX} calls"),
            ))),
            Ok(Value::Array(items)) => Self::Batch(items.into_iter().map(Call::from_value).collect()),
            Ok(value) => Self::One(Call::from_value(value)),
            Err(error) => Self::One(Err(Rejected {
                id: Value::Null,
                fault: Fault::new(-32700, format!("this line is no JSON: {error}")),
            })),
        }
    }

    /// The calls, and whether their answers belong together.
    pub(super) fn into_calls(self) -> (Vec<Result<Call, Rejected>>, bool) {
        match self {
            Self::One(call) => (vec![call], false),
            Self::Batch(calls) => (calls, true),
        }
    }
}

impl Call {
    fn from_value(value: Value) -> Result<Self, Rejected> {
        let Value::Object(mut call) = value else {
            return Err(Rejected::request(Value::Null, "a call is an object"));
        };
        let id = call.remove("id");
        if !matches!(id, None | Some(Value::Null | Value::String(_) | Value::Number(_))) {
            return Err(Rejected::request(Value::Null, "an id is a string or a number"));
        }
        let named = || id.clone().unwrap_or_default();
        if call.remove("jsonrpc") != Some(json!("2.0")) {
            return Err(Rejected::request(named(), r#"a call has "jsonrpc": "2.0""#));
        }
        let Some(Value::String(method)) = call.remove("method") else {
            return Err(Rejected::request(named(), "a call names its method"));
        };
        let params = match call.remove("params") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(params)) => params,
            Some(Value::Array(list)) if list.is_empty() => Map::new(),
            Some(Value::Array(_)) => {
                let fault = Fault::params("parameters are given by name, in an object");
                return Err(Rejected { id: named(), fault });
            }
            Some(_) => return Err(Rejected::request(named(), "params is an object")),
        };
        Ok(Self { id, method, params })
    }
}

impl Rejected {
    /// A line that was not even read.
    pub(super) fn too_long() -> Self {
        Self::request(Value::Null, &format!("a line has at most {LINE_MAX} bytes"))
    }

    /// The answer.
    pub(super) fn into_answer(self) -> Value {
        answer(&self.id, Err(self.fault))
    }

    fn request(id: Value, why: &str) -> Self {
        Self { id, fault: Fault::new(-32600, format!("this is no JSON-RPC 2.0 call: {why}")) }
    }
}

impl Fault {
    fn new(code: i32, message: String) -> Self {
        Self { code, message, data: None }
    }

    /// Parameters that the method cannot take.
    pub(super) fn params(why: impl std::fmt::Display) -> Self {
        Self::new(-32602, format!("wrong parameters: {why}"))
    }

    /// A method that there is not.
    pub(super) fn method(why: String) -> Self {
        Self::new(-32601, why)
    }

    /// Something that a well-formed call asks for and does not get.
    pub(super) fn refused(reason: &str, message: impl std::fmt::Display, unchanged: &str) -> Self {
        Self::refusal(-32000, reason, message, unchanged)
    }

    fn refusal(code: i32, reason: &str, message: impl std::fmt::Display, unchanged: &str) -> Self {
        let data = Some(json!({"reason": reason, "unchanged": unchanged}));
        Self { code, message: message.to_string(), data }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.reason(), refusal, refusal.unchanged())
    }
}

impl From<InviteError> for Fault {
    fn from(error: InviteError) -> Self {
        let reason = match error {
            InviteError::NotAnInvite => "not_an_invite",
            InviteError::IsReply => "is_a_reply_code",
            InviteError::IsInvite => "is_an_invite",
            InviteError::Damaged => "damaged",
            InviteError::Newer => "newer_version",
            InviteError::Expired => "expired",
        };
        Self::refusal(-32001, reason, error, "nothing was changed")
    }
}

impl From<Gone> for Fault {
    fn from(_: Gone) -> Self {
        Self::new(-32603, "the node has stopped".to_owned())
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Self::new(-32603, format!("{error:#}"))
    }
}

/// The answer to a call.
pub(super) fn answer(id: &Value, outcome: Outcome) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(Fault { code, message, data }) => {
            let mut error = json!({"code": code, "message": message});
            if let Some(data) = data {
                error["data"] = data;
            }
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        }
    }
}

/// A notification, as a line.
pub(super) fn notification(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code and id with which a line is rejected.
    fn rejected(line: &str) -> (i64, Value) {
        let (mut calls, _) = Incoming::parse(line).into_calls();
        let answer = calls.remove(0).expect_err(line).into_answer();
        (answer["error"]["code"].as_i64().unwrap(), answer["id"].clone())
    }

    #[test]
    fn malformed_lines_get_the_codes_of_the_specification() {
        assert_eq!(rejected("{"), (-32700, Value::Null));
        assert_eq!(rejected("[]"), (-32600, Value::Null));
        assert_eq!(rejected("[1]"), (-32600, Value::Null));
        assert_eq!(rejected("7"), (-32600, Value::Null));
        assert_eq!(rejected(r#"{"id": 1, "method": "peers"}"#), (-32600, json!(1)));
        assert_eq!(rejected(r#"{"jsonrpc": "2.0", "id": [], "method": "peers"}"#), (-32600, Value::Null));
        assert_eq!(rejected(r#"{"jsonrpc": "2.0", "id": "a", "method": 5}"#), (-32600, json!("a")));
        assert_eq!(
            rejected(r#"{"jsonrpc": "2.0", "id": 1, "method": "send", "params": "x"}"#),
            (-32600, json!(1))
        );
        assert_eq!(
            rejected(r#"{"jsonrpc": "2.0", "id": 1, "method": "send", "params": ["x"]}"#),
            (-32602, json!(1))
        );
    }

    #[test]
    fn a_call_without_id_wants_no_answer_and_one_with_null_does() {
        let id = |line| Incoming::parse(line).into_calls().0.remove(0).unwrap().id;
        assert_eq!(id(r#"{"jsonrpc": "2.0", "method": "peers"}"#), None);
        assert_eq!(id(r#"{"jsonrpc": "2.0", "method": "peers", "id": null}"#), Some(Value::Null));
    }

    #[test]
    fn a_batch_keeps_its_good_calls() {
        let (calls, batch) =
            Incoming::parse(r#"[{"jsonrpc": "2.0", "id": 1, "method": "peers"}, 3]"#).into_calls();
        assert!(batch && calls[0].is_ok() && calls[1].is_err());
        let many = format!("[{}0]", "0,".repeat(BATCH_MAX));
        assert_eq!(rejected(&many), (-32600, Value::Null));
    }

    #[test]
    fn a_refusal_says_what_was_left_as_it_is() {
        let answer = answer(&json!(4), Err(InviteError::Expired.into()));
        assert_eq!(answer["error"]["code"], -32001);
        assert_eq!(answer["error"]["data"], json!({"reason": "expired", "unchanged": "nothing was changed"}));
    }
}
