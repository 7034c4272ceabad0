//! Key rings: the packets of public keys (RFC 9580, 10.1), read into the parts of each key.

use super::key_packet::KeyPacket;
use super::packet;
use super::self_signature::{Revocation, Statement};
use super::signature_packet::{
    CERTIFICATION_REVOCATION, CERTIFICATIONS, DIRECT_KEY, KEY_REVOCATION,
    PRIMARY_KEY_BINDING, Proof, ReadSignature, SUBKEY_BINDING, SUBKEY_REVOCATION,
    SignaturePacket,
};
use crate::base::error::{Error, ErrorKind, Result};

/// The longest user id that is read, in bytes. Each self-signature hashes it.
pub(super) const MAX_USER_ID_LEN: usize = 1024;
/// The most self-signatures of a file that are checked. Each takes some 0.1 ms.
const MAX_SELF_SIGNATURES: usize = 10_000;

/// A primary key with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyParts {
    pub(super) primary: KeyPacket,
    pub(super) direct: Vec<Statement>,
    pub(super) revocations: Vec<Revocation>,
    /// The ids of other keys that have revoked this one.
    pub(super) revoked_by: Vec<[u8; 8]>,
    /// The ids of the keys that may revoke this one.
    pub(super) revokers: Vec<[u8; 8]>,
    pub(super) user_ids: Vec<UserId>,
    pub(super) subkeys: Vec<Subkey>,
    /// Whether a signature is malformed, so that it is not known what it states.
    pub(super) is_malformed: bool,
    /// The packets as they were read.
    pub(super) ring: Vec<u8>,
}

/// A user id or user attribute, with the statements of its self-signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserId {
    /// The name, or `None` for an attribute and for a name that is too long.
    pub(super) name: Option<String>,
    /// The packet's type and body as they are signed; the body is left out if it is too long.
    signed_form: Option<Vec<u8>>,
    pub(super) statements: Vec<Statement>,
}

/// A subkey with its bindings and revocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subkey {
    pub(super) packet: KeyPacket,
    pub(super) bindings: Vec<Statement>,
    pub(super) revocations: Vec<Revocation>,
}

/// Reads the packets of key rings, and counts the signatures that it checks.
#[derive(Debug, Default)]
pub(super) struct RingReader {
    pub(super) keys: Vec<KeyParts>,
    checked: usize,
}

/// The packet that a signature in a key ring is over, by its index.
#[derive(Clone, Copy)]
enum Target {
    Primary,
    UserId(usize),
    Subkey(usize),
    /// A packet that is not supported.
    Other,
}

impl RingReader {
    /// Reads the packets of a key ring. Keys of other versions are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the packets are broken, do not begin with a key, or are not those of
    /// public keys.
    /// [`ErrorKind::TooLarge`]: there are too many signatures.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        let broken = || Error::new(ErrorKind::Syntax, "the key ring is broken");
        let mut target = Target::Other;
        let mut key: Option<KeyParts> = None;
        let mut is_first = true;
        while !bytes.is_empty() {
            let (packet_type, body, rest) = packet::read(bytes).ok_or_else(broken)?;
            bytes = rest;
            if std::mem::take(&mut is_first) && packet_type == packet::SIGNATURE {
                return Err(Error::new(
                    ErrorKind::Syntax,
                    "the key ring begins with a signature, without the key that it is over",
                )
                .with_help(
                    "import a revocation certificate into the key, and export that: gpg --import, \
                     gpg --armor --export",
                ));
            }
            if packet::FOREIGN_PARTS.contains(&packet_type) {
                let message = format!(
                    "the key ring has a packet of the type {packet_type}, which belongs to no \
                     public key"
                );
                return Err(Error::new(ErrorKind::Syntax, message)
                    .with_help("export public keys alone: gpg --armor --export"));
            }
            if packet_type == packet::PUBLIC_KEY {
                self.keys.extend(key.take());
                key = KeyPacket::read(body).map(KeyParts::new);
                target = Target::Primary;
                continue;
            }
            let Some(key) = &mut key else { continue };
            if packet::PUBLIC_PARTS.contains(&packet_type) {
                key.ring.extend(packet::write(packet_type, body));
            }
            target = match packet_type {
                packet::USER_ID | packet::USER_ATTRIBUTE => {
                    let user_id = UserId::new(packet_type, body);
                    Target::UserId(key.position_of_user_id(user_id))
                }
                packet::PUBLIC_SUBKEY => match KeyPacket::read(body) {
                    Some(packet) => {
                        Target::Subkey(key.position_of_subkey(Subkey::new(packet)))
                    }
                    None => Target::Other,
                },
                packet::SIGNATURE => {
                    self.checked += key.add(target, body);
                    target
                }
                _ => target,
            };
            if self.checked > MAX_SELF_SIGNATURES {
                let message = format!(
                    "the key ring has more than {MAX_SELF_SIGNATURES} self-signatures"
                );
                return Err(Error::new(ErrorKind::TooLarge, message).with_help(
                    "export only the keys that sign, each by its fingerprint",
                ));
            }
        }
        self.keys.extend(key);
        Ok(())
    }
}

