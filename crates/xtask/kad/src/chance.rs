//! Chance that can be repeated, for all that asks the system for some: kad takes random keys to refresh its buckets.

use std::sync::atomic::{AtomicU64, Ordering};

use getrandom::Error;

static STATE: AtomicU64 = AtomicU64::new(0x7465_7274_756c_6961);

/// SplitMix64 (Steele, Lea and Flood 2014) in place of the system's; `.cargo/config.toml` has getrandom call this.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(destination: *mut u8, length: usize) -> Result<(), Error> {
    // SAFETY: getrandom hands over a buffer of its own, valid for writing, of this length.
    let bytes = unsafe {
        std::ptr::write_bytes(destination, 0, length);
        std::slice::from_raw_parts_mut(destination, length)
    };
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&next().to_le_bytes()[..chunk.len()]);
    }
    Ok(())
}

fn next() -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut mixed = STATE.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
