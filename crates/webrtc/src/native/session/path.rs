//! A peer that moves: its network changes, or the NAT before it gives it another port.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the address in use must have been silent before another proven one takes its place unasked: longer
/// than the pause between two consent checks, and well below the core's patience.
const SILENT: Duration = Duration::from_secs(3);

/// Where a peer is.
///
/// `rtc` settles on one address and stays with it. So it goes on to see that address when the peer is reached at
/// another, and the two are exchanged at the socket.
#[derive(Default)]
pub(super) struct Path(Option<Settled>);

struct Settled {
    /// The address that `rtc` knows.
    known: SocketAddr,
    /// The address that the peer is at.
    current: SocketAddr,
    heard: Instant,
    /// The address that the peer wants to be reached at, not proven yet.
    wanted: Option<SocketAddr>,
}

impl Path {
    /// Notes the address that `rtc` has settled on.
    pub(super) fn settle(&mut self, known: SocketAddr, now: Instant) {
        self.0.get_or_insert(Settled { known, current: known, heard: now, wanted: None });
    }

    /// The address that `rtc` is to see for one of the network, and the other way round.
    pub(super) fn translate(&self, address: SocketAddr) -> SocketAddr {
        match &self.0 {
            Some(Settled { known, current, .. }) if address == *known => *current,
            Some(Settled { known, current, .. }) if address == *current => *known,
            _ => address,
        }
    }

    /// Notes a sign of life.
    pub(super) fn hear(&mut self, from: SocketAddr, now: Instant) {
        if let Some(settled) = self.0.as_mut().filter(|settled| settled.current == from) {
            settled.heard = now;
        }
    }

    /// Notes that the peer, who has signed for it, wants to be reached at `from`.
    pub(super) fn want(&mut self, from: SocketAddr) {
        // The two must be of one family: `rtc` would answer from the socket's other candidate.
        if let Some(settled) = self.0.as_mut().filter(|settled| settled.known.is_ipv4() == from.is_ipv4()) {
            settled.wanted = (settled.current != from).then_some(from);
        }
    }

    /// Takes the answer to a check of ours, which proves that the peer is at `from`, and moves there if that is
    /// what it wants or where it must be.
    pub(super) fn prove(&mut self, from: SocketAddr, now: Instant) {
        let Some(settled) = &mut self.0 else { return };
        let same_family = settled.known.is_ipv4() == from.is_ipv4();
        let is_silent = now.saturating_duration_since(settled.heard) >= SILENT;
        if settled.wanted == Some(from) || (same_family && is_silent) {
            (settled.current, settled.heard, settled.wanted) = (from, now, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::new([192, 0, 2, 1].into(), port)
    }

    #[test]
    fn a_peer_that_asks_to_be_reached_elsewhere_is_followed_once_it_has_proven_to_be_there() {
        let (mut path, now) = (Path::default(), Instant::now());
        path.settle(address(1), now);
        path.want(address(2));
        assert_eq!(path.translate(address(1)), address(1));
        path.prove(address(3), now);
        assert_eq!(path.translate(address(1)), address(1), "another address proves nothing");
        path.prove(address(2), now);
        assert_eq!((path.translate(address(1)), path.translate(address(2))), (address(2), address(1)));
        path.want(address(1));
        path.prove(address(1), now);
        assert_eq!(path.translate(address(1)), address(1));
    }

    #[test]
    fn a_further_address_takes_over_only_when_the_one_in_use_is_silent() {
        let (mut path, start) = (Path::default(), Instant::now());
        path.settle(address(1), start);
        path.hear(address(1), start + SILENT);
        path.prove(address(2), start + SILENT + SILENT / 2);
        assert_eq!(path.translate(address(1)), address(1));
        path.hear(address(2), start + SILENT * 2);
        path.prove(address(2), start + SILENT * 2);
        assert_eq!(path.translate(address(1)), address(2));
    }

    #[test]
    fn families_are_not_mixed() {
        let (mut path, start) = (Path::default(), Instant::now());
        path.settle(address(1), start);
        let v6 = "[2001:db8::1]:1".parse().unwrap();
        path.want(v6);
        path.prove(v6, start + SILENT * 2);
        assert_eq!(path.translate(address(1)), address(1));
    }
}
