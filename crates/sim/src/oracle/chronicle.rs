//! What people know: what was said by whom after what, and what each node has told its person of.

use crate::place::Seat;
use std::collections::{BTreeMap, BTreeSet};
use tertulia_proto::io::MessageView;
use tertulia_proto::wire::HeadsDigest;
use tertulia_proto::{ConversationId, Duration, Instant, NodeId, OpId};

/// An author by node, and how often that node has lost its memory: what it says then, it says not knowing what it said
/// before.
type Author = (NodeId, u32);
/// How many messages of each author: a vector clock.
type Clock = BTreeMap<Author, u32>;

/// What was said by whom after what, and what each node has told its person of.
#[derive(Default)]
pub(crate) struct Chronicle {
    said: BTreeMap<(ConversationId, OpId), Said>,
    counts: BTreeMap<(ConversationId, Author), u32>,
    /// How often each node has lost its memory.
    losses: BTreeMap<NodeId, u32>,
    heard: BTreeMap<(Seat, ConversationId), Heard>,
    checked: BTreeMap<(Seat, ConversationId), Checked>,
    /// How long each message took to everybody who heard it from another.
    latencies: Vec<Duration>,
    /// A hash over what whoever has these heads shows.
    states: BTreeMap<(ConversationId, HeadsDigest), blake3::Hash>,
}

struct Said {
    at: Instant,
    author: Author,
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
        let texts = if message.edited { &self.texts[1..] } else { &self.texts[..1] };
        let fits = if message.deleted {
            message.text.is_empty()
        } else {
            let begin = if message.emote { "/me " } else { "" };
            texts.iter().any(|text| text.strip_prefix(begin) == Some(&message.text))
        };
        fits && self.author.0 == message.node
    }
}

#[derive(Default)]
struct Heard {
    messages: BTreeSet<OpId>,
    /// The same in the order in which they were told.
    in_order: Vec<OpId>,
    clock: Clock,
}

/// As much of a view as was found good. As long as the view begins like this, only what follows is looked at: what was
/// said does not change, and a message that came before its cause was found at once.
#[derive(Default)]
struct Checked {
    order: Vec<OpId>,
    shown: BTreeSet<OpId>,
    causes: Clock,
    /// How many of those that were told have been found.
    told: usize,
}

impl Chronicle {
    /// A person has said something, and their node has taken it.
    pub(crate) fn said(
        &mut self,
        now: Instant,
        (seat, author): (Seat, NodeId),
        (at, id): (ConversationId, OpId),
        text: String,
    ) {
        let author = (author, self.losses.get(&author).copied().unwrap_or_default());
        let heard = self.heard.entry((seat, at)).or_default();
        let causes = heard.clock.clone();
        let number = self.counts.entry((at, author)).or_default();
        *number += 1;
        heard.clock.insert(author, *number);
        self.said.insert((at, id), Said { at: now, author, number: *number, causes, texts: vec![text] });
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
        now: Instant,
        (seat, node): (Seat, NodeId),
        at: ConversationId,
        id: OpId,
    ) -> Result<(), String> {
        let heard = self.heard.entry((seat, at)).or_default();
        if !heard.messages.insert(id) {
            return Err(format!("doubled: {id:?} was delivered twice"));
        }
        heard.in_order.push(id);
        if let Some(said) = self.said.get(&(at, id)) {
            let latest = heard.clock.entry(said.author).or_default();
            *latest = said.number.max(*latest);
            if said.author.0 != node {
                self.latencies.push(now.since(said.at));
            }
        }
        Ok(())
    }

    /// A node has lost its memory: what it shows in its next life it tells anew.
    pub(crate) fn forget(&mut self, seat: Seat, node: NodeId) {
        *self.losses.entry(node).or_default() += 1;
        self.heard.retain(|(place, _), _| *place != seat);
        self.checked.retain(|(place, _), _| *place != seat);
    }

    /// How many messages were said in a conversation.
    pub(crate) fn count(&self, at: ConversationId) -> usize {
        self.said.keys().filter(|(conversation, _)| *conversation == at).count()
    }

    /// How long messages took to those who heard them from another.
    pub(crate) fn latencies(&self) -> &[Duration] {
        &self.latencies
    }

    /// Of what was said, what one of these who kept their memory was told of, or has said, and another does not show.
    pub(super) fn lost(
        &self,
        at: ConversationId,
        witnesses: &[Seat],
        shown: &BTreeSet<OpId>,
    ) -> Option<(Seat, OpId)> {
        witnesses.iter().find_map(|seat| {
            let heard = self.heard.get(&(*seat, at))?;
            heard.messages.iter().find(|id| !shown.contains(*id)).map(|id| (*seat, *id))
        })
    }

    /// A node with these heads shows this: as all with these heads do, or this is the error.
    pub(super) fn has_state(
        &mut self,
        at: ConversationId,
        heads: HeadsDigest,
        state: blake3::Hash,
    ) -> Result<(), String> {
        match *self.states.entry((at, heads)).or_insert(state) == state {
            true => Ok(()),
            false => {
                Err(format!("diverged: has the heads {heads:?} as another had, and shows something else"))
            }
        }
    }

