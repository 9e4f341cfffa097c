//! The commands that complete what is typed behind a slash.

use crate::command::completions;
use crate::view::{Element, Signal, View, each, el, key_of, when};

/// The commands that may be meant, and the chosen one.
#[derive(Clone, Copy)]
pub(super) struct Commands {
    text: Signal<String>,
    /// The one that was walked to.
    chosen: Signal<String>,
    /// Whether the person wants none for what is typed now.
    is_closed: Signal<bool>,
}

impl Commands {
    /// Those that complete `text`.
    pub(super) fn of(text: Signal<String>) -> Self {
        Self { text, chosen: Signal::default(), is_closed: Signal::default() }
    }

    /// The chosen one, if there are any.
    pub(super) fn chosen(self) -> Option<&'static str> {
        let found = self.found();
        found.get(self.place(&found)).map(|(name, _)| *name)
    }

    /// Chooses another.
    pub(super) fn walk(self, by: isize) {
        let found = self.found();
        if let Some((name, _)) = found.get(self.place(&found).saturating_add_signed(by)) {
            self.chosen.set((*name).to_owned());
        }
    }

    /// Shows them no more until more is typed.
    pub(super) fn close(self, is_closed: bool) {
        self.is_closed.set(is_closed);
    }

    /// Tells who cannot see the list of it.
    pub(super) fn describe(self, field: Element) -> Element {
        let chosen = move || self.chosen().map(id_of).unwrap_or_default();
        field.attr("aria-autocomplete", "list").attr_of("aria-activedescendant", chosen)
    }

    fn found(self) -> Vec<(&'static str, &'static str)> {
        if self.is_closed.get() { Vec::new() } else { self.text.with(|text| completions(text)) }
    }

    fn place(self, found: &[(&str, &str)]) -> usize {
        self.chosen.with(|chosen| found.iter().position(|(name, _)| name == chosen).unwrap_or(0))
    }
}

/// The list `Commands`, while there are any.
pub(super) fn command_list(commands: Commands, complete: impl Fn(&str) + Copy + Send + 'static) -> View {
    when(
        move || commands.chosen().is_some(),
        move || {
            let row = move |(name, what): &(&'static str, &str)| {
                let name = *name;
                el("li")
                    .attr("role", "option")
                    .attr("id", &id_of(name))
                    .attr_of("aria-selected", move || (commands.chosen() == Some(name)).to_string())
                    // The textbox keeps the focus.
                    .on("pointerdown", |event| event.prevent_default())
                    .on_press(move || complete(name))
                    .child(el("b").text(name))
                    .child(el("span").text(what))
            };
            el("ul").class("commands").attr("role", "listbox").attr("aria-label", "Commands").child(each(
                move || commands.found(),
                |(name, _)| key_of(&[], name.as_bytes()),
                row,
            ))
        },
    )
}

fn id_of(name: &str) -> String {
    ["command-", &name[1..]].concat()
}
