//! Commands: what a person or a program asks of the node.

use super::{ByHand, Node, ctx};
use crate::ctx::Ctx;
use crate::group::op::{Body, Delete, Edit, Message, React};
use crate::group::ticket::{TicketBody, TicketSerial};
use crate::group::{ConversationId, ConversationKind, Outgoing};
use crate::identity::{Name, NodeId};
use crate::invite::{Invite, InvitedTo, OfferId, ReplyCode, VIA_MAX};
use crate::io::{
    Command, Consent, Event, Greeting, LinkId, MessageText, Output, Path, Refusal, Reply, RequestId,
};
use crate::link::handshake::Role;
use crate::link::introduction::{self, Invited};
use crate::link::pursuit::Way;
use crate::link::{BY_HAND_LINKS_MAX, Beginning};
use crate::overlay::Overlay;
use crate::time::Instant;
use crate::wire::bounded::List;

/// How long a ticket is good when the invite does not say.
const TICKET_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// How many may enter with one ticket: an invite that is passed on beyond a party ends by itself.
const TICKET_USES: u32 = 64;

impl Node {
    /// Takes one command. Drain [`Self::poll_output`] afterwards, also when it was refused.
    pub fn command(&mut self, command: Command, now: Instant) -> Result<Reply, Refusal> {
        self.now = self.now.max(now);
        let result = self.take(command);
        self.settle();
        result
    }

    fn take(&mut self, command: Command) -> Result<Reply, Refusal> {
        let mut ctx = ctx!(self);
        match command {
            Command::Invite { conversation, ticket, expires_ms, by_hand } => {
                let invite = self.invite(conversation, ticket, expires_ms)?;
                // Without a way that needs no reply, an offer is the only way.
                if by_hand || Self::ways_of(&invite).is_empty() {
                    self.offer_by_hand(invite)
                } else {
                    Ok(Reply::Invite(Box::new(invite)))
                }
            }
            Command::Open { invite, kind, greeting } => self.open(&invite, kind, greeting),
            Command::Connect { node, kind, greeting } => self.connect(node, kind, greeting),
            Command::Complete { reply } => self.complete(&reply),
            Command::Introducer { invite } => self.introducer(&invite),
            Command::Meet { node, endpoint } => {
                self.meet(node, endpoint);
                Ok(Reply::Done)
            }
            Command::Answer { request, answer } => self.answer(request, answer),
            Command::Create { kind, name, history } => {
                self.groups.create(&mut ctx, kind, history, name).map(Reply::Conversation)
            }
            Command::Send { conversation, text, reply_to } => self.send(conversation, text, reply_to),
            Command::Edit { conversation, message, text } => {
                self.change(conversation, Body::Edit(Edit { message, text }))
            }
            Command::Delete { conversation, message } => {
                self.change(conversation, Body::Delete(Delete { message }))
            }
            Command::React { conversation, message, emoji, on } => {
                self.change(conversation, Body::React(React { message, emoji, on }))
            }
            Command::Typing { conversation } => {
                self.groups.type_in(&mut ctx, conversation).map(|()| Reply::Done)
            }
            Command::Rename { conversation, name } => {
                self.groups.rename(&mut ctx, conversation, name).map(|()| Reply::Done)
            }
            Command::Read { conversation } => {
                self.groups.mark_read(&mut ctx, conversation).map(|()| Reply::Done)
            }
            Command::ShareRead { on } => {
                self.preferences.switches.share_read = on;
                Ok(self.keep_switches())
            }
            Command::Away { on } => {
                self.preferences.switches.away = on;
                Ok(self.keep_switches())
            }
            Command::LeaveMessage { request, text } => self.leave_message(request, text),
            Command::Dismiss { request } => self.inbox.dismiss(&mut ctx, &request).map(|()| Reply::Done),
            Command::Block { user, on } => self.block(user, on),
            Command::Leave { conversation } => {
                self.groups.leave(&mut ctx, conversation).map(|()| Reply::Done)
            }
            Command::Forget { conversation } => self.forget(conversation),
            Command::Import { text, last } => {
                Ok(Reply::Imported(Box::new(self.groups.import(&mut ctx, &text, last))))
            }
            Command::Publish { words } => self.publish(words),
            Command::SearchPeople { words, limit } => self.search_people(words, limit),
            Command::SetName { name } => {
                self.identity.rename(&name);
                self.directory.on_renamed(self.now);
                Ok(Reply::Done)
            }
            Command::Close => {
                self.leave_overlay();
                self.route();
                self.links.quit(&mut ctx!(self));
                Ok(Reply::Done)
            }
            Command::Quit => {
                self.groups.leave_all(&mut ctx);
                self.leave_overlay();
                self.route();
                self.links.quit(&mut ctx!(self));
                Ok(Reply::Done)
            }
        }
    }

