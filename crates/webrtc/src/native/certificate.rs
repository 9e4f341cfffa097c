//! The certificate that a native node shows in DTLS: made once, kept, and named by every invite.

use rtc::crypto::{HashAlgorithm, RTCCrypto, RTCCryptoProvider, SignatureScheme};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use std::fmt;
use std::sync::Arc;
use tertulia_proto::Fingerprint;

/// A self-signed ECDSA P-256 certificate with its private key.
#[derive(Clone)]
pub struct Certificate {
    inner: RTCCertificate,
    fingerprint: Fingerprint,
    crypto: Crypto,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The kept text is damaged.
    #[error("the kept certificate cannot be read: {0}")]
    Unreadable(String),
    /// The host's cryptography failed.
    #[error("no certificate could be made: {0}")]
    Crypto(String),
}

impl Certificate {
    /// Makes a new one. Nothing in it names the user or the host.
    pub fn generate() -> Result<Self, CertificateError> {
        let crypto = Crypto::new()?;
        let failed = |error: &dyn fmt::Display| CertificateError::Crypto(error.to_string());
        let params = CertificateParams::new(vec![crate::LABEL.to_owned()]).map_err(|error| failed(&error))?;
        let inner = RTCCertificate::generate(crypto.functions(), SignatureScheme::EcdsaP256Sha256, params)
            .map_err(|error| failed(&error))?;
        Self::new(inner, crypto)
    }

    /// Reads what [`Certificate::to_pem`] wrote.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let crypto = Crypto::new()?;
        if !has_expiry(pem) {
            return Err(CertificateError::Unreadable("its first block is damaged".to_owned()));
        }
        let inner = RTCCertificate::from_pem(pem, crypto.functions())
            .map_err(|error| CertificateError::Unreadable(error.to_string()))?;
        Self::new(inner, crypto)
    }

    /// The certificate and its private key as text: a secret.
    pub fn to_pem(&self) -> Result<String, CertificateError> {
        self.inner.serialize_pem().map_err(|error| CertificateError::Crypto(error.to_string()))
    }

    /// What invites and handshakes call it by.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(super) fn inner(&self) -> &RTCCertificate {
        &self.inner
    }

    pub(super) fn crypto(&self) -> &Crypto {
        &self.crypto
    }

    fn new(inner: RTCCertificate, crypto: Crypto) -> Result<Self, CertificateError> {
        let der = inner.dtls_certificate.certificate.first().map(|der| der.as_ref());
        let missing = || CertificateError::Unreadable("it holds no certificate".to_owned());
        let fingerprint = crypto.fingerprint(der.ok_or_else(missing)?)?;
        Ok(Self { inner, fingerprint, crypto })
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?})", self.fingerprint)
    }
}

/// The cryptography beneath: one provider for all that this crate does natively.
#[derive(Clone)]
pub(super) struct Crypto(Arc<dyn RTCCryptoProvider>);

impl Crypto {
    pub(super) fn new() -> Result<Self, CertificateError> {
        rtc::crypto::default_provider().map(Self).map_err(|error| CertificateError::Crypto(error.to_string()))
    }

    pub(super) fn functions(&self) -> &dyn RTCCrypto {
        self.0.crypto()
    }

    /// The SHA-256 of a certificate in DER.
    pub(super) fn fingerprint(&self, der: &[u8]) -> Result<Fingerprint, CertificateError> {
        let digest = self.functions().hash(HashAlgorithm::Sha256, der);
        let digest = digest.map_err(|error| CertificateError::Crypto(error.to_string()))?;
        let wrong = |_| CertificateError::Crypto("a digest of a wrong length".to_owned());
        Ok(Fingerprint(digest.try_into().map_err(wrong)?))
    }

    /// Fresh random bytes.
    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], CertificateError> {
        let mut bytes = [0; N];
        self.0.random().fill(&mut bytes).map_err(|error| CertificateError::Crypto(error.to_string()))?;
        Ok(bytes)
    }
}

/// The reader beneath takes eight bytes from the first block without looking: so we look.
fn has_expiry(pem: &str) -> bool {
    let mut lines = pem.lines();
    lines.next() == Some("-----BEGIN EXPIRES-----") && lines.next().is_some_and(|line| line.len() == 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_certificate_is_the_same_one() {
        let made = Certificate::generate().unwrap();
        let kept = Certificate::from_pem(&made.to_pem().unwrap()).unwrap();
        assert_eq!(kept.fingerprint(), made.fingerprint());
        assert_ne!(Certificate::generate().unwrap().fingerprint(), made.fingerprint());
    }

    #[test]
    fn a_damaged_file_is_an_error_and_no_panic() {
        let pem = Certificate::generate().unwrap().to_pem().unwrap();
        for cut in (0..pem.trim_end().len()).step_by(7) {
            assert!(Certificate::from_pem(&pem[..cut]).is_err(), "cut at {cut}");
        }
        for text in ["", "nonsense", "-----BEGIN EXPIRES-----\nAA==\n-----END EXPIRES-----\n"] {
            assert!(Certificate::from_pem(text).is_err());
        }
    }
}
