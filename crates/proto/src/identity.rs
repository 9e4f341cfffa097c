//! Who somebody is: accounts, devices, and the certificates and profiles that tie them together.

use crate::rng::Rng;
use crate::wire::bounded::{Text, fixed_bytes};
use crate::wire::cbor::{self, Reader, Wire, Writer, structure};
use crate::wire::signed::{SelfSigned, Signed};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::Zeroizing;

fixed_bytes! {
    /// A user: the Ed25519 public key of the account, which signs devices and the profile.
    AccountId, 32
}
fixed_bytes! {
    /// The Ed25519 public key of one device, which signs handshakes and operations.
    DeviceKey, 32
}
fixed_bytes! {
    /// The X25519 public key that introductions to a device are sealed to (RFC 9180).
    SealingKey, 32
}
fixed_bytes! {
    /// A node: the first 128 bits of BLAKE3 over its device key. Its place in the overlay, too.
    NodeId, 16
}
fixed_bytes! {
    /// An Ed25519 signature.
    Signature, 64
}

/// The longest name of a person or a device, in bytes: a line on a phone, in any script.
pub const NAME_MAX: usize = 96;
/// The longest status text, in bytes.
pub const STATUS_MAX: usize = 280;

/// What a person, a device or a conversation is called: one line of at most [`NAME_MAX`] bytes without
/// control characters, so that no name can move a terminal's cursor or turn the text after it around.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Text<NAME_MAX>);

impl Name {
    /// Takes as much of `text` as fits, without what a name must not hold.
    pub fn cut(text: &str) -> Self {
        let kept: String = text.trim().chars().filter(|c| is_plain(*c)).collect();
        Self(Text::cut(kept.trim()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Wire for Name {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Text::read(from).filter(|text| text.as_str().chars().all(is_plain)).map(Self)
    }
}

/// Neither a control character nor one that steers the direction of text (Unicode Bidi_Control).
pub(crate) fn is_plain(c: char) -> bool {
    let steers =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !steers && !matches!(c, '\u{2028}' | '\u{2029}')
}

impl DeviceKey {
    /// The node that this key belongs to.
    pub fn node(&self) -> NodeId {
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..16]);
        NodeId(id)
    }
}

/// What the account says of one of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateBody {
    /// The account that vouches.
    pub account: AccountId,
    /// The device vouched for.
    pub device: DeviceKey,
    /// The key to seal introductions to that device with.
    pub sealing: SealingKey,
    /// What the user calls the device.
    pub name: Name,
    /// When it was issued, milliseconds since 1970.
    pub issued_ms: u64,
    /// Rises with each certificate of the account: the newest counts.
    pub seq: u64,
    /// By the device, over the account and the sealing key: nobody can certify a device of somebody else's.
    pub endorsement: Signature,
}

structure! {
    CertificateBody {
        0 => account, 1 => device, 2 => sealing, 3 => name, 4 => issued_ms, 5 => seq, 6 => endorsement,
    }
}

const ENDORSEMENT: &str = "tertulia device endorsement v1";

impl SelfSigned for CertificateBody {
    const CONTEXT: &'static str = "tertulia device certificate v1";
    fn signer(&self) -> [u8; 32] {
        self.account.0
    }
    fn holds(&self) -> bool {
        let endorsed = [self.account.0, self.sealing.0].concat();
        crate::wire::signed::verify(&self.device.0, ENDORSEMENT, &endorsed, &self.endorsement)
    }
}

/// A device's certificate: holding one means that its signature was checked.
pub type Certificate = Signed<CertificateBody>;

impl Certificate {
    /// The node that the certified device is.
    pub fn node(&self) -> NodeId {
        self.device.node()
    }
}

/// What a user says of themself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileBody {
    /// Whose profile it is.
    pub account: AccountId,
    /// The name to show.
    pub name: Name,
    /// A line about what they are up to.
    pub status: Option<Text<STATUS_MAX>>,
    /// Rises with each change: the newest counts.
    pub seq: u64,
}

structure! { ProfileBody { 0 => account, 1 => name, 2 => status, 3 => seq } }

