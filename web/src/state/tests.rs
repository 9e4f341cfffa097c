use super::*;
use tertulia_proto::group::OpId;
use tertulia_proto::identity::AccountId;
use tertulia_proto::io::{MessageState, ParticipantView, Path};

fn person(n: u8, name: &str) -> Person {
    Person { node: NodeId([n; 16]), user: AccountId([n; 32]), name: Name::cut(name) }
}

fn participant(n: u8, name: &str) -> ParticipantView {
    let (person, me) = (person(n, name), n == 0);
    ParticipantView {
        person,
        me,
        coordinator: me,
        linked: true,
        carried: false,
        admitted_by: None,
        forked: false,
    }
}

fn conversation(n: u8, participants: Vec<ParticipantView>) -> ConversationView {
    ConversationView {
        id: ConversationId([n; 16]),
        kind: ConversationKind::Public,
        name: "Garden".into(),
        participants,
        unread: usize::from(n),
        open: true,
    }
}

fn peer(n: u8, name: &str) -> PeerView {
    PeerView {
        person: person(n, name),
        link: LinkId(u64::from(n)),
        path: Path::Dial,
        rtt_micros: None,
        since_ms: 0,
        bytes_in: 0,
        bytes_out: 0,
        endpoint: None,
    }
}

fn waiting(way: Way) -> Waiting {
    let (request, link) = (RequestId([7; 8]), LinkId(7));
    Waiting { request, link, to: Name::cut("Ana"), name: Name::cut("Tea"), way }
}

fn fold(state: &mut State, event: Event) -> (Stale, Option<Follow>) {
    let mut stale = Stale::default();
    let follow = state.fold(event, &mut stale);
    (stale, follow)
}

fn texts(state: &State, tone: Tone) -> Vec<String> {
    state.notices.of(tone).into_iter().map(|notice| notice.text).collect()
}

#[test]
fn an_accepted_request_leads_into_its_conversation() {
    let mut state = State { waiting: vec![waiting(Way::Direct)], ..State::default() };
    let id = ConversationId([3; 16]);
    let answered = Event::Answered { request: RequestId([7; 8]), outcome: RequestOutcome::Yes(id) };
    let (_, follow) = fold(&mut state, answered.clone());
    assert_eq!(follow, Some(Follow::Enter(id, Name::cut("Tea"))));
    assert!(state.waiting.is_empty());
    assert_eq!(texts(&state, Tone::Quiet), ["Ana let you in."]);
    assert_eq!(fold(&mut state, answered).1, None, "an answer counts once");
}

#[test]
fn a_failed_request_says_why_and_what_to_do() {
    let failed = |reason, way| {
        let mut state = State { waiting: vec![waiting(way)], ..State::default() };
        let outcome = RequestOutcome::Failed(reason);
        fold(&mut state, Event::Answered { request: RequestId([7; 8]), outcome });
        state.notices.of(Tone::Urgent).remove(0)
    };
    let unreachable = failed(CloseReason::Unreachable, Way::Direct);
    assert!(unreachable.text.contains("nobody answered"), "{}", unreachable.text);
    let by_hand = failed(CloseReason::Unreachable, Way::ByHand(None));
    assert_ne!(unreachable.remedy, by_hand.remedy);
    assert!(failed(CloseReason::Unproven, Way::Direct).remedy.starts_with("Do not use this invite"));
}

#[test]
fn requests_wait_in_order_once_each_and_go_when_withdrawn() {
    let mut state = State::default();
    let request = |n: u8| Event::Request {
        request: RequestId([n; 8]),
        from: person(n, "Eva"),
        kind: ConversationKind::Private,
        conversation: None,
        greeting: String::new(),
    };
    for n in [1, 2, 1] {
        fold(&mut state, request(n));
    }
    assert_eq!(state.requests.iter().map(|asked| asked.request.0[0]).collect::<Vec<_>>(), [2, 1]);
    fold(&mut state, Event::RequestWithdrawn { request: RequestId([2; 8]) });
    assert_eq!(state.requests.len(), 1);
    assert_eq!(texts(&state, Tone::Quiet), ["Eva is gone and no longer asks to talk."]);
}

#[test]
fn it_tells_who_came_and_went_but_not_what_was_there_at_first() {
    let mut state = State::default();
    state.take_conversations(vec![conversation(1, vec![participant(0, "Me"), participant(1, "Ana")])]);
    assert!(texts(&state, Tone::Quiet).is_empty());
    state.take_conversations(vec![conversation(1, vec![participant(0, "Me"), participant(2, "Eva")])]);
    assert_eq!(texts(&state, Tone::Quiet), ["Eva is now in “Garden”.", "Ana left “Garden”."]);
}

