//! How long a native dial takes on loopback: from following an invite to the link being proven by both sides, and
//! beside it, turn by turn, from the wish to an open channel without our handshake. `dial_bench [DIALS]` prints JSON.

#[cfg(not(target_family = "wasm"))]
#[path = "../tests/common/mod.rs"]
#[allow(dead_code)]
mod common;

fn main() {
    #[cfg(not(target_family = "wasm"))]
    native::main();
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use super::common::{Peer, run};
    use std::time::{Duration, Instant};
    use tertulia_proto::identity::Name;
    use tertulia_proto::io::Greeting;
    use tertulia_proto::rng::Rng;
    use tertulia_proto::{Command, Config, Event, Identity, LinkId, Reply};
    use tertulia_webrtc::Transport;
    use tertulia_webrtc::native::{Certificate, Clock, Events, Handle, Listener, Memory, Notice, Runner};

    const PATIENCE: Duration = Duration::from_secs(20);

    pub(crate) fn main() {
        let dials: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (mut bare, mut proven) = (Vec::new(), Vec::new());
        // The first of each warms up what both share and is not counted.
        for n in 0..=dials {
            let (channel, link) = (channel_ms(), runtime.block_on(link_ms()));
            if n > 0 {
                bare.push(channel);
                proven.push(link);
            }
        }
        println!("{{\"dials\":{dials},\"channel\":{},\"link\":{}}}", figures(bare), figures(proven));
    }

    fn channel_ms() -> f64 {
        let (mut dialler, mut listener) = (Peer::new(), Peer::new());
        let began = Instant::now();
        dialler.native.dial(LinkId(1), listener.endpoint());
        run(&mut [&mut dialler, &mut listener], "a dial", |peers| !peers[0].opened().is_empty());
        began.elapsed().as_secs_f64() * 1e3
    }

    async fn link_ms() -> f64 {
        let ((host, _), (guest, mut events)) = (node("host", 1), node("guest", 2));
        let command = Command::Invite { conversation: None, ticket: false, expires_ms: None, by_hand: false };
        let invited = host.command(command).await.expect("the host runs").expect("an invite");
        let Reply::Invite(invite) = invited else { panic!("the reply to an invite is the invite") };
        let began = Instant::now();
        let open = Command::Open { invite, kind: None, greeting: Greeting::default() };
        guest.command(open).await.expect("the guest runs").expect("a dial");
        let opened =
            async { while !matches!(events.next().await, Some(Notice::Event(Event::LinkOpened { .. }))) {} };
        tokio::time::timeout(PATIENCE, opened).await.expect("a link");
        let elapsed = began.elapsed();
        tokio::join!(guest.quit(), host.quit());
        elapsed.as_secs_f64() * 1e3
    }

    fn node(name: &str, seed: u8) -> (Handle, Events) {
        let clock = Clock::start();
        let identity =
            Identity::generate(&mut Rng::new([seed; 32]), &Name::cut(name), clock.now().as_millis());
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let certificate = Certificate::generate().expect("a certificate");
        let (runner, handle, events) =
            Runner::new(Config::NATIVE, identity, certificate, listener, clock, Memory::none())
                .expect("a node");
        tokio::spawn(runner.run());
        (handle, events)
    }

    fn figures(mut times: Vec<f64>) -> String {
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get((times.len() - 1) * share / 100).copied().unwrap_or_default();
        format!("{{\"median_ms\":{:.1},\"min_ms\":{:.1},\"p95_ms\":{:.1}}}", at(50), at(0), at(95))
    }
}
