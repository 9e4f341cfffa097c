//! Who is away for long is signed out by the coordinator of the larger half, and asks to enter again (DESIGN, section 6).

use tertulia_proto::{Config, ConversationId, Duration, Event};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Manners, Seat, World};

const AWAY_MAX: Duration = Duration::from_secs(60);

fn gathered(seed: u64, count: usize) -> (World, Vec<Seat>, ConversationId) {
    let mut world = World::new(seed);
    let config = Config { evict_after: AWAY_MAX, ..Config::NATIVE };
    let names = ["Ana", "Eva", "Bob", "Ida", "Zoe"];
    let seats: Vec<_> =
        names[..count].iter().map(|name| world.configured(Kind::Native, name, config)).collect();
    let talk = world.gather(&seats);
    (world, seats, talk)
}

#[test]
fn who_returns_in_time_resumes() {
    let (mut world, seats, talk) = gathered(1, 3);
    world.partition(&[&seats[..2], &seats[2..]]);
    world.run_for(Duration::from_secs(40));
    assert_eq!(world.participants(seats[0], talk).len(), 3, "suspected, not removed");
    world.say(seats[0], talk, "where is Bob?");
    world.heal_all();
    world.settle_agreement(talk, &seats, SOON.times(4));
    assert_eq!(world.texts(seats[2], talk), ["where is Bob?"]);
}

#[test]
fn who_does_not_is_signed_out_and_asks_again() {
    let (mut world, seats, talk) = gathered(2, 3);
    world.teach(seats[0], Manners::Yes);
    world.teach(seats[1], Manners::Yes);
    world.partition(&[&seats[..2], &seats[2..]]);
    world.say(seats[2], talk, "am I alone?");
    world.run_for(Duration::from_secs(80));
    assert_eq!(world.participants(seats[0], talk), world.participants(seats[1], talk));
    assert_eq!(world.participants(seats[0], talk).len(), 2);
    assert_eq!(world.participants(seats[2], talk).len(), 3, "the smaller half signs nobody out");
    world.heal_all();
    world.settle("Bob asks again", SOON.times(4), |world| world.stat(seats[2], "entry_asked_again") == 1);
    world.settle_agreement(talk, &seats, SOON.times(4));
    assert_eq!(world.texts(seats[0], talk), ["am I alone?"], "what was said before one knew is not lost");
}

#[test]
fn two_halves_sign_nobody_out() {
    let (mut world, seats, talk) = gathered(3, 4);
    world.partition(&[&seats[..2], &seats[2..]]);
    world.run_for(Duration::from_secs(200));
    world.heal_all();
    world.settle_agreement(talk, &seats, SOON.times(4));
    assert_eq!(world.participants(seats[0], talk).len(), 4);
}

#[test]
fn absence_does_not_end_a_conversation_of_two() {
    let (mut world, seats, talk) = gathered(4, 2);
    world.kill(seats[1]);
    world.run_for(Duration::from_secs(300));
    assert!(world.is_in(seats[0], talk));
    world.say(seats[0], talk, "for when you are back");
    let ended = Event::ConversationEnded { conversation: talk };
    assert!(!world.events(seats[0]).iter().any(|(_, event)| *event == ended));
}

#[test]
fn who_was_let_in_again_is_not_signed_out_for_the_absence_before() {
    let (mut world, seats, talk) = gathered(5, 4);
    let [ana, eva, bob, ida] = seats[..] else { unreachable!("four") };
    world.teach(eva, Manners::Yes);
    world.kill(ida);
    world.settle("signed out", AWAY_MAX.times(2), |world| world.participants(ana, talk).len() == 3);
    // Ida returns where the coordinator cannot see her, and asks Eva.
    world.run_for(Duration::from_secs(20));
    world.wall(ana, ida);
    world.resume(ida);
    world.settle("in again", SOON.times(2), |world| world.participants(ana, talk).len() == 4);
    assert!(!world.is_linked(ana, ida));
    world.run_for(Duration::from_secs(40));
    assert_eq!(world.participants(ana, talk).len(), 4, "she has been back for less than that");
    assert_eq!(world.participants(bob, talk).len(), 4);
}
