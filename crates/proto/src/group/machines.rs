//! Answering machines of others that have answered us, and the messages that we leave there.

use crate::ctx::Ctx;
use crate::identity::NodeId;
use crate::io::{Event, MessageText, Refusal, RequestId};
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::{Frame, LeftMessage};

/// How long a machine is waited at: less than the other side waits, so that what is taken here is taken there.
const MACHINE_MAX: Duration = Duration::from_secs(10 * 60);
/// Machines that wait for a message at once; of more, the one that has waited longest is forgotten.
const MACHINES_MAX: usize = 64;

/// The machines that have answered us.
#[derive(Default)]
pub(crate) struct Machines(Table<RequestId, Machine>);

struct Machine {
    node: NodeId,
    until: Instant,
    /// The message, once it is written. It is said again whenever the link comes back, until a Yes says that it was taken.
    text: Option<MessageText>,
}

impl Machine {
    fn frame(&self, request: RequestId) -> Option<Frame> {
        let text = self.text.clone()?;
        Some(Frame::LeftMessage(LeftMessage { request, text }))
    }
}

impl Machines {
    /// Notes that a machine has answered a request of ours.
    pub(crate) fn on_answered(&mut self, ctx: &Ctx<'_>, node: NodeId, request: RequestId) {
        if self.0.len() >= MACHINES_MAX {
            let oldest = self.0.iter().min_by_key(|(_, machine)| machine.until).map(|(request, _)| *request);
            oldest.and_then(|request| self.0.remove(&request));
        }
        let machine = Machine { node, until: ctx.now + MACHINE_MAX, text: None };
        self.0.insert(request, machine);
    }

    /// Leaves a message, now if the node is linked, else when it is.
    pub(crate) fn leave(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        text: MessageText,
        is_linked: impl Fn(&NodeId) -> bool,
    ) -> Result<(), Refusal> {
        let machine = self.0.get_mut(&request).filter(|one| one.until > ctx.now && one.text.is_none());
        let machine = machine.ok_or(Refusal::NoMachine)?;
        machine.text = Some(text);
        if is_linked(&machine.node) {
            machine.frame(request).into_iter().for_each(|frame| ctx.post(machine.node, frame));
        }
        Ok(())
    }

    /// Says what was left for a node, now that it is linked.
    pub(crate) fn on_linked(&self, ctx: &mut Ctx<'_>, node: NodeId) {
        for (request, machine) in self.0.iter().filter(|(_, machine)| machine.node == node) {
            if let Some(frame) = machine.frame(*request) {
                ctx.post(node, frame);
            }
        }
    }

    /// Takes the word of a node that it has what was left there; false when nothing was.
    pub(crate) fn on_taken(&mut self, node: NodeId, request: &RequestId) -> bool {
        let is_left = self.0.get(request).is_some_and(|one| one.node == node && one.text.is_some());
        is_left && self.0.remove(request).is_some()
    }

    /// The nodes that a message waits for.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0.values().filter(|machine| machine.text.is_some()).map(|machine| machine.node)
    }

    /// Forgets machines that wait no longer. Whose message may not have come is told.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        self.0.retain(|_, machine| {
            let waits = machine.until > ctx.now;
            if !waits && machine.text.is_some() {
                ctx.count("left_message_undelivered");
                ctx.tell(Event::Trouble {
                    what: "The message that you left may not have arrived.".into(),
                    why: "Nobody confirmed it within ten minutes.".into(),
                    remedy: "Ask again, and leave it once more.".into(),
                });
            }
            waits
        });
    }
}
