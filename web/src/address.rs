//! The page's address: which profile it is for, and the invite that it was opened with.

use crate::view::{document, location, window};
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `?profile=NAME`: a separate identity and store; empty for the usual one.
    pub(crate) profile: String,
    /// `?temporary`: nothing is kept.
    pub(crate) is_temporary: bool,
}

impl Address {
    /// The address that the page was opened with.
    pub(crate) fn read() -> Self {
        let query = location().search().unwrap_or_default();
        let Ok(parameters) = UrlSearchParams::new_with_str(&query) else {
            return Self { profile: String::new(), is_temporary: false };
        };
        let profile = parameters.get("profile").unwrap_or_default();
        Self { profile, is_temporary: parameters.has("temporary") }
    }
}

/// The text behind `#`, if there is any.
pub(crate) fn fragment() -> Option<String> {
    let hash = location().hash().unwrap_or_default();
    let text = hash.trim_start_matches('#');
    (!text.is_empty()).then(|| text.to_owned())
}

/// Takes the invite out of the address, so that a reload or a bookmark does not follow it again.
pub(crate) fn clear_fragment() {
    let here = location();
    let (path, query) = (here.pathname().unwrap_or_default(), here.search().unwrap_or_default());
    if let Ok(history) = window().history() {
        // The browser may refuse when called too often: the fragment then stays, which does no harm.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{query}")));
    }
}

/// The address that opens this page with `invite`, for anybody: without the own profile.
pub(crate) fn link_to(invite: &str) -> String {
    let here = location();
    format!("{}{}#{invite}", here.origin().unwrap_or_default(), here.pathname().unwrap_or_default())
}

/// The invite of the native node that served this page, which it writes into the page's head.
pub(crate) fn serving_node() -> Option<String> {
    let meta = document().query_selector("meta[name=tertulia-node]").ok()??;
    meta.get_attribute("content").filter(|invite| !invite.is_empty())
}
