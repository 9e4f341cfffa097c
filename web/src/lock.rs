//! One tab at a time is the node of a profile: two nodes with one key would answer for each other.
//!
//! Web Locks tell; they exist in secure contexts only. Elsewhere (a page on a LAN address over plain http)
//! nothing guards the profile, and people are not told of a second tab.

use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::{set_timeout, window};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

/// How often the profile is asked for while the tab that has it says goodbye to its peers, before it is taken anyway.
const ATTEMPTS: usize = 15;
const ATTEMPT_MS: u64 = 100;
/// How long goodbyes need to be handed to the network.
const FAREWELL_MS: u64 = 250;

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

/// Takes the profile if no other tab has it. A tab that is loaded anew may meet itself on the way out: it asks twice.
pub(crate) async fn take(profile: &str, on_loss: OnLoss) -> Hold {
    if request(&name(profile), "ifAvailable", on_loss.clone()).await == Hold::Ours {
        return Hold::Ours;
    }
    pause(ATTEMPT_MS).await;
    request(&name(profile), "ifAvailable", on_loss).await
}

/// Asks the tab that has the profile to give it up, and takes it in the end even if that tab does not answer.
pub(crate) async fn take_over(profile: &str, on_loss: OnLoss) -> Hold {
    let name = name(profile);
    if let Ok(channel) = BroadcastChannel::new(&name) {
        // Nobody there to hear it is no failure.
        let _ = channel.post_message(&JsValue::TRUE);
        channel.close();
    }
    for _ in 0..ATTEMPTS {
        pause(ATTEMPT_MS).await;
        if request(&name, "ifAvailable", on_loss.clone()).await == Hold::Ours {
            return Hold::Ours;
        }
    }
    request(&name, "steal", on_loss).await
}

/// Requests the lock, with one of its options set.
async fn request(name: &str, option: &str, on_loss: OnLoss) -> Hold {
    let Some(locks) = locks() else { return Hold::Ours };
    let options = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &option.into(), &JsValue::TRUE);
    let granted = Promise::new(&mut |resolve, _| {
        let was_granted = Rc::new(Cell::new(false));
        let grant = granting(name, resolve.clone(), was_granted.clone(), on_loss.clone());
        let on_loss = on_loss.clone();
        // Rejected when the lock is stolen; or at once, when the browser refuses locks here altogether (a sandboxed
        // frame): the profile is then unguarded.
        let rejected =
            Closure::once_into_js(
                move |_: JsValue| {
                    if was_granted.get() { on_loss() } else { call(&resolve, true) }
                },
            );
        let outcome =
            method(&locks, "request").and_then(|f| f.call3(&locks, &name.into(), &options, &grant).ok());
        if let Some(outcome) = outcome {
            let _ = method(&outcome, "catch").and_then(|f| f.call1(&outcome, &rejected).ok());
        }
    });
    match JsFuture::from(granted).await {
        Ok(held) if held.is_falsy() => Hold::Elsewhere,
        _ => Hold::Ours,
    }
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
                set_timeout(move || call(&release, true), Duration::from_millis(FAREWELL_MS));
            }
        });
        channel.set_onmessage(Some(asked.unchecked_ref()));
    })
}

async fn pause(millis: u64) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(move || call(&resolve, true), Duration::from_millis(millis));
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
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
