//! Errands: what is to be sent to nodes that are not linked yet, until they are.

use crate::ctx::{Ctx, Mail};
use crate::identity::NodeId;
use crate::io::Wake;
use crate::table::Table;
use crate::time::{Duration, Instant};

/// Nodes that may be waited for at once: a leaf set that is greeted, and as many on the way to elsewhere.
const NODES_MAX: usize = 32;
/// What may wait for one node: a burst of messages that all go through it.
const MAIL_MAX: usize = 16;
/// How long it waits: longer than a link takes that comes to something. The overlay takes another way before that.
const WAIT: Duration = Duration::from_secs(10);

/// Mail for nodes that a link is being opened to.
#[derive(Default)]
pub(crate) struct Errands {
    waiting: Table<NodeId, Errand>,
}

struct Errand {
    mail: Vec<Mail>,
    until: Instant,
}

impl Errands {
    /// Holds what is to be sent to a node.
    pub(crate) fn hold(&mut self, ctx: &mut Ctx<'_>, to: NodeId, mail: Mail) {
        if self.waiting.len() >= NODES_MAX && !self.waiting.contains_key(&to) {
            ctx.count("errand_refused_full");
            return;
        }
        let errand = self.waiting.or_insert_with(to, || Errand { mail: Vec::new(), until: ctx.now + WAIT });
        if errand.mail.len() < MAIL_MAX {
            errand.mail.push(mail);
        } else {
            ctx.count("errand_refused_full");
        }
    }

    /// Hands out what waited for a node.
    pub(crate) fn take(&mut self, node: &NodeId) -> Vec<Mail> {
        self.waiting.remove(node).map_or_else(Vec::new, |errand| errand.mail)
    }

    /// Drops what has waited too long, and says for whom.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<NodeId> {
        let over = |entry: &(&NodeId, &Errand)| entry.1.until <= now;
        let over: Vec<_> = self.waiting.iter().filter(over).map(|(node, _)| *node).collect();
        for node in &over {
            self.waiting.remove(node);
        }
        over
    }

    /// Whether something waits for a node.
    pub(crate) fn wait_for(&self, node: &NodeId) -> bool {
        self.waiting.contains_key(node)
    }

    /// For whom something waits.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.waiting.keys().copied()
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.waiting.values().map(|errand| (errand.until, Wake::Reach)).min()
    }
}
