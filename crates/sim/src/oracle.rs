//! What must hold: safety at all times, agreement after a while without faults.
//!
//! The oracle knows conversations only as people do. When somebody says something it notes which messages
//! that node had shown by then: these are the message's causes, whatever the operations say, and no view
//! may show an effect before its cause.

use crate::place::Seat;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::group::Operation;
use tertulia_proto::io::MessageView;
use tertulia_proto::wire::{Digest, Frame, HeadsDigest, Ping};
use tertulia_proto::{ConversationId, NodeId, OpId, Window};

/// How many messages of each author, by node: a vector clock.
type Clock = BTreeMap<NodeId, u32>;

/// What was said by whom after what, and what each node has told its person of.
#[derive(Default)]
pub(crate) struct Chronicle {
    said: BTreeMap<(ConversationId, OpId), Said>,
    counts: BTreeMap<(ConversationId, NodeId), u32>,
    heard: BTreeMap<(Seat, ConversationId), Heard>,
    /// The operation that each device sent under each of its counts.
    chains: BTreeMap<(ConversationId, NodeId, u64), OpId>,
    /// Nodes that have lost their memory: they count anew, and may say something else under an old count.
    forgetful: BTreeSet<NodeId>,
    /// Conversations in which newcomers are not shown the past: equal heads do not make equal views of messages.
    pub(crate) from_admission: BTreeSet<ConversationId>,
    /// A hash over what whoever has these heads shows.
    states: BTreeMap<(ConversationId, HeadsDigest), blake3::Hash>,
}

struct Said {
    author: NodeId,
    /// Which one of the author's, from one.
    number: u32,
    /// What its author had shown before.
    causes: Clock,
    /// What it said at first, then what its author made of it.
    texts: Vec<String>,
}

impl Said {
    /// Whether a view shows it as it was said or, where it says so, as it was changed.
    fn is_shown_as(&self, message: &MessageView) -> bool {
        let emote = format!("/me {}", message.text);
        let shown = if message.emote { &emote } else { &message.text };
        let texts = if message.edited { &self.texts[1..] } else { &self.texts[..1] };
        let fits = if message.deleted { message.text.is_empty() } else { texts.contains(shown) };
        fits && self.author == message.node
    }
}

#[derive(Default)]
struct Heard {
    messages: BTreeSet<OpId>,
    clock: Clock,
}

impl Chronicle {
    /// A person has said something, and their node has taken it.
    pub(crate) fn said(&mut self, seat: Seat, author: NodeId, at: ConversationId, id: OpId, text: String) {
        let heard = self.heard.entry((seat, at)).or_default();
        let causes = heard.clock.clone();
        let number = self.counts.entry((at, author)).or_default();
        *number += 1;
        heard.clock.insert(author, *number);
        self.said.insert((at, id), Said { author, number: *number, causes, texts: vec![text] });
    }

    /// A person has given a message other words, and their node has taken them.
    pub(crate) fn edited(&mut self, at: ConversationId, id: OpId, text: String) {
        if let Some(said) = self.said.get_mut(&(at, id)) {
            said.texts.push(text);
        }
    }

    /// A node has told its person of a message: for the first time, or this is the error.
    pub(crate) fn heard(
        &mut self,
        seat: Seat,
        life: u32,
        at: ConversationId,
        id: OpId,
    ) -> Result<(), String> {
        let heard = self.heard.entry((seat, at)).or_default();
        if !heard.messages.insert(id) {
            return Err(format!("{id:?} was delivered twice in life {life}"));
        }
        if let Some(said) = self.said.get(&(at, id)) {
            let latest = heard.clock.entry(said.author).or_default();
            *latest = said.number.max(*latest);
        }
        Ok(())
    }

    /// A node has lost its memory: what it shows in its next life it tells anew.
    pub(crate) fn forget(&mut self, seat: Seat, node: NodeId) {
        self.heard.retain(|(place, _), _| *place != seat);
        self.forgetful.insert(node);
    }

