//! Where messages are written.

use super::commands::{Commands, command_list};
use super::controls::{button, submit};
use super::talk::Talk;
use crate::command::{Typed, parse};
use crate::session::Session;
use crate::state::{State, beginning};
use crate::ui::{Overlay, Place, Ui};
use crate::view::{Element, Signal, View, dynamic, effect, el, nothing, on_cleanup, window};
use std::sync::Arc;
use tertulia_proto::io::MessageView;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

/// Lines that the textbox grows to where the style sheet cannot make it fit its content.
const LINES_MAX: usize = 8;

/// What the composer works with.
#[derive(Clone, Copy)]
struct Composer {
    session: Session,
    ui: Ui,
    talk: Talk,
    commands: Commands,
    trouble: Signal<String>,
}

/// The textbox `Message` and its button, and above them who else is writing.
pub(super) fn composer(talk: Talk) -> Element {
    let (session, ui) = (Session::present(), Ui::present());
    let trouble = Signal::new(String::new());
    let composer = Composer { session, ui, talk, commands: Commands::of(talk.text), trouble };
    let field = message_field(composer);
    talk.field.set(Some(field.node()));
    on_cleanup(move || talk.field.set(None));
    focus_unless_touched(ui, talk);
    let on_key = move |event: Event| {
        if composer.press(event.unchecked_ref()) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    el("form")
        .class("composer")
        .on_submit(move || composer.send())
        .child(writing(session, talk))
        .child(purpose_bar(talk, talk.to, "Replying to "))
        .child(purpose_bar(talk, talk.edited, "Editing"))
        .child(el("p").class("trouble").attr("role", "alert").text_of(move || trouble.get()))
        .child(command_list(composer.commands, move |name| composer.complete(name)))
        .child(field.on("keydown", on_key))
        .child(submit("Send").class("primary"))
}

impl Composer {
    /// Whether the key was one of the composer's.
    fn press(self, event: &KeyboardEvent) -> bool {
        // Enter also ends the choice of a character in Chinese, Japanese and Korean input: that sends nothing.
        if event.is_composing() || event.alt_key() {
            return false;
        }
        let chosen = self.commands.chosen();
        match (event.key().as_str(), chosen) {
            ("Enter" | "Tab", Some(name)) if !event.shift_key() => self.complete(name),
            ("ArrowDown", Some(_)) => self.commands.walk(1),
            ("ArrowUp", Some(_)) => self.commands.walk(-1),
            ("Escape", Some(_)) => self.commands.close(true),
            ("Enter", None) if !event.shift_key() => self.send(),
            ("Escape", None) if self.talk.is_about_one() => {
                self.talk.stop();
            }
            ("ArrowUp", None) if self.talk.text.with_untracked(String::is_empty) => return self.edit_last(),
            _ => return false,
        }
        true
    }

    fn edit_last(self) -> bool {
        let last = self.session.last_own(self.talk.id);
        let is_one = last.is_some();
        last.into_iter().for_each(|last| self.talk.edit(Arc::new(last)));
        is_one
    }

    fn complete(self, name: &str) {
        self.talk.text.set([name, " "].concat());
        self.talk.focus();
    }

    fn send(self) {
        let said = self.talk.text.get_untracked();
        if said.trim().is_empty() {
            return;
        }
        let done = match parse(&said) {
            Typed::Words => self.say(said.trim_end()),
            Typed::Command(name, rest) => self.obey(name, rest),
            Typed::Unknown(name) => Err([
                "There is no command ",
                name,
                ": /help lists those there are. To say this, put a space before it.",
            ]
            .concat()),
        };
        if done.is_ok() {
            self.talk.text.set(String::new());
            self.talk.stop();
            self.talk.focus();
        }
        self.trouble.set(done.err().unwrap_or_default());
    }

    fn say(self, text: &str) -> Result<(), String> {
        let (to, edited) = (self.talk.to.get_untracked(), self.talk.edited.get_untracked());
        match edited {
            Some(message) => self.session.edit(self.talk.id, message.id, text),
            None => self.session.send(self.talk.id, text, to.map(|to| to.id)),
        }
    }

    fn obey(self, command: &str, rest: &str) -> Result<(), String> {
        let Self { session, ui, talk, .. } = self;
        match command {
            "/nick" if !rest.is_empty() => session.set_name(rest),
            "/away" | "/back" => session.set_away(command == "/away"),
            "/search" if !rest.is_empty() => {
                ui.sought.set(rest.to_owned());
                ui.place.set(Place::People);
            }
            "/invite" => ui.open(Overlay::Invite(Some(talk.id))),
            "/leave" => ui.open(Overlay::Leave(talk.id)),
            "/help" => ui.open(Overlay::Keys),
            _ => return Err(["Put some words behind ", command, "."].concat()),
        }
        Ok(())
    }

    fn on_input(self) {
        self.commands.close(false);
        self.trouble.set(String::new());
        let says = |text: &String| !text.is_empty() && parse(text) == Typed::Words;
        if self.talk.text.with_untracked(says) {
            self.session.type_in(self.talk.id);
        }
    }
}

/// Says which message the composer is about, when it is about one. A name follows the words that do not stand alone.
fn purpose_bar(talk: Talk, message: Signal<Option<Arc<MessageView>>>, words: &'static str) -> View {
    let draw = move |message: &Arc<MessageView>| {
        let name = if words.ends_with(' ') { message.name.as_str() } else { "" };
        let stop = move || {
            talk.stop();
            talk.focus();
        };
        el("div")
            .class("purpose")
            .child(el("p").attr("role", "status").text(words).child(el("bdi").text(name)))
            .child(el("p").class("excerpt").attr("dir", "auto").text(&beginning(message)))
            .child(button("Cancel", stop).class("quiet").attr("type", "button"))
            .into()
    };
    dynamic(move || message.get(), move |message| message.as_ref().map_or_else(nothing, draw))
}

/// Who is writing. The line has its place whether anybody is or not.
fn writing(session: Session, talk: Talk) -> Element {
    let writers = move |state: &State| state.conversation(talk.id).map(|view| state.writing_in(view));
    el("p")
        .class("writing")
        .attr("role", "status")
        .attr("dir", "auto")
        .text_of(move || session.state.with(writers).unwrap_or_default())
}

fn message_field(composer: Composer) -> Element {
    let text = composer.talk.text;
    let lines = move || text.with(|text| text.split('\n').count().clamp(1, LINES_MAX).to_string());
    let field = el("textarea")
        .attr("aria-label", "Message")
        .attr("placeholder", "Write a message")
        .attr("dir", "auto")
        .attr("enterkeyhint", "send")
        .attr_of("rows", lines)
        .bind(text)
        .on("input", move |_| composer.on_input());
    composer.commands.describe(field)
}

/// A finger on the list of conversations wants to read: on a touch screen the keyboard stays down.
fn focus_unless_touched(ui: Ui, talk: Talk) {
    effect(move || {
        if has_fine_pointer() && ui.overlay.with_untracked(Option::is_none) {
            talk.focus();
        }
    });
}

fn has_fine_pointer() -> bool {
    window().match_media("(pointer: fine)").ok().flatten().is_some_and(|query| query.matches())
}