    /// An invite to this node, with all ways to it that need no reply.
    fn invite(
        &mut self,
        conversation: Option<ConversationId>,
        ticket: bool,
        expires_ms: Option<u64>,
    ) -> Result<Invite, Refusal> {
        let invited_to = conversation.map(|id| self.invited_to(id)).transpose()?;
        if ticket && invited_to.is_none() {
            return Err(Refusal::TicketNeedsConversation);
        }
        let ctx = ctx!(self);
        let ticket = conversation.filter(|_| ticket).map(|conversation| {
            ctx.me.sign_body(TicketBody {
                issuer: ctx.me.certificate().device,
                conversation,
                serial: TicketSerial(ctx.rng.bytes()),
                expires_ms: expires_ms.unwrap_or(ctx.now.as_millis() + TICKET_MS),
                uses: TICKET_USES,
                bearer: None,
            })
        });
        let endpoint = self.links.endpoint().cloned();
        let is_tab = endpoint.is_none();
        let via = introduction::stun(&self.links).into_iter().take(VIA_MAX).filter(|_| is_tab);
        Ok(Invite {
            node: ctx.me.node(),
            name: ctx.me.profile().name.clone(),
            endpoint,
            via: List::first(via),
            offer: None,
            conversation: invited_to,
            ticket,
            pass: is_tab.then(|| introduction::pass(&ctx, expires_ms)),
            expires_ms,
        })
    }

    fn invited_to(&self, id: ConversationId) -> Result<InvitedTo, Refusal> {
        if !self.groups.knows(&id) {
            return Err(Refusal::UnknownConversation);
        }
        let (kind, name) = self.groups.open(&id).ok_or(Refusal::ConversationOver)?;
        Ok(InvitedTo { id, kind, name })
    }

    /// Has an offer prepared; the invite follows as an event.
    fn offer_by_hand(&mut self, invite: Invite) -> Result<Reply, Refusal> {
        let link = self.begin_by_hand(Role::Offerer, None)?;
        let mut ctx = ctx!(self);
        let id = OfferId(ctx.rng.bytes());
        ctx.order(Output::Offer { link, stun: introduction::stun(&self.links) });
        // The bearer answers the offer: other ways would only make the link longer.
        let invite = Box::new(Invite { endpoint: None, via: List::default(), pass: None, ..invite });
        self.by_hand.insert(link, ByHand::Offered { id, invite });
        Ok(Reply::Opening { link, request: None })
    }

    fn begin_by_hand(&mut self, role: Role, expected: Option<NodeId>) -> Result<LinkId, Refusal> {
        if !self.links.has_room_by_hand() {
            self.drop_oldest_offer();
        }
        if !self.links.has_room_by_hand() {
            return Err(Refusal::TooManyByHand);
        }
        Ok(self.links.begin(&ctx!(self), Beginning { role, path: Path::ByHand, expected }))
    }

    /// Makes room for a link by hand: people make invites that nobody answers.
    fn drop_oldest_offer(&mut self) {
        debug_assert!(self.by_hand.len() <= BY_HAND_LINKS_MAX, "more links by hand than may wait");
        let is_offer = |entry: &(&LinkId, &ByHand)| matches!(entry.1, ByHand::Offered { .. });
        let oldest = self.by_hand.iter().find(is_offer).map(|(link, _)| *link);
        if let Some(link) = oldest {
            self.by_hand.remove(&link);
            self.links.abandon(&mut ctx!(self), link, crate::CloseReason::Closed);
        }
    }

