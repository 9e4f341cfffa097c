//! The file of a recording: blocks of entries, written and read one after the other.

use super::code::Code;
use super::entry::{Entry, Header};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use tertulia_proto::Instant;
use tertulia_proto::wire::cbor::{Reader, Writer};

/// The first line of every recording up to the number of its format.
const MAGIC: &[u8] = b"tertulia recording ";
/// The number of the format: of these blocks, of the entries in them, and of inputs and commands in those.
const FORMAT: u8 = b'2';
/// A block is written when it has grown to so many bytes: enough that its head does not count, and little enough that what a
/// killed run loses does not, either.
const BLOCK_LEN: usize = 64 * 1024;
/// The largest block that is read: one that is almost full, and an entry. The largest entry is a frame that an adversary
/// sends, or a record; either is far smaller.
const BLOCK_MAX: usize = 4 * 1024 * 1024;
/// The length and the checksum of a block.
const HEAD_LEN: usize = 12;

/// Why a recording cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It begins with something else.
    #[error("this is no recording of Tertulia's simulator: its first line is another")]
    Foreign,
    /// It is of another format.
    #[error("this recording has format {}, and this version reads {}: use the version that made it", char::from(*.0), char::from(FORMAT))]
    OtherFormat(u8),
    /// It ends too early.
    #[error(
        "the recording is cut off at byte {0}: the run that made it was killed, or a part of the file is missing"
    )]
    CutOff(u64),
    /// A checksum is wrong.
    #[error("the recording is damaged: the block that begins at byte {0} is not as it was written")]
    Damaged(u64),
    /// A block is as it was written and makes no sense.
    #[error("the recording cannot be understood: what the block that begins at byte {at} holds is {what}")]
    Senseless {
        /// Where the block begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The file cannot be read.
    #[error("the recording cannot be read on from byte {0}: {1}")]
    Unreadable(u64, io::Error),
}

/// Writes a recording.
pub struct Scribe<W> {
    to: W,
    begun: Instant,
    block: Vec<u8>,
    written: u64,
}

impl<W: Write> Scribe<W> {
    /// Begins a recording.
    pub fn new(mut to: W, header: &Header) -> io::Result<Self> {
        to.write_all(&[MAGIC, &[FORMAT, b'\n']].concat())?;
        let mut block = Writer::default();
        header.write(&mut block);
        let mut scribe =
            Self { to, begun: header.begun, block: block.into_bytes(), written: MAGIC.len() as u64 + 2 };
        scribe.write_block()?;
        Ok(scribe)
    }

    /// Writes an entry.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut to = Writer::default();
        entry.write(&mut to, self.begun);
        let bytes = to.into_bytes();
        if bytes.len() > BLOCK_MAX - BLOCK_LEN {
            return Err(io::Error::other(format!("an entry of {} bytes is too large", bytes.len())));
        }
        self.block.extend(bytes);
        if self.block.len() >= BLOCK_LEN { self.write_block() } else { Ok(()) }
    }

    /// Has all that was written so far reach the file, and says how many bytes that is.
    pub fn flush(&mut self) -> io::Result<u64> {
        self.write_block()?;
        self.to.flush()?;
        Ok(self.written)
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let length = u32::try_from(self.block.len()).map_err(io::Error::other)?;
        let block = [&length.to_le_bytes()[..], &checksum(&self.block), &self.block].concat();
        self.block.clear();
        self.written += block.len() as u64;
        self.to.write_all(&block)
    }
}

/// Reads a recording, entry by entry: the last is [`Entry::End`], and whatever ends before is damage.
pub struct Recording<R> {
    from: R,
    header: Header,
    entries: VecDeque<Entry>,
    /// Where the present block begins, and where the next one does.
    block_at: u64,
    next_at: u64,
    is_over: bool,
}

