//! How long a native dial takes on loopback, from the wish to the open channel: `dial_bench [DIALS]`, JSON on stdout.

#[cfg(not(target_family = "wasm"))]
fn main() {
    native::main();
}

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
#[path = "../tests/common/mod.rs"]
#[allow(dead_code)]
mod common;

#[cfg(not(target_family = "wasm"))]
mod native {
    use super::common::{Peer, run};
    use std::time::Instant;
    use tertulia_proto::LinkId;
    use tertulia_webrtc::Transport;

    pub(crate) fn main() {
        let dials: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20);
        let mut times: Vec<f64> = (0..dials).map(|_| dial()).collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{{\"dials\":{dials},\"median_ms\":{:.1},\"min_ms\":{:.1},\"max_ms\":{:.1}}}",
            times[dials / 2],
            times[0],
            times[dials - 1]
        );
    }

    fn dial() -> f64 {
        let (mut dialler, mut listener) = (Peer::new(), Peer::new());
        let began = Instant::now();
        dialler.native.dial(LinkId(1), listener.endpoint());
        run(&mut [&mut dialler, &mut listener], "a dial", |peers| !peers[0].opened().is_empty());
        began.elapsed().as_secs_f64() * 1e3
    }
}
