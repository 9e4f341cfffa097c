//! Links over real UDP sockets on loopback, without a core: the tests say what is done with each link.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tertulia_proto::{CloseReason, Description, Endpoint, Fingerprint, Input, LinkId};
use tertulia_webrtc::Transport;
use tertulia_webrtc::native::{Certificate, Native, Port, Ports};

/// How long anything here may take. Far more than it does: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A node's links, with sockets and all that has come of them.
pub(crate) struct Peer {
    pub(crate) native: Native,
    pub(crate) certificate: Certificate,
    pub(crate) heard: Vec<Input>,
    listening: UdpSocket,
    dialling: UdpSocket,
}

impl Peer {
    pub(crate) fn new() -> Self {
        let certificate = Certificate::generate().unwrap();
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        let (listening, dialling) = (socket(), socket());
        let ports =
            Ports { listening: listening.local_addr().unwrap(), dialling: dialling.local_addr().unwrap() };
        let mut native = Native::new(certificate.clone(), ports).unwrap();
        native.set_addresses(vec![ports.listening]);
        Self { native, certificate, heard: Vec::new(), listening, dialling }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.local_addr().unwrap()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        use tertulia_proto::endpoint::Address;
        use tertulia_proto::wire::bounded::List;
        let addresses = List::first([Address(self.address())]);
        Endpoint { fingerprint: self.certificate.fingerprint(), addresses }
    }

    /// Moves all that can be moved now.
    pub(crate) fn step(&mut self) {
        let mut buffer = [0; 2048];
        for port in [Port::Listening, Port::Dialling] {
            for _ in 0..64 {
                match self.socket(port).recv_from(&mut buffer) {
                    Ok((len, from)) => {
                        self.native.handle_datagram(port, from, &buffer[..len], Instant::now());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("receiving failed: {error}"),
                }
            }
        }
        if self.native.poll_timeout().is_some_and(|due| due <= Instant::now()) {
            self.native.handle_timeout(Instant::now());
        }
        while let Some(input) = self.native.poll_input() {
            self.heard.push(input);
        }
        while let Some(transmit) = self.native.poll_transmit() {
            // A full socket buffer is a lost packet, as everywhere.
            let _ = self.socket(transmit.port).send_to(&transmit.bytes, transmit.to);
        }
    }

    fn socket(&self, port: Port) -> &UdpSocket {
        match port {
            Port::Listening => &self.listening,
            Port::Dialling => &self.dialling,
        }
    }

    /// The link that opened and the certificates that it opened with.
    pub(crate) fn opened(&self) -> Vec<(LinkId, Fingerprint, Fingerprint)> {
        let opened = |input: &Input| match input {
            Input::Opened { link, local, remote } => Some((*link, *local, *remote)),
            _ => None,
        };
        self.heard.iter().filter_map(opened).collect()
    }

    pub(crate) fn frames(&self, link: LinkId) -> Vec<&[u8]> {
        let frame = |input| match input {
            &Input::Frame { link: on, ref bytes } if on == link => Some(bytes.as_slice()),
            _ => None,
        };
        self.heard.iter().filter_map(frame).collect()
    }

    pub(crate) fn closed(&self, link: LinkId) -> Option<CloseReason> {
        self.heard.iter().find_map(|input| match input {
            Input::Closed { link: on, reason } if *on == link => Some(*reason),
            _ => None,
        })
    }

    pub(crate) fn described(&self, link: LinkId) -> Option<Description> {
        self.heard.iter().find_map(|input| match input {
            Input::Described { link: on, description } if *on == link => Some(description.clone()),
            _ => None,
        })
    }
}

/// Runs `peers` until `done`, and fails when that takes too long.
pub(crate) fn run(peers: &mut [&mut Peer], what: &str, mut done: impl FnMut(&mut [&mut Peer]) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done(peers) {
        assert!(Instant::now() < end, "{what} took too long");
        for peer in peers.iter_mut() {
            peer.step();
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Runs `peers` for a while, for what must not happen.
pub(crate) fn idle(peers: &mut [&mut Peer], span: Duration) {
    let end = Instant::now() + span;
    run(peers, "idling", |_| Instant::now() >= end);
}

/// Two peers with an open link between them: the dialler, the listener, and what each calls the link.
pub(crate) fn linked() -> (Peer, Peer, LinkId, LinkId) {
    let (mut dialler, mut listener) = (Peer::new(), Peer::new());
    dialler.native.dial(LinkId(1), listener.endpoint());
    run(&mut [&mut dialler, &mut listener], "a dial", |peers| {
        peers.iter().all(|peer| peer.opened().len() == 1)
    });
    let inbound = listener.opened()[0].0;
    (dialler, listener, LinkId(1), inbound)
}
