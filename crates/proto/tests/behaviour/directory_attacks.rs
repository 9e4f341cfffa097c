//! Records that are forged, old, where they do not belong, too many, or of nobody's business are refused and counted.

use crate::overlay::{ring, settle};
use tertulia_proto::directory::code::{Code, Reading};
use tertulia_proto::directory::record::{LIFETIME_MS, Record, RecordBody, SKEW_MS};
use tertulia_proto::directory::words::{listed, sought};
use tertulia_proto::group::Letter;
use tertulia_proto::identity::Name;
use tertulia_proto::overlay::ring::Key;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::wire::{Frame, Keep, Kept, RECORDS_MAX};
use tertulia_proto::{Command, Duration, Event, Identity};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// Of worlds that make records.
const SHELF_MAX: usize = 4096;

fn user(seed: u8) -> Identity {
    Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Eve"), 1)
}

fn body(world: &World, user: &Identity, words: &str) -> RecordBody {
    RecordBody {
        account: user.account(),
        name: user.profile().name.clone(),
        words: listed(words, Letter::of),
        nodes: List::first([user.node()]),
        seq: 5,
        expires_ms: world.now().as_millis() + LIFETIME_MS,
    }
}

/// A record at the place of one of its words, or at that of another's.
fn at(word: &str, record: Record) -> Kept {
    let key = Code::Balanced.key(word, Reading::Forward, &record.account);
    Kept { key: Key::at(key), record }
}

fn keep(records: impl IntoIterator<Item = Kept>) -> Vec<u8> {
    Frame::Keep(Keep { records: List::first(records) }).encode()
}

fn count(world: &World, seat: Seat, reason: &str) -> u64 {
    world.node(seat).and_then(|node| node.stats().get(reason).copied()).unwrap_or(0)
}

fn kept(world: &World, seat: Seat) -> usize {
    world.node(seat).map_or(0, |node| node.records_kept())
}

/// A ring of neighbours, of whom the second says what it wants to the first.
fn scene(seed: u64) -> (World, [Seat; 2], Vec<Seat>) {
    let (mut world, seats) = ring(seed, 12);
    settle(&mut world, &seats, Duration::from_secs(90));
    world.run_for(Duration::from_secs(5));
    (world, [seats[0], seats[1]], seats)
}

#[test]
fn a_record_is_kept_only_where_and_as_long_as_it_may() {
    let (mut world, [ana, eve], _) = scene(1);
    let mallory = user(1);
    let body = body(&world, &mallory, "chess");
    let send = |world: &mut World, kept: Kept| {
        assert!(world.inject(eve, ana, keep([kept])), "neighbours are linked");
        world.run_for(Duration::from_secs(1));
    };
    send(&mut world, at("chess", body.clone().signed(&mallory)));
    assert_eq!(kept(&world, ana), 1);
    let older = RecordBody { seq: 4, ..body.clone() };
    send(&mut world, at("chess", older.signed(&mallory)));
    assert_eq!(count(&world, ana, "record_rolled_back"), 1);
    send(&mut world, at("smith", body.clone().signed(&mallory)));
    assert_eq!(count(&world, ana, "record_misplaced"), 1);
    let late = world.now().as_millis() + LIFETIME_MS + SKEW_MS + 60_000;
    send(&mut world, at("chess", RecordBody { seq: 6, expires_ms: late, ..body.clone() }.signed(&mallory)));
    let over = world.now().as_millis() - 1;
    send(&mut world, at("chess", RecordBody { seq: 6, expires_ms: over, ..body }.signed(&mallory)));
    assert_eq!(count(&world, ana, "record_not_current"), 2);
    assert_eq!(kept(&world, ana), 1);
}

#[test]
fn a_forged_record_is_none() {
    let (mut world, [ana, eve], seats) = scene(2);
    let mallory = user(1);
    let good = keep([at("chess", body(&world, &mallory, "chess").signed(&mallory))]);
    // The signature stands last.
    let mut forged = good;
    *forged.last_mut().expect("a frame") ^= 1;
    assert!(world.inject(eve, ana, forged));
    world.run_for(Duration::from_secs(1));
    assert_eq!(kept(&world, ana), 0);
    settle(&mut world, &seats, Duration::from_secs(90));
}

#[test]
fn a_stranger_has_nothing_to_be_kept() {
    let (mut world, [ana, _], _) = scene(3);
    let stranger = world.tab("Stranger");
    let invite = world.invite(ana);
    world.open(stranger, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, stranger));
    let mallory = user(1);
    let record = at("chess", body(&world, &mallory, "chess").signed(&mallory));
    assert!(world.inject(stranger, ana, keep([record])));
    world.run_for(Duration::from_secs(1));
    assert_eq!((kept(&world, ana), count(&world, ana, "record_of_a_stranger")), (0, 1));
}

#[test]
fn a_flood_fills_no_more_than_the_shelf_and_hides_nobody() {
    let (mut world, [ana, eve], seats) = scene(4);
    let words = listed("gardening", Letter::of);
    world.command(seats[5], Command::Publish { words }).expect("listed");
    world.run_for(Duration::from_secs(10));
    let mut rng = Rng::new([9; 32]);
    let records: Vec<Kept> = (0..SHELF_MAX + 200)
        .map(|_| {
            let one = Identity::generate(&mut rng, &Name::cut("Flood"), 1);
            at("zebra", body(&world, &one, "zebra").signed(&one))
        })
        .collect();
    for some in records.chunks(RECORDS_MAX) {
        assert!(world.inject(eve, ana, keep(some.iter().cloned())));
    }
    world.run_for(Duration::from_secs(5));
    assert!(kept(&world, ana) <= SHELF_MAX);
    assert!(count(&world, ana, "record_refused_full") > 0, "{:?}", world.node(ana).map(|node| node.stats()));
    let words = sought("gardening", Letter::of);
    world.command(seats[8], Command::SearchPeople { words, limit: 5 }).expect("searched");
    world.run_for(Duration::from_secs(10));
    let is_found = |event: &Event| matches!(event, Event::Found { people, .. } if people.len() == 1);
    assert!(world.events(seats[8]).iter().any(|(_, event)| is_found(event)));
}
