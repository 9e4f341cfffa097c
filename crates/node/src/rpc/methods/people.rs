//! What the person wants, and of whom.

use super::{Nothing, done, message_text, yes};
use crate::rpc::hex::Hex;
use crate::rpc::{Outcome, views};
use crate::session::Session;
use serde::Deserialize;
use serde_json::json;
use tertulia_proto::io::RequestId;
use tertulia_proto::{AccountId, Command};

/// A setting that is changed if it is given, and told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    on: Option<bool>,
}

pub(super) async fn share_read(session: &Session, Switch { on }: Switch) -> Outcome {
    if let Some(on) = on {
        done(session, Command::ShareRead { on }).await?;
    }
    Ok(json!({"on": session.handle.with(|node| node.shares_read()).await?}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockParams {
    user: Hex<AccountId>,
    #[serde(default = "yes")]
    on: bool,
}

pub(super) async fn block(session: &Session, BlockParams { user: Hex(user), on }: BlockParams) -> Outcome {
    done(session, Command::Block { user, on }).await
}

pub(super) async fn blocked(session: &Session, Nothing {}: Nothing) -> Outcome {
    Ok(session.handle.with(|node| node.blocked()).await?.iter().map(views::blocked).collect())
}

pub(super) async fn away(session: &Session, Switch { on }: Switch) -> Outcome {
    if let Some(on) = on {
        done(session, Command::Away { on }).await?;
    }
    Ok(json!({"on": session.handle.with(|node| node.is_away()).await?}))
}

pub(super) async fn inbox(session: &Session, Nothing {}: Nothing) -> Outcome {
    Ok(session.handle.with(|node| node.inbox()).await?.iter().map(views::left).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaveMessageParams {
    request: Hex<RequestId>,
    text: String,
}

pub(super) async fn leave_message(session: &Session, params: LeaveMessageParams) -> Outcome {
    let LeaveMessageParams { request: Hex(request), text } = params;
    done(session, Command::LeaveMessage { request, text: message_text(text)? }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DismissParams {
    request: Hex<RequestId>,
}

pub(super) async fn dismiss(
    session: &Session,
    DismissParams { request: Hex(request) }: DismissParams,
) -> Outcome {
    done(session, Command::Dismiss { request }).await
}
