//! Writes down what crosses the boundary of every node while a world runs.

use super::entry::{Birth, Cause, Ending, Entry, Header, Step};
use super::file::Scribe;
use super::imprint::Imprint;
use crate::place::{Place, Seat};
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;
use tertulia_proto::{Duration, Instant, Output, Refusal, Reply};

/// How much of what went wrong is kept, in bytes: what happened, where, and what the nodes saw then.
const FAILURE_MAX: usize = 64 * 1024;

/// What a world that is recorded writes to. A clone writes to the same recording: whoever starts the world keeps one, to
/// finish the recording even when the world fails.
#[derive(Clone)]
pub struct Recorder(Rc<RefCell<Pen>>);

struct Pen {
    scribe: Scribe<Box<dyn Write>>,
    /// The step that is being done.
    step: Option<Box<Step>>,
    tally: Tally,
    /// What kept the recording from being written. Nothing is written after it.
    error: Option<io::Error>,
}

/// How much was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lives of nodes.
    pub lives: u64,
    /// Inputs and commands.
    pub steps: u64,
    /// The size of the recording.
    pub bytes: u64,
}

impl Recorder {
    /// Begins a recording. Errors of what is written later are told by [`Self::finish`].
    pub fn new(to: impl Write + 'static, header: &Header) -> io::Result<Self> {
        let scribe = Scribe::new(Box::new(to) as Box<dyn Write>, header)?;
        let pen = Pen { scribe, step: None, tally: Tally::default(), error: None };
        Ok(Self(Rc::new(RefCell::new(pen))))
    }

    /// Ends the recording; `failure` is what the run failed with, if it did.
    pub fn finish(self, failure: Option<&str>) -> io::Result<Tally> {
        let mut pen = self.0.borrow_mut();
        pen.end(Ending::Failed);
        let failure = failure.map(|text| text[..text.floor_char_boundary(FAILURE_MAX)].to_owned());
        pen.write(&Entry::End { failure });
        if let Some(error) = pen.error.take() {
            return Err(error);
        }
        pen.tally.bytes = pen.scribe.flush()?;
        Ok(pen.tally)
    }

    /// A life is about to begin.
    pub(crate) fn birth(&self, seat: Seat, at: Instant, place: &Place, seed: [u8; 32]) {
        let mut pen = self.0.borrow_mut();
        for (key, value) in &place.records {
            pen.write(&Entry::Record { seat, key: key.clone(), value: value.clone() });
        }
        pen.tally.lives += 1;
        pen.write(&Entry::Birth(Box::new(Birth {
            seat,
            at,
            name: place.name.clone(),
            skew: place.skew,
            identity: place.identity().to_vec(),
            config: place.config,
            seed,
        })));
    }

    /// A node is about to be told something.
    pub(crate) fn begin(&self, seat: Seat, at: Instant, cause: Cause) {
        let step = Step { seat, at, cause, reply: None, outputs: Vec::new(), ending: Ending::Failed };
        self.0.borrow_mut().step = Some(Box::new(step));
    }

    /// It has answered.
    pub(crate) fn reply(&self, reply: &Result<Reply, Refusal>) {
        if let Some(step) = &mut self.0.borrow_mut().step {
            step.reply = Some(Imprint::of_reply(reply));
        }
    }

    /// Something came out of it.
    pub(crate) fn output(&self, output: &Output) {
        if let Some(step) = &mut self.0.borrow_mut().step {
            step.outputs.push(Imprint::of_output(output));
        }
    }

    /// Nothing more does, and it wants to be woken after so long.
    pub(crate) fn whole(&self, wake: Option<Duration>) {
        self.0.borrow_mut().end(Ending::Whole { wake });
    }

    /// A life has ended without a word, perhaps in the middle of a step.
    pub(crate) fn death(&self, seat: Seat, at: Instant) {
        let mut pen = self.0.borrow_mut();
        pen.end(Ending::Died);
        pen.write(&Entry::Death { seat, at });
    }
}

impl Pen {
    fn end(&mut self, ending: Ending) {
        if let Some(mut step) = self.step.take() {
            step.ending = ending;
            self.tally.steps += 1;
            self.write(&Entry::Step(step));
        }
    }

    fn write(&mut self, entry: &Entry) {
        if self.error.is_none() {
            self.error = self.scribe.write(entry).err();
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lives, steps, bytes } = self;
        write!(f, "{steps} steps of {lives} lives in {bytes} bytes")
    }
}
