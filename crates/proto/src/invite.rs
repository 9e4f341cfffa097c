//! Invites and reply codes: what one person hands to another so that their nodes can meet.
//!
//! Both are URL-safe text: a version byte, CBOR with numbered fields, and a checksum that tells a truncated
//! copy from a whole one. An invite is a URL fragment: it never reaches a server's log.

use crate::endpoint::{Description, Endpoint};
use crate::group::{ConversationId, ConversationKind, Ticket};
use crate::identity::{Name, NodeId};
use crate::time::Instant;
use crate::wire::bounded::{List, fixed_bytes};
use crate::wire::cbor::{self, Wire, structure};
use base64ct::{Base64UrlUnpadded, Encoding};

/// The longest invite or reply code as text: an offer with sixteen candidates and a ticket is well below,
/// and a person's paste of something else entirely is refused before it is decoded.
pub const TEXT_MAX: usize = 6000;
/// The most native nodes that an invite names as introducers: one to use, one to spare.
pub const VIA_MAX: usize = 2;

const INVITE_VERSION: u8 = 1;
const REPLY_VERSION: u8 = 0x81;
const CHECKSUM_LEN: usize = 4;

fixed_bytes! {
    /// Proves to the one who invited that the bearer holds an invite of theirs: an offer that an introducer
    /// carries must show it, so that nobody can learn a tab's addresses uninvited (DESIGN, section 11).
    Pass, 8
}

fixed_bytes! {
    /// Ties a reply code to the offer that it replies to.
    OfferId, 8
}

/// All that is needed to open a link to somebody (DESIGN, section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Whom it leads to.
    pub node: NodeId,
    /// What they are called.
    pub name: Name,
    /// Their own endpoint, when they have one: dial it.
    pub endpoint: Option<Endpoint>,
    /// Native nodes that they are linked to: dial one, be introduced.
    pub via: List<Endpoint, VIA_MAX>,
    /// An offer by hand: answer it with a reply code.
    pub offer: Option<HandOffer>,
    /// The conversation that the bearer is asked into.
    pub conversation: Option<InvitedTo>,
    /// What lets the bearer in without asking.
    pub ticket: Option<Ticket>,
    /// What an introduction must show.
    pub pass: Option<Pass>,
    /// When it stops to work, milliseconds since 1970.
    pub expires_ms: Option<u64>,
}

structure! {
    Invite {
        0 => node, 1 => name, 2 => endpoint, 3 => via or default, 4 => offer, 5 => conversation, 6 => ticket,
        7 => pass, 8 => expires_ms,
    }
}

/// The conversation that an invite asks into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedTo {
    /// Which one.
    pub id: ConversationId,
    /// Private or public.
    pub kind: ConversationKind,
    /// What the one who invites calls it.
    pub name: Name,
}

structure! { InvitedTo { 0 => id, 1 => kind, 2 => name } }

/// An offer that travels inside an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOffer {
    /// What the reply code must name.
    pub id: OfferId,
    /// The offer.
    pub description: Description,
}

structure! { HandOffer { 0 => id, 1 => description } }

/// The answer to an offer by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyCode {
    /// The offer that it answers.
    pub offer: OfferId,
    /// Who answers.
    pub node: NodeId,
    /// The answer.
    pub description: Description,
}

structure! { ReplyCode { 0 => offer, 1 => node, 2 => description } }

/// Why a text is no usable invite or reply code. Each says what a person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Characters or a beginning that no invite has.
    #[error("this is not a Tertulia invite: check that you copied the right link")]
    NotAnInvite,
    /// A reply code where an invite belongs.
    #[error(
        "this is a reply code, not an invite: the person who sent you the invite enters it under “By hand”"
    )]
    IsReply,
    /// An invite where a reply code belongs.
    #[error(
        "this is an invite, not a reply code: open it as a link, and enter here what your friend's page shows"
    )]
    IsInvite,
    /// A part is missing or was changed.
    #[error("the code is incomplete or damaged: copy it again, whole, or ask for a new one")]
    Damaged,
    /// Made by a later version.
    #[error("the code was made by a newer Tertulia: reload the page or update your node")]
    Newer,
    /// Its time has passed.
    #[error("the invite has expired: ask for a new one")]
    Expired,
}