impl<R: Read> Recording<R> {
    /// Reads the header.
    pub fn open(mut from: R) -> Result<Self, Damage> {
        let mut first = Vec::new();
        let first_len = MAGIC.len() + 2;
        let taken = from.by_ref().take(first_len as u64).read_to_end(&mut first);
        taken.map_err(|error| Damage::Unreadable(0, error))?;
        match first.strip_prefix(MAGIC) {
            Some(&[FORMAT, b'\n']) => {}
            Some(&[format, _]) => return Err(Damage::OtherFormat(format)),
            None if MAGIC.starts_with(&first) => return Err(Damage::CutOff(first.len() as u64)),
            Some(_) => return Err(Damage::CutOff(first.len() as u64)),
            None => return Err(Damage::Foreign),
        }
        let at = first_len as u64;
        let block = read_block(&mut from, at)?.ok_or(Damage::CutOff(at))?;
        let mut items = Reader::new(&block);
        let header = Header::read(&mut items).filter(|_| items.is_at_end());
        let header = header.ok_or(Damage::Senseless { at, what: "no header" })?;
        let next_at = at + (HEAD_LEN + block.len()) as u64;
        Ok(Self { from, header, entries: VecDeque::new(), block_at: at, next_at, is_over: false })
    }

    /// Where the recording comes from.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What to say when the entry that was read last makes no sense where it stands.
    pub(super) const fn senseless(&self, what: &'static str) -> Damage {
        Damage::Senseless { at: self.block_at, what }
    }

    fn advance(&mut self) -> Result<Option<Entry>, Damage> {
        while self.entries.is_empty() {
            self.block_at = self.next_at;
            let block = read_block(&mut self.from, self.block_at)?;
            let Some(block) = block else {
                return if self.is_over { Ok(None) } else { Err(Damage::CutOff(self.block_at)) };
            };
            self.next_at += (HEAD_LEN + block.len()) as u64;
            let mut items = Reader::new(&block);
            while !items.is_at_end() {
                let entry = Entry::read(&mut items, self.header.begun);
                self.entries.push_back(entry.ok_or_else(|| self.senseless("no entry"))?);
            }
        }
        if self.is_over {
            return Err(self.senseless("behind the end"));
        }
        let entry = self.entries.pop_front();
        self.is_over = matches!(entry, Some(Entry::End { .. }));
        Ok(entry)
    }
}

