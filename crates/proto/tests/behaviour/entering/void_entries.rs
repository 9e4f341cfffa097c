//! Whose Admit turns out void, for what its author did not know, is told so and may ask anew.

use super::{overhear, sent};
use tertulia_proto::wire::Frame;
use tertulia_proto::{Config, ConversationId, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Manners, Seat, World};

const AWAY_MAX: Duration = Duration::from_secs(60);

/// Ana and Eva have signed Bob out, who knows nothing of that and has let Zoe in.
fn parted(seed: u64) -> (World, [Seat; 4], ConversationId) {
    let mut world = World::new(seed);
    let config = Config { evict_after: AWAY_MAX, ..Config::NATIVE };
    let seats @ [ana, eva, bob, zoe] =
        ["Ana", "Eva", "Bob", "Zoe"].map(|name| world.configured(Kind::Native, name, config));
    let talk = world.gather(&[ana, eva, bob]);
    world.introducer(zoe, ana);
    world.partition(&[&[ana, eva], &[bob, zoe]]);
    world.settle("Bob is signed out", AWAY_MAX.times(2), |world| world.participants(ana, talk).len() == 2);
    // So that the Evict comes before the Admit for all who have both.
    world.say(bob, talk, "is it me?");
    world.say(bob, talk, "come in, then");
    world.let_in(bob, zoe, talk);
    world.settle_agreement(talk, &[bob, zoe], SOON);
    // And Bob's next Admit behind it.
    for _ in 0..8 {
        world.say(ana, talk, "where is Bob?");
    }
    (world, seats, talk)
}

#[test]
fn who_was_let_in_by_one_who_was_signed_out_hears_it_from_that_one() {
    let (mut world, [ana, eva, bob, zoe], talk) = parted(51);
    let heard = overhear(&mut world, |_, _, _| true);
    world.heal_all();
    for one in [ana, eva] {
        world.wall(zoe, one);
    }
    world.settle("told", SOON.times(6), |world| !world.is_in(bob, talk) && !world.is_in(zoe, talk));
    assert!(!sent(&heard, |_| true).contains(&(ana, zoe)));
    assert_eq!(world.participants(zoe, talk), [ana, eva].map(|seat| world.id(seat)));
}

#[test]
fn it_asks_anew_and_is_let_in_by_whoever_it_is_linked_to() {
    let (mut world, [ana, eva, bob, zoe], talk) = parted(52);
    for seat in [ana, eva] {
        world.teach(seat, Manners::Yes);
    }
    world.say(zoe, talk, "where is everybody?");
    world.heal_all();
    world.settle_agreement(talk, &[ana, eva], SOON.times(6));
    world.settle("both ask anew", SOON.times(6), |world| {
        [bob, zoe].iter().all(|seat| world.stat(*seat, "entry_asked_again") == 1)
    });
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON.times(6));
    let text = "where is everybody?".to_owned();
    assert!(world.texts(ana, talk).contains(&text), "what was said in good faith is not lost");
}

#[test]
fn a_ping_is_enough_to_learn_it() {
    let (mut world, [ana, _, bob, zoe], talk) = parted(53);
    world.wall(zoe, bob);
    // What goes with the opening of the link is lost, and so is what Bob could say.
    let opening = std::rc::Rc::new(std::cell::Cell::new(true));
    let is_open = std::rc::Rc::clone(&opening);
    overhear(&mut world, move |from, to, frame| {
        let tells = matches!(frame, Frame::Heads(_) | Frame::Operations(_) | Frame::Want(_));
        !(tells && is_open.get() && (from == zoe || to == zoe))
    });
    world.heal_all();
    world.settle("linked", SOON.times(6), |world| world.is_linked(zoe, ana));
    world.settle("known", SOON.times(6), |world| world.stat(bob, "entry_asked_again") == 1);
    opening.set(false);
    world.settle("told", SOON, |world| !world.is_in(zoe, talk));
}
