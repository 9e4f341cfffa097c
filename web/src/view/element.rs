//! Elements and what they have.

use super::event::listen_while_owned;
use super::{Signal, View, append, document, effect, value_of};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlInputElement, Node};

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element of the page in the making.
pub(crate) struct Element(web_sys::Element);

/// An element of HTML.
pub(crate) fn el(tag: &str) -> Element {
    Element(document().create_element(tag).expect_throw("a legal name"))
}

/// An element of SVG.
pub(crate) fn svg(tag: &str) -> Element {
    Element(document().create_element_ns(Some(SVG), tag).expect_throw("a legal name"))
}

impl Element {
    /// Gives it an attribute.
    pub(crate) fn attr(self, name: &str, value: &str) -> Self {
        // The names that stand in our own source are legal.
        let _ = self.0.set_attribute(name, value);
        self
    }

    /// Gives it an attribute that follows what `read` reads.
    pub(crate) fn attr_of(self, name: &'static str, read: impl Fn() -> String + Send + 'static) -> Self {
        self.follow_attr(name, Box::new(read))
    }

    /// Gives it an attribute while `is_on` holds.
    pub(crate) fn attr_while(
        self,
        name: &'static str,
        value: &'static str,
        is_on: impl Fn() -> bool + Send + 'static,
    ) -> Self {
        self.toggle_attr(name, value, Box::new(is_on))
    }

    /// Gives it its classes.
    pub(crate) fn class(self, names: &str) -> Self {
        self.attr("class", names)
    }

    /// Gives it another class while `is_on` holds.
    pub(crate) fn class_while(self, name: &'static str, is_on: impl Fn() -> bool + Send + 'static) -> Self {
        self.toggle_class(name, Box::new(is_on))
    }

    /// Makes the value of a field follow what `read` reads.
    pub(crate) fn value(self, read: impl Fn() -> String + Send + 'static) -> Self {
        self.follow_value(Box::new(read))
    }

    /// Makes a box or a radio button be checked while `is_on` holds.
    pub(crate) fn checked_while(self, is_on: impl Fn() -> bool + Send + 'static) -> Self {
        self.toggle_check(Box::new(is_on))
    }

    /// Makes the value of a field and a signal follow each other.
    pub(crate) fn bind(self, words: Signal<String>) -> Self {
        self.value(move || words.get()).on("input", move |event| words.set(value_of(&event)))
    }

    /// Makes a box and a signal follow each other.
    pub(crate) fn bind_checked(self, is_on: Signal<bool>) -> Self {
        let field: HtmlInputElement = self.node();
        self.checked_while(move || is_on.get()).on("change", move |_| is_on.set(field.checked()))
    }

    /// Puts something into it, behind what is in it.
    pub(crate) fn child(self, child: impl Into<View>) -> Self {
        append(&self.0, &child.into());
        self
    }

    /// Puts something into it later.
    pub(crate) fn append(&self, child: impl Into<View>) {
        append(&self.0, &child.into());
    }

    /// Puts some things into it, as many as there are.
    pub(crate) fn children<V: Into<View>>(self, children: impl IntoIterator<Item = V>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Puts a text into it.
    pub(crate) fn text(self, words: &str) -> Self {
        self.child(words)
    }

    /// Puts a text into it that follows what `read` reads.
    pub(crate) fn text_of(self, read: impl Fn() -> String + Send + 'static) -> Self {
        self.child(super::text(read))
    }

    /// Does `act` at every event of this name.
    pub(crate) fn on(self, name: &'static str, act: impl Fn(Event) + 'static) -> Self {
        listen_while_owned(self.node(), name, Box::new(act));
        self
    }

    /// Does `act` when it is pressed.
    pub(crate) fn on_press(self, act: impl Fn() + 'static) -> Self {
        self.press(Box::new(act))
    }

    fn press(self, act: Box<dyn Fn()>) -> Self {
        self.on("click", move |_| act())
    }

    /// Does `act` when a form is sent, instead of what the browser would.
    pub(crate) fn on_submit(self, act: impl Fn() + 'static) -> Self {
        self.send(Box::new(act))
    }

    fn send(self, act: Box<dyn Fn()>) -> Self {
        self.on("submit", move |event| {
            event.prevent_default();
            act();
        })
    }

    // What follows has no type parameters: whatever stands in a function that has some, closures included, is made
    // once for each use of it.

    fn follow_attr(self, name: &'static str, read: Box<dyn Fn() -> String + Send>) -> Self {
        let element = self.0.clone();
        let write = move |value: &str| drop(element.set_attribute(name, value));
        effect::follow_words(read, Box::new(write));
        self
    }

    fn follow_value(self, read: Box<dyn Fn() -> String + Send>) -> Self {
        let field: HtmlInputElement = self.node();
        effect::follow(Box::new(move || {
            let value = read();
            // What was typed since is in the field only. To set what it holds already would move the cursor in some
            // browsers.
            if field.value() != value {
                field.set_value(&value);
            }
        }));
        self
    }

    fn toggle_attr(
        self,
        name: &'static str,
        value: &'static str,
        is_on: Box<dyn Fn() -> bool + Send>,
    ) -> Self {
        let element = self.0.clone();
        let write = move |is_on| {
            drop(if is_on { element.set_attribute(name, value) } else { element.remove_attribute(name) });
        };
        effect::follow_flag(is_on, Box::new(write));
        self
    }

    fn toggle_class(self, name: &'static str, is_on: Box<dyn Fn() -> bool + Send>) -> Self {
        let classes = self.0.class_list();
        effect::follow_flag(is_on, Box::new(move |is_on| drop(classes.toggle_with_force(name, is_on))));
        self
    }

    fn toggle_check(self, is_on: Box<dyn Fn() -> bool + Send>) -> Self {
        let field: HtmlInputElement = self.node();
        effect::follow(Box::new(move || field.set_checked(is_on())));
        self
    }

    /// What the browser knows it as.
    pub(crate) fn node<T: JsCast>(&self) -> T {
        self.0.clone().unchecked_into()
    }

    pub(super) fn into_node(self) -> Node {
        self.0.into()
    }
}
