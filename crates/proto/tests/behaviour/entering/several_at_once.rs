//! Several enter at once through different participants: the coordinator lets them in one after another (section 3.1).

use super::{overhear, sent};
use tertulia_proto::wire::Frame;
use tertulia_proto::{Duration, NodeId};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

#[test]
fn entries_are_serial_and_everybody_has_one_list() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let hosts = ["Ana", "Eva", "Bob", "Ida"].map(|name| world.native(name));
        let talk = world.gather(&hosts);
        let invites = hosts.map(|host| world.ticket_into(host, talk));
        let heard = overhear(&mut world, |_, _, _| true);
        let guests = ["Zoe", "Max", "Kim", "Lea"].map(|name| world.native(name));
        for (guest, invite) in guests.iter().zip(&invites) {
            world.open(*guest, invite, None);
        }
        let everybody: Vec<Seat> = hosts.into_iter().chain(guests).collect();
        world.settle_agreement(talk, &everybody, SOON);
        world.run_for(Duration::from_secs(20));
        world.settle_agreement(talk, &everybody, SOON);
        let list = world.participants(hosts[0], talk);
        let before: Vec<NodeId> = hosts.iter().map(|seat| world.id(*seat)).collect();
        assert_eq!(list[..4], before, "who was in stays ahead of who came");
        let updates = sent(&heard, |frame| matches!(frame, Frame::ListUpdate(_)));
        assert!(updates.iter().all(|(from, _)| *from == hosts[0]), "one coordinator: {updates:?}");
        let undone: u64 = everybody.iter().map(|seat| world.stat(*seat, "entry_undone")).sum();
        assert_eq!(undone, 0, "seed {seed}");
    }
}
