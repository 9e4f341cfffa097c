//! How much a peer may ask of us: a token bucket for each kind of work (DESIGN, section 11).

use crate::time::Instant;
use crate::wire::Frame;

/// A peer's allowances on one link.
pub(crate) struct Traffic {
    requests: Bucket,
    entries: Bucket,
    signals: Bucket,
    comparisons: Bucket,
    operations: Bucket,
    overlay: Bucket,
    envelopes: Bucket,
}

impl Traffic {
    /// Full allowances at `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            // A person reads each of these.
            requests: Bucket::new(now, 8, 1),
            // Each may make us write an Admit: a party comes in at once, and hands each other in.
            entries: Bucket::new(now, 64, 8),
            // A newcomer to a conversation of forty asks for forty introductions at once.
            signals: Bucket::new(now, 120, 20),
            // Each may make us look through a whole conversation.
            comparisons: Bucket::new(now, 200, 50),
            // Frames of operations, each checked signature by signature: 64 in the worst case.
            operations: Bucket::new(now, 4_000, 1_000),
            // Each may be passed on: what a neighbour of a busy node carries.
            overlay: Bucket::new(now, 1_000, 200),
            // What we carry for others of one neighbour's: two people who write, and what they have missed.
            envelopes: Bucket::new(now, 200, 20),
        }
    }

    /// Whether this frame is within the peer's allowance.
    pub(crate) fn admits(&mut self, now: Instant, frame: &Frame) -> bool {
        let bucket = match frame {
            Frame::ConnectionRequest(_) | Frame::LeftMessage(_) => &mut self.requests,
            Frame::Signal(_) | Frame::Lookup(_) | Frame::Contact(_) | Frame::Unreachable(_) => {
                &mut self.signals
            }
            Frame::AutomaticEntryToCoordinator(_) | Frame::AutomaticEntryToPeer(_) => &mut self.entries,
            Frame::Want(_) | Frame::Heads(_) => &mut self.comparisons,
            Frame::Operations(_) | Frame::ListUpdate(_) | Frame::ConnectionRelease(_) | Frame::Past(_) => {
                &mut self.operations
            }
            Frame::Route(route) if matches!(*route.load.0, Frame::Sealed(_)) => &mut self.envelopes,
            Frame::Route(_)
            | Frame::Return(_)
            | Frame::Hop(_)
            | Frame::Leaves(_)
            | Frame::Arrival(_)
            | Frame::RowRequest(_)
            | Frame::Row(_)
            | Frame::Keep(_) => &mut self.overlay,
            _ => return true,
        };
        bucket.take(now)
    }
}

struct Bucket {
    burst: u64,
    per_second: u64,
    /// In millionths of a token, so that microseconds times tokens per second add up exactly.
    level: u64,
    filled: Instant,
}

impl Bucket {
    const TOKEN: u64 = 1_000_000;

    fn new(now: Instant, burst: u64, per_second: u64) -> Self {
        Self { burst, per_second, level: burst * Self::TOKEN, filled: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let gained = now.since(self.filled).as_micros().saturating_mul(self.per_second);
        self.level = self.level.saturating_add(gained).min(self.burst * Self::TOKEN);
        self.filled = now;
        let has_one = self.level >= Self::TOKEN;
        if has_one {
            self.level -= Self::TOKEN;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    #[test]
    fn a_bucket_empties_and_refills_at_its_rate() {
        let start = Instant::from_millis(1_000);
        let mut bucket = Bucket::new(start, 2, 10);
        assert!(bucket.take(start) && bucket.take(start) && !bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(99)));
        assert!(bucket.take(start + Duration::from_millis(100)));
    }
}
