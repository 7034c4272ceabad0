//! Public keys of version 4, out of a key ring.

use ring::digest;

use super::armor::{self, Label};
use super::packet;
use super::signature::{ECDSA, ED25519, EDDSA, RSA, Signature};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::key::{Algorithm, PublicKey};

/// The curves by their identifiers, as a key packet writes them.
const CURVE_ED25519: &[u8] = &[9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
const CURVE_P256: &[u8] = &[8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const CURVE_P384: &[u8] = &[5, 0x2b, 0x81, 4, 0, 0x22];

/// An OpenPGP key that checks signatures: a primary key, with the name that it gives itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgpKey {
    /// The key packet's body.
    body: Vec<u8>,
    public: PublicKey,
    fingerprint: [u8; 20],
    created: Timestamp,
    user_id: Option<String>,
    expires: Option<Timestamp>,
    revoked: bool,
}

impl PgpKey {
    /// The keys of an armoured key ring, as `gpg --armor --export` writes it. Subkeys are passed
    /// over, and so are keys whose kind is not supported.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: no key block, or a broken one. [`ErrorKind::Key`]: none of its keys can be used.
    pub fn from_armor(text: &[u8]) -> Result<Vec<Self>> {
        let mut keys = Vec::new();
        for block in armor::read(Label::PublicKey, text)? {
            read_ring(&block, &mut keys)
                .ok_or_else(|| Error::new(ErrorKind::Syntax, "the key ring is broken"))?;
        }
        match keys.is_empty() {
            true => Err(Error::new(ErrorKind::Key, "no key of the key ring can be used")
                .with_help(
                    "RSA of 2048 bits or more, P-256, P-384 and Ed25519 can, version 4",
                )),
            false => Ok(keys),
        }
    }

    /// An Ed25519 key that was made then.
    pub(super) fn new(public: &PublicKey, created: Timestamp) -> Result<Self> {
        let unusable = || {
            Error::new(ErrorKind::Key, "OpenPGP signatures are made with Ed25519 keys")
        };
        if public.algorithm() != Algorithm::Ed25519 {
            return Err(unusable());
        }
        let seconds = u32::try_from(created.unix()).map_err(|_| unusable())?;
        let point = packet::write_mpi(&[&[0x40], public.raw()].concat());
        let body =
            [&[4][..], &seconds.to_be_bytes(), &[EDDSA], CURVE_ED25519, &point].concat();
        Self::read(&body).ok_or_else(unusable)
    }

    /// The whole fingerprint: 40 digits in upper case.
    pub fn fingerprint(&self) -> String {
        hex::upper(&self.fingerprint)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The name that the key has signed for itself, such as `Example <seal@example.org>`.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The key itself.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Why it proves nothing at that moment, if so.
    pub(crate) fn unfit_at(&self, moment: Timestamp) -> Option<&'static str> {
        if self.revoked {
            return Some("the key has been revoked");
        }
        self.expires.filter(|end| *end < moment).map(|_| "the key has expired")
    }

    pub(super) fn set_user_id(&mut self, user_id: Option<&str>) {
        self.user_id = user_id.map(str::to_owned);
    }

    pub(super) fn raw_fingerprint(&self) -> &[u8; 20] {
        &self.fingerprint
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// What a signature over the key covers, before what it says about the key.
    pub(super) fn signed_head(body: &[u8]) -> [u8; 3] {
        let [high, low] = (body.len() as u16).to_be_bytes();
        [0x99, high, low]
    }

    /// Reads a key packet's body; none for other versions and kinds.
    fn read(body: &[u8]) -> Option<Self> {
        let (&[4, a, b, c, d, algorithm], material) = body.split_first_chunk()? else {
            return None;
        };
        // The fingerprint is over a length of two bytes.
        u16::try_from(body.len()).ok()?;
        let created = Timestamp::from_unix(u64::from(u32::from_be_bytes([a, b, c, d])))?;
        let public = match algorithm {
            RSA => {
                let (modulus, rest) = packet::read_number(material)?;
                let (exponent, _) = packet::read_number(rest)?;
                PublicKey::from_raw(Algorithm::Rsa, &rsa(modulus, exponent)?)
            }
            EDDSA => {
                let point = material.strip_prefix(CURVE_ED25519)?;
                let (point, _) = packet::read_number(point)?;
                PublicKey::from_ed25519(point.strip_prefix(&[0x40])?)
            }
            ED25519 => PublicKey::from_ed25519(material),
            ECDSA => {
                let (algorithm, point) = match material.strip_prefix(CURVE_P256) {
                    Some(point) => (Algorithm::P256, point),
                    None => (Algorithm::P384, material.strip_prefix(CURVE_P384)?),
                };
                PublicKey::from_raw(algorithm, packet::read_number(point)?.0)
            }
            _ => return None,
        };
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(&Self::signed_head(body));
        context.update(body);
        Some(Self {
            body: body.to_vec(),
            public: public.ok()?,
            fingerprint: context.finish().as_ref().try_into().ok()?,
            created,
            user_id: None,
            expires: None,
            revoked: false,
        })
    }

    /// Takes in what the key says about itself, when it has really signed it.
    fn take(&mut self, signature: &Signature, user_id: Option<&[u8]>) {
        let head = Self::signed_head(&self.body);
        let named = user_id
            .map(|id| [&[0xb4][..], &(id.len() as u32).to_be_bytes(), id].concat());
        let mut parts = vec![&head[..], &self.body];
        if matches!(signature.kind, 0x10..=0x13)
            && let Some(named) = &named
        {
            parts.push(named);
        }
        if !signature.verifies(self, &parts) {
            return;
        }
        match (signature.kind, user_id) {
            (0x20, _) => self.revoked = true,
            (0x10..=0x13, Some(id)) => {
                self.user_id
                    .get_or_insert_with(|| String::from_utf8_lossy(id).into_owned());
                let seconds =
                    signature.subpacket(9).and_then(|body| body.try_into().ok());
                self.expires = seconds
                    .map(|seconds| u64::from(u32::from_be_bytes(seconds)))
                    .filter(|seconds| *seconds > 0)
                    .and_then(|seconds| {
                        Timestamp::from_unix(self.created.unix() + seconds)
                    });
            }
            _ => {}
        }
    }
}

/// Reads the packets of a ring; what belongs to no key that can be used is passed over.
fn read_ring(mut bytes: &[u8], keys: &mut Vec<PgpKey>) -> Option<()> {
    let (mut key, mut user_id): (Option<PgpKey>, Option<&[u8]>) = (None, None);
    while !bytes.is_empty() {
        let (kind, body, rest) = packet::read(bytes)?;
        bytes = rest;
        match kind {
            packet::PUBLIC_KEY => {
                keys.extend(key.take());
                (key, user_id) = (PgpKey::read(body), None);
            }
            packet::USER_ID => user_id = Some(body),
            packet::SIGNATURE => {
                if let (Some(key), Some(signature)) = (&mut key, Signature::read(body)) {
                    key.take(&signature, user_id);
                }
            }
            _ => user_id = None,
        }
    }
    keys.extend(key);
    Some(())
}

/// An RSA key as PKCS #1 writes it.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    use der::Encode;
    use der::asn1::UintRef;
    vec![UintRef::new(modulus).ok()?, UintRef::new(exponent).ok()?].to_der().ok()
}
