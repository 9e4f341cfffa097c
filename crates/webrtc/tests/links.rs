//! Links between native nodes: real sockets, the real stack, no core.

mod common;

use common::{PATIENCE, Peer, idle, linked, run};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tertulia_proto::endpoint::{Candidate, CandidateHost, CandidateKind, MdnsName};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{CloseReason, Description, LinkId};
use tertulia_webrtc::native::HALF_OPEN_MAX;
use tertulia_webrtc::{BACKLOG_MAX, CandidateType, Transport};

#[test]
fn a_dial_opens_and_frames_pass_both_ways() {
    let (mut dialler, mut listener, out, inbound) = linked();
    let (ours, theirs) = (dialler.certificate.fingerprint(), listener.certificate.fingerprint());
    assert_eq!(dialler.opened(), [(out, ours, theirs)]);
    assert_eq!(listener.opened(), [(inbound, theirs, ours)]);
    assert!(inbound.is_inbound());

    dialler.native.send(out, b"buenas tardes".to_vec());
    listener.native.send(inbound, vec![7; 16 * 1024]);
    run(&mut [&mut dialler, &mut listener], "two frames", |peers| {
        peers[0].frames(out).len() == 1 && peers[1].frames(inbound).len() == 1
    });
    assert_eq!(listener.frames(inbound), [b"buenas tardes"]);
    assert_eq!(dialler.frames(out), [vec![7; 16 * 1024]]);
    let route = dialler.native.route(out).unwrap();
    assert_eq!((route.remote, route.address), (CandidateType::Host, Some(listener.address())));
}

#[test]
fn an_offer_and_an_answer_open_a_link() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let offer = described(&mut alice, LinkId(1), |peer| peer.native.offer(LinkId(1), Vec::new()));
    let answer = described(&mut bob, LinkId(2), |peer| peer.native.accept(LinkId(2), offer, Vec::new()));
    alice.native.complete(LinkId(1), answer);
    run(&mut [&mut alice, &mut bob], "an offer", |peers| peers.iter().all(|peer| !peer.opened().is_empty()));
    let (a, b) = (alice.certificate.fingerprint(), bob.certificate.fingerprint());
    assert_eq!(alice.opened(), [(LinkId(1), a, b)]);
    assert_eq!(bob.opened(), [(LinkId(2), b, a)]);
}

#[test]
fn an_answer_that_is_carried_by_hand_may_take_its_time() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let offer = described(&mut alice, LinkId(1), |peer| peer.native.offer(LinkId(1), Vec::new()));
    let answer = described(&mut bob, LinkId(2), |peer| peer.native.accept(LinkId(2), offer, Vec::new()));
    // Long enough for the answerer to have passed from eager to patient checks.
    idle(&mut [&mut alice, &mut bob], Duration::from_secs(3));
    alice.native.complete(LinkId(1), answer);
    run(&mut [&mut alice, &mut bob], "an offer", |peers| peers.iter().all(|peer| !peer.opened().is_empty()));
}

#[test]
fn candidates_hidden_behind_mdns_names_are_no_obstacle() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let offer = described(&mut alice, LinkId(1), |peer| peer.native.offer(LinkId(1), Vec::new()));
    let hidden = Description { candidates: hide(&offer), ..offer };
    let answer = described(&mut bob, LinkId(2), |peer| peer.native.accept(LinkId(2), hidden, Vec::new()));
    alice.native.complete(LinkId(1), answer);
    run(&mut [&mut alice, &mut bob], "an offer", |peers| peers.iter().all(|peer| !peer.opened().is_empty()));
    assert_eq!(bob.native.route(LinkId(2)).unwrap().remote, CandidateType::PeerReflexive);
}

#[test]
fn a_node_that_is_asked_tells_the_address_that_it_sees() {
    let (mut alice, mut node) = (Peer::new(), Peer::new());
    // As behind a NAT: alice does not know the address that the node sees her at.
    alice.native.set_addresses(Vec::new());
    alice.native.offer(LinkId(1), vec![node.endpoint()]);
    run(&mut [&mut alice, &mut node], "gathering", |peers| peers[0].described(LinkId(1)).is_some());
    let candidates = alice.described(LinkId(1)).unwrap().candidates;
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].kind, CandidateKind::ServerReflexive);
    assert_eq!(
        (candidates[0].host.clone(), candidates[0].port),
        (CandidateHost::Ip(alice.address().ip()), alice.address().port())
    );
    assert!(node.native.is_empty());
}

