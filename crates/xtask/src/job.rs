//! Runs another program: its output goes to a log, its progress to the step, its last words into the error.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{LineWriter, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::progress::{Step, spoken};
use crate::project::Project;

/// How many lines of a failed program's output are shown; a compiler's error and its context fit.
const TAIL_LINES: usize = 40;
/// No single program of ours runs this long on the slowest machine that continuous integration is made for.
const LIMIT: Duration = Duration::from_secs(30 * 60);
const POLL: Duration = Duration::from_secs(1);

/// Which of a program's two outputs a line came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Out,
    Err,
}

/// A program to be run for a step.
pub(crate) struct Job {
    what: String,
    command: Command,
    log: PathBuf,
    remedy: String,
    limit: Duration,
}

impl Job {
    /// `what` names the job in an error, `name` its log file, `remedy` says what a person can do about a failure.
    pub(crate) fn new(
        project: &Project,
        what: &str,
        name: &str,
        command: Command,
        remedy: impl Into<String>,
    ) -> Self {
        Self { what: what.to_owned(), command, log: project.log(name), remedy: remedy.into(), limit: LIMIT }
    }

    /// Runs to the end; anything but success is an error that says all there is to say.
    pub(crate) fn run(self, step: &Step<'_>) -> Result<()> {
        self.watch(step, |_, _| ()).and_then(|ended| ended.success())
    }

    /// Runs to the end and hands each line to `on_line` as it comes.
    pub(crate) fn watch(mut self, step: &Step<'_>, mut on_line: impl FnMut(Source, &str)) -> Result<Ended> {
        let log =
            File::create(&self.log).with_context(|| format!("{} cannot be made", self.log.display()))?;
        let mut log = LineWriter::new(log);
        let arguments: Vec<_> = self.command.get_args().map(OsStr::to_string_lossy).collect();
        writeln!(log, "$ {} {}", self.command.get_program().display(), arguments.join(" "))?;
        let mut child = self.spawn()?;
        let mut tail = Vec::new();
        let end = self.follow(&mut child, |source, line| match line {
            Line::Silence => {
                step.remind();
                Ok(())
            }
            Line::Progress(progress) => {
                step.tell(&progress);
                Ok(())
            }
            Line::Whole(line) => {
                writeln!(log, "{line}")?;
                step.tell(line.trim());
                on_line(source, &line);
                remember(&mut tail, line);
                Ok(())
            }
        })?;
        Ok(Ended { what: self.what, end, tail, log: self.log, remedy: self.remedy })
    }

    /// Hands on lines until the program is done, or has had its time.
    fn follow(&self, child: &mut Child, mut on_line: impl FnMut(Source, Line) -> Result<()>) -> Result<End> {
        let (lines, started) = (lines_of(child), Instant::now());
        while started.elapsed() < self.limit {
            match lines.recv_timeout(POLL) {
                Ok((source, line)) => on_line(source, line)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(End::Exited(child.wait()?)),
                // Whatever it left behind may hold its pipes open for ever.
                Err(RecvTimeoutError::Timeout) => match child.try_wait()? {
                    Some(status) => return Ok(End::Exited(status)),
                    None => on_line(Source::Err, Line::Silence)?,
                },
            }
        }
        child.kill()?;
        child.wait()?;
        Ok(End::TookTooLong(self.limit))
    }

    fn spawn(&mut self) -> Result<Child> {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Cargo then counts crates even when nobody looks, which is how we know how far it is.
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "100")
            .env("CARGO_TERM_COLOR", "never");
        self.command.spawn().with_context(|| {
            format!("{}: {} did not start. {}", self.what, self.command.get_program().display(), self.remedy)
        })
    }
}

/// How a job ended.
pub(crate) struct Ended {
    what: String,
    end: End,
    tail: Vec<String>,
    log: PathBuf,
    remedy: String,
}

impl Ended {
    /// Whether the program said that all is well.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.end, End::Exited(status) if status.success())
    }

    /// An error unless the program said that all is well.
    pub(crate) fn success(self) -> Result<()> {
        if self.is_success() { Ok(()) } else { Err(anyhow::anyhow!("{self}")) }
    }
}

