//! `tertulia search`: a node that is there for as long as a search takes.

use super::{search, sought_words};
use crate::config::{Config, SearchArgs};
use crate::failure::Failure;
use crate::pipes::Writer;
use crate::rpc::found_person;
use crate::session::Session;
use crate::stop;
use crate::terminal::found_line;
use anyhow::Context;
use indicatif::ProgressBar;
use std::pin::pin;
use std::time::Duration;
use tertulia_proto::directory::FoundPerson;
use tokio::time::{Instant, sleep};

/// How often it is looked whether the node is part of it.
const LOOK: Duration = Duration::from_millis(50);
/// How often the sign of life is drawn anew.
const REDRAW: Duration = Duration::from_millis(120);

/// Looks for people, tells who was found, and ends.
pub(crate) async fn look(args: SearchArgs, mut config: Config) -> Result<(), Failure> {
    let words = args.words.join(" ");
    if sought_words(&words).is_empty() {
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
    let (mut stop, bar) = (pin!(stop), sign_of_life(json));
    let found = tokio::select! {
        found = seek(&session, &words, &args, &bar) => found,
        signal = &mut stop => Err(Failure::Interrupted(signal)),
    };
    bar.finish_and_clear();
    session.quit().await;
    let found = found?;
    tokio::select! {
        told = tell(&found, json) => told,
        signal = &mut stop => Err(Failure::Interrupted(signal)),
    }
}

/// What says on the terminal that something is going on; nothing anywhere else, nor where programs read.
fn sign_of_life(json: bool) -> ProgressBar {
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    bar.enable_steady_tick(REDRAW);
    bar
}

/// Joins the network and looks for people there.
async fn seek(
    session: &Session,
    words: &str,
    args: &SearchArgs,
    bar: &ProgressBar,
) -> Result<Vec<FoundPerson>, Failure> {
    bar.set_message("Looking for a way into the network…");
    enter(session, Duration::from_secs(args.wait.into())).await?;
    bar.set_message("Searching…");
    let found = search(session, sought_words(words), args.limit).await.map_err(anyhow::Error::from)?;
    Ok(found.map_err(anyhow::Error::from)?)
}

/// Waits until the node has found its place among others.
async fn enter(session: &Session, wait: Duration) -> Result<(), Failure> {
    let end = Instant::now() + wait;
    while !session.is_in_network().await.map_err(anyhow::Error::from)? {
        if Instant::now() >= end {
            return Err(Failure::OutOfNetwork);
        }
        sleep(LOOK).await;
    }
    Ok(())
}

/// Writes who was found, and to people that nobody was.
async fn tell(found: &[FoundPerson], json: bool) -> Result<(), Failure> {
    let writer = Writer::stdout();
    for person in found {
        let line = if json { found_person(person).to_string() } else { found_line(person) };
        if writer.line(line).await.is_err() {
            break;
        }
    }
    writer.written().await.map_err(Failure::Output)?;
    if found.is_empty() && !json {
        eprintln!("Nobody was found.");
    }
    Ok(())
}
