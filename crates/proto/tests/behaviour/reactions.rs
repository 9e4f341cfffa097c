//! A reaction stands beside a message until whoever gave it takes it back.

use tertulia_proto::io::Emoji;
use tertulia_proto::{Command, ConversationId, Event, OpId, Refusal, Reply};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

struct Room {
    world: World,
    seats: [Seat; 3],
    talk: ConversationId,
    message: OpId,
}

fn room(seed: u64) -> Room {
    let mut world = World::new(seed);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    let message = world.say(seats[0], talk, "shall we?");
    world.settle_agreement(talk, &seats, SOON);
    Room { world, seats, talk, message }
}

impl Room {
    fn react(&mut self, who: usize, emoji: &str, on: bool) -> Result<Reply, Refusal> {
        let (conversation, message, emoji) = (self.talk, self.message, Emoji::cut(emoji));
        self.world.command(self.seats[who], Command::React { conversation, message, emoji, on })
    }

    /// The reactions at a seat: which, how many, whether one's own.
    fn shown(&self, who: usize) -> Vec<(String, usize, bool)> {
        let reactions = self.world.message(self.seats[who], self.talk, self.message).unwrap().reactions;
        reactions.into_iter().map(|one| (one.emoji, one.by.len(), one.mine)).collect()
    }

    fn soon(&mut self) {
        self.world.run_for(SOON);
    }
}

#[test]
fn all_see_who_reacts_and_how() {
    let mut room = room(1);
    room.react(1, "👍", true).unwrap();
    room.soon();
    room.react(2, "👍", true).unwrap();
    room.react(2, "🎉", true).unwrap();
    room.soon();
    assert_eq!(room.shown(0), [("👍".into(), 2, false), ("🎉".into(), 1, false)]);
    assert_eq!(room.shown(1), [("👍".into(), 2, true), ("🎉".into(), 1, false)]);
    room.react(1, "👍", false).unwrap();
    room.soon();
    assert_eq!(room.shown(0), [("👍".into(), 1, false), ("🎉".into(), 1, false)]);
    let (world, ana) = (&room.world, room.seats[0]);
    let unread = world.node(ana).unwrap().conversation(room.talk).unwrap().unread;
    assert_eq!(unread, 0, "a reaction is no message");
}

#[test]
fn to_react_twice_is_to_react_once() {
    let mut room = room(2);
    for _ in 0..3 {
        room.react(1, "👍", true).unwrap();
    }
    room.react(1, "👎", false).unwrap();
    let told = |event: &Event| matches!(event, Event::MessageChanged { .. });
    let count = room.world.events(room.seats[1]).iter().filter(|(_, event)| told(event)).count();
    assert_eq!(count, 1);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let mut room = room(3);
    for emoji in ["", "a b", "\u{202e}", "\n"] {
        assert_eq!(room.react(1, emoji, true).unwrap_err(), Refusal::NoReaction, "{emoji:?}");
    }
    for number in 0..32 {
        room.react(1, &format!("{number}"), true).unwrap();
    }
    assert_eq!(room.react(1, "one more", true).unwrap_err(), Refusal::NoReaction);
    assert_eq!(room.react(1, "more", true).unwrap_err(), Refusal::TooManyReactions);
    room.soon();
    room.react(2, "31", true).unwrap();
    assert_eq!(room.shown(1).len(), 32);
}
