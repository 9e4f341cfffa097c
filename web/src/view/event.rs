//! What the browser tells.

use js_sys::Function;
use leptos::prelude::on_cleanup;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Event, EventTarget, HtmlInputElement};

/// Does `act` at every event of this name at `target`, as long as the page lives.
pub(crate) fn listen_to(target: &EventTarget, name: &str, act: impl Fn(Event) + 'static) {
    listen(target, name, Box::new(act));
}

/// Does `act` at every event of this name at `target`, until the owner is gone.
pub(super) fn listen_while_owned(target: EventTarget, name: &'static str, act: Box<dyn Fn(Event)>) {
    let listener = listen(&target, name, act);
    // What it holds may hold the element in turn: the browser would never let go of either.
    on_cleanup(move || drop(target.remove_event_listener_with_callback(name, &listener)));
}

fn listen(target: &EventTarget, name: &str, act: Box<dyn Fn(Event)>) -> Function {
    let listener = Closure::wrap(act).into_js_value().unchecked_into();
    // Any target takes any listener.
    let _ = target.add_event_listener_with_callback(name, &listener);
    listener
}

/// What the field holds that the event is about.
pub(crate) fn value_of(event: &Event) -> String {
    event.target().map(|field| field.unchecked_into::<HtmlInputElement>().value()).unwrap_or_default()
}