    /// Follows an invite: opens a link, and asks for a conversation if one is named or wished for.
    fn open(
        &mut self,
        invite: &Invite,
        kind: Option<ConversationKind>,
        greeting: Greeting,
    ) -> Result<Reply, Refusal> {
        if invite.node == self.identity.node() {
            return Err(Refusal::OwnInvite);
        }
        if invite.expires_ms.is_some_and(|end| end <= self.now.as_millis()) {
            return Err(Refusal::Expired);
        }
        if let Some(known) = invite.conversation.as_ref().filter(|to| self.groups.open(&to.id).is_some()) {
            return Ok(Reply::Conversation(known.id));
        }
        let is_linked = self.links.is_linked(&invite.node);
        let ways = Self::ways_of(invite);
        if !is_linked && ways.is_empty() && invite.offer.is_none() {
            return Err(Refusal::NoWay);
        }
        let request = self.request_of(invite, kind, greeting)?;
        if is_linked {
            return Ok(Reply::Opening { link: LinkId(0), request });
        }
        if let Some(endpoint) = &invite.endpoint {
            self.reach.remember(&mut ctx!(self), invite.node, endpoint.clone());
        }
        let link = match &invite.offer {
            Some(offer) if ways.is_empty() => self.answer_by_hand(invite.node, offer)?,
            _ => {
                let invited = Invited { pass: invite.pass, expires_ms: invite.expires_ms };
                let opening = (&mut self.links, &mut self.introductions);
                let mut ctx = ctx!(self);
                let link = self.pursuits.begin(&mut ctx, opening, invite.node, ways, (None, invited));
                link.unwrap_or(LinkId(0))
            }
        };
        Ok(Reply::Opening { link, request })
    }

    /// The ways that an invite names, besides its offer.
    fn ways_of(invite: &Invite) -> Vec<Way> {
        let dial = invite.endpoint.clone().map(Way::Dial);
        dial.into_iter().chain(invite.via.iter().cloned().map(Way::Via)).collect()
    }

    /// Asks for what an invite names, or for a new conversation of the kind wished for.
    fn request_of(
        &mut self,
        invite: &Invite,
        kind: Option<ConversationKind>,
        greeting: Greeting,
    ) -> Result<Option<RequestId>, Refusal> {
        let named = invite.conversation.as_ref();
        let Some(kind) = named.map(|to| to.kind).or(kind) else { return Ok(None) };
        if named.is_none() && self.config.one_per_type && self.groups.shares(kind, &invite.node) {
            return Err(Refusal::OnePerType);
        }
        let mut request = Outgoing::new(invite.node, kind, greeting);
        if let Some(to) = named {
            request = request.into(to.id, to.name.clone(), invite.ticket.clone());
        }
        self.asking.ask(&mut ctx!(self), request).map(Some)
    }

    fn answer_by_hand(&mut self, node: NodeId, offer: &crate::invite::HandOffer) -> Result<LinkId, Refusal> {
        let link = self.begin_by_hand(Role::Answerer, Some(node))?;
        let stun = introduction::stun(&self.links);
        ctx!(self).order(Output::Accept { link, offer: offer.description.clone(), stun });
        self.by_hand.insert(link, ByHand::Answered { offer: offer.id });
        Ok(link)
    }