    /// Checks one view of one conversation: no message twice, none before a cause of it, none differently from how it
    /// was said, none missing that was told.
    pub(super) fn check_view(
        &mut self,
        seat: Seat,
        at: ConversationId,
        view: &[MessageView],
    ) -> Result<(), String> {
        let checked = self.checked.entry((seat, at)).or_default();
        let ids = || view.iter().map(|message| message.id);
        if view.len() < checked.order.len()
            || !checked.order.iter().copied().eq(ids().take(checked.order.len()))
        {
            *checked = Checked::default();
        }
        for (place, message) in view.iter().enumerate() {
            let said = self.said.get(&(at, message.id));
            let said = said.ok_or_else(|| format!("forged: shows {message:?}, never said"))?;
            if !said.is_shown_as(message) {
                return Err(format!(
                    "forged: shows {message:?}, but {:?} said {:?}",
                    said.author.0, said.texts
                ));
            }
            if place >= checked.order.len() {
                checked.follow(message.id, said)?;
            }
        }
        let told = self.heard.get(&(seat, at)).map(|heard| &heard.in_order[..]).unwrap_or_default();
        match told.iter().skip(checked.told).find(|id| !checked.shown.contains(*id)) {
            Some(lost) => Err(format!("lost: was told of {lost:?} and shows it no more")),
            None => {
                checked.told = told.len();
                Ok(())
            }
        }
    }
}

impl Checked {
    /// Takes the next message of a view.
    fn follow(&mut self, id: OpId, said: &Said) -> Result<(), String> {
        if self.shown.contains(&id) {
            return Err(format!("doubled: shows {id:?} twice"));
        }
        if self.causes.get(&said.author).is_some_and(|latest| *latest >= said.number) {
            return Err(format!("out of order: shows {id:?} after an effect of it"));
        }
        for (author, number) in &said.causes {
            let latest = self.causes.entry(*author).or_default();
            *latest = (*latest).max(*number);
        }
        self.shown.insert(id);
        self.order.push(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: ConversationId = ConversationId([0; 16]);
    const NOW: Instant = Instant::from_millis(0);
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
        chronicle.said(NOW, (Seat(0), ANA), (AT, OpId([1; 32])), "1".to_owned());
        chronicle.heard(NOW, (Seat(1), EVA), AT, OpId([1; 32])).unwrap();
        chronicle.said(NOW, (Seat(1), EVA), (AT, OpId([2; 32])), "2".to_owned());
        chronicle.said(NOW, (Seat(0), ANA), (AT, OpId([3; 32])), "3".to_owned());
        chronicle
    }

    #[test]
    fn every_linear_extension_is_safe() {
        let (one, two, three) = (view(ANA, 1, "1"), view(EVA, 2, "2"), view(ANA, 3, "3"));
        let mut chronicle = chronicle();
        for order in [[&one, &two, &three], [&one, &three, &two]] {
            assert_eq!(chronicle.check_view(Seat(2), AT, &order.map(Clone::clone)), Ok(()));
        }
    }

    #[test]
    fn a_view_that_grows_is_held_to_what_it_showed_before() {
        let (one, two, three) = (view(ANA, 1, "1"), view(EVA, 2, "2"), view(ANA, 3, "3"));
        let mut chronicle = chronicle();
        let mut check = |view: &[&MessageView]| {
            let view: Vec<_> = view.iter().map(|message| (*message).clone()).collect();
            chronicle.check_view(Seat(1), AT, &view)
        };
        assert_eq!(check(&[&one, &two]), Ok(()));
        assert!(check(&[&one, &two, &two]).unwrap_err().contains("twice"));
        assert!(check(&[&one, &two, &view(ANA, 3, "2")]).unwrap_err().contains("said"));
        assert!(check(&[&two, &one]).unwrap_err().contains("after an effect"));
        assert!(check(&[&two]).unwrap_err().contains("no more"));
        assert_eq!(check(&[&one, &two, &three]), Ok(()));
    }

    #[test]
    fn an_effect_before_its_cause_is_not() {
        let order = [view(EVA, 2, "2"), view(ANA, 1, "1")];
        assert!(chronicle().check_view(Seat(2), AT, &order).unwrap_err().contains("after an effect"));
        let order = [view(ANA, 3, "3"), view(ANA, 1, "1")];
        assert!(chronicle().check_view(Seat(2), AT, &order).unwrap_err().contains("after an effect"));
    }

    #[test]
    fn what_is_said_without_memory_has_no_cause_before_it() {
        let mut chronicle = chronicle();
        chronicle.forget(Seat(0), ANA);
        for id in [4, 5] {
            chronicle.said(NOW, (Seat(0), ANA), (AT, OpId([id; 32])), "anew".to_owned());
        }
        let (four, five, one) = (view(ANA, 4, "anew"), view(ANA, 5, "anew"), view(ANA, 1, "1"));
        assert_eq!(chronicle.check_view(Seat(2), AT, &[four.clone(), five.clone(), one]), Ok(()));
        assert!(chronicle.check_view(Seat(2), AT, &[five, four]).unwrap_err().contains("after an effect"));
    }

    #[test]
    fn doubles_forgeries_and_losses_are_not() {
        let check = |view: &[MessageView]| chronicle().check_view(Seat(1), AT, view).unwrap_err();
        assert!(check(&[view(ANA, 1, "1"), view(ANA, 1, "1")]).contains("twice"));
        assert!(check(&[view(ANA, 9, "1")]).contains("never said"));
        assert!(check(&[view(ANA, 1, "changed")]).contains("said"));
        assert!(check(&[view(EVA, 1, "1")]).contains("said"));
        assert!(check(&[view(EVA, 2, "2")]).contains("no more"));
        assert!(chronicle().heard(NOW, (Seat(1), EVA), AT, OpId([1; 32])).is_err());
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