impl KeyParts {
    fn new(primary: KeyPacket) -> Self {
        let ring = packet::write(packet::PUBLIC_KEY, primary.body());
        Self {
            primary,
            direct: Vec::new(),
            revocations: Vec::new(),
            revoked_by: Vec::new(),
            revokers: Vec::new(),
            user_ids: Vec::new(),
            subkeys: Vec::new(),
            is_malformed: false,
            ring,
        }
    }

    /// Adds the parts of another copy of the key, which may have newer signatures.
    pub(super) fn merge(&mut self, other: &Self) {
        self.direct.extend_from_slice(&other.direct);
        self.revocations.extend_from_slice(&other.revocations);
        self.revoked_by.extend(&other.revoked_by);
        self.revokers.extend(&other.revokers);
        for theirs in &other.user_ids {
            let at = self
                .position_of_user_id(UserId { statements: Vec::new(), ..theirs.clone() });
            self.user_ids[at].statements.extend_from_slice(&theirs.statements);
        }
        for theirs in &other.subkeys {
            let at = self.position_of_subkey(Subkey::new(theirs.packet.clone()));
            self.subkeys[at].bindings.extend_from_slice(&theirs.bindings);
            self.subkeys[at].revocations.extend_from_slice(&theirs.revocations);
        }
        self.is_malformed |= other.is_malformed;
    }

    /// The position of a user id, which is added unless it is there: a ring may have it twice, with
    /// other signatures.
    fn position_of_user_id(&mut self, user_id: UserId) -> usize {
        let is_same = |known: &UserId| {
            known.signed_form.is_some() && known.signed_form == user_id.signed_form
        };
        self.user_ids.iter().position(is_same).unwrap_or_else(|| {
            self.user_ids.push(user_id);
            self.user_ids.len() - 1
        })
    }

    /// The position of a subkey, which is added unless it is there.
    fn position_of_subkey(&mut self, subkey: Subkey) -> usize {
        let is_same = |known: &Subkey| known.packet == subkey.packet;
        self.subkeys.iter().position(is_same).unwrap_or_else(|| {
            self.subkeys.push(subkey);
            self.subkeys.len() - 1
        })
    }

    /// Adds what a signature states. Returns how many signatures were checked.
    fn add(&mut self, target: Target, body: &[u8]) -> usize {
        match ReadSignature::read(body) {
            Some(ReadSignature::V4(signature)) => {
                if is_by(&signature, &self.primary) {
                    return self.add_own(target, &signature);
                }
                if signature.signature_type() == KEY_REVOCATION {
                    self.revoked_by.extend(&signature.subpackets().key_ids);
                }
            }
            Some(ReadSignature::Old { signature_type, created, key_id }) => {
                if self.primary.fingerprint().ends_with(&key_id) {
                    self.add_old(target, signature_type, created);
                } else if signature_type == KEY_REVOCATION {
                    self.revoked_by.push(key_id);
                }
            }
            Some(ReadSignature::Other { .. }) => {}
            None => self.is_malformed = true,
        }
        0
    }

    fn add_own(&mut self, target: Target, signature: &SignaturePacket) -> usize {
        let primary = &self.primary;
        let form = primary.signed_form();
        let subpackets = signature.subpackets();
        let statement = |proof, revokes, subkey| {
            Statement::new(proof, subpackets, revokes, primary, subkey)
        };
        match (signature.signature_type(), target) {
            // A signature over the key alone counts wherever it stands.
            (KEY_REVOCATION, _) => {
                let proof = signature.check(primary, &[&form]);
                self.revocations.extend(Revocation::new(proof, subpackets));
            }
            (DIRECT_KEY, _) => {
                let proof = signature.check(primary, &[&form]);
                let made = statement(proof, false, None);
                self.add_revokers(made.is_some(), signature);
                self.direct.extend(made);
            }
            (kind, Target::UserId(at))
                if CERTIFICATIONS.contains(&kind) || kind == CERTIFICATION_REVOCATION =>
            {
                let user_id = &mut self.user_ids[at];
                let proof = match &user_id.signed_form {
                    Some(id) => signature.check(primary, &[&form, id]),
                    None => Proof::Unknown("the user id is too long"),
                };
                let made = statement(proof, kind == CERTIFICATION_REVOCATION, None);
                let is_made = made.is_some();
                user_id.statements.extend(made);
                self.add_revokers(is_made, signature);
            }
            (SUBKEY_BINDING, Target::Subkey(at)) => {
                let subkey = &mut self.subkeys[at];
                let subkey_form = subkey.packet.signed_form();
                let proof = signature.check(primary, &[&form, &subkey_form]);
                let mut made = statement(proof, false, Some(&subkey.packet));
                if let Some(made) = &mut made
                    && made.defect.is_none()
                {
                    made.defect = back_defect(signature, &subkey.packet, &form);
                }
                subkey.bindings.extend(made);
                return 2;
            }
            (SUBKEY_REVOCATION, Target::Subkey(at)) => {
                let subkey = &mut self.subkeys[at];
                let subkey_form = subkey.packet.signed_form();
                let proof = signature.check(primary, &[&form, &subkey_form]);
                subkey.revocations.extend(Revocation::new(proof, subpackets));
            }
            _ => return 0,
        }
        1
    }

