//! What is done later. The library makes a function of its own for each thing that it does later; these are one each.

use super::on_cleanup;
use super::window;
use js_sys::Function;
use std::cell::Cell;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

type Act = Box<dyn FnOnce()>;

/// Does `act` after some time.
pub(crate) fn later(delay: Duration, act: impl FnOnce() + 'static) {
    let act = once(Box::new(act));
    // Any function may be called later.
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&act, millis(delay));
}

/// Does `act` before the browser next paints.
pub(crate) fn at_next_frame(act: impl FnOnce() + 'static) {
    let _ = window().request_animation_frame(&once(Box::new(act)));
}

/// Does `act` as soon as nothing else is being done.
pub(crate) fn soon(act: impl FnOnce() + 'static) {
    window().queue_microtask(&once(Box::new(act)));
}

/// Does `act` again and again, until the owner is gone.
pub(crate) fn every(period: Duration, act: impl Fn() + 'static) {
    let act: Box<dyn Fn()> = Box::new(act);
    let act = Closure::wrap(act).into_js_value().unchecked_into();
    let timer = window().set_interval_with_callback_and_timeout_and_arguments_0(&act, millis(period));
    timer.into_iter().for_each(|timer| on_cleanup(move || window().clear_interval_with_handle(timer)));
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn once(act: Act) -> Function {
    let act = Cell::new(Some(act));
    let call: Box<dyn Fn()> = Box::new(move || act.take().into_iter().for_each(|act| act()));
    Closure::wrap(call).into_js_value().unchecked_into()
}