impl<R: Read> Iterator for Recording<R> {
    type Item = Result<Entry, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// Reads the block that begins at byte `at`, or nothing at the end of the file.
fn read_block(from: &mut impl Read, at: u64) -> Result<Option<Vec<u8>>, Damage> {
    let mut take = |length: usize, into: &mut Vec<u8>| {
        // Grows with what comes, not with what is claimed.
        let taken = from.by_ref().take(length as u64).read_to_end(into);
        taken.map_err(|error| Damage::Unreadable(at, error))
    };
    let mut head = Vec::new();
    if take(HEAD_LEN, &mut head)? == 0 {
        return Ok(None);
    }
    let end = |got: usize| Damage::CutOff(at + got as u64);
    let (length, sum) = head.split_first_chunk::<4>().ok_or_else(|| end(head.len()))?;
    if sum.len() < HEAD_LEN - 4 {
        return Err(end(head.len()));
    }
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 || length > BLOCK_MAX {
        return Err(Damage::Damaged(at));
    }
    let mut block = Vec::new();
    if take(length, &mut block)? < length {
        return Err(end(HEAD_LEN + block.len()));
    }
    if *sum != checksum(&block) { Err(Damage::Damaged(at)) } else { Ok(Some(block)) }
}

/// A length that was changed makes another block of what follows: that one's checksum does not fit either.
fn checksum(block: &[u8]) -> [u8; HEAD_LEN - 4] {
    let mut sum = [0; HEAD_LEN - 4];
    sum.copy_from_slice(&blake3::hash(block).as_bytes()[..HEAD_LEN - 4]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Seat;
    use crate::recording::{Cause, Ending, Step};
    use tertulia_proto::rng::Rng;
    use tertulia_proto::{Duration, Input, LinkId};

    const BEGUN: Instant = Instant::from_millis(1_780_000_000_000);

    fn header() -> Header {
        let (version, command) = ("1.2.3".to_owned(), "a test".to_owned());
        Header { version, command, seed: 7, scenario: Some("one".to_owned()), begun: BEGUN }
    }

    fn entries() -> Vec<Entry> {
        let (seat, at) = (Seat(3), BEGUN + Duration::from_millis(5));
        let cause = Cause::Input(Input::Frame { link: LinkId::inbound(2), bytes: vec![7; 40] });
        let ending = Ending::Whole { wake: Some(Duration::from_millis(9)) };
        let step = Step { seat, at, cause, reply: None, outputs: Vec::new(), ending };
        vec![
            Entry::Record { seat, key: vec![1, 2], value: vec![3; 30] },
            Entry::Step(Box::new(step)),
            Entry::Death { seat, at },
            Entry::End { failure: Some("words".to_owned()) },
        ]
    }

    fn written(entries: &[Entry]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut scribe = Scribe::new(&mut bytes, &header()).unwrap();
        entries.iter().for_each(|entry| scribe.write(entry).unwrap());
        assert_eq!(scribe.flush().unwrap(), bytes.len() as u64);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(Header, Vec<Entry>), Damage> {
        let recording = Recording::open(bytes)?;
        Ok((recording.header().clone(), recording.collect::<Result<_, _>>()?))
    }

    #[test]
    fn what_is_written_is_read() {
        let (header_read, entries_read) = read(&written(&entries())).unwrap();
        assert_eq!(header_read, header());
        assert_eq!(format!("{entries_read:?}"), format!("{:?}", entries()));
    }

    #[test]
    fn a_recording_of_many_blocks_is_read_as_one() {
        let many: Vec<_> = (0..3000).flat_map(|_| entries().into_iter().take(3)).chain(entries()).collect();
        let bytes = written(&many);
        assert!(bytes.len() > 3 * BLOCK_LEN);
        assert_eq!(read(&bytes).unwrap().1.len(), many.len());
    }

    #[test]
    fn what_is_behind_the_end_is_refused() {
        let twice = [entries(), entries()].concat();
        assert!(matches!(read(&written(&twice)), Err(Damage::Senseless { what: "behind the end", .. })));
    }

    #[test]
    fn an_entry_that_no_reader_would_take_is_not_written() {
        let mut scribe = Scribe::new(Vec::new(), &header()).unwrap();
        let value = vec![0; BLOCK_MAX];
        assert!(scribe.write(&Entry::Record { seat: Seat(0), key: Vec::new(), value }).is_err());
    }

    /// The checksum is no secret: whoever wants to can write blocks that are whole and make no sense.
    #[test]
    fn whole_blocks_of_nonsense_are_refused_or_read_and_never_panic() {
        let mut to = Writer::default();
        entries().iter().for_each(|entry| entry.write(&mut to, BEGUN));
        let (block, mut chance, mut refused) = (to.into_bytes(), Rng::new([1; 32]), 0);
        for _ in 0..5000 {
            let mut nonsense = block.clone();
            for _ in 0..=chance.below(3) {
                let at = usize::try_from(chance.below(nonsense.len() as u64)).unwrap();
                nonsense[at] = chance.bytes::<1>()[0];
            }
            let mut bytes = written(&[]);
            let length = u32::try_from(nonsense.len()).unwrap().to_le_bytes();
            bytes.extend([&length[..], &checksum(&nonsense), &nonsense].concat());
            refused += usize::from(matches!(read(&bytes), Err(Damage::Senseless { .. } | Damage::CutOff(_))));
        }
        assert!((500..5000).contains(&refused), "{refused}");
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        let mut bytes = written(&[]);
        let at = bytes.len() as u64;
        bytes.extend([&u32::MAX.to_le_bytes()[..], &[0; 8]].concat());
        assert!(matches!(read(&bytes), Err(Damage::Damaged(found)) if found == at));
    }
}
