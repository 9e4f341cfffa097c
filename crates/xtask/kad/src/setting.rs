//! How kad is set, and how the network treats it.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Result, bail};
use libp2p_core::upgrade::Version;
use libp2p_kad as kad;
use serde::Serialize;

/// What the runs differ in. All else is kad's default: k = 20, alpha = 3, buckets of 20, a request given up after 10 s,
/// a query after 60 s. Records are neither published nor republished, for lookups of nodes need none.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// How many of the closest have to answer until a lookup is done.
    pub(crate) results: usize,
    /// Whether a request waits until the other side has agreed to the stream's protocol, a round trip of its own.
    pub(crate) negotiation_waits: bool,
    /// One-way delays until a connection stands: 2 are QUIC's handshake.
    pub(crate) dial_delays: u32,
    /// Whether a dial to who is gone is refused at once (after a round trip), or fails after ten seconds of silence.
    pub(crate) gone_refuse: bool,
    /// How often each node looks for itself and into its buckets, in seconds; never, if 0.
    pub(crate) bootstrap_s: u64,
}

/// As a program has it that asks for nothing in particular.
const USUAL: Setting = Setting {
    name: "usual",
    results: 20,
    negotiation_waits: true,
    dial_delays: 2,
    gone_refuse: false,
    bootstrap_s: 300,
};
/// Its lookups as they are, and nothing but its requests and answers takes time.
const PURE: Setting =
    Setting { name: "pure", negotiation_waits: false, dial_delays: 0, gone_refuse: true, ..USUAL };
/// All that can be had for kad: a lookup is done when the closest one has answered, too.
const KIND: Setting = Setting { name: "kind", results: 1, ..PURE };
/// Without maintenance, too: what is left is what lookups cost.
const BARE: Setting = Setting { name: "bare", bootstrap_s: 0, ..KIND };

/// What a host that is gone costs whoever dials it: libp2p's usual limit for a connection.
const SILENCE: Duration = Duration::from_secs(10);

impl Setting {
    pub(crate) fn named(name: &str) -> Result<Self> {
        match [USUAL, PURE, KIND, BARE].into_iter().find(|setting| setting.name == name) {
            Some(setting) => Ok(setting),
            None => bail!("there is no setting {name}, but usual, pure, kind and bare; nothing was run"),
        }
    }

    pub(crate) fn kad(&self) -> kad::Config {
        let mut config = kad::Config::new(kad::PROTOCOL_NAME);
        let bootstrap = (self.bootstrap_s > 0).then(|| Duration::from_secs(self.bootstrap_s));
        config
            .set_periodic_bootstrap_interval(bootstrap)
            .set_publication_interval(None)
            .set_replication_interval(None)
            .set_provider_publication_interval(None);
        config
    }

    pub(crate) fn results(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.results).unwrap_or(NonZeroUsize::MIN)
    }

    pub(crate) fn negotiation(&self) -> Version {
        if self.negotiation_waits { Version::V1 } else { Version::V1Lazy }
    }

    /// Until a dial fails.
    pub(crate) fn failure(&self, delay: Duration) -> Duration {
        if self.gone_refuse { 2 * delay } else { SILENCE }
    }
}
