//! A history is not in memory, and everything works as if it were: what is asked for is read again.

use tertulia_proto::io::{Emoji, Lacking, MessageText, Recalled};
use tertulia_proto::{Command, ConversationId, ConversationKind, Duration, OpId, Refusal, Window};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// A handful of messages.
const RESIDENT: usize = 1024;
const MESSAGES: usize = 200;

/// A world in which Ana has said a lot by herself, of which next to nothing is in memory.
fn talkative(seed: u64) -> (World, Seat, ConversationId, Vec<OpId>) {
    let mut world = World::new(seed);
    world.resident_max = Some(RESIDENT);
    let ana = world.native("Ana");
    let talk = world.create(ana, ConversationKind::Public);
    let said = say_much(&mut world, ana, talk);
    (world, ana, talk, said)
}

fn say_much(world: &mut World, seat: Seat, talk: ConversationId) -> Vec<OpId> {
    (0..MESSAGES).map(|n| world.say(seat, talk, &format!("number {n}"))).collect()
}

/// What a node answers without anything being read.
fn from_memory(
    world: &World,
    seat: Seat,
    talk: ConversationId,
    window: Window,
) -> Result<Vec<OpId>, Lacking> {
    let messages = world.node(seat).unwrap().messages(talk, window, &Recalled::default())?;
    Ok(messages.into_iter().map(|message| message.id).collect())
}

#[test]
fn the_latest_is_in_memory_and_the_rest_is_asked_for_by_key() {
    let (mut world, ana, talk, said) = talkative(1);
    let last = Window { limit: Some(2), ..Window::default() };
    assert_eq!(from_memory(&world, ana, talk, last).unwrap(), said[MESSAGES - 2..]);
    let first = Window { before: Some(said[50]), limit: Some(10), after: None };
    let Err(Lacking(keys)) = from_memory(&world, ana, talk, first) else { panic!("all is in memory") };
    assert_eq!(keys.len(), 10, "no more is read than is asked for");
    assert!(keys.iter().all(|key| world.records(ana).contains_key(key)));
    let lacking = |world: &World| match from_memory(world, ana, talk, Window::default()) {
        Err(Lacking(keys)) => keys.len(),
        Ok(_) => 0,
    };
    let in_memory = MESSAGES - lacking(&world);
    assert!((2..10).contains(&in_memory), "{in_memory}");
    assert_eq!(world.shown(ana, talk), said);

    world.kill(ana);
    world.resume(ana);
    assert_eq!(MESSAGES - lacking(&world), in_memory, "nor is it after a restart");
    assert_eq!(world.shown(ana, talk), said);
}

#[test]
fn a_newcomer_is_given_all_of_it_and_one_who_was_away_the_rest() {
    let (mut world, ana, talk, said) = talkative(2);
    let eva = world.tab("Eva");
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert_eq!(world.shown(eva, talk), said);

    world.kill(eva);
    let more = say_much(&mut world, ana, talk);
    world.run_for(Duration::from_secs(20));
    world.resume(eva);
    world.settle_agreement(talk, &[ana, eva], Duration::from_secs(60));
    assert_eq!(world.shown(eva, talk), [said, more].concat());
}

#[test]
fn a_newcomer_from_admission_on_is_given_nothing_of_it() {
    let mut world = World::new(3);
    world.resident_max = Some(RESIDENT);
    let (ana, eva, zoe) = (world.native("Ana"), world.tab("Eva"), world.tab("Zoe"));
    let talk = world.create_from_admission(ana);
    say_much(&mut world, ana, talk);
    world.let_in(ana, eva, talk);
    let second = world.say(eva, talk, "hello");
    say_much(&mut world, eva, talk);
    world.let_in(eva, zoe, talk);
    let last = world.say(zoe, talk, "and hello");
    world.run_for(SOON);
    assert_eq!(world.shown(eva, talk).first(), Some(&second));
    assert_eq!(world.shown(eva, talk).len(), MESSAGES + 2);
    assert_eq!(world.shown(zoe, talk), [last]);
}

#[test]
fn what_was_said_long_ago_is_changed_like_the_latest() {
    let (mut world, ana, talk, said) = talkative(4);
    let eva = world.tab("Eva");
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    let [edited, deleted, liked] = [said[3], said[5], said[7]];
    let text = MessageText::cut("other words");
    let emoji = Emoji::cut("👍");
    let react = |on| Command::React { conversation: talk, message: liked, emoji: emoji.clone(), on };
    world.command(ana, Command::Edit { conversation: talk, message: edited, text: text.clone() }).unwrap();
    world.command(ana, Command::Delete { conversation: talk, message: deleted }).unwrap();
    world.command(eva, react(true)).unwrap();
    say_much(&mut world, eva, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    for seat in [ana, eva] {
        let view = |message| world.message(seat, talk, message).unwrap();
        assert_eq!((view(edited).text.as_str(), view(edited).edited), ("other words", true));
        assert!(view(deleted).deleted && view(deleted).text.is_empty());
        assert_eq!(view(liked).reactions[0].mine, seat == eva);
    }
    let edit = |message| Command::Edit { conversation: talk, message, text: text.clone() };
    assert_eq!(world.command(eva, edit(said[9])).unwrap_err(), Refusal::NotYours);
    assert_eq!(world.command(ana, edit(deleted)).unwrap_err(), Refusal::Deleted);
    assert_eq!(world.command(ana, edit(OpId([7; 32]))).unwrap_err(), Refusal::UnknownMessage);
    let reply = |to| {
        let (text, reply_to) = (MessageText::cut("as you said"), Some(to));
        Command::Send { conversation: talk, text, reply_to }
    };
    assert_eq!(world.command(eva, reply(OpId([7; 32]))).unwrap_err(), Refusal::UnknownMessage);
    world.command(eva, reply(said[9])).unwrap();
    world.command(eva, react(false)).unwrap();
    world.settle_agreement(talk, &[ana, eva], SOON);
    assert!(world.message(ana, talk, liked).unwrap().reactions.is_empty());
}

#[test]
fn a_record_that_is_gone_is_left_out() {
    let (world, ana, talk, said) = talkative(5);
    let node = world.node(ana).unwrap();
    let mut recalled = Recalled::default();
    let Err(Lacking(keys)) = node.messages(talk, Window::default(), &recalled) else {
        panic!("all is in memory")
    };
    keys.iter().for_each(|key| recalled.take(key, None));
    let left = node.messages(talk, Window::default(), &recalled).unwrap();
    assert_eq!(left.len(), MESSAGES - keys.len());
    assert_eq!(left.last().unwrap().id, said[MESSAGES - 1]);
}

#[test]
fn unread_messages_are_counted_and_told_all_the_same() {
    let (mut world, ana, talk, _) = talkative(6);
    let eva = world.native("Eva");
    world.let_in(ana, eva, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    world.command(eva, Command::Read { conversation: talk }).unwrap();
    say_much(&mut world, ana, talk);
    world.settle_agreement(talk, &[ana, eva], SOON);
    let unread = |world: &World| world.node(eva).unwrap().conversation(talk).unwrap().unread;
    assert_eq!(unread(&world), MESSAGES);
    world.kill(eva);
    world.resume(eva);
    assert_eq!(unread(&world), MESSAGES);
}
