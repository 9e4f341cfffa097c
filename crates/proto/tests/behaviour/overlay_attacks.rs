//! A peer that breaks the rules of the overlay: what it sends is dropped and counted, and the ring stays right.

use crate::overlay::{is_right, ring, settle};
use ed25519_dalek::{Signer, SigningKey};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tertulia_proto::endpoint::Address;
use tertulia_proto::overlay::contact::Contact;
use tertulia_proto::overlay::ring::Key;
use tertulia_proto::wire::bounded::{Blob, List};
use tertulia_proto::wire::{
    Arrival, FRAME_MAX, Filed, Found, Frame, Join, Joined, Leaves, Load, Lookup, PATH_MAX, Return, Route,
    RouteId, Row, Sealed, Unreachable,
};
use tertulia_proto::{Config, Duration, Endpoint, Fingerprint, NodeId};
use tertulia_sim::{Kind, Seat, World};

/// Twenty nodes in a ring; Eve, one of them, has a link to Ana, and will send her what no honest node sends.
struct Scene {
    world: World,
    seats: Vec<Seat>,
    ana: Seat,
    eve: Seat,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let (mut world, seats) = ring(seed, 20);
        settle(&mut world, &seats, Duration::from_secs(60));
        let (ana, eve) = (seats[4], seats[9]);
        assert!(world.is_linked(ana, eve), "in a ring of twenty nearly all are linked");
        Self { world, seats, ana, eve }
    }

    /// Has Eve say something to Ana.
    fn say(&mut self, frame: &Frame) {
        self.world.inject(self.eve, self.ana, frame.encode());
    }

    fn id(&self, seat: Seat) -> NodeId {
        self.world.id(seat)
    }

    fn counted(&self, reason: &str) -> u64 {
        self.world.stat(self.ana, reason)
    }

    /// Ana has kept her links to all but Eve, and after a while her ring is what it was.
    fn holds(&mut self) {
        settle(&mut self.world, &self.seats, Duration::from_secs(60));
        for other in self.seats.iter().filter(|other| ![self.ana, self.eve].contains(other)) {
            assert!(self.world.closings(self.ana, *other).is_empty(), "{other:?} has parted from Ana");
        }
    }
}

fn contact(node: NodeId) -> Arc<Contact> {
    Arc::new(Contact { node, endpoint: None })
}

/// A node that does not exist, `step` away from another.
fn ghost(beside: NodeId, step: u128) -> Arc<Contact> {
    contact(NodeId(beside.place().wrapping_add(step).to_be_bytes()))
}

fn route(key: Key, path: impl IntoIterator<Item = NodeId>, load: Frame) -> Frame {
    let id = RouteId([7; 8]);
    Frame::Route(Route { key, id, path: List::first(path), load: Load(Arc::new(load)) })
}

fn lookup() -> Frame {
    Frame::Lookup(Lookup { node: NodeId([7; 16]) })
}

fn leaves(sender: Arc<Contact>, leaves: Vec<Arc<Contact>>, gone: Vec<NodeId>) -> Frame {
    let (leaves, gone) = (List::first(leaves), List::first(gone));
    Frame::Leaves(Leaves { sender, knows: List::default(), leaves, gone, asks: true })
}

#[test]
fn floods_are_cut_to_their_allowance() {
    let mut scene = Scene::new(1);
    let (me, far) = (scene.id(scene.eve), Key::at(scene.id(scene.ana).place() ^ (1 << 127)));
    let greeting = leaves(contact(me), Vec::new(), Vec::new());
    for _ in 0..3 {
        for _ in 0..700 {
            scene.say(&route(far, [me], lookup()));
            scene.say(&greeting);
        }
        scene.world.run_for(Duration::from_secs(1));
    }
    // A thousand at once and two hundred a second, of 4200.
    let cut = scene.counted("frame_over_rate");
    assert!((2_200..3_200).contains(&cut), "{cut} were cut");
    scene.holds();
}

#[test]
fn what_a_later_version_routes_is_carried_and_dropped_where_it_arrives() {
    let mut scene = Scene::new(7);
    let last = scene.seats[15];
    let known = route(Key::from(scene.id(last)), [scene.id(scene.eve)], lookup()).encode();
    let to_load = known.len() - lookup().encode().len();
    // Of kind 60, with something in it that nobody knows.
    let bytes = [&known[..to_load], &[0x82, 0x18, 60, 0x81, 0x07]].concat();
    scene.world.inject(scene.eve, scene.ana, bytes);
    scene.world.run_for(Duration::from_secs(2));
    assert_eq!(
        (scene.world.stat(last, "overlay_kind_unknown"), scene.counted("overlay_kind_unknown")),
        (1, 0)
    );
    assert_eq!(scene.counted("frame_malformed"), 0);
    scene.holds();
}