impl Invite {
    /// Reads the text of an invite, or of a URL that has one as its fragment, at the moment `now`.
    pub fn parse(text: &str, now: Instant) -> Result<Self, InviteError> {
        let invite: Self = read(text.rsplit('#').next().unwrap_or_default(), INVITE_VERSION)?;
        match invite.expires_ms {
            Some(end) if end <= now.as_millis() => Err(InviteError::Expired),
            _ => Ok(invite),
        }
    }

    /// Whether it carries an offer, which the bearer answers with a reply code.
    pub fn is_by_hand(&self) -> bool {
        self.offer.is_some()
    }
}

impl std::fmt::Display for Invite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&write(self, INVITE_VERSION))
    }
}

impl ReplyCode {
    /// Reads the text of a reply code.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        read(text, REPLY_VERSION)
    }
}

impl std::fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&write(self, REPLY_VERSION))
    }
}

fn write(value: &impl Wire, version: u8) -> String {
    let mut bytes = vec![version];
    bytes.extend(cbor::encode(value));
    let sum = checksum(&bytes);
    bytes.extend(sum);
    Base64UrlUnpadded::encode_string(&bytes)
}

fn read<T: Wire>(text: &str, version: u8) -> Result<T, InviteError> {
    // Mail programs break long lines, and people end a sentence with a link.
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let text = text.trim_end_matches(['.', ',', ';', ')', '>', '"', '\'']);
    if text.is_empty() || text.len() > TEXT_MAX || !text.bytes().all(is_base64url) {
        return Err(InviteError::NotAnInvite);
    }
    // A text cut in mid-triple has a length or trailing bits that no encoder makes: damaged, not foreign.
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| damaged_or_foreign(text))?;
    let (body, sum) = bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or(InviteError::NotAnInvite)?;
    match body.first() {
        Some(&found) if found == version => {}
        Some(&REPLY_VERSION) => return Err(InviteError::IsReply),
        Some(&INVITE_VERSION) => return Err(InviteError::IsInvite),
        Some(2..=9 | 0x82..=0x89) if *sum == checksum(body) => return Err(InviteError::Newer),
        _ => return Err(InviteError::NotAnInvite),
    }
    if *sum != checksum(body) {
        return Err(InviteError::Damaged);
    }
    cbor::decode(&body[1..]).ok_or(InviteError::Damaged)
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// What [`write`] makes begins with the version byte and a CBOR map of up to fifteen pairs.
fn damaged_or_foreign(text: &str) -> InviteError {
    let is_ours = ["Aa", "ga"].iter().any(|beginning| text.starts_with(beginning));
    if is_ours { InviteError::Damaged } else { InviteError::NotAnInvite }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut sum = [0; CHECKSUM_LEN];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM_LEN]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Address, Fingerprint};

    fn invite() -> Invite {
        let address = Address("127.0.0.1:4000".parse().unwrap());
        Invite {
            node: NodeId([1; 16]),
            name: Name::cut("Ana"),
            endpoint: Some(Endpoint { fingerprint: Fingerprint([2; 32]), addresses: List::first([address]) }),
            via: List::default(),
            offer: None,
            conversation: None,
            ticket: None,
            pass: None,
            expires_ms: Some(1000),
        }
    }

    #[test]
    fn an_invite_survives_as_text_and_as_a_url() {
        let text = invite().to_string();
        assert_eq!(Invite::parse(&text, Instant::default()), Ok(invite()));
        let (left, right) = text.split_at(40);
        assert_eq!(
            Invite::parse(&format!(" http://host/#{left}\r\n {right}.\n"), Instant::default()),
            Ok(invite())
        );
        assert!(text.len() < 110, "a node's invite grew to {} characters", text.len());
    }

    #[test]
    fn it_expires_at_its_moment() {
        let text = invite().to_string();
        assert!(Invite::parse(&text, Instant::from_millis(999)).is_ok());
        assert_eq!(Invite::parse(&text, Instant::from_millis(1000)), Err(InviteError::Expired));
    }

    #[test]
    fn every_truncation_is_told_from_a_foreign_text() {
        let text = invite().to_string();
        for end in 8..text.len() {
            assert_eq!(
                Invite::parse(&text[..end], Instant::default()),
                Err(InviteError::Damaged),
                "at {end}"
            );
        }
        assert_eq!(Invite::parse("hello world", Instant::default()), Err(InviteError::NotAnInvite));
        assert_eq!(Invite::parse("", Instant::default()), Err(InviteError::NotAnInvite));
    }

    #[test]
    fn an_invite_is_no_reply_code() {
        assert_eq!(ReplyCode::parse(&invite().to_string()), Err(InviteError::IsInvite));
    }
}
