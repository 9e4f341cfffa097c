//! The core's only source of chance: a BLAKE3 stream under a seed that the driver gives.

use core::convert::Infallible;
use hpke::rand_core::{TryCryptoRng, TryRng};

/// A cryptographic generator that replays: the same seed yields the same bytes, native and wasm.
pub struct Rng(blake3::OutputReader);

impl Rng {
    /// A generator over `seed`, which must be fresh and secret for each run of a node.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(blake3::Hasher::new_keyed(&seed).update(b"tertulia rng v1").finalize_xof())
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
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
        self.0.fill(target);
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
}
