//! Who said something may say it otherwise: all see the latest words, and that they are not the first.

use tertulia_proto::io::{MessageText, MessageView};
use tertulia_proto::{Command, ConversationId, ConversationKind, Duration, Event, OpId, Refusal, Reply};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn edit(
    world: &mut World,
    seat: Seat,
    talk: ConversationId,
    message: OpId,
    text: &str,
) -> Result<Reply, Refusal> {
    let text = MessageText::cut(text);
    world.command(seat, Command::Edit { conversation: talk, message, text })
}

fn view(world: &World, seat: Seat, talk: ConversationId, message: OpId) -> MessageView {
    world.message(seat, talk, message).unwrap()
}

/// How often a seat was told that a message has changed.
fn told(world: &World, seat: Seat, message: OpId) -> usize {
    let is_it =
        |event: &&Event| matches!(event, Event::MessageChanged { message: one, .. } if *one == message);
    world.events(seat).iter().map(|(_, event)| event).filter(is_it).count()
}

#[test]
fn all_see_the_latest_words() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    let message = world.say(eva, talk, "at sevn");
    world.settle_agreement(talk, &seats, SOON);
    for text in ["at seven", "at eight"] {
        edit(&mut world, eva, talk, message, text).unwrap();
    }
    let reads = |seat: Seat| move |world: &World| view(world, seat, talk, message).text == "at eight";
    world.settle("Ana reads it", SOON, reads(ana));
    world.settle("Zoe reads it", SOON, reads(zoe));
    for seat in seats {
        assert!(view(&world, seat, talk, message).edited);
        assert_eq!(told(&world, seat, message), 2);
    }
    assert_eq!(world.texts(ana, talk), ["at eight"], "an edit is no message of its own");
    assert_eq!(world.node(ana).unwrap().conversation(talk).unwrap().unread, 1);
}

#[test]
fn what_cannot_be_edited_is_refused_and_stays() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let message = world.say(eva, talk, "mine");
    world.settle_agreement(talk, &[ana, eva], SOON);
    let no_message = OpId([7; 32]);
    assert_eq!(edit(&mut world, ana, talk, message, "yours").unwrap_err(), Refusal::NotYours);
    assert_eq!(edit(&mut world, eva, talk, message, " \n").unwrap_err(), Refusal::Empty);
    assert_eq!(edit(&mut world, eva, talk, no_message, "x").unwrap_err(), Refusal::UnknownMessage);
    let nowhere = ConversationId([7; 16]);
    assert_eq!(edit(&mut world, eva, nowhere, message, "x").unwrap_err(), Refusal::UnknownConversation);
    edit(&mut world, eva, talk, message, "mine").unwrap();
    assert_eq!(told(&world, eva, message), 0, "the same words change nothing");
    world.leave(eva, talk).unwrap();
    assert_eq!(edit(&mut world, eva, talk, message, "x").unwrap_err(), Refusal::ConversationOver);
    assert_eq!(world.texts(ana, talk), ["mine"]);
}

#[test]
fn an_edit_during_a_partition_arrives_when_it_heals() {
    let mut world = World::new(3);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    let message = world.say(ana, talk, "one");
    world.settle_agreement(talk, &seats, SOON);
    world.partition(&[&[ana, eva], &[zoe]]);
    world.run_for(Duration::from_secs(20));
    edit(&mut world, ana, talk, message, "two").unwrap();
    world.run_for(Duration::from_secs(2));
    assert_eq!((world.texts(eva, talk), world.texts(zoe, talk)), (vec!["two".into()], vec!["one".into()]));
    world.heal_all();
    world.settle("Zoe reads it", Duration::from_secs(60), |world| world.texts(zoe, talk) == ["two"]);
}

#[test]
fn an_emote_says_what_its_author_does() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let waves = world.say(ana, talk, "/me waves");
    let bare = world.say(ana, talk, "/me ");
    world.settle_agreement(talk, &[ana, eva], SOON);
    let message = view(&world, eva, talk, waves);
    assert_eq!((message.text.as_str(), message.emote), ("waves", true));
    let message = view(&world, eva, talk, bare);
    assert_eq!((message.text.as_str(), message.emote), ("/me ", false));
}

#[test]
fn the_list_says_who_let_whom_in() {
    let mut world = World::new(5);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats[..2]);
    world.let_in(seats[1], seats[2], talk);
    world.settle_agreement(talk, &seats, SOON);
    for seat in seats {
        let list = world.node(seat).unwrap().conversation(talk).unwrap().participants;
        let admitters = list.iter().map(|one| one.admitted_by.as_ref().map(|by| by.node));
        let expected = [None, Some(world.id(seats[0])), Some(world.id(seats[1]))];
        assert_eq!(admitters.collect::<Vec<_>>(), expected);
    }
}
