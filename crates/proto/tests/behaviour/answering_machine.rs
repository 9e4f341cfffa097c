//! Whoever finds nobody in may leave a message, once, for a while.

use std::collections::BTreeMap;
use tertulia_proto::group::History;
use tertulia_proto::io::{Consent, LeftView, MessageText, RequestId, RequestOutcome};
use tertulia_proto::wire::{Frame, LeftMessage};
use tertulia_proto::{Command, ConversationKind, Duration, Event, Refusal, Reply};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

const A_WHILE: Duration = Duration::from_secs(60);

fn away(world: &mut World, seat: Seat, on: bool) {
    world.command(seat, Command::Away { on }).unwrap();
}

fn leave(world: &mut World, seat: Seat, request: RequestId, text: &str) -> Result<Reply, Refusal> {
    world.command(seat, Command::LeaveMessage { request, text: MessageText::cut(text) })
}

fn inbox(world: &World, seat: Seat) -> Vec<LeftView> {
    world.node(seat).unwrap().inbox()
}

/// Asks `host` for a conversation, and is answered by the machine.
fn ask(world: &mut World, guest: Seat, host: Seat) -> RequestId {
    let invite = world.invite(host);
    let request = world.open(guest, &invite, Some(ConversationKind::Private));
    assert_eq!(world.outcome(guest, request), RequestOutcome::AnsweringMachine);
    request.unwrap()
}

#[test]
fn while_somebody_is_away_a_message_can_be_left() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    leave(&mut world, eva, request, "call me").unwrap();
    world.settle("it is there", SOON, |world| !inbox(world, ana).is_empty());
    let left = inbox(&world, ana);
    assert_eq!((left[0].request, left[0].text.as_str()), (request, "call me"));
    assert_eq!(left[0].from.name.as_str(), "Eva");
    let told = Event::LeftMessage { message: left[0].clone() };
    assert!(world.events(ana).iter().any(|(_, event)| *event == told));
    let asked = |event: &Event| matches!(event, Event::Request { .. });
    assert!(!world.events(ana).iter().any(|(_, event)| asked(event)), "Ana was not disturbed");
    world.command(ana, Command::Dismiss { request }).unwrap();
    assert!(inbox(&world, ana).is_empty());
    let again = world.command(ana, Command::Dismiss { request });
    assert_eq!(again.unwrap_err(), Refusal::UnknownMessage);
}

#[test]
fn a_person_may_answer_so_and_back_again_is_asked() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    away(&mut world, ana, false);
    let invite = world.invite(ana);
    let asked = world.open(eva, &invite, Some(ConversationKind::Private));
    let request = world.request(ana, 0);
    world.answer(ana, request, Consent::AnsweringMachine).unwrap();
    assert_eq!(world.outcome(eva, asked), RequestOutcome::AnsweringMachine);
    leave(&mut world, eva, request, "later, then").unwrap();
    world.settle("it is there", SOON, |world| inbox(world, ana).len() == 1);
    let again = world.answer(ana, request, Consent::New(History::All));
    assert_eq!(again.unwrap_err(), Refusal::UnknownRequest);
}

#[test]
fn a_ticket_lets_in_all_the_same() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.create(ana, ConversationKind::Public);
    away(&mut world, ana, true);
    world.let_in(ana, eva, talk);
}

#[test]
fn one_message_a_request_for_a_while_and_not_an_empty_one() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    assert_eq!(leave(&mut world, eva, request, " ").unwrap_err(), Refusal::Empty);
    leave(&mut world, eva, request, "one").unwrap();
    assert_eq!(leave(&mut world, eva, request, "two").unwrap_err(), Refusal::NoMachine);
    let text = MessageText::cut("three");
    world.inject(eva, ana, Frame::LeftMessage(LeftMessage { request, text }).encode());
    let late = ask(&mut world, eva, ana);
    world.run_for(Duration::from_secs(11 * 60));
    assert_eq!(leave(&mut world, eva, late, "four").unwrap_err(), Refusal::NoMachine);
    let text = MessageText::cut("five");
    world.inject(eva, ana, Frame::LeftMessage(LeftMessage { request: late, text }).encode());
    world.run_for(Duration::from_secs(1));
    assert_eq!(inbox(&world, ana).len(), 2, "the other side waits a little longer");
    assert_eq!(world.stat(ana, "left_message_known"), 1);
    world.run_for(Duration::from_secs(5 * 60));
    let third = RequestId([3; 8]);
    for request in [late, third] {
        let text = MessageText::cut("six");
        world.inject(eva, ana, Frame::LeftMessage(LeftMessage { request, text }).encode());
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.stat(ana, "left_message_unasked"), 1);
    assert_eq!(world.stat(ana, "left_message_known"), 2, "what is there is confirmed for ever");
    assert_eq!(inbox(&world, ana).iter().map(|left| left.text.as_str()).collect::<Vec<_>>(), ["one", "five"]);
}

