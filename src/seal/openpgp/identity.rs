//! An OpenPGP signer with an Ed25519 key.

use std::sync::Arc;

use super::algorithm::{EDDSA_LEGACY, SHA256, SHA512};
use super::detached_signature::DetachedSignature;
use super::hashed_file::HashedFile;
use super::key::PgpKey;
use super::key_packet::{CURVE_ED25519, KeyPacket};
use super::key_ring::MAX_USER_ID_LEN;
use super::packet;
use super::signature_packet::{BINARY, SignatureHead, SignaturePacket};
use super::signer::PgpSigner;
use super::subpackets::{CREATION_TIME, ISSUER_FINGERPRINT, KEY_FLAGS};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{Algorithm, Hash, PublicKey, Signer};

/// The type of a certification of a user id by its own key (RFC 9580, 5.2.1).
const CERTIFICATION: u8 = 0x13;

/// An Ed25519 key with its OpenPGP packet.
#[derive(Debug, Clone)]
pub struct PgpIdentity {
    signer: Arc<dyn Signer>,
    key: PgpKey,
}

impl PgpIdentity {
    /// A new OpenPGP key of an Ed25519 `signer`, with a user id and a self-signature over both. The
    /// fingerprint depends on the time of creation: the caller stores the
    /// [public key](PgpKey::to_armor) with the private one, and later calls
    /// [`from_key`](Self::from_key).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use testamur::Timestamp;
    /// use testamur::seal::{PgpIdentity, PgpSigner, PrivateKey};
    ///
    /// // The example of RFC 8410. `openssl genpkey -algorithm ed25519` makes another key.
    /// let pem = b"-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    /// -----END PRIVATE KEY-----";
    /// let key = Arc::new(PrivateKey::from_pem(pem)?);
    /// let created = Timestamp::parse("2026-05-14T09:30:00Z")?;
    /// let new = PgpIdentity::new(key.clone(), "Example University", created)?;
    /// let armor = new.key().to_armor();
    /// assert!(armor.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    ///
    /// let public = testamur::seal::PgpKey::from_armor(armor.as_bytes())?.remove(0);
    /// let again = PgpIdentity::from_key(key, public)?;
    /// assert_eq!(again.key(), new.key());
    /// # Ok::<(), testamur::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the key is not an Ed25519 key. [`ErrorKind::InvalidValue`]: the user id
    /// is empty, too long, or has control characters. [`ErrorKind::Signer`]: the signer fails.
    pub fn new(
        signer: Arc<dyn Signer>,
        user_id: &str,
        created: Timestamp,
    ) -> Result<Self> {
        if user_id.is_empty()
            || user_id.len() > MAX_USER_ID_LEN
            || user_id.chars().any(char::is_control)
        {
            let message = format!("`{}` is no name for a key", user_id.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        let packet = key_packet(&*signer, created)?;
        let certification = certify(&*signer, &packet, user_id)?;
        let ring = [
            packet::write(packet::PUBLIC_KEY, packet.body()),
            packet::write(packet::USER_ID, user_id.as_bytes()),
            packet::write(packet::SIGNATURE, &certification.body()),
        ];
        let key = PgpKey::from_ring(&ring.concat()).ok_or_else(|| {
            Error::new(ErrorKind::Signer, "the signer's OpenPGP key cannot be read")
        })?;
        Ok(Self { signer, key })
    }

    /// A signer with its public key, which was made before.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the key is not an Ed25519 key, or not the signer's.
    pub fn from_key(signer: Arc<dyn Signer>, key: PgpKey) -> Result<Self> {
        let packet = key_packet(&*signer, key.created())?;
        if packet.fingerprint() != key.packet().fingerprint() {
            let message = format!(
                "the private key does not belong to the OpenPGP key {}",
                key.fingerprint()
            );
            return Err(Error::new(ErrorKind::Key, message)
                .with_help("put both files of one key there, or rotate the keys"));
        }
        Ok(Self { signer, key })
    }
}

impl PgpSigner for PgpIdentity {
    fn key(&self) -> &PgpKey {
        &self.key
    }

    fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature> {
        self.sign_hashed(&HashedFile::new(bytes), now)
    }

    fn sign_hashed(
        &self,
        file: &HashedFile<'_>,
        now: Timestamp,
    ) -> Result<DetachedSignature> {
        let packet = self.key.packet();
        // SHA-256, because most processors have instructions for it.
        let made = sign(&*self.signer, packet, BINARY, SHA256, now, &[], |trailer| {
            file.sha256_with(trailer)
        })?;
        let signature = DetachedSignature::new(made).ok_or_else(not_ed25519)?;
        let findings = signature.standing(&self.key, now);
        match findings.faults.first().or(findings.doubts.first()) {
            None => Ok(signature),
            Some(why) => {
                let message = format!(
                    "the OpenPGP key {} cannot sign ({why})",
                    self.key.fingerprint()
                );
                Err(Error::new(ErrorKind::Key, message)
                    .with_help("make the next keys: testamur key rotate"))
            }
        }
    }
}

/// A certification of the user id by the key itself.
fn certify(
    signer: &dyn Signer,
    packet: &KeyPacket,
    user_id: &str,
) -> Result<SignaturePacket> {
    // RFC 9580, 5.2.3.29, 14, 16 and 32: the key may certify and sign; its owner prefers AES-256,
    // SHA-512 and SHA-256; encrypted messages to it have integrity protection.
    let subpackets: [(u8, &[u8]); 4] =
        [(KEY_FLAGS, &[3]), (11, &[9]), (21, &[10, 8]), (30, &[1])];
    let subpackets: Vec<u8> = subpackets
        .iter()
        .flat_map(|(kind, body)| packet::write_subpacket(*kind, body))
        .collect();
    let length = (user_id.len() as u32).to_be_bytes();
    let parts: [&[u8]; 4] = [&packet.signed_form(), &[0xb4], &length, user_id.as_bytes()];
    let created = packet.created();
    sign(signer, packet, CERTIFICATION, SHA512, created, &subpackets, |trailer| {
        Hash::Sha512.begin().with(&parts).with(&[trailer]).finish()
    })
}

/// Signs with EdDSALegacy what `digest` hashes before the trailer that it is given, with that `hash`.
/// `subpackets` are hashed too, after the issuer and the signing time.
fn sign(
    signer: &dyn Signer,
    packet: &KeyPacket,
    signature_type: u8,
    hash: u8,
    signing_time: Timestamp,
    subpackets: &[u8],
    digest: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<SignaturePacket> {
    let seconds = u32::try_from(signing_time.unix()).map_err(|_| {
        let message = format!("OpenPGP has no time for {signing_time}");
        Error::new(ErrorKind::InvalidValue, message)
    })?;
    let issuer = [&[4][..], packet.fingerprint()].concat();
    let subpackets = [
        packet::write_subpacket(ISSUER_FINGERPRINT, &issuer),
        packet::write_subpacket(CREATION_TIME, &seconds.to_be_bytes()),
        subpackets.to_vec(),
    ]
    .concat();
    let algorithm = EDDSA_LEGACY;
    let head = SignatureHead { signature_type, algorithm, hash, subpackets };
    let digest = digest(&head.trailer());
    let signature = signer.sign(&digest)?;
    let (r, s) = signature.split_at_checked(32).ok_or_else(not_ed25519)?;
    if s.len() != 32 {
        return Err(not_ed25519());
    }
    let mpis = [packet::write_mpi(r), packet::write_mpi(s)].concat();
    SignaturePacket::new(head, [digest[0], digest[1]], mpis).ok_or_else(not_ed25519)
}

fn not_ed25519() -> Error {
    Error::new(ErrorKind::Signer, "this is no Ed25519 signature")
}

/// The packet of a signer's key.
fn key_packet(signer: &dyn Signer, created: Timestamp) -> Result<KeyPacket> {
    KeyPacket::from_ed25519(signer.public(), created).ok_or_else(|| {
        Error::new(ErrorKind::Key, "OpenPGP signatures are made with Ed25519 keys")
    })
}

impl KeyPacket {
    /// The packet of an Ed25519 key created at that time. Returns `None` for other keys, and for a
    /// time that OpenPGP cannot write.
    fn from_ed25519(public: &PublicKey, created: Timestamp) -> Option<Self> {
        if public.algorithm() != Algorithm::Ed25519 {
            return None;
        }
        let seconds = u32::try_from(created.unix()).ok()?;
        let point = packet::write_mpi(&[&[0x40], public.raw()].concat());
        let head = [&[4][..], &seconds.to_be_bytes(), &[EDDSA_LEGACY]].concat();
        Self::read(&[&head, CURVE_ED25519, &point].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::super::armor::{self, ArmorLabel};
    use super::*;
    use crate::seal::keys::PrivateKey;

    #[test]
    fn long_user_id_of_another_program_is_ignored() {
        let (key, _) = PrivateKey::generate(Algorithm::Ed25519).unwrap();
        let created = Timestamp::from_unix(1_800_000_000).unwrap();
        let packet = key_packet(&key, created).unwrap();
        let read = |length| {
            let user_id = "a".repeat(length);
            let certification = certify(&key, &packet, &user_id).unwrap();
            let ring = [
                packet::write(packet::PUBLIC_KEY, packet.body()),
                packet::write(packet::USER_ID, user_id.as_bytes()),
                packet::write(packet::SIGNATURE, &certification.body()),
            ];
            let text = armor::write(ArmorLabel::PublicKey, &ring.concat());
            let keys = PgpKey::from_armor(text.as_bytes()).unwrap();
            assert_eq!(keys[0].to_armor(), text);
            keys[0].user_id().map(str::len)
        };
        assert_eq!(read(MAX_USER_ID_LEN), Some(MAX_USER_ID_LEN));
        assert_eq!(read(MAX_USER_ID_LEN + 1), None);
    }
}
