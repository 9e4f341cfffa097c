//! Finding a way into the network: whoever was met or is remembered is dialled while links are too few.

use tertulia_proto::endpoint::Address;
use tertulia_proto::identity::Name;
use tertulia_proto::io::Greeting;
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{
    Command, Config, Duration, Endpoint, Fingerprint, Identity, Input, Instant, LinkId, Node, NodeId, Output,
};
use tertulia_sim::people::SOON;
use tertulia_sim::{Kind, Seat, World};

/// A native node as the programs run it.
const NATIVE: Config = Config { seeks: true, ..Config::NATIVE };
const NOW: Instant = Instant::from_millis(1_800_000_000_000);

fn seeker(world: &mut World, name: &str) -> Seat {
    world.configured(Kind::Native, name, NATIVE)
}

/// Has a node meet another as on the local network.
fn meet(world: &mut World, seat: Seat, other: Seat) {
    let invite = world.invite(other);
    let endpoint = invite.endpoint.expect("a native node has one");
    world.command(seat, Command::Meet { node: invite.node, endpoint }).unwrap();
}

/// Links one node to another by an invite.
fn link(world: &mut World, seat: Seat, other: Seat) {
    let invite = world.invite(other);
    world.open(seat, &invite, None);
    world.settle("linked", SOON, |world| world.is_linked(seat, other) && world.is_linked(other, seat));
}

#[test]
fn remembered_nodes_are_dialled_after_a_restart_without_an_invite() {
    let mut world = World::new(1);
    let (ana, eva) = (seeker(&mut world, "Ana"), world.native("Eva"));
    link(&mut world, ana, eva);
    world.kill(ana);
    world.run_for(SOON);
    world.resume(ana);
    world.settle("linked by memory", SOON, |world| world.is_linked(ana, eva));
}

#[test]
fn whoever_does_not_seek_waits_for_others() {
    let mut world = World::new(2);
    let (ana, eva) = (world.native("Ana"), world.native("Eva"));
    link(&mut world, ana, eva);
    world.kill(ana);
    world.run_for(SOON);
    world.resume(ana);
    meet(&mut world, ana, eva);
    world.run_for(Duration::from_secs(300));
    assert!(!world.is_linked(ana, eva) && world.stat(ana, "link_sought") == 0);
}

#[test]
fn a_tab_seeks_the_native_nodes_that_it_knew() {
    let mut world = World::new(3);
    let ana = world.configured(Kind::Tab, "Ana", Config { seeks: true, ..Config::TAB });
    let eva = world.native("Eva");
    link(&mut world, ana, eva);
    world.kill(ana);
    world.run_for(SOON);
    world.resume(ana);
    world.settle("linked by memory", SOON, |world| world.is_linked(ana, eva));
}

#[test]
fn of_many_who_are_gone_the_one_who_is_there_is_found() {
    let mut world = World::new(4);
    let ana = seeker(&mut world, "Ana");
    let others: Vec<_> = (0..10).map(|number| world.native(&format!("Native {number}"))).collect();
    for &other in &others {
        link(&mut world, ana, other);
    }
    world.kill(ana);
    // The one that is tried last.
    let there = others.iter().copied().max_by_key(|other| world.id(*other)).unwrap();
    others.iter().filter(|other| **other != there).for_each(|other| world.kill(*other));
    world.run_for(SOON);
    world.resume(ana);
    world.settle("found", Duration::from_secs(60), |world| world.is_linked(ana, there));
}

#[test]
fn somebody_met_is_dialled_while_links_are_too_few_and_not_when_they_are_enough() {
    let mut world = World::new(5);
    let ana = seeker(&mut world, "Ana");
    let others = ["Eva", "Zoe", "Ian"].map(|name| world.native(name));
    for other in &others[..2] {
        meet(&mut world, ana, *other);
        world.settle("linked", SOON, |world| world.is_linked(ana, *other));
    }
    meet(&mut world, ana, others[2]);
    world.run_for(Duration::from_secs(300));
    assert!(!world.is_linked(ana, others[2]), "two links are enough");
    world.kill(others[0]);
    world.settle("linked to the third", Duration::from_secs(60), |world| world.is_linked(ana, others[2]));
}

#[test]
fn who_meets_each_other_ends_up_with_one_link() {
    let mut world = World::new(6);
    let (ana, eva) = (seeker(&mut world, "Ana"), seeker(&mut world, "Eva"));
    meet(&mut world, ana, eva);
    meet(&mut world, eva, ana);
    meet(&mut world, ana, ana);
    world.settle("linked", SOON, |world| world.is_linked(ana, eva) && world.is_linked(eva, ana));
    world.run_for(Duration::from_secs(300));
    assert_eq!((world.channels(ana, eva), world.node(ana).unwrap().peers().len()), (1, 1));
}

#[test]
fn nothing_is_kept_of_whom_one_only_heard() {
    let mut world = World::new(7);
    let (ana, eva) = (seeker(&mut world, "Ana"), world.native("Eva"));
    let before = world.records(ana).clone();
    let invite = world.invite(eva);
    world.kill(eva);
    let endpoint = invite.endpoint.expect("a native node has one");
    world.command(ana, Command::Meet { node: invite.node, endpoint }).unwrap();
    world.run_for(SOON);
    assert!(*world.records(ana) == before && world.stat(ana, "link_sought") > 0);
}

