//! Light, dark, or as the system says.

use crate::view::{document, window};

const KEY: &str = "tertulia.theme";

/// Which tokens the style sheet takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All, in the order of the settings.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// What was chosen in this browser.
    pub(crate) fn kept() -> Self {
        let storage = window().local_storage().ok().flatten();
        let word = storage.and_then(|storage| storage.get_item(KEY).ok().flatten());
        Self::ALL.into_iter().find(|theme| Some(theme.word()) == word.as_deref()).unwrap_or_default()
    }

    /// Takes effect now.
    pub(crate) fn apply(self) {
        if let Some(root) = document().document_element() {
            // Setting an attribute of a legal name does not fail.
            let _ = root.set_attribute("data-theme", self.word());
        }
    }

    /// Remembers the choice. A browser that keeps nothing asks the system again next time.
    pub(crate) fn keep(self) {
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = storage.set_item(KEY, self.word());
        }
    }

    /// Its name on the page.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Forgets the choice.
pub(crate) fn forget() {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.remove_item(KEY);
    }
}
