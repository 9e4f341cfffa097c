//! A node that died comes back as the same node, with nothing remembered.

use tertulia_proto::io::RequestOutcome;
use tertulia_proto::{ConversationKind, Duration};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn a_restarted_native_node_is_reached_by_its_old_invite() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let invite = world.invite(ana);
    world.kill(ana);
    world.run_for(Duration::from_secs(5));
    world.restart(ana);
    world.open(eva, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(eva, ana) && world.is_linked(ana, eva));
}

#[test]
fn a_restart_quicker_than_silence_takes_the_link_over() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eva));
    world.kill(eva);
    world.run_for(Duration::from_millis(500));
    world.restart(eva);
    world.open(eva, &invite, None);
    world.settle("linked again", SOON, |world| world.is_linked(eva, ana));
    world.run_for(Duration::from_secs(30));
    assert!(world.is_linked(eva, ana) && world.is_linked(ana, eva));
    assert_eq!(world.channels(ana, eva), 1);
}

#[test]
fn who_died_enters_again_and_finds_what_was_said() {
    let mut world = World::new(3);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, _] = seats;
    let talk = world.gather(&seats);
    world.say(eva, talk, "before I die");
    world.settle_agreement(talk, &seats, SOON);
    world.kill(eva);
    world.say(ana, talk, "Eva?");
    world.run_for(Duration::from_secs(12));
    world.restart(eva);
    let invite = world.ticket_into(ana, talk);
    world.open(eva, &invite, None);
    world.settle_agreement(talk, &seats, SOON);
    world.say(eva, talk, "here I am");
    world.settle_agreement(talk, &seats, SOON);
    assert_eq!(world.texts(eva, talk), ["before I die", "Eva?", "here I am"]);
    assert_eq!(world.participants(ana, talk).len(), 3);
}

#[test]
fn an_introducer_that_comes_back_introduces_again() {
    let mut world = World::new(4);
    let (nodo, ana, eva) = (world.native("Nodo"), world.tab("Ana"), world.tab("Eva"));
    world.introducer(ana, nodo);
    world.kill(nodo);
    world.settle("noticed", SOON, |world| !world.is_linked(ana, nodo));
    world.run_for(Duration::from_secs(30));
    world.restart(nodo);
    world.settle("linked again", Duration::from_secs(60), |world| world.is_linked(ana, nodo));
    world.befriend(ana, eva, ConversationKind::Private);
}

#[test]
fn two_lives_that_both_spoke_are_both_heard() {
    let mut world = World::new(5);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.partition(&[&[ana], &[eva, zoe]]);
    world.say(eva, talk, "in my first life");
    world.settle("Zoe hears it", SOON, |world| world.shown(zoe, talk).len() == 1);
    world.kill(eva);
    // Her second life begins where nobody has heard of the end of the first.
    world.partition(&[&[ana, eva], &[zoe]]);
    world.run_for(Duration::from_secs(12));
    world.restart(eva);
    world.let_in(ana, eva, talk);
    world.say(eva, talk, "in my second life");
    world.settle("Ana hears it", SOON, |world| world.shown(ana, talk).len() == 1);
    world.heal_all();
    world.settle_agreement(talk, &seats, Duration::from_secs(60));
    let mut texts = world.texts(zoe, talk);
    texts.sort();
    assert_eq!(texts, ["in my first life", "in my second life"]);
}

#[test]
fn a_restarted_node_that_calls_back_is_not_taken_for_a_second_link() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let (to_ana, to_eva) = (world.invite(ana), world.invite(eva));
        world.open(ana, &to_eva, None);
        world.settle("linked", SOON, |world| world.is_linked(ana, eva) && world.is_linked(eva, ana));
        world.kill(eva);
        world.restart(eva);
        world.open(eva, &to_ana, None);
        let took = world.settle("linked again", SOON, |world| world.is_linked(eva, ana));
        assert!(took < Duration::from_secs(1), "seed {seed}: the dead link was kept for {took:?}");
        world.run_for(SOON.times(2));
        assert!(world.is_linked(eva, ana) && world.is_linked(ana, eva), "seed {seed}");
    }
}

#[test]
fn who_is_still_on_the_list_need_not_ask() {
    let mut world = World::new(7);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    world.say(ana, talk, "don't go");
    world.settle_agreement(talk, &[ana, eva], SOON);
    world.kill(eva);
    world.restart(eva);
    let invite = world.invite_into(ana, talk);
    let request = world.open(eva, &invite, None);
    assert_eq!(world.outcome(eva, request), RequestOutcome::Yes(talk));
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.texts(eva, talk), ["don't go"]);
}
