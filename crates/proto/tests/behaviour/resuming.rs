//! Who died and has its store goes on where it was: nobody is asked anything again.

use tertulia_proto::identity::Name;
use tertulia_proto::io::MessageState;
use tertulia_proto::{Command, ConversationId, ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn unread(world: &World, seat: Seat, talk: ConversationId) -> usize {
    world.node(seat).unwrap().conversation(talk).unwrap().unread
}

fn states(world: &World, seat: Seat, talk: ConversationId) -> Vec<Option<MessageState>> {
    let messages = world.messages(seat, talk);
    messages.into_iter().map(|message| message.state).collect()
}

#[test]
fn conversations_are_open_again_and_links_come_by_themselves() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [_, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.say(eva, talk, "before");
    world.settle_agreement(talk, &seats, SOON);
    for seat in [eva, zoe] {
        world.kill(seat);
        world.run_for(Duration::from_secs(12));
        world.resume(seat);
        world.settle_agreement(talk, &seats, SOON);
    }
    world.say(zoe, talk, "after");
    world.settle_agreement(talk, &seats, SOON);
    assert_eq!(world.texts(eva, talk), ["before", "after"]);
    assert_eq!(world.participants(eva, talk).len(), 3);
}

#[test]
fn all_may_die_at_once() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.native("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    world.say(seats[2], talk, "good night");
    world.settle_agreement(talk, &seats, SOON);
    seats.into_iter().for_each(|seat| world.kill(seat));
    world.run_for(Duration::from_secs(3600));
    seats.into_iter().for_each(|seat| world.resume(seat));
    world.settle_agreement(talk, &seats, Duration::from_secs(40));
    assert_eq!(world.texts(seats[0], talk), ["good night"]);
}

#[test]
fn names_and_what_is_unread_last() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.command(eva, Command::Rename { conversation: talk, name: Name::cut("Us two") }).unwrap();
    for text in ["one", "two"] {
        world.say(ana, talk, text);
    }
    world.settle_agreement(talk, &[ana, eva], SOON);
    world.command(eva, Command::Read { conversation: talk }).unwrap();
    for text in ["three", "four", "five"] {
        world.say(ana, talk, text);
    }
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(unread(&world, eva, talk), 3);
    world.kill(eva);
    world.resume(eva);
    assert_eq!(unread(&world, eva, talk), 3);
    assert_eq!(world.node(eva).unwrap().conversation(talk).unwrap().name, "Us two");
    world.command(eva, Command::Read { conversation: talk }).unwrap();
    world.kill(eva);
    world.resume(eva);
    assert_eq!(unread(&world, eva, talk), 0);
}

#[test]
fn what_was_said_before_one_entered_is_no_news_after_a_restart() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.create(ana, ConversationKind::Public);
    world.say(ana, talk, "to nobody");
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    let before = unread(&world, eva, talk);
    world.kill(eva);
    world.resume(eva);
    assert_eq!(unread(&world, eva, talk), before);
}

#[test]
fn what_was_left_stays_left() {
    let mut world = World::new(5);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let talk = world.gather(&seats);
    world.leave(seats[1], talk).unwrap();
    world.settle_agreement(talk, &[seats[0], seats[2]], SOON);
    world.kill(seats[1]);
    world.resume(seats[1]);
    world.run_for(SOON);
    assert!(!world.is_in(seats[1], talk));
    assert_eq!(world.participants(seats[0], talk).len(), 2);
}

#[test]
fn a_node_that_closes_stays_in_its_conversations() {
    let mut world = World::new(6);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.command(eva, Command::Close).unwrap();
    world.settle("told", SOON, |world| !world.is_linked(ana, eva));
    world.kill(eva);
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.participants(ana, talk).len(), 2);
    world.resume(eva);
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn how_far_messages_came_is_known_again_once_others_are_linked() {
    let mut world = World::new(7);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.say(eva, talk, "did you get this?");
    let is_delivered = |world: &World| matches!(states(world, eva, talk)[..], [Some(MessageState::Delivered { ref by, of: 1 })] if by.len() == 1);
    world.settle("delivered", SOON, is_delivered);
    world.kill(eva);
    world.resume(eva);
    world.settle("delivered still", SOON, is_delivered);
}

#[test]
fn whoever_left_tells_one_who_was_away_whom_to_turn_to() {
    let mut world = World::new(8);
    let (ana, eva, zoe) = (world.native("Ana"), world.native("Eva"), world.native("Zoe"));
    let talk = world.gather(&[ana, eva]);
    world.kill(eva);
    world.settle("missed", SOON, |world| !world.is_linked(ana, eva));
    world.let_in(ana, zoe, talk);
    world.leave(ana, talk).unwrap();
    world.run_for(Duration::from_secs(20));
    world.resume(eva);
    world.settle_agreement(talk, &[eva, zoe], Duration::from_secs(40));
}

#[test]
fn whoever_left_answers_one_who_did_not_hear_of_it_where_nobody_can_be_dialled() {
    let mut world = World::new(9);
    let (ana, eva, zoe, ian) = (world.tab("Ana"), world.tab("Eva"), world.tab("Zoe"), world.native("Ian"));
    [ana, eva, zoe].into_iter().for_each(|tab| world.introducer(tab, ian));
    let talk = world.gather(&[ana, eva]);
    world.kill(eva);
    world.settle("missed", SOON, |world| !world.is_linked(ana, eva));
    world.let_in(ana, zoe, talk);
    world.leave(ana, talk).unwrap();
    world.run_for(Duration::from_secs(20));
    world.resume(eva);
    world.settle_agreement(talk, &[eva, zoe], SOON);
}