    /// Adds what a signature of an old version states, which is not checked.
    fn add_old(&mut self, target: Target, signature_type: u8, created: u32) {
        match (signature_type, target) {
            (KEY_REVOCATION, _) => self.revocations.push(Revocation::old(created)),
            (DIRECT_KEY, _) => self.direct.push(Statement::old(created, false)),
            (kind, Target::UserId(at))
                if CERTIFICATIONS.contains(&kind) || kind == CERTIFICATION_REVOCATION =>
            {
                let revokes = kind == CERTIFICATION_REVOCATION;
                self.user_ids[at].statements.push(Statement::old(created, revokes));
            }
            (SUBKEY_BINDING, Target::Subkey(at)) => {
                self.subkeys[at].bindings.push(Statement::old(created, false));
            }
            (SUBKEY_REVOCATION, Target::Subkey(at)) => {
                self.subkeys[at].revocations.push(Revocation::old(created));
            }
            _ => {}
        }
    }

    fn add_revokers(&mut self, is_made: bool, signature: &SignaturePacket) {
        if is_made {
            let revokers = &signature.subpackets().revokers;
            let ids = revokers.iter().filter_map(|revoker| revoker.last_chunk());
            self.revokers.extend(ids);
        }
    }
}

impl UserId {
    fn new(packet_type: u8, body: &[u8]) -> Self {
        let is_short = body.len() <= MAX_USER_ID_LEN;
        let is_name = packet_type == packet::USER_ID;
        let head = if is_name { 0xb4 } else { 0xd1 };
        let length = (body.len() as u32).to_be_bytes();
        Self {
            name: (is_short && is_name)
                .then(|| String::from_utf8_lossy(body).into_owned()),
            signed_form: is_short.then(|| [&[head][..], &length, body].concat()),
            statements: Vec::new(),
        }
    }
}

impl Subkey {
    fn new(packet: KeyPacket) -> Self {
        Self { packet, bindings: Vec::new(), revocations: Vec::new() }
    }
}

/// Whether a signature names that key as its maker. If it names none, only the check of the signature
/// can tell, and the answer is yes.
fn is_by(signature: &SignaturePacket, key: &KeyPacket) -> bool {
    let ids = &signature.subpackets().key_ids;
    ids.is_empty() || ids.iter().any(|id| key.fingerprint().ends_with(id))
}

/// What is wrong with the signature by which a subkey that signs confirms its primary key
/// (RFC 9580, 5.2.1.9). It stands in the binding. A subkey that does not sign needs none.
fn back_defect(
    binding: &SignaturePacket,
    subkey: &KeyPacket,
    primary: &[u8],
) -> Option<String> {
    if binding.subpackets().may_sign == Some(false) {
        return None;
    }
    let embedded = binding.subpackets().embedded.as_deref();
    let Some(embedded) = embedded else {
        return Some("the subkey has not confirmed its primary key".to_owned());
    };
    let is_confirmed = match ReadSignature::read(embedded) {
        Some(ReadSignature::V4(back)) => {
            let made = back.subpackets().created.map(u64::from);
            back.signature_type() == PRIMARY_KEY_BINDING
                && back.subpackets().defect.is_none()
                && back.subpackets().lifetime.is_none()
                && made.is_some_and(|made| made >= subkey.created().unix())
                && back.check(subkey, &[primary, &subkey.signed_form()]) == Proof::Valid
        }
        _ => false,
    };
    (!is_confirmed).then(|| {
        "the signature by which the subkey confirms its primary key is not valid"
            .to_owned()
    })
}