    /// Asks somebody who is known already.
    fn connect(
        &mut self,
        node: NodeId,
        kind: Option<ConversationKind>,
        greeting: Greeting,
    ) -> Result<Reply, Refusal> {
        let is_known = self.links.is_linked(&node)
            || self.groups.is_fellow(&node)
            || self.reach.endpoint(&node).is_some()
            || self.overlay.as_ref().is_some_and(Overlay::is_in);
        if !is_known {
            return Err(Refusal::UnknownNode);
        }
        if kind.is_some_and(|kind| self.config.one_per_type && self.groups.shares(kind, &node)) {
            return Err(Refusal::OnePerType);
        }
        let ask = |kind| self.asking.ask(&mut ctx!(self), Outgoing::new(node, kind, greeting));
        let request = kind.map(ask).transpose()?;
        if !self.links.is_linked(&node) {
            let ways = self.ways_to(node, &self.groups.fellows(self.identity.node()), false);
            let opening = (&mut self.links, &mut self.introductions);
            self.pursuits.begin(&mut ctx!(self), opening, node, ways, (None, Invited::default()));
        }
        Ok(Reply::Opening { link: LinkId(0), request })
    }

    fn complete(&mut self, reply: &ReplyCode) -> Result<Reply, Refusal> {
        let is_it =
            |entry: &(&LinkId, &ByHand)| matches!(entry.1, ByHand::Offered { id, .. } if *id == reply.offer);
        let link = self.by_hand.iter().find(is_it).map(|(link, _)| *link).ok_or(Refusal::NoSuchOffer)?;
        let mut ctx = ctx!(self);
        // Kept among the links by hand: if it fails, the person is told. A second reply finds no offer.
        self.by_hand.insert(link, ByHand::Answered { offer: reply.offer });
        self.links.expect(&ctx, link, reply.node);
        ctx.order(Output::Complete { link, answer: reply.description.clone() });
        Ok(Reply::Opening { link, request: None })
    }

    fn introducer(&mut self, invite: &Invite) -> Result<Reply, Refusal> {
        let endpoint = invite.endpoint.clone().ok_or(Refusal::NoEndpoint)?;
        if invite.node == self.identity.node() {
            return Err(Refusal::OwnInvite);
        }
        if !self.reach.introducer(&mut ctx!(self), invite.node, endpoint) {
            return Err(Refusal::TooManyIntroducers);
        }
        Ok(Reply::Done)
    }

    fn answer(&mut self, request: RequestId, answer: Consent) -> Result<Reply, Refusal> {
        let waiting = self.requests.waiting(&request).cloned().ok_or(Refusal::UnknownRequest)?;
        let node = waiting.from.node;
        let conversation = match answer {
            Consent::No => {
                self.requests.settle(&request);
                crate::group::refuse(&mut ctx!(self), node, request);
                return Ok(Reply::Done);
            }
            Consent::AnsweringMachine => {
                self.requests.settle(&request);
                self.answer_by_machine(node, request);
                return Ok(Reply::Done);
            }
            Consent::Into(conversation) => conversation,
            Consent::New(history) => {
                if !self.is_reachable(&node) {
                    return Err(Refusal::RequesterGone);
                }
                self.groups.create(&mut ctx!(self), waiting.kind, history, Name::default())?
            }
        };
        let newcomer = self.newcomer(node).ok_or(Refusal::RequesterGone)?;
        self.let_in(&newcomer, request, conversation, None)?;
        self.requests.settle(&request);
        Ok(Reply::Conversation(conversation))
    }

    fn send(
        &mut self,
        conversation: ConversationId,
        text: MessageText,
        reply_to: Option<crate::OpId>,
    ) -> Result<Reply, Refusal> {
        if text.as_str().trim().is_empty() {
            return Err(Refusal::Empty);
        }
        if reply_to.is_some_and(|id| !self.groups.shows(&self.preferences, &conversation, &id)) {
            return Err(Refusal::UnknownMessage);
        }
        let mut ctx = ctx!(self);
        let id = self.groups.say(&mut ctx, conversation, Message { text, reply_to })?;
        if let Some(state) = self.groups.state_of(self.identity.account(), &conversation, &id) {
            ctx!(self).tell(Event::MessageState { conversation, message: id, state });
        }
        Ok(Reply::Message(id))
    }
    fn change(&mut self, conversation: ConversationId, body: Body) -> Result<Reply, Refusal> {
        self.groups.change(&mut ctx!(self), conversation, body).map(|()| Reply::Done)
    }
}
