//! The Host allow-list: a browser that was led here under a foreign name is turned away.

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// HTTP's own port, which browsers leave out of the Host header.
const DEFAULT_PORT: u16 = 80;

/// Whether a request that came in at `reached` names that address, or `localhost` where that is loopback.
///
/// The address of the connection itself is the list: it is right on every interface, also on one that came up
/// a moment ago, and holds nothing that a name server could be made to say.
pub(super) fn is_allowed(request: &Parts, reached: Option<SocketAddr>) -> bool {
    let mut named = request.headers.get_all(HOST).iter();
    let (Some(host), None, Some(reached)) = (named.next(), named.next(), reached) else { return false };
    let host = host.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
    // A request in absolute form names its host twice: then both count.
    let target = request.uri.authority();
    host.is_some_and(|host| is_own(&host, reached)) && target.is_none_or(|target| is_own(target, reached))
}

fn is_own(authority: &Authority, reached: SocketAddr) -> bool {
    if authority.as_str().contains('@') || authority.port_u16().unwrap_or(DEFAULT_PORT) != reached.port() {
        return false;
    }
    let host = authority.host();
    let reached_ip = reached.ip().to_canonical();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match literal {
        // A number cannot be made to point elsewhere, so either family's loopback is as good as the other's.
        Ok(ip) => ip.to_canonical() == reached_ip || (is_localhost(ip) && reached_ip.is_loopback()),
        Err(_) => reached_ip.is_loopback() && host.eq_ignore_ascii_case("localhost"),
    }
}

fn is_localhost(ip: IpAddr) -> bool {
    ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn allowed(hosts: &[&str], reached: &str) -> bool {
        let request = hosts.iter().fold(Request::builder(), |request, host| request.header(HOST, *host));
        is_allowed(&request.body(()).unwrap().into_parts().0, Some(reached.parse().unwrap()))
    }

    #[test]
    fn own_names_pass() {
        for (host, reached) in [
            ("localhost:7300", "127.0.0.1:7300"),
            ("LocalHost:7300", "[::1]:7300"),
            ("127.0.0.1:7300", "127.0.0.1:7300"),
            ("[::1]:7300", "[::1]:7300"),
            ("[::1]:7300", "127.0.0.1:7300"),
            ("192.0.2.5:7300", "192.0.2.5:7300"),
            ("192.0.2.5:7300", "[::ffff:192.0.2.5]:7300"),
            ("127.0.0.1", "127.0.0.1:80"),
        ] {
            assert!(allowed(&[host], reached), "{host} at {reached}");
        }
    }

    #[test]
    fn foreign_names_do_not() {
        for (host, reached) in [
            ("evil.example:7300", "127.0.0.1:7300"),
            ("localhost.evil.example:7300", "127.0.0.1:7300"),
            ("localhost:7301", "127.0.0.1:7300"),
            ("localhost", "127.0.0.1:7300"),
            ("localhost:7300", "192.0.2.5:7300"),
            ("192.0.2.6:7300", "192.0.2.5:7300"),
            ("127.0.0.1:7300", "192.0.2.5:7300"),
            ("evil@127.0.0.1:7300", "127.0.0.1:7300"),
            ("", "127.0.0.1:7300"),
        ] {
            assert!(!allowed(&[host], reached), "{host} at {reached}");
        }
        assert!(!allowed(&[], "127.0.0.1:7300"));
        assert!(!allowed(&["localhost:7300", "evil.example"], "127.0.0.1:7300"));
    }

    #[test]
    fn an_absolute_target_counts_too() {
        let request = Request::builder().uri("http://evil.example/").header(HOST, "127.0.0.1:7300");
        let reached = Some("127.0.0.1:7300".parse().unwrap());
        assert!(!is_allowed(&request.body(()).unwrap().into_parts().0, reached));
    }
}
