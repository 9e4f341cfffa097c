//! How long it takes from the request to the first message that the newcomer can read, where links exist.

use super::three;
use tertulia_proto::io::Consent;
use tertulia_proto::{Command, Duration};
use tertulia_sim::people::SOON;

const ONE_WAY: Duration = Duration::from_millis(50);

/// A round trip and a half takes 150 ms; the world is looked at every 20.
const MOST: Duration = Duration::from_millis(170);

#[test]
fn a_round_trip_and_a_half_after_the_request_through_anybody() {
    for host in [0, 1, 2] {
        let (mut world, seats, talk, _) = three(1);
        let zoe = world.native("Zoe");
        for seat in seats {
            world.introducer(zoe, seat);
        }
        world.say(seats[0], talk, "welcome");
        world.settle_agreement(talk, &seats, SOON);
        (world.conditions.delay, world.conditions.jitter) = (ONE_WAY, Duration::default());
        let invite = world.ticket_into(seats[host], talk);
        world.open(zoe, &invite, None);
        let took = world.settle("readable", SOON, |world| world.texts(zoe, talk) == ["welcome"]);
        assert!(took <= MOST, "through {host} it took {} ms", took.as_millis());
    }
}

#[test]
fn a_round_trip_after_a_person_said_yes_in_time() {
    let (mut world, [ana, eva, bob], talk, _) = three(2);
    let zoe = world.native("Zoe");
    for seat in [ana, eva, bob] {
        world.introducer(zoe, seat);
    }
    (world.conditions.delay, world.conditions.jitter) = (ONE_WAY, Duration::default());
    let invite = world.invite_into(eva, talk);
    let seen = world.events(eva).len();
    world.open(zoe, &invite, None);
    let request = world.request(eva, seen);
    world.command(eva, Command::Answer { request, answer: Consent::Into(talk) }).unwrap();
    let took = world.settle("in", SOON, |world| world.is_in(zoe, talk));
    assert!(took <= Duration::from_millis(120), "{} ms", took.as_millis());
}
