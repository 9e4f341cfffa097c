//! What a node of a large ring takes, and how quickly rings run.

use super::Ring;
use super::hops::{Hops, look_up};
use serde::Serialize;
use tertulia_proto::Duration;

/// What a large ring came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Nodes.
    pub nodes: u32,
    /// Bytes that a node says it takes, right after it was made.
    pub bytes_each: f64,
    /// The same after the ring has run.
    pub bytes_each_after: f64,
    /// What the process takes more of memory for each node since before there was a ring, the world's part included; 0 where nobody says.
    pub resident_bytes_each: f64,
    /// Nodes in a routing table on average.
    pub table: f64,
    /// Processor time that making the ring took, in seconds; 0 where nobody says.
    pub make_s: f64,
    /// Frames taken and timers due.
    pub events: u64,
    /// The same for each second of processor time.
    pub events_each_second: f64,
    /// What lookups came to meanwhile.
    pub hops: Hops,
}

/// Makes a ring, lets it run so long, and looks up keys meanwhile.
pub fn large(seed: u64, nodes: u32, span: Duration, lookups: usize) -> Outcome {
    let (before, started) = (resident_bytes(), processor_s());
    let mut ring = Ring::made(seed, nodes);
    let (resident, made) = (resident_bytes() - before, processor_s());
    let each = |total: f64| total / f64::from(nodes);
    let bytes = |ring: &Ring| {
        let nodes = ring.there().iter().filter_map(|number| ring.node(*number));
        each(nodes.map(|node| node.bytes() as f64).sum())
    };
    let bytes_each = bytes(&ring);
    let events = ring.events();
    let running = processor_s();
    let each_second = (lookups as u64 * 1000 / span.as_millis().max(1)).max(1);
    let hops = look_up(&mut ring, lookups, each_second);
    let took = processor_s() - running;
    let table = ring.there().iter().filter_map(|number| ring.node(*number)).map(|node| node.table().len());
    Outcome {
        nodes,
        bytes_each,
        bytes_each_after: bytes(&ring),
        resident_bytes_each: each(resident),
        table: each(table.sum::<usize>() as f64),
        make_s: made - started,
        events: ring.events() - events,
        events_each_second: (ring.events() - events) as f64 / took,
        hops,
    }
}

/// Numbers of a line in the process's own files: empty where there are none.
fn own(file: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    // The name of the program, in brackets, may hold blanks.
    let text = text.rsplit(") ").next().unwrap_or_default();
    text.split_whitespace().map(|word| word.parse().unwrap_or_default()).collect()
}

/// Memory that the process has in pages of 4 kB.
fn resident_bytes() -> f64 {
    own("statm").get(1).copied().unwrap_or_default() * 4096.0
}

/// Processor time of the process, counted in hundredths of a second.
fn processor_s() -> f64 {
    let stat = own("stat");
    [11, 12].iter().filter_map(|at| stat.get(*at)).sum::<f64>() / 100.0
}
