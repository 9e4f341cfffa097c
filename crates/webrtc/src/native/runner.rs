//! A native node at work: its sockets, its clock, and the handle that others hold of it.

use super::commits::{Commits, Memory, Storage};
use super::listener::{addresses, endpoint, mapped, unmapped};
use super::{Certificate, CertificateError, Listener, Native, Port, Ports, Transmit};
use crate::{FLUSH_MS, Gate, Route, drain};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tertulia_proto::io::{Lacking, Recalled};
use tertulia_proto::{
    Command, Config, Endpoint, Event, Identity, Input, Instant, LinkId, Node, Refusal, Reply,
};
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant as Moment, sleep_until};

/// How many events a reader may be behind before it loses the oldest: several conversations' worth of a burst.
pub const EVENTS_MAX: usize = 16_384;
/// The most calls that wait for the node at once; further callers wait in line.
const CALLS_MAX: usize = 1_024;
/// The most datagrams that are read in one go, so that timers and calls get their turn.
const BATCH_MAX: usize = 64;
/// The longest datagram that we take: more than any path's packet, and longer ones fail their checks anyway.
const DATAGRAM_MAX: usize = 2_048;
/// How often the host's addresses are looked at: people change networks at about this pace.
const LOOK: Duration = Duration::from_secs(15);

/// The core's clock: the wall clock once, then monotonic.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall_micros: u64,
    began: std::time::Instant,
}

impl Clock {
    /// A clock that shows the right time now.
    pub fn start() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { wall_micros: micros(since), began: std::time::Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        Instant::from_micros(self.wall_micros.saturating_add(micros(self.began.elapsed())))
    }

    fn moment(&self, at: Instant) -> std::time::Instant {
        self.began + Duration::from_micros(at.as_micros().saturating_sub(self.wall_micros))
    }
}

/// A node with its links and sockets. [`Runner::run`] is to be spawned.
pub struct Runner {
    inner: Inner,
    calls: mpsc::Receiver<Call>,
    sockets: Sockets,
    commits: Commits,
}

/// What the calls of a [`Handle`] work on.
struct Inner {
    node: Node,
    native: Native,
    clock: Clock,
    events: broadcast::Sender<Event>,
    gate: Gate,
    storage: Option<Arc<dyn Storage>>,
    /// Answers to calls, each with the mark that the gate must have passed before it is given.
    answers: VecDeque<(u64, Answer)>,
    quit: Option<Moment>,
}

type Call = Box<dyn FnOnce(&mut Inner) -> Option<Answer> + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// The runner has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Gone;

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The host's randomness or cryptography failed.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The sockets cannot be used.
    #[error("the UDP port cannot be used: {0}")]
    Socket(#[from] io::Error),
    /// What was kept cannot be read.
    #[error("what was kept cannot be read: {0}")]
    Records(io::Error),
}

impl Runner {
    /// A node that has not begun yet. Must be called within a tokio runtime.
    pub fn new(
        config: Config,
        identity: Identity,
        certificate: Certificate,
        listener: Listener,
        clock: Clock,
        memory: Memory,
    ) -> Result<(Self, Handle, Events), StartError> {
        let seed = certificate.crypto().random()?;
        let (ports, endpoint) = (listener.ports(), listener.endpoint(&certificate));
        let mut failed = None;
        let readable = memory.records.map_while(|record| record.map_err(|error| failed = Some(error)).ok());
        let node = Node::restore(identity, config, seed, clock.now(), readable);
        if let Some(error) = failed {
            return Err(StartError::Records(error));
        }
        let gate = Gate::new(memory.storage.is_some());
        let native = Native::new(certificate.clone(), ports)?;
        let sockets = Sockets::new(listener, certificate)?;
        let (events, reader) = broadcast::channel(EVENTS_MAX);
        let (sender, calls) = mpsc::channel(CALLS_MAX);
        let storage = memory.storage;
        let (reads, endpoint) = (storage.clone(), Arc::new(endpoint));
        let handle = Handle { calls: sender, events: events.downgrade(), endpoint, clock, storage: reads };
        let commits = Commits::new(storage.clone());
        let inner =
            Inner { node, native, clock, events, gate, storage, answers: VecDeque::new(), quit: None };
        Ok((Self { inner, calls, sockets, commits }, handle, Events(reader)))
    }

