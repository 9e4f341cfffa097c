//! One link in a tab: an `RTCPeerConnection` with its one channel, its callbacks, and the little that we remember.

use super::Notes;
use super::promise::after;
use crate::sdp;
use crate::{BACKLOG_MAX, CARRY_MS, CandidateType, FLUSH_MS, GATHER_MS, LABEL, OPEN_MS, Route};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use tertulia_proto::{CloseReason, Description, Duration, Endpoint, Fingerprint, Input, Instant, LinkId};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::WasmClosure;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::js_sys::{Array, ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use web_sys::{
    MessageEvent, RtcConfiguration, RtcDataChannel, RtcDataChannelInit, RtcDataChannelType, RtcIceServer,
    RtcPeerConnection, RtcPeerConnectionIceEvent, RtcPeerConnectionState, RtcSdpType,
    RtcSessionDescriptionInit, RtcStatsReport,
};

/// How long to wait for another candidate after one from outside: Chromium reports the end of gathering a tenth of
/// a second late, and people wait for it twice.
const QUIET: Duration = Duration::from_millis(10);

/// What a link is made for.
pub(super) enum Purpose {
    Dial(Endpoint),
    Offer,
    Accept(Description),
}

/// What a callback has to tell.
pub(super) enum Happening {
    /// The local description is set (and for a dial or an answer the remote one as well).
    Set,
    /// A description was not taken.
    Refused(CloseReason),
    /// A candidate was found.
    Candidate {
        /// Whether it is an address as seen from outside.
        outside: bool,
    },
    /// There are no more candidates.
    Gathered,
    /// The channel is open.
    Open,
    /// A message came in.
    Message(Vec<u8>),
    /// The channel is closed or broken.
    Closed,
    /// The connection failed.
    Failed,
    /// The channel has sent what it held.
    Sent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Our description is being made.
    Preparing,
    /// Our candidates are being found.
    Gathering,
    /// The peer's answer is awaited, or the channel.
    Opening,
    Open,
    /// The node has closed it; what was sent before is on its way.
    Closing,
    Over,
}

pub(super) struct Link {
    id: LinkId,
    pc: RtcPeerConnection,
    channel: RtcDataChannel,
    stage: Stage,
    /// Whether our description is to be reported, and then the channel to be awaited for so long.
    describes: bool,
    /// How long to wait for the channel once our side is ready; an offer waits as long as the node likes.
    patience: Option<Duration>,
    deadline: Option<Instant>,
    remote: Option<Fingerprint>,
    inputs: Vec<Input>,
    notes: Rc<Notes>,
    _callbacks: Callbacks,
}

impl Link {
    /// Begins to open a link; nothing when the browser allows no further connection.
    pub(super) fn new(
        id: LinkId,
        purpose: Purpose,
        stun: &[String],
        notes: Rc<Notes>,
        now: Instant,
    ) -> Option<Self> {
        let pc = RtcPeerConnection::new_with_configuration(&configuration(stun)).ok()?;
        let channel = pc.create_data_channel_with_data_channel_dict(LABEL, &negotiated());
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        let callbacks = Callbacks::attach(id, &pc, &channel, &notes);
        let (remote, patience) = match &purpose {
            Purpose::Dial(endpoint) => (Some(endpoint.fingerprint), Some(OPEN_MS)),
            Purpose::Offer => (None, None),
            Purpose::Accept(offer) => (Some(offer.fingerprint), Some(CARRY_MS)),
        };
        let describes = !matches!(purpose, Purpose::Dial(_));
        begin(id, pc.clone(), purpose, &notes);
        Some(Self {
            id,
            pc,
            channel,
            stage: Stage::Preparing,
            describes,
            patience: patience.map(millis),
            deadline: Some(now + millis(OPEN_MS)),
            remote,
            inputs: Vec::new(),
            notes,
            _callbacks: callbacks,
        })
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn take_inputs(&mut self) -> Vec<Input> {
        std::mem::take(&mut self.inputs)
    }

    /// The browser's statistics.
    pub(super) fn report(&self) -> Promise {
        self.pc.get_stats()
    }

    pub(super) fn handle(&mut self, happening: Happening, now: Instant) {
        match happening {
            Happening::Set => self.on_set(now),
            Happening::Refused(reason) => self.over(reason),
            Happening::Candidate { outside } => {
                if outside && self.stage == Stage::Gathering {
                    self.deadline = Some(now + QUIET);
                }
            }
            Happening::Gathered => {
                if self.stage == Stage::Gathering {
                    self.describe(now);
                }
            }
            Happening::Open => self.on_open(),
            Happening::Message(bytes) => {
                if self.stage == Stage::Open {
                    self.inputs.push(Input::Frame { link: self.id, bytes });
                }
            }
            Happening::Closed => self.over(CloseReason::Left),
            Happening::Failed => {
                let opened = self.stage == Stage::Open;
                self.over(if opened { CloseReason::Broken } else { CloseReason::Unreachable });
            }
            Happening::Sent => {
                if self.stage == Stage::Closing {
                    self.stage = Stage::Over;
                }
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.deadline = None;
        match self.stage {
            Stage::Gathering => self.describe(now),
            Stage::Preparing | Stage::Opening => self.over(CloseReason::Unreachable),
            Stage::Closing => self.stage = Stage::Over,
            Stage::Open | Stage::Over => {}
        }
    }

    pub(super) fn complete(&mut self, answer: &Description, now: Instant) {
        if self.remote.is_some() || self.stage != Stage::Opening {
            return;
        }
        self.remote = Some(answer.fingerprint);
        self.deadline = Some(now + millis(OPEN_MS));
        let promise = self.pc.set_remote_description(&init(RtcSdpType::Answer, &sdp::answer(answer)));
        let (id, notes) = (self.id, Rc::clone(&self.notes));
        after(&promise, move |outcome| {
            if outcome.is_err() {
                notes.leave(id, Happening::Refused(CloseReason::Misbehaved));
            }
        });
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        if self.stage != Stage::Open {
            return;
        }
        let waiting = usize::try_from(self.channel.buffered_amount()).unwrap_or(usize::MAX);
        if waiting.saturating_add(bytes.len()) > BACKLOG_MAX {
            self.over(CloseReason::Backlog);
        } else if self.channel.send_with_u8_array(bytes).is_err() {
            self.over(CloseReason::Broken);
        }
    }

    /// Closes for the node: what was sent before goes out first, as far as there is time.
    pub(super) fn close(&mut self, now: Instant) {
        self.inputs.clear();
        if self.stage == Stage::Open && self.channel.buffered_amount() > 0 {
            self.stage = Stage::Closing;
            self.deadline = Some(now + millis(FLUSH_MS));
        } else {
            self.stage = Stage::Over;
        }
    }

    fn on_set(&mut self, now: Instant) {
        if self.stage != Stage::Preparing {
            return;
        }
        if self.describes {
            self.stage = Stage::Gathering;
            self.deadline = Some(now + millis(GATHER_MS));
        } else {
            self.stage = Stage::Opening;
        }
    }

    fn describe(&mut self, now: Instant) {
        self.stage = Stage::Opening;
        self.deadline = self.patience.map(|patience| now + patience);
        match self.local() {
            Some(description) => self.inputs.push(Input::Described { link: self.id, description }),
            None => self.over(CloseReason::Unable),
        }
    }

    fn on_open(&mut self) {
        if matches!(self.stage, Stage::Open | Stage::Closing | Stage::Over) {
            return;
        }
        // The browser has checked the peer's certificate against the fingerprint of its description.
        match (self.local(), self.remote) {
            (Some(local), Some(remote)) => {
                (self.stage, self.deadline) = (Stage::Open, None);
                let local = local.fingerprint;
                self.inputs.push(Input::Opened { link: self.id, local, remote });
            }
            _ => self.over(CloseReason::Unable),
        }
    }

    fn local(&self) -> Option<Description> {
        sdp::parse(&self.pc.local_description()?.sdp()).ok()
    }

    fn over(&mut self, reason: CloseReason) {
        if !matches!(self.stage, Stage::Closing | Stage::Over) {
            self.inputs.push(Input::Closed { link: self.id, reason });
        }
        self.stage = Stage::Over;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        Callbacks::detach(&self.pc, &self.channel);
        self.channel.close();
        self.pc.close();
    }
}

/// What the browser calls us by. They are freed with their link.
struct Callbacks {
    _plain: Vec<Closure<dyn FnMut()>>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _candidate: Closure<dyn FnMut(RtcPeerConnectionIceEvent)>,
}

impl Callbacks {
    fn attach(id: LinkId, pc: &RtcPeerConnection, channel: &RtcDataChannel, notes: &Rc<Notes>) -> Self {
        let plain = |happening: fn() -> Happening| {
            let notes = Rc::clone(notes);
            Closure::<dyn FnMut()>::new(move || notes.leave(id, happening()))
        };
        let open = plain(|| Happening::Open);
        let closed = plain(|| Happening::Closed);
        let sent = plain(|| Happening::Sent);
        let state = {
            let (notes, pc) = (Rc::clone(notes), pc.clone());
            Closure::<dyn FnMut()>::new(move || {
                if pc.connection_state() == RtcPeerConnectionState::Failed {
                    notes.leave(id, Happening::Failed);
                }
            })
        };
        let message = {
            let notes = Rc::clone(notes);
            Closure::new(move |event: MessageEvent| {
                // Text is none of ours; the core counts what it cannot read.
                let bytes =
                    event.data().dyn_into::<ArrayBuffer>().map(|buffer| Uint8Array::new(&buffer).to_vec());
                notes.leave(id, Happening::Message(bytes.unwrap_or_default()));
            })
        };
        let candidate = {
            let notes = Rc::clone(notes);
            Closure::new(move |event: RtcPeerConnectionIceEvent| notes.leave(id, found(&event)))
        };
        channel.set_onopen(Some(function(&open)));
        channel.set_onclose(Some(function(&closed)));
        channel.set_onbufferedamountlow(Some(function(&sent)));
        channel.set_onmessage(Some(function(&message)));
        pc.set_onconnectionstatechange(Some(function(&state)));
        pc.set_onicecandidate(Some(function(&candidate)));
        Self { _plain: vec![open, closed, sent, state], _message: message, _candidate: candidate }
    }

    fn detach(pc: &RtcPeerConnection, channel: &RtcDataChannel) {
        channel.set_onopen(None);
        channel.set_onclose(None);
        channel.set_onbufferedamountlow(None);
        channel.set_onmessage(None);
        pc.set_onconnectionstatechange(None);
        pc.set_onicecandidate(None);
    }
}

/// What the browser says of a link's path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkStats {
    /// The way that packets take.
    pub route: Route,
    /// The round-trip time that the browser measured last.
    pub rtt_ms: Option<f64>,
}

/// Reads a statistics report.
pub(super) fn stats(report: &JsValue) -> Option<LinkStats> {
    let report: &RtcStatsReport = report.unchecked_ref();
    let entries: Vec<JsValue> =
        web_sys::js_sys::try_iter(&report.values()).ok()??.filter_map(Result::ok).collect();
    let is_pair = |entry: &&JsValue| text(entry, "type").as_deref() == Some("candidate-pair");
    let is_used = |entry: &&JsValue| {
        let flag = |name| Reflect::get(entry, &JsValue::from_str(name)).is_ok_and(|value| value.is_truthy());
        text(entry, "state").as_deref() == Some("succeeded") && (flag("nominated") || flag("selected"))
    };
    let pair = entries.iter().filter(is_pair).find(is_used)?;
    let end = |name| {
        let id = text(pair, name)?;
        entries.iter().find(|entry| text(entry, "id").as_deref() == Some(&id))
    };
    let (local, remote) = (end("localCandidateId")?, end("remoteCandidateId")?);
    let kind = |entry| text(entry, "candidateType").as_deref().and_then(CandidateType::parse);
    let address = text(remote, "address").and_then(|text| text.parse::<IpAddr>().ok());
    let port = number(remote, "port").filter(|port| (0.0..65_536.0).contains(port));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let address = address.zip(port).map(|(ip, port)| SocketAddr::new(ip, port as u16));
    let route = Route { local: kind(local)?, remote: kind(remote)?, address };
    Some(LinkStats { route, rtt_ms: number(pair, "currentRoundTripTime").map(|seconds| seconds * 1e3) })
}

/// Makes our description and sets both, as far as they are known.
fn begin(id: LinkId, pc: RtcPeerConnection, purpose: Purpose, notes: &Rc<Notes>) {
    let (first, refused) = match &purpose {
        Purpose::Dial(_) | Purpose::Offer => (describe(&pc), CloseReason::Unable),
        Purpose::Accept(offer) => {
            let offer = init(RtcSdpType::Offer, &sdp::offer(offer));
            (pc.set_remote_description(&offer), CloseReason::Misbehaved)
        }
    };
    let notes = Rc::clone(notes);
    let end = move |is_set| {
        notes.leave(id, if is_set { Happening::Set } else { Happening::Refused(refused) });
    };
    after(&first, move |outcome| {
        let second = match purpose {
            _ if outcome.is_err() => None,
            Purpose::Offer => return end(true),
            Purpose::Dial(endpoint) => dial(&pc, &endpoint),
            Purpose::Accept(_) => Some(describe(&pc)),
        };
        match second {
            Some(second) => after(&second, move |outcome| end(outcome.is_ok())),
            None => end(false),
        }
    });
}

/// Makes our description and sets it, in one: the browser makes an offer, or the answer to the offer that it has.
/// Asked for the one and then the other, it would wait for this thread in between, which people wait for.
fn describe(pc: &RtcPeerConnection) -> Promise {
    let none = JsValue::UNDEFINED;
    pc.set_local_description(none.unchecked_ref())
}

/// Sets the answer to our offer, which stays as the browser made it: only the answer is ours.
fn dial(pc: &RtcPeerConnection, endpoint: &Endpoint) -> Option<Promise> {
    let local = pc.local_description().map(|local| local.sdp()).unwrap_or_default();
    let local = sdp::parse(&local).ok()?;
    let answer = init(RtcSdpType::Answer, &sdp::dial_answer(endpoint, &local.pwd));
    Some(pc.set_remote_description(&answer))
}

fn found(event: &RtcPeerConnectionIceEvent) -> Happening {
    // The end is told by an event without a candidate, before that in some browsers by an empty one.
    match event.candidate().map(|candidate| candidate.candidate()) {
        Some(line) if !line.is_empty() => {
            Happening::Candidate { outside: line.split(' ').any(|word| word == "srflx") }
        }
        Some(_) => Happening::Candidate { outside: false },
        None => Happening::Gathered,
    }
}

fn configuration(stun: &[String]) -> RtcConfiguration {
    let configuration = RtcConfiguration::new();
    if !stun.is_empty() {
        let urls: Array = stun.iter().map(|url| JsValue::from_str(url)).collect();
        let server = RtcIceServer::new();
        server.set_urls(&urls);
        configuration.set_ice_servers(&Array::of1(&server));
    }
    configuration
}

fn negotiated() -> RtcDataChannelInit {
    let init = RtcDataChannelInit::new();
    init.set_negotiated(true);
    init.set_id(0);
    init
}

fn init(kind: RtcSdpType, sdp: &str) -> RtcSessionDescriptionInit {
    let init = RtcSessionDescriptionInit::new(kind);
    init.set_sdp(sdp);
    init
}

fn function<T: ?Sized + WasmClosure>(closure: &Closure<T>) -> &Function {
    closure.as_ref().unchecked_ref()
}

fn text(entry: &JsValue, name: &str) -> Option<String> {
    Reflect::get(entry, &JsValue::from_str(name)).ok()?.as_string()
}

fn number(entry: &JsValue, name: &str) -> Option<f64> {
    Reflect::get(entry, &JsValue::from_str(name)).ok()?.as_f64()
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}
