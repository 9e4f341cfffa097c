//! Nobody enters by what they made up: forged, foreign, used and stale words are refused and counted.

use super::three;
use tertulia_proto::group::Ticket;
use tertulia_proto::group::ticket::{TicketBody, TicketSerial};
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, RequestId};
use tertulia_proto::rng::Rng;
use tertulia_proto::wire::cbor::{decode, encode};
use tertulia_proto::wire::{AutomaticEntryToCoordinator, Frame, Newcomer};
use tertulia_proto::{ConversationId, ConversationKind, Identity};
use tertulia_sim::people::SOON;
use tertulia_sim::{Seat, World};

/// Has `from` ask `to` to let it in, and answers whether it is in after a while.
fn enters(world: &mut World, (from, to): (Seat, Seat), conversation: ConversationId, ticket: Ticket) -> bool {
    world.introducer(from, to);
    let request = RequestId([7; 8]);
    let entry = AutomaticEntryToCoordinator { request, conversation, ticket, newcomer: None };
    assert!(world.inject(from, to, Frame::AutomaticEntryToCoordinator(Box::new(entry)).encode()));
    world.run_for(SOON);
    world.participants(to, conversation).contains(&world.id(from))
}

/// Has `guest` ask `host` into a conversation, and `host` say yes.
fn accept(world: &mut World, host: Seat, guest: Seat, talk: ConversationId) {
    let invite = world.invite_into(host, talk);
    let seen = world.events(host).len();
    world.open(guest, &invite, None);
    let request = world.request(host, seen);
    world.answer(host, request, Consent::Into(talk)).unwrap();
}

/// The ticket of the first Derivation that was overheard.
fn derived(heard: &super::Overheard) -> Ticket {
    let shown = |frame: &Frame| if let Frame::Answer(answer) = frame { answer.ticket.clone() } else { None };
    heard.borrow().iter().find_map(|(.., frame)| shown(frame)).expect("nobody was passed on")
}

#[test]
fn a_ticket_signed_by_nobody_in_it() {
    let (mut world, [ana, ..], talk, _) = three(1);
    let eve = world.native("Eve");
    let hers = Identity::generate(&mut Rng::new([9; 32]), &Name::cut("Eve"), 1);
    let body = TicketBody {
        issuer: hers.certificate().device,
        conversation: talk,
        serial: TicketSerial([1; 8]),
        expires_ms: u64::MAX,
        uses: 9,
        bearer: None,
    };
    let ticket = hers.sign_body(body);
    assert!(!enters(&mut world, (eve, ana), talk, ticket));
    assert_eq!(world.stat(ana, "ticket_refused"), 1);
}

#[test]
fn a_ticket_with_a_changed_word_does_not_decode() {
    let (_, _, _, invite) = three(2);
    let bytes = encode(&invite.ticket.unwrap());
    for at in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        assert!(decode::<Ticket>(&forged).is_none(), "byte {at}");
    }
}

#[test]
fn a_ticket_for_another_conversation() {
    let (mut world, [ana, ..], talk, _) = three(3);
    let eve = world.native("Eve");
    let other = world.create(ana, ConversationKind::Public);
    let ticket = world.ticket_into(ana, other).ticket.unwrap();
    assert!(!enters(&mut world, (eve, ana), talk, ticket));
    assert_eq!(world.stat(ana, "ticket_refused"), 1);
}

#[test]
fn a_ticket_that_was_given_to_somebody_else() {
    let (mut world, [ana, eva, _], talk, _) = three(4);
    let (zoe, eve) = (world.native("Zoe"), world.native("Eve"));
    let heard = super::overhear(&mut world, |_, _, _| true);
    accept(&mut world, eva, zoe, talk);
    world.settle("Zoe is in", SOON, |world| world.is_in(zoe, talk));
    let stolen = derived(&heard);
    world.dismiss();
    assert!(!enters(&mut world, (eve, ana), talk, stolen));
    assert_eq!(world.stat(ana, "ticket_refused"), 1);
}

#[test]
fn a_ticket_that_was_used_lets_nobody_in_again() {
    let (mut world, [ana, eva, bob], talk, _) = three(5);
    let zoe = world.native("Zoe");
    let heard = super::overhear(&mut world, |_, _, _| true);
    accept(&mut world, eva, zoe, talk);
    world.settle_agreement(talk, &[ana, eva, bob, zoe], SOON);
    let used = derived(&heard);
    world.dismiss();
    world.leave(zoe, talk).unwrap();
    world.settle("Zoe is out", SOON, |world| world.participants(bob, talk).len() == 3);
    // At another participant than the one that let her in, too.
    for host in [ana, bob] {
        assert!(!enters(&mut world, (zoe, host), talk, used.clone()));
        assert_eq!(world.stat(host, "ticket_refused"), 1);
    }
}

#[test]
fn nobody_speaks_for_others_from_outside() {
    let (mut world, [ana, ..], talk, invite) = three(6);
    let eve = world.native("Eve");
    world.introducer(eve, ana);
    let friend = Identity::generate(&mut Rng::new([9; 32]), &Name::cut("Friend"), 1);
    let newcomer = Newcomer { certificate: friend.certificate().clone(), profile: friend.profile().clone() };
    let entry = AutomaticEntryToCoordinator {
        request: RequestId([7; 8]),
        conversation: talk,
        ticket: invite.ticket.unwrap(),
        newcomer: Some(newcomer),
    };
    assert!(world.inject(eve, ana, Frame::AutomaticEntryToCoordinator(Box::new(entry)).encode()));
    world.run_for(SOON);
    assert_eq!(world.stat(ana, "entry_handed_in_by_a_stranger"), 1);
    assert_eq!(world.participants(ana, talk).len(), 3);
}