    /// An operation goes over a wire: the only one of its device with its count, or this is the error.
    fn sent(&mut self, operation: &Operation) -> Result<(), String> {
        let (node, seq) = (operation.node(), operation.content().seq);
        let first = *self.chains.entry((operation.conversation(), node, seq)).or_insert(operation.id());
        if first == operation.id() || self.forgetful.contains(&node) {
            return Ok(());
        }
        Err(format!("sends {:?}, and {first:?} was number {seq} of {node:?}, too", operation.id()))
    }

    /// How many messages were said in a conversation.
    pub(crate) fn count(&self, at: ConversationId) -> usize {
        self.said.keys().filter(|(conversation, _)| *conversation == at).count()
    }

    /// A node with these heads shows this: as all with these heads do, or this is the error.
    fn has_state(
        &mut self,
        at: ConversationId,
        heads: HeadsDigest,
        state: blake3::Hash,
    ) -> Result<(), String> {
        match *self.states.entry((at, heads)).or_insert(state) == state {
            true => Ok(()),
            false => Err(format!("has the heads {heads:?} as another had, and shows something else")),
        }
    }

    /// Checks one view of one conversation.
    fn check_view(&self, seat: Seat, at: ConversationId, view: &[MessageView]) -> Result<(), String> {
        let mut shown = BTreeSet::new();
        let mut causes_so_far = Clock::new();
        for message in view {
            if !shown.insert(message.id) {
                return Err(format!("shows {:?} twice", message.id));
            }
            let said = self.said.get(&(at, message.id)).ok_or(format!("shows {message:?}, never said"))?;
            if !said.is_shown_as(message) {
                return Err(format!("shows {message:?}, but {:?} said {:?}", said.author, said.texts));
            }
            if causes_so_far.get(&said.author).is_some_and(|latest| *latest >= said.number) {
                return Err(format!("shows {message:?} after an effect of it"));
            }
            for (author, number) in &said.causes {
                let latest = causes_so_far.entry(*author).or_default();
                *latest = (*latest).max(*number);
            }
        }
        let told = self.heard.get(&(seat, at)).map(|heard| &heard.messages);
        match told.and_then(|told| told.iter().find(|id| !shown.contains(*id))) {
            Some(lost) => Err(format!("told of {lost:?} and shows it no more")),
            None => Ok(()),
        }
    }
}

impl World {
    /// Fails the run unless in every view of every living node no message is shown twice, before a cause of
    /// it, differently from how it was said, or no longer although it was delivered.
    #[track_caller]
    pub fn check_safety(&self) {
        for seat in self.seats() {
            // Who has blocked somebody is shown less, at will.
            let Some(node) = self.node(seat).filter(|node| node.blocked().is_empty()) else { continue };
            for conversation in node.conversations() {
                let view = node.messages(conversation.id, Window::default());
                if let Err(what) = self.chronicle.check_view(seat, conversation.id, &view) {
                    self.fail(&format!("{seat:?} in {:?}: {what}", conversation.id));
                }
            }
        }
    }

