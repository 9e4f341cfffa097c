//! Moments as people read them, in their language and their time zone.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

const MINUTE_MS: f64 = 60_000.0;
const DAY_MS: f64 = 24.0 * 60.0 * MINUTE_MS;

thread_local! {
    // Making a formatter costs a hundred times what using one does.
    static TIME: Function = formatter(&[("timeStyle", "short")]);
    static DAY: Function = formatter(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]);
    static SHORT_DAY: Function = formatter(&[("day", "numeric"), ("month", "short")]);
    static FULL: Function = formatter(&[("dateStyle", "full"), ("timeStyle", "medium")]);
}

/// The local day that a moment falls on, counted from 1970.
pub(crate) fn day(time_ms: u64) -> i64 {
    let date = date(time_ms);
    // Days since 1970 are far below 2^53.
    #[allow(clippy::cast_possible_truncation)]
    let day = ((date.get_time() - date.get_timezone_offset() * MINUTE_MS) / DAY_MS).floor() as i64;
    day
}

/// `14:05`.
pub(crate) fn time(time_ms: u64) -> String {
    TIME.with(|format| apply(format, time_ms))
}

/// `Today`, `Yesterday` or `Saturday, 21 November`.
pub(crate) fn day_name(time_ms: u64) -> String {
    match day(now_ms()) - day(time_ms) {
        0 => "Today".into(),
        1 => "Yesterday".into(),
        _ => DAY.with(|format| apply(format, time_ms)),
    }
}

/// `14:05` for today, `21 Nov` for before.
pub(crate) fn brief(time_ms: u64) -> String {
    if day(now_ms()) == day(time_ms) {
        time(time_ms)
    } else {
        SHORT_DAY.with(|format| apply(format, time_ms))
    }
}

/// All that is known of a moment, to the second.
pub(crate) fn full(time_ms: u64) -> String {
    FULL.with(|format| apply(format, time_ms))
}

/// For programs: `2026-11-21T14:05:00.000Z`.
pub(crate) fn iso(time_ms: u64) -> String {
    // A moment that no calendar has (a peer may claim any) has no such form, and asking for it would throw.
    let date = date(time_ms);
    if date.get_time().is_nan() { String::new() } else { date.to_iso_string().into() }
}

/// Now, by the wall clock: for display only.
pub(crate) fn now_ms() -> u64 {
    // After 1970 and before the year 287396.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = Date::now() as u64;
    now
}

fn date(time_ms: u64) -> Date {
    // Moments that people live in are far below 2^53; others become an invalid date.
    #[allow(clippy::cast_precision_loss)]
    Date::new(&JsValue::from_f64(time_ms as f64))
}

fn apply(format: &Function, time_ms: u64) -> String {
    let date = date(time_ms);
    let text = format.call1(&JsValue::UNDEFINED, &date).ok();
    text.and_then(|text| text.as_string()).unwrap_or_else(|| "no such time".into())
}

fn formatter(options: &[(&str, &str)]) -> Function {
    let object = Object::new();
    for (name, value) in options {
        // A plain object takes any property.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    Intl::DateTimeFormat::new(&Array::new(), object.unchecked_ref()).format()
}