#[test]
fn nobody_speaks_for_somebody_else() {
    let mut scene = Scene::new(2);
    let other = ghost(scene.id(scene.ana), 1);
    scene.say(&leaves(other.clone(), Vec::new(), Vec::new()));
    scene.say(&Frame::Arrival(Arrival { sender: other.clone() }));
    scene.world.run_for(Duration::from_secs(1));
    assert_eq!((scene.counted("overlay_sender_false"), scene.counted("overlay_frame_out_of_place")), (1, 1));
    let neighbours = scene.world.node(scene.ana).and_then(|node| node.neighbours());
    assert!(!neighbours.expect("she is in").contains(&other.node));
    scene.holds();
}

#[test]
fn whoever_is_said_to_be_gone_is_asked_and_stays() {
    let mut scene = Scene::new(3);
    let me = contact(scene.id(scene.eve));
    let others: Vec<_> = scene.world.node(scene.ana).and_then(|node| node.neighbours()).expect("she is in");
    for _ in 0..40 {
        let gone = others.iter().copied().filter(|node| *node != me.node).collect();
        scene.say(&leaves(me.clone(), Vec::new(), gone));
        scene.world.run_for(Duration::from_millis(500));
        assert!(is_right(&scene.world, &scene.seats));
    }
    // That she herself is gone she cannot believe, either.
    scene.say(&leaves(me, Vec::new(), vec![scene.id(scene.ana)]));
    scene.holds();
}

#[test]
fn nodes_that_do_not_exist_are_greeted_in_vain_and_bounded() {
    let mut scene = Scene::new(4);
    let (me, ana) = (contact(scene.id(scene.eve)), scene.id(scene.ana));
    for round in 0..20 {
        let ghosts = |from: u128| (from..from + 16).map(|n| ghost(ana, 1 + n)).collect::<Vec<_>>();
        scene.say(&leaves(me.clone(), ghosts(round * 32), Vec::new()));
        scene.say(&Frame::Row(Row { contacts: List::first(ghosts(round * 32 + 16)) }));
        scene.world.run_for(Duration::from_millis(500));
        assert!(is_right(&scene.world, &scene.seats), "none is a neighbour before it has spoken itself");
    }
    // They keep nobody out who comes meanwhile.
    let config = Config { overlay: true, ..Config::NATIVE };
    let newcomer = scene.world.configured(Kind::Native, "Ida", config);
    scene.world.introducer(newcomer, scene.seats[0]);
    scene.seats.push(newcomer);
    scene.holds();
}

#[test]
fn messages_that_were_led_astray_go_no_further() {
    let mut scene = Scene::new(5);
    let (me, ana) = (scene.id(scene.eve), scene.id(scene.ana));
    let far = Key::at(ana.place() ^ (1 << 127));
    let passed = Rc::new(Cell::new(0));
    let count = Rc::clone(&passed);
    let from = scene.ana;
    scene.world.tamper(move |sender, _, bytes| {
        let is_one = |route: &Route| route.id == RouteId([7; 8]);
        if sender == from && matches!(Frame::decode(&bytes), Ok(Frame::Route(route)) if is_one(&route)) {
            count.set(count.get() + 1);
        }
        vec![bytes]
    });
    for _ in 0..10 {
        scene.say(&route(far, [ana, me], lookup()));
        scene.say(&route(far, [NodeId([1; 16]); PATH_MAX - 1].into_iter().chain([me]), lookup()));
        scene.say(&route(far, [me, NodeId([1; 16])], lookup()));
        scene.say(&route(far, [], lookup()));
    }
    scene.world.run_for(Duration::from_secs(2));
    assert_eq!((scene.counted("overlay_route_looped"), scene.counted("overlay_route_misled")), (10, 30));
    assert_eq!(passed.get(), 0);
    // Whoever is the fifteenth in a path may pass on to one more, which goes no further.
    scene.say(&route(far, [NodeId([1; 16]); PATH_MAX - 2].into_iter().chain([me]), lookup()));
    scene.world.run_for(Duration::from_secs(2));
    assert_eq!(passed.get(), 1);
    scene.holds();
}

#[test]
fn answers_to_what_was_never_asked_are_dropped() {
    let mut scene = Scene::new(6);
    let (ana, far) = (scene.id(scene.ana), NodeId([7; 16]));
    let answer = |path: &[NodeId], load| {
        Frame::Return(Return {
            id: RouteId([7; 8]),
            path: List::first(path.iter().copied()),
            load: Load(Arc::new(load)),
        })
    };
    let ghosts = (1..17).map(|n| ghost(ana, n));
    let loads = [
        Frame::Found(Found { records: List::default(), covered: Key([0xff; 16]) }),
        Frame::Filed(Filed { kept: false }),
        Frame::Unreachable(Unreachable { node: far }),
        Frame::Joined(Joined { contacts: List::first(ghosts.clone()), leaves: List::first(ghosts) }),
        lookup(),
        Frame::Sealed(Sealed { to: far, sealed: Blob::new(vec![0; 64]).expect("it is short") }),
    ];
    for load in &loads {
        scene.say(&answer(&[ana], load.clone()));
        scene.say(&answer(&[], load.clone()));
        scene.say(&answer(&[ana, far], load.clone()));
    }
    scene.world.run_for(Duration::from_secs(1));
    assert_eq!(scene.counted("overlay_return_misled"), 2 * loads.len() as u64);
    assert_eq!(scene.counted("overlay_answer_unasked"), loads.len() as u64);
    // A question in the form of an answer is none: nobody is asked for her.
    assert_eq!(scene.counted("directory_sought"), 0);
    scene.holds();
}

