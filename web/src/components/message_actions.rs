//! What can be done with a message: one bar for all of a log, which stands at the message that it is about.

use super::controls::{button, submit};
use super::message::Log;
use crate::ui::{Overlay, Ui};
use crate::view::{Element, Signal, View, at_next_frame, document, dynamic, el, value_of, when};
use std::sync::Arc;
use tertulia_proto::io::{EMOJI_MAX, MessageView};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent, Node};

/// What most want to say without words.
const EMOJI: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/// The bar and what it is about.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    log: Log,
    ui: Ui,
    about: Signal<Option<Arc<MessageView>>>,
    is_reacting: Signal<bool>,
    bar: Signal<Option<HtmlElement>>,
}

impl Actions {
    /// The bar of a log. It stands nowhere at first.
    pub(super) fn of(log: Log, ui: Ui) -> Self {
        let (about, is_reacting) = (Signal::new(None), Signal::new(false));
        let actions = Self { log, ui, about, is_reacting, bar: Signal::new(None) };
        let bar =
            el("div").class("message-bar").attr("role", "group").attr("aria-label", "Message actions").child(
                dynamic(
                    move || about.get(),
                    move |about| about.as_ref().map_or_else(|| "".into(), |message| actions.draw(message)),
                ),
            );
        actions.bar.set(Some(bar.node()));
        actions
    }

    /// Has the rows' buttons `Actions` open and close it, and walks among them with the arrow keys.
    pub(super) fn listen(self, rows: Element) -> Element {
        rows.on("click", move |event| {
            if let Some(more) = more_of(&event) {
                self.toggle(&more);
            }
        })
        .on("keydown", move |event| {
            if self.press(event.unchecked_ref()) {
                event.prevent_default();
                event.stop_propagation();
            }
        })
        .on("focusout", move |_| self.close_when_left())
    }

    fn draw(self, message: &Arc<MessageView>) -> View {
        let Self { ui, is_reacting, log: Log { talk, .. }, .. } = self;
        let (id, to_reply, to_edit) = (message.id, message.clone(), message.clone());
        let react = button("React", move || is_reacting.update(|is_on| *is_on = !*is_on))
            .attr_of("aria-expanded", move || is_reacting.get().to_string());
        let reply = self.action("Reply", move || talk.reply(to_reply.clone()));
        let own = message.state.is_some().then(|| {
            let delete = self.action("Delete", move || ui.open(Overlay::Delete(talk.id, id)));
            [self.action("Edit", move || talk.edit(to_edit.clone())), delete.class("danger")]
        });
        let buttons = [react, reply].into_iter().chain(own.into_iter().flatten());
        let about = message.clone();
        let emoji = when(move || is_reacting.get(), move || self.emoji(about.clone()));
        el("div").child(emoji).child(el("div").class("bar").children(buttons)).into()
    }

    /// A button that does something and closes the bar.
    fn action(self, name: &str, act: impl Fn() + 'static) -> Element {
        button(name, move || {
            self.close();
            act();
        })
    }

    fn emoji(self, message: Arc<MessageView>) -> Element {
        let Log { session, talk, .. } = self.log;
        let (id, other) = (message.id, Signal::new(String::new()));
        let react = move |emoji: &str| {
            self.close();
            let is_mine = message.reactions.iter().any(|one| one.mine && one.emoji == emoji);
            session.react(talk.id, id, emoji, !is_mine);
        };
        let choices = EMOJI.map(|emoji| {
            let react = react.clone();
            button(emoji, move || react(emoji))
        });
        let field = el("input")
            .attr("type", "text")
            .attr("aria-label", "Another reaction")
            .attr("placeholder", "Another")
            .attr("maxlength", &EMOJI_MAX.to_string())
            .on("input", move |event| other.set(value_of(&event)));
        let form = el("form")
            .on_submit(move || react(other.get_untracked().trim()))
            .child(field)
            .child(submit("Add"));
        el("div").class("bar").children(choices).child(form)
    }

    fn toggle(self, more: &HtmlElement) {
        let Some(article) = more.parent_element() else { return };
        let is_here = more.get_attribute("aria-expanded").as_deref() == Some("true");
        self.close();
        let about = self.log.marks.with_untracked(|marks| {
            let is_it =
                |mark: &&super::message::Mark| mark.article.as_ref().is_some_and(|one| **one == article);
            marks.values().find(is_it).map(|mark| mark.shown.with_untracked(|shown| shown.message.clone()))
        });
        if let (false, Some(about), Some(bar)) = (is_here, about, self.bar.get_untracked()) {
            // Both stand in the document or can: nothing else makes these fail.
            let _ = more.set_attribute("aria-expanded", "true");
            let _ = article.append_child(&bar);
            self.about.set(Some(about));
            at_next_frame(move || focus(&bar, "button"));
        }
    }

    /// Closes the bar; the focus goes back to what opened it.
    fn close(self) {
        let Some(bar) = self.bar.get_untracked() else { return };
        if let Some(article) = bar.parent_element() {
            let had_focus = self.has_focus();
            if let Ok(Some(more)) = article.query_selector(".more") {
                let _ = more.set_attribute("aria-expanded", "false");
            }
            bar.remove();
            if had_focus {
                focus(&article, ".more");
            }
        }
        self.about.set(None);
        self.is_reacting.set(false);
    }

    fn has_focus(self) -> bool {
        let bar = self.bar.get_untracked();
        bar.is_some_and(|bar| bar.contains(document().active_element().as_deref()))
    }

    /// Closes the bar when the focus has gone elsewhere than to what opened it.
    fn close_when_left(self) {
        at_next_frame(move || {
            let is_near = || {
                let article = self.bar.try_get_untracked().flatten().and_then(|bar| bar.parent_element());
                article.is_none_or(|article| article.contains(document().active_element().as_deref()))
            };
            if self.about.try_get_untracked().flatten().is_some() && !is_near() {
                self.close();
            }
        });
    }

    /// Whether the key was one of the rows'.
    fn press(self, event: &KeyboardEvent) -> bool {
        let step: isize = match event.key().as_str() {
            "Escape" if self.about.with_untracked(Option::is_some) => {
                self.close();
                return true;
            }
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            _ => return false,
        };
        more_of(event).is_some_and(|more| walk(&more, step))
    }
}

/// The button `Actions` that an event is about.
fn more_of(event: &Event) -> Option<HtmlElement> {
    let target: HtmlElement = event.target()?.dyn_into().ok()?;
    target.class_list().contains("more").then_some(target)
}

/// Goes on to the next message in this direction that something can be done with.
fn walk(more: &HtmlElement, step: isize) -> bool {
    let next = |node: &Node| if step < 0 { node.previous_sibling() } else { node.next_sibling() };
    let mut node = more.parent_node().and_then(|article| next(&article));
    while let Some(here) = node {
        let found =
            here.dyn_ref::<web_sys::Element>().and_then(|row| row.query_selector(".more").ok().flatten());
        if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            // What is not shown takes no focus.
            let _ = found.focus();
            if document().active_element().as_deref() == Some(&*found) {
                return true;
            }
        }
        node = next(&here);
    }
    false
}

fn focus(within: &web_sys::Element, selector: &str) {
    let found = within.query_selector(selector).ok().flatten();
    found
        .and_then(|found| found.dyn_into::<HtmlElement>().ok())
        .into_iter()
        .for_each(|found| drop(found.focus()));
}
