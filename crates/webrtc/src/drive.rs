//! The one loop between a node and its links.

use crate::Gate;
use tertulia_proto::{Description, Endpoint, Event, Input, Instant, LinkId, Node, Output};

/// What opens, feeds and closes links on one platform. The methods mirror the core's [`Output`]s; what comes of
/// them is told by [`Transport::poll_input`], never by a return value, so no call can re-enter the node.
pub trait Transport {
    /// Opens a channel to an endpoint, with an answer fabricated from it.
    fn dial(&mut self, link: LinkId, endpoint: Endpoint);
    /// Prepares an offer, to be reported as [`Input::Described`].
    fn offer(&mut self, link: LinkId, stun: Vec<Endpoint>);
    /// Takes an offer and prepares the answer, to be reported as [`Input::Described`].
    fn accept(&mut self, link: LinkId, offer: Description, stun: Vec<Endpoint>);
    /// Takes the answer to the offer of this link.
    fn complete(&mut self, link: LinkId, answer: Description);
    /// Sends one frame, whole, in order and reliably.
    fn send(&mut self, link: LinkId, bytes: Vec<u8>);
    /// Hands over what was sent before as far as it can, then closes. No [`Input::Closed`] follows.
    fn close(&mut self, link: LinkId);
    /// The next thing that the node must hear, until there is none.
    fn poll_input(&mut self) -> Option<Input>;
}

/// Carries out all that the node asks for and the gate lets through, and tells it all that came of it, until both are
/// quiet.
pub fn drain(
    node: &mut Node,
    transport: &mut impl Transport,
    gate: &mut Gate,
    now: Instant,
    mut sink: impl FnMut(Event),
) {
    loop {
        while let Some(output) = node.poll_output() {
            gate.push(output);
        }
        while let Some(output) = gate.pop() {
            apply(output, transport, &mut sink);
        }
        let Some(input) = transport.poll_input() else { return };
        node.handle(input, now);
    }
}

fn apply(output: Output, transport: &mut impl Transport, sink: &mut impl FnMut(Event)) {
    match output {
        Output::Dial { link, endpoint } => transport.dial(link, endpoint),
        Output::Offer { link, stun } => transport.offer(link, stun),
        Output::Accept { link, offer, stun } => transport.accept(link, offer, stun),
        Output::Complete { link, answer } => transport.complete(link, answer),
        Output::Send { link, bytes } => transport.send(link, bytes),
        Output::Close { link } => transport.close(link),
        // The gate has had the one kept, and made the other a frame.
        Output::Store { .. } | Output::SendKept { .. } => {}
        Output::Event(event) => sink(event),
    }
}