#[test]
fn claimed_lengths_are_not_believed() {
    let mut scene = Scene::new(7);
    let head = |kind: u8, fields: &[u8]| [&[0x82, 0x18, kind][..], fields].concat();
    let gigabyte = [0x40, 0, 0, 0];
    let claims = [
        // A path, leaves, rows, what a join collected, records: lists of 2 to the 30. A sealed text of so many bytes.
        head(40, &[&[0xa1, 2, 0x9a][..], &gigabyte].concat()),
        head(43, &[&[0xa1, 2, 0x9a][..], &gigabyte].concat()),
        head(46, &[&[0xa1, 0, 0x9a][..], &gigabyte].concat()),
        head(48, &[&[0xa1, 1, 0x9a][..], &gigabyte].concat()),
        head(47, &[&[0xa1, 0, 0x9a][..], &gigabyte].concat()),
        head(54, &[&[0xa1, 1, 0x5a][..], &gigabyte].concat()),
    ];
    let before = scene.counted("frame_malformed");
    for claim in &claims {
        scene.world.inject(scene.eve, scene.ana, claim.clone());
    }
    scene.world.run_for(Duration::from_secs(1));
    assert_eq!(scene.counted("frame_malformed") - before, claims.len() as u64);
    scene.holds();
}

/// A record that is genuine, and has a field of a later version with so many bytes.
fn publish_of(size: usize) -> Vec<u8> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let long = u16::try_from(size).expect("it is to fit into a frame").to_be_bytes();
    let account = key.verifying_key().to_bytes();
    // {0: account, 1: "", 4: 1, 5: 1, 9: bytes}
    let fields =
        [&[0xa5, 0, 0x58, 32][..], &account, &[1, 0x60, 4, 1, 5, 1, 9, 0x59], &long, &vec![0; size]].concat();
    let message = [&b"tertulia directory record v1\0"[..], &fields].concat();
    let length = u16::try_from(fields.len()).expect("it is to fit into a frame").to_be_bytes();
    // [50, {0: [body, signature]}]
    let head = [0x82, 0x18, 50, 0xa1, 0, 0x82, 0x59];
    [&head[..], &length, &fields, &[0x58, 64], &key.sign(&message).to_bytes()].concat()
}

#[test]
fn a_message_that_would_grow_too_large_on_its_way_costs_nobody_a_link() {
    let mut scene = Scene::new(8);
    let (me, ana) = (scene.id(scene.eve), scene.id(scene.ana));
    let far = Key::at(ana.place() ^ (1 << 127));
    let whole = route(far, [me], lookup()).encode();
    let head = &whole[..whole.len() - lookup().encode().len()];
    // The limit but for a few bytes: whoever passes it on adds its own id.
    let frame = [head, &publish_of(FRAME_MAX - 300)].concat();
    assert!(frame.len() <= FRAME_MAX && matches!(Frame::decode(&frame), Ok(Frame::Route(_))));
    scene.world.inject(scene.eve, scene.ana, frame);
    scene.world.run_for(Duration::from_secs(2));
    assert_eq!(scene.counted("overlay_route_too_large"), 1);
    scene.holds();
}

#[test]
fn a_join_collects_no_more_than_a_frame_holds() {
    let mut scene = Scene::new(9);
    let (me, ana) = (scene.id(scene.eve), scene.id(scene.ana));
    let address = |port| Address(format!("[2001:db8::1]:{port}").parse().expect("an address"));
    let endpoint =
        Endpoint { fingerprint: Fingerprint([1; 32]), addresses: List::first((1..9).map(address)) };
    let one = |n: u128| {
        let node = NodeId((n << 64 | 1).to_be_bytes());
        Arc::new(Contact { node, endpoint: Some(Box::new(endpoint.clone())) })
    };
    let join = Join { sender: contact(me), contacts: List::first((0..76).map(one)) };
    let far = Key::at(ana.place() ^ (1 << 127));
    let frame = route(far, [me], Frame::Join(join));
    assert!(frame.encode().len() + 17 * PATH_MAX > FRAME_MAX - 200, "there is hardly room for the path");
    for _ in 0..5 {
        scene.say(&frame);
        scene.world.run_for(Duration::from_secs(2));
    }
    let too_large = |seat: &Seat| scene.world.stat(*seat, "frame_too_large_to_send");
    assert_eq!(scene.seats.iter().map(too_large).sum::<u64>(), 0);
    scene.holds();
}
