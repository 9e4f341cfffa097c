//! A crash between any two outputs: what was told, sent or acknowledged is there afterwards, and nobody speaks with two
//! tongues. That no device has two operations under one count is checked at every wire.

use tertulia_proto::io::MessageState;
use tertulia_proto::{ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// How long links and comparisons take after a restart, at most.
const BACK: Duration = Duration::from_secs(40);

#[test]
fn a_message_that_nobody_could_take_is_delivered_after_a_crash() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Private);
    world.kill(ana);
    world.settle("noticed", SOON, |world| !world.is_linked(eva, ana));
    world.say(eva, talk, "when you are back");
    world.kill(eva);
    world.resume(eva);
    world.run_for(Duration::from_secs(60));
    world.resume(ana);
    world.settle_agreement(talk, &[ana, eva], BACK);
    assert_eq!(world.texts(ana, talk), ["when you are back"]);
}

#[test]
fn whoever_speaks_may_crash_at_any_output() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        let seats = [world.native("Ana"), world.native("Eva"), world.tab("Zoe")];
        let [_, eva, _] = seats;
        let talk = world.gather(&seats);
        crash_while(&mut world, eva, |world| world.try_say(eva, talk, "mine").is_ok());
        world.settle_agreement(talk, &seats, BACK);
        world.say(eva, talk, "on top");
        world.settle_agreement(talk, &seats, BACK);
        assert_eq!(world.texts(eva, talk).last().unwrap(), "on top", "seed {seed}");
    }
}

#[test]
fn whoever_listens_may_crash_at_any_output() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        let seats = [world.native("Ana"), world.native("Eva"), world.tab("Zoe")];
        let [ana, eva, _] = seats;
        let talk = world.gather(&seats);
        crash_while(&mut world, eva, |world| world.try_say(ana, talk, "hers").is_ok());
        world.settle_agreement(talk, &seats, BACK);
        world.say(eva, talk, "on top");
        world.settle_agreement(talk, &seats, BACK);
    }
}

#[test]
fn whoever_lets_others_in_may_crash_at_any_output() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let talk = world.create(ana, ConversationKind::Public);
        let ticket = world.ticket_into(ana, talk);
        world.crash_after(ana, fuse(seed), ahead(seed));
        world.open(eva, &ticket, None);
        world.run_for(Duration::from_secs(3));
        world.kill(ana);
        world.resume(ana);
        world.settle("Eva is in, or may ask again", BACK, |world| {
            world.is_in(eva, talk) || !world.participants(ana, talk).contains(&world.id(eva))
        });
        if !world.is_in(eva, talk) {
            world.open(eva, &ticket, None);
        }
        world.settle_agreement(talk, &[ana, eva], BACK);
    }
}

#[test]
fn what_was_kept_and_not_sent_goes_to_a_newcomer_of_ours_as_soon_as_there_is_a_link() {
    let mut world = World::new(2);
    let (ana, eva, zoe) = (world.native("Ana"), world.native("Eva"), world.native("Zoe"));
    let talk = world.gather(&[ana, eva]);
    // Eva has Ana let Zoe in.
    world.let_in(eva, zoe, talk);
    world.settle_agreement(talk, &[ana, eva, zoe], SOON);
    world.kill(ana);
    world.crash_after(eva, 0, 1);
    world.try_say(eva, talk, "the last").unwrap();
    assert!(world.node(eva).is_none());
    world.settle("noticed", SOON, |world| !world.is_linked(zoe, eva));
    world.wall(eva, zoe);
    world.resume(eva);
    world.run_for(Duration::from_secs(1));
    let last = world.messages(eva, talk).pop().unwrap();
    assert_eq!((last.text.as_str(), last.state), ("the last", Some(MessageState::Queued)));
    world.heal_all();
    world.settle("linked", BACK, |world| world.is_linked(eva, zoe));
    world.settle_agreement(talk, &[eva, zoe], Duration::from_secs(1));
}

/// Lets `act` happen while `seat` crashes at some output, then has it go on.
fn crash_while(world: &mut World, seat: Seat, mut act: impl FnMut(&mut World) -> bool) {
    let seed = world.seed();
    world.crash_after(seat, fuse(seed), ahead(seed));
    for _ in 0..4 {
        if world.node(seat).is_some() {
            assert!(act(world));
        }
        world.run_for(Duration::from_millis(40));
    }
    world.kill(seat);
    world.resume(seat);
}

/// After how many outputs the crash of a seed comes.
fn fuse(seed: u64) -> u32 {
    u32::try_from(seed).unwrap() / 2
}

/// How many outputs behind the crash have their records committed.
fn ahead(seed: u64) -> u32 {
    if seed.is_multiple_of(2) { 0 } else { 3 }
}
