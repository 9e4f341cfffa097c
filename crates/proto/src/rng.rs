//! The core's only source of chance: BLAKE3 over a seed that the driver gives.

use core::convert::Infallible;
use hpke::rand_core::{TryCryptoRng, TryRng};

/// A cryptographic generator that replays: the same seed yields the same bytes, native and wasm.
///
/// It yields the keyed hashes of a count, one behind the other, and not BLAKE3's own stream: the code for that would
/// be in the page for this alone.
pub struct Rng {
    seed: [u8; 32],
    count: u64,
    block: [u8; 32],
    used: usize,
}

impl Rng {
    /// A generator over `seed`, which must be fresh and secret for each run of a node.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, count: 0, block: [0; 32], used: 32 }
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn fill(&mut self, target: &mut [u8]) {
        for byte in target {
            if self.used == self.block.len() {
                self.block = *blake3::keyed_hash(&self.seed, &self.count.to_le_bytes()).as_bytes();
                self.count += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }

    /// A place in a list of `len`; the first of an empty one.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len.max(1) as u64)).unwrap_or(0)
    }

    /// A number below `bound`, which must not be zero. Its bias is below 2^-32 for the small bounds used here.
    pub fn below(&mut self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        self.fill(target);
        Ok(())
    }
}

impl TryCryptoRng for Rng {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_and_another_differs() {
        let take = |seed| Rng::new([seed; 32]).bytes::<48>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }

    #[test]
    fn no_block_comes_twice_however_it_is_taken() {
        let mut whole = Rng::new([1; 32]);
        let whole = whole.bytes::<96>();
        let mut pieces = Rng::new([1; 32]);
        let pieces: Vec<u8> = (0..32).flat_map(|_| pieces.bytes::<3>()).collect();
        assert_eq!(&whole[..], pieces);
        assert_ne!(whole[..32], whole[32..64]);
        assert_ne!(whole[32..64], whole[64..]);
    }
}
