//! What happens, told to a person on the terminal: requests and messages in full, the rest sparsely.

use crate::terminal::chat::{Asked, Chat, Out};
use crate::terminal::said::line;
use crate::terminal::text::plain;
use std::collections::BTreeMap;
use tertulia_proto::io::{Event, LeftView, MessageState, Person, RequestId, RequestOutcome};
use tertulia_proto::{CloseReason, ConversationId, ConversationKind, NodeId, OpId};
use tertulia_webrtc::native::Notice;

impl Chat<'_> {
    /// The lines that tell a notice.
    pub(super) async fn notice(&mut self, notice: Notice) -> Out {
        match notice {
            Notice::Event(event) => self.event(event).await,
            Notice::Missed(count) => vec![format!("* {count} events were not shown: they came too fast.")],
        }
    }

    async fn event(&mut self, event: Event) -> Out {
        match event {
            // Who is in a conversation is told by its participants; links as such are for /peers.
            Event::LinkOpened { .. } => Out::new(),
            Event::LinkClosed { node, reason } => self.link_closed(node, reason),
            Event::InviteReady { invite, .. } => self.invite_ready(&invite),
            Event::ReplyReady { code, .. } => vec!["Hand this reply code back:".to_owned(), code.to_string()],
            Event::Request { request, from, kind, conversation, greeting } => {
                self.request(Asked { request, from, conversation }, kind, &greeting).await
            }
            Event::Answered { request, outcome } => self.answered(request, outcome),
            Event::LeftMessage { message } => self.left(&message),
            Event::RequestWithdrawn { request } => self.withdrawn(request),
            Event::ConversationOpened { conversation } => self.opened(conversation).await,
            Event::ConversationChanged { conversation } => self.changed(conversation).await,
            Event::ConversationEnded { conversation } => self.ended(conversation).await,
            Event::Message { conversation, message } => self.message(conversation, message).await,
            Event::ConversationForgotten { conversation } => self.forgotten(conversation),
            Event::MessageChanged { conversation, message } => {
                self.message_changed(conversation, message).await
            }
            Event::Found { search, people, is_over: true } => self.found(search, people).await,
            Event::Found { .. } => Out::new(),
            Event::Typing { conversation, node } => self.typing(conversation, node),
            Event::MessageState { message, state, .. } => self.state(message, &state),
            Event::Trouble { what, why, remedy } => {
                vec![format!("! {}: {}. {}", plain(&what), plain(&why), plain(&remedy))]
            }
        }
    }

    fn link_closed(&self, node: NodeId, reason: CloseReason) -> Out {
        // Not news: we went, they went (the list of participants tells), or another link serves.
        if matches!(reason, CloseReason::Closed | CloseReason::Left | CloseReason::Duplicate) {
            return Out::new();
        }
        let known = self.members.values().find_map(|members| members.get(&node));
        known.map(|name| format!("* {}: {reason}.", plain(name.as_str()))).into_iter().collect()
    }

    fn invite_ready(&self, invite: &tertulia_proto::Invite) -> Out {
        let mut lines =
            vec!["Hand this invite over, then type /reply with the code that comes back:".to_owned()];
        lines.extend(self.invitation(invite));
        lines
    }

    async fn request(&mut self, asked: Asked, kind: ConversationKind, greeting: &str) -> Out {
        self.last_request += 1;
        let number = self.last_request;
        let name = plain(asked.from.name.as_str());
        let wish = match asked.conversation {
            Some(id) => format!("to enter conversation {}", self.number(id)),
            None => format!("for a {} conversation", kind.as_str()),
        };
        let words = if greeting.is_empty() { String::new() } else { format!(": “{}”", plain(greeting)) };
        self.requests.insert(number, asked);
        vec![format!("? {name} asks {wish}{words}. /accept {number} or /refuse {number}")]
    }

    fn answered(&mut self, request: RequestId, outcome: RequestOutcome) -> Out {
        let asked = self.asked.remove(&request);
        let whom = asked.as_ref().map(|name| format!(" to {name}")).unwrap_or_default();
        match outcome {
            RequestOutcome::Yes(id) => {
                if asked.is_some() {
                    self.current = Some(id);
                }
                Out::new()
            }
            RequestOutcome::No => vec![format!("* Your request{whom} was refused.")],
            RequestOutcome::AnsweringMachine => self.machine(request, asked),
            RequestOutcome::Failed(reason) => {
                vec![format!("* Your request{whom} came to nothing: {reason}.")]
            }
        }
    }

    fn machine(&mut self, request: RequestId, asked: Option<String>) -> Out {
        self.machine = Some(request);
        let who = asked.map_or_else(|| "They are".to_owned(), |name| format!("{name} is"));
        vec![format!("* {who} away. To leave a message, within ten minutes: /message TEXT")]
    }

    fn left(&self, message: &LeftView) -> Out {
        vec![format!("* {} has left a message: /inbox shows it.", plain(message.from.name.as_str()))]
    }

    fn withdrawn(&mut self, request: RequestId) -> Out {
        let found =
            self.requests.iter().find(|(_, asked)| asked.request == request).map(|(number, _)| *number);
        let withdrawn = found.and_then(|number| self.requests.remove(&number).map(|asked| (number, asked)));
        let line = |(number, asked): (usize, Asked)| {
            format!("* {} is gone: request {number} needs no answer.", plain(asked.from.name.as_str()))
        };
        withdrawn.map(line).into_iter().collect()
    }

    async fn opened(&mut self, id: ConversationId) -> Out {
        let number = self.number(id);
        let Some(view) = self.view(id).await else { return Out::new() };
        // A conversation that comes by itself does not take the words from the one that is being had.
        let current = *self.current.get_or_insert(id) == id;
        let hint = if current { String::new() } else { format!(" /chat {number} goes there.") };
        let others: Vec<Person> =
            view.participants.into_iter().filter(|one| !one.me).map(|one| one.person).collect();
        let names: Vec<String> = others.iter().map(|person| plain(person.name.as_str())).collect();
        let with = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
        self.members.insert(id, others.into_iter().map(|person| (person.node, person.name)).collect());
        vec![format!("* Conversation {number} ({}) begins{with}.{hint}", view.kind.as_str())]
    }

    async fn changed(&mut self, id: ConversationId) -> Out {
        let Some(view) = self.view(id).await else { return Out::new() };
        let others = view.participants.into_iter().filter(|one| !one.me);
        let now: BTreeMap<_, _> = others.map(|one| (one.person.node, one.person.name)).collect();
        let before = self.members.insert(id, now.clone()).unwrap_or_default();
        let number = self.number(id);
        let came = now.iter().filter(|(node, _)| !before.contains_key(node));
        let went = before.iter().filter(|(node, _)| !now.contains_key(node));
        let came =
            came.map(|(_, name)| format!("* {} comes into conversation {number}.", plain(name.as_str())));
        let went = went.map(|(_, name)| format!("* {} leaves conversation {number}.", plain(name.as_str())));
        came.chain(went).collect()
    }

    async fn ended(&mut self, id: ConversationId) -> Out {
        let mut lines = self.changed(id).await;
        lines.push(format!("* Conversation {} is over.", self.number(id)));
        if self.current == Some(id) {
            self.current = None;
        }
        lines
    }

    fn forgotten(&mut self, id: ConversationId) -> Out {
        self.members.remove(&id);
        if self.current == Some(id) {
            self.current = None;
        }
        vec![format!("* Conversation {} is forgotten here.", self.number(id))]
    }

    async fn message(&mut self, id: ConversationId, message: OpId) -> Out {
        let found = self.session.message(id, message).await;
        let Ok((Some(message), me)) = found else { return Out::new() };
        self.note(&message);
        self.writing.remove(&(id, message.node));
        // Our own words from this terminal stand there already.
        if message.node == me {
            return Out::new();
        }
        let place = if self.current == Some(id) { String::new() } else { format!("[{}] ", self.number(id)) };
        if self.current == Some(id) {
            let read = tertulia_proto::Command::Read { conversation: id };
            // A refusal means that the conversation has just gone: then nothing is unread in it.
            let _ = self.session.handle.command(read).await;
        }
        let to = self.replied_to(id, &message).await;
        vec![format!("{place}{}{to}", line(&message))]
    }

    fn state(&mut self, message: OpId, state: &MessageState) -> Out {
        match state {
            MessageState::Queued if self.queued.insert(message) => {
                vec!["* Nobody can be reached: your message waits.".to_owned()]
            }
            MessageState::Delivered { .. } | MessageState::Read { .. } if self.queued.remove(&message) => {
                vec!["* Your waiting message has arrived.".to_owned()]
            }
            _ => Out::new(),
        }
    }
}
