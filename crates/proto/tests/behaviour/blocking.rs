//! Of somebody who is blocked nothing is heard, and nobody tells them.

use tertulia_proto::identity::Name;
use tertulia_proto::io::{Emoji, RequestOutcome};
use tertulia_proto::{
    AccountId, Command, ConversationKind, Duration, Event, Identity, Instant, Node, Output, Refusal,
};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

fn user(world: &World, seat: Seat) -> AccountId {
    world.node(seat).unwrap().me().user
}

fn block(world: &mut World, seat: Seat, whom: Seat, on: bool) {
    let user = user(world, whom);
    world.command(seat, Command::Block { user, on }).unwrap();
}

fn heard(world: &World, seat: Seat, is_it: impl Fn(&Event) -> bool) -> usize {
    world.events(seat).iter().filter(|(_, event)| is_it(event)).count()
}

#[test]
fn their_requests_are_refused_without_asking_and_their_link_ends() {
    let mut world = World::new(1);
    let (ana, eve) = (world.native("Ana"), world.tab("Eve"));
    let invite = world.invite(ana);
    let waiting = world.open(eve, &invite, Some(ConversationKind::Private));
    world.request(ana, 0);
    block(&mut world, ana, eve, true);
    assert_eq!(world.outcome(eve, waiting), RequestOutcome::No, "what waits is refused");
    assert_eq!(heard(&world, ana, |event| matches!(event, Event::RequestWithdrawn { .. })), 1);
    world.settle("parted", SOON, |world| !world.is_linked(ana, eve));
    let again = world.open(eve, &invite, Some(ConversationKind::Private));
    assert_eq!(world.outcome(eve, again), RequestOutcome::No);
    world.run_for(SOON);
    assert!(!world.is_linked(ana, eve));
    let asked = |event: &Event| matches!(event, Event::Request { .. });
    assert_eq!(heard(&world, ana, asked), 1, "she is asked no more");
    assert!(world.stat(ana, "request_of_somebody_blocked") >= 1);
}

#[test]
fn in_a_shared_conversation_they_are_not_seen_and_all_goes_on() {
    let mut world = World::new(2);
    let seats = [world.native("Ana"), world.tab("Eva"), world.tab("Zoe")];
    let [ana, eva, zoe] = seats;
    let talk = world.gather(&seats);
    let mine = world.say(ana, talk, "one");
    world.say(eva, talk, "two");
    world.settle_agreement(talk, &seats, SOON);
    block(&mut world, ana, eva, true);
    assert_eq!(world.texts(ana, talk), ["one"]);
    let seen = world.events(ana).len();
    let insult = world.say(eva, talk, "three");
    let emoji = Emoji::cut("👎");
    let react = |on| Command::React { conversation: talk, message: mine, emoji: emoji.clone(), on };
    world.command(eva, react(true)).unwrap();
    world.command(eva, Command::Typing { conversation: talk }).unwrap();
    world.say(zoe, talk, "four");
    world.settle("Ana hears Zoe", SOON, |world| world.texts(ana, talk) == ["one", "four"]);
    world.run_for(SOON);
    assert!(world.is_linked(ana, eva), "the conversation needs this link");
    assert_eq!(world.node(ana).unwrap().conversation(talk).unwrap().unread, 2, "one of before, and Zoe's");
    assert!(world.message(ana, talk, insult).is_none());
    assert!(world.message(ana, talk, mine).unwrap().reactions.is_empty());
    let of_eva = world.events(ana)[seen..].iter().filter(|(_, event)| {
        matches!(event, Event::Typing { .. } | Event::MessageChanged { .. })
            || matches!(event, Event::Message { message, .. } if *message == insult)
    });
    assert_eq!(of_eva.count(), 0);
    assert_eq!(world.stat(ana, "typing_of_somebody_blocked"), 1);
    block(&mut world, ana, eva, false);
    assert_eq!(world.texts(ana, talk), world.texts(zoe, talk), "nothing was lost");
    assert_eq!(world.message(ana, talk, mine).unwrap().reactions.len(), 1);
    world.settle_agreement(talk, &seats, SOON);
}

#[test]
fn when_nothing_is_shared_any_more_the_link_ends() {
    let mut world = World::new(3);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    let talk = world.befriend(ana, eva, ConversationKind::Public);
    block(&mut world, ana, eva, true);
    world.run_for(SOON);
    assert!(world.is_linked(ana, eva));
    world.leave(ana, talk).unwrap();
    world.settle("parted", SOON, |world| !world.is_linked(ana, eva));
}

#[test]
fn the_list_has_names_and_an_end_and_nobody_is_on_it_by_mistake() {
    let mut world = World::new(4);
    let (ana, eva) = (world.native("Ana"), world.tab("Eva"));
    world.befriend(ana, eva, ConversationKind::Public);
    block(&mut world, ana, eva, true);
    block(&mut world, ana, eva, true);
    let blocked = world.node(ana).unwrap().blocked();
    assert_eq!(blocked.len(), 1);
    assert_eq!((blocked[0].user, blocked[0].name.as_str()), (user(&world, eva), "Eva"));
    let me = user(&world, ana);
    let refused = world.command(ana, Command::Block { user: me, on: true });
    assert_eq!(refused.unwrap_err(), Refusal::Yourself);
    for number in 1..1024u32 {
        let mut user = AccountId([0; 32]);
        user.0[..4].copy_from_slice(&number.to_be_bytes());
        world.command(ana, Command::Block { user, on: true }).unwrap();
    }
    let one_more = Command::Block { user: AccountId([9; 32]), on: true };
    assert_eq!(world.command(ana, one_more).unwrap_err(), Refusal::TooManyBlocked);
}

#[test]
fn what_the_person_wants_lasts() {
    const NOW: Instant = Instant::from_millis(1_800_000_000_000);
    let identity = || {
        let mut rng = tertulia_proto::rng::Rng::new([1; 32]);
        Identity::generate(&mut rng, &Name::cut("Ana"), 1)
    };
    let config = tertulia_proto::Config::NATIVE;
    let (eva, zoe) = (AccountId([2; 32]), AccountId([3; 32]));
    let mut node = Node::new(identity(), config, [2; 32], NOW);
    for command in [
        Command::Block { user: eva, on: true },
        Command::Block { user: zoe, on: true },
        Command::Block { user: zoe, on: false },
        Command::ShareRead { on: true },
    ] {
        node.command(command, NOW + Duration::from_secs(1)).unwrap();
    }
    let mut kept = std::collections::BTreeMap::new();
    while let Some(output) = node.poll_output() {
        if let Output::Store { key, value } = output {
            match value {
                Some(value) => drop(kept.insert(key, value)),
                None => drop(kept.remove(&key)),
            }
        }
    }
    let node = Node::restore(identity(), config, [3; 32], NOW, kept);
    assert_eq!(node.blocked().iter().map(|one| one.user).collect::<Vec<_>>(), [eva]);
    assert!(node.shares_read());
}