    /// Runs until [`Handle::quit`], until the last handle is dropped, or until nothing can be kept any more: a node that
    /// went on would tell and send what a crash takes back.
    pub async fn run(mut self) {
        let Self { inner, calls, sockets, commits } = &mut self;
        let mut buffer = vec![0; DATAGRAM_MAX];
        let mut look = tokio::time::interval(LOOK);
        // Before the first call is taken: it may ask for an invite, which says where the node listens.
        sockets.look(inner);
        while inner.quit.is_none_or(|until| !inner.is_done() && Moment::now() < until) {
            // When too much waits for the disk, nothing more is let in: peers send again, callers stand in line.
            let reads = !inner.gate.is_full();
            tokio::select! {
                kept = commits.ended() => match kept {
                    Ok(()) => inner.gate.committed(),
                    Err(error) => return inner.fail(&error),
                },
                _ = look.tick() => sockets.look(inner),
                () = sleep_until(inner.due()), if reads => inner.on_time(),
                _ = sockets.listening.readable(), if reads => sockets.read(Port::Listening, &mut buffer, inner),
                _ = sockets.dialling.readable(), if reads => sockets.read(Port::Dialling, &mut buffer, inner),
                call = calls.recv(), if reads && inner.quit.is_none() => match call {
                    Some(call) => inner.take(call, calls),
                    None => inner.quit(),
                },
            }
            inner.settle();
            commits.begin(&mut inner.gate);
            sockets.write(inner).await;
        }
        // What was said last lasts, too.
        while commits.is_under_way() {
            if let Err(error) = commits.ended().await {
                return inner.fail(&error);
            }
            inner.gate.committed();
            inner.settle();
            commits.begin(&mut inner.gate);
        }
        // Whoever is still there hears it now, and not by our silence.
        inner.native.abandon();
        sockets.write(inner).await;
    }
}

impl Inner {
    fn due(&mut self) -> Moment {
        let node = self.node.poll_timeout().map(|(at, _)| self.clock.moment(at));
        let far = std::time::Instant::now() + LOOK;
        let links = self.native.poll_timeout();
        let quit = self.quit.map(Moment::into_std);
        [node, links, quit].into_iter().flatten().fold(far, std::time::Instant::min).into()
    }

    fn on_time(&mut self) {
        self.native.handle_timeout(std::time::Instant::now());
        let now = self.clock.now();
        if self.node.poll_timeout().is_some_and(|(due, _)| due <= now) {
            self.node.handle(Input::Tick, now);
        }
    }

    fn take(&mut self, call: Call, calls: &mut mpsc::Receiver<Call>) {
        self.take_one(call);
        while let Some(call) = (!self.gate.is_full()).then(|| calls.try_recv().ok()).flatten() {
            self.take_one(call);
        }
    }

    fn take_one(&mut self, call: Call) {
        let answer = call(self);
        self.settle();
        self.answers.extend(answer.map(|answer| (self.gate.mark(), answer)));
        self.give_answers();
    }

    /// Lets the node and its links come to rest.
    fn settle(&mut self) {
        let Self { node, native, clock, events, gate, storage, .. } = self;
        loop {
            // Without a reader events are lost, which is what having no reader means.
            drain(node, native, gate, clock.now(), |event| drop(events.send(event)));
            let Some(keys) = gate.wants() else { break };
            gate.took(read(storage.as_deref(), &keys));
        }
        self.give_answers();
    }

    /// Answers the calls of which all that came is durable.
    fn give_answers(&mut self) {
        while let Some((_, answer)) = self.answers.pop_front_if(|(mark, _)| self.gate.is_past(*mark)) {
            answer();
        }
    }

    /// Whether a node that quits has nothing more to say.
    fn is_done(&self) -> bool {
        self.native.is_empty() && self.gate.is_empty()
    }

    /// Tells why the node ends before its time. What waits for the store is neither told nor sent.
    fn fail(&self, error: &io::Error) {
        log::error!("nothing can be kept any more, so the node ends: {error}");
        drop(self.events.send(Event::Trouble {
            what: "Nothing can be kept any more, so the node ends.".into(),
            why: format!("{error}."),
            remedy: "Make room on the disk, then start again: all that was shown as sent is there.".into(),
        }));
    }

