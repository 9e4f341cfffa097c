//! The links, and why they are as they are.

use super::controls::actions;
use super::frame::head;
use crate::letters::sentence;
use crate::session::Session;
use crate::state::{Lost, State};
use crate::view::{Element, each, el, every, key_of, when};
use crate::when;
use std::time::Duration;
use tertulia_proto::io::{PeerView, Person};
use tertulia_webrtc::browser::LinkStats;

/// How often the figures are read anew.
const REFRESH: Duration = Duration::from_secs(1);

/// The heads of the table's columns.
const COLUMNS: [&str; 5] = ["Peer", "Path", "Round-trip time", "State", "Why, and what to do"];

/// The region `Network`.
pub(super) fn network() -> Element {
    let session = Session::present();
    keep_fresh(session);
    let is_empty = move || session.state.with(|state| state.peers.is_empty() && state.lost.is_empty());
    let empty = || el("p").class("empty").text("No links yet. A conversation or an invite makes the first.");
    let detail = "Your links go straight to others. Nothing stands in between.";
    let scrolled = el("div")
        .class("table-frame")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", "Connections, scrollable")
        .child(table(session));
    let place = move || session.state.with(|state| place(state.neighbours));
    let body = el("div")
        .class("view-body")
        .child(el("p").class("ring-place").text_of(place))
        .child(when(is_empty, empty))
        .child(scrolled);
    el("section")
        .class("view")
        .attr("role", "region")
        .attr("aria-label", "Network")
        .child(head("Network".into(), detail.into(), actions([])))
        .child(body)
}

fn place(neighbours: usize) -> String {
    match neighbours {
        0 => "Not in the network".into(),
        1 => "In the network: 1 neighbour".into(),
        count => format!("In the network: {count} neighbours"),
    }
}

fn keep_fresh(session: Session) {
    session.refresh_links();
    every(REFRESH, move || session.refresh_links());
}

fn table(session: Session) -> Element {
    let links = each(
        move || session.state.with(|state| state.peers.clone()),
        |peer| peer.link.0.into(),
        move |peer| link(session, peer),
    );
    let lost = each(
        move || session.state.with(|state| state.lost.clone()),
        |lost| key_of(&lost.person.node.0, lost.reason.to_string().as_bytes()),
        lost_link,
    );
    let heads = el("tr").children(COLUMNS.map(|name| el("th").attr("scope", "col").text(name)));
    el("table")
        .attr("aria-label", "Connections")
        .child(el("thead").child(heads))
        .child(el("tbody").child(links).child(lost))
}

fn link(session: Session, peer: &PeerView) -> Element {
    let link = peer.link;
    let now = move |read: fn(&PeerView) -> String| {
        let find = move |state: &State| state.peers.iter().find(|peer| peer.link == link).map(read);
        move || session.state.with(find).unwrap_or_default()
    };
    let route = move || session.routes.with(|routes| routes.get(&link).map(route_words).unwrap_or_default());
    let time = now(|peer| peer.rtt_micros.map_or("not measured yet".into(), milliseconds));
    let traffic = now(|peer| format!("{} in, {} out", bytes(peer.bytes_in), bytes(peer.bytes_out)));
    let role = if peer.endpoint.is_some() { "Can introduce you to others." } else { "" };
    let since = el("small").text(&format!("since {}", when::time(peer.since_ms)));
    el("tr")
        .child(whose(&peer.person))
        .child(el("td").text(peer.path.as_str()).child(el("small").text_of(route)))
        .child(figure().text_of(time))
        .child(el("td").child(el("span").class("presence online").text("linked")).child(since))
        .child(el("td").text(role).child(el("small").text_of(traffic)))
}

fn lost_link(lost: &Lost) -> Element {
    el("tr")
        .class("lost")
        .child(whose(&lost.person))
        .child(el("td").text("–"))
        .child(figure().text("–"))
        .child(el("td").child(el("span").class("presence").text("gone")))
        .child(el("td").text(&sentence(&format!("{}.", lost.reason))))
}

fn whose(person: &Person) -> Element {
    el("th").attr("scope", "row").attr("dir", "auto").text(person.name.as_str())
}

fn figure() -> Element {
    el("td").class("figure")
}

fn route_words(stats: &LinkStats) -> String {
    [stats.route.local.as_str(), " to ", stats.route.remote.as_str()].concat()
}

fn milliseconds(micros: u64) -> String {
    if micros < 10_000 {
        format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
    } else {
        format!("{} ms", micros / 1000)
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{}.{} kB", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}
