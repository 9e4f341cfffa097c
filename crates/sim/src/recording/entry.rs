//! What stands in a recording, and how it is coded.

use super::code::Code;
use super::imprint::{IMPRINT_LEN, Imprint};
use crate::place::Seat;
use tertulia_proto::wire::cbor::{Reader, Writer};
use tertulia_proto::{Command, Config, Duration, Input, Instant};

/// Where a recording comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the simulator that made it.
    pub version: String,
    /// The command that made it.
    pub command: String,
    /// The seed of the world.
    pub seed: u64,
    /// The scenario that was played in it; none for a random world.
    pub scenario: Option<String>,
    /// When the world began.
    pub begun: Instant,
}

/// Something that happened to a node.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A record that the next life at a seat is given to restore.
    Record {
        /// Whose.
        seat: Seat,
        /// Under what.
        key: Vec<u8>,
        /// The record.
        value: Vec<u8>,
    },
    /// A life begins.
    Birth(Box<Birth>),
    /// A node does something.
    Step(Box<Step>),
    /// A life ends without a word.
    Death {
        /// Whose.
        seat: Seat,
        /// When, by the world's clock.
        at: Instant,
    },
    /// The run ends: what follows is no part of it.
    End {
        /// What was wrong, if anything was.
        failure: Option<String>,
    },
}

/// What a node was told at its birth, beside the records.
#[derive(Clone, Debug)]
pub struct Birth {
    /// Whose.
    pub seat: Seat,
    /// When, by the world's clock.
    pub at: Instant,
    /// What the person there is called.
    pub name: String,
    /// How far the host's clock is ahead of the world's.
    pub skew: Duration,
    /// The identity as it is kept. It is secret, unless nobody has it, as in a simulated world.
    pub identity: Vec<u8>,
    /// How the node is set up.
    pub config: Config,
    /// What its chance comes from.
    pub seed: [u8; 32],
}

/// An input or a command, and what came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whose.
    pub seat: Seat,
    /// When, by the world's clock.
    pub at: Instant,
    /// What the node was told.
    pub cause: Cause,
    /// How it answered a command.
    pub reply: Option<Imprint>,
    /// What came out of it since the step before, in order.
    pub outputs: Vec<Imprint>,
    /// How the step ended.
    pub ending: Ending,
}

/// What a node was told.
#[derive(Clone, Debug)]
pub enum Cause {
    /// By its driver.
    Input(Input),
    /// By its person.
    Command(Command),
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All that came out was taken, and the node wants to be woken after so long, if at all.
    Whole {
        /// How long.
        wake: Option<Duration>,
    },
    /// The node died while outputs were taken: there may have been more.
    Died,
    /// The run failed in this step.
    Failed,
}

impl Code for Header {
    fn write(&self, to: &mut Writer) {
        let Self { version, command, seed, scenario, begun } = self;
        version.write(to);
        command.write(to);
        seed.write(to);
        scenario.write(to);
        begun.as_micros().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            version: Code::read(from)?,
            command: Code::read(from)?,
            seed: Code::read(from)?,
            scenario: Code::read(from)?,
            begun: Instant::from_micros(Code::read(from)?),
        })
    }
}

impl Entry {
    /// Writes it. Moments are written as the time since the world began: small numbers are short.
    pub(super) fn write(&self, to: &mut Writer, begun: Instant) {
        match self {
            Self::Record { seat, key, value } => {
                to.unsigned(0);
                seat.write(to);
                key.write(to);
                value.write(to);
            }
            Self::Birth(birth) => {
                to.unsigned(1);
                birth.write(to, begun);
            }
            Self::Step(step) => {
                to.unsigned(2);
                step.write(to, begun);
            }
            Self::Death { seat, at } => {
                to.unsigned(3);
                seat.write(to);
                at.since(begun).write(to);
            }
            Self::End { failure } => {
                to.unsigned(4);
                failure.write(to);
            }
        }
    }

