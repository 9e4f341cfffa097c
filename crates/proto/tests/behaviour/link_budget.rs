//! A node keeps only so many links, and gives up the least useful first.

use tertulia_proto::{CloseReason, Config, ConversationKind};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Seat, World};

#[test]
fn the_least_useful_link_makes_room() {
    let mut world = World::new(1);
    let ana = world.native_of("Ana", 4);
    let eva = world.tab("Eva");
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let visitors: Vec<_> = (0..6).map(|number| world.tab(&format!("Visitor {number}"))).collect();
    let invite = world.invite(ana);
    for &visitor in &visitors {
        world.open(visitor, &invite, None);
        world.settle("linked", SOON, |world| world.is_linked(visitor, ana));
        world.run_for(SOON);
        assert!(world.node(ana).unwrap().peers().len() <= 4);
    }
    assert!(world.is_linked(ana, eva) && world.closings(ana, eva).is_empty(), "a participant stays");
    assert!(world.is_linked(ana, visitors[5]), "the last who came is in");
    let (kept, shed): (Vec<Seat>, Vec<Seat>) =
        visitors.iter().copied().partition(|visitor| world.is_linked(ana, *visitor));
    assert_eq!((kept.len(), shed.len()), (3, 3), "no more were let go than was needed");
    for visitor in shed {
        assert_eq!(world.closings(visitor, ana), [CloseReason::Full]);
    }
    assert_eq!(world.stat(ana, "link_shed"), 3);
    world.say(eva, talk, "a busy place");
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn when_all_are_useful_who_comes_is_refused() {
    let mut world = World::new(2);
    let ana = world.native_of("Ana", 2);
    let guests = [world.tab("Eva"), world.tab("Zoe")];
    for guest in guests {
        world.befriend(ana, guest, ConversationKind::Public);
    }
    let late = world.tab("Late");
    let invite = world.invite(ana);
    let request = world.open(late, &invite, Some(ConversationKind::Public));
    let outcome = world.outcome(late, request);
    assert_eq!(outcome, tertulia_proto::io::RequestOutcome::Failed(CloseReason::Full));
    for guest in guests {
        assert!(world.is_linked(ana, guest));
    }
    assert_eq!(world.stat(ana, "link_refused_full"), 1);
}

#[test]
fn two_participants_who_are_full_find_each_other_again() {
    let mut world = World::new(3);
    let config = Config { link_budget: 4, ..Config::TAB };
    let ana = world.native("Ana");
    let tabs = ["Eva", "Zoe", "Ian", "Kim", "Lea"].map(|name| world.configured(Kind::Tab, name, config));
    tabs.iter().for_each(|tab| world.introducer(*tab, ana));
    let talk = world.gather(&[&[ana], &tabs[..]].concat());
    world.sever(tabs[2], tabs[4]);
    assert_eq!(tabs.map(|tab| world.node(tab).unwrap().peers().len()), [5, 5, 4, 5, 4]);
    world.settle_agreement(talk, &tabs, SOON);
}
