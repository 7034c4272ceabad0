//! Public keys, read from a key ring.

use super::armor::{self, ArmorLabel};
use super::key_packet::KeyPacket;
use super::packet;
use super::signature_packet::SignaturePacket;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::keys::PublicKey;

/// The longest user id that is read, in bytes. Each self-signature hashes it.
pub(super) const MAX_USER_ID_LEN: usize = 1024;

/// An OpenPGP key that checks signatures: a primary key with its user id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgpKey {
    packet: KeyPacket,
    pub(super) user_id: Option<String>,
    expires: Option<Timestamp>,
    is_revoked: bool,
    /// The packets of the key as they were read or made: the primary key, user ids, subkeys, and
    /// the signatures over them.
    pub(super) ring: Vec<u8>,
}

impl PgpKey {
    /// Reads the keys of an armoured key ring, as `gpg --armor --export` writes it. Subkeys, and
    /// keys of a version or kind that is not supported, are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: there is no key block, or a broken one. [`ErrorKind::Key`]: no key in
    /// it is supported.
    pub fn from_armor(text: &[u8]) -> Result<Vec<Self>> {
        let mut keys = Vec::new();
        for block in armor::read(ArmorLabel::PublicKey, text)? {
            read_ring(&block, &mut keys)
                .ok_or_else(|| Error::new(ErrorKind::Syntax, "the key ring is broken"))?;
        }
        if keys.is_empty() {
            return Err(Error::new(ErrorKind::Key, "no key of the key ring can be used")
                .with_help(
                    "RSA of 2048 bits or more, P-256, P-384 and Ed25519 can, version 4",
                ));
        }
        Ok(keys)
    }

    pub(super) fn from_packet(packet: KeyPacket) -> Self {
        let ring = packet::write(packet::PUBLIC_KEY, packet.body());
        Self { packet, user_id: None, expires: None, is_revoked: false, ring }
    }

    /// The key in ASCII armor, to be published: what GnuPG and every other program import. It has
    /// the user ids, subkeys and signatures that it was read with.
    pub fn to_armor(&self) -> String {
        armor::write(ArmorLabel::PublicKey, &self.ring)
    }

    /// The whole fingerprint: 40 hexadecimal digits in upper case.
    pub fn fingerprint(&self) -> String {
        hex::upper(self.packet.fingerprint())
    }

    /// The time at which the key was created, which its fingerprint depends on.
    pub fn created(&self) -> Timestamp {
        self.packet.created()
    }

    /// The user id that the key has certified, such as `Example <seal@example.org>`.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The public key itself.
    pub fn public(&self) -> &PublicKey {
        self.packet.public()
    }

    /// Checks that a signature of that time is valid by the key's own statements: the key is not
    /// revoked, and had not expired. The error says why not.
    pub(crate) fn check_at(&self, time: Timestamp) -> Result<(), &'static str> {
        if self.is_revoked {
            return Err("the key has been revoked");
        }
        if self.expires.is_some_and(|expires| expires < time) {
            return Err("the key has expired");
        }
        Ok(())
    }

    pub(super) fn packet(&self) -> &KeyPacket {
        &self.packet
    }

    /// Applies a self-signature, if the key has made it: a revocation, or a certification of the
    /// user id.
    fn apply(&mut self, signature: &SignaturePacket, user_id: Option<&[u8]>) {
        let head = self.packet.signed_head();
        let user_id_part = user_id
            .map(|id| [&[0xb4][..], &(id.len() as u32).to_be_bytes(), id].concat());
        let mut parts = vec![&head[..], self.packet.body()];
        if matches!(signature.signature_type(), 0x10..=0x13)
            && let Some(part) = &user_id_part
        {
            parts.push(part);
        }
        if !signature.verifies(&self.packet, &parts) {
            return;
        }
        match (signature.signature_type(), user_id) {
            (0x20, _) => self.is_revoked = true,
            (0x10..=0x13, Some(id)) => {
                self.user_id
                    .get_or_insert_with(|| String::from_utf8_lossy(id).into_owned());
                let seconds =
                    signature.subpacket(9).and_then(|body| body.try_into().ok());
                self.expires = seconds
                    .map(|seconds| u64::from(u32::from_be_bytes(seconds)))
                    .filter(|seconds| *seconds > 0)
                    .and_then(|seconds| {
                        Timestamp::from_unix(self.created().unix() + seconds)
                    });
            }
            _ => {}
        }
    }
}

/// Reads the packets of a key ring and appends its keys. Packets that belong to no supported key
/// are ignored.
fn read_ring(mut bytes: &[u8], keys: &mut Vec<PgpKey>) -> Option<()> {
    let (mut key, mut user_id): (Option<PgpKey>, Option<&[u8]>) = (None, None);
    while !bytes.is_empty() {
        let (packet_type, body, rest) = packet::read(bytes)?;
        bytes = rest;
        if let Some(key) = &mut key
            && packet::PUBLIC_PARTS.contains(&packet_type)
        {
            key.ring.extend(packet::write(packet_type, body));
        }
        match packet_type {
            packet::PUBLIC_KEY => {
                keys.extend(key.take());
                (key, user_id) = (KeyPacket::read(body).map(PgpKey::from_packet), None);
            }
            packet::USER_ID => {
                user_id = Some(body).filter(|body| body.len() <= MAX_USER_ID_LEN);
            }
            packet::SIGNATURE => {
                if let (Some(key), Some(signature)) =
                    (&mut key, SignaturePacket::read(body))
                {
                    key.apply(&signature, user_id);
                }
            }
            _ => user_id = None,
        }
    }
    keys.extend(key);
    Some(())
}
