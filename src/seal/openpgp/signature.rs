//! Signature packets of version 4, and detached signatures over a file.

use super::armor::{self, Label};
use super::key::PgpKey;
use super::packet;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::key::{Algorithm, Hash};

/// Public-key algorithms by number (RFC 9580, 9.1).
pub(super) const RSA: u8 = 1;
pub(super) const ECDSA: u8 = 19;
pub(super) const EDDSA: u8 = 22;
pub(super) const ED25519: u8 = 27;

/// A signature over a file, which stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedSignature {
    signature: Signature,
}

impl DetachedSignature {
    /// Reads an armoured signature in the one form that is written here: no headers, one packet,
    /// nothing beside it, and nothing in it that is not signed but the key's own id.
    ///
    /// # Errors
    /// [`ErrorKind::Tampered`]: any other form.
    pub fn from_armor(text: &[u8]) -> Result<Self> {
        let fault = || {
            Error::new(
                ErrorKind::Tampered,
                "the signature is not in the form that is written here",
            )
        };
        let blocks = armor::read(Label::Signature, text).map_err(|_| fault())?;
        let [bytes] = &blocks[..] else { return Err(fault()) };
        let detached = Self::from_packet(bytes).ok_or_else(fault)?;
        match detached.to_armor().as_bytes() == text {
            true => Ok(detached),
            false => Err(fault()),
        }
    }

    /// Reads a signature as any program writes it, to be written again in our form.
    pub(super) fn adopt(text: &[u8]) -> Result<Self> {
        let blocks = armor::read(Label::Signature, text)?;
        let packet = match &blocks[..] {
            [bytes] => Self::from_packet(bytes),
            _ => None,
        };
        packet.ok_or_else(|| {
            Error::new(
                ErrorKind::Signer,
                "this is no detached OpenPGP signature of version 4",
            )
        })
    }

    pub(super) fn new(signature: Signature) -> Self {
        Self { signature }
    }

    /// The signature as armoured text, ended by a line break.
    pub fn to_armor(&self) -> String {
        armor::write(
            Label::Signature,
            &packet::write(packet::SIGNATURE, &self.signature.body()),
        )
    }

    /// The whole fingerprint of the key that is said to have signed: 40 digits in upper case.
    pub fn fingerprint(&self) -> String {
        hex::upper(&self.signature.issuer)
    }

    /// When it says that it was made.
    pub fn signing_time(&self) -> Timestamp {
        self.signature.signing_time
    }

    /// Whether that key made it over those bytes.
    pub fn verifies(&self, key: &PgpKey, bytes: &[u8]) -> bool {
        self.signature.kind == Signature::BINARY && self.signature.verifies(key, &[bytes])
    }

    fn from_packet(bytes: &[u8]) -> Option<Self> {
        let (kind, body, rest) = packet::read(bytes)?;
        let signature = Signature::read(body)?;
        let fits = kind == packet::SIGNATURE
            && rest.is_empty()
            && signature.kind == Signature::BINARY;
        fits.then_some(Self { signature })
    }
}

/// A signature packet: what it says, and the numbers that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) kind: u8,
    pub(super) algorithm: u8,
    hash: u8,
    /// The subpackets that are signed.
    hashed: Vec<u8>,
    /// The first two bytes of what is signed.
    hint: [u8; 2],
    /// As the algorithm writes it, in numbers.
    mpis: Vec<u8>,
    pub(super) issuer: [u8; 20],
    pub(super) signing_time: Timestamp,
}

impl Signature {
    pub(super) const BINARY: u8 = 0;
    pub(super) const CERTIFICATION: u8 = 0x13;
    const SHA512: u8 = 10;

