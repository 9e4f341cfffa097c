//! How soon all are together again once the network is, and what trying costs until then.

use tertulia_proto::link::PING_INTERVAL;
use tertulia_proto::{ConversationId, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Conditions, Seat, World};

/// Two PINGs: what people may take for the network's own doing.
const AT_ONCE: Duration = PING_INTERVAL.times(2);

/// Two natives and two tabs, all in one conversation.
fn four(seed: u64) -> (World, [Seat; 4], ConversationId) {
    let mut world = World::new(seed);
    let seats = [world.native("Ana"), world.native("Eva"), world.tab("Zoe"), world.tab("Ian")];
    world.introducer(seats[2], seats[0]);
    world.introducer(seats[3], seats[1]);
    let talk = world.gather(&seats);
    (world, seats, talk)
}

/// How many connections the driver at a seat has begun.
fn connections(world: &World, seat: Seat) -> usize {
    let is_one = |kind: &str| ["dial", "offer", "accept"].contains(&kind);
    world.trace().records().iter().filter(|one| one.seat == seat && is_one(one.kind)).count()
}

#[test]
fn all_agree_within_two_heartbeats_of_healing_however_they_were_apart() {
    for (seed, away) in (0..).zip([3, 7, 11, 16, 23, 37, 59, 97]) {
        for alone in 0..4 {
            let (mut world, seats, talk) = four(seed);
            // Many a try would have come to nothing anyway: none of them may hold up what comes after it.
            world.conditions.connect_failure_permille = 300;
            world.partition(&[&[], &[seats[alone]]]);
            world.run_for(Duration::from_secs(away));
            for seat in seats {
                world.say(seat, talk, "is anybody there?");
            }
            world.heal_all();
            world.conditions = Conditions::CALM;
            world.settle_agreement(talk, &seats, AT_ONCE);
        }
    }
}

#[test]
fn after_hours_it_is_the_longest_wait_at_most() {
    let (mut world, seats, talk) = four(1);
    world.partition(&[&[seats[0]], &[seats[1]], &[seats[2]], &[seats[3]]]);
    world.run_for(Duration::from_secs(3 * 3600));
    world.heal_all();
    world.settle_agreement(talk, &seats, Duration::from_secs(30));
}

#[test]
fn a_way_that_comes_to_nothing_holds_up_no_other() {
    let (mut world, [ana, eva, zoe, ian], talk) = four(2);
    world.conditions.connect_failure_permille = 1_000;
    world.sever(zoe, ana);
    // By now both have begun, in vain, and neither knows for a quarter of a minute.
    world.run_for(Duration::from_millis(2_200));
    assert!(!world.is_linked(zoe, ana));
    world.conditions = Conditions::CALM;
    world.settle_agreement(talk, &[ana, eva, zoe, ian], AT_ONCE);
}

#[test]
fn what_a_carrier_was_given_is_lost_with_it_and_the_next_is_asked_at_once() {
    for lost in [0, 1] {
        let mut world = World::new(3);
        let carriers = [world.native("Ana"), world.native("Eva")];
        let (zoe, ian) = (world.tab("Zoe"), world.tab("Ian"));
        for (tab, native) in [zoe, ian].into_iter().flat_map(|tab| carriers.map(|native| (tab, native))) {
            world.introducer(tab, native);
        }
        let invite = world.invite(ian);
        world.open(zoe, &invite, None);
        // The offer is on its way to one of the two.
        world.run_for(Duration::from_millis(60));
        world.sever(zoe, carriers[lost]);
        world.settle("linked", Duration::from_secs(1), |world| world.is_linked(zoe, ian));
    }
}

#[test]
fn whoever_stays_away_is_tried_ever_more_rarely() {
    let (mut world, [ana, eva, zoe, _], _) = four(4);
    world.run_for(SOON);
    world.keep_trace();
    world.kill(ana);
    world.kill(eva);
    let mut begun = Vec::new();
    for minutes in [1, 4, 55] {
        let before = connections(&world, zoe);
        world.run_for(Duration::from_secs(60 * minutes));
        begun.push(connections(&world, zoe) - before);
    }
    // Two natives are missed. At first each is tried in two ways at once, the first of which makes room for a third after 5 s;
    // in the end every half minute, 15 s long.
    let [first, next, last] = begun[..] else { unreachable!("three spans") };
    assert!(first <= 24 && next <= 32 && last <= 2 * 2 * 55 + 4, "{begun:?}");
    assert!(first > 8 && last >= 2 * 2 * 50, "nobody is given up: {begun:?}");
}

#[test]
fn whom_no_way_brings_together_costs_one_connection_at_a_time() {
    let (mut world, [.., zoe, ian], _) = four(5);
    world.keep_trace();
    world.wall(zoe, ian);
    world.sever(zoe, ian);
    world.run_for(Duration::from_secs(5 * 60));
    let before = connections(&world, zoe);
    world.run_for(Duration::from_secs(60 * 60));
    let begun = connections(&world, zoe) - before;
    assert!((200..=242).contains(&begun), "15 s each, offered by one of the two: {begun}");
}
