//! Long histories go page by page: links carry no more of them at once than their bound, and everything arrives.

use std::cell::RefCell;
use std::rc::Rc;
use tertulia_proto::group::PAGE_MAX;
use tertulia_proto::wire::Frame;
use tertulia_proto::{Config, ConversationId, ConversationKind, Duration};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Manners, Seat, World};

const MINUTES: Duration = Duration::from_secs(5 * 60);
/// What may go along with a page within a round trip: live messages, acknowledgements are not counted.
const LIVE: usize = 4 * 1024;

/// Bytes of operations from seat to seat, by when they were sent.
#[derive(Default)]
struct Meter {
    sent: Vec<(Seat, Seat, Duration, usize)>,
    now: Duration,
}

impl Meter {
    /// Reads off every frame in a world from now on.
    fn at(world: &mut World) -> Rc<RefCell<Self>> {
        let meter = Rc::new(RefCell::new(Self::default()));
        let reading = Rc::clone(&meter);
        world.tamper(move |from, to, bytes| {
            if let Ok(Frame::Operations(_) | Frame::Past(_)) = Frame::decode(&bytes) {
                let mut meter = reading.borrow_mut();
                let now = meter.now;
                meter.sent.push((from, to, now, bytes.len()));
            }
            vec![bytes]
        });
        meter
    }

    /// The most bytes that went from one seat to another within a round trip of the calm network, at least 40 ms.
    fn most_at_once(&self) -> usize {
        let window = Duration::from_millis(20);
        let most = |(at, (from, to, begun, _)): (usize, &(Seat, Seat, Duration, usize))| {
            let within = self.sent[at..]
                .iter()
                .take_while(|sent| sent.2.as_micros() <= (begun.as_micros() + window.as_micros()));
            within.filter(|sent| (sent.0, sent.1) == (*from, *to)).map(|sent| sent.3).sum::<usize>()
        };
        self.sent.iter().enumerate().map(most).max().unwrap_or(0)
    }

    fn total(&self, from: Seat, to: Seat) -> usize {
        self.sent.iter().filter(|sent| (sent.0, sent.1) == (from, to)).map(|sent| sent.3).sum()
    }
}

/// Lets time pass under the eyes of a meter until a condition holds.
fn settle(
    world: &mut World,
    meter: &Rc<RefCell<Meter>>,
    what: &str,
    condition: impl Fn(&World) -> bool,
) -> Duration {
    let begun = world.now() - (meter.borrow().now);
    world.settle(what, MINUTES, |world| {
        meter.borrow_mut().now = world.now().since(begun);
        condition(world)
    })
}

/// How many operations are part of conversations at a seat, its own left out.
fn delivered(world: &World, seat: Seat) -> usize {
    usize::try_from(world.stat(seat, "operation_delivered")).unwrap()
}

fn long_talk(world: &mut World, ana: Seat, messages: usize) -> ConversationId {
    let talk = world.create(ana, ConversationKind::Public);
    for n in 0..messages {
        world.say(ana, talk, &format!("number {n} of a long story that Ana tells by herself"));
    }
    talk
}