    /// Every PING says which heads its sender has. Whoever has the same operations must compute the same list
    /// of participants and the same order: fails the run if a node that is about to send one does not.
    ///
    /// A device has one operation for each count, whatever befell it but the loss of its store.
    pub(crate) fn check_frame(&mut self, seat: Seat, bytes: &[u8]) {
        match Frame::decode(bytes) {
            Ok(Frame::Ping(ping)) => self.check_heads(seat, &ping),
            Ok(Frame::Operations(frame)) => {
                for operation in frame.operations.iter() {
                    if let Err(what) = self.chronicle.sent(operation) {
                        self.fail(&format!("{seat:?} {what}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn check_heads(&mut self, seat: Seat, ping: &Ping) {
        if self.node(seat).is_some_and(|node| !node.blocked().is_empty()) {
            return;
        }
        for Digest { conversation, heads } in ping.digests.iter() {
            let mut state = blake3::Hasher::new();
            for participant in self.participants(seat, *conversation) {
                state.update(&participant.0);
            }
            let is_whole = !self.chronicle.from_admission.contains(conversation);
            let node = self.node(seat).filter(|_| is_whole);
            let messages = node.map(|node| node.messages(*conversation, Window::default()));
            for message in messages.into_iter().flatten() {
                state.update(&message.id.0).update(message.text.as_bytes());
                state.update(&[u8::from(message.edited), u8::from(message.deleted)]);
                for reaction in &message.reactions {
                    state.update(reaction.emoji.as_bytes());
                    for user in &reaction.by {
                        state.update(&user.0);
                    }
                }
            }
            if let Err(what) = self.chronicle.has_state(*conversation, *heads, state.finalize()) {
                self.fail(&format!("{seat:?} in {conversation:?}: {what}"));
            }
        }
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
            if let Some(other) = seats.iter().find(|other| !self.is_linked(seat, **other)) {
                return Some(format!("{seat:?} has no link to {other:?}"));
            }
            let mine = (self.participants(seat, conversation), self.shown(seat, conversation));
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
        self.chronicle.count(conversation)
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

    const AT: ConversationId = ConversationId([0; 16]);
    const ANA: NodeId = NodeId([1; 16]);
    const EVA: NodeId = NodeId([2; 16]);

    fn view(author: NodeId, id: u8, text: &str) -> MessageView {
        MessageView {
            id: OpId([id; 32]),
            author: tertulia_proto::AccountId([0; 32]),
            node: author,
            name: tertulia_proto::identity::Name::cut("x"),
            time_ms: 0,
            text: text.to_owned(),
            emote: false,
            edited: false,
            deleted: false,
            reactions: Vec::new(),
            reply_to: None,
            state: None,
        }
    }

    /// Ana says 1, Eva hears it and answers 2, Ana says 3 unheard by Eva.
    fn chronicle() -> Chronicle {
        let mut chronicle = Chronicle::default();
        chronicle.said(Seat(0), ANA, AT, OpId([1; 32]), "1".to_owned());
        chronicle.heard(Seat(1), 0, AT, OpId([1; 32])).unwrap();
        chronicle.said(Seat(1), EVA, AT, OpId([2; 32]), "2".to_owned());
        chronicle.said(Seat(0), ANA, AT, OpId([3; 32]), "3".to_owned());
        chronicle
    }

    #[test]
    fn every_linear_extension_is_safe() {
        let (one, two, three) = (view(ANA, 1, "1"), view(EVA, 2, "2"), view(ANA, 3, "3"));
        let chronicle = chronicle();
        for order in [[&one, &two, &three], [&one, &three, &two]] {
            assert_eq!(chronicle.check_view(Seat(2), AT, &order.map(Clone::clone)), Ok(()));
        }
    }

    #[test]
    fn an_effect_before_its_cause_is_not() {
        let order = [view(EVA, 2, "2"), view(ANA, 1, "1")];
        assert!(chronicle().check_view(Seat(2), AT, &order).unwrap_err().contains("after an effect"));
        let order = [view(ANA, 3, "3"), view(ANA, 1, "1")];
        assert!(chronicle().check_view(Seat(2), AT, &order).unwrap_err().contains("after an effect"));
    }

    #[test]
    fn doubles_forgeries_and_losses_are_not() {
        let check = |view: &[MessageView]| chronicle().check_view(Seat(1), AT, view).unwrap_err();
        assert!(check(&[view(ANA, 1, "1"), view(ANA, 1, "1")]).contains("twice"));
        assert!(check(&[view(ANA, 9, "1")]).contains("never said"));
        assert!(check(&[view(ANA, 1, "changed")]).contains("said"));
        assert!(check(&[view(EVA, 1, "1")]).contains("said"));
        assert!(check(&[view(EVA, 2, "2")]).contains("no more"));
        assert!(chronicle().heard(Seat(1), 0, AT, OpId([1; 32])).is_err());
    }

    #[test]
    fn the_same_heads_must_show_the_same() {
        let mut chronicle = chronicle();
        let (heads, others) = (HeadsDigest([1; 8]), HeadsDigest([2; 8]));
        assert!(chronicle.has_state(AT, heads, blake3::hash(b"a")).is_ok());
        assert!(chronicle.has_state(AT, heads, blake3::hash(b"a")).is_ok());
        assert!(chronicle.has_state(AT, others, blake3::hash(b"b")).is_ok());
        assert!(chronicle.has_state(AT, heads, blake3::hash(b"b")).is_err());
    }
}