#[test]
fn gathering_ends_though_nobody_answers() {
    let (mut alice, gone) = (Peer::new(), Peer::new());
    let endpoint = gone.endpoint();
    drop(gone);
    let began = Instant::now();
    let offer = described(&mut alice, LinkId(1), |peer| peer.native.offer(LinkId(1), vec![endpoint]));
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(offer.candidates.len(), 1);
}

#[test]
fn fifty_diallers_at_once_on_one_port_are_told_apart() {
    const DIALLERS: usize = 50;
    let mut listener = Peer::new();
    let endpoint = listener.endpoint();
    let mut diallers: Vec<Peer> = (0..DIALLERS).map(|_| Peer::new()).collect();
    for (n, dialler) in diallers.iter_mut().enumerate() {
        dialler.native.dial(LinkId(n as u64 + 1), endpoint.clone());
    }
    // Each says who it is as soon as its channel is open, and the listener answers each by that name.
    let mut said = [false; DIALLERS];
    let mut answered = std::collections::BTreeSet::new();
    let end = Instant::now() + 3 * PATIENCE;
    while diallers.iter().enumerate().any(|(n, dialler)| dialler.frames(LinkId(n as u64 + 1)).is_empty()) {
        assert!(Instant::now() < end, "fifty dials took too long: {} were answered", answered.len());
        listener.step();
        for (inbound, _, _) in listener.opened() {
            if let [name] = listener.frames(inbound)[..] {
                let greeting = [b"hello ", name].concat();
                if answered.insert(inbound) {
                    listener.native.send(inbound, greeting);
                }
            }
        }
        for (n, dialler) in diallers.iter_mut().enumerate() {
            dialler.step();
            if !said[n] && !dialler.opened().is_empty() {
                said[n] = true;
                dialler.native.send(LinkId(n as u64 + 1), format!("dialler {n}").into_bytes());
            }
        }
    }
    let mut seen: Vec<_> = listener.opened().iter().map(|(_, _, remote)| *remote).collect();
    for (n, dialler) in diallers.iter().enumerate() {
        assert_eq!(dialler.frames(LinkId(n as u64 + 1)), [format!("hello dialler {n}").as_bytes()]);
        assert!(
            seen.contains(&dialler.certificate.fingerprint()),
            "dialler {n} was not seen by its certificate"
        );
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), DIALLERS);
}

#[test]
fn a_frame_that_comes_with_the_opening_of_the_channel_is_not_lost() {
    let (mut dialler, mut listener) = (Peer::new(), Peer::new());
    dialler.native.dial(LinkId(1), listener.endpoint());
    let mut greeted = false;
    run(&mut [&mut listener], "the listener's side of a dial", |peers| {
        if let [(inbound, _, _)] = peers[0].opened()[..] {
            // Behind the packet that opens the dialler's side, which has not been read yet.
            peers[0].native.send(inbound, b"first".to_vec());
            greeted = true;
        } else {
            dialler.step();
        }
        greeted
    });
    listener.step();
    run(&mut [&mut dialler, &mut listener], "the first frame", |peers| {
        !peers[0].frames(LinkId(1)).is_empty()
    });
    assert_eq!(dialler.frames(LinkId(1)), [b"first"]);
}

#[test]
fn two_nodes_that_dial_each_other_at_once_get_both_links() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    alice.native.dial(LinkId(1), bob.endpoint());
    bob.native.dial(LinkId(1), alice.endpoint());
    run(&mut [&mut alice, &mut bob], "glare", |peers| peers.iter().all(|peer| peer.opened().len() == 2));
}

