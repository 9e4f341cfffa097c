//! What is being done and how far it is, for a terminal and for a log alike.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often a step that takes long is mentioned where lines cannot be redrawn.
const REMINDER: Duration = Duration::from_secs(15);
/// A quick step is not worth a line of its own when it begins.
const QUICK: Duration = Duration::from_millis(400);
const REDRAW: Duration = Duration::from_millis(120);

/// A command's steps, counted.
pub(crate) struct Progress {
    bars: MultiProgress,
    redraws: bool,
    begun: AtomicUsize,
    total: usize,
    started: Instant,
}

impl Progress {
    /// Announces nothing yet; `total` steps are to come.
    pub(crate) fn new(total: usize) -> Self {
        let redraws = std::io::stderr().is_terminal();
        Self {
            bars: MultiProgress::new(),
            redraws,
            begun: AtomicUsize::new(0),
            total,
            started: Instant::now(),
        }
    }

    /// Begins the next step. Steps may overlap.
    pub(crate) fn step(&self, title: impl Into<String>) -> Step<'_> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let title = title.into();
        let bar =
            if self.redraws { self.bars.add(ProgressBar::new_spinner()) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg:.dim} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_prefix(format!("[{number}/{}] {title}", self.total));
        bar.enable_steady_tick(REDRAW);
        let started = Instant::now();
        Step {
            progress: self,
            number,
            title,
            started,
            bar,
            doing: RefCell::default(),
            reminded: Cell::new(started),
        }
    }

    /// Says that all steps are done, and in what time.
    pub(crate) fn finish(&self, what: &str) {
        self.say(&format!("{what} ({})", spoken(self.started.elapsed())));
    }

    /// Prints a line above whatever is being redrawn.
    pub(crate) fn say(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }
}

/// One step under way.
pub(crate) struct Step<'a> {
    progress: &'a Progress,
    number: usize,
    title: String,
    started: Instant,
    bar: ProgressBar,
    doing: RefCell<String>,
    reminded: Cell<Instant>,
}

impl Step<'_> {
    /// Says what the step does at the moment.
    pub(crate) fn tell(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.doing.replace(what.to_owned());
        self.remind();
    }

    /// Says again what it does, where lines cannot be redrawn and nothing was said for long.
    pub(crate) fn remind(&self) {
        if !self.progress.redraws && self.reminded.get().elapsed() >= REMINDER {
            self.reminded.set(Instant::now());
            self.say(&format!("{}, {} so far", self.doing.borrow(), spoken(self.started.elapsed())));
        }
    }

    /// Prints a line of the step's own output.
    pub(crate) fn print(&self, line: &str) {
        self.progress.bars.suspend(|| println!("{line}"));
    }

    /// Ends the step, with what came of it.
    pub(crate) fn done(self, outcome: &str) {
        self.bar.finish_and_clear();
        let took = self.started.elapsed();
        let time = if took < QUICK { String::new() } else { format!(" ({})", spoken(took)) };
        self.say(&format!("{outcome}{time}"));
    }

    fn say(&self, what: &str) {
        self.progress.say(&format!("[{}/{}] {}: {what}", self.number, self.progress.total, self.title));
    }
}

/// A duration as people say it.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f32()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken_in_the_unit_that_fits() {
        assert_eq!(spoken(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(spoken(Duration::from_secs(59)), "59 s");
        assert_eq!(spoken(Duration::from_secs(184)), "3 min 04 s");
    }
}
