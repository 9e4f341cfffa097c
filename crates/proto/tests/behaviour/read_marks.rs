//! Whoever wants it told lets authors know that their messages were read; nobody else's reading is known.

use tertulia_proto::io::MessageState;
use tertulia_proto::{Command, ConversationId, Duration, Event, OpId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn share(world: &mut World, seat: Seat, on: bool) {
    world.command(seat, Command::ShareRead { on }).unwrap();
}

fn read(world: &mut World, seat: Seat, conversation: ConversationId) {
    world.command(seat, Command::Read { conversation }).unwrap();
}

fn state(world: &World, seat: Seat, talk: ConversationId, message: OpId) -> MessageState {
    world.message(seat, talk, message).unwrap().state.unwrap()
}

struct Scene {
    world: World,
    seats: [Seat; 3],
    talk: ConversationId,
}

fn gathered(seed: u64) -> Scene {
    let mut world = World::new(seed);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    Scene { world, seats, talk }
}

#[test]
fn an_author_learns_who_has_read() {
    let Scene { mut world, seats, talk } = gathered(1);
    let [ana, eva, zoe] = seats;
    share(&mut world, eva, true);
    let message = world.say(ana, talk, "dinner?");
    world.settle_agreement(talk, &seats, SOON);
    world.run_for(Duration::from_secs(1));
    assert!(matches!(state(&world, ana, talk, message), MessageState::Delivered { of: 2, .. }));
    read(&mut world, eva, talk);
    read(&mut world, zoe, talk);
    world.run_for(Duration::from_secs(1));
    let by = vec![world.node(eva).unwrap().me().user];
    let expected = MessageState::Read { by, delivered_to: 2, of: 2 };
    assert_eq!(state(&world, ana, talk, message), expected);
    let told = Event::MessageState { conversation: talk, message, state: expected };
    assert_eq!(world.events(ana).iter().filter(|(_, event)| *event == told).count(), 1);
}

#[test]
fn nobody_shares_it_unasked_and_one_may_stop() {
    let Scene { mut world, seats, talk } = gathered(2);
    let [ana, eva, _] = seats;
    let before = world.say(ana, talk, "one");
    world.settle_agreement(talk, &seats, SOON);
    read(&mut world, eva, talk);
    share(&mut world, eva, true);
    share(&mut world, eva, false);
    let after = world.say(ana, talk, "two");
    world.settle_agreement(talk, &seats, SOON);
    read(&mut world, eva, talk);
    world.run_for(SOON);
    for message in [before, after] {
        assert!(matches!(state(&world, ana, talk, message), MessageState::Delivered { .. }));
    }
}

#[test]
fn an_author_who_was_away_learns_it_on_coming_back() {
    let Scene { mut world, seats, talk } = gathered(3);
    let [ana, eva, zoe] = seats;
    share(&mut world, eva, true);
    let message = world.say(ana, talk, "dinner?");
    world.settle_agreement(talk, &seats, SOON);
    world.partition(&[&[ana], &[eva, zoe]]);
    world.run_for(Duration::from_secs(20));
    read(&mut world, eva, talk);
    world.run_for(Duration::from_secs(2));
    assert!(!matches!(state(&world, ana, talk, message), MessageState::Read { .. }));
    world.heal_all();
    world.settle("Ana learns it", Duration::from_secs(60), |world| {
        matches!(state(world, ana, talk, message), MessageState::Read { .. })
    });
}
