//! Where the person is on the page.

use crate::theme::Theme;
use crate::view::{Signal, Source, document, listen_to};
use std::cell::Cell;
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

thread_local! {
    static PRESENT: Cell<Option<Ui>> = const { Cell::new(None) };
}

/// The page's own signals, apart from what the node says. It is one word, which everything on the page holds; they live as
/// long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Ui(&'static Signals);

/// See [`Ui`].
pub(crate) struct Signals {
    /// What fills the middle.
    pub(crate) place: Source<Place>,
    /// The open dialog.
    pub(crate) overlay: Source<Option<Overlay>>,
    /// Light or dark.
    pub(crate) theme: Source<Theme>,
    /// Whom the person looks for.
    pub(crate) sought: Signal<String>,
    /// Whether anybody can see the page.
    pub(crate) is_visible: Source<bool>,
    /// What was typed and not sent.
    pub(crate) drafts: Source<Table<ConversationId, String>>,
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
        let ui = Self(Box::leak(Box::new(Signals {
            place: Source::new(Place::Home),
            overlay: Source::new(None),
            theme: Source::new(theme),
            sought: Signal::default(),
            is_visible: Source::new(!document().hidden()),
            drafts: Source::default(),
        })));
        listen_to(&document(), "visibilitychange", move |_| ui.is_visible.set(!document().hidden()));
        PRESENT.set(Some(ui));
        ui
    }

    /// The signals of this page.
    pub(crate) fn present() -> Self {
        PRESENT.get().expect("the page has begun")
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
