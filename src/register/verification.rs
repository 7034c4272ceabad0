//! Whether a file stands: the verifier's findings with what the register says of the certificate.
//!
//! The status belongs to the award that the document names, and not to one digest of its PDF: the
//! same certificate may have other bytes, such as after its seal was raised.

use crate::base::date::Date;
use crate::base::digits::Sha256;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::record::{Record, Status};
use crate::seal::verify::{Judgement, Standing, Trust, Verification, verify};

impl Register {
    /// Verifies a file, and asks this register whether its certificate stands.
    ///
    /// Use [`verify()`](crate::seal::verify()) if there is no register to ask.
    ///
    /// # Errors
    /// As [`record`](Self::record): the register does not answer. Then nothing is known of the
    /// status.
    pub fn verify(
        &self,
        file: &[u8],
        signature: Option<&[u8]>,
        trust: &Trust,
        now: Timestamp,
    ) -> Result<Verification> {
        let found = verify(file, signature, trust, now);
        Ok(match self.record_of_verified(file, &found)? {
            Some(record) => {
                let holds_digest =
                    found.sha256.as_ref().is_some_and(|it| record.holds(it));
                found.with_record(record.standing(now.date()), holds_digest)
            }
            None => found.with_status(Standing::Unknown),
        })
    }

    /// The record of the certificate that a verified file names; `None` if the file was changed, or
    /// this register does not know it.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_of_verified(
        &self,
        file: &[u8],
        found: &Verification,
    ) -> Result<Option<Record>> {
        if found.intact == Judgement::No {
            return Ok(None);
        }
        match &found.certificate {
            Some(certificate) => self.record(&certificate.id),
            None => self.record_of(file),
        }
    }
}

impl Record {
    /// Whether it is about the PDF with that SHA-256.
    pub fn holds(&self, sha256: &Sha256) -> bool {
        let facts = self.certificate.as_ref();
        facts.and_then(|it| it.pdf_sha256()).is_some_and(|it| it == sha256)
    }

    /// Whether the certificate stands on that day. The issuer does not know it of one whose key was
    /// revoked as of an earlier time than it was sealed.
    pub fn standing(&self, today: Date) -> Standing {
        match self.status {
            Status::Valid if self.expires.is_some_and(|last| last < today) => {
                Standing::Expired
            }
            Status::Valid
                if self
                    .certificate
                    .as_ref()
                    .and_then(|facts| facts.seal.as_ref())
                    .is_some_and(|seal| seal.key_revoked.is_some()) =>
            {
                Standing::Unknown
            }
            Status::Valid => Standing::Valid,
            Status::Specimen => Standing::Specimen,
            Status::Expired => Standing::Expired,
            Status::Superseded => Standing::Superseded,
            Status::Revoked => Standing::Revoked,
            Status::Erased => Standing::Erased,
        }
    }
}
