//! The handshake: proves who is behind a channel (DESIGN, section 4).
//!
//! DTLS encrypts the channel, but a dialler's certificate is not checked there and an offer may have passed
//! through others. So each side signs a transcript in which both certificate fingerprints stand *as it saw
//! them*: whoever sits between two DTLS sessions has two different pairs of fingerprints, and no proof fits both.

use crate::ctx::Ctx;
use crate::endpoint::{Endpoint, Fingerprint};
use crate::identity::{Certificate, NodeId, Profile};
use crate::io::CloseReason;
use crate::wire::signed::verify;
use crate::wire::{Frame, Hello, Nonce, Proof, SessionId, VERSION};

const CONTEXT: &str = "tertulia link proof v1";

/// Which side prepared the offer: it speaks first in the transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Offerer,
    Answerer,
}

/// A handshake under way.
#[derive(Debug)]
pub(crate) struct Handshake {
    role: Role,
    local: Fingerprint,
    remote: Fingerprint,
    said: Vec<u8>,
    heard: Option<(Hello, Vec<u8>)>,
}

/// Who was proven to be at the other end.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub certificate: Certificate,
    pub profile: Profile,
    pub session: SessionId,
    pub features: u64,
    pub endpoint: Option<Endpoint>,
}

impl Handshake {
    /// Begins a handshake; [`Self::said`] is to be sent at once.
    pub(crate) fn new(
        ctx: &mut Ctx<'_>,
        role: Role,
        (local, remote): (Fingerprint, Fingerprint),
        (session, features, endpoint): (SessionId, u64, Option<Endpoint>),
    ) -> Self {
        let hello = Hello {
            version_min: VERSION,
            version_max: VERSION,
            features,
            certificate: ctx.me.certificate().clone(),
            profile: ctx.me.profile().clone(),
            nonce: Nonce(ctx.rng.bytes()),
            session,
            endpoint,
        };
        Self { role, local, remote, said: Frame::Hello(Box::new(hello)).encode(), heard: None }
    }

    /// Our first frame, encoded.
    pub(crate) fn said(&self) -> &[u8] {
        &self.said
    }

    /// Takes the peer's first frame, with the bytes that it came in, and yields our proof, or why the link
    /// must end. The bytes count: a later version's fields, unknown here, are proven too.
    pub(crate) fn on_hello(
        &mut self,
        ctx: &Ctx<'_>,
        (hello, bytes): (Hello, &[u8]),
        expected: Option<NodeId>,
    ) -> Result<Proof, CloseReason> {
        if self.heard.is_some() {
            return Err(CloseReason::Misbehaved);
        }
        if hello.version_min > VERSION || hello.version_max < VERSION {
            return Err(CloseReason::Incompatible);
        }
        let node = hello.certificate.node();
        let is_self = node == ctx.me.node();
        let is_other = expected.is_some_and(|expected| expected != node);
        if is_self || is_other || hello.profile.account != hello.certificate.account {
            return Err(CloseReason::Unproven);
        }
        self.heard = Some((hello, bytes.to_vec()));
        let transcript = self.transcript(self.role).ok_or(CloseReason::Misbehaved)?;
        Ok(Proof { signature: ctx.me.sign(CONTEXT, &transcript) })
    }

    /// Takes the peer's proof and yields who it is, or why the link must end.
    pub(crate) fn on_proof(self, proof: &Proof) -> Result<Peer, CloseReason> {
        let theirs = match self.role {
            Role::Offerer => Role::Answerer,
            Role::Answerer => Role::Offerer,
        };
        let transcript = self.transcript(theirs).ok_or(CloseReason::Misbehaved)?;
        let (peer, _) = self.heard.ok_or(CloseReason::Misbehaved)?;
        if !verify(&peer.certificate.device.0, CONTEXT, &transcript, &proof.signature) {
            return Err(CloseReason::Unproven);
        }
        let Hello { certificate, profile, session, features, endpoint, .. } = peer;
        Ok(Peer { certificate, profile, session, features, endpoint })
    }

    /// What `signer` signs: its role, then everything both sides said, the offerer's first, with the
    /// fingerprints that go with it. Nothing before the peer's Hello.
    fn transcript(&self, signer: Role) -> Option<[u8; 32]> {
        let (_, heard) = self.heard.as_ref()?;
        let (mine, theirs) = ((&self.said, &self.local), (heard, &self.remote));
        let (first, second) = match self.role {
            Role::Offerer => (mine, theirs),
            Role::Answerer => (theirs, mine),
        };
        let mut hasher = blake3::Hasher::new_derive_key("tertulia 2026-11 handshake transcript v1");
        hasher.update(&[if signer == Role::Offerer { 0 } else { 1 }]);
        for (said, fingerprint) in [first, second] {
            hasher.update(&(said.len() as u64).to_be_bytes()).update(said).update(&fingerprint.0);
        }
        Some(*hasher.finalize().as_bytes())
    }
}
