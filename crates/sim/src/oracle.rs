//! What must hold: safety at all times, agreement after a while without faults.
//!
//! Two that know nothing of each other watch. The [`Chronicle`] knows conversations only as people do: when somebody says
//! something it notes which messages that node had shown by then; these are the message's causes, whatever the operations
//! say, and no view may show an effect before its cause. The [`Model`] is the paper's group, made of the operations that
//! the drivers have committed.

mod chronicle;
mod model;

use crate::place::Seat;
use crate::world::World;
use chronicle::Chronicle;
use model::Model;
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::wire::cbor;
use tertulia_proto::wire::{Digest, Frame, HeadsDigest};
use tertulia_proto::{Command, ConversationId, Duration, Event, Instant, NodeId, OpId};

/// The number of a PING's kind on the wire.
const PING: u32 = 2;
/// How often everything is checked at most while time passes, whether it changed or not.
const WHOLE_INTERVAL: Duration = Duration::from_secs(10);
/// How often what changed is checked at most.
const NEWS_INTERVAL: Duration = Duration::from_millis(200);

/// Those who watch, and what they have looked at.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) chronicle: Chronicle,
    pub(crate) model: Model,
    /// Views that have changed since they were checked.
    news: BTreeSet<(Seat, ConversationId)>,
    news_at: Instant,
    whole_at: Instant,
    /// How often each view has changed, and what its last PING said of it at which of these counts.
    changes: BTreeMap<(Seat, ConversationId), u64>,
    hashed: BTreeMap<(Seat, ConversationId), (HeadsDigest, u64)>,
    /// Who asks with each request that a person was told of.
    askers: BTreeMap<(Seat, RequestId), NodeId>,
    /// Conversations in which newcomers are not shown the past: equal heads do not make equal views of messages.
    pub(crate) from_admission: BTreeSet<ConversationId>,
    /// Seats whose stores were tampered with: what follows from them, the model cannot know.
    tampered: BTreeSet<Seat>,
}

impl Oracle {
    /// A view changes.
    fn change(&mut self, seat: Seat, at: ConversationId) {
        self.news.insert((seat, at));
        *self.changes.entry((seat, at)).or_default() += 1;
    }
}

// What it is told.
impl World {
    /// A person is told of something.
    pub(crate) fn witness_event(&mut self, seat: Seat, event: &Event) {
        if let Event::Request { request, from, .. } = event {
            self.oracle.askers.insert((seat, *request), from.node);
        }
        let (Event::Message { conversation, .. }
        | Event::MessageChanged { conversation, .. }
        | Event::ConversationOpened { conversation }
        | Event::ConversationChanged { conversation }
        | Event::ConversationEnded { conversation }) = event
        else {
            return;
        };
        self.oracle.change(seat, *conversation);
        if let Event::Message { conversation, message } = event {
            let who = (seat, self.id(seat));
            if let Err(what) = self.oracle.chronicle.heard(self.now, who, *conversation, *message) {
                self.fail(&format!("{what}, at {seat:?} in {conversation:?}"));
            }
        }
    }

    /// A person gives their word with a command, if they do.
    pub(crate) fn witness_word(&mut self, seat: Seat, command: &Command) {
        let me = self.id(seat);
        let (newcomer, into) = match command {
            Command::Invite { conversation, ticket: true, .. } => (None, *conversation),
            Command::Answer { request, answer } => {
                let into = match answer {
                    Consent::Into(conversation) => Some(*conversation),
                    Consent::New(_) => None,
                    Consent::No | Consent::AnsweringMachine => return,
                };
                let Some(newcomer) = self.oracle.askers.get(&(seat, *request)) else { return };
                (Some(*newcomer), into)
            }
            _ => return,
        };
        self.oracle.model.on_word(me, newcomer, into);
    }

    /// A driver commits a record.
    pub(crate) fn witness_record(&mut self, seat: Seat, key: &[u8], value: Option<&[u8]>) {
        let Some((conversation, id)) = tertulia_proto::store::kept_operation(key) else { return };
        if !self.oracle.model.knows(&id)
            && let Some(operation) = value.and_then(cbor::decode)
            && let Err(what) = self.oracle.model.learn(operation)
        {
            self.fail(&format!("{what}, at {seat:?} in {conversation:?}"));
        }
        match value {
            Some(_) => self.oracle.model.commit(seat, &id),
            None => self.oracle.model.remove(seat, &id),
        }
        self.oracle.change(seat, conversation);
    }

    /// A node begins a life with what its driver had committed.
    pub(crate) fn witness_start(&mut self, seat: Seat) {
        self.oracle.model.begin_life(seat);
        let records = std::mem::take(&mut self.places[seat.0].records);
        for (key, value) in &records {
            self.witness_record(seat, key, Some(value));
        }
        self.places[seat.0].records = records;
    }

