//! Whole nodes over real sockets: an invite is all that one needs of the other.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tertulia_proto::group::{ConversationKind, History};
use tertulia_proto::identity::Name;
use tertulia_proto::io::{Consent, Greeting, MessageText, Path};
use tertulia_proto::rng::Rng;
use tertulia_proto::{Command, Config, ConversationId, Event, Identity, Invite, Reply, Window};
use tertulia_webrtc::CandidateType;
use tertulia_webrtc::native::{Certificate, Clock, Events, Handle, Listener, Memory, Notice, Runner};

/// How long anything here may take. Far more than it does: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

struct Person {
    handle: Handle,
    events: Events,
    running: tokio::task::JoinHandle<()>,
}

impl Person {
    fn new(name: &str) -> Self {
        Self::bound(name, "127.0.0.1:0".parse().unwrap())
    }

    fn bound(name: &str, address: SocketAddr) -> Self {
        let clock = Clock::start();
        let mut seed = [7; 32];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        let identity = Identity::generate(&mut Rng::new(seed), &Name::cut(name), clock.now().as_millis());
        let listener = Listener::bind(address).unwrap();
        let certificate = Certificate::generate().unwrap();
        let (runner, handle, events) =
            Runner::new(Config::NATIVE, identity, certificate, listener, clock, Memory::none()).unwrap();
        Self { handle, events, running: tokio::spawn(runner.run()) }
    }

    async fn command(&self, command: Command) -> Reply {
        self.handle.command(command).await.unwrap().unwrap()
    }

    async fn invite(&self) -> Invite {
        let command = Command::Invite { conversation: None, ticket: false, expires_ms: None, by_hand: false };
        let Reply::Invite(invite) = self.command(command).await else { panic!("no invite") };
        // As a person would hand it on: as text.
        Invite::parse(&invite.to_string(), self.handle.now()).unwrap()
    }

    async fn open(&self, invite: Invite, kind: Option<ConversationKind>) {
        let greeting = Greeting::cut("it is me");
        self.command(Command::Open { invite: Box::new(invite), kind, greeting }).await;
    }

    async fn await_event<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        within(what, async {
            loop {
                match self.events.next().await.expect("the node runs") {
                    Notice::Event(event) => {
                        if let Some(picked) = pick(&event) {
                            return picked;
                        }
                    }
                    Notice::Missed(missed) => panic!("{missed} events were missed"),
                }
            }
        })
        .await
    }

    async fn texts(&self, conversation: ConversationId) -> Vec<String> {
        let all = Window::default();
        let messages =
            self.handle.ask(move |node, recalled| node.messages(conversation, all, recalled)).await;
        messages.unwrap().into_iter().map(|message| message.text).collect()
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} took too long"))
}

fn opened(event: &Event) -> Option<ConversationId> {
    match event {
        Event::ConversationOpened { conversation } => Some(*conversation),
        _ => None,
    }
}

#[tokio::test]
async fn two_people_talk_by_an_invite_alone() {
    let (mut ana, mut bea) = (Person::new("Ana"), Person::new("Bea"));
    let invite = ana.invite().await;
    bea.open(invite, Some(ConversationKind::Private)).await;
    let request = ana
        .await_event("the request", |event| match event {
            Event::Request { request, greeting, .. } if greeting == "it is me" => Some(*request),
            _ => None,
        })
        .await;
    ana.command(Command::Answer { request, answer: Consent::New(History::All) }).await;
    let conversation = bea.await_event("the conversation", opened).await;
    for n in 0..200 {
        let text = MessageText::cut(&format!("message {n}"));
        bea.command(Command::Send { conversation, text, reply_to: None }).await;
    }
    within("two hundred messages", async {
        while ana.texts(conversation).await.len() < 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let expected: Vec<String> = (0..200).map(|n| format!("message {n}")).collect();
    assert_eq!(ana.texts(conversation).await, expected);

    let peers = ana.handle.peers().await.unwrap();
    let (peer, route) = &peers[0];
    assert_eq!((peers.len(), peer.path), (1, Path::Dial));
    assert_eq!(route.unwrap().local, CandidateType::Host);
    let stats = ana.handle.stats().await.unwrap();
    assert!(stats["udp_datagrams_in"] > 0, "{stats:?}");
}

#[tokio::test]
async fn who_quits_is_missed_at_once_and_the_runner_ends() {
    let (mut ana, bea) = (Person::new("Ana"), Person::new("Bea"));
    bea.open(ana.invite().await, None).await;
    let linked = |event: &Event| matches!(event, Event::LinkOpened { .. }).then_some(());
    ana.await_event("the link", linked).await;
    let began = std::time::Instant::now();
    within("quitting", bea.handle.quit()).await;
    within("the end", bea.running).await.unwrap();
    ana.await_event("the farewell", |event| matches!(event, Event::LinkClosed { .. }).then_some(())).await;
    assert!(began.elapsed() < Duration::from_secs(4), "a farewell needs no timeout");
    assert!(bea.handle.command(Command::Quit).await.is_err());
}

#[tokio::test]
async fn a_node_on_all_interfaces_is_dialled_over_both_families() {
    let (mut ana, bea) =
        (Person::bound("Ana", "[::]:0".parse().unwrap()), Person::bound("Bea", "0.0.0.0:0".parse().unwrap()));
    assert!(ana.handle.endpoint().addresses.iter().all(|address| !address.0.ip().is_unspecified()));
    bea.open(ana.invite().await, None).await;
    ana.await_event("the link", |event| matches!(event, Event::LinkOpened { .. }).then_some(())).await;
}

#[tokio::test]
async fn two_people_who_dial_each_other_at_once_end_with_one_link() {
    let (mut ana, mut bea) = (Person::new("Ana"), Person::new("Bea"));
    let (to_ana, to_bea) = (ana.invite().await, bea.invite().await);
    tokio::join!(ana.open(to_bea, None), bea.open(to_ana, None));
    let linked = |event: &Event| matches!(event, Event::LinkOpened { .. }).then_some(());
    ana.await_event("the link", linked).await;
    bea.await_event("the link", linked).await;
    // Whoever has given up a dial that was just arriving leaves the other with one that comes to nothing, for as long as one may open.
    within("one link each", async {
        let links = |native: &tertulia_webrtc::native::Native| native.len();
        while ana.handle.driver(links).await.unwrap() + bea.handle.driver(links).await.unwrap() > 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    for person in [&ana, &bea] {
        assert_eq!(person.handle.peers().await.unwrap().len(), 1);
    }
}
