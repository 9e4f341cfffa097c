//! A record that is torn or makes no sense is skipped and counted, and what it held comes back from the others.

use tertulia_proto::ConversationId;
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// The table of operations: the first byte of their keys.
const OPERATIONS: u8 = 0x11;

fn talkative(seed: u64) -> (World, [Seat; 2], ConversationId) {
    let mut world = World::new(seed);
    let seats = [world.native("Ana"), world.native("Eva")];
    let talk = world.gather(&seats);
    for number in 0..6 {
        world.say(seats[number % 2], talk, &number.to_string());
    }
    world.settle_agreement(talk, &seats, SOON);
    world.kill(seats[1]);
    (world, seats, talk)
}

fn operations(world: &mut World, seat: Seat) -> Vec<Vec<u8>> {
    world.records(seat).keys().filter(|key| key[0] == OPERATIONS).cloned().collect()
}

#[test]
fn a_torn_message_comes_back_from_the_others() {
    let (mut world, [ana, eva], talk) = talkative(1);
    let whole = world.texts(ana, talk);
    let keys = operations(&mut world, eva);
    // The last of Ana's: one of Eva's own is asked for as well, but she might speak before it comes.
    let torn = &keys[keys.len() - 2];
    world.records(eva).get_mut(torn).unwrap().truncate(100);
    world.resume(eva);
    assert_eq!(world.stat(eva, "record_unreadable"), 1);
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.texts(eva, talk), whole);
}

#[test]
fn nothing_in_a_record_is_believed_that_its_key_does_not_say() {
    let (mut world, [ana, eva], talk) = talkative(2);
    let keys = operations(&mut world, eva);
    let last = keys.last().unwrap();
    let other = world.records(eva)[&keys[3]].clone();
    world.records(eva).insert(last.clone(), other);
    world.resume(eva);
    assert_eq!(world.stat(eva, "record_unreadable"), 1);
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn garbage_is_counted_and_harms_nobody() {
    let (mut world, [ana, eva], talk) = talkative(3);
    let garbage = (0..=255u8).map(|byte| (vec![byte; usize::from(byte % 70)], vec![byte; usize::from(byte)]));
    world.records(eva).extend(garbage);
    world.resume(eva);
    assert!(world.stat(eva, "record_unreadable") > 200, "{}", world.stat(eva, "record_unreadable"));
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn every_bit_of_a_store_may_be_wrong() {
    let (mut world, [_, eva], _) = talkative(4);
    let whole = world.records(eva).clone();
    for (number, key) in whole.keys().enumerate() {
        let record = world.records(eva).get_mut(key).unwrap();
        let at = (number * 37) % record.len();
        record[at] ^= 1 << (number % 8);
    }
    world.resume(eva);
    assert!(world.stat(eva, "record_unreadable") > 0);
}
