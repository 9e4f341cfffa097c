//! The links, and why they are as they are.

use super::erased::{Each, When, flag, items, key_of, text};
use super::frame::Head;
use crate::letters::sentence;
use crate::session::Session;
use crate::state::{Lost, State};
use crate::when;
use leptos::prelude::*;
use std::time::Duration;
use tertulia_proto::io::PeerView;
use tertulia_webrtc::browser::LinkStats;

/// How often the figures are read anew.
const REFRESH: Duration = Duration::from_secs(1);

/// The region `Network`.
#[component]
pub(crate) fn Network() -> impl IntoView {
    let session = expect_context::<Session>();
    session.refresh_links();
    if let Ok(interval) = set_interval_with_handle(move || session.refresh_links(), REFRESH) {
        on_cleanup(move || interval.clear());
    }
    let links = items(
        move || session.state.with(|state| state.peers.clone()),
        |peer| peer.link.0.into(),
        |peer| view! { <Link peer /> }.into_any(),
    );
    let lost = items(
        move || session.state.with(|state| state.lost.iter().cloned().collect()),
        |lost| key_of(&lost.person.node.0, lost.reason.to_string().as_bytes()),
        |lost| view! { <LostLink lost /> }.into_any(),
    );
    let is_empty = flag(move || session.state.with(|state| state.peers.is_empty() && state.lost.is_empty()));
    view! {
        <section class="view" role="region" aria-label="Network">
            <Head title="Network" detail="Your links go straight to others. Nothing stands in between." />
            <div class="view-body">
                <When on=is_empty>
                    <p class="empty">"No links yet. A conversation or an invite makes the first."</p>
                </When>
                <div class="table-frame" tabindex="0" role="group" aria-label="Connections, scrollable">
                    <table aria-label="Connections">
                        <thead>
                            <tr>
                                <th scope="col">"Peer"</th>
                                <th scope="col">"Path"</th>
                                <th scope="col">"Round-trip time"</th>
                                <th scope="col">"State"</th>
                                <th scope="col">"Why, and what to do"</th>
                            </tr>
                        </thead>
                        <tbody>
                            <Each items=links />
                            <Each items=lost />
                        </tbody>
                    </table>
                </div>
            </div>
        </section>
    }
}

#[component]
fn Link(peer: PeerView) -> impl IntoView {
    let session = expect_context::<Session>();
    let link = peer.link;
    let now = move |read: fn(&PeerView) -> String| {
        let find = move |state: &State| state.peers.iter().find(|peer| peer.link == link).map(read);
        text(move || session.state.with(find).unwrap_or_default())
    };
    let route =
        text(move || session.routes.with(|routes| routes.get(&link).map(route_words).unwrap_or_default()));
    let time = now(|peer| peer.rtt_micros.map_or("not measured yet".into(), milliseconds));
    let traffic = now(|peer| format!("{} in, {} out", bytes(peer.bytes_in), bytes(peer.bytes_out)));
    let role = if peer.endpoint.is_some() { "Can introduce you to others." } else { "" };
    view! {
        <tr>
            <th scope="row" dir="auto">
                {peer.person.name.to_string()}
            </th>
            <td>{peer.path.as_str()} <small>{route}</small></td>
            <td class="figure">{time}</td>
            <td>
                <span class="presence online">"linked"</span>
                <small>{format!("since {}", when::time(peer.since_ms))}</small>
            </td>
            <td>{role} <small>{traffic}</small></td>
        </tr>
    }
}

#[component]
fn LostLink(lost: Lost) -> impl IntoView {
    view! {
        <tr class="lost">
            <th scope="row" dir="auto">{lost.person.name.to_string()}</th>
            <td>"–"</td>
            <td class="figure">"–"</td>
            <td><span class="presence">"gone"</span></td>
            <td>{sentence(&format!("{}.", lost.reason))}</td>
        </tr>
    }
}

fn route_words(stats: &LinkStats) -> String {
    format!("{} to {}", stats.route.local, stats.route.remote)
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
