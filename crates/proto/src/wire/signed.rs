//! Values that carry a signature: decoding one checks it, so that holding one means that it is genuine.

use crate::identity::Signature;
use crate::wire::cbor::{Reader, Wire, Writer, decode, encode};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use std::ops::Deref;
use std::sync::Arc;

/// A value that names the key which must have signed it.
pub trait SelfSigned {
    /// Keeps the uses of one key apart: part of what is signed.
    const CONTEXT: &'static str;
    /// The Ed25519 public key of the signer.
    fn signer(&self) -> [u8; 32];
    /// Whether what else the value must prove holds.
    fn holds(&self) -> bool {
        true
    }
}

/// A value with the bytes that were signed and the signature over them.
///
/// The bytes are kept as they came, so that fields which this version does not know stay covered. It never changes: clones are the
/// same one.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed<T>(Arc<Parts<T>>);

#[derive(Debug, PartialEq, Eq)]
struct Parts<T> {
    value: T,
    body: Vec<u8>,
    signature: Signature,
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: SelfSigned + Wire> Signed<T> {
    /// Signs `value`; `key` must be the one that the value names.
    pub(crate) fn sign(value: T, key: &SigningKey) -> Self {
        debug_assert_eq!(value.signer(), key.verifying_key().to_bytes(), "signed with another key");
        let body = encode(&value);
        let signature = Signature(key.sign(&framed(T::CONTEXT, &body)).to_bytes());
        Self(Arc::new(Parts { value, body, signature }))
    }
}

impl<T> Deref for Signed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: SelfSigned + Wire> Wire for Signed<T> {
    fn write(&self, to: &mut Writer) {
        write_pair(to, &self.0.body, &self.0.signature);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (body, signature) = read_pair(from)?;
        let value: T = decode(body)?;
        let is_genuine = value.holds() && verify(&value.signer(), T::CONTEXT, body, &signature);
        is_genuine.then(|| Self(Arc::new(Parts { value, body: body.to_vec(), signature })))
    }
}

/// Writes what was signed and the signature over it.
pub(crate) fn write_pair(to: &mut Writer, body: &[u8], signature: &Signature) {
    to.array(2);
    to.bytes(body);
    signature.write(to);
}

/// Reads what was signed and the signature over it.
pub(crate) fn read_pair<'b>(from: &mut Reader<'b>) -> Option<(&'b [u8], Signature)> {
    from.pair()?;
    Some((from.bytes()?, Signature::read(from)?))
}

/// Whether `key` signed `message` under `context`. Weak keys and malleable signatures are refused.
pub(crate) fn verify(key: &[u8; 32], context: &str, message: &[u8], signature: &Signature) -> bool {
    let message = framed(context, message);
    #[cfg(feature = "one-process")]
    return memo::verify(key, &message, signature);
    #[cfg(not(feature = "one-process"))]
    verify_anew(key, &message, signature)
}

fn verify_anew(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(message, &signature).is_ok()
}

/// Which signatures were found genuine in this thread. Every node of a simulated world checks every signature, which was
/// a third of its time; whether one holds is the same for all of them.
#[cfg(feature = "one-process")]
mod memo {
    use crate::identity::Signature;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    /// As many as a large world has; then it begins anew.
    const MEMO_MAX: usize = 1 << 14;

    thread_local! {
        static GENUINE: RefCell<BTreeSet<[u8; 32]>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn verify(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
        let mut hasher = blake3::Hasher::new();
        let all = *hasher.update(key).update(&signature.0).update(message).finalize().as_bytes();
        if GENUINE.with_borrow(|genuine| genuine.contains(&all)) {
            return true;
        }
        let holds = super::verify_anew(key, message, signature);
        if holds {
            GENUINE.with_borrow_mut(|genuine| {
                if genuine.len() >= MEMO_MAX {
                    genuine.clear();
                }
                genuine.insert(all);
            });
        }
        holds
    }
}

/// What is really signed: the context, a zero byte, the message.
pub(crate) fn framed(context: &str, message: &[u8]) -> Vec<u8> {
    [context.as_bytes(), &[0], message].concat()
}

#[cfg(test)]
mod tests {
    use crate::identity::{Certificate, Identity, Name};
    use crate::rng::Rng;
    use crate::wire::cbor::{decode, encode};

    #[test]
    fn one_flipped_bit_anywhere_is_refused() {
        let ana = Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1);
        let good = encode(ana.certificate());
        assert_eq!(&decode::<Certificate>(&good).unwrap(), ana.certificate());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(decode::<Certificate>(&bad).is_none(), "bit of byte {at} passed");
        }
    }
}
