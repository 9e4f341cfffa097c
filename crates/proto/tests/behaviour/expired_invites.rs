//! An invite stops to work at its time, also for a bearer who ignores it.

use tertulia_proto::invite::InviteError;
use tertulia_proto::io::{Greeting, RequestOutcome};
use tertulia_proto::{Command, ConversationKind, Duration, Invite};
use tertulia_sim::{Kind, World};

#[test]
fn it_is_refused_with_words_for_people() {
    let mut world = World::new(1);
    let ana = world.native("Ana");
    let eva = world.tab("Eva");
    let end = world.now().as_millis() + 60_000;
    let invite = world.invite_with(ana, None, false, Some(end));
    let text = invite.to_string();
    assert_eq!(Invite::parse(&text, world.now()).as_ref(), Ok(&invite));
    world.run_for(Duration::from_secs(60));
    let error = Invite::parse(&text, world.now()).unwrap_err();
    assert_eq!(error, InviteError::Expired);
    assert!(error.to_string().contains("ask for a new one"));

    let open = Command::Open { invite: Box::new(invite), kind: None, greeting: Greeting::default() };
    assert!(world.command(eva, open).is_err(), "also when it was read in time");
    world.run_for(Duration::from_secs(10));
    assert!(!world.is_linked(eva, ana));
}

#[test]
fn without_its_date_it_is_no_better() {
    let mut world = World::new(2);
    let (nodo, ana, eva) = (world.native("Nodo"), world.tab("Ana"), world.tab("Eva"));
    world.introducer(ana, nodo);
    let end = world.now().as_millis() + 60_000;
    let invite = world.invite_with(ana, None, false, Some(end));
    world.run_for(Duration::from_secs(61));
    for expires_ms in [None, Some(end + 3_600_000)] {
        let doctored = Invite { expires_ms, ..invite.clone() };
        let request = world.open(eva, &doctored, Some(ConversationKind::Public));
        assert!(matches!(world.outcome(eva, request), RequestOutcome::Failed(_)));
        assert!(!world.is_linked(ana, eva) && world.channels(ana, eva) == 0);
    }
    assert!(world.stat(ana, "signal_uninvited") >= 2);
}

#[test]
fn the_clock_of_who_invited_counts() {
    let mut world = World::new(3);
    let hour = Duration::from_secs(3600);
    let (nodo, eva) = (world.native("Nodo"), world.tab("Eva"));
    let ana = world.ahead(Kind::Tab, "Ana", hour);
    world.introducer(ana, nodo);
    let end = (world.now() + hour).as_millis() + 60_000;
    let invite = world.invite_with(ana, None, false, Some(end));
    world.run_for(Duration::from_secs(61));
    let request = world.open(eva, &invite, Some(ConversationKind::Public));
    assert!(
        matches!(world.outcome(eva, request), RequestOutcome::Failed(_)),
        "Eva's clock is an hour behind"
    );
    assert!(world.stat(ana, "signal_uninvited") >= 1);
}