    /// A node has lost its store.
    pub(crate) fn witness_loss(&mut self, seat: Seat) {
        let node = self.places[seat.0].id;
        self.oracle.chronicle.forget(seat, node);
        self.oracle.model.forget(node);
        self.oracle.tampered.remove(&seat);
    }

    /// Somebody gets hold of a store: what was told need not last then, and the model knows no more what is there.
    pub(crate) fn witness_tampering(&mut self, seat: Seat) {
        self.witness_loss(seat);
        self.oracle.tampered.insert(seat);
    }
}

// What it says.
impl World {
    /// Fails the run unless every view of every living node is what the model makes of its operations, and shows no
    /// message twice, before a cause of it, differently from how it was said, or no longer although it was told.
    #[track_caller]
    pub fn check_safety(&mut self) {
        self.oracle.whole_at = self.now;
        self.oracle.news.clear();
        for seat in self.seats() {
            let conversations = self.node(seat).map(|node| node.conversations()).unwrap_or_default();
            conversations.iter().for_each(|view| self.check_view(seat, view.id));
        }
    }

    /// Checks what changed, if it is time, and everything every now and then.
    pub(crate) fn check_news(&mut self) {
        if self.now.since(self.oracle.whole_at) >= WHOLE_INTERVAL {
            self.check_safety();
        } else if self.now.since(self.oracle.news_at) >= NEWS_INTERVAL {
            self.oracle.news_at = self.now;
            for (seat, conversation) in std::mem::take(&mut self.oracle.news) {
                self.check_view(seat, conversation);
            }
        }
    }

    fn check_view(&mut self, seat: Seat, at: ConversationId) {
        let Some(node) = self.places[seat.0].node.as_ref() else { return };
        let Some(view) = node.conversation(at) else { return };
        let shown = self.messages(seat, at);
        if !node.blocked().is_empty() {
            // Who has blocked somebody is shown less, at will.
            return;
        }
        let mut found = self.oracle.chronicle.check_view(seat, at, &shown);
        if !self.oracle.tampered.contains(&seat) && !self.oracle.from_admission.contains(&at) {
            let ids = shown.iter().map(|message| message.id);
            let me = (seat, self.places[seat.0].id);
            found = found.and_then(|()| self.oracle.model.check(me, &view, ids));
        }
        if let Err(what) = found {
            self.fail(&format!("{what}, at {seat:?} in {at:?}"));
        }
    }

    /// Every PING says which heads its sender has. Whoever has the same operations must show the same: fails the run if
    /// a node that is about to send one does not.
    pub(crate) fn check_frame(&mut self, seat: Seat, bytes: &[u8]) {
        if Frame::kind_of(bytes) != Some(PING)
            || self.node(seat).is_some_and(|node| !node.blocked().is_empty())
        {
            return;
        }
        let Ok(Frame::Ping(ping)) = Frame::decode(bytes) else { return };
        for Digest { conversation, heads } in ping.digests.iter() {
            let count = self.oracle.changes.get(&(seat, *conversation)).copied().unwrap_or_default();
            // The same was looked at when it went to another.
            if self.oracle.hashed.insert((seat, *conversation), (*heads, count)) == Some((*heads, count)) {
                continue;
            }
            let state = self.state(seat, *conversation);
            if let Err(what) = self.oracle.chronicle.has_state(*conversation, *heads, state) {
                self.fail(&format!("{what}, at {seat:?} in {conversation:?}"));
            }
        }
    }

    /// A hash over what a node shows of a conversation.
    fn state(&self, seat: Seat, conversation: ConversationId) -> blake3::Hash {
        let mut state = blake3::Hasher::new();
        for participant in self.participants(seat, conversation) {
            state.update(&participant.0);
        }
        let is_whole = !self.oracle.from_admission.contains(&conversation);
        let messages = if is_whole { self.messages(seat, conversation) } else { Vec::new() };
        for message in messages {
            state.update(&message.id.0).update(message.text.as_bytes());
            state.update(&[u8::from(message.edited), u8::from(message.deleted)]);
            for reaction in &message.reactions {
                state.update(reaction.emoji.as_bytes());
                for user in &reaction.by {
                    state.update(&user.0);
                }
            }
        }
        state.finalize()
    }

    /// Fails the run unless each of these, who agree, shows all that any of them was ever told of.
    pub fn check_kept(&self, conversation: ConversationId, seats: &[Seat]) {
        for seat in seats {
            let shown = self.shown(*seat, conversation).into_iter().collect();
            if let Some((witness, lost)) = self.oracle.chronicle.lost(conversation, seats, &shown) {
                self.fail(&format!("lost: {witness:?} was told of {lost:?}, {seat:?} does not show it"));
            }
        }
    }

