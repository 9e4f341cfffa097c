//! Three people who all talk at once end with the same conversation.

use std::collections::BTreeSet;
use tertulia_proto::io::MessageState;
use tertulia_proto::{ConversationId, Duration, Event, OpId};
use tertulia_sim::{Conditions, Seat, World};

const EACH: usize = 200;

#[test]
fn six_hundred_messages_none_lost_none_doubled_one_order() {
    let mut world = World::new(1);
    let seats = [world.native("Nodo"), world.tab("Ana"), world.tab("Eva")];
    let talk = world.gather(&seats);
    let said = talk_at_once(&mut world, talk, &seats);
    world.settle_agreement(talk, &seats, Duration::from_secs(60));
    assert_eq!(world.shown(seats[0], talk).into_iter().collect::<BTreeSet<_>>(), said);
    assert_eq!(world.shown(seats[0], talk).len(), EACH * 3);
    world.check_safety();
}

#[test]
fn a_rough_network_changes_nothing_but_the_time_it_takes() {
    let mut world = World::new(2);
    let seats = [world.native("Nodo"), world.tab("Ana"), world.tab("Eva")];
    let talk = world.gather(&seats);
    world.conditions = Conditions { connect_failure_permille: 0, ..Conditions::ROUGH };
    let said = talk_at_once(&mut world, talk, &seats);
    world.settle_agreement(talk, &seats, Duration::from_secs(120));
    assert_eq!(world.shown(seats[2], talk).into_iter().collect::<BTreeSet<_>>(), said);
}

#[test]
fn everybodys_messages_end_as_delivered_to_all() {
    let mut world = World::new(3);
    let seats = [world.native("Nodo"), world.tab("Ana"), world.tab("Eva")];
    let talk = world.gather(&seats);
    let message = world.say(seats[1], talk, "is anybody there?");
    world.wait_for(seats[1], 0, "delivery to two of two", |event| match event {
        Event::MessageState { message: told, state: MessageState::Delivered { by, of: 2 }, .. } => {
            (*told == message && by.len() == 2).then_some(())
        }
        _ => None,
    });
}

/// Everybody says something every 5 ms, without waiting for anybody.
fn talk_at_once(world: &mut World, talk: ConversationId, seats: &[Seat]) -> BTreeSet<OpId> {
    let mut said = BTreeSet::new();
    for number in 0..EACH {
        for &seat in seats {
            said.insert(world.say(seat, talk, &format!("{number} from {}", seat.0)));
        }
        world.run_for(Duration::from_millis(5));
    }
    said
}
