//! The same seed gives the same run, bit for bit, on every machine.

use tertulia_proto::Duration;
use tertulia_sim::scenario::Plan;

fn digest(seed: u64) -> String {
    Plan { seed, nodes: 4, steps: 40, span: Duration::from_secs(60) }.run().digest
}

#[test]
fn a_seed_replays_and_another_differs() {
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}
