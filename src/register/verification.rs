//! The verification of a file together with its status: the verifier's findings, and what the
//! register says about the certificate.
//!
//! The status belongs to the award that the document names, and not to one digest of its PDF: the
//! same certificate may have other bytes, such as after its seal was raised.

use crate::base::date::Date;
use crate::base::digits::Sha256;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::published_pdf::FoundPdf;
use crate::register::record::{Record, Status};
use crate::seal::verify::{
    CertificateLink, Judgement, Standing, Trust, Verification, verify, verify_imported,
};

/// The byte string that every sealed PDF has.
const SEAL: &[u8] = b"/ByteRange";

/// A file that another program issued, as the register knows it.
#[derive(Debug)]
pub(crate) struct ImportedFile {
    pub(crate) record: Record,
    /// Its detached signature as it was kept.
    signature: Option<Vec<u8>>,
    /// Whether the register holds the digest of these bytes.
    holds_digest: bool,
}

impl ImportedFile {
    /// Verifies the file by this signature, or else by the one in the register, and by the record.
    pub(crate) fn verify(
        &self,
        file: &[u8],
        signature: Option<&[u8]>,
        trust: &Trust,
        now: Timestamp,
    ) -> Verification {
        let found = self.verify_without_status(file, signature, trust, now);
        found.with_status(self.record.standing(now.date()))
    }

    /// As [`verify`](Self::verify), but leaves out whether the certificate stands.
    pub(crate) fn verify_without_status(
        &self,
        file: &[u8],
        signature: Option<&[u8]>,
        trust: &Trust,
        now: Timestamp,
    ) -> Verification {
        let url = self.record.certificate.as_ref().and_then(|it| it.verify_url.clone());
        let url = url.map(String::from);
        let certificate = CertificateLink { id: self.record.id.clone(), url };
        // The other program published an empty file if it could not sign.
        let given = signature.filter(|text| !text.is_empty());
        let signature = given.or(self.signature.as_deref());
        verify_imported(file, certificate, signature, self.holds_digest, trust, now)
    }
}

impl Register {
    /// Verifies a file, and asks this register whether its certificate stands.
    ///
    /// Use [`verify()`](crate::seal::verify()) if there is no register to ask.
    ///
    /// # Errors
    /// As [`record`](Self::record): the register does not answer. Then the status is not known.
    pub fn verify(
        &self,
        file: &[u8],
        signature: Option<&[u8]>,
        trust: &Trust,
        now: Timestamp,
    ) -> Result<Verification> {
        if let Some(imported) = self.imported(file)? {
            return Ok(imported.verify(file, signature, trust, now));
        }
        let found = verify(file, signature, trust, now);
        Ok(match self.record_of_verified(file, &found)? {
            Some(record) => {
                let holds_digest =
                    found.sha256.as_ref().is_some_and(|it| record.holds(it));
                let standing = record.standing(now.date());
                let is_other = standing == Standing::Valid
                    && !self.is_file_of(&record, file, &found)?;
                let standing = if is_other { Standing::Unknown } else { standing };
                found.with_record(standing, holds_digest)
            }
            None => found.with_status(Standing::Unknown),
        })
    }

    /// Whether a verified file is the PDF of this record, at whatever level its seal is: the same key may
    /// have sealed another one with the same id, for a register of which this one is not a copy.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(crate) fn is_file_of(
        &self,
        record: &Record,
        file: &[u8],
        found: &Verification,
    ) -> Result<bool> {
        if record.is_of(found) {
            return Ok(true);
        }
        // Its seal may have been raised elsewhere, or by a release whose records do not tell what the file was
        // before.
        let pdf = record.certificate.as_ref().and_then(|it| it.pdf.as_ref());
        let Some(pdf) = pdf else { return Ok(false) };
        Ok(match self.published_pdf(&record.id, pdf)? {
            FoundPdf::Whole(published) => found.covers_the_same(file, &published),
            FoundPdf::Other(_) | FoundPdf::Lost => false,
        })
    }

    /// The file as the register knows it, if another program issued it. `None` if the register does
    /// not know it, or if the certificate stands and the file differs from the one that was issued.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(crate) fn imported(&self, file: &[u8]) -> Result<Option<ImportedFile>> {
        let has_seal = file.windows(SEAL.len()).any(|bytes| bytes == SEAL);
        if has_seal || !file.starts_with(b"%PDF-") {
            return Ok(None);
        }
        let id = match self.id_of(file) {
            Some(id) => Some(id.to_owned()),
            None => self.id_by_digest(file)?,
        };
        let Some(id) = id else { return Ok(None) };
        let Some(record) = self.record(&id)?.filter(Record::is_imported) else {
            return Ok(None);
        };
        let digest = Sha256::of(file);
        let snapshot = self.snapshot(&id, &digest)?;
        let holds_digest = snapshot.is_some() || record.holds(&digest);
        if record.status.stands() && !holds_digest {
            return Ok(None);
        }
        let kept = snapshot.and_then(|snapshot| snapshot.signature);
        let signature = match kept {
            Some(kept) => Some(kept.armor.into_bytes()),
            None => {
                let recorded = record.certificate.as_ref();
                let recorded = recorded.and_then(|it| it.signature.as_ref());
                let filename = self.publish().filename.as_str();
                let path = match recorded {
                    Some(signature) => signature.path.clone(),
                    None => StorePath::parse(&paths::signature(&id, filename))?,
                };
                self.file(&path)?
            }
        };
        // The other program published an empty file if it could not sign.
        let signature = signature.filter(|text| !text.is_empty());
        Ok(Some(ImportedFile { record, signature, holds_digest }))
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

    /// Whether it is about the verified file: it has the digest of the file, of an earlier state of it, or
    /// of one whose seal was raised later.
    pub fn is_of(&self, found: &Verification) -> bool {
        let pdf = self.certificate.as_ref().and_then(|it| it.pdf.as_ref());
        let digests =
            pdf.into_iter().flat_map(|pdf| pdf.earlier.iter().chain([&pdf.sha256]));
        digests.into_iter().any(|digest| found.has_digest(digest))
    }

    /// Whether the certificate stands on that day. It is unknown if its key was revoked as of a
    /// time before it was sealed.
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
