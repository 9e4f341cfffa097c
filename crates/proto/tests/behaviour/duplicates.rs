//! However often an operation comes, it is shown once.

use tertulia_proto::Duration;
use tertulia_proto::wire::Frame;
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn what_arrives_thrice_is_shown_once() {
    let mut world = World::new(1);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let talk = world.gather(&seats);
    world.tamper(|_, _, bytes| {
        let again =
            matches!(Frame::decode(&bytes), Ok(Frame::Operations(_) | Frame::Heads(_) | Frame::Want(_)));
        if again { vec![bytes; 3] } else { vec![bytes] }
    });
    for number in 0..20 {
        for seat in seats {
            world.say(seat, talk, &format!("{number}"));
        }
        world.run_for(Duration::from_millis(30));
    }
    world.settle_agreement(talk, &seats, SOON);
    // The oracle fails the run at the second delivery of any message.
    assert_eq!(world.shown(seats[0], talk).len(), 60);
    assert!(world.stat(seats[0], "operation_known") > 0);
}

#[test]
fn a_request_that_arrives_twice_is_asked_once() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.tamper(|_, _, bytes| {
        let again = matches!(Frame::decode(&bytes), Ok(Frame::ConnectionRequest(_)));
        if again { vec![bytes; 2] } else { vec![bytes] }
    });
    let invite = world.invite(ana);
    world.open(eva, &invite, Some(tertulia_proto::ConversationKind::Public));
    world.run_for(SOON);
    let requests = world
        .events(ana)
        .iter()
        .filter(|(_, event)| matches!(event, tertulia_proto::Event::Request { .. }))
        .count();
    assert_eq!(requests, 1);
}
