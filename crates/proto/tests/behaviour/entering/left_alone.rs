//! Whoever comes back to a conversation in which it was left alone is in when somebody is there, and not before.

use super::{DERIVATION, overhear, until};
use std::cell::Cell;
use std::rc::Rc;
use tertulia_proto::io::RequestOutcome;
use tertulia_proto::wire::Frame;
use tertulia_proto::{Config, ConversationId, Duration, Event};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Seat, World};

const AWAY_MAX: Duration = Duration::from_secs(60);

fn someone(world: &mut World, name: &str) -> Seat {
    world.configured(Kind::Native, name, Config { evict_after: AWAY_MAX, ..Config::NATIVE })
}

/// How often a conversation began or ended at a seat, in order: true where it began.
fn turns(world: &World, seat: Seat, talk: ConversationId) -> Vec<bool> {
    let turn = |event: &Event| match event {
        Event::ConversationOpened { conversation } if *conversation == talk => Some(true),
        Event::ConversationEnded { conversation } if *conversation == talk => Some(false),
        _ => None,
    };
    world.events(seat).iter().filter_map(|(_, event)| turn(event)).collect()
}

#[test]
fn it_is_over_at_once_where_what_it_knows_puts_all_others_out() {
    let mut world = World::new(71);
    let [zoe, ana, eva, leo] = ["Zoe", "Ana", "Eva", "Leo"].map(|name| someone(&mut world, name));
    let talk = world.gather(&[zoe, ana, eva]);
    // Zoe and Ana sign Eva out, who knows nothing of that and lets Leo in; then Ana leaves.
    world.partition(&[&[zoe, ana], &[eva, leo]]);
    world.settle("signed out", AWAY_MAX.times(2), |world| world.participants(zoe, talk).len() == 2);
    for _ in 0..3 {
        world.say(eva, talk, "so that the Admit comes after the Evict");
    }
    world.let_in(eva, leo, talk);
    world.settle_agreement(talk, &[eva, leo], SOON);
    world.leave(ana, talk).unwrap();
    world.settle("over", SOON, |world| !world.is_in(zoe, talk));
    world.kill(ana);
    world.kill(eva);
    world.heal_all();
    // Leo has her in his list.
    let invite = world.ticket_into(leo, talk);
    let request = world.open(zoe, &invite, None);
    assert_eq!(world.outcome(zoe, request), RequestOutcome::Yes(talk));
    assert_eq!(turns(&world, zoe, talk), [true, false, true, false]);
    world.settle("he hears that he is out", SOON, |world| !world.is_in(leo, talk));
    assert!(!world.is_in(zoe, talk));
}

#[test]
fn the_admit_of_old_does_not_count_before_the_coordinator_has_said_yes() {
    let mut world = World::new(72);
    let [zoe, ana, eva, leo, max] = ["Zoe", "Ana", "Eva", "Leo", "Max"].map(|name| someone(&mut world, name));
    let talk = world.gather(&[zoe, ana]);
    // All others meet without Zoe, and sign her out.
    world.partition(&[&[zoe], &[ana, eva, leo, max]]);
    for newcomer in [eva, leo, max] {
        world.let_in(ana, newcomer, talk);
    }
    world.settle_agreement(talk, &[ana, eva, leo, max], SOON);
    world.settle("Zoe is signed out", AWAY_MAX.times(2), |world| world.participants(eva, talk).len() == 4);
    world.kill(ana);
    world.settle("noticed", SOON, |world| [eva, leo, max].iter().all(|seat| !world.is_linked(*seat, ana)));
    // Ana has lost her memory and is not in, she says; so Zoe, who knows of nobody else, signs her out.
    for _ in 0..8 {
        world.say(zoe, talk, "so that this Evict comes after hers");
    }
    world.partition(&[&[zoe, ana], &[eva, leo, max]]);
    world.restart(ana);
    world.introducer(ana, zoe);
    world.settle("over", SOON.times(4), |world| !world.is_in(zoe, talk));
    world.kill(ana);
    world.settle("noticed", SOON, |world| !world.is_linked(zoe, ana));
    world.heal_all();
    // Leo passes her on to Eva, whom that does not reach for a while.
    let is_late = Rc::new(Cell::new(true));
    let late = Rc::clone(&is_late);
    let heard = overhear(&mut world, move |_, _, frame| {
        !late.get() || !matches!(frame, Frame::AutomaticEntryToCoordinator(_))
    });
    let invite = world.ticket_into(leo, talk);
    world.open(zoe, &invite, None);
    until(&mut world, &heard, |frame| matches!(frame, Frame::Answer(answer) if answer.code == DERIVATION));
    world.run_for(Duration::from_secs(2));
    assert!(!world.is_in(zoe, talk));
    is_late.set(false);
    world.settle_agreement(talk, &[eva, leo, max, zoe], SOON.times(2));
    assert_eq!(turns(&world, zoe, talk), [true, false, true]);
}
