//! Pacing: what another node lacks goes to it page by page, the next one on its word that the last has come. So a long
//! history takes a few hundred kilobytes of a link at a time, and what is said meanwhile does not wait behind it.

use super::{ASK_FIRST, Conversation, Phase};
use crate::ctx::Ctx;
use crate::group::graph::{Graph, Place};
use crate::identity::NodeId;
use crate::table::Table;
use crate::time::{Duration, Instant};
use crate::wire::bounded::List;
use crate::wire::{DeviceHead, Frame, Heads, frame_lengths, operation_frames};

/// Bytes of frames that answer one comparison: half a second of a slow link, and a thirtieth of what drivers let wait
/// in one.
pub const PAGE_MAX: usize = 256 * 1024;
/// Bytes of operations in a page: what is left without the frames around them, of which there are at most a good thirty.
pub(super) const PAGE_ROOM: usize = PAGE_MAX - 4 * 1024;
/// How long a page may be on its way. After that it counts as lost, and the next comparison is answered anew.
const PAGE_PATIENCE: Duration = Duration::from_secs(10);
/// How often the next page is asked for at most: below what a peer lets us compare, five megabytes a second.
const PAGE_INTERVAL: Duration = Duration::from_millis(50);
/// Pages of all conversations that are on their way to one node at once: half of what drivers let wait in a link.
pub(crate) const PAGES_MAX: usize = 16;

/// What is on its way to a node.
pub(super) struct Page {
    /// How far each device will have come there with it.
    ends: Vec<DeviceHead>,
    until: Instant,
}

/// Whom we get what we lack from. One at a time: others would send the same.
pub(super) struct Source {
    node: NodeId,
    /// How far it is.
    devices: Vec<DeviceHead>,
    /// When to ask for the next page, unless that is done.
    ask_at: Option<Instant>,
    /// When it has had its time.
    until: Instant,
}

// Where others lack something.
impl Conversation {
    /// Whether a page is on its way to `node`.
    pub(crate) fn is_sending(&self, now: Instant, node: &NodeId) -> bool {
        self.pages.get(node).is_some_and(|page| page.until > now)
    }

    /// Takes note how far `node` is: a page has come there, or is still on its way.
    pub(crate) fn on_progress(&mut self, node: &NodeId, devices: &[DeviceHead]) {
        let has = |end: &DeviceHead| devices.iter().any(|head| head.node == end.node && head.seq >= end.seq);
        if self.pages.get(node).is_some_and(|page| page.ends.iter().all(has)) {
            self.pages.remove(node);
        }
    }

    /// Sends one who has come as far as `theirs` what comes next of all that it lacks, that is not withheld from
    /// it and that `may` be sent: as much as fits a page, and nothing while one is on its way. Yields the highest count of our own operations among it, and
    /// the lamport of the first that is left.
    pub(super) fn send_page(
        &mut self,
        ctx: &mut Ctx<'_>,
        to: NodeId,
        theirs: &[DeviceHead],
        may: &dyn Fn(&Graph, Place) -> bool,
    ) -> (u64, Option<u64>) {
        self.on_progress(&to, theirs);
        let graph = &self.graph;
        let room = if self.is_sending(ctx.now, &to) { 0 } else { PAGE_ROOM };
        let past = self.withheld_from(&to);
        let is_withheld = |place| past.as_ref().is_some_and(|past| graph.is_in(past, place));
        let (page, rest) = graph.beyond(theirs, room, &|place| may(graph, place) && !is_withheld(place));
        let rows = graph.rows();
        let left = rest.map(|place| rows.row(place).lamport);
        if page.is_empty() {
            return (0, left);
        }
        ctx.count("comparison_sent_missing");
        let mut ends = Table::default();
        for place in &page {
            ends.insert(rows.node(*place), rows.row(*place).seq);
        }
        let mine = ends.get(&ctx.me.node()).copied().unwrap_or(0);
        self.post_operations(ctx, to, &page);
        let ends: Vec<_> = ends.iter().map(|(node, seq)| DeviceHead { node: *node, seq: *seq }).collect();
        if let Some(rest) = rest {
            self.tell_more(ctx, to, rest);
        }
        self.pages.insert(to, Page { ends, until: ctx.now + PAGE_PATIENCE });
        (mine, left)
    }

