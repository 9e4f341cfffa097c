//! One node: a swarm of libp2p's with kad in it, and nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use libp2p_core::{ConnectedPoint, Transport};
use libp2p_kad::store::MemoryStore;
use libp2p_kad::{self as kad, Mode, QueryId, QueryResult};
use libp2p_swarm::{Config, Swarm, SwarmEvent};

use crate::net::{Line, Network, Seat, address};

/// A node that is in.
pub(crate) struct Node {
    network: Network,
    seat: Arc<Seat>,
    swarm: Swarm<kad::Behaviour<MemoryStore>>,
    lookups: UnboundedReceiver<Arc<Seat>>,
    under_way: HashMap<QueryId, usize>,
}

impl Node {
    /// A node that enters through `via`, and looks up whom it is told to until nobody can tell it anything any more.
    pub(crate) fn new(
        network: Network,
        seat: Arc<Seat>,
        via: Option<&Seat>,
        lookups: UnboundedReceiver<Arc<Seat>>,
    ) -> Self {
        let setting = network.setting;
        let mut kad = kad::Behaviour::with_config(seat.peer, MemoryStore::new(seat.peer), setting.kad());
        kad.set_mode(Some(Mode::Server));
        let line = Line::new(network.clone(), seat.clone()).boxed();
        let config =
            Config::without_executor().with_substream_upgrade_protocol_override(setting.negotiation());
        let mut swarm = Swarm::new(line, kad, seat.peer, config);
        swarm.listen_on(address(seat.number)).expect("the line takes any address");
        if let Some(via) = via {
            let kad = swarm.behaviour_mut();
            kad.add_address(&via.peer, address(via.number));
            kad.bootstrap().expect("somebody is known");
        }
        Self { network, seat, swarm, lookups, under_way: HashMap::new() }
    }

    /// Does what there is to do. Ready when the node has left.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(told) = self.lookups.poll_next_unpin(context) {
            match told {
                Some(target) => self.look_up(&target),
                None => return Poll::Ready(()),
            }
        }
        while let Poll::Ready(Some(event)) = self.swarm.poll_next_unpin(context) {
            self.on_event(event);
        }
        Poll::Pending
    }

    fn look_up(&mut self, target: &Seat) {
        let lookup = self.network.tally().start(self.seat.number, target.number, target.peer.to_bytes());
        let results = self.network.setting.results();
        let query = self.swarm.behaviour_mut().get_n_closest_peers(target.peer, results);
        self.under_way.insert(query, lookup);
    }

    fn on_event(&mut self, event: SwarmEvent<kad::Event>) {
        match event {
            // What the Identify protocol would tell, a round trip later and for some hundred bytes.
            SwarmEvent::ConnectionEstablished {
                peer_id,
                endpoint: ConnectedPoint::Listener { send_back_addr, .. },
                ..
            } => {
                self.swarm.behaviour_mut().add_address(&peer_id, send_back_addr);
            }
            SwarmEvent::Behaviour(kad::Event::OutboundQueryProgressed {
                id,
                result: QueryResult::GetClosestPeers(result),
                ..
            }) => self.on_result(id, result),
            _ => {}
        }
    }

    fn on_result(&mut self, query: QueryId, result: kad::GetClosestPeersResult) {
        let Some(lookup) = self.under_way.remove(&query) else { return };
        let peers = match result {
            Ok(done) => done.peers,
            Err(kad::GetClosestPeersError::Timeout { peers, .. }) => peers,
        };
        let mut tally = self.network.tally();
        let target = self.network.seat(tally.lookups[lookup].target);
        let is_found = target.is_some_and(|target| peers.iter().any(|peer| peer.peer_id == target.peer));
        tally.finish(lookup, is_found);
    }
}
