//! Small rings: the large ones run with `cargo xtask sim --ring NAME`.

use std::collections::BTreeSet;
use tertulia_proto::Duration;
use tertulia_proto::overlay::ring::LEAVES_MAX;
use tertulia_sim::ring::churn::Churn;
use tertulia_sim::ring::{Ring, failure, hops, malice, scale};

/// The leaf set of a node, and what it has to be by the oracle.
fn leaf_sets(ring: &Ring, number: u32) -> [BTreeSet<u128>; 2] {
    let me = ring.id(number).place();
    let found = ring.node(number).expect("it is there").leaves().map(|leaf| leaf.node.place());
    let mut others: Vec<u128> = ring.there().iter().map(|other| ring.id(*other).place()).collect();
    others.retain(|place| *place != me);
    others.sort_by_key(|place| place.wrapping_sub(me));
    let side = others.len().min(LEAVES_MAX / 2);
    let expected = others[..side].iter().chain(&others[others.len() - side..]);
    [found.collect(), expected.copied().collect()]
}

#[track_caller]
fn agrees(ring: &Ring, what: &str) {
    for number in ring.there() {
        let [found, expected] = leaf_sets(ring, *number);
        assert_eq!(found, expected, "{what}: the leaf set of {number}");
    }
}

#[test]
fn rings_of_every_small_size_find_each_other() {
    for nodes in (1..=20).chain([24, 32, 40]) {
        let ring = hops::joined_up(u64::from(nodes), nodes, 1);
        assert_eq!(ring.members(), nodes as usize, "all {nodes} are in");
        agrees(&ring, &format!("{nodes} nodes"));
    }
}

#[test]
fn a_ring_that_shrinks_is_whole_in_the_end() {
    let mut ring = hops::joined_up(5, 40, 2);
    for gone in 0..34 {
        if gone % 2 == 0 {
            ring.leave(gone)
        } else {
            ring.crash(gone)
        };
        ring.pass(Duration::from_secs(20));
    }
    ring.pass(Duration::from_secs(15 * 60));
    agrees(&ring, "six are left");
    let hops = hops::look_up(&mut ring, 500, 100);
    assert_eq!((hops.lost, hops.wrong), (0, 0), "six nodes find all keys: {hops:?}");
}

#[test]
fn many_who_come_at_once_find_their_places() {
    let mut ring = Ring::made(3, 20);
    for _ in 0..200 {
        ring.come();
    }
    ring.pass(Duration::from_secs(5 * 60));
    assert_eq!(ring.members(), 220);
    agrees(&ring, "two hundred came at once");
}

#[test]
fn a_ring_that_was_joined_is_one_that_was_made() {
    let beside = hops::joined_beside_made(1, 600, 10_000);
    assert_eq!(beside.leaf_sets_that_differ, 0);
    let [joined, made] = &beside.hops;
    assert_eq!([joined.lost, joined.wrong, made.lost, made.wrong], [0; 4], "{beside:?}");
    // Some of those who have joined know spares, of which a ring that is made has none.
    assert!(joined.mean / made.mean < 1.02, "hops: {} and {}", joined.mean, made.mean);
    let [joined, made] = beside.table;
    assert!(joined > 0.95 * made, "nodes in a table: {joined} and {made}");
}

#[test]
fn a_thousand_nodes_take_two_and_a_half_hops() {
    let hops = hops::at_rest(1, 1_000, 20_000);
    assert_eq!((hops.lost, hops.wrong), (0, 0));
    assert!(hops.mean <= 2.45 && hops.most <= 4, "{hops:?}");
}

#[test]
fn few_links_are_enough_when_others_are_opened() {
    let [few, many] = [24, 96].map(|links| hops::with_budget(1, 1_000, links, 5_000));
    assert_eq!([few.lost, few.wrong, many.lost, many.wrong], [0; 4]);
    assert!(few.opened > many.opened && many.opened < 0.01, "{} and {} opened", few.opened, many.opened);
}

#[test]
fn after_many_have_failed_the_others_mend_the_ring() {
    let outcome = failure::at_once(1, 1_000, 100, 4_000, 100);
    assert_eq!([outcome.broken.wrong, outcome.mended.wrong, outcome.mended.lost], [0; 3]);
    assert!(outcome.broken.mean < outcome.before.mean * 1.06, "{outcome:?}");
    assert!(outcome.mended.mean < outcome.before.mean * 1.01, "{outcome:?}");
    assert!(outcome.calls_each < 57.0, "calls for each that failed: {outcome:?}");
}

#[test]
fn lookups_are_right_while_nodes_come_and_go() {
    let churn = Churn {
        settling: Duration::from_secs(300),
        span: Duration::from_secs(600),
        ..Churn::of_fifteen_minutes(1, 300)
    };
    let outcome = churn.run();
    assert!(outcome.right_share >= 0.999, "{outcome:?}");
    assert!(outcome.control_each_second <= 0.5, "{outcome:?}");
}

#[test]
fn no_lookup_goes_wrong_where_nothing_is_lost() {
    let span = Duration::from_secs(1_000);
    let outcome = Churn {
        span,
        settling: Duration::from_secs(60),
        lookups_each_second: 60,
        ..Churn::without_loss(2, 300)
    }
    .run();
    assert!(outcome.came > 150, "{} came", outcome.came);
    assert_eq!(outcome.wrong, 0, "{outcome:?}");
}

#[test]
fn short_sessions_leave_the_ring_consistent() {
    let churn = Churn {
        settling: Duration::from_secs(120),
        span: Duration::from_secs(200),
        ..Churn::of_minutes(1, 300)
    };
    let outcome = churn.run();
    assert!(outcome.right_share >= 0.99, "{outcome:?}");
    assert!(outcome.bytes_each_second < 900.0, "{outcome:?}");
}

#[test]
fn a_malicious_quarter_hides_nothing() {
    let outcome = malice::redundant(1, 1_000, 25, 1_500);
    assert!(outcome.found_share >= 0.99, "{outcome:?}");
    assert!(outcome.single_share < 0.9, "the malicious do something: {outcome:?}");
}

#[test]
fn a_node_takes_little_memory() {
    let outcome = scale::large(1, 2_000, Duration::from_secs(40), 2_000);
    assert!(outcome.bytes_each < 1_100.0 && outcome.bytes_each_after < 1_200.0, "{outcome:?}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let churn = Churn {
            settling: Duration::from_secs(30),
            span: Duration::from_secs(60),
            ..Churn::of_minutes(7, 100)
        };
        let outcome = churn.run();
        (outcome.came, outcome.hops.distribution, outcome.by_sort, outcome.stats)
    };
    assert_eq!(run(), run());
}