impl SelfSigned for ProfileBody {
    const CONTEXT: &'static str = "tertulia profile v1";
    fn signer(&self) -> [u8; 32] {
        self.account.0
    }
}

/// A user's profile: holding one means that its signature was checked.
pub type Profile = Signed<ProfileBody>;

/// This node's own keys with the certificate and the profile that it shows to others.
pub struct Identity {
    account: SigningKey,
    device: SigningKey,
    certificate: Certificate,
    profile: Profile,
}

impl Identity {
    /// Makes a new user with one device, named `name`, at `now_ms` milliseconds since 1970.
    pub fn generate(rng: &mut Rng, name: &Name, now_ms: u64) -> Self {
        let account = SigningKey::from_bytes(&rng.bytes());
        let device = SigningKey::from_bytes(&rng.bytes());
        Self::of(account, device, name, now_ms)
    }

    fn of(account: SigningKey, device: SigningKey, name: &Name, now_ms: u64) -> Self {
        let account_id = AccountId(account.verifying_key().to_bytes());
        let sealing = crate::wire::seal::public_key(&sealing_seed(&device));
        let endorsed = crate::wire::signed::framed(ENDORSEMENT, &[account_id.0, sealing.0].concat());
        let body = CertificateBody {
            account: account_id,
            device: DeviceKey(device.verifying_key().to_bytes()),
            sealing,
            name: Name::default(),
            issued_ms: now_ms,
            seq: 1,
            endorsement: Signature(device.sign(&endorsed).to_bytes()),
        };
        let certificate = Signed::sign(body, &account);
        let profile = ProfileBody { account: account_id, name: name.clone(), status: None, seq: 1 };
        Self { certificate, profile: Signed::sign(profile, &account), account, device }
    }

    /// The same user on another device.
    #[cfg(test)]
    pub(crate) fn sibling(&self, rng: &mut Rng) -> Self {
        Self::of(self.account.clone(), SigningKey::from_bytes(&rng.bytes()), &self.profile.name, 1)
    }

    /// The certificate of this device.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The profile of this user.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The user.
    pub fn account(&self) -> AccountId {
        self.certificate.account
    }

    /// The node.
    pub fn node(&self) -> NodeId {
        self.certificate.node()
    }

    /// Takes another name; nothing changes, and nothing is signed anew, when it is the same.
    pub fn rename(&mut self, name: &Name) {
        if self.profile.name != *name {
            let body =
                ProfileBody { name: name.clone(), seq: self.profile.seq + 1, ..(*self.profile).clone() };
            self.profile = Signed::sign(body, &self.account);
        }
    }

    /// Signs `message` with the device key, under a context that keeps its uses apart.
    pub(crate) fn sign(&self, context: &str, message: &[u8]) -> Signature {
        Signature(self.device.sign(&crate::wire::signed::framed(context, message)).to_bytes())
    }

    /// Signs a body whose signer is this device.
    pub fn sign_body<T: SelfSigned + Wire>(&self, body: T) -> Signed<T> {
        Signed::sign(body, &self.device)
    }

    /// Signs a body whose signer is this user.
    pub(crate) fn sign_as_user<T: SelfSigned + Wire>(&self, body: T) -> Signed<T> {
        Signed::sign(body, &self.account)
    }

    /// The private half of the sealing key.
    pub(crate) fn sealing_seed(&self) -> Zeroizing<[u8; 32]> {
        sealing_seed(&self.device)
    }

    /// A secret for `purpose` that only this device can make again.
    pub(crate) fn secret(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(purpose, self.device.as_bytes()))
    }

    /// The identity as bytes to keep. Whoever reads them is this user: keep them accordingly.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let kept = Kept {
            account: *self.account.as_bytes(),
            device: *self.device.as_bytes(),
            certificate: self.certificate.clone(),
            profile: self.profile.clone(),
        };
        Zeroizing::new(cbor::encode(&kept))
    }

    /// The identity that [`Self::to_bytes`] kept, or nothing when the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let kept: Kept = cbor::decode(bytes)?;
        let account = SigningKey::from_bytes(&kept.account);
        let device = SigningKey::from_bytes(&kept.device);
        let whole = kept.certificate.account.0 == account.verifying_key().to_bytes()
            && kept.certificate.device.0 == device.verifying_key().to_bytes()
            && kept.profile.account == kept.certificate.account;
        whole.then_some(Self {
            account,
            device,
            certificate: kept.certificate.clone(),
            profile: kept.profile.clone(),
        })
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({:?})", self.node())
    }
}

