//! One tab at a time is the node of a profile: two nodes with one key would answer for each other.
//!
//! Web Locks tell; they exist in secure contexts only. Elsewhere (a page on a LAN address over plain http)
//! nothing guards the profile, and people are not told of a second tab.

use crate::view::{later, window};
use js_sys::{Function, Object, Promise, Reflect};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tertulia_webrtc::browser::after;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

/// How often the profile is asked for while the tab that has it says goodbye to its peers, before it is taken anyway.
const ATTEMPTS: usize = 15;
const ATTEMPT: Duration = Duration::from_millis(100);
/// How long goodbyes need to be handed to the network.
const FAREWELL: Duration = Duration::from_millis(250);

/// Who has a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// This tab, as long as it lives or until another asks for it.
    Ours,
    /// Another tab.
    Elsewhere,
}

/// Called when this tab loses the profile to another: it must end the node.
pub(crate) type OnLoss = Rc<dyn Fn()>;

/// What is done once it is known who has the profile.
type Then = Box<dyn FnOnce(Hold)>;

/// Takes the profile if no other tab has it, and has `then` told. A tab that is loaded anew may meet itself on the way
/// out: it asks twice.
pub(crate) fn take(profile: &str, on_loss: OnLoss, then: impl FnOnce(Hold) + 'static) {
    attempt(&name(profile), 2, on_loss, Box::new(then));
}

/// Asks the tab that has the profile to give it up, and takes it in the end even if that tab does not answer.
pub(crate) fn take_over(profile: &str, on_loss: OnLoss, then: impl FnOnce(Hold) + 'static) {
    let name = name(profile);
    if let Ok(channel) = BroadcastChannel::new(&name) {
        // Nobody there to hear it is no failure.
        let _ = channel.post_message(&JsValue::TRUE);
        channel.close();
    }
    let steal = {
        let (name, on_loss) = (name.clone(), on_loss.clone());
        move |hold| match hold {
            Hold::Ours => then(hold),
            Hold::Elsewhere => request(&name, "steal", &on_loss, Box::new(then)),
        }
    };
    later(ATTEMPT, move || attempt(&name, ATTEMPTS, on_loss, Box::new(steal)));
}

/// Asks for the lock as long as another tab has it, at most so often.
fn attempt(name: &str, attempts: usize, on_loss: OnLoss, then: Then) {
    let (again, of_request) = (name.to_owned(), on_loss.clone());
    let then = move |hold| {
        if hold == Hold::Ours || attempts <= 1 {
            return then(hold);
        }
        later(ATTEMPT, move || attempt(&again, attempts - 1, on_loss, then));
    };
    request(name, "ifAvailable", &of_request, Box::new(then));
}

/// Requests the lock, with one of its options set.
fn request(name: &str, option: &str, on_loss: &OnLoss, then: Then) {
    let Some(locks) = locks() else { return then(Hold::Ours) };
    let options = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &option.into(), &JsValue::TRUE);
    let granted = Promise::new(&mut |resolve, _| {
        let was_granted = Rc::new(Cell::new(false));
        let grant = granting(name, resolve.clone(), was_granted.clone(), on_loss.clone());
        let outcome =
            method(&locks, "request").and_then(|f| f.call3(&locks, &name.into(), &options, &grant).ok());
        // Rejected when the lock is stolen; or at once, when the browser refuses locks here altogether (a sandboxed
        // frame): the profile is then unguarded.
        let on_loss = on_loss.clone();
        if let Some(outcome) = outcome {
            after(outcome.unchecked_ref(), move |outcome| match outcome {
                Ok(_) => {}
                Err(_) if was_granted.get() => on_loss(),
                Err(_) => call(&resolve, true),
            });
        }
    });
    after(&granted, move |held| {
        let is_elsewhere = held.is_ok_and(|held| held.is_falsy());
        then(if is_elsewhere { Hold::Elsewhere } else { Hold::Ours });
    });
}

/// The function that the browser calls with the lock, or with null when another tab has it. The lock is held
/// until the promise that it returns is resolved.
fn granting(name: &str, granted: Function, was_granted: Rc<Cell<bool>>, on_loss: OnLoss) -> JsValue {
    let name = name.to_owned();
    Closure::once_into_js(move |lock: JsValue| -> JsValue {
        let is_held = !lock.is_null();
        was_granted.set(is_held);
        call(&granted, is_held);
        if is_held { until_asked(&name, &on_loss).into() } else { JsValue::UNDEFINED }
    })
}

/// A promise that is resolved a moment after another tab has asked for the profile.
fn until_asked(name: &str, on_loss: &OnLoss) -> Promise {
    Promise::new(&mut |release, _| {
        let Ok(channel) = BroadcastChannel::new(name) else { return };
        let asked = Closure::once_into_js({
            let (channel, on_loss) = (channel.clone(), on_loss.clone());
            move |_: MessageEvent| {
                channel.close();
                on_loss();
                later(FAREWELL, move || call(&release, true));
            }
        });
        channel.set_onmessage(Some(asked.unchecked_ref()));
    })
}

/// Resolves a promise; doing so never throws.
fn call(resolve: &Function, value: bool) {
    let _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::from_bool(value));
}

fn locks() -> Option<JsValue> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    (!locks.is_undefined()).then_some(locks)
}

fn method(of: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(of, &name.into()).ok()?.dyn_into().ok()
}

fn name(profile: &str) -> String {
    format!("tertulia:{profile}")
}
