//! Who leaves is off everybody's list at once; a conversation of one is over.

use tertulia_proto::io::MessageState;
use tertulia_proto::{ConversationId, ConversationKind, Duration, Event};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn ended(world: &World, seat: Seat, talk: ConversationId) -> bool {
    let ended = Event::ConversationEnded { conversation: talk };
    world.events(seat).iter().any(|(_, event)| *event == ended)
}

#[test]
fn a_departure_is_seen_by_all_and_the_rest_talk_on() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.say(eva, talk, "I must go");
    world.leave(eva, talk).unwrap();
    world.settle("all see it", SOON, |world| {
        [ana, zoe].iter().all(|seat| world.participants(*seat, talk) == [world.id(ana), world.id(zoe)])
    });
    world.say(zoe, talk, "a pity");
    world.settle_agreement(talk, &[ana, zoe], SOON);
    assert_eq!(world.texts(ana, talk), ["I must go", "a pity"]);
    assert!(!world.is_in(eva, talk) && ended(&world, eva, talk));
    assert!(world.is_in(ana, talk) && !ended(&world, ana, talk));
}

#[test]
fn who_has_left_keeps_the_past_and_has_no_say() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, _] = seats;
    let talk = world.gather(&seats);
    world.say(ana, talk, "before");
    world.settle_agreement(talk, &seats, SOON);
    world.leave(eva, talk).unwrap();
    world.say(ana, talk, "after");
    world.run_for(SOON);
    assert_eq!(world.texts(eva, talk), ["before"]);
    assert!(world.try_say(eva, talk, "and another thing").is_err());
    assert!(world.leave(eva, talk).is_err(), "nobody leaves twice");
}

#[test]
fn the_last_one_left_is_alone_and_it_is_over() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.say(eva, talk, "goodbye");
    world.leave(eva, talk).unwrap();
    world.settle("over for Ana", SOON, |world| ended(world, ana, talk));
    assert!(!world.is_in(ana, talk));
    assert_eq!(world.texts(ana, talk), ["goodbye"], "what is over keeps its messages");
    assert!(world.try_say(ana, talk, "hello?").is_err());
}

#[test]
fn a_conversation_that_was_just_begun_is_not_over() {
    let mut world = World::new(4);
    let ana = world.native("Ana");
    let talk = world.create(ana, ConversationKind::Public);
    world.run_for(SOON);
    assert!(world.is_in(ana, talk) && !ended(&world, ana, talk));
}

#[test]
fn quitting_leaves_every_conversation() {
    let mut world = World::new(5);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    let private = world.befriend(ana, zoe, ConversationKind::Private);
    world.say(zoe, talk, "bye");
    world.quit(zoe).unwrap();
    world.settle("gone from the list", SOON, |world| {
        [ana, eva].iter().all(|seat| world.participants(*seat, talk).len() == 2)
    });
    world.settle("the other is over", SOON, |world| ended(world, ana, private));
    assert_eq!(world.texts(eva, talk), ["bye"], "what was said last still arrives");
    world.settle("unlinked", Duration::from_secs(1), |world| !world.is_linked(ana, zoe));
}

#[test]
fn who_left_may_come_back() {
    let mut world = World::new(6);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.leave(eva, talk).unwrap();
    world.settle("gone", SOON, |world| world.participants(zoe, talk).len() == 2);
    let invite = world.ticket_into(ana, talk);
    world.open(eva, &invite, None);
    world.settle_agreement(talk, &seats, SOON);
    let order = [ana, zoe, eva].map(|seat| world.id(seat));
    assert_eq!(world.participants(zoe, talk), order, "at the end of the list");
    world.say(eva, talk, "back again");
    world.settle_agreement(talk, &seats, SOON);
    assert_eq!(world.texts(zoe, talk), ["back again"]);
}

#[test]
fn those_who_left_no_longer_count_for_delivery() {
    let mut world = World::new(7);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.leave(eva, talk).unwrap();
    world.settle("gone", SOON, |world| world.participants(ana, talk).len() == 2);
    let message = world.say(ana, talk, "only for Zoe");
    world.wait_for(ana, 0, "delivery to one of one", |event| match event {
        Event::MessageState { message: told, state: MessageState::Delivered { by, of: 1 }, .. } => {
            (*told == message && by.len() == 1).then_some(())
        }
        _ => None,
    });
    assert!(world.is_in(zoe, talk));
}