/// The form of an identity at rest.
struct Kept {
    account: [u8; 32],
    device: [u8; 32],
    certificate: Certificate,
    profile: Profile,
}

structure! { Kept { 0 => account, 1 => device, 2 => certificate, 3 => profile } }

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.account);
        zeroize::Zeroize::zeroize(&mut self.device);
    }
}

fn sealing_seed(device: &SigningKey) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(blake3::derive_key("tertulia 2026-11 sealing key v1", device.as_bytes()))
}

/// The number that two users read to each other to know that nobody sits between them: sixty digits in
/// twelve groups, the same on both sides: 199 bits of BLAKE3 over both account keys, the lower key first.
pub fn safety_number(one: &AccountId, other: &AccountId) -> String {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let part = |part: u8| {
        let material = [&[part], &low.0[..], &high.0].concat();
        blake3::derive_key("tertulia 2026-11 safety number v1", &material)
    };
    let bytes = [0, 1, 2].map(part).concat();
    let group = |chunk: &[u8]| {
        let number = chunk.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        format!("{:05}", number % 100_000)
    };
    bytes.chunks_exact(8).map(group).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(seed: u8) -> Identity {
        Identity::generate(&mut Rng::new([seed; 32]), &Name::cut("Ana"), 1)
    }

    #[test]
    fn an_identity_survives_being_kept() {
        let ana = someone(1);
        let again = Identity::from_bytes(&ana.to_bytes()).unwrap();
        assert_eq!(again.node(), ana.node());
        assert_eq!(again.sign("c", b"m"), ana.sign("c", b"m"));
    }

    #[test]
    fn a_kept_identity_with_another_ones_key_is_refused() {
        let (ana, eva) = (someone(1), someone(2));
        let kept = Kept {
            account: *ana.account.as_bytes(),
            device: *eva.device.as_bytes(),
            certificate: ana.certificate.clone(),
            profile: ana.profile.clone(),
        };
        assert!(Identity::from_bytes(&cbor::encode(&kept)).is_none());
    }

    #[test]
    fn a_new_name_raises_the_sequence() {
        let mut ana = someone(1);
        ana.rename(&Name::cut("Ana"));
        assert_eq!(ana.profile().seq, 1);
        ana.rename(&Name::cut("Anita"));
        assert_eq!((ana.profile().seq, ana.profile().name.as_str()), (2, "Anita"));
    }

    #[test]
    fn nobody_certifies_a_device_of_somebody_elses() {
        let (ana, eva) = (someone(1), someone(2));
        let stolen = CertificateBody { device: ana.certificate.device, ..(*eva.certificate).clone() };
        let bytes = cbor::encode(&Signed::sign(stolen, &eva.account));
        assert!(cbor::decode::<Certificate>(&bytes).is_none());
    }

    #[test]
    fn a_name_steers_no_terminal() {
        assert_eq!(Name::cut(" A\u{1b}[2Jn\u{202e}a\n").as_str(), "A[2Jna");
        let bytes = cbor::encode(&Text::<NAME_MAX>::cut("A\nB"));
        assert!(cbor::decode::<Name>(&bytes).is_none());
    }

    #[test]
    fn safety_numbers_agree_and_differ() {
        let (a, b, c) = (someone(1).account(), someone(2).account(), someone(3).account());
        assert_eq!(safety_number(&a, &b), safety_number(&b, &a));
        assert_ne!(safety_number(&a, &b), safety_number(&a, &c));
        assert_eq!(safety_number(&a, &b).split(' ').count(), 12);
    }
}
