//! What went into each node and came out of it, and one hash over all of it.

use crate::place::Seat;
use tertulia_proto::{Input, Instant, Output};

/// One step of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Instant,
    /// Whose.
    pub seat: Seat,
    /// Which input, command or output.
    pub kind: &'static str,
    /// The beginning of a BLAKE3 over all that it says.
    pub hash: u64,
}

/// The steps of all nodes. The digest always counts every step; the steps themselves are kept on request,
/// because a long run has millions.
pub struct Trace {
    hasher: blake3::Hasher,
    steps: u64,
    kept: Option<Vec<Record>>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), steps: 0, kept: None }
    }

    /// Keeps records from now on.
    pub(crate) fn keep(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// The records since they are kept.
    pub fn records(&self) -> &[Record] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// How many steps there were.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The hash over all steps so far, as hex.
    pub fn digest(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    pub(crate) fn input(&mut self, at: Instant, seat: Seat, input: &Input) {
        match input {
            Input::Frame { link, bytes } => self.note(at, seat, "frame", &framed(link.0, bytes)),
            other => self.note(at, seat, input_kind(other), format!("{other:?}").as_bytes()),
        }
    }

    pub(crate) fn output(&mut self, at: Instant, seat: Seat, output: &Output) {
        match output {
            Output::Send { link, bytes } => self.note(at, seat, "send", &framed(link.0, bytes)),
            Output::Store { key, value } => {
                let value = value.as_deref().unwrap_or(b"removed");
                self.note(at, seat, "store", &[&key[..], value].concat());
            }
            other => self.note(at, seat, output_kind(other), format!("{other:?}").as_bytes()),
        }
    }

    pub(crate) fn note(&mut self, at: Instant, seat: Seat, kind: &'static str, said: &[u8]) {
        let hash = short_hash(said);
        for number in [at.as_micros(), seat.0 as u64, kind.len() as u64] {
            self.hasher.update(&number.to_le_bytes());
        }
        self.hasher.update(kind.as_bytes()).update(&hash.to_le_bytes());
        self.steps += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(Record { at, seat, kind, hash });
        }
    }
}

fn short_hash(said: &[u8]) -> u64 {
    let mut hash = [0; 8];
    hash.copy_from_slice(&blake3::hash(said).as_bytes()[..8]);
    u64::from_le_bytes(hash)
}

/// The hash in the record of a frame.
#[cfg(test)]
pub(crate) fn frame_hash(link: tertulia_proto::LinkId, bytes: &[u8]) -> u64 {
    short_hash(&framed(link.0, bytes))
}

fn framed(link: u64, bytes: &[u8]) -> Vec<u8> {
    [&link.to_le_bytes(), bytes].concat()
}

const fn input_kind(input: &Input) -> &'static str {
    match input {
        Input::Opened { .. } => "opened",
        Input::Frame { .. } => "frame",
        Input::Described { .. } => "described",
        Input::Closed { .. } => "closed",
        Input::Listening { .. } => "listening",
        Input::Tick => "tick",
    }
}

const fn output_kind(output: &Output) -> &'static str {
    match output {
        Output::Dial { .. } => "dial",
        Output::Offer { .. } => "offer",
        Output::Accept { .. } => "accept",
        Output::Complete { .. } => "complete",
        Output::Send { .. } => "send",
        Output::SendKept { .. } => "send_kept",
        Output::Close { .. } => "close",
        Output::Store { .. } => "store",
        Output::Event(_) => "event",
    }
}
