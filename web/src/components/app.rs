//! From nothing to a running node: who has the profile, who the person is.

use super::controls::{button, hint};
use super::first_visit::first_visit;
use super::frame::frame;
use crate::address::Address;
use crate::lock::{self, Hold, OnLoss};
use crate::session::Session;
use crate::store::Store;
use crate::ui::Ui;
use crate::view::{Element, Signal, View, dynamic, el, listen_to, location, window};
use crate::{keys, session};
use std::rc::Rc;
use tertulia_proto::Identity;
use wasm_bindgen::JsCast;
use web_sys::PageTransitionEvent;

/// How far the page has come.
#[derive(Clone, PartialEq)]
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
    phase: Signal<Phase>,
    address: Signal<Address>,
    store: Signal<Store>,
    ui: Ui,
}

/// The whole page.
pub(crate) fn app() -> View {
    let address = Address::read();
    let store = if address.is_temporary { Store::none() } else { Store::of(&address.profile) };
    let start = Start {
        phase: Signal::new(Phase::Loading),
        address: Signal::new(address),
        store: Signal::new(store),
        ui: Ui::new(),
    };
    start.begin();
    dynamic(move || start.phase.get(), move |phase| start.draw(phase))
}

impl Start {
    fn draw(self, phase: &Phase) -> Element {
        match phase {
            Phase::Loading => el("p").class("cover").attr("role", "status").text("Opening…"),
            Phase::Elsewhere => elsewhere(move || self.take_over()),
            Phase::FirstVisit => first_visit(move |name: String| self.introduce(&name)),
            Phase::Running(_) => frame(),
            Phase::Failed(why, remedy) => failed(why, remedy),
        }
    }

    fn begin(self) {
        let address = self.address.get_untracked();
        // A temporary identity is this tab's alone: there is nothing to share.
        if address.is_temporary {
            return self.load();
        }
        lock::take(&address.profile, self.on_loss(), move |hold| match hold {
            Hold::Ours => self.load(),
            Hold::Elsewhere => self.phase.set(Phase::Elsewhere),
        });
    }

    fn take_over(self) {
        self.phase.set(Phase::Loading);
        let profile = self.address.with_untracked(|address| address.profile.clone());
        lock::take_over(&profile, self.on_loss(), move |_| self.load());
    }

    fn load(self) {
        self.store.get_untracked().identity(move |kept| match kept {
            Ok(None) => self.phase.set(Phase::FirstVisit),
            Ok(Some(bytes)) => match Identity::from_bytes(&bytes) {
                Some(identity) => self.run(identity, true),
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
        });
    }

    /// Makes the person who gave their name.
    fn introduce(self, name: &str) {
        let Ok(identity) = session::new_identity(name) else { return self.fail() };
        let bytes = identity.to_bytes();
        self.store.get_untracked().keep_identity(&bytes, move |is_kept| self.run(identity, is_kept));
    }

    fn run(self, identity: Identity, is_kept: bool) {
        Session::start(identity, self.store.get_untracked(), self.ui, move |session| match session {
            Ok(session) => self.go_on(session, is_kept),
            Err(_) => self.fail(),
        });
    }

    fn go_on(self, session: Session, is_kept: bool) {
        self.phase.set(Phase::Running(session));
        keys::listen(session, self.ui);
        listen_to(&window(), "pagehide", move |_| session.quit());
        // Back from the browser's memory of pages: the node was ended when the page was left.
        listen_to(&window(), "pageshow", |event| {
            if event.unchecked_ref::<PageTransitionEvent>().persisted() {
                // A page that cannot be loaded anew says so itself.
                let _ = location().reload();
            }
        });
        listen_to(&window(), "hashchange", move |_| session.follow_address());
        session.follow_address();
        if !is_kept {
            session.urge(
                "This browser keeps nothing for this page: closing the tab forgets who you are.",
                "Allow this site to store data, or leave private browsing, and reload.",
            );
        }
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
            self.phase.set(Phase::Elsewhere);
        })
    }
}

fn elsewhere(take_over: impl Fn() + 'static) -> Element {
    let how = hint("To be somebody else in this tab, add ")
        .child(el("code").text("?profile=NAME"))
        .text(" to the address.");
    cover()
        .child(el("p").text("You are already here, in another tab. One tab at a time can be you."))
        .child(button("Use here", take_over).class("primary"))
        .child(how)
}

fn failed(why: &str, remedy: &str) -> Element {
    let words = el("div").attr("role", "alert").child(el("p").text(why)).child(el("p").text(remedy));
    cover().child(words)
}

fn cover() -> Element {
    el("main").class("cover").child(el("h1").text("Tertulia"))
}
