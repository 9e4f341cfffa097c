//! The network as libp2p sees it: a transport whose connections carry streams, each byte of them counted, and under way
//! for one delay.
//!
//! A connection is there without bytes of its own, and so is a stream: no handshake, no encryption, no frames. Who
//! leaves falls silent: nothing that it does from then on arrives anywhere, not even that its connections are closed.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite, FutureExt};
use futures_timer::Delay;
use libp2p_core::multiaddr::Protocol;
use libp2p_core::muxing::{StreamMuxerBox, StreamMuxerEvent};
use libp2p_core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p_core::{Multiaddr, StreamMuxer, Transport};
use libp2p_identity::PeerId;
use web_time::Instant;

use crate::post::Post;
use crate::setting::Setting;
use crate::tally::{Call, Tally};

/// All nodes that there ever were, and what is known of their traffic.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) delay: Duration,
    pub(crate) setting: Setting,
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
    tally: Arc<Mutex<Tally>>,
}

/// One node's place in the network.
pub(crate) struct Seat {
    pub(crate) number: usize,
    pub(crate) peer: PeerId,
    alive: AtomicBool,
    arriving: Post<(Link, Multiaddr)>,
}

impl Network {
    pub(crate) fn new(delay: Duration, setting: Setting) -> Self {
        let tally = Arc::new(Mutex::new(Tally::new(delay)));
        Self { delay, setting, seats: Arc::default(), tally }
    }

    /// Gives the next node its place, if it is node `number`.
    pub(crate) fn admit(&self, number: usize) -> Option<Arc<Seat>> {
        let mut seats = held(&self.seats);
        let seat = Seat { number, peer: peer(number), alive: AtomicBool::new(true), arriving: Post::new() };
        let seat = Arc::new(seat);
        (number == seats.len()).then(|| seats.push(Arc::clone(&seat)))?;
        Some(seat)
    }

    pub(crate) fn seat(&self, number: usize) -> Option<Arc<Seat>> {
        held(&self.seats).get(number).cloned()
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        held(&self.tally)
    }

    fn link(&self, from: &Arc<Seat>, to: &Arc<Seat>) -> Link {
        let (network, [there, back]) = (self.clone(), [Post::new(), Post::new()]);
        let other = Link {
            network: network.clone(),
            me: to.clone(),
            other: from.clone(),
            out: back.clone(),
            into: there.clone(),
        };
        to.arriving.send(Instant::now() + self.delay, (other, address(from.number)));
        Link { network, me: from.clone(), other: to.clone(), out: there, into: back }
    }
}

impl Seat {
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Falls silent.
    pub(crate) fn leave(&self) {
        self.alive.store(false, Ordering::Relaxed);
    }
}

/// The identity of node `number`: shaped like one with an Ed25519 key, of which kad takes the SHA-256 for the key.
fn peer(number: usize) -> PeerId {
    let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
    bytes.extend(number.to_be_bytes().repeat(4));
    PeerId::from_bytes(&bytes).expect("an inlined public key")
}

/// Where node `number` listens: one address, as short as those of QUIC are.
pub(crate) fn address(number: usize) -> Multiaddr {
    let [.., a, b, c] = number.to_be_bytes();
    Multiaddr::from(Ipv4Addr::new(10, a, b, c)).with(Protocol::Udp(4001)).with(Protocol::QuicV1)
}

fn number(address: &Multiaddr) -> Option<usize> {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => Some((u32::from(ip) & 0x00ff_ffff) as usize),
        _ => None,
    }
}

/// The transport of one node.
pub(crate) struct Line {
    network: Network,
    me: Arc<Seat>,
    listener: Option<ListenerId>,
}

type Dialled = Result<(PeerId, StreamMuxerBox), io::Error>;

impl Line {
    pub(crate) fn new(network: Network, me: Arc<Seat>) -> Self {
        Self { network, me, listener: None }
    }
}

