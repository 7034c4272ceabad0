//! The private side's record of a certificate: what the public record says or is to say.
//!
//! Each change of a status is written here before it is public, so that a public folder that was
//! lost is made anew with every revocation and every erasure. The decision made here: a change is
//! never taken back, so where the two sides differ, the one that is further on counts.

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, ErrorKind, Result};
use crate::register::record::{Record, Status};
use crate::site::award::Award;

/// The content of `{id}/record.json` in the private store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PrivateRecord {
    pub(crate) schema: u32,
    /// The award that the certificate belongs to. Absent after an erasure, because it names the
    /// recipient, and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) award: Option<Award>,
    /// The public record.
    pub(crate) record: Record,
}

impl PrivateRecord {
    const SCHEMA: u32 = 1;

    /// The private side of a record. An erased one keeps no award.
    pub(crate) fn new(award: Option<Award>, record: Record) -> Self {
        let award = award.filter(|_| record.status != Status::Erased);
        Self { schema: Self::SCHEMA, award, record }
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
}

impl Sides {
    /// The record that counts: the one that is further on, and of two that are equally far the
    /// private one, which is written first.
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
