//! A detached signature over a file, in the one form that this library writes.

use super::armor::{self, ArmorLabel};
#[cfg(feature = "seal")]
use super::hashed_file::HashedFile;
use super::key::PgpKey;
use super::packet;
use super::self_signature::{Findings, Times, date};
use super::signature_packet::{BINARY, Proof, ReadSignature, SignaturePacket};
use crate::base::digits::PgpFingerprint;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;

/// A detached OpenPGP signature over a file, which stands in a file of its own (`.sig`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedSignature {
    packet: SignaturePacket,
    issuer: [u8; 20],
    signing_time: Timestamp,
}

/// Why a text is not a signature in the form that this library writes.
#[derive(Debug)]
pub(crate) enum FormError {
    /// It is a signature of a kind that is not known here.
    Unsupported(String),
    /// It is none, or it has been changed.
    Other,
}

/// What was found about a signature over a file.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Whether a key that is known made it over this very file.
    pub(crate) is_intact: bool,
    /// The user id of that key.
    pub(crate) user_id: Option<String>,
    pub(crate) findings: Findings,
}

impl DetachedSignature {
    /// Reads an armoured signature in the one form that this library writes: no headers, one
    /// packet, nothing after it, and no unhashed subpacket but the issuer's key id.
    ///
    /// # Errors
    /// [`ErrorKind::Tampered`]: the text has any other form.
    pub fn from_armor(text: &[u8]) -> Result<Self> {
        Self::read(text).map_err(|error| {
            let message = match error {
                FormError::Unsupported(message) => message,
                FormError::Other => {
                    "the signature is not in the form that is written here".to_owned()
                }
            };
            Error::new(ErrorKind::Tampered, message)
        })
    }

    /// As [`from_armor`](Self::from_armor), with an error that distinguishes a form that is not supported
    /// from a signature that was changed.
    pub(crate) fn read(text: &[u8]) -> Result<Self, FormError> {
        let blocks = armor::read(ArmorLabel::Signature, text);
        let blocks = blocks.map_err(|_| FormError::Other)?;
        let [bytes] = &blocks[..] else { return Err(FormError::Other) };
        let detached = Self::from_packet(bytes)?;
        if detached.to_packet() != *bytes {
            let what = "its packet is not in the form that is written here, which alone is \
                        judged: ask gpg --verify";
            return Err(FormError::Unsupported(what.to_owned()));
        }
        if detached.to_armor().as_bytes() == text {
            Ok(detached)
        } else {
            Err(FormError::Other)
        }
    }

    /// Reads a signature over `bytes` that another program wrote, in any form that GnuPG takes.
    /// Older programs do not state the fingerprint of the key: then the key of `keys` that made the
    /// signature is taken.
    #[cfg(feature = "issue")]
    pub(crate) fn read_foreign(
        text: &[u8],
        keys: &[PgpKey],
        bytes: &[u8],
    ) -> Result<Self, FormError> {
        let unsupported = |what: &str| FormError::Unsupported(what.to_owned());
        let blocks = armor::read(ArmorLabel::Signature, text);
        let blocks = blocks.map_err(|_| FormError::Other)?;
        let [block] = &blocks[..] else { return Err(FormError::Other) };
        let (packet_type, body, rest) = packet::read(block).ok_or(FormError::Other)?;
        if packet_type != packet::SIGNATURE {
            return Err(FormError::Other);
        }
        if !rest.is_empty() {
            return Err(unsupported("there is more than one packet"));
        }
        let packet = match ReadSignature::read(body).ok_or(FormError::Other)? {
            ReadSignature::V4(packet) => *packet,
            _ => return Err(unsupported("signatures of its version are not supported")),
        };
        if packet.signature_type() != BINARY {
            return Err(unsupported("it is no signature over a file's bytes"));
        }
        let stated = packet.subpackets();
        let created = stated.created.and_then(|time| Timestamp::from_unix(time.into()));
        let signing_time = created.ok_or_else(|| unsupported("it states no time"))?;
        let made_it = || {
            let mut components = keys.iter().flat_map(PgpKey::components);
            let made = components.find(|it| packet.check(it, &[bytes]) == Proof::Valid);
            made.map(|component| *component.fingerprint())
        };
        let issuer = stated.issuer.or_else(made_it);
        let issuer = issuer
            .ok_or_else(|| unsupported("its key is not among those that are trusted"))?;
        Ok(Self { packet, issuer, signing_time })
    }

    /// Reads a packet that is a signature over a file, and nothing after it.
    pub(super) fn from_packet(bytes: &[u8]) -> Result<Self, FormError> {
        let unsupported = |what: String| Err(FormError::Unsupported(what));
        let (packet_type, body, rest) = packet::read(bytes).ok_or(FormError::Other)?;
        if packet_type != packet::SIGNATURE {
            return Err(FormError::Other);
        }
        if packet::read(rest).is_some_and(|(other, ..)| other == packet::SIGNATURE) {
            return unsupported("there are several signatures".into());
        }
        if !rest.is_empty() {
            return Err(FormError::Other);
        }
        let packet = match ReadSignature::read(body).ok_or(FormError::Other)? {
            ReadSignature::V4(packet) => *packet,
            ReadSignature::Old { .. } => {
                return unsupported("signatures of version 3 are not supported".into());
            }
            ReadSignature::Other { version } => {
                let what = format!("signatures of version {version} are not supported");
                return unsupported(what);
            }
        };
        if packet.signature_type() != BINARY {
            let what = "it is no signature over a file's bytes, but of the type";
            return unsupported(format!("{what} {:#04x}", packet.signature_type()));
        }
        let stated = packet.subpackets();
        let created = stated.created.and_then(|time| Timestamp::from_unix(time.into()));
        let Some((issuer, signing_time)) = stated.issuer.zip(created) else {
            let what = "it does not state its key by fingerprint, and its time";
            return unsupported(what.into());
        };
        Ok(Self { packet, issuer, signing_time })
    }