#[test]
fn nobody_else_may_use_the_answer() {
    let mut world = World::new(5);
    let (ana, eva, eve) = (world.native("Ana"), world.tab("Eva"), world.tab("Eve"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    let invite = world.invite(ana);
    world.open(eve, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(ana, eve));
    let text = MessageText::cut("it's me, Eva");
    world.inject(eve, ana, Frame::LeftMessage(LeftMessage { request, text }).encode());
    world.run_for(Duration::from_secs(1));
    assert!(inbox(&world, ana).is_empty());
    assert_eq!(world.stat(ana, "left_message_unasked"), 1);
}

#[test]
fn an_inbox_has_an_end_for_each_user() {
    let mut world = World::new(6);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    for number in 0..9 {
        let request = ask(&mut world, eva, ana);
        leave(&mut world, eva, request, &format!("{number}")).unwrap();
        world.run_for(Duration::from_secs(2));
    }
    let texts: Vec<_> = inbox(&world, ana).into_iter().map(|left| left.text).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6", "7"], "the newest is refused");
    assert_eq!(world.stat(ana, "inbox_full"), 1);
}

#[test]
fn what_is_left_without_a_link_goes_out_when_there_is_one() {
    let mut world = World::new(7);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    world.partition(&[&[ana], &[eva]]);
    world.settle("parted", A_WHILE, |world| !world.is_linked(eva, ana));
    leave(&mut world, eva, request, "call me").unwrap();
    world.run_for(SOON);
    world.heal_all();
    world.settle("it is there", A_WHILE, |world| inbox(world, ana).len() == 1);
}

#[test]
fn the_inbox_and_the_absence_last() {
    use tertulia_proto::{Config, Identity, Instant, Node, Output};
    const NOW: Instant = Instant::from_millis(1_800_000_000_000);
    let identity = || {
        let mut rng = tertulia_proto::rng::Rng::new([1; 32]);
        Identity::generate(&mut rng, &tertulia_proto::identity::Name::cut("Ana"), 1)
    };
    let mut node = Node::new(identity(), Config::NATIVE, [2; 32], NOW);
    node.command(Command::Away { on: true }, NOW).unwrap();
    let mut kept = BTreeMap::new();
    while let Some(output) = node.poll_output() {
        if let Output::Store { key, value: Some(value) } = output {
            kept.insert(key, value);
        }
    }
    // As docs/PROTOCOL.md codes things: node, user, name, text, time.
    let mut left = vec![0xa5, 0x00, 0x50];
    left.extend([7; 16]);
    left.extend([0x01, 0x58, 0x20]);
    left.extend([8; 32]);
    left.extend(b"\x02\x63Eva\x03\x62hi\x04\x01");
    kept.insert([&[0x41][..], &[9; 8]].concat(), left);
    let mut node = Node::restore(identity(), Config::NATIVE, [3; 32], NOW, kept);
    assert!(node.is_away());
    assert_eq!((node.inbox()[0].text.as_str(), node.inbox()[0].time_ms), ("hi", 1));
    node.command(Command::Dismiss { request: RequestId([9; 8]) }, NOW).unwrap();
    let removes = |output: Output| matches!(output, Output::Store { key, value: None } if key[0] == 0x41);
    assert!(std::iter::from_fn(|| node.poll_output()).any(removes));
}

#[test]
fn what_was_lost_with_its_link_is_said_again_until_it_is_confirmed() {
    let mut world = World::new(20);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    // The channel takes it, and dies with it.
    leave(&mut world, eva, request, "call me").unwrap();
    world.sever(ana, eva);
    world.settle("it is there", SOON, |world| inbox(world, ana).len() == 1);
    world.settle("and that is known", SOON, |world| world.stat(eva, "left_message_taken") == 1);
    // The word that it is there may be lost, too.
    let request = ask(&mut world, eva, ana);
    let mut is_first = true;
    world.tamper(move |from, _, bytes| {
        let is_receipt = from == ana && matches!(Frame::decode(&bytes), Ok(Frame::Answer(_)));
        if is_receipt && std::mem::take(&mut is_first) { vec![] } else { vec![bytes] }
    });
    leave(&mut world, eva, request, "or write").unwrap();
    world.run_for(SOON);
    assert_eq!((inbox(&world, ana).len(), world.stat(eva, "left_message_taken")), (2, 1));
    world.sever(ana, eva);
    world.settle("now that is known", SOON, |world| world.stat(eva, "left_message_taken") == 2);
    assert_eq!((inbox(&world, ana).len(), world.stat(ana, "left_message_known")), (2, 1));
}

#[test]
fn whose_message_nobody_confirms_is_told() {
    let mut world = World::new(21);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    away(&mut world, ana, true);
    let request = ask(&mut world, eva, ana);
    world.kill(ana);
    leave(&mut world, eva, request, "call me").unwrap();
    let told = |world: &World| {
        world.events(eva).iter().filter(|(_, event)| matches!(event, Event::Trouble { .. })).count()
    };
    world.run_for(Duration::from_secs(9 * 60));
    assert_eq!(told(&world), 0);
    world.run_for(Duration::from_secs(2 * 60));
    assert_eq!((told(&world), world.stat(eva, "left_message_undelivered")), (1, 1));
    // After that nobody is tried any more.
    world.keep_trace();
    world.run_for(Duration::from_secs(120));
    assert!(!world.trace().records().iter().any(|one| one.seat == eva && one.kind == "dial"));
}
