//! What was recorded of a world's nodes, nodes do again without the world; what was changed is found.

use std::cell::RefCell;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use tertulia_proto::{Duration, Input};
use tertulia_sim::World;
use tertulia_sim::recording::{
    Cause, Damage, Divergence, Ending, Entry, Header, Recorder, Recording, Replay, ReplayError, Scribe, Step,
};
use tertulia_sim::scenario::Plan;
use tertulia_sim::script::Script;

/// Memory that a recorder writes to and that can be looked at afterwards.
#[derive(Clone, Default)]
struct Shelf(Rc<RefCell<Vec<u8>>>);

impl Write for Shelf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A world in which nodes die between two outputs, and are restored.
const PLAN: Plan = Plan { seed: 11, nodes: 5, steps: 60, span: Duration::from_secs(90) };

/// Records what a world does and what comes of it: nothing where it fails.
fn recorded<T>(mut world: World, run: impl FnOnce(World) -> T) -> (Vec<u8>, Option<T>) {
    let shelf = Shelf::default();
    let recorder = Recorder::new(shelf.clone(), &header(&world)).expect("there is room");
    world.record(recorder.clone());
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(world))).ok();
    let tally = recorder.finish(outcome.is_none().then_some("it failed")).expect("there is room");
    let bytes = shelf.0.take();
    assert_eq!(tally.bytes, bytes.len() as u64);
    (bytes, outcome)
}

fn header(world: &World) -> Header {
    let (version, command) = ("0".to_owned(), "this test".to_owned());
    Header { version, command, seed: world.seed(), scenario: None, begun: world.now() }
}

fn random_world() -> Vec<u8> {
    recorded(World::new(PLAN.seed), |world| PLAN.run_in(world)).0
}

fn entries(bytes: &[u8]) -> (Header, Vec<Entry>) {
    let recording = Recording::open(bytes).expect("a recording");
    let header = recording.header().clone();
    (header, recording.map(|entry| entry.expect("whole")).collect())
}

fn rewritten(header: &Header, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut scribe = Scribe::new(&mut bytes, header).expect("there is room");
    entries.iter().for_each(|entry| scribe.write(entry).expect("there is room"));
    scribe.flush().expect("there is room");
    bytes
}

fn replayed(bytes: &[u8], replay: Replay) -> Result<u64, ReplayError> {
    replay.run(Recording::open(bytes).expect("a recording")).map(|replayed| replayed.steps)
}

fn divergence(bytes: &[u8], replay: Replay) -> Divergence {
    match replayed(bytes, replay) {
        Err(ReplayError::Divergence(divergence)) => *divergence,
        other => panic!("{other:?} is no divergence"),
    }
}

fn steps(entries: &[Entry]) -> impl Iterator<Item = (usize, &Step)> {
    entries.iter().enumerate().filter_map(|(at, entry)| match entry {
        Entry::Step(step) => Some((at, &**step)),
        _ => None,
    })
}

/// The number of a step among those of its node, from one.
fn number(entries: &[Entry], at: usize) -> u64 {
    let Entry::Step(wanted) = &entries[at] else { panic!("no step") };
    steps(&entries[..=at]).filter(|(_, step)| step.seat == wanted.seat).count() as u64
}

/// Changes a step of a recording.
fn changed(header: &Header, entries: &[Entry], at: usize, change: impl FnOnce(&mut Step)) -> Vec<u8> {
    let mut entries = entries.to_vec();
    let Entry::Step(step) = &mut entries[at] else { panic!("no step") };
    change(step);
    rewritten(header, &entries)
}

/// Steps in which something was kept because of a frame: where the frame is another, it is not.
fn fruitful_frames(entries: &[Entry]) -> Vec<usize> {
    let is_fruitful = |step: &Step| {
        matches!(step.cause, Cause::Input(Input::Frame { .. }))
            && step.outputs.first().is_some_and(|output| output.kind() == "store")
    };
    steps(entries).filter(|(_, step)| is_fruitful(step)).map(|(at, _)| at).collect()
}

