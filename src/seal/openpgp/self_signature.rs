//! What a key's self-signatures state, and what that means at the time of a signature.
//!
//! The newest self-signature over a part of a key decides about that part, and what a self-signature
//! states against its key counts even if it is not proven: what cannot be checked never makes a key
//! more trusted. GnuPG ignores a self-signature that it cannot check, and goes back to an older one.

use super::key_packet::KeyPacket;
use super::signature_packet::Proof;
use super::subpackets::Subpackets;
use crate::base::timestamp::Timestamp;

/// Two times: of the verification, and of the signature as it claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) now: u64,
    pub(super) signed: u64,
}

/// What speaks against a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    /// What is known to be wrong.
    pub(crate) faults: Vec<String>,
    /// What is not known, or not proven.
    pub(crate) doubts: Vec<String>,
}

impl Findings {
    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    pub(super) fn doubt(&mut self, doubt: impl Into<String>) {
        self.doubts.push(doubt.into());
    }
}

/// What a self-signature states about a part of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Why it does not count in the key's favour.
    pub(super) defect: Option<String>,
    /// Whether it revokes the user id that it is over.
    pub(super) revokes: bool,
    pub(super) is_primary: bool,
    created: u64,
    ends: Option<u64>,
    /// The time at which the key ends.
    key_ends: Option<u64>,
    may_sign: Option<bool>,
}

/// A revocation of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revocation {
    is_proven: bool,
    /// Whether the key was superseded or retired, and not compromised (RFC 9580, 5.2.3.31).
    is_soft: bool,
    created: u64,
}

impl Statement {
    /// The statement of a self-signature that `primary` makes over itself or a `subkey`, or `None`
    /// if it did not make it.
    pub(super) fn new(
        proof: Proof,
        subpackets: &Subpackets,
        revokes: bool,
        primary: &KeyPacket,
        subkey: Option<&KeyPacket>,
    ) -> Option<Self> {
        let key_created = subkey.unwrap_or(primary).created();
        let not_before = key_created.max(primary.created()).unix();
        let created = subpackets.created.map(u64::from);
        let defect = match proof {
            Proof::Wrong => return None,
            Proof::Weak => Some("it is made with SHA-1".to_owned()),
            Proof::Unknown(why) => Some(why.to_owned()),
            Proof::Valid if created.is_none_or(|time| time < not_before) => {
                Some("it is older than the key".to_owned())
            }
            Proof::Valid if subpackets.is_local => {
                Some("it is marked as local".to_owned())
            }
            Proof::Valid => subpackets.defect.clone(),
        };
        let after = |start: u64, seconds: Option<u32>| {
            seconds.map(|seconds| start + u64::from(seconds))
        };
        // Without a time it counts as the newest, and so decides.
        let created = created.unwrap_or(u64::from(u32::MAX));
        Some(Self {
            defect,
            revokes,
            is_primary: subpackets.is_primary_user_id,
            created,
            ends: after(created, subpackets.lifetime),
            key_ends: after(key_created.unix(), subpackets.key_lifetime),
            may_sign: subpackets.may_sign,
        })
    }

    /// The statement of a self-signature of an old version, which is not checked.
    pub(super) fn old(created: u32, revokes: bool) -> Self {
        Self {
            defect: Some("it has an old version".to_owned()),
            revokes,
            is_primary: false,
            created: u64::from(created),
            ends: None,
            key_ends: None,
            may_sign: None,
        }
    }

    /// Why the statement does not count in the key's favour at that time.
    fn defect_at(&self, now: u64) -> Option<&str> {
        if let Some(defect) = &self.defect {
            return Some(defect);
        }
        if self.created > now {
            return Some("it is made in the future");
        }
        self.ends.filter(|ends| *ends <= now).map(|_| "it has ended")
    }
}

/// The statements of the newest self-signatures of a part: those of one time, if they are several.
pub(super) fn newest(all: &[Statement]) -> impl Iterator<Item = &Statement> {
    let time = all.iter().map(|statement| statement.created).max();
    all.iter().filter(move |statement| Some(statement.created) == time)
}

/// The first reason for which the newest self-signatures of a part do not count at that time.
/// Returns `None` if there are none.
pub(super) fn defect(all: &[Statement], now: u64) -> Option<&str> {
    newest(all).find_map(|statement| statement.defect_at(now))
}

/// Judges what the newest self-signatures of a part state against its key.
pub(super) fn judge<'a>(
    statements: impl Iterator<Item = &'a Statement>,
    signs: bool,
    times: Times,
    findings: &mut Findings,
) {
    let (mut ends, mut may_sign) = (None::<u64>, None);
    for statement in statements {
        ends = [ends, statement.key_ends].into_iter().flatten().min();
        may_sign = match (may_sign, statement.may_sign) {
            (Some(so_far), Some(stated)) => Some(so_far && stated),
            (so_far, stated) => so_far.or(stated),
        };
    }
    match may_sign {
        Some(true) => {}
        _ if !signs => {}
        Some(false) => findings.fault("the key is not for signing documents"),
        None => findings.doubt("the key does not say that it is for signing"),
    }
    match ends {
        Some(ends) if ends <= times.signed => findings.fault("the key has expired"),
        Some(ends) if ends <= times.now => findings.doubt(format!(
            "the key has expired on {}, and the time of the signature is not proven",
            date(ends)
        )),
        _ => {}
    }
}

impl Revocation {
    /// The revocation of a signature, or `None` if the key did not make it. A signature
    /// with a weak hash, which proves nothing else, still revokes: an attacker gains nothing by revoking.
    pub(super) fn new(proof: Proof, subpackets: &Subpackets) -> Option<Self> {
        Some(Self {
            is_proven: match proof {
                Proof::Wrong => return None,
                Proof::Valid | Proof::Weak => true,
                Proof::Unknown(_) => false,
            },
            is_soft: matches!(subpackets.reason, Some(1 | 3)),
            created: u64::from(subpackets.created.unwrap_or(0)),
        })
    }

    /// A revocation of an old version, which is not checked.
    pub(super) fn old(created: u32) -> Self {
        Self { is_proven: false, is_soft: false, created: u64::from(created) }
    }

    pub(super) fn judge(&self, times: Times, findings: &mut Findings) {
        let day = date(self.created);
        if !self.is_proven {
            findings.doubt("the key has a revocation that cannot be checked here");
        } else if !self.is_soft {
            findings.fault("the key has been revoked");
        } else if self.created <= times.signed {
            findings.fault(format!("the key was retired on {day}, before the signature"));
        } else {
            findings.doubt(format!(
                "the key was retired on {day}, and the time of the signature is not proven"
            ));
        }
    }
}

/// The date of a time, for messages.
pub(super) fn date(seconds: u64) -> String {
    Timestamp::from_unix(seconds)
        .map_or_else(|| "an unknown day".to_owned(), |time| time.date().to_string())
}
