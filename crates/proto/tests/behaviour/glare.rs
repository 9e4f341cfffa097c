//! Two nodes that connect to each other at once end with one link, and lose nothing.

use tertulia_proto::{ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Conditions, World};

#[test]
fn two_dials_at_once_end_in_one_link() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let (to_ana, to_eva) = (world.invite(ana), world.invite(eva));
        world.open(ana, &to_eva, None);
        world.open(eva, &to_ana, None);
        world.settle("linked", SOON, |world| world.is_linked(ana, eva) && world.is_linked(eva, ana));
        world.run_for(SOON);
        assert_eq!(world.channels(ana, eva), 1, "seed {seed}");
        assert!(world.is_linked(ana, eva) && world.is_linked(eva, ana), "seed {seed}");
        assert!(
            world.stat(ana, "link_duplicate") > 0 || world.stat(eva, "link_duplicate") > 0,
            "seed {seed}"
        );
    }
}

#[test]
fn requests_that_cross_are_both_answered() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let (to_ana, to_eva) = (world.invite(ana), world.invite(eva));
        let from_ana = world.open(ana, &to_eva, Some(ConversationKind::Public));
        let from_eva = world.open(eva, &to_ana, Some(ConversationKind::Public));
        for (host, guest, request) in [(eva, ana, from_ana), (ana, eva, from_eva)] {
            let asked = world.request(host, 0);
            world.answer(host, asked, tertulia_proto::io::Consent::No).unwrap();
            assert_eq!(world.outcome(guest, request), tertulia_proto::io::RequestOutcome::No, "seed {seed}");
        }
    }
}

#[test]
fn both_reconnect_at_once_while_both_talk() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        world.conditions = Conditions { connect_failure_permille: 0, ..Conditions::ROUGH };
        let (ana, eva) = (world.native("Ana"), world.native("Eva"));
        let talk = world.befriend(ana, eva, ConversationKind::Public);
        for number in 0..60 {
            if number == 20 {
                world.sever(ana, eva);
            }
            world.say(ana, talk, &format!("{number}"));
            world.say(eva, talk, &format!("{number}"));
            world.run_for(Duration::from_millis(40));
        }
        world.settle_agreement(talk, &[ana, eva], Duration::from_secs(30));
        assert_eq!(world.shown(ana, talk).len(), 120, "seed {seed}");
        world.run_for(SOON);
        assert_eq!(world.channels(ana, eva), 1, "seed {seed}");
    }
}
