//! Signature packets (RFC 9580, 5.2): those of version 4 are checked, older ones only read.

use der::Encode;
use der::asn1::UintRef;
use ring::digest;
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

#[cfg(feature = "seal")]
use super::algorithm::SHA256;
use super::algorithm::{self, ECDSA, EDDSA_LEGACY, RSA, SHA1};
#[cfg(feature = "seal")]
use super::hashed_file::HashedFile;
use super::key_packet::KeyPacket;
use super::packet;
use super::subpackets::{ISSUER_KEY_ID, Subpackets};
use crate::seal::keys::{Algorithm, Hash, PublicKey};

/// The types of signatures that are read (RFC 9580, 5.2.1).
pub(super) const BINARY: u8 = 0;
pub(super) const CERTIFICATIONS: std::ops::RangeInclusive<u8> = 0x10..=0x13;
pub(super) const SUBKEY_BINDING: u8 = 0x18;
pub(super) const PRIMARY_KEY_BINDING: u8 = 0x19;
pub(super) const DIRECT_KEY: u8 = 0x1f;
pub(super) const KEY_REVOCATION: u8 = 0x20;
pub(super) const SUBKEY_REVOCATION: u8 = 0x28;
pub(super) const CERTIFICATION_REVOCATION: u8 = 0x30;

/// What a signature packet holds.
#[derive(Debug)]
pub(super) enum ReadSignature {
    V4(Box<SignaturePacket>),
    /// Version 2 or 3, which is not checked here, but which other programs check.
    Old {
        signature_type: u8,
        created: u32,
        key_id: [u8; 8],
    },
    /// Another version, which no key of version 4 makes.
    Other {
        version: u8,
    },
}

/// The result of checking a signature with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The key has made this signature.
    Valid,
    /// The key has made it, with SHA-1, of which another message may have the same hash.
    Weak,
    /// The key has not made it over these bytes.
    Wrong,
    /// This library cannot check it, for this reason.
    Unknown(&'static str),
}

/// A signature packet of version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignaturePacket {
    head: SignatureHead,
    /// The left 16 bits of the signed hash value.
    hash_prefix: [u8; 2],
    /// The signature in its algorithm's form.
    mpis: Vec<u8>,
    subpackets: Subpackets,
}

/// The part of a signature packet that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignatureHead {
    pub(super) signature_type: u8,
    pub(super) algorithm: u8,
    pub(super) hash: u8,
    /// The hashed subpackets.
    pub(super) subpackets: Vec<u8>,
}

impl SignatureHead {
    /// The head as it stands in the packet.
    fn write(&self) -> Vec<u8> {
        let length = (self.subpackets.len() as u16).to_be_bytes();
        let fixed = [4, self.signature_type, self.algorithm, self.hash];
        [&fixed[..], &length, &self.subpackets].concat()
    }

    /// The trailer that is signed after the data: the head, and its length (RFC 9580, 5.2.4).
    pub(super) fn trailer(&self) -> Vec<u8> {
        let head = self.write();
        let length = (head.len() as u32).to_be_bytes();
        [&head[..], &[4, 0xff], &length].concat()
    }
}

impl ReadSignature {
    /// Reads a packet's body. Returns `None` if it is malformed.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (version, rest) = body.split_first()?;
        match version {
            4 => SignaturePacket::read(rest).map(|packet| Self::V4(Box::new(packet))),
            2 | 3 => {
                let (&[5, signature_type, a, b, c, d], rest) =
                    rest.split_first_chunk()?
                else {
                    return None;
                };
                let created = u32::from_be_bytes([a, b, c, d]);
                let key_id = *rest.first_chunk()?;
                Some(Self::Old { signature_type, created, key_id })
            }
            version => Some(Self::Other { version: *version }),
        }
    }
}

impl SignaturePacket {
    /// Puts a packet together. Returns `None` if its hashed subpackets cannot be read.
    #[cfg(feature = "seal")]
    pub(super) fn new(
        head: SignatureHead,
        hash_prefix: [u8; 2],
        mpis: Vec<u8>,
    ) -> Option<Self> {
        let subpackets = Subpackets::read(&head.subpackets, &[])?;
        Some(Self { head, hash_prefix, mpis, subpackets })
    }

