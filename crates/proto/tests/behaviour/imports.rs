//! An import is believed in nothing, harms nothing, and makes nobody a participant who is none.

use crate::exports::exported;
use tertulia_proto::group::archive::{Imported, LINE_MAX};
use tertulia_proto::identity::{Identity, Name};
use tertulia_proto::io::{MessageText, Recalled};
use tertulia_proto::rng::Rng;
use tertulia_proto::{
    Command, Config, ConversationId, ConversationKind, Duration, Instant, Node, Refusal, Reply,
};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

const NOW: Instant = Instant::from_millis(1_800_000_000_000);

fn stranger() -> Node {
    let identity = Identity::generate(&mut Rng::new([77; 32]), &Name::cut("Iris"), 1);
    Node::new(identity, Config::NATIVE, [2; 32], NOW)
}

fn imported(node: &mut Node, text: &str) -> Imported {
    let reply = node.command(Command::Import { text: text.to_owned(), last: true }, NOW);
    let Ok(Reply::Imported(imported)) = reply else { panic!("{reply:?}") };
    *imported
}

fn refused(imported: &Imported, reason: &'static str) -> u64 {
    imported.refused.get(&reason).copied().unwrap_or(0)
}

fn import_at(world: &mut World, seat: Seat, text: &str) -> Imported {
    let reply = world.command(seat, Command::Import { text: text.to_owned(), last: true });
    let Ok(Reply::Imported(imported)) = reply else { panic!("{reply:?}") };
    *imported
}

fn pair(seed: u64) -> (World, [Seat; 2], ConversationId) {
    let mut world = World::new(seed);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    for turn in 0..6 {
        world.say([ana, eva][turn % 2], talk, &format!("said {turn}"));
        world.settle_agreement(talk, &[ana, eva], SOON);
    }
    (world, [ana, eva], talk)
}

/// The line with what bytes of the signed part were changed to something else.
fn altered(line: &str, at_from_end: usize) -> String {
    let end = line.rfind('"').unwrap() - at_from_end;
    let other = if &line[end..=end] == "A" { "B" } else { "A" };
    [&line[..end], other, &line[end + 1..]].concat()
}

#[test]
fn a_forged_signature_is_refused_and_what_stands_on_it_with_it() {
    let (world, [ana, _], _) = pair(1);
    let text = exported(world.node(ana).unwrap());
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A message in the middle: the signature stands at the end of what is signed.
    lines[5] = altered(&lines[5], 8);
    let mut iris = stranger();
    let forged = imported(&mut iris, &lines.join("\n"));
    assert_eq!(refused(&forged, "operation_signature_wrong"), 1, "{forged:?}");
    assert_eq!(refused(&forged, "import_lacks_what_came_before"), 4, "{forged:?}");
    assert_eq!(forged.taken, 3);
    let mut iris = stranger();
    lines[2] = altered(&lines[2], 8);
    let forged = imported(&mut iris, &lines.join("\n"));
    assert_eq!((forged.conversations, forged.taken), (0, 0));
    assert!(iris.conversations().is_empty());
    assert!(std::iter::from_fn(|| iris.poll_output()).next().is_none(), "nothing is kept");
}

#[test]
fn an_operation_stays_in_its_own_conversation() {
    let (mut world, [ana, eva], talk) = pair(2);
    let other = world.befriend(ana, eva, ConversationKind::Public);
    let text = exported(world.node(ana).unwrap());
    // All lines claim to be of the other conversation: what is signed says otherwise, and counts.
    let text = text.replace(&format!("\"{talk}\""), &format!("\"{other}\""));
    let mut iris = stranger();
    let taken = imported(&mut iris, &text);
    assert_eq!((taken.conversations, taken.refused.len()), (2, 0));
    assert_eq!(
        iris.messages(talk, tertulia_proto::Window::default(), &Recalled::default()).unwrap().len(),
        6
    );
    assert_eq!(
        iris.messages(other, tertulia_proto::Window::default(), &Recalled::default()).unwrap().len(),
        0
    );
}

