//! Signature packets of version 4 (RFC 9580, 5.2.3).

use der::Encode;
use der::asn1::UintRef;

use super::algorithm::{ECDSA, ED25519, EDDSA_LEGACY, RSA};
use super::key_packet::KeyPacket;
use super::packet;
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{Algorithm, Hash};

/// A signature packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignaturePacket {
    head: SignatureHead,
    /// The left 16 bits of the signed hash value.
    hash_prefix: [u8; 2],
    /// The signature in its algorithm's form: MPIs, or the 64 bytes of Ed25519.
    mpis: Vec<u8>,
    issuer: [u8; 20],
    signing_time: Timestamp,
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

impl SignaturePacket {
    /// The type of a signature over a file's bytes.
    pub(super) const BINARY: u8 = 0;
    /// The number of SHA-512.
    pub(super) const SHA512: u8 = 10;
    /// The type of the subpacket that holds the issuer's fingerprint.
    pub(super) const ISSUER_FINGERPRINT: u8 = 33;
    /// The type of the subpacket that holds the signing time.
    pub(super) const CREATION_TIME: u8 = 2;

    /// Puts a packet together. Returns `None` if its hashed subpackets do not state the issuer and
    /// the signing time.
    pub(super) fn new(
        head: SignatureHead,
        hash_prefix: [u8; 2],
        mpis: Vec<u8>,
    ) -> Option<Self> {
        let subpackets = packet::read_subpackets(&head.subpackets)?;
        let only = |wanted: u8| {
            let mut found = subpackets.iter().filter(|(found, _)| found & 0x7f == wanted);
            found.next().filter(|_| found.next().is_none()).map(|(_, body)| *body)
        };
        let (4, issuer) = only(Self::ISSUER_FINGERPRINT)?.split_first()? else {
            return None;
        };
        let issuer = issuer.try_into().ok()?;
        let seconds = u32::from_be_bytes(only(Self::CREATION_TIME)?.try_into().ok()?);
        let signing_time = Timestamp::from_unix(u64::from(seconds))?;
        Some(Self { head, hash_prefix, mpis, issuer, signing_time })
    }

    /// Reads a packet's body. Returns `None` for other versions, and for a signature that does not
    /// state its issuer and its time.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (&[4, signature_type, algorithm, hash, high, low], rest) =
            body.split_first_chunk()?
        else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (hashed, rest) = rest.split_at_checked(length)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (unhashed, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        packet::read_subpackets(unhashed)?;
        let (hash_prefix, mpis) = rest.split_first_chunk()?;
        let subpackets = hashed.to_vec();
        let head = SignatureHead { signature_type, algorithm, hash, subpackets };
        Self::new(head, *hash_prefix, mpis.to_vec())
    }

    /// The packet's body. Its unhashed subpackets are the issuer's key id and nothing else.
    pub(super) fn body(&self) -> Vec<u8> {
        let unhashed = packet::write_subpacket(16, &self.issuer[12..]);
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

    /// The fingerprint of the key that is stated to have signed.
    pub(super) fn issuer(&self) -> &[u8; 20] {
        &self.issuer
    }

    pub(super) fn signing_time(&self) -> Timestamp {
        self.signing_time
    }

    /// The body of the first hashed subpacket of that type.
    pub(super) fn subpacket(&self, wanted: u8) -> Option<&[u8]> {
        let all = packet::read_subpackets(&self.head.subpackets)?;
        all.into_iter().find(|(found, _)| found & 0x7f == wanted).map(|(_, body)| body)
    }

    /// Whether that key has made this signature over the concatenated parts.
    pub(super) fn verifies(&self, key: &KeyPacket, parts: &[&[u8]]) -> bool {
        self.check(key, parts).unwrap_or(false)
    }

    fn check(&self, key: &KeyPacket, parts: &[&[u8]]) -> Option<bool> {
        let hash = match self.head.hash {
            8 => Hash::Sha256,
            9 => Hash::Sha384,
            Self::SHA512 => Hash::Sha512,
            _ => return None,
        };
        if self.issuer != *key.fingerprint() || self.signing_time < key.created() {
            return None;
        }
        let trailer = self.head.trailer();
        let parts = [parts, &[&trailer]].concat();
        let digest = hash.of(&parts);
        if digest[..2] != self.hash_prefix {
            return None;
        }
        let public = key.public();
        let is_valid = match (self.head.algorithm, public.algorithm()) {
            (RSA, Algorithm::Rsa) => {
                let [mpi] = self.mpis()?;
                let signature = packet::pad_left(mpi, public.bits().div_ceil(8))?;
                public.verifies_with_hash(hash, &parts.concat(), &signature)
            }
            (ECDSA, Algorithm::P256 | Algorithm::P384) => {
                let [r, s] = self.mpis()?;
                public.verifies_with_hash(hash, &parts.concat(), &ecdsa_der(r, s)?)
            }
            (EDDSA_LEGACY, Algorithm::Ed25519) => {
                let [r, s] = self.mpis()?;
                let signature =
                    [packet::pad_left(r, 32)?, packet::pad_left(s, 32)?].concat();
                public.verifies(&digest, &signature)
            }
            (ED25519, Algorithm::Ed25519) => public.verifies(&digest, &self.mpis),
            _ => false,
        };
        Some(is_valid)
    }

    /// The MPIs of the signature, if there are exactly `N`, each in its shortest form.
    fn mpis<const N: usize>(&self) -> Option<[&[u8]; N]> {
        let mut rest = &self.mpis[..];
        let mut mpis = [&[][..]; N];
        let mut shortest = Vec::new();
        for mpi in &mut mpis {
            (*mpi, rest) = packet::read_mpi(rest)?;
            shortest.extend(packet::write_mpi(mpi));
        }
        (rest.is_empty() && shortest == self.mpis).then_some(mpis)
    }
}

/// An ECDSA signature in DER.
fn ecdsa_der(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}
