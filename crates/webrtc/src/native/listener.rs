//! The two UDP sockets of a native node, and the addresses that the listening one can be reached at.

use super::{Certificate, Port, Ports};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use tertulia_proto::Endpoint;
use tertulia_proto::endpoint::{ADDRESSES_MAX, Address};
use tertulia_proto::wire::bounded::List;

/// What we ask the kernel to buffer for each socket: without it a burst of 16 KiB messages loses packets and runs
/// at a tenth of the speed. The kernel may grant less.
const BUFFER: usize = 4 * 1024 * 1024;

/// The bound sockets of a node that is about to run.
#[derive(Debug)]
pub struct Listener {
    pub(super) listening: UdpSocket,
    pub(super) dialling: UdpSocket,
    ports: Ports,
}

impl Listener {
    /// Binds the listening port to `address`, and a free port on the same address for our own dials.
    ///
    /// The unspecified IPv6 address carries both families; on a host without IPv6 it falls back to IPv4.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let (address, listening) = match bind(address) {
            Ok(socket) => (address, socket),
            Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
                let v4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
                (v4, bind(v4)?)
            }
            Err(error) => return Err(error),
        };
        let dialling = bind(SocketAddr::new(address.ip(), 0))?;
        let ports = Ports { listening: listening.local_addr()?, dialling: dialling.local_addr()? };
        Ok(Self { listening, dialling, ports })
    }

    /// Where the listening port is bound: with its real number, to be bound again next time.
    pub fn local_addr(&self) -> SocketAddr {
        self.ports.listening
    }

    /// Where the listening port can be reached now, best first, loopback last.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        addresses(self.ports.listening)
    }

    /// What an invite to this node tells of it.
    pub fn endpoint(&self, certificate: &Certificate) -> Endpoint {
        endpoint(certificate, &self.addresses())
    }

    pub(super) fn ports(&self) -> Ports {
        self.ports
    }
}

/// The endpoint of a node that can be reached at `addresses`.
pub(super) fn endpoint(certificate: &Certificate, addresses: &[SocketAddr]) -> Endpoint {
    let addresses = List::first(addresses.iter().copied().map(Address));
    Endpoint { fingerprint: certificate.fingerprint(), addresses }
}

/// Where a socket that is bound to `bound` can be reached.
pub(super) fn addresses(bound: SocketAddr) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let ips = interfaces.iter().map(if_addrs::Interface::ip);
    reachable(ips, bound)
}

/// Those of a host's own addresses that a peer can use, public ones first. Loopback comes last and always has a
/// place: two nodes on one host without a network find each other by it.
fn reachable(ips: impl Iterator<Item = IpAddr>, bound: SocketAddr) -> Vec<SocketAddr> {
    let mut usable: Vec<IpAddr> =
        ips.filter(|ip| ip.is_ipv4() || bound.is_ipv6()).filter(|ip| rank(*ip).is_some()).collect();
    usable.sort_by_key(|ip| (rank(*ip), *ip));
    usable.dedup();
    usable.truncate(ADDRESSES_MAX - 1);
    usable.push(Ipv4Addr::LOCALHOST.into());
    usable.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

/// The order in which addresses are told; none for those that lead nowhere.
fn rank(ip: IpAddr) -> Option<u8> {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() => None,
        IpAddr::V4(ip) if ip.is_private() => Some(1),
        IpAddr::V4(_) => Some(0),
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local() => None,
        IpAddr::V6(ip) if ip.is_unique_local() => Some(3),
        IpAddr::V6(_) => Some(2),
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // More is better but no condition: the kernel's limit may be lower, and then it simply grants less.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// An address as the rest of the program knows it: a dual-stack socket shows IPv4 as mapped IPv6 (RFC 4291,
/// section 2.5.5.2).
pub(super) fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// An address as the socket of `ports` takes it.
pub(super) fn mapped(address: SocketAddr, ports: Ports, port: Port) -> SocketAddr {
    let bound = match port {
        Port::Listening => ports.listening,
        Port::Dialling => ports.dialling,
    };
    match address {
        SocketAddr::V4(v4) if bound.is_ipv6() => {
            let ip: Ipv6Addr = v4.ip().to_ipv6_mapped();
            SocketAddrV6::new(ip, v4.port(), 0, 0).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_reached_at_public_addresses_first_and_at_loopback_last() {
        let ips = [
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.3.4",
            "10.0.0.2",
            "fd00::2",
            "2001:db8::2",
            "203.0.113.2",
        ];
        let ips = || ips.iter().map(|ip| ip.parse::<IpAddr>().unwrap());
        let text = |bound: &str| -> Vec<String> {
            reachable(ips(), bound.parse().unwrap()).iter().map(|address| address.ip().to_string()).collect()
        };
        assert_eq!(text("[::]:5"), ["203.0.113.2", "10.0.0.2", "2001:db8::2", "fd00::2", "127.0.0.1"]);
        assert_eq!(text("0.0.0.0:5"), ["203.0.113.2", "10.0.0.2", "127.0.0.1"]);
    }

    #[test]
    fn loopback_keeps_its_place_among_many_addresses() {
        let many = (1..40u8).map(|n| IpAddr::from([10, 0, 0, n]));
        let told = reachable(many, "0.0.0.0:7".parse().unwrap());
        assert_eq!(told.len(), ADDRESSES_MAX);
        assert_eq!(told.last().unwrap().to_string(), "127.0.0.1:7");
    }

    #[test]
    fn a_bound_address_is_the_only_one_told_and_a_taken_port_is_an_error() {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!(listener.addresses(), [listener.local_addr()]);
        assert!(Listener::bind(listener.local_addr()).is_err());
        assert_ne!(listener.ports().dialling.port(), listener.ports().listening.port());
    }

    #[test]
    fn dual_stack_addresses_go_there_and_back() {
        let ports = Ports { listening: "[::]:1".parse().unwrap(), dialling: "[::]:2".parse().unwrap() };
        let v4: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let on_socket = mapped(v4, ports, Port::Listening);
        assert!(on_socket.is_ipv6());
        assert_eq!(unmapped(on_socket), v4);
    }
}