    /// A signature that was made here.
    #[cfg(feature = "seal")]
    pub(super) fn new(packet: SignaturePacket) -> Option<Self> {
        Self::from_packet(&packet::write(packet::SIGNATURE, &packet.body())).ok()
    }

    /// The signature as armoured text, which ends with a line feed.
    pub fn to_armor(&self) -> String {
        armor::write(ArmorLabel::Signature, &self.to_packet())
    }

    fn to_packet(&self) -> Vec<u8> {
        packet::write(packet::SIGNATURE, &self.packet.body())
    }

    /// The fingerprint of the key that is stated to have signed, which may be a subkey.
    pub fn fingerprint(&self) -> PgpFingerprint {
        PgpFingerprint::of_bytes(&self.issuer)
    }

    /// The signing time that the signature states.
    pub fn signing_time(&self) -> Timestamp {
        self.signing_time
    }

    /// Whether that key, or a subkey in its ring, has made this signature over those bytes.
    ///
    /// This is the mathematics alone: the key may have expired or have been revoked, or a stranger
    /// may have added the subkey. [`verify`](crate::seal::verify()) judges all of it.
    pub fn verifies(&self, key: &PgpKey, bytes: &[u8]) -> bool {
        let component = key.component(&self.issuer);
        component.is_some_and(|key| self.packet.check(key, &[bytes]) == Proof::Valid)
    }

    /// Like [`verifies`](Self::verifies), for a file whose hash is known.
    #[cfg(feature = "seal")]
    pub(crate) fn verifies_hashed(&self, key: &PgpKey, file: &HashedFile<'_>) -> bool {
        let component = key.component(&self.issuer);
        component.is_some_and(|key| self.packet.check_file(key, file) == Proof::Valid)
    }

    /// What speaks against a signature of this key at that time, such as the end of the key.
    #[cfg(feature = "seal")]
    pub(super) fn standing(&self, key: &PgpKey, now: Timestamp) -> Findings {
        let mut findings = Findings::default();
        let times = self.times(now);
        self.judge_statement(times, now, &mut findings);
        key.judge(&self.issuer, times, &mut findings);
        findings
    }

    fn times(&self, now: Timestamp) -> Times {
        Times { now: now.unix(), signed: self.signing_time.unix() }
    }

    /// Judges what the signature states of itself.
    fn judge_statement(&self, times: Times, now: Timestamp, findings: &mut Findings) {
        let stated = self.packet.subpackets();
        if self.signing_time > now.plus_days(1) {
            findings.doubt("it says that it was made in the future");
        }
        if let Some(defect) = &stated.defect {
            findings.doubt(defect);
        }
        let ends = stated.lifetime.map(|lifetime| times.signed + u64::from(lifetime));
        if let Some(ends) = ends.filter(|ends| *ends <= times.now) {
            findings.fault(format!("it ended on {}", date(ends)));
        }
    }

    /// Judges the signature over a file at that time: it is good if nothing is found against it.
    /// `keys` are those that are trusted; copies of one key are read as one.
    pub(crate) fn judge(
        &self,
        keys: &[PgpKey],
        bytes: &[u8],
        now: Timestamp,
    ) -> Judgement {
        let mut judgement = Judgement::default();
        let findings = &mut judgement.findings;
        let times = self.times(now);
        self.judge_statement(times, now, findings);
        let mut owners: Vec<PgpKey> = Vec::new();
        for key in keys.iter().filter(|key| key.component(&self.issuer).is_some()) {
            if !owners.iter().any(|owner| owner.fingerprint() == key.fingerprint()) {
                let copies =
                    keys.iter().filter(|copy| copy.fingerprint() == key.fingerprint());
                let mut owner = key.clone();
                copies.filter(|copy| *copy != key).for_each(|copy| owner.merge(copy));
                owners.push(owner);
            }
        }
        let component = owners.first().and_then(|owner| owner.component(&self.issuer));
        let Some(component) = component else {
            findings.doubt("its key is not among those that are trusted");
            return judgement;
        };
        match self.packet.check(component, &[bytes]) {
            Proof::Valid => judgement.is_intact = true,
            Proof::Weak => findings.doubt("it is made with SHA-1, which proves nothing"),
            Proof::Wrong => findings.fault("it is no signature of this file"),
            Proof::Unknown(why) => findings.doubt(why),
        }
        for owner in &owners {
            owner.judge(&self.issuer, times, findings);
        }
        judgement.user_id =
            owners[0].user_id().filter(|_| judgement.is_intact).map(str::to_owned);
        judgement
    }
}
