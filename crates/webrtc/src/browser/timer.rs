//! One timer for everything that a tab waits for.

use std::cell::Cell;
use tertulia_proto::Duration;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

/// Browsers keep delays in 32 bits of milliseconds; what is later than a day is looked at again then.
const DELAY_MAX_MS: u64 = 86_400_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn Fn()>, delay_ms: f64) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);
}

/// A timer that goes off at the last time that it was set to.
pub(super) struct Timer {
    callback: Closure<dyn Fn()>,
    pending: Cell<Option<i32>>,
}

impl Timer {
    pub(super) fn new(callback: impl Fn() + 'static) -> Self {
        Self { callback: Closure::new(callback), pending: Cell::new(None) }
    }

    /// Forgets what was set before and goes off after `delay`.
    pub(super) fn set(&self, delay: Option<Duration>) {
        if let Some(id) = self.pending.take() {
            clear_timeout(id);
        }
        if let Some(delay) = delay {
            // Rounded up: a timer that goes off before its time would find nothing due.
            let delay_ms = delay.as_micros().div_ceil(1_000).min(DELAY_MAX_MS);
            let delay_ms = f64::from(u32::try_from(delay_ms).unwrap_or(u32::MAX));
            self.pending.set(Some(set_timeout(&self.callback, delay_ms)));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.set(None);
    }
}
