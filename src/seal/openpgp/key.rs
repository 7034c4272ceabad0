//! Public keys, read from a key ring.

use super::armor::{self, ArmorLabel};
use super::key_packet::KeyPacket;
use super::key_ring::{KeyParts, RingReader, Subkey, UserId};
use super::self_signature::{self, Findings, Times};
use crate::base::digits::PgpFingerprint;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::PublicKey;

/// An OpenPGP key that checks signatures: a primary key with its user ids and subkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgpKey {
    parts: KeyParts,
}

impl PgpKey {
    /// Reads the keys of an armoured key ring, as `gpg --armor --export` writes it. Keys of another
    /// version than 4 are left out. A key of another algorithm or size than RSA of 2048 bits or
    /// more, P-256, P-384 and Ed25519 is read, but nothing is known about its signatures.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: there is no key block, or a broken one. [`ErrorKind::TooLarge`]: it
    /// has too many signatures. [`ErrorKind::Key`]: there is no key of version 4.
    pub fn from_armor(text: &[u8]) -> Result<Vec<Self>> {
        let mut reader = RingReader::default();
        for block in armor::read(ArmorLabel::PublicKey, text)? {
            reader.read(&block)?;
        }
        if reader.keys.is_empty() {
            return Err(Error::new(ErrorKind::Key, "no key of the key ring can be used")
                .with_help(
                    "RSA of 2048 bits or more, P-256, P-384 and Ed25519 can, version 4",
                ));
        }
        Ok(reader.keys.into_iter().map(|parts| Self { parts }).collect())
    }

    /// Reads a ring of one key that was made here.
    #[cfg(feature = "seal")]
    pub(super) fn from_ring(ring: &[u8]) -> Option<Self> {
        let mut reader = RingReader::default();
        reader.read(ring).ok()?;
        reader.keys.pop().map(|parts| Self { parts })
    }

    /// The key in ASCII armor, to be published: what GnuPG and every other program import. It has
    /// the user ids, subkeys and signatures that it was read with.
    pub fn to_armor(&self) -> String {
        armor::write(ArmorLabel::PublicKey, &self.parts.ring)
    }

    /// The whole fingerprint of the primary key.
    pub fn fingerprint(&self) -> PgpFingerprint {
        PgpFingerprint::of_bytes(self.parts.primary.fingerprint())
    }

    /// The time at which the key was created, which its fingerprint depends on.
    pub fn created(&self) -> Timestamp {
        self.parts.primary.created()
    }

    /// The user id that the key has certified, such as `Example <seal@example.org>`: the one that
    /// it calls its primary user id, or else the first.
    pub fn user_id(&self) -> Option<&str> {
        let certified = self.parts.user_ids.iter().filter(|user_id| {
            let mut newest = self_signature::newest(&user_id.statements).peekable();
            newest.peek().is_some()
                && newest.all(|made| made.defect.is_none() && !made.revokes)
        });
        let is_primary = |statements| {
            self_signature::newest(statements).any(|statement| statement.is_primary)
        };
        let first = certified.clone().find_map(|user_id| user_id.name.as_deref());
        certified
            .filter(|user_id| is_primary(&user_id.statements))
            .find_map(|user_id| user_id.name.as_deref())
            .or(first)
    }

    /// The public key itself; `None` if its algorithm or its size is not supported.
    pub fn public(&self) -> Option<&PublicKey> {
        self.parts.primary.public()
    }

    #[cfg(feature = "seal")]
    pub(super) fn packet(&self) -> &KeyPacket {
        &self.parts.primary
    }

    /// The primary key or the subkey of that fingerprint.
    pub(super) fn component(&self, fingerprint: &[u8; 20]) -> Option<&KeyPacket> {
        let subkeys = self.parts.subkeys.iter().map(|subkey| &subkey.packet);
        std::iter::once(&self.parts.primary)
            .chain(subkeys)
            .find(|packet| packet.fingerprint() == fingerprint)
    }

    /// The primary key and the subkeys.
    #[cfg(feature = "issue")]
    pub(super) fn components(&self) -> impl Iterator<Item = &KeyPacket> {
        let subkeys = self.parts.subkeys.iter().map(|subkey| &subkey.packet);
        std::iter::once(&self.parts.primary).chain(subkeys)
    }

    /// Adds the parts of another copy of this key.
    pub(super) fn merge(&mut self, other: &Self) {
        self.parts.merge(&other.parts);
    }

    /// Judges by the key's own statements whether its component of that fingerprint may have made
    /// a signature.
    pub(super) fn judge(
        &self,
        fingerprint: &[u8; 20],
        times: Times,
        findings: &mut Findings,
    ) {
        let is_primary = self.parts.primary.fingerprint() == fingerprint;
        self.judge_primary(is_primary, times, findings);
        for subkey in &self.parts.subkeys {
            if subkey.packet.fingerprint() == fingerprint {
                judge_subkey(subkey, times, findings);
            }
        }
    }

    fn judge_primary(&self, signs: bool, times: Times, findings: &mut Findings) {
        let parts = &self.parts;
        judge_creation(&parts.primary, times, findings);
        if parts.is_malformed {
            findings.doubt("the key has a signature that cannot be read here");
        }
        for revocation in &parts.revocations {
            revocation.judge(times, findings);
        }
        if parts.revoked_by.iter().any(|id| parts.revokers.contains(id)) {
            findings.doubt("a key that may revoke the key has, as it seems, done so");
        }
        if let Some(why) = self_signature::defect(&parts.direct, times.now) {
            findings.doubt(format!("the key's newest signature over itself: {why}"));
        }
        let certified = |user_id: &&UserId| {
            let statements = &user_id.statements;
            !statements.is_empty()
                && user_id.name.is_some()
                && !self_signature::newest(statements).any(|made| made.revokes)
                && self_signature::defect(statements, times.now).is_none()
        };
        if !parts.user_ids.iter().any(|user_id| certified(&user_id)) {
            let why = parts
                .user_ids
                .iter()
                .find_map(|user_id| {
                    self_signature::defect(&user_id.statements, times.now)
                })
                .map_or_else(String::new, |why| format!(" (a self-signature: {why})"));
            findings.doubt(format!("the key vouches for none of its user ids{why}"));
        }
        let user_ids = parts.user_ids.iter().flat_map(|user_id| {
            let mut newest = self_signature::newest(&user_id.statements);
            let is_revoked = newest.any(|made| made.revokes && made.defect.is_none());
            self_signature::newest(&user_id.statements).filter(move |_| !is_revoked)
        });
        let statements = self_signature::newest(&parts.direct).chain(user_ids);
        self_signature::judge(statements, signs, times, findings);
    }
}

fn judge_subkey(subkey: &Subkey, times: Times, findings: &mut Findings) {
    judge_creation(&subkey.packet, times, findings);
    for revocation in &subkey.revocations {
        revocation.judge(times, findings);
    }
    if subkey.bindings.is_empty() {
        findings.doubt("the subkey is not bound to its primary key");
    }
    if let Some(why) = self_signature::defect(&subkey.bindings, times.now) {
        findings.doubt(format!("the subkey's newest binding: {why}"));
    }
    let statements = self_signature::newest(&subkey.bindings);
    self_signature::judge(statements, true, times, findings);
}

fn judge_creation(key: &KeyPacket, times: Times, findings: &mut Findings) {
    if key.created().unix() > times.now {
        findings.doubt("the key was made in the future: is this machine's clock right?");
    }
    if key.created().unix() > times.signed {
        findings.fault("it says that it was made before its key");
    }
}