#[test]
fn a_lost_link_is_remembered_with_its_reason_until_it_is_back() {
    let mut state = State { peers: vec![peer(1, "Ana"), peer(2, "Eva")], ..State::default() };
    let closed = |n, reason| Event::LinkClosed { node: NodeId([n; 16]), reason };
    let (stale, _) = fold(&mut state, closed(1, CloseReason::Silent));
    assert!(stale.peers && stale.conversations);
    fold(&mut state, closed(2, CloseReason::Duplicate));
    fold(&mut state, closed(9, CloseReason::Broken));
    let lost: Vec<_> = state.lost.iter().map(|lost| (lost.person.name.as_str(), lost.reason)).collect();
    assert_eq!(lost, [("Ana", CloseReason::Silent)], "neither duplicates nor strangers");
    fold(&mut state, Event::LinkOpened { node: NodeId([1; 16]), path: Path::Dial });
    assert!(state.lost.is_empty());
}

#[test]
fn people_are_everybody_once_by_name_without_me() {
    let state = State {
        conversations: vec![conversation(
            1,
            vec![participant(0, "Me"), participant(2, "eva"), participant(3, "Zoe")],
        )],
        peers: vec![peer(2, "Eva"), peer(4, "Ana")],
        ..State::default()
    };
    let people: Vec<_> =
        state.people().iter().map(|known| (known.person.name.as_str().to_owned(), known.linked)).collect();
    assert_eq!(people, [("Ana".into(), true), ("Eva".into(), true), ("Zoe".into(), false)]);
}

#[test]
fn somebody_is_messaged_in_the_open_private_conversation_with_them() {
    let with = |n, kind, open| {
        let participants = vec![participant(0, "Me"), participant(1, "Ana")];
        ConversationView { kind, open, ..conversation(n, participants) }
    };
    let (private, public) = (ConversationKind::Private, ConversationKind::Public);
    let conversations = vec![with(1, public, true), with(2, private, false), with(3, private, true)];
    let state = State { conversations, ..State::default() };
    assert_eq!(state.private_with(&person(1, "Ana")), Some(ConversationId([3; 16])));
    assert_eq!(state.private_with(&person(2, "Eva")), None);
}

#[test]
fn messages_make_their_conversation_stale_and_states_only_its_messages() {
    let mut state = State::default();
    let (conversation, message) = (ConversationId([1; 16]), OpId([1; 32]));
    let (stale, _) = fold(&mut state, Event::Message { conversation, message });
    let messages = vec![conversation];
    assert_eq!(stale, Stale { conversations: true, messages: messages.clone(), ..Stale::default() });
    let (stale, _) =
        fold(&mut state, Event::MessageState { conversation, message, state: MessageState::Sent });
    assert_eq!(stale, Stale { messages, ..Stale::default() });
}

#[test]
fn unread_adds_up() {
    let state =
        State { conversations: vec![conversation(2, vec![]), conversation(3, vec![])], ..State::default() };
    assert_eq!(state.unread(), 5);
}

#[test]
fn who_is_writing_is_told_until_they_stop_or_have_said_it() {
    let (ana, eva) = (participant(1, "Ana"), participant(2, "Eva"));
    let view = conversation(1, vec![participant(0, "Me"), ana, eva]);
    let mut state = State { conversations: vec![view.clone()], ..State::default() };
    let typing = |n: u8| Event::Typing { conversation: view.id, node: NodeId([n; 16]) };
    let (_, Some(Follow::Forget(first))) = fold(&mut state, typing(1)) else { panic!("nothing to forget") };
    assert_eq!(state.writing_in(&view), "Ana is writing…");
    let (_, Some(Follow::Forget(again))) = fold(&mut state, typing(1)) else { panic!("nothing to forget") };
    state.forget_writer(&first);
    assert_eq!(state.writing_in(&view), "Ana is writing…", "she went on");
    fold(&mut state, typing(2));
    assert_eq!(state.writing_in(&view), "Ana and Eva are writing…");
    state.forget_writer(&again);
    assert_eq!(state.writing_in(&view), "Eva is writing…");
}

#[test]
fn an_answering_machine_waits_for_a_message_instead_of_an_alert() {
    let mut state = State { waiting: vec![waiting(Way::Direct)], ..State::default() };
    let outcome = RequestOutcome::AnsweringMachine;
    fold(&mut state, Event::Answered { request: RequestId([7; 8]), outcome });
    assert_eq!(state.machines, [Machine { request: RequestId([7; 8]), of: Name::cut("Ana") }]);
    assert!(state.waiting.is_empty() && texts(&state, Tone::Urgent).is_empty());
}

#[test]
fn users_are_called_by_their_names_wherever_they_are_known_from() {
    let conversations =
        vec![conversation(1, vec![participant(0, "Me")]), conversation(2, vec![participant(2, "Eva")])];
    let state = State { conversations, ..State::default() };
    let name = |n: u8| state.user_name(ConversationId([1; 16]), &AccountId([n; 32]));
    assert_eq!([name(0), name(2), name(9)], ["you", "Eva", "somebody who left"]);
}
