//! The PDF of a certificate in the public store, compared with its record.

use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::Result;
use crate::register::certificates::Register;
use crate::register::record::PublishedFile;

/// The PDF of a certificate as the public store has it.
#[derive(Debug)]
pub(crate) enum FoundPdf {
    /// The PDF that was issued, or one whose seal was raised since.
    Whole(Vec<u8>),
    /// A file that is not the one that was issued.
    Other(Vec<u8>),
    /// Nothing.
    Lost,
}

impl Register {
    /// Reads the PDF of a certificate, and compares its digest with what its record says.
    ///
    /// # Errors
    /// A store failed.
    pub(crate) fn published_pdf(
        &self,
        id: &CertificateId,
        pdf: &PublishedFile,
    ) -> Result<FoundPdf> {
        let Some(bytes) = self.public.read(&pdf.path)? else { return Ok(FoundPdf::Lost) };
        // A process may be upgrading the seal. It writes the snapshot of the new PDF before the
        // PDF, so the snapshot shows that the PDF is the site's own.
        let is_whole =
            pdf.is(&bytes) || self.snapshot(id, &Sha256::of(&bytes))?.is_some();
        Ok(if is_whole { FoundPdf::Whole(bytes) } else { FoundPdf::Other(bytes) })
    }
}
