//! The directory among real nodes: whoever is listed is found by any of their words, wherever the record lies.

use crate::overlay::{ring, settle};
use tertulia_proto::directory::FoundPerson;
use tertulia_proto::directory::words::{listed, sought};
use tertulia_proto::group::Letter;
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Presence, SearchId};
use tertulia_proto::{Command, Config, Duration, Event, Refusal, Reply};
use tertulia_sim::{Kind, Seat, World};

fn publish(world: &mut World, seat: Seat, words: &str) {
    let words = listed(words, Letter::of);
    world.command(seat, Command::Publish { words }).expect("a node in the overlay lists its user");
}

fn search(world: &mut World, seat: Seat, words: &str) -> Vec<FoundPerson> {
    let command = Command::SearchPeople { words: sought(words, Letter::of), limit: 20 };
    let Ok(Reply::Search(search)) = world.command(seat, command) else { panic!("not searched") };
    world
        .settle("the search is over", Duration::from_secs(20), |world| result(world, seat, search).is_some());
    result(world, seat, search).expect("settled")
}

fn result(world: &World, seat: Seat, id: SearchId) -> Option<Vec<FoundPerson>> {
    world.events(seat).iter().find_map(|(_, event)| match event {
        Event::Found { search, people, is_over: true } if *search == id => Some(people.clone()),
        _ => None,
    })
}

fn names(people: &[FoundPerson]) -> Vec<&str> {
    people.iter().map(|one| one.name.as_str()).collect()
}

/// A ring whose people are listed under their names, `Node 7`, and a word of their own.
fn people(seed: u64, count: usize) -> (World, Vec<Seat>) {
    let (mut world, seats) = ring(seed, count);
    settle(&mut world, &seats, Duration::from_secs(90));
    for (n, seat) in seats.iter().enumerate() {
        publish(&mut world, *seat, &format!("node{n} person {}", INTERESTS[n % INTERESTS.len()]));
    }
    world.run_for(Duration::from_secs(10));
    (world, seats)
}

const INTERESTS: [&str; 8] =
    ["chess", "gardening", "astronomy", "cooking", "cycling", "painting", "sailing", "choir"];

#[test]
fn everybody_is_found_by_any_of_their_words_from_anywhere() {
    let (mut world, seats) = people(1, 30);
    for n in 0..seats.len() {
        let seeker = seats[(n * 7 + 3) % seats.len()];
        if seeker == seats[n] {
            continue;
        }
        let found = search(&mut world, seeker, &format!("node{n}"));
        let first = found.first().unwrap_or_else(|| panic!("node{n} is found"));
        assert_eq!((first.user, first.presence), (world.node(seats[n]).unwrap().me().user, Presence::Online));
    }
    let found = search(&mut world, seats[0], "gardening");
    assert_eq!(found.len(), 4, "{:?}", names(&found));
    assert!(found.iter().all(|one| one.words.contains(&"gardening".to_owned())));
}

#[test]
fn a_prefix_and_a_typing_error_find_too_and_more_words_rank_first() {
    let (mut world, seats) = people(2, 24);
    assert_eq!(search(&mut world, seats[0], "astro").len(), 3);
    assert_eq!(search(&mut world, seats[0], "garednign").len(), 0, "two errors are too many");
    assert_eq!(search(&mut world, seats[0], "gardenign").len(), 3);
    assert_eq!(search(&mut world, seats[0], "xhoir").len(), 3);
    let found = search(&mut world, seats[0], "choir node15");
    assert_eq!((found[0].name.as_str(), found[0].matched), ("Node 15", 2));
    assert!(found.len() >= 3);
}

#[test]
fn records_outlive_those_who_keep_them() {
    let (mut world, seats) = people(3, 30);
    // Every second of them but the one who is sought and the one who seeks, in twos.
    for pair in [[5, 9], [13, 17], [21, 25]] {
        for at in pair {
            world.kill(seats[at]);
        }
        world.run_for(Duration::from_secs(40));
    }
    let dead = [5, 9, 13, 17, 21, 25];
    let living: Vec<_> = (0..seats.len()).filter(|at| !dead.contains(at)).collect();
    for at in &living {
        let seeker = seats[living[(at * 5 + 1) % living.len()]];
        if seeker != seats[*at] {
            let found = search(&mut world, seeker, &format!("node{at}"));
            assert!(
                found.iter().any(|one| one.name == format!("Node {at}")),
                "node{at}: {:?}",
                names(&found)
            );
        }
    }
    // The dead are still listed, and shown as gone.
    let found = search(&mut world, seats[0], "node13");
    assert_eq!(
        found.iter().find(|one| one.name == "Node 13").map(|one| one.presence),
        Some(Presence::Offline)
    );
}