#[test]
fn what_is_no_signed_check_allocates_nothing() {
    let mut listener = Peer::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut dialler = Peer::new();
    dialler.native.dial(LinkId(1), listener.endpoint());
    let check = first_check(&mut dialler);
    let mut sent = 0u64;
    for n in 0..500usize {
        let mut datagram = check.clone();
        match n % 4 {
            // One bit is wrong somewhere that the signature covers: what follows it is the checksum's eight bytes.
            0 => datagram[2 + n % (check.len() - 10)] ^= 1 << (n % 8),
            1 => datagram = vec![u8::try_from(n % 256).unwrap(); n],
            2 => datagram.truncate(n % check.len()),
            _ => datagram.extend([0; 4]),
        }
        socket.send_to(&datagram, listener.address()).unwrap();
        sent += 1;
        listener.step();
        assert!(listener.native.is_empty(), "datagram {n} made a session");
    }
    idle(&mut [&mut listener], Duration::from_millis(50));
    let stats = listener.native.stats();
    assert_eq!(stats.get("udp_datagrams_in"), Some(&sent));
    assert!(stats.get("stun_malformed").is_some_and(|count| *count > 200), "{stats:?}");
    assert!(stats.get("udp_stray").is_some_and(|count| *count > 50), "{stats:?}");
    assert!(listener.native.is_empty() && listener.heard.is_empty());
}

#[test]
fn a_check_that_is_signed_with_another_password_allocates_nothing() {
    let (mut listener, mut dialler) = (Peer::new(), Peer::new());
    let mut endpoint = listener.endpoint();
    endpoint.fingerprint.0[31] ^= 1;
    dialler.native.dial(LinkId(1), endpoint);
    let check = first_check(&mut dialler);
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&check, listener.address()).unwrap();
    run(&mut [&mut listener], "a refusal", |peers| peers[0].native.stats().contains_key("stun_unsigned"));
    assert!(listener.native.is_empty());
}

#[test]
fn half_open_diallers_are_bounded_and_do_not_keep_out_a_real_one() {
    let mut listener = Peer::new();
    let endpoint = listener.endpoint();
    for _ in 0..HALF_OPEN_MAX + 20 {
        // A valid first check, as anybody with the invite can make, and then nothing more.
        let mut ghost = Peer::new();
        ghost.native.dial(LinkId(1), endpoint.clone());
        let check = first_check(&mut ghost);
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&check, listener.address()).unwrap();
        listener.step();
    }
    idle(&mut [&mut listener], Duration::from_millis(1_200));
    assert_eq!(listener.native.len(), HALF_OPEN_MAX);
    let mut real = Peer::new();
    real.native.dial(LinkId(1), endpoint);
    run(&mut [&mut real, &mut listener], "a dial", |peers| peers.iter().all(|peer| peer.opened().len() == 1));
    assert!(listener.native.len() <= HALF_OPEN_MAX + 1);
}

#[test]
fn a_peer_that_closes_is_noticed_after_its_last_frame() {
    let (mut dialler, mut listener, out, inbound) = linked();
    dialler.native.send(out, b"bye".to_vec());
    dialler.native.close(out);
    run(&mut [&mut dialler, &mut listener], "a farewell", |peers| peers[1].closed(inbound).is_some());
    assert_eq!(listener.frames(inbound), [b"bye"]);
    assert_eq!(listener.closed(inbound), Some(CloseReason::Left));
    run(&mut [&mut dialler, &mut listener], "forgetting", |peers| {
        peers.iter().all(|peer| peer.native.is_empty())
    });
    assert_eq!(dialler.closed(out), None, "a link that the core closed reports nothing");
}

#[test]
fn a_dialler_whose_nat_gives_it_another_port_is_followed() {
    let (mut dialler, mut listener) = (Peer::new(), Peer::new());
    let mut nat = Nat::new(listener.address());
    let mut endpoint = listener.endpoint();
    endpoint.addresses = List::first([tertulia_proto::endpoint::Address(nat.inside.local_addr().unwrap())]);
    dialler.native.dial(LinkId(1), endpoint);
    run(&mut [&mut dialler, &mut listener], "a dial", |peers| {
        nat.step();
        peers.iter().all(|peer| peer.opened().len() == 1)
    });
    let inbound = listener.opened()[0].0;
    let before = listener.native.route(inbound).unwrap().address;

    nat.rebind();
    listener.native.send(inbound, b"are you still there?".to_vec());
    run(&mut [&mut dialler, &mut listener], "following", |peers| {
        nat.step();
        !peers[0].frames(LinkId(1)).is_empty()
    });
    assert_ne!(listener.native.route(inbound).unwrap().address, before);
    assert_eq!((dialler.closed(LinkId(1)), listener.closed(inbound)), (None, None));
}