#[test]
fn whoever_is_blocked_is_not_sought_again() {
    let mut world = World::new(8);
    let (ana, eva) = (seeker(&mut world, "Ana"), world.native("Eva"));
    link(&mut world, ana, eva);
    let user = world.node(eva).unwrap().me().user;
    world.command(ana, Command::Block { user, on: true }).unwrap();
    world.settle("parted", SOON, |world| !world.is_linked(ana, eva));
    world.run_for(Duration::from_secs(600));
    assert_eq!(world.stat(ana, "link_sought"), 0);
}

/// A node by itself, whose driver dials and is told later what came of it.
struct Alone {
    node: Node,
    now: Instant,
    dialled: Vec<(LinkId, Endpoint)>,
}

impl Alone {
    fn new() -> Self {
        let identity = Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1);
        Self { node: Node::new(identity, NATIVE, [2; 32], NOW), now: NOW, dialled: Vec::new() }
    }

    fn meet(&mut self, number: u8) {
        let command = Command::Meet { node: NodeId([number; 16]), endpoint: endpoint(number) };
        self.node.command(command, self.now).unwrap();
    }

    /// Lets time pass; what is dialled is not answered.
    fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            while let Some(output) = self.node.poll_output() {
                match output {
                    Output::Dial { link, endpoint } => self.dialled.push((link, endpoint)),
                    Output::Close { link } => self.dialled.retain(|(known, _)| *known != link),
                    _ => {}
                }
            }
            let due = self.node.poll_timeout().map(|(due, _)| due).filter(|due| *due <= end);
            let Some(due) = due else { break };
            self.now = self.now.max(due);
            self.node.handle(Input::Tick, self.now);
        }
        self.now = end;
    }

    /// The numbers of those who are being dialled.
    fn dialling(&self) -> Vec<u8> {
        let mut numbers: Vec<_> =
            self.dialled.iter().map(|(_, endpoint)| endpoint.fingerprint.0[0]).collect();
        numbers.sort_unstable();
        numbers
    }
}

fn endpoint(number: u8) -> Endpoint {
    let address = Address(([10, 0, 0, number], 4000).into());
    Endpoint { fingerprint: Fingerprint([number; 32]), addresses: List::first([address]) }
}

#[test]
fn at_most_four_are_tried_at_once_and_at_most_eight_held() {
    let mut ana = Alone::new();
    (1..=12).for_each(|number| ana.meet(number));
    assert_eq!(ana.node.stats().get("met_too_many"), Some(&4));
    ana.run_for(Duration::from_secs(3));
    assert_eq!(ana.dialling(), [1, 2, 3, 4]);
    ana.run_for(Duration::from_secs(15));
    assert_eq!(ana.dialling(), [5, 6, 7, 8], "whoever was not there waits for the others");
    ana.meet(9);
    ana.run_for(Duration::from_secs(15));
    assert!(
        ana.dialling().contains(&9),
        "whoever comes takes the place of one who was not there: {:?}",
        ana.dialling()
    );
}

#[test]
fn a_day_alone_costs_few_tries() {
    let mut ana = Alone::new();
    ana.meet(1);
    ana.run_for(Duration::from_secs(24 * 60 * 60));
    let tries = ana.node.stats()["link_sought"];
    assert!((700..800).contains(&tries), "one in two minutes, and some more in the beginning: {tries}");
}

#[test]
fn another_address_of_somebody_met_is_the_one_that_counts() {
    let mut ana = Alone::new();
    ana.meet(1);
    let command = Command::Meet { node: NodeId([1; 16]), endpoint: endpoint(2) };
    ana.node.command(command, NOW).unwrap();
    ana.run_for(Duration::from_secs(2));
    assert_eq!(ana.dialling(), [2]);
}

#[test]
fn a_super_node_remembers_more() {
    assert_eq!([511, 512].map(|number| is_remembered(Config::NATIVE, number)), [true, false]);
    assert_eq!([8191, 8192].map(|number| is_remembered(Config::SUPER_NODE, number)), [true, false]);
    assert_eq!((Config::NATIVE.link_budget, Config::SUPER_NODE.link_budget), (200, 1000));
}

/// Whether a node to which more are known than any remembers knows the one of this number.
fn is_remembered(config: Config, number: u16) -> bool {
    // The key and the value as docs/PROTOCOL.md codes an endpoint, and `store.rs` what is kept of it.
    let key = |number: u16| [&[0x20; 15][..], &number.to_be_bytes()].concat();
    let address = [0x01, 0x81, 0x46, 10, 0, 0, 1, 15, 160];
    let value = [&[0xa1, 0x00, 0xa2, 0x00, 0x58, 0x20][..], &[7; 32], &address].concat();
    let identity = Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1);
    let records = (0..8200).map(|number| (key(number), value.clone()));
    let mut node = Node::restore(identity, config, [2; 32], NOW, records);
    assert!(node.stats().is_empty(), "{:?}", node.stats());
    let id = NodeId(key(number)[1..].try_into().unwrap());
    node.command(Command::Connect { node: id, kind: None, greeting: Greeting::default() }, NOW).is_ok()
}