impl Transport for Line {
    type Output = (PeerId, StreamMuxerBox);
    type Error = io::Error;
    type ListenerUpgrade = std::future::Ready<Dialled>;
    type Dial = Pin<Box<dyn Future<Output = Dialled> + Send>>;

    fn listen_on(&mut self, id: ListenerId, _: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.listener = Some(id);
        Ok(())
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        self.listener.take().is_some()
    }

    fn dial(&mut self, to: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        let other = number(&to).and_then(|number| self.network.seat(number));
        let other = other.ok_or(TransportError::MultiaddrNotSupported(to))?;
        let Network { delay, setting, .. } = self.network;
        if !other.is_alive() {
            return Ok(Delay::new(setting.failure(delay))
                .map(|()| Err(io::ErrorKind::TimedOut.into()))
                .boxed());
        }
        self.network.tally().connection();
        let link = self.network.link(&self.me, &other);
        let made = (other.peer, StreamMuxerBox::new(link));
        Ok(Delay::new(setting.dial_delays * delay).map(|()| Ok(made)).boxed())
    }

    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        let Some((link, send_back_addr)) = ready!(self.me.arriving.poll_next(context)) else {
            return Poll::Pending;
        };
        let upgrade = std::future::ready(Ok((link.other.peer, StreamMuxerBox::new(link))));
        let listener_id = self.listener.unwrap_or_else(ListenerId::next);
        let local_addr = address(self.me.number);
        Poll::Ready(TransportEvent::Incoming { listener_id, upgrade, local_addr, send_back_addr })
    }
}

/// One side of a connection.
struct Link {
    network: Network,
    me: Arc<Seat>,
    other: Arc<Seat>,
    out: Post<Stream>,
    into: Post<Stream>,
}

impl Link {
    fn stream(&self) -> Stream {
        let [there, back] = [Post::new(), Post::new()];
        let call = Arc::new(Mutex::new(Call::new(self.me.number, self.other.number)));
        let side = |me: &Arc<Seat>, out, into| Stream {
            network: self.network.clone(),
            me: me.clone(),
            call: call.clone(),
            out,
            into,
            unread: Vec::new(),
        };
        let other = side(&self.other, back.clone(), there.clone());
        if self.me.is_alive() {
            self.out.send(Instant::now() + self.network.delay, other);
        }
        side(&self.me, there, back)
    }
}

impl StreamMuxer for Link {
    type Substream = Stream;
    type Error = io::Error;

    fn poll_inbound(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let stream = ready!(self.into.poll_next(context));
        Poll::Ready(stream.ok_or_else(|| io::ErrorKind::ConnectionReset.into()))
    }

    fn poll_outbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        Poll::Ready(Ok(self.stream()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.me.is_alive() {
            self.out.close(Instant::now() + self.network.delay);
        }
        Poll::Ready(Ok(()))
    }

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Poll::Pending
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.me.is_alive() {
            self.out.close(Instant::now() + self.network.delay);
        }
    }
}

/// One side of a stream in a connection.
struct Stream {
    network: Network,
    me: Arc<Seat>,
    call: Arc<Mutex<Call>>,
    out: Post<Vec<u8>>,
    into: Post<Vec<u8>>,
    /// What has arrived and did not fit into the reader's buffer.
    unread: Vec<u8>,
}

impl Stream {
    fn close(&self) {
        if self.me.is_alive() {
            self.out.close(Instant::now() + self.network.delay);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.unread.is_empty() {
            match ready!(self.into.poll_next(context)) {
                Some(bytes) => self.unread = bytes,
                None => return Poll::Ready(Ok(0)),
            }
        }
        let length = buffer.len().min(self.unread.len());
        buffer[..length].copy_from_slice(&self.unread[..length]);
        self.unread.drain(..length);
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.me.is_alive() {
            let mut call = held(&self.call);
            self.network.tally().sent(&mut call, self.me.number, bytes);
            self.out.send(Instant::now() + self.network.delay, bytes.to_vec());
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close();
    }
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
