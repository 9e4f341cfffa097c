//! What is done later. The library makes a function of its own for each thing that it does later; these are one each.

use js_sys::Function;
use leptos::prelude::window;
use std::cell::Cell;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

type Act = Box<dyn FnOnce()>;

/// Does `act` after some time.
pub(crate) fn later(delay: Duration, act: impl FnOnce() + 'static) {
    let act = once(Box::new(act));
    let delay_ms = i32::try_from(delay.as_millis()).unwrap_or(i32::MAX);
    // Any function may be called later.
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&act, delay_ms);
}

/// Does `act` before the browser next paints.
pub(crate) fn at_next_frame(act: impl FnOnce() + 'static) {
    let _ = window().request_animation_frame(&once(Box::new(act)));
}

/// Does `act` as soon as nothing else is being done.
pub(crate) fn soon(act: impl FnOnce() + 'static) {
    window().queue_microtask(&once(Box::new(act)));
}

fn once(act: Act) -> Function {
    let act = Cell::new(Some(act));
    let call: Box<dyn Fn()> = Box::new(move || act.take().into_iter().for_each(|act| act()));
    Closure::wrap(call).into_js_value().unchecked_into()
}
