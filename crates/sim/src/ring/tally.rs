//! What nodes of a ring say, counted by what it is.

use serde::Serialize;
use tertulia_proto::wire::Frame;

/// Frames by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A message on its way to a key.
    Message,
    /// The acknowledgement of its hop.
    MessageHop,
    /// An answer to a message, on its way back.
    Answer,
    /// A join on its way.
    Join,
    /// The acknowledgement of its hop.
    JoinHop,
    /// The answer to a join, on its way back.
    Joined,
    /// Of leaf sets.
    Leaves,
    /// A newcomer's word to its table.
    Arrival,
    /// A question for a row.
    RowRequest,
    /// A row.
    Row,
    /// A question for a sign of life.
    Ping,
    /// One.
    Pong,
    /// A step of a search, the question where somebody is, their answers and acknowledgements.
    Search,
    /// A record on its way to its key, the answer, and their acknowledgements.
    Listing,
    /// Records handed to a neighbour.
    Keep,
}

/// How many sorts there are.
const SORTS: usize = 15;

impl Sort {
    const ALL: [Self; SORTS] = [
        Self::Message,
        Self::MessageHop,
        Self::Answer,
        Self::Join,
        Self::JoinHop,
        Self::Joined,
        Self::Leaves,
        Self::Arrival,
        Self::RowRequest,
        Self::Row,
        Self::Ping,
        Self::Pong,
        Self::Search,
        Self::Listing,
        Self::Keep,
    ];

    /// What a frame is; `cause` is what the node that sends it does so for, if that is a frame.
    pub(crate) fn of(frame: &Frame, cause: Option<Self>) -> Self {
        match frame {
            Frame::Route(route) => Self::of_load(&route.load.0).unwrap_or(Self::Message),
            Frame::Hop(_) => match cause {
                Some(Self::Join) => Self::JoinHop,
                Some(cause @ (Self::Search | Self::Listing)) => cause,
                _ => Self::MessageHop,
            },
            Frame::Return(answer) => match &*answer.load.0 {
                // Whoever was found and asked for is not there.
                Frame::Unreachable(_) => Self::Search,
                load => Self::of_load(load).unwrap_or(Self::Answer),
            },
            Frame::Keep(_) => Self::Keep,
            Frame::Leaves(_) => Self::Leaves,
            Frame::Arrival(_) => Self::Arrival,
            Frame::RowRequest(_) => Self::RowRequest,
            Frame::Row(_) => Self::Row,
            Frame::Ping(_) => Self::Ping,
            _ => Self::Pong,
        }
    }

    /// What a message or an answer is by what it holds, if it is none of the world's.
    fn of_load(load: &Frame) -> Option<Self> {
        match load {
            Frame::Join(_) => Some(Self::Join),
            Frame::Joined(_) => Some(Self::Joined),
            Frame::Seek(_) | Frame::Found(_) | Frame::Lookup(_) | Frame::Contact(_) => Some(Self::Search),
            Frame::Publish(_) | Frame::Filed(_) => Some(Self::Listing),
            _ => None,
        }
    }

    /// Whether it keeps the ring together, and is no message of somebody's.
    fn is_control(self) -> bool {
        use Sort::{Answer, Keep, Listing, Message, MessageHop, Search};
        !matches!(self, Message | MessageHop | Answer | Search | Listing | Keep)
    }
}

/// Frames by sort, and their bytes when somebody wants to know them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    frames: [u64; SORTS],
    bytes: [u64; SORTS],
    /// Words of leaf sets that answer others: they announce nothing and ask for nothing.
    answering: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, sort: Sort, frame: &Frame, weighs: bool) {
        self.frames[sort as usize] += 1;
        if weighs {
            self.bytes[sort as usize] += frame.encode().len() as u64;
        }
        if let Frame::Leaves(leaves) = frame {
            self.answering += u64::from(!leaves.asks && leaves.gone.is_empty());
        }
    }

    /// Frames of a sort.
    pub fn of(&self, sort: Sort) -> u64 {
        self.frames[sort as usize]
    }

    /// Bytes of the frames of a sort, as far as they were counted.
    pub fn bytes_of(&self, sort: Sort) -> u64 {
        self.bytes[sort as usize]
    }

    /// All frames.
    pub fn frames(&self) -> u64 {
        self.frames.iter().sum()
    }

    /// All bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// Bytes of those that keep the ring together.
    pub fn control_bytes(&self) -> u64 {
        Sort::ALL.iter().filter(|sort| sort.is_control()).map(|sort| self.bytes[*sort as usize]).sum()
    }

    /// Those that keep the ring together: all but messages, their acknowledgements and answers.
    pub fn control(&self) -> u64 {
        Sort::ALL.iter().filter(|sort| sort.is_control()).map(|sort| self.of(*sort)).sum()
    }

    /// The same as calls: an answer is part of the question.
    pub fn control_calls(&self) -> u64 {
        let answers = [Sort::Pong, Sort::Row, Sort::JoinHop, Sort::Joined].map(|sort| self.of(sort));
        self.control() - answers.iter().sum::<u64>() - self.answering
    }

    /// Control messages without joins. Nodes ask for their place again now and then, and after a failure that takes fewer hops for a while:
    /// what it saves pays for no repair.
    pub fn mending(&self) -> u64 {
        self.control() - self.of(Sort::Join) - self.of(Sort::JoinHop) - self.of(Sort::Joined)
    }

    /// The same as calls.
    pub fn mending_calls(&self) -> u64 {
        self.control_calls() - self.of(Sort::Join)
    }

    /// What has come since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let less = |now: [u64; SORTS], before: [u64; SORTS]| std::array::from_fn(|at| now[at] - before[at]);
        Self {
            frames: less(self.frames, before.frames),
            bytes: less(self.bytes, before.bytes),
            answering: self.answering - before.answering,
        }
    }

    /// Frames by the names of their sorts.
    pub fn by_sort(&self) -> impl Iterator<Item = (Sort, u64)> + '_ {
        Sort::ALL.into_iter().map(|sort| (sort, self.of(sort)))
    }
}
