//! Finding nodes on the local network, and being found there: DNS-based service discovery over multicast DNS (RFC 6763,
//! RFC 6762).
//!
//! What is found is handed to the node, which dials it if it has next to no link ([`Command::Meet`]). Anybody on the local
//! network can claim anything: the link's handshake proves who is there, and only addresses of that network are taken.

use if_addrs::{IfAddr, Interface};
use mdns_sd::{IfKind, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tertulia_proto::endpoint::Address;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{Command, Endpoint, Fingerprint, NodeId};
use tertulia_webrtc::native::{Gone, Handle};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

/// The type of our service. Its name is as long as names of services may be at most (RFC 6335, section 5.1).
const SERVICE: &str = "_tertulia._udp.local.";
/// The version of what we announce, in its own words: the protocol's.
const VERSION: &str = "1";
/// Nodes that are remembered as being here: a lecture hall. The node itself tries a few of them.
const AROUND_MAX: usize = 64;
/// Names that may be about at once: more are made up by somebody, and we stop to listen.
const NAMES_MAX: usize = 1024;
/// The shortest time between two nodes that are handed over. When more comes the library's queue fills, and it stops to listen.
const PAUSE: Duration = Duration::from_millis(100);
/// How often all who are here are handed over again: they may be needed only now.
const AGAIN: Duration = Duration::from_secs(60);
/// How long our goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// This node's part in the discovery of services.
pub(crate) struct Discovery(ServiceDaemon);

impl Discovery {
    /// Announces the node that listens at `udp`, and hands it who else is announced. Where that is not possible, the node
    /// does without.
    pub(crate) async fn start(handle: &Handle, udp: SocketAddr) -> Option<Self> {
        let me = handle.with(|node| node.me().node).await.ok()?;
        let fingerprint = handle.endpoint().fingerprint;
        match announce(me, fingerprint, udp) {
            Ok((daemon, found)) => {
                let watch = Watch { handle: handle.clone(), me, around: BTreeMap::new(), names: 0 };
                tokio::spawn(watch.run(daemon.clone(), found));
                Some(Self(daemon))
            }
            Err(error) => {
                tracing::debug!("nobody is looked for on the local network: {error}");
                None
            }
        }
    }

    /// Says goodbye: nobody need look for this node here any more.
    pub(crate) async fn end(&self) {
        if let Ok(ended) = self.0.shutdown() {
            let _ = timeout(GOODBYE, ended.recv_async()).await;
        }
    }
}

/// Announces this node where its port can be reached and nowhere else, and looks for others there.
fn announce(
    me: NodeId,
    fingerprint: Fingerprint,
    udp: SocketAddr,
) -> mdns_sd::Result<(ServiceDaemon, Receiver<ServiceEvent>)> {
    let daemon = ServiceDaemon::new()?;
    let begin = || {
        if udp.ip().is_unspecified() {
            if udp.is_ipv4() {
                daemon.disable_interface(IfKind::IPv6)?;
            }
        } else {
            daemon.disable_interface(IfKind::All)?;
            let loopback = IfKind::LoopbackV4;
            let one = if udp.is_ipv4() && udp.ip().is_loopback() { loopback } else { udp.ip().into() };
            daemon.enable_interface(one)?;
        }
        daemon.register(announcement(me, fingerprint, udp)?)?;
        daemon.browse(SERVICE)
    };
    let found = begin().inspect_err(|_| drop(daemon.shutdown()))?;
    Ok((daemon, found))
}

/// What is announced: all that a dialler needs, and no name of a person or of this host.
fn announcement(me: NodeId, fingerprint: Fingerprint, udp: SocketAddr) -> mdns_sd::Result<ServiceInfo> {
    let txt = [("v", VERSION.to_owned()), ("node", me.to_string()), ("cert", fingerprint.to_string())];
    let host = format!("{me}.local.");
    let info = |ip: &[IpAddr]| ServiceInfo::new(SERVICE, &me.to_string(), &host, ip, udp.port(), &txt[..]);
    if udp.ip().is_unspecified() { Ok(info(&[])?.enable_addr_auto()) } else { info(&[udp.ip()]) }
}

/// Who else is here.
struct Watch {
    handle: Handle,
    me: NodeId,
    /// Those who are here, by the names of their services.
    around: BTreeMap<String, (NodeId, Endpoint)>,
    /// How many names are about, of nodes or not.
    names: usize,
}

impl Watch {
    async fn run(mut self, daemon: ServiceDaemon, found: Receiver<ServiceEvent>) {
        let mut again = interval_at(Instant::now() + AGAIN, AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.names <= NAMES_MAX {
            let went = tokio::select! {
                event = found.recv_async() => match event {
                    Ok(event) => self.take(event).await,
                    Err(_) => break,
                },
                _ = again.tick() => self.meet_all().await,
            };
            if went.is_err() {
                break;
            }
        }
        tracing::debug!("nobody is looked for on the local network any more");
        drop(daemon.shutdown());
    }

    async fn take(&mut self, event: ServiceEvent) -> Result<(), Gone> {
        match event {
            ServiceEvent::ServiceFound(..) => self.names += 1,
            ServiceEvent::ServiceRemoved(_, name) => {
                self.names = self.names.saturating_sub(1);
                self.around.remove(&name);
            }
            ServiceEvent::ServiceResolved(service) => {
                let found = read(&service, &if_addrs::get_if_addrs().unwrap_or_default());
                let Some((node, endpoint)) = found.filter(|(node, _)| *node != self.me) else {
                    return Ok(());
                };
                if self.around.len() < AROUND_MAX || self.around.contains_key(&service.fullname) {
                    tracing::debug!("{node} is on the local network");
                    self.around.insert(service.fullname, (node, endpoint.clone()));
                    self.meet(node, endpoint).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn meet_all(&self) -> Result<(), Gone> {
        for (node, endpoint) in self.around.values().cloned() {
            self.meet(node, endpoint).await?;
        }
        Ok(())
    }

    async fn meet(&self, node: NodeId, endpoint: Endpoint) -> Result<(), Gone> {
        // A node that cannot use it has nothing to say about it.
        let _ = self.handle.command(Command::Meet { node, endpoint }).await?;
        sleep(PAUSE).await;
        Ok(())
    }
}

/// Which node a service is and where it can be dialled, if it is one of ours and within reach of these interfaces.
fn read(service: &ResolvedService, interfaces: &[Interface]) -> Option<(NodeId, Endpoint)> {
    let said = |key| service.get_property_val_str(key);
    said("v").filter(|version| *version == VERSION)?;
    let node = NodeId::from_hex(said("node")?)?;
    let fingerprint = Fingerprint::from_hex(said("cert")?)?;
    let near = service.addresses.iter().filter(|address| is_near(address, interfaces));
    let mut ips: Vec<_> = near.map(ScopedIp::to_ip_addr).collect();
    // IPv4 first: what everybody has.
    ips.sort_unstable();
    let is_there = service.port != 0 && !ips.is_empty();
    let addresses = ips.into_iter().map(|ip| Address(SocketAddr::new(ip, service.port)));
    is_there.then(|| (node, Endpoint { fingerprint, addresses: List::first(addresses) }))
}

/// Whether an address is of the network in which we heard of it: a record that names another must not make us send there.
fn is_near(address: &ScopedIp, interfaces: &[Interface]) -> bool {
    let heard_on = |index| match address {
        ScopedIp::V4(v4) => v4.interface_ids().iter().any(|id| id.index == index),
        ScopedIp::V6(v6) => v6.scope_id().index == index,
        _ => false,
    };
    let ip = address.to_ip_addr();
    interfaces.iter().any(|own| own.index.is_some_and(heard_on) && shares_network(ip, &own.addr))
}

/// Whether an address is of the same network as one of ours. Link-local ones of IPv6 are of none: they mean nothing without an
/// interface, which an endpoint does not name.
fn shares_network(ip: IpAddr, own: &IfAddr) -> bool {
    match (ip, own) {
        (IpAddr::V4(ip), IfAddr::V4(own)) => (ip & own.netmask) == (own.ip & own.netmask),
        (IpAddr::V6(ip), IfAddr::V6(own)) => {
            !ip.is_unicast_link_local() && (ip & own.netmask) == (own.ip & own.netmask)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use if_addrs::{IfOperStatus, Ifv4Addr, Ifv6Addr};
    use mdns_sd::{InterfaceId, ScopedIpV4};

    const ME: NodeId = NodeId([1; 16]);
    const CERTIFICATE: Fingerprint = Fingerprint([2; 32]);

    fn interface(index: u32, addr: IfAddr) -> Interface {
        let (name, oper_status) = (format!("if{index}"), IfOperStatus::Up);
        Interface { name, addr, index: Some(index), oper_status, is_p2p: false }
    }

    fn v4(ip: [u8; 4], prefix: u32) -> IfAddr {
        let netmask = std::net::Ipv4Addr::from(u32::MAX << (32 - prefix));
        IfAddr::V4(Ifv4Addr { ip: ip.into(), netmask, prefixlen: 0, broadcast: None })
    }

    fn interfaces() -> [Interface; 2] {
        [interface(1, v4([127, 0, 0, 1], 8)), interface(2, v4([10, 0, 0, 2], 24))]
    }

    fn heard(ip: [u8; 4], index: u32) -> ScopedIp {
        let id = InterfaceId { name: format!("if{index}"), index };
        ScopedIp::V4(ScopedIpV4::new(ip.into(), id))
    }

    /// What another makes of an announcement that it heard, with these addresses in place of those in it.
    fn service(info: ServiceInfo, addresses: &[ScopedIp]) -> ResolvedService {
        let mut service = info.as_resolved_service();
        service.addresses = addresses.iter().cloned().collect();
        service
    }

    fn announced() -> ServiceInfo {
        announcement(ME, CERTIFICATE, "10.0.0.7:4000".parse().unwrap()).unwrap()
    }

    #[test]
    fn what_is_announced_is_what_a_dialler_needs() {
        let heard = [heard([10, 0, 0, 7], 2)];
        let (node, endpoint) = read(&service(announced(), &heard), &interfaces()).unwrap();
        assert_eq!((node, endpoint.fingerprint), (ME, CERTIFICATE));
        assert_eq!(*endpoint.addresses, [Address("10.0.0.7:4000".parse().unwrap())]);
    }

    #[test]
    fn nothing_more_is_announced() {
        let info = announced();
        let keys: Vec<_> = info.get_properties().iter().map(|property| property.key()).collect();
        assert_eq!(keys, ["v", "node", "cert"]);
        assert_eq!(info.get_hostname(), format!("{ME}.local."), "the host's own name is nobody's business");
        assert_eq!(info.get_fullname(), format!("{ME}.{SERVICE}"));
    }

    #[test]
    fn only_addresses_of_the_network_where_they_were_heard_are_taken() {
        let far = [heard([10, 0, 0, 9], 1), heard([10, 0, 1, 7], 2), heard([127, 0, 0, 1], 2)];
        assert_eq!(read(&service(announced(), &far), &interfaces()), None);
        assert!(
            is_near(&heard([127, 0, 0, 5], 1), &interfaces()),
            "on loopback it is another node of this host"
        );
    }

    #[test]
    fn a_network_of_ipv6_ends_with_its_prefix() {
        let own = |ip: &str| {
            let netmask = "ffff:ffff:ffff:ffff::".parse().unwrap();
            IfAddr::V6(Ifv6Addr { ip: ip.parse().unwrap(), netmask, prefixlen: 64, broadcast: None })
        };
        let shares = |ip: &str, with: &str| shares_network(ip.parse().unwrap(), &own(with));
        assert!(shares("fd00::7", "fd00::2") && !shares("fd00:0:0:1::7", "fd00::2"));
        assert!(!shares("fe80::7", "fe80::2") && !shares("10.0.0.7", "fd00::2"));
    }

    #[test]
    fn what_is_not_as_we_announce_it_is_nobody() {
        let near = [heard([10, 0, 0, 7], 2)];
        for wrong in [
            [("v", "2".to_owned()), ("node", ME.to_string()), ("cert", CERTIFICATE.to_string())],
            [("v", "1".to_owned()), ("node", "a".repeat(31)), ("cert", CERTIFICATE.to_string())],
            [("v", "1".to_owned()), ("node", ME.to_string()), ("cert", "zz".to_owned())],
            [("v", "1".to_owned()), ("node", ME.to_string()), ("sert", CERTIFICATE.to_string())],
        ] {
            let info = ServiceInfo::new(SERVICE, "x", "x.local.", "10.0.0.7", 4000, &wrong[..]).unwrap();
            assert_eq!(read(&service(info, &near), &interfaces()), None, "{wrong:?}");
        }
        let mut unreachable = service(announced(), &near);
        unreachable.port = 0;
        assert_eq!(read(&unreachable, &interfaces()), None);
    }
}
