//! Marks on the browser's own timeline, for whoever measures the page: its developer tools show them, and
//! `cargo xtask bench dial` reads them.

use crate::view::window;

/// The person follows an invite.
pub(crate) const DIAL: &str = "tertulia:dial";
/// A link is open, and who is at its other end is proven.
pub(crate) const LINKED: &str = "tertulia:linked";

/// Sets a mark at this moment.
pub(crate) fn set(name: &str) {
    // A browser that keeps no timeline is not worth a word.
    let _ = window().performance().and_then(|timeline| timeline.mark(name).ok());
}