    /// Makes an Ed25519 signature over `parts`, through `sign`.
    pub(super) fn make(
        kind: u8,
        issuer: [u8; 20],
        signing_time: Timestamp,
        more: &[u8],
        parts: &[&[u8]],
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let seconds = u32::try_from(signing_time.unix()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidValue,
                format!("OpenPGP has no time for {signing_time}"),
            )
        })?;
        let hashed = [
            packet::write_subpacket(33, &[&[4][..], &issuer].concat()),
            packet::write_subpacket(2, &seconds.to_be_bytes()),
            more.to_vec(),
        ]
        .concat();
        let mut signature = Self {
            kind,
            algorithm: EDDSA,
            hash: Self::SHA512,
            hashed,
            hint: [0; 2],
            mpis: Vec::new(),
            issuer,
            signing_time,
        };
        let end = signature.end();
        let digest = Hash::Sha512.of(&[parts, &[&end]].concat());
        signature.hint = [digest[0], digest[1]];
        let mpis = sign(&digest)?;
        let (r, s) =
            mpis.split_at_checked(32).filter(|(_, s)| s.len() == 32).ok_or_else(
                || Error::new(ErrorKind::Signer, "this is no Ed25519 signature"),
            )?;
        signature.mpis = [packet::write_mpi(r), packet::write_mpi(s)].concat();
        Ok(signature)
    }

    /// Reads a packet's body; none for other versions, and for what does not say its issuer.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (&[4, kind, algorithm, hash, high, low], rest) = body.split_first_chunk()?
        else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (hashed, rest) = rest.split_at_checked(length)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (unhashed, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        packet::read_subpackets(unhashed)?;
        let (hint, mpis) = rest.split_first_chunk()?;
        let subpackets = packet::read_subpackets(hashed)?;
        let one = |kind: u8| {
            let mut found = subpackets.iter().filter(|(found, _)| found & 0x7f == kind);
            found.next().filter(|_| found.next().is_none()).map(|(_, body)| *body)
        };
        let (4, issuer) = one(33)?.split_first()? else { return None };
        let seconds = u32::from_be_bytes(one(2)?.try_into().ok()?);
        Some(Self {
            kind,
            algorithm,
            hash,
            hashed: hashed.to_vec(),
            hint: *hint,
            mpis: mpis.to_vec(),
            issuer: issuer.try_into().ok()?,
            signing_time: Timestamp::from_unix(u64::from(seconds))?,
        })
    }

    /// The packet's body. The part that is not signed holds the key's id and nothing else.
    pub(super) fn body(&self) -> Vec<u8> {
        let unhashed = packet::write_subpacket(16, &self.issuer[12..]);
        [
            &self.head()[..],
            &(unhashed.len() as u16).to_be_bytes(),
            &unhashed,
            &self.hint,
            &self.mpis,
        ]
        .concat()
    }

    /// The body of a signed subpacket, if it is there.
    pub(super) fn subpacket(&self, kind: u8) -> Option<&[u8]> {
        let all = packet::read_subpackets(&self.hashed)?;
        all.into_iter().find(|(found, _)| found & 0x7f == kind).map(|(_, body)| body)
    }

    pub(super) fn verifies(&self, key: &PgpKey, parts: &[&[u8]]) -> bool {
        self.check(key, parts).unwrap_or(false)
    }

    fn check(&self, key: &PgpKey, parts: &[&[u8]]) -> Option<bool> {
        let hash = match self.hash {
            8 => Hash::Sha256,
            9 => Hash::Sha384,
            Self::SHA512 => Hash::Sha512,
            _ => return None,
        };
        if self.issuer != *key.raw_fingerprint() || self.signing_time < key.created() {
            return None;
        }
        let end = self.end();
        let parts = [parts, &[&end]].concat();
        let digest = hash.of(&parts);
        if digest[..2] != self.hint {
            return None;
        }
        let public = key.public();
        let good = match (self.algorithm, public.algorithm()) {
            (RSA, Algorithm::Rsa) => {
                let [number] = self.mpis()?;
                let signature = packet::widen(number, public.bits().div_ceil(8))?;
                public.verifies_hashed(hash, &parts.concat(), &signature)
            }
            (ECDSA, Algorithm::P256 | Algorithm::P384) => {
                let [r, s] = self.mpis()?;
                public.verifies_hashed(hash, &parts.concat(), &ecdsa(r, s)?)
            }
            (EDDSA, Algorithm::Ed25519) => {
                let [r, s] = self.mpis()?;
                let signature = [packet::widen(r, 32)?, packet::widen(s, 32)?].concat();
                public.verifies(&digest, &signature)
            }
            (ED25519, Algorithm::Ed25519) => public.verifies(&digest, &self.mpis),
            _ => false,
        };
        Some(good)
    }

    /// The numbers of the signature, when there are so many and they are written as they must.
    fn mpis<const N: usize>(&self) -> Option<[&[u8]; N]> {
        let mut rest = &self.mpis[..];
        let mut mpis = [&[][..]; N];
        let mut again = Vec::new();
        for number in &mut mpis {
            (*number, rest) = packet::read_number(rest)?;
            again.extend(packet::write_mpi(number));
        }
        (rest.is_empty() && again == self.mpis).then_some(mpis)
    }

    /// What comes before the part that is not signed.
    fn head(&self) -> Vec<u8> {
        let length = (self.hashed.len() as u16).to_be_bytes();
        [&[4, self.kind, self.algorithm, self.hash][..], &length, &self.hashed].concat()
    }

    /// What is signed after the parts: the head and its length (RFC 9580, 5.2.4).
    fn end(&self) -> Vec<u8> {
        let head = self.head();
        let length = (head.len() as u32).to_be_bytes();
        [&head[..], &[4, 0xff], &length].concat()
    }
}

/// A DER signature out of two numbers.
fn ecdsa(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    use der::Encode;
    use der::asn1::UintRef;
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}
