//! Where the person is on the page.

use crate::theme::Theme;
use crate::view::listen_to;
use leptos::prelude::*;
use std::ops::Deref;
use std::sync::Arc;
use tertulia_proto::Invite;
use tertulia_proto::group::{ConversationId, OpId};
use tertulia_proto::io::{LinkId, RequestId};
use tertulia_proto::table::Table;

/// What fills the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What to do first.
    Home,
    /// A conversation.
    Conversation(ConversationId),
    /// Everybody known.
    People,
    /// The links.
    Network,
    /// The settings.
    Settings,
}

impl Place {
    /// The word that the style sheet knows it by.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Conversation(_) => "conversation",
            Self::People => "people",
            Self::Network => "network",
            Self::Settings => "settings",
        }
    }
}

/// The dialog that is open. There is one at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Overlay {
    /// Begin a conversation.
    New,
    /// Invite somebody: into a conversation, or to talk at all.
    Invite(Option<ConversationId>),
    /// Follow an invite.
    Join(Arc<Invite>),
    /// Hand back the reply code of this link.
    Reply(LinkId),
    /// Name a conversation.
    Rename(ConversationId),
    /// Find what was said: everywhere, or in a conversation.
    Search(Option<ConversationId>),
    /// Go to a conversation by typing its name.
    Switch,
    /// The keys.
    Keys,
    /// Forget everything.
    Erase,
    /// Leave a conversation.
    Leave(ConversationId),
    /// Drop all of a conversation.
    Forget(ConversationId),
    /// Take a message back.
    Delete(ConversationId, OpId),
    /// Leave a message with the answering machine that answered this request.
    LeaveMessage(RequestId),
}

/// The page's own signals, apart from what the node says. It is one word, which everything on the page holds; they live as
/// long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Ui(&'static Signals);

/// See [`Ui`].
pub(crate) struct Signals {
    /// What fills the middle.
    pub(crate) place: RwSignal<Place>,
    /// The open dialog.
    pub(crate) overlay: RwSignal<Option<Overlay>>,
    /// Light or dark.
    pub(crate) theme: RwSignal<Theme>,
    /// Whom the person looks for.
    pub(crate) sought: RwSignal<String>,
    /// Whether anybody can see the page.
    pub(crate) is_visible: RwSignal<bool>,
    /// What was typed and not sent.
    pub(crate) drafts: StoredValue<Table<ConversationId, String>>,
}

impl Deref for Ui {
    type Target = Signals;

    fn deref(&self) -> &Signals {
        self.0
    }
}

impl Ui {
    /// The page at its start.
    pub(crate) fn new() -> Self {
        let theme = Theme::kept();
        theme.apply();
        let is_visible = RwSignal::new(!document().hidden());
        listen_to(&document(), "visibilitychange", move |_| is_visible.set(!document().hidden()));
        Self(Box::leak(Box::new(Signals {
            place: RwSignal::new(Place::Home),
            overlay: RwSignal::new(None),
            theme: RwSignal::new(theme),
            sought: RwSignal::default(),
            is_visible,
            drafts: StoredValue::default(),
        })))
    }

    /// Opens a dialog in place of any other.
    pub(crate) fn open(self, overlay: Overlay) {
        self.overlay.set(Some(overlay));
    }

    /// Closes the dialog.
    pub(crate) fn close(self) {
        self.overlay.set(None);
    }
}
