//! The page's node: only this file and those beneath it give it commands. Its events are folded into signals, many at a time.

mod archive;
mod listing;
mod reading;
mod talk;

pub(crate) use talk::FOUND_MAX;

use crate::address;
use crate::letters::sentence;
use crate::mark;
use crate::state::{Feed, Follow, NoticeId, Offered, Seeking, Stale, State, Waiting, Way};
use crate::store::Store;
use crate::ui::{Overlay, Place, Ui};
use crate::view::{Signal, Source, at_next_frame, document, later};
use crate::when;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tertulia_proto::group::{ConversationId, ConversationKind, History};
use tertulia_proto::identity::{Name, NodeId};
use tertulia_proto::invite::InviteError;
use tertulia_proto::io::{Consent, Greeting, LinkId, Person, RequestId};
use tertulia_proto::rng::Rng;
use tertulia_proto::table::Table;
use tertulia_proto::{Command, Event, Identity, Invite, Node, Reply, ReplyCode};
use tertulia_webrtc::browser::{LinkStats, StartError, Tab, Waking};

/// Events that come within one frame are taken together: a burst of hundreds is one change of the page. A page
/// that paints no frames (a window that is covered) takes them after this long.
const BATCH: Duration = Duration::from_millis(50);
/// Whoever is writing tells it every three seconds.
const WRITING: Duration = Duration::from_secs(5);
/// Opening a link is many small steps of this thread's, with pauses that drawing the page anew would fill: it waits
/// until the link is usually open, too shortly to be seen.
const HEAD_START: Duration = Duration::from_millis(40);

thread_local! {
    /// The node's driver. The browser calls back into it, so that it stays on its thread.
    static TAB: RefCell<Option<Tab>> = const { RefCell::new(None) };
    static PRESENT: Cell<Option<Session>> = const { Cell::new(None) };
}

/// The running node and what is known of it. It is one word, which everything on the page holds; what it stands for lives
/// as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Session(&'static Known);

/// See [`Session`].
pub(crate) struct Known {
    /// What the page shows.
    pub(crate) state: Source<State>,
    /// The conversation in view.
    pub(crate) feed: Source<Feed>,
    /// Who we are.
    pub(crate) me: Source<Person>,
    /// What the browser says of each link's path.
    pub(crate) routes: Source<Table<LinkId, LinkStats>>,
    ui: Ui,
    store: Source<Store>,
    queue: Source<Queue>,
    reading: Source<Option<ConversationId>>,
    seeking: Source<Vec<Signal<Seeking>>>,
}

/// Events that wait for the next frame.
#[derive(Default)]
struct Queue {
    events: Vec<Event>,
    is_scheduled: bool,
}

/// Does `act`, which changes the page, once a link that was just asked for has had its head start.
pub(crate) fn after_head_start(act: impl FnOnce() + 'static) {
    later(HEAD_START, act);
}

/// Makes the identity of somebody called `name`.
pub(crate) fn new_identity(name: &str) -> Result<Identity, StartError> {
    let mut rng = Rng::new(Tab::seed()?);
    Ok(Identity::generate(&mut rng, &Name::cut(name), Tab::clock().as_millis()))
}

impl Deref for Session {
    type Target = Known;

