//! What we read and write of STUN (RFC 8489) ourselves, beside the ICE agents: to tell datagrams apart, to answer
//! plain binding requests, to ask for our own public address, and to nominate early.

use super::certificate::Crypto;
use rtc::stun::attributes::{ATTR_FINGERPRINT, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{
    BINDING_REQUEST, BINDING_SUCCESS, Getter, MAGIC_COOKIE, Message, Setter, TransactionId, is_stun_message,
};
use rtc::stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use tertulia_proto::endpoint::IceUfrag;

/// The longest STUN message that we look at: an ICE check is under 200 bytes, and longer ones only cost time.
const MESSAGE_MAX: usize = 1_280;

/// A STUN message that was decoded; nothing of it is proven yet.
pub(super) struct Stun(Message);

/// The two halves of an ICE check's USERNAME (RFC 8445, section 7.2.2).
pub(super) struct Username {
    /// The user fragment of whom the check is for.
    pub(super) receiver: IceUfrag,
    /// The user fragment of who sent it.
    pub(super) sender: IceUfrag,
}

impl Stun {
    /// Whether a datagram claims to be STUN (RFC 7983: first byte below four, then the cookie).
    pub(super) fn matches(datagram: &[u8]) -> bool {
        datagram.first().is_some_and(|byte| *byte < 4) && is_stun_message(datagram)
    }

    /// Decodes a datagram for which [`Stun::matches`] holds.
    pub(super) fn decode(datagram: &[u8]) -> Option<Self> {
        let whole = datagram.len() <= MESSAGE_MAX && datagram.len() >= 20;
        let mut message = Message { raw: whole.then(|| datagram.to_vec())?, ..Message::default() };
        message.decode().ok()?;
        let whole = message.raw.len() == 20 + message.length as usize;
        let sound = !message.contains(ATTR_FINGERPRINT) || FINGERPRINT.check(&message).is_ok();
        (whole && sound).then_some(Self(message))
    }

    pub(super) fn is_request(&self) -> bool {
        self.0.typ == BINDING_REQUEST
    }

    pub(super) fn is_success(&self) -> bool {
        self.0.typ == BINDING_SUCCESS
    }

    pub(super) fn transaction(&self) -> [u8; 12] {
        self.0.transaction_id.0
    }

    pub(super) fn nominates(&self) -> bool {
        self.0.contains(ATTR_USE_CANDIDATE)
    }

    pub(super) fn has_username(&self) -> bool {
        self.0.contains(ATTR_USERNAME)
    }

    pub(super) fn username(&self) -> Option<Username> {
        let value = self.0.get(ATTR_USERNAME).ok()?;
        let (receiver, sender) = std::str::from_utf8(&value).ok()?.split_once(':')?;
        Some(Username { receiver: IceUfrag::new(receiver)?, sender: IceUfrag::new(sender)? })
    }

    /// Whether the sender knew `pwd` (RFC 8489, section 9.1.3).
    pub(super) fn is_signed_with(&mut self, pwd: &str, crypto: &Crypto) -> bool {
        MessageIntegrity::check(&mut self.0, pwd.as_bytes(), crypto.functions()).is_ok()
    }

    /// The address that the answering side saw us at.
    pub(super) fn mapped_address(&self) -> Option<SocketAddr> {
        let mut address = XorMappedAddress::default();
        address.get_from(&self.0).ok()?;
        Some(SocketAddr::new(address.ip, address.port))
    }

    /// The answer to a plain binding request: the address that it came from, and no credentials.
    pub(super) fn answer(&self, from: SocketAddr) -> Option<Vec<u8>> {
        let address = XorMappedAddress { ip: from.ip(), port: from.port() };
        let id = TransactionId(self.transaction());
        build(&[Box::new(BINDING_SUCCESS), Box::new(id), Box::new(address), Box::new(FINGERPRINT)])
    }

    /// The same request with USE-CANDIDATE, signed anew with our own password.
    pub(super) fn nominating(&self, pwd: &str, crypto: &Crypto) -> Option<Vec<u8>> {
        let mut message = Message::new();
        message.set_type(BINDING_REQUEST);
        message.transaction_id = self.0.transaction_id;
        message.write_header();
        let rewritten = [ATTR_MESSAGE_INTEGRITY, ATTR_FINGERPRINT, ATTR_USE_CANDIDATE];
        for attribute in self.0.attributes.0.iter().filter(|attribute| !rewritten.contains(&attribute.typ)) {
            message.add(attribute.typ, &attribute.value);
        }
        message.add(ATTR_USE_CANDIDATE, &[]);
        MessageIntegrity::new_short_term_integrity_with_provider(pwd.to_owned(), crypto.functions())
            .add_to(&mut message)
            .ok()?;
        FINGERPRINT.add_to(&mut message).ok()?;
        Some(message.raw)
    }
}

/// A plain binding request: the question for our own address.
pub(super) fn question(transaction: [u8; 12]) -> Option<Vec<u8>> {
    build(&[Box::new(BINDING_REQUEST), Box::new(TransactionId(transaction)), Box::new(FINGERPRINT)])
}

/// The transaction of an outgoing binding request, to recognise its answer by.
pub(super) fn request_transaction(datagram: &[u8]) -> Option<[u8; 12]> {
    let request =
        datagram.len() >= 20 && datagram[..2] == [0, 1] && datagram[4..8] == MAGIC_COOKIE.to_be_bytes();
    if request { datagram[8..20].try_into().ok() } else { None }
}

fn build(setters: &[Box<dyn Setter>]) -> Option<Vec<u8>> {
    let mut message = Message::new();
    message.build(setters).ok()?;
    Some(message.raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rtc::stun::textattrs::TextAttribute;

    const PWD: &str = "0123456789abcdef0123456789abcdef";

    fn check(username: &str, pwd: &str, crypto: &Crypto) -> Vec<u8> {
        let integrity =
            MessageIntegrity::new_short_term_integrity_with_provider(pwd.to_owned(), crypto.functions());
        let mut message = Message::new();
        message
            .build(&[
                Box::new(BINDING_REQUEST),
                Box::new(TransactionId([9; 12])),
                Box::new(TextAttribute::new(ATTR_USERNAME, username.to_owned())),
                Box::new(integrity),
                Box::new(FINGERPRINT),
            ])
            .unwrap();
        message.raw
    }

    #[test]
    fn a_plain_request_is_answered_with_the_address_it_came_from() {
        for from in ["203.0.113.5:61000", "[2001:db8::7]:5"] {
            let from: SocketAddr = from.parse().unwrap();
            let request = Stun::decode(&question([3; 12]).unwrap()).unwrap();
            assert!(request.is_request() && !request.has_username());
            let answer = Stun::decode(&request.answer(from).unwrap()).unwrap();
            assert!(answer.is_success());
            assert_eq!(answer.transaction(), [3; 12]);
            assert_eq!(answer.mapped_address(), Some(from));
        }
    }

    #[test]
    fn a_check_signed_with_another_password_is_not_ours() {
        let crypto = Crypto::new().unwrap();
        let raw = check("ours:theirs", PWD, &crypto);
        let mut stun = Stun::decode(&raw).unwrap();
        assert!(stun.is_signed_with(PWD, &crypto));
        assert!(!stun.is_signed_with("another password 0123456", &crypto));
        let mut altered = raw;
        altered[25] ^= 1;
        assert!(Stun::decode(&altered).is_none(), "the checksum tells that it was altered");
        let checksum = altered.len() - 8;
        altered.truncate(checksum);
        altered[3] -= 8;
        assert!(!Stun::decode(&altered).unwrap().is_signed_with(PWD, &crypto));
    }

    #[test]
    fn nomination_keeps_the_transaction_and_the_names() {
        let crypto = Crypto::new().unwrap();
        let request = Stun::decode(&check("ours:theirs", PWD, &crypto)).unwrap();
        let mut nominating = Stun::decode(&request.nominating(PWD, &crypto).unwrap()).unwrap();
        assert!(nominating.nominates() && !request.nominates());
        assert_eq!(nominating.transaction(), request.transaction());
        assert!(nominating.is_signed_with(PWD, &crypto));
        let username = nominating.username().unwrap();
        assert_eq!((username.receiver.as_str(), username.sender.as_str()), ("ours", "theirs"));
    }

    #[test]
    fn a_username_outside_of_the_ice_alphabet_is_refused() {
        let crypto = Crypto::new().unwrap();
        for username in ["no colon", "ours:a=evil\r\n", "a:b", ""] {
            assert!(Stun::decode(&check(username, PWD, &crypto)).unwrap().username().is_none());
        }
    }

    proptest! {
        #[test]
        fn no_datagram_breaks_the_decoder(mut datagram in proptest::collection::vec(any::<u8>(), 0..200), dress in any::<bool>()) {
            if dress && datagram.len() >= 20 {
                datagram[..2].copy_from_slice(&[0, 1]);
                let length = u16::try_from(datagram.len() - 20).unwrap().to_be_bytes();
                datagram[2..4].copy_from_slice(&length);
                datagram[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
            }
            let crypto = Crypto::new().unwrap();
            if let Some(mut stun) = Stun::decode(&datagram) {
                let _ = (stun.username().is_some(), stun.mapped_address(), stun.is_signed_with(PWD, &crypto));
                let _ = stun.nominating(PWD, &crypto);
            }
        }
    }
}
