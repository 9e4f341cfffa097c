//! The paper's rule that two nodes share at most one conversation of each type is a setting (section 3).

use tertulia_proto::io::RequestOutcome;
use tertulia_proto::{Config, ConversationKind, Refusal};
use tertulia_sim::{Kind, World};

#[test]
fn a_second_one_of_the_same_type_is_refused_where_it_is_set() {
    let mut world = World::new(1);
    let strict = Config { one_per_type: true, ..Config::NATIVE };
    let (ana, eva) = (world.configured(Kind::Native, "Ana", strict), world.native("Eva"));
    world.befriend(ana, eva, ConversationKind::Private);
    assert_eq!(world.connect(ana, eva, Some(ConversationKind::Private)).err(), Some(Refusal::OnePerType));
    // Eva has no such rule, and Ana's holds for what Eva asks as well.
    let invite = world.invite(ana);
    let request = world.open(eva, &invite, Some(ConversationKind::Private));
    assert_eq!(world.outcome(eva, request), RequestOutcome::No);
    assert_eq!(world.stat(ana, "request_one_per_type"), 1);
    world.befriend(ana, eva, ConversationKind::Public);
}

#[test]
fn by_default_two_may_share_many() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    let one = world.befriend(ana, eva, ConversationKind::Private);
    let other = world.befriend(ana, eva, ConversationKind::Private);
    assert_ne!(one, other);
}