    fn deref(&self) -> &Known {
        self.0
    }
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Session {
    /// Starts the node of this tab, and has `take` given it.
    pub(crate) fn start(
        identity: Identity,
        store: Store,
        ui: Ui,
        take: impl FnOnce(Result<Self, StartError>) + 'static,
    ) {
        let profile = identity.profile().name.clone();
        let me = Person { node: identity.node(), user: identity.account(), name: profile };
        let session = Self(Box::leak(Box::new(Known {
            state: Source::default(),
            feed: Source::default(),
            me: Source::new(me),
            routes: Source::default(),
            ui,
            store: Source::new(store),
            queue: Source::default(),
            reading: Source::default(),
            seeking: Source::default(),
        })));
        // A browser that shows nothing of what it kept keeps nothing either: one can talk anyway.
        let kept = identity.to_bytes();
        let waking = match Waking::new(identity) {
            Ok(waking) => waking,
            Err(why) => return take(Err(why)),
        };
        session.store.get_untracked().wake(waking, move |woken| {
            let (waking, storage) = match woken {
                Some((waking, storage)) => (Some(waking), Some(storage)),
                None => (Identity::from_bytes(&kept).and_then(|identity| Waking::new(identity).ok()), None),
            };
            let start = |waking| Tab::start(waking, storage, move |event| session.take(event));
            take(waking.map(|waking| session.begin(start(waking))).ok_or(StartError::NoRandomness));
        });
    }

    /// The session of this page. There is one as soon as anything of it is shown.
    pub(crate) fn present() -> Self {
        PRESENT.get().expect("the node runs")
    }

    fn begin(self, tab: Tab) -> Self {
        PRESENT.set(Some(self));
        TAB.set(Some(tab));
        self.keep_introducer();
        self.show_former();
        self
    }

    /// Shows what there was before.
    fn show_former(self) {
        let conversations = self.with_node(Node::conversations).unwrap_or_default();
        let messages = conversations.iter().map(|view| view.id).collect();
        self.refresh(&Stale { conversations: true, messages, people: true, peers: false });
    }

    /// Ends the node politely: what this browser keeps goes on with the next.
    pub(crate) fn quit(self) {
        self.with_tab(Tab::quit);
    }

    /// Shows a conversation.
    pub(crate) fn show(self, conversation: ConversationId) {
        // Whoever comes back begins with a page again.
        if self.ui.place.get_untracked() != Place::Conversation(conversation) {
            reading::forget();
            self.feed.set(Feed::of(conversation));
        }
        self.refresh(&Stale { messages: vec![conversation], ..Stale::default() });
        self.ui.place.set(Place::Conversation(conversation));
    }

    /// What a conversation is called here.
    pub(crate) fn name_of(self, conversation: ConversationId) -> String {
        self.state
            .with(|state| state.conversation(conversation).map(|view| view.name.clone()).unwrap_or_default())
    }

    /// Notes which conversation the person sees the end of, if any.
    pub(crate) fn reads(self, conversation: Option<ConversationId>) {
        self.reading.set(conversation);
        let Some(conversation) = conversation else { return };
        let unread = |state: &State| state.conversation(conversation).map_or(0, |view| view.unread);
        if self.state.with_untracked(unread) > 0 {
            self.mark_read(conversation);
            self.refresh(&Stale { conversations: true, ..Stale::default() });
        }
    }

    /// Follows the invite in the page's address, if there is one.
    pub(crate) fn follow_address(self) {
        if let Some(text) = address::fragment() {
            self.follow(&text);
        }
    }

    /// Asks the person whether to follow an invite, or says why it cannot be followed.
    pub(crate) fn follow(self, text: &str) {
        let Some(invite) = self.with_tab(|tab| Invite::parse(text, tab.now())) else { return };
        match invite {
            Ok(invite) if invite.node == self.me.with_untracked(|me| me.node) => {
                self.urge(
                    "This is an invite of your own.",
                    "Send it to the person whom you want to talk to.",
                );
                address::clear_fragment();
            }
            Ok(invite) => match self.already_in(&invite) {
                Some(conversation) => {
                    address::clear_fragment();
                    self.show(conversation);
                }
                None => self.ui.open(Overlay::Join(Arc::new(invite))),
            },
            Err(error) => {
                self.urge(&sentence(&format!("{error}.")), "");
                address::clear_fragment();
            }
        }
    }

    /// Follows an invite: asks for its conversation, or for a new one of `kind`.
    pub(crate) fn open(self, invite: &Invite, kind: ConversationKind, greeting: &str) -> Option<LinkId> {
        mark::set(mark::DIAL);
        let command = Command::Open {
            invite: Box::new(invite.clone()),
            kind: invite.conversation.is_none().then_some(kind),
            greeting: Greeting::cut(greeting),
        };
        let way = if invite.is_by_hand() { Way::ByHand(None) } else { Way::Direct };
        self.ask(command, invite.name.clone(), Name::default(), way)
    }

    /// Shows the private conversation with somebody known, or asks them for one.
    pub(crate) fn message(self, person: &Person) {
        match self.state.with_untracked(|state| state.private_with(person)) {
            Some(conversation) => self.show(conversation),
            None => self.connect(person, ConversationKind::Private, ""),
        }
    }

    /// Asks somebody known for a conversation.
    pub(crate) fn connect(self, person: &Person, kind: ConversationKind, name: &str) {
        let command = Command::Connect { node: person.node, kind: Some(kind), greeting: Greeting::default() };
        self.ask(command, person.name.clone(), Name::cut(name), Way::Direct);
    }

    /// Begins a conversation and shows it.
    pub(crate) fn create(self, kind: ConversationKind, name: &str, history: History) {
        let command = Command::Create { kind, name: Name::cut(name), history };
        if let Some(Reply::Conversation(id)) = self.run(command) {
            self.enter(id);
        }
    }

    /// The text of an invite that a linked native node helps to follow.
    pub(crate) fn invite(self, conversation: Option<ConversationId>, ticket: bool) -> Option<String> {
        let command = Command::Invite { conversation, ticket, expires_ms: None, by_hand: false };
        match self.run(command) {
            Some(Reply::Invite(invite)) => Some(invite.to_string()),
            _ => None,
        }
    }

    /// Prepares an invite by hand, unless one for the same purpose still waits for its reply. It will be found in
    /// [`State::offered`].
    pub(crate) fn offer(self, conversation: Option<ConversationId>, ticket: bool) {
        let now_ms = when::now_ms();
        let is_current = |offer: &Offered| {
            offer.invite.as_ref().and_then(|invite| invite.expires_ms).is_none_or(|end| end > now_ms)
        };
        self.state.update(|state| state.offers.retain(is_current));
        if self.state.with_untracked(|state| state.offered(conversation, ticket).is_some()) {
            return;
        }
        let command = Command::Invite { conversation, ticket, expires_ms: None, by_hand: true };
        if let Some(Reply::Opening { link, .. }) = self.run(command) {
            let offered = Offered { link, conversation, ticket, invite: None };
            self.state.update(|state| state.offers.push(offered));
        }
    }

    /// Finishes a link by hand; says what is wrong with the code if it cannot be used.
    pub(crate) fn complete(self, code: &str) -> Result<NodeId, String> {
        // Whoever was sent the code as a link, or pastes their own invite's, is told by what stands behind the `#`.
        let code = code.rsplit('#').next().unwrap_or_default();
        let reply = ReplyCode::parse(code).map_err(|error| match error {
            InviteError::NotAnInvite => {
                "This is not a reply code: copy all of what your friend's page shows.".into()
            }
            error => sentence(&format!("{error}.")),
        })?;
        let (node, offer) = (reply.node, reply.offer);
        let outcome = self.with_tab(|tab| tab.command(Command::Complete { reply: Box::new(reply) }));
        if let Some(Err(refusal)) = outcome {
            return Err(sentence(&format!("{refusal}.")));
        }
        let is_other = |offered: &Offered| {
            offered
                .invite
                .as_ref()
                .and_then(|invite| invite.offer.as_ref())
                .is_none_or(|made| made.id != offer)
        };
        self.state.update(|state| state.offers.retain(is_other));
        Ok(node)
    }

    /// Answers a request, and shows the conversation that comes of it.
    pub(crate) fn answer(self, request: RequestId, answer: Consent) {
        let reply = self.run(Command::Answer { request, answer });
        self.state.update(|state| state.requests.retain(|asked| asked.request != request));
        if let Some(Reply::Conversation(id)) = reply {
            self.enter(id);
        }
    }

    /// Takes the line above what was unread away.
    pub(crate) fn forget_line(self) {
        if self.feed.with_untracked(Feed::has_line) {
            self.feed.update(Feed::forget_line);
        }
    }

    /// Calls a conversation something, here only.
    pub(crate) fn rename(self, conversation: ConversationId, name: &str) {
        self.run(Command::Rename { conversation, name: Name::cut(name) });
        self.refresh(&Stale { conversations: true, ..Stale::default() });
    }

    /// Takes another name, and keeps it.
    pub(crate) fn set_name(self, name: &str) {
        if self.run(Command::SetName { name: Name::cut(name) }).is_none() {
            return;
        }
        let Some((me, bytes)) = self.with_node(|node| (node.me(), node.identity().to_bytes())) else {
            return;
        };
        self.me.set(me);
        self.store.get_untracked().keep_identity(&bytes, move |is_kept| {
            if is_kept {
                self.say("Your name was changed.");
            } else {
                self.urge(
                    "Your new name is used now, but this browser could not keep it.",
                    "Free some space for this site, then save the name again.",
                );
            }
        });
    }

    /// Whether this browser keeps who we are.
    pub(crate) fn is_kept(self) -> bool {
        self.store.with_untracked(Store::keeps)
    }

    /// Ends the node and forgets all of this profile, and has `then` told whether that was done. The page must be loaded
    /// anew then.
    pub(crate) fn erase(self, then: impl FnOnce(bool) + 'static) {
        self.run(Command::Quit);
        self.store.get_untracked().erase(then);
    }

    /// Tells the person something when there is time.
    pub(crate) fn say(self, text: &str) {
        self.state.update(|state| state.notices.quiet(text.to_owned()));
    }

    /// Tells the person something now, and what they can do.
    pub(crate) fn urge(self, text: &str, remedy: &str) {
        self.state.update(|state| state.notices.urgent(text.to_owned(), remedy.to_owned()));
    }

    /// Takes a notice away.
    pub(crate) fn dismiss(self, id: NoticeId) {
        self.state.update(|state| state.notices.dismiss(id));
    }

    /// Keeps a link to the node that served the page, which can then introduce us to others.
    fn keep_introducer(self) {
        let Some(text) = address::serving_node() else { return };
        match self.with_tab(|tab| Invite::parse(&text, tab.now())) {
            Some(Ok(invite)) => drop(self.run(Command::Introducer { invite: Box::new(invite) })),
            _ => self.urge(
                "The node that served this page did not say how to reach it.",
                "You can still talk by hand. Reload the page to try again.",
            ),
        }
    }

    fn already_in(self, invite: &Invite) -> Option<ConversationId> {
        let id = invite.conversation.as_ref()?.id;
        self.state.with_untracked(|state| state.conversation(id).filter(|view| view.open).map(|view| view.id))
    }

    fn ask(self, command: Command, to: Name, name: Name, way: Way) -> Option<LinkId> {
        match self.run(command)? {
            Reply::Opening { link, request } => {
                let waiting = request.map(|request| Waiting { request, link, to, name, way });
                // What the answer is looked for in is there at once, what shows it is drawn later.
                self.state.update_untracked(|state| state.waiting.extend(waiting));
                after_head_start(move || self.state.notify());
                Some(link)
            }
            Reply::Conversation(id) => {
                self.enter(id);
                None
            }
            _ => None,
        }
    }

    fn enter(self, conversation: ConversationId) {
        self.refresh(&Stale { conversations: true, ..Stale::default() });
        self.ui.close();
        self.show(conversation);
    }

    fn mark_read(self, conversation: ConversationId) {
        // A conversation that is gone has nothing to be read.
        let _ = self.with_tab(|tab| tab.command(Command::Read { conversation }));
        self.feed.update_untracked(Feed::seen);
    }

    /// Gives a command; a refusal is told.
    fn run(self, command: Command) -> Option<Reply> {
        match self.with_tab(|tab| tab.command(command))? {
            Ok(reply) => Some(reply),
            Err(refusal) => {
                self.urge(&sentence(&format!("{refusal}.")), &sentence(&format!("{}.", refusal.unchanged())));
                None
            }
        }
    }

    fn with_tab<T>(self, f: impl FnOnce(&Tab) -> T) -> Option<T> {
        // Cloned, so that an event within a command may come back here.
        let tab = TAB.with_borrow(Clone::clone);
        tab.as_ref().map(f)
    }

    fn with_node<T>(self, f: impl FnOnce(&Node) -> T) -> Option<T> {
        self.with_tab(|tab| tab.with(f))
    }

    /// Takes one event of the node's; all of a frame are folded together.
    fn take(self, event: Event) {
        if matches!(event, Event::LinkOpened { .. }) {
            mark::set(mark::LINKED);
        }
        let was_scheduled = self.queue.update_untracked(|queue| {
            queue.events.push(event);
            std::mem::replace(&mut queue.is_scheduled, true)
        });
        if !was_scheduled {
            // A hidden page paints no frames, and a covered one may not: whichever comes first.
            at_next_frame(move || self.fold());
            let hidden = document().hidden();
            later(if hidden { Duration::ZERO } else { BATCH }, move || self.fold());
        }
    }

    fn fold(self) {
        let events = self.queue.update_untracked(|queue| {
            queue.is_scheduled = false;
            std::mem::take(&mut queue.events)
        });
        if events.is_empty() {
            return;
        }
        let (mut stale, mut follows) = (Stale::default(), Vec::new());
        self.state.update_untracked(|state| {
            follows.extend(events.into_iter().filter_map(|event| state.fold(event, &mut stale)));
        });
        if let Some(read) = self.reading.get_untracked().filter(|read| stale.messages.contains(read)) {
            self.mark_read(read);
        }
        self.refresh(&stale);
        follows.into_iter().for_each(|follow| self.go_on(follow));
    }

    fn go_on(self, follow: Follow) {
        match follow {
            Follow::Enter(conversation, name) => {
                if !name.as_str().is_empty() {
                    self.rename(conversation, name.as_str());
                }
                self.enter(conversation);
            }
            Follow::Show(search, people, is_over) => self.show_found(search, &people, is_over),
            Follow::Forget(writer) => {
                later(WRITING, move || self.state.update(|state| state.forget_writer(&writer)));
            }
        }
    }
}
