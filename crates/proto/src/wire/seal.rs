//! Sealing to a recipient: HPKE (RFC 9180) in base mode, X25519 with HKDF-SHA256 and ChaCha20-Poly1305.

use crate::identity::SealingKey;
use crate::rng::Rng;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};

type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapped = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The public half of the sealing key whose private half is `seed`.
pub(crate) fn public_key(seed: &[u8; 32]) -> SealingKey {
    let private = Private::from_bytes(seed).expect("every 32 bytes are an X25519 private key");
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&X25519HkdfSha256::sk_to_pk(&private).to_bytes());
    SealingKey(bytes)
}

/// Seals `plain` to `to`: the encapsulated key followed by the ciphertext. Nothing when the key is no good.
pub(crate) fn seal(to: &SealingKey, info: &[u8], plain: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let public = Public::from_bytes(&to.0).ok()?;
    let (encapped, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            info,
            plain,
            b"",
            rng,
        )
        .ok()?;
    Some([&*encapped.to_bytes(), &*sealed].concat())
}

/// Opens what [`seal`] sealed, or nothing when it was not sealed to `seed` with this `info`.
pub(crate) fn open(seed: &[u8; 32], info: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (encapped, sealed) = sealed.split_at_checked(32)?;
    let private = Private::from_bytes(seed).ok()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &Encapped::from_bytes(encapped).ok()?,
        info,
        sealed,
        b"",
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_recipient_opens_and_only_untouched() {
        let mut rng = Rng::new([7; 32]);
        let sealed = seal(&public_key(&[1; 32]), b"i", b"hello", &mut rng).unwrap();
        // The encapsulated key and the tag.
        assert_eq!(sealed.len(), 5 + 32 + 16);
        assert_eq!(open(&[1; 32], b"i", &sealed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(open(&[2; 32], b"i", &sealed), None);
        assert_eq!(open(&[1; 32], b"j", &sealed), None);
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert_eq!(open(&[1; 32], b"i", &bad), None, "byte {at}");
        }
    }
}