    /// Answers a question, or hands it back with what has to be read for it first.
    fn put<T>(&self, (mut question, mut recalled): Question<T>) -> Put<T> {
        loop {
            let Lacking(keys) = match question(&self.node, &mut recalled) {
                Ok(answer) => return Ok(answer),
                Err(lacking) => lacking,
            };
            if self.storage.is_some() {
                return Err(((question, recalled), keys));
            }
            let remembered = |key: &[u8]| self.gate.remembered(key).cloned();
            keys.iter().for_each(|key| recalled.take(key, remembered(key).as_deref()));
        }
    }

    fn quit(&mut self) {
        let _ = self.node.command(Command::Close, self.clock.now());
        self.quit = Some(Moment::now() + Duration::from_millis(FLUSH_MS.into()) + Duration::from_millis(100));
    }
}

/// The two sockets at work.
struct Sockets {
    listening: UdpSocket,
    dialling: UdpSocket,
    ports: Ports,
    certificate: Certificate,
    addresses: Vec<SocketAddr>,
}

impl Sockets {
    fn new(listener: Listener, certificate: Certificate) -> io::Result<Self> {
        let ports = listener.ports();
        Ok(Self {
            listening: UdpSocket::from_std(listener.listening)?,
            dialling: UdpSocket::from_std(listener.dialling)?,
            ports,
            certificate,
            addresses: Vec::new(),
        })
    }

    /// Tells node and links where the listening port can be reached, when that has changed.
    fn look(&mut self, inner: &mut Inner) {
        let found = addresses(self.ports.listening);
        if found != self.addresses {
            inner.native.set_addresses(found.clone());
            let endpoint = Some(endpoint(&self.certificate, &found));
            inner.node.handle(Input::Listening { endpoint }, inner.clock.now());
            self.addresses = found;
        }
    }

    fn read(&mut self, port: Port, buffer: &mut [u8], inner: &mut Inner) {
        for _ in 0..BATCH_MAX {
            match self.socket(port).try_recv_from(buffer) {
                Ok((len, from)) => {
                    let now = std::time::Instant::now();
                    inner.native.handle_datagram(port, unmapped(from), &buffer[..len], now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // What an earlier datagram met on its way (Windows tells it here) says nothing about this socket.
                Err(_) => {}
            }
        }
    }

    async fn write(&mut self, inner: &mut Inner) {
        while let Some(Transmit { port, to, bytes }) = inner.native.poll_transmit() {
            let to = mapped(to, self.ports, port);
            // A path that leads nowhere is what the checks are there to find out.
            if let Err(error) = self.socket(port).send_to(&bytes, to).await {
                log::trace!("nothing can be sent to {to}: {error}");
            }
        }
    }

    fn socket(&self, port: Port) -> &UdpSocket {
        match port {
            Port::Listening => &self.listening,
            Port::Dialling => &self.dialling,
        }
    }
}

/// What others hold of a running node. Cheap to clone; calls are answered in order.
#[derive(Clone)]
pub struct Handle {
    calls: mpsc::Sender<Call>,
    events: broadcast::WeakSender<Event>,
    endpoint: Arc<Endpoint>,
    clock: Clock,
    storage: Option<Arc<dyn Storage>>,
}

/// A question to the node, and what was read for it so far.
type Question<T> = (Box<dyn FnMut(&Node, &mut Recalled) -> Result<T, Lacking> + Send>, Recalled);
/// The answer, or the question with what has to be read for it first.
type Put<T> = Result<T, (Question<T>, Vec<Vec<u8>>)>;

impl Handle {
    /// Gives the node one command. When this answers, what was done is durable.
    pub async fn command(&self, command: Command) -> Result<Result<Reply, Refusal>, Gone> {
        self.call(move |inner| inner.node.command(command, inner.clock.now())).await
    }

    /// Looks at the node. When this answers, all that was seen is durable.
    pub async fn with<T: Send + 'static>(
        &self,
        view: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        self.call(move |inner| view(&inner.node)).await
    }

    /// Asks the node something that its memory may not be enough for: what is lacking is read. When this answers, all that
    /// was seen is durable.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnMut(&Node, &mut Recalled) -> Result<T, Lacking> + Send + 'static,
    ) -> Result<T, Gone> {
        let mut question: Question<T> = (Box::new(question), Recalled::default());
        loop {
            question = match self.call(move |inner| inner.put(question)).await? {
                Ok(answer) => return Ok(answer),
                Err((question, lacking)) => self.recall(question, lacking).await?,
            };
        }
    }

