//! What is counted: bytes and messages by what they are for, and of each lookup when what was known.

use std::collections::BTreeMap;
use std::time::Duration;

use web_time::Instant;

/// What multistream-select says in each direction of a stream before the first message: its own name and kad's, each
/// with its length before it and a line end after it.
const NEGOTIATION: usize = "_/multistream/1.0.0\n_/ipfs/kad/1.0.0\n".len();

/// All counts of a run. Traffic counts within the window, from the first lookup to the last.
pub(crate) struct Tally {
    delay: Duration,
    pub(crate) is_open: bool,
    pub(crate) connections: u64,
    pub(crate) streams: u64,
    pub(crate) negotiation_bytes: u64,
    pub(crate) maintenance: Traffic,
    pub(crate) lookup: Traffic,
    pub(crate) lookups: Vec<Lookup>,
    /// The lookups that are not finished, by who looks up.
    under_way: BTreeMap<usize, Vec<usize>>,
}

/// Messages of kad and their bytes, their length prefixes among them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// One lookup, and the moments of it.
pub(crate) struct Lookup {
    pub(crate) origin: usize,
    pub(crate) target: usize,
    key: Vec<u8>,
    pub(crate) started: Instant,
    /// A request of it arrived at its target.
    pub(crate) delivered: Option<Instant>,
    /// An answer of its target arrived.
    pub(crate) answered: Option<Instant>,
    /// Kad said that it is done.
    pub(crate) finished: Option<Instant>,
    /// Whether the target was among the closest then.
    pub(crate) is_found: bool,
    pub(crate) requests: u64,
}

/// A stream, which kad takes for one request and its answer.
pub(crate) struct Call {
    from: usize,
    to: usize,
    /// How much of the negotiation was said, by who opened the stream and by the other.
    negotiated: [usize; 2],
    lookup: Option<usize>,
}

impl Call {
    pub(crate) fn new(from: usize, to: usize) -> Self {
        Self { from, to, negotiated: [0; 2], lookup: None }
    }
}

impl Tally {
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            delay,
            is_open: false,
            connections: 0,
            streams: 0,
            negotiation_bytes: 0,
            maintenance: Traffic::default(),
            lookup: Traffic::default(),
            lookups: Vec::new(),
            under_way: BTreeMap::new(),
        }
    }

    pub(crate) fn start(&mut self, origin: usize, target: usize, key: Vec<u8>) -> usize {
        self.lookups.push(Lookup {
            origin,
            target,
            key,
            started: Instant::now(),
            delivered: None,
            answered: None,
            finished: None,
            is_found: false,
            requests: 0,
        });
        let number = self.lookups.len() - 1;
        self.under_way.entry(origin).or_default().push(number);
        number
    }

    pub(crate) fn finish(&mut self, number: usize, is_found: bool) {
        let lookup = &mut self.lookups[number];
        lookup.finished = Some(Instant::now());
        lookup.is_found = is_found;
        self.under_way.entry(lookup.origin).or_default().retain(|other| *other != number);
    }

    pub(crate) fn connection(&mut self) {
        self.connections += u64::from(self.is_open);
    }

    /// Counts what `sender` writes to a stream. A message is written at once, for the stream takes all.
    pub(crate) fn sent(&mut self, call: &mut Call, sender: usize, bytes: &[u8]) {
        let is_request = sender == call.from;
        let said = &mut call.negotiated[usize::from(!is_request)];
        let negotiation = bytes.len().min(NEGOTIATION - *said);
        let is_first = is_request && *said == 0;
        *said += negotiation;
        let message = &bytes[negotiation..];
        if self.is_open {
            self.negotiation_bytes += negotiation as u64;
            self.streams += u64::from(is_first);
        }
        if message.is_empty() {
            return;
        }
        if is_request {
            self.requested(call, message)
        } else {
            self.responded(call)
        }
        if self.is_open {
            let traffic = if call.lookup.is_some() { &mut self.lookup } else { &mut self.maintenance };
            traffic.messages += 1;
            traffic.bytes += message.len() as u64;
        }
    }

    fn requested(&mut self, call: &mut Call, message: &[u8]) {
        let arrival = Instant::now() + self.delay;
        let holds = |key: &[u8]| message.windows(key.len()).any(|window| window == key);
        let of_origin = self.under_way.get(&call.from).into_iter().flatten().copied();
        let Some(number) = of_origin.into_iter().find(|number| holds(&self.lookups[*number].key)) else {
            return;
        };
        call.lookup = Some(number);
        let lookup = &mut self.lookups[number];
        lookup.requests += 1;
        if call.to == lookup.target {
            lookup.delivered.get_or_insert(arrival);
        }
    }

    fn responded(&mut self, call: &Call) {
        if let Some(lookup) = call.lookup.map(|number| &mut self.lookups[number])
            && call.to == lookup.target
        {
            lookup.answered.get_or_insert(Instant::now() + self.delay);
        }
    }
}
