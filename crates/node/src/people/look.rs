//! `tertulia search`: a node that is there for as long as a search takes.

use super::{search, sought_words};
use crate::config::{Config, SearchArgs};
use crate::failure::Failure;
use crate::rpc::found_person;
use crate::session::Session;
use crate::terminal::found_line;
use crate::{pipes::Writer, stop};
use anyhow::Context;
use std::time::Duration;
use tertulia_proto::directory::FoundPerson;
use tokio::time::{Instant, sleep};

/// How often it is looked whether the node is part of it.
const LOOK: Duration = Duration::from_millis(50);

/// Looks for people, tells who was found, and ends.
pub(crate) async fn look(args: SearchArgs, mut config: Config) -> Result<(), Failure> {
    let words = sought_words(&args.words.join(" "));
    if words.is_empty() {
        return Err(Failure::Usage("there is no word in this: letters or digits are needed".to_owned()));
    }
    let (json, stop) = (config.json, stop::signal().context("cannot listen for signals")?);
    // A node on its way through serves no page, and whoever wants to search wants to be part of what is searched.
    (config.no_http, config.invite_only) = (true, false);
    let started = Session::start(config).await;
    let (session, _) = started.map_err(|failure| match failure {
        Failure::InUse { dir, pid } => Failure::Busy { dir, pid, act: "search", line: "/search WORDS" },
        other => other,
    })?;
    let looking = async {
        enter(&session, Duration::from_secs(args.wait.into())).await?;
        let found = search(&session, words, args.limit).await.map_err(anyhow::Error::from)?;
        Ok::<_, Failure>(found.map_err(anyhow::Error::from)?)
    };
    let found = tokio::select! {
        found = looking => found,
        () = stop => Ok(Vec::new()),
    };
    session.quit().await;
    tell(&found?, json).await;
    Ok(())
}

/// Waits until the node has found its place among others.
async fn enter(session: &Session, wait: Duration) -> Result<(), Failure> {
    let end = Instant::now() + wait;
    loop {
        let neighbours = session.handle.with(|node| node.neighbours()).await.map_err(anyhow::Error::from)?;
        if neighbours.is_some_and(|nodes| !nodes.is_empty()) {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(Failure::OutOfNetwork);
        }
        sleep(LOOK).await;
    }
}

async fn tell(found: &[FoundPerson], json: bool) {
    let writer = Writer::stdout();
    for person in found {
        let line = if json { found_person(person).to_string() } else { found_line(person) };
        if writer.line(line).await.is_err() {
            break;
        }
    }
    writer.finish().await;
}