#[test]
fn nobody_there_is_told_in_time() {
    let mut dialler = Peer::new();
    let gone = Peer::new().endpoint();
    dialler.native.dial(LinkId(1), gone);
    run(&mut [&mut dialler], "giving up", |peers| peers[0].closed(LinkId(1)).is_some());
    assert_eq!(dialler.closed(LinkId(1)), Some(CloseReason::Unreachable));
    assert!(dialler.native.is_empty());
}

#[test]
fn somebody_else_at_the_address_does_not_answer() {
    let (mut dialler, mut other) = (Peer::new(), Peer::new());
    let mut endpoint = other.endpoint();
    endpoint.fingerprint.0[0] ^= 1;
    dialler.native.dial(LinkId(1), endpoint);
    idle(&mut [&mut dialler, &mut other], Duration::from_millis(500));
    assert!(dialler.opened().is_empty() && other.native.is_empty());
    assert!(other.native.stats()["stun_unsigned"] > 0);
}

#[test]
fn a_burst_within_the_bound_arrives_whole_and_in_order() {
    const FRAME: usize = 16 * 1024;
    let (mut dialler, mut listener, out, inbound) = linked();
    let count = BACKLOG_MAX / FRAME;
    for n in 0..count {
        let mut frame = vec![0; FRAME];
        frame[..8].copy_from_slice(&(n as u64).to_be_bytes());
        dialler.native.send(out, frame);
    }
    run(&mut [&mut dialler, &mut listener], "a burst", |peers| peers[1].frames(inbound).len() == count);
    for (n, frame) in listener.frames(inbound).into_iter().enumerate() {
        assert_eq!(frame[..8], (n as u64).to_be_bytes());
        assert_eq!(frame.len(), FRAME);
    }
    assert_eq!(dialler.closed(out), None);
}

#[test]
fn a_burst_over_the_bound_closes_the_link() {
    let (mut dialler, mut listener, out, inbound) = linked();
    for _ in 0..=BACKLOG_MAX / 16_384 {
        dialler.native.send(out, vec![0; 16_384]);
    }
    run(&mut [&mut dialler, &mut listener], "giving up", |peers| {
        peers[0].closed(out).is_some() && peers[1].closed(inbound).is_some()
    });
    assert_eq!(dialler.closed(out), Some(CloseReason::Backlog));
}

fn described(peer: &mut Peer, link: LinkId, ask: impl FnOnce(&mut Peer)) -> Description {
    ask(peer);
    run(&mut [peer], "gathering", |peers| peers[0].described(link).is_some());
    peer.described(link).unwrap()
}

fn hide(description: &Description) -> List<Candidate, 16> {
    let name = MdnsName::new("5e1b2c3d-07aa-4000-8000-000000000000.local").unwrap();
    let hidden =
        |candidate: &Candidate| Candidate { host: CandidateHost::Mdns(name.clone()), ..candidate.clone() };
    List::first(description.candidates.iter().map(hidden))
}

/// The first packet of a dial, kept from the network.
fn first_check(dialler: &mut Peer) -> Vec<u8> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        dialler.native.handle_timeout(Instant::now());
        if let Some(transmit) = dialler.native.poll_transmit() {
            return transmit.bytes.to_vec();
        }
    }
    panic!("a dial sends nothing");
}

/// Stands between a dialler and a listener, and gives the dialler an address of its own.
struct Nat {
    inside: UdpSocket,
    outside: UdpSocket,
    listener: SocketAddr,
    dialler: Option<SocketAddr>,
}

impl Nat {
    fn new(listener: SocketAddr) -> Self {
        Self { inside: socket(), outside: socket(), listener, dialler: None }
    }

    fn step(&mut self) {
        let mut buffer = [0; 2048];
        while let Ok((len, from)) = self.inside.recv_from(&mut buffer) {
            self.dialler = Some(from);
            self.outside.send_to(&buffer[..len], self.listener).unwrap();
        }
        while let Ok((len, _)) = self.outside.recv_from(&mut buffer) {
            self.inside.send_to(&buffer[..len], self.dialler.unwrap()).unwrap();
        }
    }

    /// What comes to the old port is lost from now on.
    fn rebind(&mut self) {
        self.outside = socket();
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}
