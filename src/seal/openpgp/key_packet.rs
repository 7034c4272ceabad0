//! Public-key packets of version 4 (RFC 9580, 5.5.2).

use der::Encode;
use der::asn1::UintRef;
use ring::digest;

use super::algorithm::{ECDSA, EDDSA_LEGACY, RSA};
use super::packet;
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{Algorithm, PublicKey};

/// The curves' object identifiers as a key packet writes them, each after its length.
pub(super) const CURVE_ED25519: &[u8] = &[9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
const CURVE_P256: &[u8] = &[8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const CURVE_P384: &[u8] = &[5, 0x2b, 0x81, 4, 0, 0x22];

/// A public-key packet, with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPacket {
    body: Vec<u8>,
    algorithm: u8,
    public: Option<PublicKey>,
    fingerprint: [u8; 20],
    created: Timestamp,
}

impl KeyPacket {
    /// Reads a packet's body. Returns `None` for other versions. A key of another algorithm or
    /// size than are supported, or with bytes that do not belong to it, has no public key.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (&[4, a, b, c, d, algorithm], material) = body.split_first_chunk()? else {
            return None;
        };
        // The fingerprint hashes the length as two bytes.
        u16::try_from(body.len()).ok()?;
        let created = Timestamp::from_unix(u64::from(u32::from_be_bytes([a, b, c, d])))?;
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(&signed_head(body));
        context.update(body);
        Some(Self {
            body: body.to_vec(),
            algorithm,
            public: read_public(algorithm, material),
            fingerprint: context.finish().as_ref().try_into().ok()?,
            created,
        })
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The packet as it is signed: three bytes, and the body (RFC 9580, 5.2.4).
    pub(super) fn signed_form(&self) -> Vec<u8> {
        [&signed_head(&self.body)[..], &self.body].concat()
    }

    pub(super) fn algorithm(&self) -> u8 {
        self.algorithm
    }

    pub(super) fn public(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    pub(super) fn fingerprint(&self) -> &[u8; 20] {
        &self.fingerprint
    }

    pub(super) fn created(&self) -> Timestamp {
        self.created
    }
}

/// Reads the key's own numbers. Each is in its shortest form, and nothing follows them: of any
/// other form, programs compute different fingerprints.
fn read_public(algorithm: u8, material: &[u8]) -> Option<PublicKey> {
    let public = match algorithm {
        RSA => {
            let [modulus, exponent] = packet::read_mpis(material)?;
            PublicKey::from_raw(Algorithm::Rsa, &pkcs1(modulus, exponent)?)
        }
        EDDSA_LEGACY => {
            let [point] = packet::read_mpis(material.strip_prefix(CURVE_ED25519)?)?;
            PublicKey::from_ed25519(point.strip_prefix(&[0x40])?)
        }
        ECDSA => {
            let (algorithm, point) = match material.strip_prefix(CURVE_P256) {
                Some(point) => (Algorithm::P256, point),
                None => (Algorithm::P384, material.strip_prefix(CURVE_P384)?),
            };
            let [point] = packet::read_mpis(point)?;
            PublicKey::from_raw(algorithm, point)
        }
        _ => return None,
    };
    public.ok()
}

fn signed_head(body: &[u8]) -> [u8; 3] {
    let [high, low] = (body.len() as u16).to_be_bytes();
    [0x99, high, low]
}

/// An RSA key by PKCS #1.
fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    vec![UintRef::new(modulus).ok()?, UintRef::new(exponent).ok()?].to_der().ok()
}
