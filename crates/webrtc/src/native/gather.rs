//! Finding our own public address for one offer or answer, by asking the nodes that we know (RFC 8489).

use super::stun::{Stun, question as question_bytes};
use super::{Port, Transmit};
use crate::sdp::{HOST_PRIORITY, REFLEXIVE_PRIORITY, best};
use crate::{GATHER_MS, stun_addresses};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tertulia_proto::endpoint::{CANDIDATES_MAX, Candidate, CandidateHost, CandidateKind};
use tertulia_proto::wire::bounded::List;
use tertulia_proto::{Endpoint, LinkId};

/// When a question is asked, after the first time: a loss costs a tenth of a second, then twice that.
const REPEATS_MS: [u64; 2] = [100, 300];

/// The questions for one description.
pub(super) struct Gathering {
    pub(super) link: LinkId,
    questions: Vec<Question>,
    mapped: Vec<SocketAddr>,
    began: Instant,
    asked: usize,
}

struct Question {
    transaction: [u8; 12],
    to: SocketAddr,
    answered: bool,
}

impl Gathering {
    /// Asks at the addresses of `endpoints`; a `transaction` must be fresh and random.
    pub(super) fn new(
        link: LinkId,
        endpoints: &[Endpoint],
        mut transaction: impl FnMut() -> Option<[u8; 12]>,
        now: Instant,
    ) -> Self {
        let question = |to| transaction().map(|transaction| Question { transaction, to, answered: false });
        let questions = stun_addresses(endpoints).into_iter().filter_map(question).collect();
        Self { link, questions, mapped: Vec::new(), began: now, asked: 0 }
    }

    /// Takes an answer; says whether it was to one of these questions.
    pub(super) fn receive(&mut self, stun: &Stun, from: SocketAddr) -> bool {
        let transaction = stun.transaction();
        let ours = |question: &&mut Question| question.transaction == transaction && question.to == from;
        let Some(question) = self.questions.iter_mut().find(ours) else { return false };
        question.answered = true;
        if let Some(address) = stun.mapped_address().filter(|address| !self.mapped.contains(address)) {
            self.mapped.push(address);
        }
        true
    }

    /// Nothing is left to wait for.
    pub(super) fn is_done(&self, now: Instant) -> bool {
        self.questions.iter().all(|question| question.answered) || now >= self.began + timeout()
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        self.next_round().unwrap_or(self.began + timeout())
    }

    /// The questions that are due.
    pub(super) fn poll_transmits(&mut self, now: Instant) -> Vec<Transmit> {
        if self.next_round().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.asked += 1;
        let open = self.questions.iter().filter(|question| !question.answered);
        open.filter_map(|question| {
            let bytes = question_bytes(question.transaction)?;
            Some(Transmit { port: Port::Listening, to: question.to, bytes: bytes.into() })
        })
        .collect()
    }

    /// Our candidates: the port's own addresses, and those that were seen from outside.
    pub(super) fn candidates(&self, own: &[SocketAddr]) -> List<Candidate, CANDIDATES_MAX> {
        let host = own.iter().map(|address| (address, CandidateKind::Host, HOST_PRIORITY));
        let outside = self.mapped.iter().filter(|address| !own.contains(address));
        let outside = outside.map(|address| (address, CandidateKind::ServerReflexive, REFLEXIVE_PRIORITY));
        let ranked = (0u32..).zip(host.chain(outside)).map(|(rank, (address, kind, priority))| Candidate {
            host: CandidateHost::Ip(address.ip()),
            port: address.port(),
            kind,
            priority: priority - (rank << 8),
        });
        best(ranked)
    }

    fn next_round(&self) -> Option<Instant> {
        match self.asked {
            0 => Some(self.began),
            n => REPEATS_MS.get(n - 1).map(|after| self.began + Duration::from_millis(*after)),
        }
    }
}

fn timeout() -> Duration {
    Duration::from_millis(GATHER_MS.into())
}
