//! What the subpackets of a signature state (RFC 9580, 5.2.3).

use super::packet;

/// The types of subpackets that are written or decide something.
pub(super) const CREATION_TIME: u8 = 2;
pub(super) const KEY_FLAGS: u8 = 27;
pub(super) const ISSUER_FINGERPRINT: u8 = 33;
pub(super) const ISSUER_KEY_ID: u8 = 16;
const SIGNATURE_EXPIRATION: u8 = 3;
const EXPORTABLE: u8 = 4;
const KEY_EXPIRATION: u8 = 9;
const REVOCATION_KEY: u8 = 12;
const PRIMARY_USER_ID: u8 = 25;
const REVOCATION_REASON: u8 = 29;
const EMBEDDED_SIGNATURE: u8 = 32;
/// Types that change nothing about a signature's validity, and that every program knows if they are
/// critical: what the key's owner prefers to get, and features.
const PREFERENCES: [u8; 4] = [11, 21, 22, 30];

/// The statements of a signature of version 4. All but the issuer's key id and the embedded
/// signature, which are proven otherwise, are read from the hashed area only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subpackets {
    /// The signing time, in seconds since 1970.
    pub(super) created: Option<u32>,
    /// For how many seconds the signature holds.
    pub(super) lifetime: Option<u32>,
    /// For how many seconds after its creation the key holds.
    pub(super) key_lifetime: Option<u32>,
    /// Whether the key may sign documents.
    pub(super) may_sign: Option<bool>,
    /// The fingerprint of the key that is stated to have signed.
    pub(super) issuer: Option<[u8; 20]>,
    /// The ids of the keys that are stated to have signed, including that of a key named by its
    /// fingerprint.
    pub(super) key_ids: Vec<[u8; 8]>,
    /// Whether the signature is for its owner's own use.
    pub(super) is_local: bool,
    pub(super) is_primary_user_id: bool,
    /// The code of a revocation's reason.
    pub(super) reason: Option<u8>,
    /// The keys that may revoke this key.
    pub(super) revokers: Vec<[u8; 20]>,
    /// The body of an embedded signature packet.
    pub(super) embedded: Option<Vec<u8>>,
    /// Why the statements cannot be relied on.
    pub(super) defect: Option<String>,
}

impl Subpackets {
    /// Reads both areas. Returns `None` if one is malformed.
    pub(super) fn read(hashed: &[u8], unhashed: &[u8]) -> Option<Self> {
        let mut all = Self::default();
        for (kind, body) in packet::read_subpackets(unhashed)? {
            match kind & 0x7f {
                ISSUER_KEY_ID => all.key_ids.push(body.try_into().ok()?),
                EMBEDDED_SIGNATURE => all.embedded = Some(body.to_vec()),
                _ => {}
            }
        }
        let mut seen = Vec::new();
        for (kind, body) in packet::read_subpackets(hashed)? {
            let (kind, is_critical) = (kind & 0x7f, kind & 0x80 != 0);
            let is_known = all.read_one(kind, body)?;
            if !is_known && is_critical {
                all.defect = Some(format!(
                    "it has a critical subpacket of the type {kind}, which is not known here"
                ));
            }
            if seen.contains(&kind) && (is_known && kind != REVOCATION_KEY) {
                all.defect = Some(format!("it states the subpacket {kind} twice"));
            }
            seen.push(kind);
        }
        Some(all)
    }

    /// Reads a hashed subpacket, and returns whether its type is known.
    fn read_one(&mut self, kind: u8, body: &[u8]) -> Option<bool> {
        let seconds = || {
            <[u8; 4]>::try_from(body).ok().map(|bytes| Some(u32::from_be_bytes(bytes)))
        };
        // Zero seconds stand for no end.
        let lifetime = || seconds().map(|seconds| seconds.filter(|seconds| *seconds > 0));
        match kind {
            CREATION_TIME => self.created = seconds()?,
            SIGNATURE_EXPIRATION => self.lifetime = lifetime()?,
            KEY_EXPIRATION => self.key_lifetime = lifetime()?,
            EXPORTABLE => self.is_local = *body.first()? == 0,
            // The flag 0x02: the key may sign data (5.2.3.29).
            KEY_FLAGS => {
                self.may_sign = Some(body.first().is_some_and(|flags| flags & 2 != 0));
            }
            PRIMARY_USER_ID => self.is_primary_user_id = *body.first()? != 0,
            REVOCATION_REASON => self.reason = Some(*body.first()?),
            REVOCATION_KEY => self.revokers.push(*body.get(2..)?.first_chunk()?),
            EMBEDDED_SIGNATURE => self.embedded = Some(body.to_vec()),
            ISSUER_KEY_ID => self.key_ids.push(body.try_into().ok()?),
            ISSUER_FINGERPRINT => match body.split_first()? {
                (4, rest) => {
                    let fingerprint: [u8; 20] = rest.try_into().ok()?;
                    self.issuer = Some(fingerprint);
                    self.key_ids.push(*fingerprint.last_chunk()?);
                }
                // A key of another version.
                _ => self.key_ids.push([0; 8]),
            },
            kind => return Some(PREFERENCES.contains(&kind)),
        }
        Some(true)
    }
}
