//! From nothing to a running node: who has the profile, who the person is.

use super::erased::{dynamic, press};
use super::first_visit::FirstVisit;
use super::frame::Frame;
use crate::address::Address;
use crate::lock::{self, Hold, OnLoss};
use crate::session::Session;
use crate::store::Store;
use crate::ui::Ui;
use crate::{keys, session};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::rc::Rc;
use tertulia_proto::Identity;

/// How far the page has come.
#[derive(Clone)]
enum Phase {
    /// The browser is asked what it keeps.
    Loading,
    /// Another tab is the node of this profile.
    Elsewhere,
    /// Nobody is kept here.
    FirstVisit,
    /// The node runs.
    Running(Session),
    /// It cannot: why, and what to do.
    Failed(&'static str, &'static str),
}

/// What is known before there is a node.
#[derive(Clone, Copy)]
struct Start {
    phase: RwSignal<Phase>,
    address: StoredValue<Address>,
    store: StoredValue<Store>,
    ui: Ui,
}

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let address = Address::read();
    let store = if address.is_temporary { Store::none() } else { Store::of(&address.profile) };
    let start = Start {
        phase: RwSignal::new(Phase::Loading),
        address: StoredValue::new(address),
        store: StoredValue::new(store),
        ui: Ui::new(),
    };
    provide_context(start.ui);
    spawn_local(start.begin());
    dynamic(move || match start.phase.get() {
        Phase::Loading => view! { <p class="cover" role="status">"Opening…"</p> }.into_any(),
        Phase::Elsewhere => view! { <Elsewhere on_use=move || spawn_local(start.take_over()) /> }.into_any(),
        Phase::FirstVisit => {
            view! { <FirstVisit on_start=move |name| spawn_local(start.introduce(name)) /> }.into_any()
        }
        Phase::Running(session) => {
            provide_context(session);
            view! { <Frame /> }.into_any()
        }
        Phase::Failed(why, remedy) => view! { <Failed why remedy /> }.into_any(),
    })
}

impl Start {
    async fn begin(self) {
        let address = self.address.get_value();
        // A temporary identity is this tab's alone: there is nothing to share.
        if !address.is_temporary && lock::take(&address.profile, self.on_loss()).await == Hold::Elsewhere {
            return self.phase.set(Phase::Elsewhere);
        }
        self.load().await;
    }

    async fn take_over(self) {
        self.phase.set(Phase::Loading);
        let profile = self.address.with_value(|address| address.profile.clone());
        lock::take_over(&profile, self.on_loss()).await;
        self.load().await;
    }

    async fn load(self) {
        match self.store.get_value().identity().await {
            Ok(None) => self.phase.set(Phase::FirstVisit),
            Ok(Some(bytes)) => match Identity::from_bytes(&bytes) {
                Some(identity) => drop(self.run(identity).await),
                None => self.phase.set(Phase::Failed(
                    "What this browser kept of you cannot be read.",
                    "It was left as it is. Reload the page; if that does not help, erase this site's data in the \
                     browser's settings and start anew.",
                )),
            },
            Err(_) => {
                // A private window, or a full disk. One can talk anyway: that nothing is kept is told once there is
                // something to keep.
                self.phase.set(Phase::FirstVisit);
            }
        }
    }

    /// Makes the person who gave their name.
    async fn introduce(self, name: String) {
        let Ok(identity) = session::new_identity(&name) else { return self.fail() };
        let bytes = identity.to_bytes();
        let kept = self.store.get_value().keep_identity(&bytes).await;
        let Some(session) = self.run(identity).await else { return };
        if kept.is_err() {
            session.urge(
                "This browser keeps nothing for this page: closing the tab forgets who you are.",
                "Allow this site to store data, or leave private browsing, and reload.",
            );
        }
    }

    async fn run(self, identity: Identity) -> Option<Session> {
        let Ok(session) = Session::start(identity, self.store.get_value(), self.ui).await else {
            self.fail();
            return None;
        };
        self.phase.set(Phase::Running(session));
        keys::listen(session, self.ui);
        window_event_listener(ev::pagehide, move |_| session.quit());
        // Back from the browser's memory of pages: the node was ended when the page was left.
        window_event_listener(ev::pageshow, |event| {
            if event.persisted() {
                // A page that cannot be loaded anew says so itself.
                let _ = location().reload();
            }
        });
        window_event_listener(ev::hashchange, move |_| session.follow_address());
        session.follow_address();
        Some(session)
    }

    fn fail(self) {
        self.phase.set(Phase::Failed(
            "This browser has no WebRTC, or forbids it here: no links to others can be made.",
            "Allow WebRTC for this site or open the page in another browser. Nothing was changed.",
        ));
    }

    fn on_loss(self) -> OnLoss {
        Rc::new(move || {
            if let Some(Phase::Running(session)) = self.phase.try_get_untracked() {
                session.quit();
            }
            self.phase.try_set(Phase::Elsewhere);
        })
    }
}

#[component]
fn Elsewhere(on_use: impl Fn() + Send + 'static) -> impl IntoView {
    view! {
        <main class="cover">
            <h1>"Tertulia"</h1>
            <p>"You are already here, in another tab. One tab at a time can be you."</p>
            <button class="primary" on:click=press(on_use)>"Use here"</button>
            <p class="hint">"To be somebody else in this tab, add " <code>"?profile=NAME"</code> " to the address."</p>
        </main>
    }
}

#[component]
fn Failed(why: &'static str, remedy: &'static str) -> impl IntoView {
    view! {
        <main class="cover">
            <h1>"Tertulia"</h1>
            <div role="alert">
                <p>{why}</p>
                <p>{remedy}</p>
            </div>
        </main>
    }
}
