//! What a conversation on the page shares: the log and the composer change it.

use crate::state::typed;
use crate::ui::Ui;
use crate::view::{Signal, on_cleanup};
use std::sync::Arc;
use tertulia_proto::group::ConversationId;
use tertulia_proto::io::MessageView;
use web_sys::HtmlElement;

/// A conversation while it is shown.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    /// Which one.
    pub(super) id: ConversationId,
    /// The message that the composer replies to.
    pub(super) to: Signal<Option<Arc<MessageView>>>,
    /// The message that the composer gives other words.
    pub(super) edited: Signal<Option<Arc<MessageView>>>,
    /// What is in the composer.
    pub(super) text: Signal<String>,
    /// The composer's textbox, while there is one.
    pub(super) field: Signal<Option<HtmlElement>>,
    /// What was being written before an edit.
    before: Signal<String>,
}

impl Talk {
    /// The conversation with what was typed and not sent. What is not sent is kept when the person looks elsewhere.
    pub(super) fn new(ui: Ui, id: ConversationId) -> Self {
        let draft = ui.drafts.with_untracked(|drafts| drafts.get(&id).cloned()).unwrap_or_default();
        let (to, edited) = (Signal::new(None), Signal::new(None));
        let (text, before) = (Signal::new(draft), Signal::default());
        let talk = Self { id, to, edited, text, field: Signal::new(None), before };
        on_cleanup(move || talk.keep_draft(ui));
        talk
    }

    /// Has the composer reply to a message.
    pub(super) fn reply(self, message: Arc<MessageView>) {
        self.stop();
        self.to.set(Some(message));
        self.focus();
    }

    /// Has the composer give a message other words.
    pub(super) fn edit(self, message: Arc<MessageView>) {
        self.stop();
        self.before.set(self.text.get_untracked());
        self.text.set(typed(&message));
        self.edited.set(Some(message));
        self.focus();
    }

    /// Whether the composer is about a message.
    pub(super) fn is_about_one(self) -> bool {
        [self.to, self.edited].iter().any(|one| one.with_untracked(Option::is_some))
    }

    /// Has the composer say things again; what was being written before an edit comes back.
    pub(super) fn stop(self) {
        if self.edited.with_untracked(Option::is_some) {
            self.text.set(self.before.get_untracked());
        }
        self.to.set(None);
        self.edited.set(None);
    }

    /// Lets the person write.
    pub(super) fn focus(self) {
        self.field.get_untracked().into_iter().for_each(|field| drop(field.focus()));
    }

    fn keep_draft(self, ui: Ui) {
        let is_edited = self.edited.try_get_untracked().flatten().is_some();
        let draft = if is_edited { self.before } else { self.text };
        let draft = draft.try_get_untracked().unwrap_or_default();
        ui.drafts.update_untracked(|drafts| {
            if draft.is_empty() { drafts.remove(&self.id) } else { drafts.insert(self.id, draft) }
        });
    }
}
