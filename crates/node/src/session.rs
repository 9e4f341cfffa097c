//! A running node with all that belongs to it: what the front ends, for people and for programs, have in common.

use crate::config::Config;
use crate::discovery::Discovery;
use crate::failure::Failure;
use crate::page::Page;
use crate::people::Acquaintances;
use crate::store::Store;
use anyhow::Context;
use std::net::SocketAddr;
use tertulia_proto::identity::{Identity, Name};
use tertulia_proto::io::{MessageView, Person, Recalled};
use tertulia_proto::rng::Rng;
use tertulia_proto::{Command, ConversationId, Invite, Node, NodeId, OpId, Reply};
use tertulia_webrtc::native::{Clock, Events, Gone, Handle, Listener, Runner};

/// A node, its data directory and its page.
pub(crate) struct Session {
    /// The way to the node.
    pub(crate) handle: Handle,
    /// Where it listens for peers.
    pub(crate) udp: SocketAddr,
    /// Where a browser on this host finds its page.
    pub(crate) url: Option<String>,
    /// Where browsers on other hosts find it; none unless it is shown to the LAN.
    pub(crate) lan_urls: Vec<String>,
    discovery: Option<Discovery>,
    /// Who was found, by the last searches.
    pub(crate) found: Acquaintances,
    store: Store,
}

/// What to make an invite of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InviteWish {
    /// The conversation to ask the bearer into.
    pub(crate) conversation: Option<ConversationId>,
    /// Whether to let the bearer in without asking.
    pub(crate) ticket: bool,
    /// When it stops to work, milliseconds since 1970.
    pub(crate) expires_ms: Option<u64>,
    /// Whether to carry an offer, to be answered by a reply code.
    pub(crate) by_hand: bool,
}

impl From<InviteWish> for Command {
    fn from(wish: InviteWish) -> Self {
        let InviteWish { conversation, ticket, expires_ms, by_hand } = wish;
        Self::Invite { conversation, ticket, expires_ms, by_hand }
    }
}

impl Session {
    /// Starts the node, then its page.
    pub(crate) async fn start(config: Config) -> Result<(Self, Events), Failure> {
        let store = Store::open(config.data.clone())?;
        let clock = Clock::start();
        let identity = identity(&store, config.name.as_ref(), clock.now().as_millis())?;
        let certificate = store.certificate()?;
        let memory = store.memory()?;
        let listener = listen(&config, &store)?;
        let (udp, addresses) = (listener.local_addr(), listener.addresses());
        let runner = Runner::new(config.core(), identity, certificate, listener, clock, memory);
        let (runner, handle, events) = runner.context("cannot start the node")?;
        tokio::spawn(runner.run());
        let found = Acquaintances::default();
        let mut session =
            Self { handle, udp, url: None, lan_urls: Vec::new(), discovery: None, found, store };
        session.keep_introducers(&config.introducers).await?;
        session.serve_page(&config, &addresses).await?;
        if !config.no_mdns && !config.invite_only {
            session.discovery = Discovery::start(&session.handle, session.udp).await;
        }
        Ok((session, events))
    }

    /// Who this node is.
    pub(crate) async fn me(&self) -> Result<Person, Gone> {
        self.handle.with(|node| node.me()).await
    }

    /// Whether this node has found its place among others in the network by which people find each other.
    pub(crate) async fn is_in_network(&self) -> Result<bool, Gone> {
        self.handle.with(|node| node.neighbours().is_some_and(|nodes| !nodes.is_empty())).await
    }

    /// A message as it looks now, and who we are.
    pub(crate) async fn message(
        &self,
        conversation: ConversationId,
        id: OpId,
    ) -> Result<(Option<MessageView>, NodeId), Gone> {
        let look = move |node: &Node, recalled: &mut Recalled| {
            Ok((node.message(conversation, id, recalled)?, node.me().node))
        };
        self.handle.glance(look).await
    }

    /// Takes another name, now and for the next time.
    pub(crate) async fn rename(&self, name: Name) -> anyhow::Result<()> {
        self.handle.command(Command::SetName { name }).await??;
        let kept = self.handle.with(|node| node.identity().to_bytes()).await?;
        Ok(self.store.keep_identity(&kept)?)
    }

