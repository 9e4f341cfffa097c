//! The native node: a daemon that serves its own page, with a chat on the terminal or JSON-RPC for programs.

mod config;
mod discovery;
mod failure;
mod history;
mod page;
mod people;
mod pipes;
mod rpc;
mod session;
mod stop;
mod store;
mod terminal;

use crate::config::{Act, Config};
use crate::failure::Failure;
use crate::pipes::{Lines, Writer};
use crate::session::Session;
use anyhow::Context;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    match run(Config::from_process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                eprintln!("tertulia: {failure}");
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(config: Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| Failure::Usage(format!("--log {}: {error}", config.log)))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match config.act.clone() {
        Some(Act::Export(args)) => history::stopped::export(&args, config),
        Some(Act::Import(args)) => history::stopped::import(&args, config),
        Some(Act::Search(args)) => block_on(people::look(args, config)),
        None => block_on(serve(config)),
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// Runs a front end on a node until a person, a program or a signal ends it, then leaves properly.
async fn serve(config: Config) -> Result<(), Failure> {
    let stop = stop::signal().context("cannot listen for signals")?;
    let json = config.json;
    let (session, events) = Session::start(config).await?;
    let (lines, writer) = (Lines::stdin(), Writer::stdout());
    if json {
        rpc::run(&session, events, lines, writer, stop).await
    } else {
        terminal::run(&session, events, lines, writer, stop).await
    }
}