    /// Asks without waiting for what else is about to be kept: for what belongs to an event, which has waited itself.
    pub async fn glance<T: Send + 'static>(
        &self,
        question: impl FnMut(&Node, &mut Recalled) -> Result<T, Lacking> + Send + 'static,
    ) -> Result<T, Gone> {
        let mut question: Question<T> = (Box::new(question), Recalled::default());
        loop {
            let (sender, answer) = oneshot::channel();
            let call: Call = Box::new(move |inner| {
                drop(sender.send(inner.put(question)));
                None
            });
            self.calls.send(call).await.map_err(|_| Gone)?;
            question = match answer.await.map_err(|_| Gone)? {
                Ok(answer) => return Ok(answer),
                Err((question, lacking)) => self.recall(question, lacking).await?,
            };
        }
    }

    /// Reads what is lacking for a question. Whoever waits for a disk does so beside the node.
    async fn recall<T: Send + 'static>(
        &self,
        mut question: Question<T>,
        lacking: Vec<Vec<u8>>,
    ) -> Result<Question<T>, Gone> {
        let storage = self.storage.clone();
        let read = spawn_blocking(move || {
            let records = read(storage.as_deref(), &lacking);
            lacking.iter().zip(records).for_each(|(key, value)| question.1.take(key, value.as_deref()));
            question
        });
        read.await.map_err(|_| Gone)
    }

    /// Looks at the links beneath the node.
    pub async fn driver<T: Send + 'static>(
        &self,
        view: impl FnOnce(&Native) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        self.call(move |inner| view(&inner.native)).await
    }

    /// All usable links, each with the way that its packets take.
    pub async fn peers(&self) -> Result<Vec<(tertulia_proto::io::PeerView, Option<Route>)>, Gone> {
        self.call(|inner| {
            let peers = inner.node.peers().into_iter();
            peers.map(|peer| (peer.clone(), inner.native.route(peer.link))).collect()
        })
        .await
    }

    /// The way that a link's packets take.
    pub async fn route(&self, link: LinkId) -> Result<Option<Route>, Gone> {
        self.driver(move |native| native.route(link)).await
    }

    /// Counters by name, the node's and its links'.
    pub async fn stats(&self) -> Result<BTreeMap<&'static str, u64>, Gone> {
        self.call(|inner| {
            let mut stats = inner.node.stats();
            stats.extend(inner.native.stats());
            stats
        })
        .await
    }

    /// Where the node could be reached when it began.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The present moment, by the node's clock.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A further reader of events, from now on. It reads nothing when the runner has ended.
    pub fn subscribe(&self) -> Events {
        let ended = || broadcast::channel(1).1;
        Events(self.events.upgrade().map_or_else(ended, |events| events.subscribe()))
    }

    /// Says goodbye on every link and ends the runner, in [`FLUSH_MS`] at most and a little. The conversations go on with the
    /// node that is restored from the records; [`Command::Quit`] before this leaves them.
    pub async fn quit(&self) {
        let _ = self.call(Inner::quit).await;
        self.calls.closed().await;
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Inner) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let (sender, answer) = oneshot::channel();
        let call: Call = Box::new(move |inner| {
            let result = call(inner);
            Some(Box::new(move || drop(sender.send(result))))
        });
        self.calls.send(call).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}

/// A reader of a node's events.
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

/// What a reader of events reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something happened.
    Event(Event),
    /// The reader was too slow and lost this many events: the views tell what holds now.
    Missed(u64),
}

impl Events {
    /// The next event; nothing when the runner has ended.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(event) => Some(Notice::Event(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Notice::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// The records of these keys. What cannot be read is as good as not there: others have it, too.
fn read(storage: Option<&dyn Storage>, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    let nothing = || vec![None; keys.len()];
    let Some(storage) = storage else { return nothing() };
    storage.read(keys).unwrap_or_else(|error| {
        log::error!("what was kept cannot be read: {error}");
        nothing()
    })
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