    /// Sends operations in as few frames as their limits allow: those in memory as they are, the others as they are kept.
    pub(super) fn post_operations(&self, ctx: &mut Ctx<'_>, to: NodeId, mut places: &[Place]) {
        let rows = self.graph.rows();
        let sizes: Vec<usize> = places.iter().map(|place| rows.row(*place).size.into()).collect();
        let mut first = 0;
        for length in frame_lengths(&sizes) {
            let (frame, rest) = places.split_at(length);
            let here: Vec<_> = frame.iter().filter_map(|place| rows.operation(*place)).collect();
            if here.len() == length {
                operation_frames(&here).into_iter().for_each(|frame| ctx.post(to, frame));
            } else {
                let keys = frame.iter().map(|place| rows.store_key(self.id, *place)).collect();
                ctx.post_kept(to, keys, sizes[first..first + length].iter().sum());
            }
            (places, first) = (rest, first + length);
        }
    }

    /// Says behind a page that there is more. One who is out learns no more of what came after that.
    fn tell_more(&self, ctx: &mut Ctx<'_>, to: NodeId, rest: Place) {
        ctx.count("page_with_more");
        let devices = if self.has(&to) || !self.answers(&to) {
            self.graph.device_heads()
        } else {
            let rows = self.graph.rows();
            vec![DeviceHead { node: rows.node(rest), seq: rows.row(rest).seq }]
        };
        let (devices, heads) = (List::first(devices), List::default());
        let heads = Heads { conversation: self.id, devices, answer: false, heads, more: true };
        ctx.post(to, Frame::Heads(heads));
    }

    /// Takes note that the link to `node` is gone, and what was on its way with it.
    pub(super) fn lose_page(&mut self, ctx: &mut Ctx<'_>, node: &NodeId) {
        self.pages.remove(node);
        if self.source.as_ref().is_some_and(|source| source.node == *node) {
            self.leave_source(ctx, node);
            self.ask_hosts(ctx, |host| host != node);
        }
    }
}

// Where we lack something.
impl Conversation {
    /// A page has come from `from`, and there is more.
    pub(crate) fn on_more(&mut self, ctx: &mut Ctx<'_>, from: NodeId, heads: &Heads) {
        if !self.graph.is_behind(&heads.devices) {
            return;
        }
        let last = match &self.source {
            Some(source) if source.node != from && source.until > ctx.now => {
                ctx.count("page_left_to_another");
                return;
            }
            Some(source) => source.until - PAGE_PATIENCE,
            None => Instant::default(),
        };
        let ask_at = (last + PAGE_INTERVAL).max(ctx.now);
        let (devices, until) = (heads.devices.to_vec(), ask_at + PAGE_PATIENCE);
        self.source = Some(Source { node: from, devices, ask_at: Some(ask_at), until });
        self.ask_for_page(ctx);
    }

    /// Asks for the next page if that is due, and gives up a source that yields nothing.
    pub(super) fn ask_for_page(&mut self, ctx: &mut Ctx<'_>) {
        let Some(source) = &mut self.source else { return };
        let node = source.node;
        if source.ask_at.take_if(|at| *at <= ctx.now).is_some() {
            self.compare(ctx, node, true);
        } else if source.until <= ctx.now {
            self.leave_source(ctx, &node);
            self.ask_hosts(ctx, |_| true);
        }
    }

    /// Asks those who let us in for more: nobody sends PINGs for us yet that would show what we lack.
    fn ask_hosts(&self, ctx: &mut Ctx<'_>, is_asked: impl Fn(&NodeId) -> bool) {
        let enters = matches!(self.phase, Phase::Entering { .. });
        for host in self.hosts.iter().filter(|host| enters && is_asked(host)) {
            self.compare(ctx, *host, false);
        }
    }

    /// Takes note that more of what we lacked is here.
    pub(super) fn on_caught_up(&mut self, ctx: &mut Ctx<'_>) {
        let is_behind = |source: &Source| self.graph.is_behind(&source.devices);
        if let Some(node) = self.source.as_ref().filter(|source| !is_behind(source)).map(|source| source.node)
        {
            self.leave_source(ctx, &node);
        }
    }

    /// Expects nothing more of `node`: what still waits for something is asked for by its id, and whoever else has more
    /// says so with its next PING.
    pub(super) fn leave_source(&mut self, ctx: &mut Ctx<'_>, node: &NodeId) {
        if self.source.take_if(|source| source.node == *node).is_some()
            && let Some(ask) = &mut self.ask
        {
            ask.at = ask.at.min(ctx.now + ASK_FIRST);
        }
    }

    /// Whether what is missing is about to come by itself, and until when that is to be expected.
    pub(super) fn expects_page(&self) -> Option<Instant> {
        self.source.as_ref().map(|source| source.until)
    }

    /// When the next page is to be asked for, or its source is given up.
    pub(super) fn poll_page(&self) -> Option<Instant> {
        self.source.as_ref().map(|source| source.ask_at.unwrap_or(source.until))
    }
}
