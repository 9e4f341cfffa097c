//! What a broken link swallowed is found again.

use tertulia_proto::wire::Frame;
use tertulia_proto::{ConversationKind, Duration};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

const A_WHILE: Duration = Duration::from_secs(60);

#[test]
fn after_a_cut_link_has_broken_both_sides_catch_up() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.partition(&[&[ana], &[eva]]);
    for number in 0..5 {
        world.say(ana, talk, &format!("a{number}"));
        world.say(eva, talk, &format!("e{number}"));
    }
    world.run_for(Duration::from_secs(20));
    assert!(!world.is_linked(ana, eva) && !world.is_linked(eva, ana));
    assert_eq!(world.shown(ana, talk).len(), 5);
    world.say(ana, talk, "said to nobody");
    world.heal_all();
    world.settle_agreement(talk, &[ana, eva], A_WHILE);
    assert_eq!(world.shown(eva, talk).len(), 11);
}

#[test]
fn after_a_short_cut_nothing_is_missing() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.cut(ana, eva);
    world.say(ana, talk, "hello?");
    world.run_for(Duration::from_secs(3));
    assert!(world.shown(eva, talk).is_empty());
    world.heal(ana, eva);
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert!(world.closings(ana, eva).is_empty(), "three seconds break no link");
}

#[test]
fn what_a_sender_lost_is_noticed_without_a_new_message() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.tamper(|_, _, bytes| match Frame::decode(&bytes) {
        Ok(Frame::Operations(_)) => Vec::new(),
        _ => vec![bytes],
    });
    world.say(ana, talk, "lost");
    world.say(ana, talk, "lost, too");
    world.run_for(Duration::from_millis(200));
    world.dismiss();
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.texts(eva, talk), ["lost", "lost, too"]);
}

#[test]
fn a_third_passes_on_what_its_author_no_longer_can() {
    let mut world = World::new(4);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.cut(ana, zoe);
    world.say(ana, talk, "my last words");
    world.settle("Eva hears them", SOON, |world| world.shown(eva, talk).len() == 1);
    world.kill(ana);
    world.settle_agreement(talk, &[eva, zoe], SOON);
    assert_eq!(world.texts(zoe, talk), ["my last words"]);
}

#[test]
fn two_sides_of_a_partition_become_one_conversation_again() {
    let mut world = World::new(5);
    let seats: Vec<_> = (0..4).map(|number| world.native(&format!("Node {number}"))).collect();
    let talk = world.gather(&seats);
    world.partition(&[&seats[..2], &seats[2..]]);
    for round in 0..10 {
        for &seat in &seats {
            world.say(seat, talk, &format!("{round}"));
        }
        world.run_for(Duration::from_secs(3));
    }
    assert_eq!(world.shown(seats[0], talk), world.shown(seats[1], talk));
    assert_ne!(world.shown(seats[0], talk), world.shown(seats[2], talk));
    world.heal_all();
    world.settle_agreement(talk, &seats, A_WHILE);
    assert_eq!(world.shown(seats[3], talk).len(), 40);
}

#[test]
fn newcomers_of_both_sides_of_a_partition_all_stay() {
    let mut world = World::new(6);
    let seats: Vec<_> = (0..4).map(|number| world.native(&format!("Node {number}"))).collect();
    let talk = world.gather(&seats[..2]);
    world.partition(&[&[seats[0], seats[2]], &[seats[1], seats[3]]]);
    world.run_for(Duration::from_secs(20));
    for (host, guest) in [(seats[0], seats[2]), (seats[1], seats[3])] {
        let invite = world.ticket_into(host, talk);
        world.open(guest, &invite, None);
        world.settle_agreement(talk, &[host, guest], SOON);
    }
    world.heal_all();
    world.settle_agreement(talk, &seats, A_WHILE);
    assert_eq!(world.participants(seats[0], talk).len(), 4);
}
