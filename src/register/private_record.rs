//! The private side's record of a certificate: what the public record says, or will say.
//!
//! Each change of a status is written here before it is public, so that a lost public folder can be
//! restored with every revocation and erasure. The decision made here: a change is never undone, so
//! where the two sides differ, the one with the later status counts.

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::record::{Record, Status};
use crate::site::award::Award;

/// The content of `{id}/record.json` in the private store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PrivateRecord {
    pub(crate) schema: u32,
    /// The award that the certificate belongs to. Absent after an erasure, because it names the
    /// recipient, and if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) award: Option<Award>,
    /// The public record.
    pub(crate) record: Record,
    /// The reasons that the revocation had before the one that stands, oldest first. Removed by an
    /// erasure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier_reasons: Vec<EarlierReason>,
}

/// A former reason of a revocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EarlierReason {
    pub(crate) reason: String,
    /// When the next one replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced_at: Option<Timestamp>,
}

impl PrivateRecord {
    const SCHEMA: u32 = 1;

    /// The private side of a record. An erased one keeps no award.
    pub(crate) fn new(award: Option<Award>, record: Record) -> Self {
        let award = award.filter(|_| record.status != Status::Erased);
        let earlier_reasons = Vec::new();
        Self { schema: Self::SCHEMA, award, record, earlier_reasons }
    }

    /// The same, with the reasons that were given for the revocation before: those that the private
    /// side has, and the one that the record replaces. An erased one keeps none, because they may
    /// name the recipient.
    pub(crate) fn with_reasons_of(self, sides: &Sides, now: Option<Timestamp>) -> Self {
        if self.record.status != Status::Revoked {
            return self;
        }
        let known = sides.private.as_ref().map(|(private, _)| &private.earlier_reasons);
        let mut earlier_reasons = known.cloned().unwrap_or_default();
        let replaced = sides.record().and_then(Record::reason);
        if let Some(reason) = replaced.filter(|it| Some(*it) != self.record.reason()) {
            earlier_reasons
                .push(EarlierReason { reason: reason.to_owned(), replaced_at: now });
        }
        Self { earlier_reasons, ..self }
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|cause| {
            Error::caused(ErrorKind::Syntax, "failed to read the private record", cause)
        })
    }

    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self)
            .expect("a record has string keys and finite numbers");
        json.push('\n');
        json
    }
}

/// What the two sides of a certificate say at one moment, each with the bytes that it was read
/// from.
#[derive(Debug)]
pub(crate) struct Sides {
    pub(crate) public: Option<(Record, Vec<u8>)>,
    pub(crate) private: Option<(PrivateRecord, Vec<u8>)>,
    /// The bytes of a side that cannot be read. It counts as lost, because the other one is whole.
    pub(crate) damaged_public: Option<Vec<u8>>,
    pub(crate) damaged_private: Option<Vec<u8>>,
}

impl Sides {
    /// The record that counts: the one with the later status; if the statuses are equal the private
    /// one, which is written first.
    pub(crate) fn record(&self) -> Option<&Record> {
        let public = self.public.as_ref().map(|(record, _)| record);
        let private = self.private.as_ref().map(|(private, _)| &private.record);
        match (public, private) {
            (Some(public), Some(private)) => {
                let is_ahead = public.status.rank() > private.status.rank();
                Some(if is_ahead { public } else { private })
            }
            (public, private) => public.or(private),
        }
    }

    /// The bytes of the public side, which a write has to replace.
    pub(crate) fn public_bytes(&self) -> Option<&[u8]> {
        let read = self.public.as_ref().map(|(_, bytes)| bytes);
        read.or(self.damaged_public.as_ref()).map(Vec::as_slice)
    }

    /// The bytes of the private side, which a write has to replace.
    pub(crate) fn private_bytes(&self) -> Option<&[u8]> {
        let read = self.private.as_ref().map(|(_, bytes)| bytes);
        read.or(self.damaged_private.as_ref()).map(Vec::as_slice)
    }

    /// Whether both sides say the same.
    pub(crate) fn agree(&self) -> bool {
        match (&self.public, &self.private) {
            (Some((public, _)), Some((private, _))) => *public == private.record,
            (None, None) => true,
            _ => false,
        }
    }

    /// The award, if the private side knows it.
    pub(crate) fn award(&self) -> Option<&Award> {
        self.private.as_ref()?.0.award.as_ref()
    }
}