    /// Reads one, or nothing when what comes is none.
    pub(super) fn read(from: &mut Reader<'_>, begun: Instant) -> Option<Self> {
        match from.unsigned()? {
            0 => Some(Self::Record {
                seat: Code::read(from)?,
                key: Code::read(from)?,
                value: Code::read(from)?,
            }),
            1 => Birth::read(from, begun).map(Box::new).map(Self::Birth),
            2 => Step::read(from, begun).map(Box::new).map(Self::Step),
            3 => Some(Self::Death { seat: Code::read(from)?, at: begun + Code::read(from)? }),
            4 => Some(Self::End { failure: Code::read(from)? }),
            _ => None,
        }
    }
}

impl Birth {
    fn write(&self, to: &mut Writer, begun: Instant) {
        let Self { seat, at, name, skew, identity, config, seed } = self;
        seat.write(to);
        at.since(begun).write(to);
        name.write(to);
        skew.write(to);
        identity.write(to);
        config.write(to);
        seed.write(to);
    }

    fn read(from: &mut Reader<'_>, begun: Instant) -> Option<Self> {
        Some(Self {
            seat: Code::read(from)?,
            at: begun + Code::read(from)?,
            name: Code::read(from)?,
            skew: Code::read(from)?,
            identity: Code::read(from)?,
            config: Code::read(from)?,
            seed: Code::read(from)?,
        })
    }
}

impl Step {
    fn write(&self, to: &mut Writer, begun: Instant) {
        let Self { seat, at, cause, reply, outputs, ending } = self;
        seat.write(to);
        at.since(begun).write(to);
        cause.write(to);
        reply.write(to);
        outputs.write(to);
        ending.write(to);
    }

    fn read(from: &mut Reader<'_>, begun: Instant) -> Option<Self> {
        Some(Self {
            seat: Code::read(from)?,
            at: begun + Code::read(from)?,
            cause: Code::read(from)?,
            reply: Code::read(from)?,
            outputs: Code::read(from)?,
            ending: Code::read(from)?,
        })
    }
}

impl Code for Cause {
    fn write(&self, to: &mut Writer) {
        to.truth(matches!(self, Self::Command(_)));
        match self {
            Self::Input(input) => input.write(to),
            Self::Command(command) => command.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if from.truth()? { Code::read(from).map(Self::Command) } else { Code::read(from).map(Self::Input) }
    }
}

impl Code for Ending {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Whole { wake } => {
                to.unsigned(0);
                wake.write(to);
            }
            Self::Died => to.unsigned(1),
            Self::Failed => to.unsigned(2),
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match from.unsigned()? {
            0 => Some(Self::Whole { wake: Code::read(from)? }),
            1 => Some(Self::Died),
            2 => Some(Self::Failed),
            _ => None,
        }
    }
}

impl Code for Config {
    fn write(&self, to: &mut Writer) {
        let Self { link_budget, evict_after, one_per_type, resident_max, overlay, code, seeks, super_node } =
            self;
        to.unsigned(*link_budget as u64);
        evict_after.write(to);
        one_per_type.write(to);
        to.unsigned(*resident_max as u64);
        overlay.write(to);
        code.write(to);
        seeks.write(to);
        super_node.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            link_budget: from.unsigned()?.try_into().ok()?,
            evict_after: Code::read(from)?,
            one_per_type: Code::read(from)?,
            resident_max: from.unsigned()?.try_into().ok()?,
            overlay: Code::read(from)?,
            code: Code::read(from)?,
            seeks: Code::read(from)?,
            super_node: Code::read(from)?,
        })
    }
}

impl Code for Seat {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.0 as u64);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.unsigned()?.try_into().ok().map(Self)
    }
}

impl Code for Duration {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.as_micros());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.unsigned().map(Self::from_micros)
    }
}

impl Code for Imprint {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.to_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::from_bytes(from.bytes()?.try_into().ok()?)
    }
}

/// All in one string of bytes: most steps have one or none.
impl Code for Vec<Imprint> {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.iter().flat_map(|imprint| imprint.to_bytes()).collect::<Vec<_>>());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (imprints, rest) = from.bytes()?.as_chunks::<IMPRINT_LEN>();
        if !rest.is_empty() {
            return None;
        }
        imprints.iter().map(|imprint| Imprint::from_bytes(*imprint)).collect()
    }
}
