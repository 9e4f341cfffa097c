//! The overlay among real nodes: one invite brings everybody into one ring, and anybody is reached by key.

use std::collections::BTreeSet;
use tertulia_proto::overlay::ring::{SIDE_MAX, distance};
use tertulia_proto::{Command, Config, ConversationKind, Duration, NodeId};
use tertulia_sim::{Kind, Seat, World};

/// Nodes that have one native node in common and nothing else; every fourth is a tab.
pub(crate) fn ring(seed: u64, count: usize) -> (World, Vec<Seat>) {
    let mut world = World::new(seed);
    let mut seats = Vec::new();
    for n in 0..count {
        let (kind, config) = match n % 4 {
            3 => (Kind::Tab, Config::TAB),
            _ => (Kind::Native, Config::NATIVE),
        };
        let config = Config { overlay: true, ..config };
        let seat = world.configured(kind, &format!("Node {n}"), config);
        if let Some(first) = seats.first() {
            world.introducer(seat, *first);
        }
        seats.push(seat);
        world.run_for(Duration::from_millis(300));
    }
    (world, seats)
}

/// The leaf set that a node has in a ring of these.
fn expected(me: NodeId, ids: &[NodeId]) -> BTreeSet<NodeId> {
    let mut others: Vec<_> = ids.iter().copied().filter(|id| *id != me).collect();
    others.sort_by_key(|id| id.place().wrapping_sub(me.place()));
    let counter = others.iter().rev().take(SIDE_MAX).copied();
    others.iter().take(SIDE_MAX).copied().chain(counter).collect()
}

/// Whether each has the leaf set that it has in a ring of these.
pub(crate) fn is_right(world: &World, seats: &[Seat]) -> bool {
    let ids: Vec<_> = seats.iter().map(|seat| world.id(*seat)).collect();
    seats.iter().all(|seat| {
        let leaves = world.node(*seat).and_then(|node| node.neighbours());
        leaves.is_some_and(|leaves| {
            leaves.into_iter().collect::<BTreeSet<_>>() == expected(world.id(*seat), &ids)
        })
    })
}

/// Says what is wrong with a node's neighbours, if anything is: by their places in the order of the ring.
fn wrong(world: &World, seats: &[Seat], seat: Seat) -> Option<String> {
    let mut ids: Vec<_> = seats.iter().map(|seat| world.id(*seat)).collect();
    ids.sort();
    let at = |id: &NodeId| ids.iter().position(|one| one == id);
    let me = world.id(seat);
    let wanted = expected(me, &ids);
    let leaves: Option<BTreeSet<_>> =
        world.node(seat)?.neighbours().map(|leaves| leaves.into_iter().collect());
    let Some(leaves) = leaves else { return Some(format!("\n  {seat:?} is not in")) };
    let lacks: Vec<_> = wanted.difference(&leaves).map(at).collect();
    let more: Vec<_> = leaves.difference(&wanted).map(at).collect();
    let is_wrong = !lacks.is_empty() || !more.is_empty();
    is_wrong
        .then(|| format!("\n  {seat:?}, {:?} of {}, lacks {lacks:?} and has {more:?}", at(&me), ids.len()))
}

/// Lets the ring form, or says what is wrong with it.
pub(crate) fn settle(world: &mut World, seats: &[Seat], limit: Duration) {
    let mut left = limit.as_millis() / 500;
    while !is_right(world, seats) {
        left = left.saturating_sub(1);
        if left == 0 {
            let wrong: String = seats.iter().filter_map(|seat| wrong(world, seats, *seat)).collect();
            world.fail(&format!("the ring is not whole:{wrong}"));
        }
        world.run_for(Duration::from_millis(500));
    }
}

#[test]
fn one_invite_brings_all_into_one_ring() {
    let (mut world, seats) = ring(1, 24);
    settle(&mut world, &seats, Duration::from_secs(60));
}

#[test]
fn those_who_come_at_the_same_moment_do_not_wait_for_each_other() {
    for seed in 0..60 {
        let (mut world, seats) = natives(seed, 3 + seed % 5, Config { overlay: true, ..Config::NATIVE });
        for seat in &seats[1..] {
            let invite = Box::new(world.invite(seats[0]));
            world.command(*seat, Command::Introducer { invite }).expect("an invite is taken");
            // So that the second is met while the first is looking for its place.
            world.run_for(Duration::from_millis(20 * (seed / 5 % 6)));
        }
        // Less than it takes until a place is asked for again: each question for one is answered.
        settle(&mut world, &seats, Duration::from_millis(2_500));
    }
}