impl Display for Ended {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} failed: {}", self.what, self.end)?;
        for line in &self.tail {
            writeln!(f, "    | {line}")?;
        }
        writeln!(f, "  the whole log: {}", self.log.display())?;
        writeln!(f, "  kept: all that was finished before; the next run goes on from there")?;
        write!(f, "  what to do: {}", self.remedy)
    }
}

enum End {
    Exited(ExitStatus),
    TookTooLong(Duration),
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "{status}"),
            Self::TookTooLong(limit) => write!(f, "stopped, for it ran longer than {}", spoken(*limit)),
        }
    }
}

enum Line {
    Whole(String),
    /// A line that cargo means to overwrite.
    Progress(String),
    /// Nothing for a while: time goes on all the same.
    Silence,
}

/// Both outputs, line by line.
fn lines_of(child: &mut Child) -> Receiver<(Source, Line)> {
    let (sender, receiver) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        let sender = sender.clone();
        thread::spawn(move || forward(out, Source::Out, &sender));
    }
    if let Some(err) = child.stderr.take() {
        thread::spawn(move || forward(err, Source::Err, &sender));
    }
    receiver
}

fn forward(mut pipe: impl Read, source: Source, lines: &Sender<(Source, Line)>) {
    let (mut buffer, mut pending) = ([0; 8192], Vec::new());
    while let Ok(length @ 1..) = pipe.read(&mut buffer) {
        for &byte in &buffer[..length] {
            match byte {
                b'\r' | b'\n' => {
                    let line = line(&String::from_utf8_lossy(&pending), byte);
                    pending.clear();
                    if let Some(line) = line
                        && lines.send((source, line)).is_err()
                    {
                        return;
                    }
                }
                _ => pending.push(byte),
            }
        }
    }
    if !pending.is_empty() {
        // Nobody listens any more only if the job was given up.
        let _ = lines.send((source, Line::Whole(String::from_utf8_lossy(&pending).into_owned())));
    }
}

/// Cargo ends the lines that it will overwrite with a carriage return; so does nobody else whose output matters here.
fn line(text: &str, end: u8) -> Option<Line> {
    let text = text.replace("\u{1b}[K", "");
    match crates_done(&text) {
        Some(progress) => Some(Line::Progress(progress)),
        None if end == b'\r' && text.trim().is_empty() => None,
        None => Some(Line::Whole(text.trim_end().to_owned())),
    }
}

/// Reads `Building [==>  ] 12/345: serde, syn` as words.
fn crates_done(line: &str) -> Option<String> {
    let (_, rest) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (counts, names) = rest.split_once(':').unwrap_or((rest, ""));
    let (done, total) = counts.trim().split_once('/')?;
    let (done, total): (u32, u32) = (done.parse().ok()?, total.parse().ok()?);
    Some(format!("{done} of {total} units compiled;{}", names.trim_end()))
}

fn remember(tail: &mut Vec<String>, line: String) {
    if tail.len() == TAIL_LINES {
        tail.remove(0);
    }
    tail.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_counts_are_read() {
        let said = crates_done("    Building [====>       ] 12/345: serde, syn(build)");
        assert_eq!(said.as_deref(), Some("12 of 345 units compiled; serde, syn(build)"));
        assert_eq!(crates_done("   Compiling serde v1.0.0"), None);
        assert_eq!(crates_done("    Building [x] many"), None);
    }

    #[test]
    fn a_windows_line_end_loses_no_line() {
        assert!(matches!(line("kept", b'\r'), Some(Line::Whole(text)) if text == "kept"));
        assert!(matches!(line("", b'\n'), Some(Line::Whole(text)) if text.is_empty()));
        assert!(line(" ", b'\r').is_none());
    }

    #[test]
    fn only_the_last_lines_are_remembered() {
        let mut tail = Vec::new();
        (0..100).for_each(|number| remember(&mut tail, number.to_string()));
        assert_eq!(tail.len(), TAIL_LINES);
        assert_eq!(tail.last().map(String::as_str), Some("99"));
    }
}
