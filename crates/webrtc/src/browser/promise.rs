//! What the browser promises. To wait for it with futures would take a tenth of the page: a task, a waker and a machine
//! of states for each function, and all of that again for each that calls it.

use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use web_sys::js_sys::{Function, Promise};

/// What became of a promise: what it was kept with, or why it was broken.
pub type Outcome = Result<JsValue, JsValue>;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Promise)]
    type Promised;
    #[wasm_bindgen(method)]
    fn then(this: &Promised, kept: &Function, broken: &Function);
}

/// Does `act` once it is known what became of `promise`, never before this returns.
pub fn after(promise: &Promise, act: impl FnOnce(Outcome) + 'static) {
    settle(promise.unchecked_ref(), Box::new(act));
}

fn settle(promise: &Promised, act: Box<dyn FnOnce(Outcome)>) {
    let act = Rc::new(Cell::new(Some(act)));
    let handler = |outcome: fn(JsValue) -> Outcome| -> Function {
        let act = Rc::clone(&act);
        let handler = move |value| {
            if let Some(act) = act.take() {
                act(outcome(value));
            }
        };
        // The browser lets go of the one that it never calls, too.
        Closure::wrap(Box::new(handler) as Box<dyn Fn(JsValue)>).into_js_value().unchecked_into()
    };
    promise.then(&handler(Ok), &handler(Err));
}