/// Native nodes that do not know of each other.
fn natives(seed: u64, count: u64, config: Config) -> (World, Vec<Seat>) {
    let mut world = World::new(seed);
    let node = |n: u64| world.configured(Kind::Native, &format!("Node {n}"), config);
    let seats = (0..count).map(node).collect();
    (world, seats)
}

/// Nodes that all meet each other at the same moment, as on a local network after the power was out.
fn meeting(seed: u64, count: u64) -> (World, Vec<Seat>) {
    let (mut world, seats) = natives(seed, count, Config { overlay: true, seeks: true, ..Config::NATIVE });
    let pairs = seats.iter().flat_map(|one| seats.iter().map(move |other| (*one, *other)));
    for (one, other) in pairs.filter(|(one, other)| one != other) {
        let invite = world.invite(other);
        let endpoint = invite.endpoint.expect("a native node has one");
        let meet = Command::Meet { node: invite.node, endpoint };
        world.command(one, meet).expect("whoever is met is taken note of");
    }
    (world, seats)
}

#[test]
fn those_who_all_meet_at_once_become_one_ring_at_once() {
    // Each asks whom it has met first for a place.
    for seed in 0..60 {
        let (mut world, seats) = meeting(seed, 3 + seed % 6);
        settle(&mut world, &seats, Duration::from_millis(2_500));
    }
}

#[test]
fn a_crowd_that_meets_at_once_becomes_one_ring() {
    // Some find a neighbour only when they compare their leaf sets.
    for seed in 0..4 {
        let (mut world, seats) = meeting(seed, 40);
        settle(&mut world, &seats, Duration::from_secs(70));
    }
}

#[test]
fn the_ring_closes_where_nodes_are_gone_and_the_first_is_not_needed() {
    let (mut world, mut seats) = ring(2, 24);
    settle(&mut world, &seats, Duration::from_secs(60));
    for at in [0, 5, 10] {
        world.kill(seats[at]);
    }
    seats =
        seats.iter().enumerate().filter(|(at, _)| ![0, 5, 10].contains(at)).map(|(_, seat)| *seat).collect();
    settle(&mut world, &seats, Duration::from_secs(90));
}

#[test]
fn anybody_is_reached_by_key_alone() {
    let (mut world, seats) = ring(3, 40);
    settle(&mut world, &seats, Duration::from_secs(90));
    // A newcomer opens links to its neighbours and not to everybody. Whoever was there earlier keeps former neighbours, too.
    let last = seats.last().map(|seat| world.linked(*seat).len());
    assert!(last < Some(26), "{last:?} links of the last");
    // Two who are not linked.
    let pairs = seats.iter().flat_map(|one| seats.iter().map(move |other| (*one, *other)));
    let (one, other) = pairs
        .filter(|(one, other)| one != other && !world.is_linked(*one, *other))
        .max_by_key(|(one, other)| distance(world.id(*one).place(), world.id(*other).place()))
        .expect("forty nodes are not all linked");
    world
        .connect(one, other, Some(ConversationKind::Private))
        .expect("whoever is in the overlay may ask anybody");
    world.settle("they are linked", Duration::from_secs(20), |world| world.is_linked(one, other));
}

#[test]
fn two_rings_on_one_local_network_become_one() {
    let (mut world, mut seats) = ring(5, 6);
    let first = seats.len();
    for n in 0..6 {
        let config = Config { overlay: true, seeks: true, ..Config::NATIVE };
        let seat = world.configured(Kind::Native, &format!("Other {n}"), config);
        if n > 0 {
            world.introducer(seat, seats[first]);
        }
        seats.push(seat);
    }
    world.run_for(Duration::from_secs(30));
    assert!(is_right(&world, &seats[..first]) && is_right(&world, &seats[first..]), "two rings");
    let invite = world.invite(seats[1]);
    let meet = Command::Meet { node: invite.node, endpoint: invite.endpoint.expect("a native node has one") };
    world.command(seats[first + 3], meet).expect("whoever is met is taken note of");
    settle(&mut world, &seats, Duration::from_secs(60));
}

#[test]
fn whoever_had_a_link_to_one_who_falls_silent_sends_nothing_through_it() {
    let (mut world, seats) = ring(4, 40);
    settle(&mut world, &seats, Duration::from_secs(90));
    world.kill(seats[5]);
    world.run_for(Duration::from_secs(60));
    // Not its neighbours in the ring alone, but all who had it in their tables.
    let has_noticed =
        |seat: &&Seat| world.node(**seat).is_some_and(|node| node.stats().contains_key("overlay_gone"));
    let noticed = seats.iter().filter(has_noticed).count();
    assert!(noticed > 2 * SIDE_MAX, "{noticed} have noticed");
}