fn flip(step: &mut Step) {
    let Cause::Input(Input::Frame { bytes, .. }) = &mut step.cause else { panic!("no frame") };
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

#[test]
fn a_random_world_replays_and_does_not_notice_that_it_is_recorded() {
    // What happens in the world of a seed changes with the core: the first that is eventful is taken.
    let eventful = (PLAN.seed..PLAN.seed + 20).find_map(|seed| {
        let plan = Plan { seed, ..PLAN };
        let (bytes, outcome) = recorded(World::new(seed), |world| plan.run_in(world));
        let (_, entries) = entries(&bytes);
        let dies = steps(&entries).any(|(_, step)| step.ending == Ending::Died);
        let is_restored = entries.iter().any(|entry| matches!(entry, Entry::Record { .. }));
        (dies && is_restored).then_some((plan, bytes, outcome, steps(&entries).count() as u64))
    });
    let (plan, bytes, outcome, count) = eventful.expect("somebody dies between two outputs, and is restored");
    assert_eq!(outcome.map(|outcome| outcome.digest), Some(plan.run().digest));
    assert!(count > 1000, "{count} steps: too little happens");
    assert_eq!(replayed(&bytes, Replay::default()).expect("the same"), count);
}

#[test]
fn a_scenario_with_deaths_and_restorations_replays() {
    let script = Script::parse(include_str!("../scenarios/three_coordinators_die.toml")).expect("a scenario");
    let (bytes, outcome) = recorded(script.world("this test"), |world| script.play(world).0);
    assert!(outcome.is_some());
    let replayed = Replay::default().run(Recording::open(&bytes[..]).expect("whole")).expect("the same");
    assert_eq!((replayed.nodes, replayed.lives, replayed.failure), (6, 9, None));
}

#[test]
fn a_changed_byte_of_an_input_is_found_where_it_is() {
    let (header, entries) = entries(&random_world());
    let fruitful = fruitful_frames(&entries);
    assert!(fruitful.len() > 20, "{} frames have something kept", fruitful.len());
    for at in fruitful.into_iter().step_by(7) {
        let changed = changed(&header, &entries, at, flip);
        let found = divergence(&changed, Replay::default());
        let Entry::Step(step) = &entries[at] else { continue };
        assert_eq!((found.seat, found.step), (step.seat, number(&entries, at)), "{found}");
        let words = found.to_string();
        assert!(words.contains("recorded") && words.contains("store"), "{words}");
    }
}

#[test]
fn another_reply_wish_to_be_woken_or_panic_is_found() {
    let (header, entries) = entries(&random_world());
    let (commanded, replied) = steps(&entries).find(|(_, step)| step.reply.is_some()).expect("a command");
    let other =
        steps(&entries).find_map(|(_, step)| step.reply.filter(|reply| Some(*reply) != replied.reply));
    let whole = |bytes: &[u8]| divergence(bytes, Replay::default());
    let found = whole(&changed(&header, &entries, commanded, |step| step.reply = other));
    assert_eq!((found.recorded.as_str(), found.step), ("another reply", number(&entries, commanded)));
    let wake = Some(Duration::from_micros(7));
    let found = whole(&changed(&header, &entries, commanded, |step| step.ending = Ending::Whole { wake }));
    assert_eq!(found.recorded, "wants to be woken after 7 µs");
    let found = whole(&changed(&header, &entries, commanded, |step| {
        (step.reply, step.ending) = (None, Ending::Failed);
        step.outputs.clear();
    }));
    assert_eq!((found.recorded.as_str(), found.now.as_str()), ("a panic", "no panic"));
}

#[test]
fn one_node_runs_alone() {
    let (header, entries) = entries(&random_world());
    let at = fruitful_frames(&entries)[0];
    let Entry::Step(step) = &entries[at] else { panic!("no step") };
    let bytes = changed(&header, &entries, at, flip);
    let other = if step.seat.0 == 1 { 2 } else { 1 };
    let own = |seat: usize| steps(&entries).filter(|(_, step)| step.seat.0 == seat).count() as u64;
    assert_eq!(replayed(&bytes, Replay::default().only(other.to_string())).expect("the same"), own(other));
    assert_eq!(
        replayed(&bytes, Replay::default().only(format!("Person {other}"))).expect("the same"),
        own(other)
    );
    assert_eq!(divergence(&bytes, Replay::default().only(step.seat.0.to_string())).seat, step.seat);
    let nobody = replayed(&bytes, Replay::default().only("Nobody")).expect_err("there is nobody");
    assert!(nobody.to_string().contains("Person 4"), "{nobody}");
}

#[test]
fn what_is_done_is_told_step_by_step() {
    let bytes = random_world();
    let told = Rc::new(RefCell::new(Vec::new()));
    let lines = Rc::clone(&told);
    let replay = Replay::default().told(move |line| lines.borrow_mut().push(line.to_owned()));
    replayed(&bytes, replay).expect("the same");
    let told = told.borrow();
    for part in
        ["0 ms  Seat(0) starts", "Seat(1) <- step 1: Listening", "-> Ping of ", "-> Message {", "dies"]
    {
        assert!(told.iter().any(|line| line.contains(part)), "{part:?} is not told");
    }
}

#[test]
fn a_run_that_failed_replays_up_to_where_it_did() {
    let text = "about = \"x\"\nseed = 1\npeople = [{ names = [\"Ana\", \"Eva\"] }]
        timeline = [{ do = \"gather\", who = [\"everybody\"] }, { do = \"say\", who = [\"Ana\"] }]
        expect = { list = [\"Ana\", \"Eva\"], agree_within_ms = 5000, messages = 7 }";
    let script = Script::parse(text).expect("a scenario");
    let (bytes, outcome) = recorded(script.world("this test"), |world| script.play(world).0);
    assert!(outcome.is_none());
    let replayed = Replay::default().run(Recording::open(&bytes[..]).expect("whole")).expect("the same");
    assert_eq!(replayed.failure.as_deref(), Some("it failed"));
    assert!(replayed.steps > 10 && replayed.to_string().ends_with("failed: it failed"), "{replayed}");
}

#[test]
fn a_recording_that_is_cut_off_says_where() {
    let bytes = random_world();
    let ends =
        (0..300).chain((300..bytes.len()).step_by(bytes.len() / 60)).chain(bytes.len() - 20..bytes.len());
    for end in ends {
        match read(&bytes[..end]) {
            Err(Damage::CutOff(at)) => assert_eq!(at, end as u64),
            other => panic!("cut off at {end}: {other:?}"),
        }
    }
    let error = replayed(&bytes[..bytes.len() - 1], Replay::default()).expect_err("the end is missing");
    let words = error.to_string();
    assert!(words.contains(&format!("cut off at byte {}", bytes.len() - 1)), "{words}");
    assert!(words.contains("steps before that came out as recorded"), "{words}");
}

#[test]
fn a_recording_that_is_damaged_is_told_from_a_changed_core() {
    let bytes = random_world();
    for at in (0..80).chain((80..bytes.len()).step_by(bytes.len() / 60)) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let error = read(&damaged).expect_err("this is not as it was written");
        assert!(error.to_string().contains("recording"), "byte {at}: {error}");
    }
    let extended = [&bytes[..], &bytes[21..]].concat();
    assert!(matches!(read(&extended), Err(Damage::Senseless { .. })));
    assert!(matches!(read(b"{\"some\": \"other file\"}"), Err(Damage::Foreign)));
    assert!(matches!(read(b"tertulia recording 9\n"), Err(Damage::OtherFormat(b'9'))));
}

fn read(bytes: &[u8]) -> Result<usize, Damage> {
    Recording::open(bytes)?.try_fold(0, |count, entry| entry.map(|_| count + 1))
}
