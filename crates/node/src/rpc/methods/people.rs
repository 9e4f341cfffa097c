//! What the person wants, and of whom.

use super::done;
use crate::rpc::Outcome;
use crate::session::Session;
use serde::Deserialize;
use serde_json::json;
use tertulia_proto::Command;

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
