//! A hundred random worlds: small ones, for each change; thousands run with `cargo xtask sim --seeds 10000`.

use tertulia_proto::Duration;
use tertulia_sim::scenario::Plan;

#[test]
fn a_hundred_worlds_hold_together() {
    let (mut said, mut delivered) = (0, 0);
    for seed in 0..100 {
        let plan = Plan::of(seed);
        let outcome =
            Plan { nodes: plan.nodes.min(8), steps: 60, span: Duration::from_secs(90), ..plan }.run();
        said += outcome.said;
        delivered += outcome.delivered;
    }
    assert!(said > 5_000 && delivered > said, "{said} said, {delivered} delivered: too little happens");
}

/// Seeds whose worlds once broke, each with what it found: two full tabs that lost each other, and one who had left, so that
/// halves stayed apart; a try that waited for a link which had taken another's place; two tries that a split had swallowed, and
/// that held up all others; one who asked the same four carriers each time, of whom none was linked to whom it missed; a page
/// that was taken to be on its way to one to whom there was no link; and one who was let in and was alone with all it knew.
#[test]
fn worlds_that_once_broke_hold() {
    for seed in [117, 158, 2770, 5861, 8791, 9682] {
        Plan::of(seed).run();
    }
}