    /// The URL of the page that opens an invite, when there is a page.
    pub(crate) fn invite_url(&self, invite: &Invite) -> Option<String> {
        // A page that other hosts can open makes a link that is of use to them.
        let page = self.lan_urls.first().or(self.url.as_ref())?;
        Some(format!("{page}/#{invite}"))
    }

    /// Says goodbye on every link and ends the node; the conversations go on with the next run. Bounded by the runner.
    pub(crate) async fn quit(&self) {
        tokio::join!(self.handle.quit(), async {
            if let Some(discovery) = &self.discovery {
                discovery.end().await;
            }
        });
    }

    async fn keep_introducers(&self, invites: &[String]) -> Result<(), Failure> {
        for text in invites {
            let wrong =
                |error: &dyn std::fmt::Display| Failure::Usage(format!("--introducer {text}: {error}"));
            let invite = Invite::parse(text, self.handle.now()).map_err(|error| wrong(&error))?;
            let command = Command::Introducer { invite: Box::new(invite) };
            let taken = self.handle.command(command).await.context("the node has stopped")?;
            taken.map_err(|refusal| wrong(&refusal))?;
        }
        Ok(())
    }

    async fn serve_page(&mut self, config: &Config, addresses: &[SocketAddr]) -> Result<(), Failure> {
        let Some(wish) = config.page_address() else { return Ok(()) };
        let page = Page::bind(wish).await?;
        self.url = Some(page.url());
        self.lan_urls = page.lan_urls(addresses);
        tokio::spawn(page.serve(self.handle.clone()));
        Ok(())
    }
}

/// The invite to the node itself, as its page and its `ready` line show it.
pub(crate) async fn own_invite(handle: &Handle) -> anyhow::Result<Invite> {
    match handle.command(InviteWish::default().into()).await?? {
        Reply::Invite(invite) => Ok(*invite),
        other => anyhow::bail!("the node answered {other:?} where an invite belongs"),
    }
}

/// The kept identity, under the name asked for, or a new one.
pub(crate) fn identity(store: &Store, name: Option<&Name>, now_ms: u64) -> Result<Identity, Failure> {
    let Some(mut identity) = store.identity()? else {
        let seed = fresh_seed()?;
        let name = name.cloned().unwrap_or_else(|| nameless(seed));
        let identity = Identity::generate(&mut Rng::new(seed), &name, now_ms);
        store.keep_identity(&identity.to_bytes())?;
        return Ok(identity);
    };
    if let Some(name) = name.filter(|name| **name != identity.profile().name) {
        identity.rename(name);
        store.keep_identity(&identity.to_bytes())?;
    }
    Ok(identity)
}

/// A name for a node that nobody named: the login name would tell more than was asked for.
fn nameless(seed: [u8; 32]) -> Name {
    // Another stream than the one that the keys come from.
    let [high, low] = Rng::new(Rng::new(seed).bytes()).bytes::<2>();
    Name::cut(&format!("node {high:02x}{low:02x}"))
}

/// A seed that nobody else knows.
pub(crate) fn fresh_seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(seed)
}

/// Binds the UDP port: the one asked for, else that of the last time, else any.
fn listen(config: &Config, store: &Store) -> Result<Listener, Failure> {
    let wish = config.udp_address();
    let kept = store.port().filter(|_| wish.port() == 0);
    let listener = kept.and_then(|port| relisten(SocketAddr::new(wish.ip(), port)));
    let bind = || Listener::bind(wish);
    let failed = |source| Failure::Address { what: "peers", address: wish, flag: "--udp", source };
    let listener = listener.map_or_else(bind, Ok).map_err(failed)?;
    store.keep_port(listener.local_addr().port())?;
    Ok(listener)
}

fn relisten(address: SocketAddr) -> Option<Listener> {
    let bound = Listener::bind(address);
    bound
        .inspect_err(|error| {
            tracing::warn!(
                "cannot listen on UDP port {} as the last time ({error}): taking another; \
                        invites made before lead here no more",
                address.port()
            );
        })
        .ok()
}