#[test]
fn what_has_no_beginning_is_refused() {
    let (world, [ana, _], _) = pair(3);
    let text = exported(world.node(ana).unwrap());
    let without: Vec<_> = text.lines().filter(|line| !line.contains("\"create\"")).collect();
    let mut iris = stranger();
    let taken = imported(&mut iris, &without.join("\n"));
    assert_eq!((taken.taken, refused(&taken, "import_without_beginning")), (0, 7));
    assert!(iris.conversations().is_empty());
}

#[test]
fn lines_that_are_none_or_too_long_are_counted() {
    let (world, [ana, _], _) = pair(4);
    let text = exported(world.node(ana).unwrap());
    let long = ["{\"signed\":\"", &"A".repeat(LINE_MAX), "\"}\n"].concat();
    let cut = &text[..text.len() - 120];
    let mut iris = stranger();
    // A byte string that claims a gigabyte, in a line of a few bytes.
    let claims = "{\"signed\":\"glo_____\"}\n{\"kept\":\"oQBa_____w\"}\nnothing\n{}\n";
    let taken = imported(&mut iris, &[claims, &long, cut].concat());
    assert_eq!((taken.taken, refused(&taken, "line_unreadable")), (7, 6), "{taken:?}");
}

#[test]
fn lines_in_any_order_behind_the_beginning_are_taken() {
    let (world, [ana, _], talk) = pair(5);
    let text = exported(world.node(ana).unwrap());
    let mut lines: Vec<_> = text.lines().collect();
    lines[3..].reverse();
    let mut iris = stranger();
    let taken = imported(&mut iris, &lines.join("\r\n"));
    assert_eq!((taken.taken, taken.refused.len()), (8, 0));
    let again = imported(&mut iris, &text);
    assert_eq!((again.taken, again.known, again.conversations), (0, 8, 0));
    assert!(iris.conversation(talk).is_some());
}

#[test]
fn a_name_given_here_stays() {
    let (mut world, [ana, _], talk) = pair(6);
    world.command(ana, Command::Rename { conversation: talk, name: Name::cut("theirs") }).unwrap();
    let text = exported(world.node(ana).unwrap());
    let mut iris = stranger();
    imported(&mut iris, &text);
    iris.command(Command::Rename { conversation: talk, name: Name::cut("ours") }, NOW).unwrap();
    imported(&mut iris, &text);
    assert_eq!(iris.conversation(talk).unwrap().name, "ours");
}

