//! Values that carry a signature: decoding one checks it, so that holding one means that it is genuine.

use crate::identity::Signature;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
use std::ops::Deref;

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
/// The bytes are kept as they came, so that fields which this version does not know stay covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    value: T,
    body: Vec<u8>,
    signature: Signature,
}

impl<T: SelfSigned + Encode<()>> Signed<T> {
    /// Signs `value`; `key` must be the one that the value names.
    pub(crate) fn sign(value: T, key: &SigningKey) -> Self {
        debug_assert_eq!(value.signer(), key.verifying_key().to_bytes(), "signed with another key");
        let body = crate::wire::encode(&value);
        let signature = Signature(key.sign(&framed(T::CONTEXT, &body)).to_bytes());
        Self { value, body, signature }
    }
}

impl<T> Deref for Signed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<C, T> Encode<C> for Signed<T> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.bytes(&self.body)?;
        self.signature.encode(e, c)
    }
}

impl<'b, C, T: SelfSigned + Decode<'b, ()>> Decode<'b, C> for Signed<T> {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, Error> {
        if d.array()? != Some(2) {
            return Err(Error::message("signed value is not a pair"));
        }
        let body = d.bytes()?;
        let signature = Signature::decode(d, c)?;
        let value: T = crate::wire::decode_whole(body)?;
        if !value.holds() || !verify(&value.signer(), T::CONTEXT, body, &signature) {
            return Err(Error::message("signature does not hold"));
        }
        Ok(Self { value, body: body.to_vec(), signature })
    }
}

/// Whether `key` signed `message` under `context`. Weak keys and malleable signatures are refused.
pub(crate) fn verify(key: &[u8; 32], context: &str, message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&framed(context, message), &signature).is_ok()
}

/// What is really signed: the context, a zero byte, the message.
pub(crate) fn framed(context: &str, message: &[u8]) -> Vec<u8> {
    [context.as_bytes(), &[0], message].concat()
}

#[cfg(test)]
mod tests {
    use crate::identity::{Certificate, Identity, Name};
    use crate::rng::Rng;

    #[test]
    fn one_flipped_bit_anywhere_is_refused() {
        let ana = Identity::generate(&mut Rng::new([1; 32]), &Name::cut("Ana"), 1);
        let good = crate::wire::encode(ana.certificate());
        assert_eq!(&minicbor::decode::<Certificate>(&good).unwrap(), ana.certificate());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(minicbor::decode::<Certificate>(&bad).is_err(), "bit of byte {at} passed");
        }
    }
}
