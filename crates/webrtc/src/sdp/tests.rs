use super::*;
use proptest::prelude::*;
use tertulia_proto::endpoint::Address;

const CHROMIUM: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=application 51011 UDP/DTLS/SCTP webrtc-datachannel\r\n\
c=IN IP4 203.0.113.9\r\n\
a=candidate:3868 1 udp 2113937151 5f1c2d3e-aaaa-4bbb-8ccc-0123456789ab.local 51011 typ host generation 0 network-cost 999\r\n\
a=candidate:842 1 udp 1677729535 203.0.113.9 51011 typ srflx raddr 0.0.0.0 rport 0 generation 0\r\n\
a=candidate:2001 2 udp 2113937150 192.0.2.7 51012 typ host generation 0\r\n\
a=candidate:1234 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0\r\n\
a=ice-ufrag:k7Fq\r\na=ice-pwd:Ab0+/cdefghijklmnopqrstu\r\na=ice-options:trickle\r\n\
a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";

#[test]
fn what_chromium_says_is_read() {
    let description = parse(CHROMIUM).unwrap();
    assert_eq!(description.ufrag.as_str(), "k7Fq");
    assert_eq!(description.pwd.as_str(), "Ab0+/cdefghijklmnopqrstu");
    assert_eq!(description.fingerprint.0[..3], [0x00, 0x11, 0x22]);
    let kinds: Vec<_> = description.candidates.iter().map(|candidate| candidate.kind).collect();
    assert_eq!(kinds, [CandidateKind::Host, CandidateKind::ServerReflexive]);
    assert!(matches!(description.candidates[0].host, CandidateHost::Mdns(_)));
}

#[test]
fn a_session_level_fingerprint_and_bare_line_ends_are_read_as_firefox_writes_them() {
    let sdp = "v=0\na=fingerprint:sha-256 ".to_owned()
        + &"AB:".repeat(31)
        + "AB\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n\
           a=candidate:0 1 UDP 2122252543 fd00::5 40000 typ host\na=ice-pwd:0123456789abcdef0123456789abcdef\na=ice-ufrag:01234567\n";
    let description = parse(&sdp).unwrap();
    assert_eq!(description.fingerprint.0, [0xAB; 32]);
    assert_eq!(description.candidates.len(), 1);
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(parse(""), Err(SdpError::Ufrag));
    assert_eq!(parse("a=ice-ufrag:abcd\r\n"), Err(SdpError::Pwd));
    let without = CHROMIUM.replace("sha-256", "sha-1");
    assert_eq!(parse(&without), Err(SdpError::Fingerprint));
}

#[test]
fn an_endpoint_becomes_a_lite_passive_answer_that_names_every_address_best_first() {
    let addresses = ["192.0.2.1:4000", "[2001:db8::1]:4000", "127.0.0.1:4000"];
    let endpoint = Endpoint {
        fingerprint: Fingerprint([7; 32]),
        addresses: List::first(addresses.iter().map(|text| Address(text.parse().unwrap()))),
    };
    let sdp = dial_answer(&endpoint, &IcePwd::new("mypassword0123456789abc").unwrap());
    for line in ["a=ice-lite", "a=setup:passive", "a=ice-ufrag:mypassword0123456789abc"] {
        assert!(sdp.lines().any(|other| other == line), "{line} in {sdp}");
    }
    let read = parse(&sdp).unwrap();
    assert_eq!(read.pwd.as_str(), endpoint.ice_pwd());
    let ports: Vec<_> = read.candidates.iter().map(|candidate| candidate.host.clone()).collect();
    assert_eq!(ports[0], CandidateHost::Ip("192.0.2.1".parse().unwrap()));
    assert_eq!(ports[1], CandidateHost::Ip("2001:db8::1".parse().unwrap()));
    assert_eq!(ports[2], CandidateHost::Ip("127.0.0.1".parse().unwrap()));
}

#[test]
fn only_the_best_candidates_are_kept_and_none_twice() {
    let mut sdp = CHROMIUM.to_owned();
    for n in 0..40u32 {
        let (priority, host) = (1000 + n, n / 2);
        sdp += &format!("a=candidate:1 1 udp {priority} 192.0.2.{host} 5000 typ host\r\n");
    }
    let kept = parse(&sdp).unwrap().candidates;
    assert_eq!(kept.len(), CANDIDATES_MAX);
    assert!(kept.windows(2).all(|pair| pair[0].priority >= pair[1].priority));
    let hosts: std::collections::HashSet<_> = kept.iter().map(|c| format!("{:?}", c.host)).collect();
    assert_eq!(hosts.len(), kept.len());
}

fn ufrag() -> impl Strategy<Value = IceUfrag> {
    "[a-zA-Z0-9+/]{4,64}".prop_map(|text| IceUfrag::new(&text).unwrap())
}

fn pwd() -> impl Strategy<Value = IcePwd> {
    "[a-zA-Z0-9+/]{22,64}".prop_map(|text| IcePwd::new(&text).unwrap())
}

fn host() -> impl Strategy<Value = CandidateHost> {
    prop_oneof![
        any::<std::net::Ipv4Addr>()
            .prop_filter("sendable", |ip| !ip.is_unspecified())
            .prop_map(|ip| CandidateHost::Ip(ip.into())),
        any::<std::net::Ipv6Addr>()
            .prop_filter("sendable", |ip| !ip.is_unspecified())
            .prop_map(|ip| CandidateHost::Ip(ip.into())),
        "[a-f0-9-]{1,36}"
            .prop_map(|label| CandidateHost::Mdns(MdnsName::new(&format!("{label}.local")).unwrap())),
    ]
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let kind = prop_oneof![Just(CandidateKind::Host), Just(CandidateKind::ServerReflexive)];
    (host(), 10u16.., kind, any::<u32>()).prop_map(|(host, port, kind, priority)| Candidate {
        host,
        port,
        kind,
        priority,
    })
}

fn description() -> impl Strategy<Value = Description> {
    let candidates = proptest::collection::vec(any_candidate(), 0..CANDIDATES_MAX).prop_map(best);
    (ufrag(), pwd(), any::<[u8; 32]>(), candidates).prop_map(|(ufrag, pwd, fingerprint, candidates)| {
        Description { ufrag, pwd, fingerprint: Fingerprint(fingerprint), candidates }
    })
}

proptest! {
    #[test]
    fn a_description_survives_its_sdp(description in description()) {
        prop_assert_eq!(parse(&offer(&description)).unwrap(), description.clone());
        prop_assert_eq!(parse(&answer(&description)).unwrap(), description);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "(?s).{0,400}", line in "(a=)?(candidate|fingerprint|ice-pwd):.{0,80}") {
        let _ = parse(&text);
        let _ = parse(&line);
        let _ = parse(&format!("{CHROMIUM}{line}\r\n"));
    }
}