    /// How long each message took to each person who heard it from another.
    pub fn latencies(&self) -> &[Duration] {
        self.oracle.chronicle.latencies()
    }

    /// Nothing, when these nodes agree on a conversation: each is in it, they show the same participants and
    /// messages in the same order, and have a link to each other; else what is amiss.
    pub fn disagreement(&self, conversation: ConversationId, seats: &[Seat]) -> Option<String> {
        let mut first: Option<(Vec<NodeId>, Vec<OpId>)> = None;
        for &seat in seats {
            let Some(view) = self.node(seat).and_then(|node| node.conversation(conversation)) else {
                return Some(format!("{seat:?} does not know the conversation"));
            };
            if !view.open {
                return Some(format!("{seat:?} is not in the conversation"));
            }
            let linked = self.linked(seat);
            if let Some(other) = seats.iter().find(|other| !linked.contains(&self.id(**other))) {
                return Some(format!("{seat:?} has no link to {other:?}"));
            }
            let list = view.participants.iter().map(|listed| listed.person.node).collect();
            let mine = (list, self.shown(seat, conversation));
            match &first {
                Some(theirs) if theirs.0 != mine.0 => {
                    return Some(format!("{:?} lists {:?}, {seat:?} {:?}", seats[0], theirs.0, mine.0));
                }
                Some(theirs) if theirs.1 != mine.1 => {
                    return Some(difference(seats[0], &theirs.1, seat, &mine.1));
                }
                _ => first = Some(mine),
            }
        }
        None
    }

    /// Whether these nodes agree on a conversation.
    pub fn agree(&self, conversation: ConversationId, seats: &[Seat]) -> bool {
        self.disagreement(conversation, seats).is_none()
    }

    /// How many messages were said in a conversation, by anybody.
    pub fn said(&self, conversation: ConversationId) -> usize {
        self.oracle.chronicle.count(conversation)
    }
}

fn difference(one: Seat, these: &[OpId], other: Seat, those: &[OpId]) -> String {
    let lacking = |have: &[OpId], all: &[OpId]| {
        let have: BTreeSet<_> = have.iter().collect();
        all.iter().filter(|id| !have.contains(id)).count()
    };
    let (one_lacks, other_lacks) = (lacking(these, those), lacking(those, these));
    format!(
        "{one:?} shows {} messages and lacks {one_lacks} that {other:?} shows, who shows {} and lacks {other_lacks}",
        these.len(),
        those.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Three who have talked, and all is well.
    fn talk() -> (World, [Seat; 3], ConversationId) {
        let mut world = World::new(1);
        let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
        let talk = world.gather(&seats);
        for seat in seats {
            world.say(seat, talk, "hello");
        }
        world.settle_agreement(talk, &seats, Duration::from_secs(5));
        world.check_safety();
        (world, seats, talk)
    }

    fn complaint(world: &mut World, check: impl FnOnce(&mut World)) -> String {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(world)));
        *outcome.expect_err("somebody should complain").downcast::<String>().unwrap()
    }

    #[test]
    fn a_node_that_shows_what_its_operations_do_not_make_is_found() {
        let (mut world, seats, talk) = talk();
        let group = world.oracle.model.group(seats[1], talk).unwrap();
        assert_eq!((group.list.len(), group.messages.len()), (3, 3));
        world.oracle.model.begin_life(seats[1]);
        assert!(complaint(&mut world, World::check_safety).contains("diverged: lists"));
    }

    #[test]
    fn a_store_that_has_one_message_less_than_is_shown_is_found() {
        let (mut world, seats, talk) = talk();
        let last = *world.shown(seats[2], talk).last().unwrap();
        world.oracle.model.remove(seats[2], &last);
        assert!(complaint(&mut world, World::check_safety).contains("diverged: shows"));
    }

    #[test]
    fn who_is_let_in_without_anybodys_word_is_found() {
        let (mut world, seats, talk) = talk();
        let stranger = world.native("Leo");
        let invite = world.ticket_into(seats[0], talk);
        world.oracle.model = Model::default();
        let uninvited = complaint(&mut world, |world| {
            seats.iter().for_each(|seat| world.witness_start(*seat));
            world.open(stranger, &invite, None);
            world.run_for(Duration::from_secs(5));
        });
        assert!(uninvited.contains("uninvited: "), "{uninvited}");
    }

    #[test]
    fn what_one_was_told_of_and_another_does_not_show_is_lost() {
        let (mut world, seats, talk) = talk();
        let id = world.say(seats[0], talk, "only here yet");
        let lost = complaint(&mut world, |world| world.check_kept(talk, &seats));
        assert!(lost.contains("lost: ") && lost.contains(&format!("{id:?}")), "{lost}");
    }
}