#[test]
fn whoever_is_in_it_is_given_what_was_missing() {
    let (mut world, [ana, eva], talk) = pair(7);
    // Eva lives on with an older store, and nobody is there to tell her.
    let old = world.records(eva).clone();
    world.say(ana, talk, "later");
    world.settle_agreement(talk, &[ana, eva], SOON);
    world.kill(eva);
    *world.records(eva) = old;
    let text = exported(world.node(ana).unwrap());
    world.cut(ana, eva);
    world.resume(eva);
    let taken = import_at(&mut world, eva, &text);
    assert_eq!((taken.taken, taken.known), (1, 8));
    assert_eq!(world.texts(eva, talk).last().unwrap(), "later");
    assert_eq!(world.node(eva).unwrap().conversation(talk).unwrap().unread, 1 + 3);
    world.heal(ana, eva);
    world.settle("they go on", Duration::from_secs(60), |world| world.is_linked(eva, ana));
    world.say(eva, talk, "I know");
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn who_lost_the_store_goes_on_with_its_own_count_when_a_participant_is_heard() {
    let (mut world, [ana, eva], talk) = pair(8);
    let text = exported(world.node(eva).unwrap());
    // What is said after the export, by Eva herself, too, is in no file.
    world.say(eva, talk, "after the export");
    world.settle_agreement(talk, &[ana, eva], SOON);
    world.kill(eva);
    world.run_for(Duration::from_secs(12));
    world.cut(ana, eva);
    world.restart(eva);
    let taken = import_at(&mut world, eva, &text);
    assert_eq!((taken.conversations, taken.taken), (1, 8));
    assert!(!world.node(eva).unwrap().conversation(talk).unwrap().open, "not before a participant is heard");
    for command in [
        Command::Send { conversation: talk, text: MessageText::cut("too early"), reply_to: None },
        Command::Leave { conversation: talk },
    ] {
        assert_eq!(world.command(eva, command).unwrap_err(), Refusal::Uncompared);
    }
    // That it may not speak yet is not forgotten with a crash.
    world.kill(eva);
    world.resume(eva);
    assert_eq!(world.try_say(eva, talk, "too early").unwrap_err(), Refusal::Uncompared);
    world.heal(ana, eva);
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.settle("open again", SOON, |world| world.is_in(eva, talk));
    assert_eq!(world.texts(eva, talk).last().unwrap(), "after the export");
    world.say(eva, talk, "here I am");
    world.settle_agreement(talk, &[ana, eva], SOON);
    for seat in [ana, eva] {
        let list = world.node(seat).unwrap().conversation(talk).unwrap().participants;
        assert!(list.len() == 2 && list.iter().all(|one| !one.forked), "its count went on where it was");
    }
}

#[test]
fn who_has_left_learns_so_and_is_not_in_again() {
    let mut world = World::new(9);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.say(eva, talk, "one");
    world.settle_agreement(talk, &seats, SOON);
    let text = exported(world.node(eva).unwrap());
    world.command(eva, Command::Forget { conversation: talk }).unwrap();
    world.run_for(SOON);
    world.say(zoe, talk, "without her");
    world.run_for(SOON);
    import_at(&mut world, eva, &text);
    assert!(!world.node(eva).unwrap().conversation(talk).unwrap().open);
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.run_for(SOON);
    world.run_for(Duration::from_secs(30));
    assert!(!world.node(eva).unwrap().conversation(talk).unwrap().open);
    assert_eq!(world.try_say(eva, talk, "hello?").unwrap_err(), Refusal::ConversationOver);
    assert_eq!(world.participants(ana, talk), [ana, zoe].map(|seat| world.id(seat)));
    assert_eq!(world.texts(eva, talk), ["one"], "what was said without her is not told");
}

#[test]
fn while_one_is_entering_a_file_lets_nobody_in() {
    let (mut world, [ana, _], talk) = pair(10);
    let text = exported(world.node(ana).unwrap());
    let zoe = world.native("Zoe");
    let invite = world.invite_into(ana, talk);
    let before = world.events(ana).len();
    world.open(zoe, &invite, None);
    let request = world.request(ana, before);
    world.answer(ana, request, tertulia_proto::io::Consent::Into(talk)).unwrap();
    world.settle("she is expected", SOON, |world| {
        world.stat(zoe, "operation_delivered") > 0 || world.is_in(zoe, talk)
    });
    let taken = import_at(&mut world, zoe, &text);
    assert_eq!((taken.conversations, taken.taken), (0, 0));
    world.settle("she is in", SOON, |world| world.is_in(zoe, talk));
}

/// The line of a conversation that claims a past: this device had said so much before.
fn claimed_past(talk: ConversationId, device: [u8; 16], count: u32) -> String {
    let head = [&[0x82, 0x50][..], &device, &[0x1a], &count.to_be_bytes()].concat();
    let past = [&[0x81, 0x58, 0x20][..], &[9; 32]].concat();
    let horizons = [&[0xa3, 0x00, 0x80, 0x01][..], &past, &[0x02, 0x81], &head].concat();
    let kept = [&[0xa3, 0x00, 0x50][..], &talk.0, &[0x01, 0x60, 0x03], &horizons].concat();
    format!("{{\"kept\":\"{}\"}}", data_encoding::BASE64URL_NOPAD.encode(&kept))
}

/// The export with another line for its only conversation.
fn with_claim(text: &str, claim: &str) -> String {
    let lines: Vec<_> =
        text.lines().enumerate().map(|(at, line)| if at == 1 { claim } else { line }).collect();
    lines.join("\n")
}

#[test]
fn a_past_is_believed_only_where_it_is_withheld() {
    let (mut world, [ana, eva], talk) = pair(11);
    let text = exported(world.node(eva).unwrap());
    world.kill(eva);
    world.restart(eva);
    let claim = claimed_past(talk, world.id(ana).0, 1_000_000);
    import_at(&mut world, eva, &with_claim(&text, &claim));
    let again = exported(world.node(eva).unwrap());
    let kept = again.split("\"kept\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let kept = data_encoding::BASE64URL_NOPAD.decode(kept.as_bytes()).unwrap();
    assert!(!kept.windows(32).any(|part| part == [9; 32]), "the claim is not kept");
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.settle("open again", SOON, |world| world.is_in(eva, talk));
    world.say(ana, talk, "you have lost nothing");
    world.settle_agreement(talk, &[ana, eva], SOON);
}

#[test]
fn a_claim_of_what_one_has_said_oneself_lets_nobody_write() {
    // Far too much, and just what she has said, so that her last word does not stand in her chain.
    for claimed in [u32::MAX, 1] {
        says_nothing_on_a_false_past(claimed);
    }
}

fn says_nothing_on_a_false_past(claimed: u32) {
    let mut world = World::new(12);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let talk = world.create_from_admission(ana);
    world.let_in(ana, eva, talk);
    world.say(eva, talk, "one");
    world.settle_agreement(talk, &[ana, eva], SOON);
    let text = exported(world.node(eva).unwrap());
    world.kill(eva);
    world.restart(eva);
    let claim = claimed_past(talk, world.id(eva).0, claimed);
    import_at(&mut world, eva, &with_claim(&text, &claim));
    let invite = world.invite(ana);
    world.open(eva, &invite, None);
    world.run_for(Duration::from_secs(30));
    assert_eq!(world.try_say(eva, talk, "in the wrong place").unwrap_err(), Refusal::ConversationOver);
    world.command(eva, Command::Forget { conversation: talk }).unwrap();
    let invite = world.ticket_into(ana, talk);
    world.open(eva, &invite, None);
    world.settle("in anew", SOON, |world| world.is_in(eva, talk));
    world.say(eva, talk, "two");
    world.settle("heard", SOON, |world| world.texts(ana, talk) == ["one", "two"]);
}

#[test]
fn who_has_said_nothing_there_is_no_participant_by_a_file() {
    let mut world = World::new(13);
    let seats = [world.native("Ana"), world.native("Eva"), world.native("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    world.say(ana, talk, "hello");
    world.settle_agreement(talk, &seats, SOON);
    let text = exported(world.node(ana).unwrap());
    // Anybody who knows Zoe's certificate can write that she was let in: only what she has signed is hers.
    world.kill(zoe);
    world.restart(zoe);
    import_at(&mut world, zoe, &text);
    world.run_for(Duration::from_secs(5));
    assert!(!world.is_linked(zoe, ana) && !world.is_linked(zoe, eva), "nobody is called or answered");
    assert_eq!(world.try_say(zoe, talk, "hm").unwrap_err(), Refusal::ConversationOver);
    world.kill(zoe);
    world.resume(zoe);
    assert!(!world.node(zoe).unwrap().conversation(talk).unwrap().open, "nor is that so after a restart");
    let invite = world.ticket_into(ana, talk);
    world.open(zoe, &invite, None);
    world.settle("in by being let in", SOON, |world| world.is_in(zoe, talk));
    world.say(zoe, talk, "here");
    world.settle_agreement(talk, &seats, SOON);
}