#[test]
fn a_newcomer_is_given_a_long_history_page_by_page() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = long_talk(&mut world, ana, 20_000);
    let meter = Meter::at(&mut world);
    world.teach(ana, Manners::Yes);
    let invite = world.ticket_into(ana, talk);
    world.open(eva, &invite, None);
    settle(&mut world, &meter, "all has come", |world| delivered(world, eva) > 20_000);
    assert_eq!(world.texts(eva, talk).len(), 20_000);
    let most = meter.borrow().most_at_once();
    assert!(most <= PAGE_MAX + LIVE, "{most} bytes at once");
    assert!(most > PAGE_MAX / 2, "{most} bytes at once: the meter reads nothing");
    assert!(world.stat(ana, "page_with_more") > 10);
    world.say(eva, talk, "what a story");
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn one_who_returns_catches_up_with_one_of_many_and_hears_what_is_said_meanwhile() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe"), world.native("Ida")];
    let [ana, eva, zoe, ida] = seats;
    let talk = world.gather(&seats);
    world.settle_agreement(talk, &seats, SOON);
    world.kill(ida);
    world.run_for(Duration::from_secs(15));
    let before = delivered(&world, ida);
    for n in 0..5_000 {
        world.say([ana, eva, zoe][n % 3], talk, &format!("number {n}, which Ida misses"));
    }
    world.settle_agreement(talk, &[ana, eva, zoe], MINUTES);
    let meter = Meter::at(&mut world);
    world.resume(ida);
    settle(&mut world, &meter, "the first page has come", |world| delivered(world, ida) > before);
    for n in 0..20 {
        world.say(ana, talk, &format!("{n} said meanwhile"));
    }
    let taken = settle(&mut world, &meter, "Ida has caught up", |world| world.agree(talk, &seats));
    assert!(taken < Duration::from_secs(10), "{} ms", taken.as_millis());
    let meter = meter.borrow();
    let most = meter.most_at_once();
    assert!(most <= PAGE_MAX + LIVE, "{most} bytes at once");
    let all: Vec<_> = [ana, eva, zoe].map(|from| meter.total(from, ida)).into();
    let (most, sum) = (all.iter().max().unwrap(), all.iter().sum::<usize>());
    assert!(sum < most + 3 * PAGE_MAX, "each has sent everything: {all:?}");
    assert_eq!(world.texts(ida, talk).len(), 5_020);
}

#[test]
fn a_newcomer_gets_in_by_one_who_is_not_the_coordinator_though_links_break() {
    let mut world = World::new(3);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = long_talk(&mut world, ana, 4_000);
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &[ana, eva], MINUTES);
    let meter = Meter::at(&mut world);
    world.teach(eva, Manners::Yes);
    let invite = world.invite_into(eva, talk);
    world.open(zoe, &invite, None);
    for part in 1..4 {
        settle(&mut world, &meter, "a part has come", |world| delivered(world, zoe) > 500 * part);
        world.sever(if part == 2 { ana } else { eva }, zoe);
    }
    settle(&mut world, &meter, "Zoe is in", |world| world.is_in(zoe, talk));
    settle(&mut world, &meter, "all agree", |world| world.agree(talk, &seats));
    let most = meter.borrow().most_at_once();
    assert!(most <= PAGE_MAX + LIVE, "{most} bytes at once");
}

#[test]
fn one_who_was_signed_out_gets_what_it_may_know_page_by_page_and_comes_back() {
    let mut world = World::new(4);
    let config = Config { evict_after: Duration::from_secs(20), ..Config::NATIVE };
    let seats = ["Ana", "Eva", "Zoe"].map(|name| world.configured(Kind::Native, name, config));
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.settle_agreement(talk, &seats, SOON);
    world.kill(zoe);
    for n in 0..3_000 {
        world.say(ana, talk, &format!("number {n}, which Zoe misses"));
    }
    world.settle("Zoe is signed out", MINUTES, |world| world.participants(ana, talk).len() == 2);
    for n in 0..1_000 {
        world.say(eva, talk, &format!("number {n}, without Zoe"));
    }
    world.settle_agreement(talk, &[ana, eva], SOON);
    let meter = Meter::at(&mut world);
    [ana, eva].into_iter().for_each(|seat| world.teach(seat, Manners::Yes));
    world.resume(zoe);
    settle(&mut world, &meter, "Zoe is back", |world| {
        world.is_in(zoe, talk) && delivered(world, zoe) > 4_000
    });
    settle(&mut world, &meter, "all agree", |world| world.agree(talk, &seats));
    assert_eq!(world.texts(zoe, talk).len(), 4_000);
    let most = meter.borrow().most_at_once();
    assert!(most <= PAGE_MAX + LIVE, "{most} bytes at once");
}
