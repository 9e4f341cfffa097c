//! Who said something may take it back, and that is final.

use tertulia_proto::io::{Emoji, MessageText};
use tertulia_proto::{Command, ConversationKind, Duration, Refusal};
use tertulia_sim::World;
use tertulia_sim::people::SOON;

#[test]
fn what_is_taken_back_leaves_its_place_and_no_words() {
    let mut world = World::new(1);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    let message = world.say(ana, talk, "never mind");
    world.say(eva, talk, "what?");
    world.settle_agreement(talk, &[ana, eva], SOON);
    let emoji = Emoji::cut("👍");
    world
        .command(eva, Command::React { conversation: talk, message, emoji: emoji.clone(), on: true })
        .unwrap();
    assert_eq!(
        world.command(eva, Command::Delete { conversation: talk, message }).unwrap_err(),
        Refusal::NotYours
    );
    world.command(ana, Command::Delete { conversation: talk, message }).unwrap();
    world.settle("gone for Eva", SOON, |world| world.texts(eva, talk).contains(&String::new()));
    for seat in [ana, eva] {
        let view = world.message(seat, talk, message).unwrap();
        assert!(view.deleted && !view.edited && view.reactions.is_empty());
        assert_eq!(world.shown(seat, talk).len(), 2);
    }
    let text = MessageText::cut("or rather");
    for command in [
        Command::Edit { conversation: talk, message, text },
        Command::Delete { conversation: talk, message },
        Command::React { conversation: talk, message, emoji, on: true },
    ] {
        assert_eq!(world.command(ana, command).unwrap_err(), Refusal::Deleted);
    }
}

#[test]
fn an_edit_at_the_same_time_does_not_bring_it_back() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.native("Eva")];
    let [ana, eva] = seats;
    let talk = world.gather(&seats);
    let message = world.say(ana, talk, "one");
    world.settle_agreement(talk, &seats, SOON);
    world.partition(&[&[ana], &[eva]]);
    let text = MessageText::cut("two");
    world.command(ana, Command::Edit { conversation: talk, message, text }).unwrap();
    world.command(ana, Command::Delete { conversation: talk, message }).unwrap();
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.texts(eva, talk), ["one"]);
    world.heal_all();
    world.settle("gone for Eva", Duration::from_secs(60), |world| world.texts(eva, talk) == [""]);
}

#[test]
fn a_newcomer_never_reads_what_was_taken_back() {
    let mut world = World::new(3);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&[ana, eva]);
    let message = world.say(ana, talk, "a secret");
    world.command(ana, Command::Delete { conversation: talk, message }).unwrap();
    world.let_in(eva, zoe, talk);
    world.settle_agreement(talk, &seats, SOON);
    assert_eq!(world.texts(zoe, talk), [""]);
}
