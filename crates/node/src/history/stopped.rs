//! `tertulia export` and `tertulia import`: on the data of a node that is not running.

use super::file::{Pieces, Target};
use super::{Format, Report, Writing};
use crate::config::{Config, ExportArgs, ImportArgs};
use crate::failure::Failure;
use crate::session::{fresh_seed, identity};
use crate::store::Store;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tertulia_proto::io::{Lacking, Recalled};
use tertulia_proto::{Command, Node, Output};
use tertulia_webrtc::native::{Clock, Storage};

/// How often a bar is drawn anew.
const REDRAW: Duration = Duration::from_millis(120);

/// Writes conversations out, and ends.
pub(crate) fn export(args: &ExportArgs, config: Config) -> Result<(), Failure> {
    let format = if args.html { Format::Html } else { Format::JsonLines };
    let stopped = Stopped::open(config, ("export", "/export FILE"), false)?;
    let Some(mut writing) = Writing::of(&stopped.node, args.conversation, format) else {
        return Err(Failure::Usage("there is no such conversation here".to_owned()));
    };
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(REDRAW);
    let mut out = Out::open(args.output.as_deref(), args.force)?;
    while let Some(piece) = stopped.next(&mut writing)? {
        out.write(&piece)?;
        bar.set_message(format!("{} entries", writing.written().entries));
    }
    bar.finish_and_clear();
    out.finish()?;
    if let Some(path) = args.output.as_ref().filter(|path| !is_dash(path)) {
        let written = writing.written();
        eprintln!(
            "Conversations: {}; entries: {}. They are in {}, readable for whoever has it.",
            written.conversations,
            written.entries,
            path.display()
        );
    }
    Ok(())
}

/// Takes conversations in, and ends.
pub(crate) fn import(args: &ImportArgs, config: Config) -> Result<(), Failure> {
    let json = config.json;
    let pieces = if is_dash(&args.file) { Pieces::of_stdin() } else { Pieces::of_file(&args.file)? };
    let mut stopped = Stopped::open(config, ("import", "/import FILE"), true)?;
    let bar = pieces.size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let (Some(_), Ok(style)) =
        (pieces.size, ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}"))
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(REDRAW);
    let mut report = Report::default();
    for piece in pieces {
        let piece = piece?;
        bar.inc(piece.text.len() as u64);
        report.skip(piece.too_long);
        stopped.import(piece.text, false, &mut report)?;
    }
    stopped.import(String::new(), true, &mut report)?;
    bar.finish_and_clear();
    let told = if json { format!("{}\n", report.json()) } else { report.lines().join("\n") + "\n" };
    Out::Stdout.write(&told)?;
    if report.is_whole() { Ok(()) } else { Err(Failure::Partly) }
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A node that has no links and gets none: only its memory is at work.
struct Stopped {
    node: Node,
    storage: Option<Arc<dyn Storage>>,
    clock: Clock,
    _store: Store,
}

impl Stopped {
    /// Takes hold of the data directory, which must have been used unless it may be made.
    fn open(config: Config, (act, line): (&'static str, &'static str), makes: bool) -> Result<Self, Failure> {
        let opened = if makes { Store::open(config.data) } else { Store::open_used(config.data) };
        let store = opened.map_err(|failure| match failure {
            Failure::InUse { dir, pid } => Failure::Busy { dir, pid, act, line },
            other => other,
        })?;
        let clock = Clock::start();
        // Only a new identity is named: what is there is read, and no more.
        let name = if store.identity()?.is_some() { None } else { config.name.as_ref() };
        let identity = identity(&store, name, clock.now().as_millis())?;
        let memory = store.memory()?;
        let (config, seed, mut failed) = (tertulia_proto::Config::NATIVE, fresh_seed()?, None);
        let readable = memory.records.map_while(|record| record.map_err(|error| failed = Some(error)).ok());
        let node = Node::restore(identity, config, seed, clock.now(), readable);
        if let Some(error) = failed {
            return Err(anyhow::Error::from(error).into());
        }
        let mut stopped = Self { node, storage: memory.storage, clock, _store: store };
        stopped.keep()?;
        Ok(stopped)
    }

    fn import(&mut self, text: String, last: bool, report: &mut Report) -> Result<(), Failure> {
        report.take(self.node.command(Command::Import { text, last }, self.clock.now()));
        self.keep()
    }

    /// The next piece of what is written, until there is none.
    fn next(&self, writing: &mut Writing) -> Result<Option<String>, Failure> {
        let mut recalled = Recalled::default();
        loop {
            let Lacking(keys) = match writing.next(&self.node, &recalled) {
                Ok(piece) => return Ok(piece),
                Err(lacking) => lacking,
            };
            let read = |storage: &Arc<dyn Storage>| storage.read(&keys).map_err(anyhow::Error::from);
            let records = self.storage.as_ref().map(read).transpose()?.unwrap_or_default();
            let missing = std::iter::repeat(None);
            for (key, record) in keys.iter().zip(records.into_iter().chain(missing)) {
                recalled.take(key, record.as_deref());
            }
        }
    }

    /// Makes durable what the node says must last. What it would tell or send is for nobody.
    fn keep(&mut self) -> Result<(), Failure> {
        let outputs = std::iter::from_fn(|| self.node.poll_output());
        let records = outputs.filter_map(|output| match output {
            Output::Store { key, value } => Some((key, value)),
            _ => None,
        });
        let batch: Vec<_> = records.collect();
        match &self.storage {
            Some(storage) if !batch.is_empty() => Ok(storage.commit(batch).map_err(anyhow::Error::from)?),
            _ => Ok(()),
        }
    }
}

/// Where an export goes.
enum Out {
    Stdout,
    File(Target),
}

impl Out {
    fn open(path: Option<&Path>, force: bool) -> Result<Self, Failure> {
        match path.filter(|path| !is_dash(path)) {
            Some(path) => Ok(Self::File(Target::create(path, force)?)),
            None => Ok(Self::Stdout),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => io::stdout().write_all(text.as_bytes()).map_err(Failure::Output),
            Self::File(target) => Ok(target.write(text)?),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout => io::stdout().flush().map_err(Failure::Output),
            Self::File(target) => Ok(target.finish()?),
        }
    }
}
