//! The list of keys.

use super::dialog::Dialog;
use crate::keys::KEYS;
use leptos::prelude::*;

/// The dialog `Keys`.
#[component]
pub(crate) fn KeysDialog() -> impl IntoView {
    let keys = KEYS.map(|(key, what)| view! { <dt><kbd>{key}</kbd></dt> <dd>{what}</dd> });
    view! {
        <Dialog title="Keys">
            <dl class="keys">{keys.collect_view()}</dl>
        </Dialog>
    }
}