    /// Reads the bytes after the version.
    fn read(body: &[u8]) -> Option<Self> {
        let (&[signature_type, algorithm, hash, high, low], rest) =
            body.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (hashed, rest) = rest.split_at_checked(length)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (unhashed, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (hash_prefix, mpis) = rest.split_first_chunk()?;
        let head = SignatureHead {
            signature_type,
            algorithm,
            hash,
            subpackets: hashed.to_vec(),
        };
        let subpackets = Subpackets::read(hashed, unhashed)?;
        Some(Self { head, hash_prefix: *hash_prefix, mpis: mpis.to_vec(), subpackets })
    }

    /// The packet's body. Its unhashed subpackets are the issuer's key id and nothing else.
    pub(super) fn body(&self) -> Vec<u8> {
        let issuer = self.subpackets.issuer;
        let unhashed = issuer.map_or_else(Vec::new, |issuer| {
            packet::write_subpacket(ISSUER_KEY_ID, &issuer[12..])
        });
        [
            &self.head.write()[..],
            &(unhashed.len() as u16).to_be_bytes(),
            &unhashed,
            &self.hash_prefix,
            &self.mpis,
        ]
        .concat()
    }

    pub(super) fn signature_type(&self) -> u8 {
        self.head.signature_type
    }

    pub(super) fn subpackets(&self) -> &Subpackets {
        &self.subpackets
    }

    /// Whether that key has made this signature over the concatenated parts.
    pub(super) fn check(&self, key: &KeyPacket, parts: &[&[u8]]) -> Proof {
        self.check_with(key, |public, trailer, signature| {
            self.verify(public, &[parts, &[trailer]].concat(), signature)
        })
    }

    /// Whether that key has made this signature over a file whose hash is known.
    #[cfg(feature = "seal")]
    pub(super) fn check_file(&self, key: &KeyPacket, file: &HashedFile<'_>) -> Proof {
        self.check_with(key, |public, trailer, signature| {
            // Ed25519 signs the hash value; of the other keys `ring` checks the whole message.
            if self.head.hash != SHA256 || public.algorithm() != Algorithm::Ed25519 {
                return self.verify(public, &[file.bytes(), trailer], signature);
            }
            let digest = file.sha256_with(trailer);
            let is_valid = public.verifies(&digest, signature);
            Some((digest, is_valid))
        })
    }

    /// Checks with `verify`, which takes key, trailer and signature, and returns the hash value and
    /// whether the signature is over it.
    fn check_with(
        &self,
        key: &KeyPacket,
        verify: impl FnOnce(&PublicKey, &[u8], &[u8]) -> Option<(Vec<u8>, bool)>,
    ) -> Proof {
        let Some(public) = key.public() else {
            return Proof::Unknown("a key of its algorithm or size is not supported");
        };
        if self.head.algorithm != key.algorithm() {
            return Proof::Unknown("its algorithm is not that of its key");
        }
        let Some(signature) = self.signature(public) else {
            return Proof::Unknown("its numbers are not in a form that is supported");
        };
        let trailer = self.head.trailer();
        let Some((digest, is_valid)) = verify(public, &trailer, &signature) else {
            return Proof::Unknown("its hash is not supported with its key");
        };
        if !is_valid {
            Proof::Wrong
        } else if digest[..2] != self.hash_prefix {
            Proof::Unknown("the hash value that it states is another one")
        } else if self.head.hash == SHA1 {
            Proof::Weak
        } else {
            Proof::Valid
        }
    }

    /// The hash value, and whether the signature is over it. Returns `None` for hashes that are
    /// weaker than SHA-1, and for those that `ring` does not support with the key: ECDSA with SHA-1
    /// or SHA-512.
    fn verify(
        &self,
        public: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Option<(Vec<u8>, bool)> {
        let algorithm = public.algorithm();
        if self.head.hash == SHA1 {
            let digest = sha1(parts);
            let is_valid = match algorithm {
                Algorithm::Rsa => {
                    let algorithm = &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY;
                    let key = UnparsedPublicKey::new(algorithm, public.raw());
                    key.verify(&parts.concat(), signature).is_ok()
                }
                Algorithm::Ed25519 => public.verifies(&digest, signature),
                _ => return None,
            };
            return Some((digest, is_valid));
        }
        let hash = algorithm::hash(self.head.hash)?;
        let digest = hash.of(parts);
        let is_valid = match algorithm {
            Algorithm::Ed25519 => public.verifies(&digest, signature),
            Algorithm::P256 | Algorithm::P384 if hash == Hash::Sha512 => return None,
            _ => public.verifies_with_hash(hash, &parts.concat(), signature),
        };
        Some((digest, is_valid))
    }

    /// The signature in the form that [`PublicKey`] checks.
    fn signature(&self, public: &PublicKey) -> Option<Vec<u8>> {
        match self.head.algorithm {
            RSA => {
                let [mpi] = packet::read_mpis(&self.mpis)?;
                packet::pad_left(mpi, public.bits().div_ceil(8))
            }
            ECDSA => {
                let [r, s] = packet::read_mpis(&self.mpis)?;
                vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
            }
            EDDSA_LEGACY => {
                let [r, s] = packet::read_mpis(&self.mpis)?;
                Some([packet::pad_left(r, 32)?, packet::pad_left(s, 32)?].concat())
            }
            _ => None,
        }
    }
}

fn sha1(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}