#[test]
fn who_was_killed_is_not_told_as_there_because_a_link_is_still_up() {
    for (seed, count) in [(45, 3), (46, 12)] {
        let (mut world, seats) = people(seed, count);
        world.kill(seats[2]);
        for second in 0..20 {
            let found = search(&mut world, seats[1], "node2");
            let killed = found.iter().find(|one| one.name == "Node 2").expect("the record is still there");
            assert_ne!(killed.presence, Presence::Online, "among {count}, after {second} s");
            world.run_for(Duration::from_secs(1));
        }
    }
}

#[test]
fn who_takes_themself_out_is_found_no_longer() {
    let (mut world, seats) = people(4, 20);
    assert_eq!(
        search(&mut world, seats[1], "node6").first().map(|one| one.name.clone()),
        Some("Node 6".into())
    );
    world.command(seats[6], Command::Publish { words: listed("", Letter::of) }).unwrap();
    world.run_for(Duration::from_secs(3));
    assert!(search(&mut world, seats[1], "node6").iter().all(|one| one.name != "Node 6"));
    assert!(world.node(seats[6]).unwrap().listed().is_empty());
}

#[test]
fn who_changes_their_words_is_found_by_no_former_ones() {
    for (seed, count) in [(40, 3), (41, 12), (42, 40)] {
        let (mut world, seats) = ring(seed, count);
        settle(&mut world, &seats, Duration::from_secs(90));
        // Each comes before the word that the one before is kept, the last long after.
        for (words, pause) in [("secretword opera", 1), ("opera violin", 1), ("violin", 60), ("bassoon", 3)] {
            publish(&mut world, seats[0], words);
            world.run_for(Duration::from_secs(pause));
        }
        let by = |world: &mut World, word| search(world, seats[1], word).len();
        assert_eq!(by(&mut world, "bassoon"), 1, "among {count}");
        for former in ["secretword", "opera", "violin"] {
            assert_eq!(by(&mut world, former), 0, "{former} among {count}");
        }
        publish(&mut world, seats[0], "");
        world.run_for(Duration::from_secs(3));
        for former in ["secretword", "opera", "violin", "bassoon"] {
            assert_eq!(by(&mut world, former), 0, "{former} among {count}, taken out");
        }
    }
}

#[test]
fn who_changed_their_words_alone_is_found_by_no_former_ones() {
    let (mut world, seats) = ring(43, 1);
    let ana = seats[0];
    // Whoever has its place after nobody answered is the first of a ring.
    world.run_for(Duration::from_secs(60));
    publish(&mut world, ana, "secretword");
    world.run_for(Duration::from_secs(10));
    publish(&mut world, ana, "opera");
    let eva = world.configured(Kind::Tab, "Eva", Config { overlay: true, ..Config::TAB });
    world.introducer(eva, ana);
    settle(&mut world, &[ana, eva], Duration::from_secs(30));
    world.run_for(Duration::from_secs(10));
    assert_eq!(names(&search(&mut world, eva, "opera")), ["Node 0"]);
    assert!(search(&mut world, eva, "secretword").is_empty());
}

#[test]
fn another_name_is_shown_at_once() {
    let (mut world, seats) = people(44, 12);
    world.command(seats[3], Command::SetName { name: Name::cut("Carlotta") }).expect("renamed");
    world.run_for(Duration::from_secs(5));
    let found = search(&mut world, seats[7], "node3");
    assert_eq!(found.first().map(|one| one.name.as_str()), Some("Carlotta"));
}

#[test]
fn a_listing_lasts_through_a_restart_and_as_long_as_its_user_wants() {
    let (mut world, seats) = people(5, 12);
    world.kill(seats[9]);
    world.run_for(Duration::from_secs(20));
    world.resume(seats[9]);
    world.run_for(Duration::from_secs(60 * 32));
    let found = search(&mut world, seats[2], "node9");
    assert_eq!(
        found.first().map(|one| (one.name.as_str(), one.presence)),
        Some(("Node 9", Presence::Online))
    );
}

#[test]
fn a_node_outside_the_overlay_says_so() {
    let mut world = World::new(6);
    let alone = world.tab("Ana");
    let words = sought("eva", Letter::of);
    let refused = world.command(alone, Command::SearchPeople { words, limit: 5 });
    assert!(matches!(refused, Err(Refusal::NotInNetwork)));
}

#[test]
fn a_newcomer_finds_before_it_was_handed_any_records() {
    for seed in 20..28 {
        let (mut world, mut seats) = ring(seed, 3);
        settle(&mut world, &seats, Duration::from_secs(30));
        publish(&mut world, seats[1], "node1 chess");
        world.run_for(Duration::from_secs(5));
        let config = Config { overlay: true, ..Config::NATIVE };
        let newcomer = world.configured(Kind::Native, "Newcomer", config);
        world.introducer(newcomer, seats[0]);
        seats.push(newcomer);
        world.settle("the newcomer is in", Duration::from_secs(20), |world| {
            world.node(newcomer).and_then(|node| node.neighbours()).is_some_and(|leaves| !leaves.is_empty())
        });
        // By a beginning: the place of that may be the newcomer's own.
        assert_eq!(names(&search(&mut world, newcomer, "ches")), ["Node 1"], "seed {seed}");
    }
}
