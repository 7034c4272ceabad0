//! The next edition, sealed: the bytes that will be published, and the record that describes them.
//!
//! Takes an [`EditionDraft`] and a sealer; gives a [`SealedEdition`], whose record is complete
//! before anything is written.

use std::time::{Duration, Instant};

use crate::base::digits::Sha256;
use crate::base::error::{Result, Warning};
use crate::base::path::StorePath;
use crate::register::issue::draft::{EditionDraft, EditionRequest};
use crate::register::paths;
use crate::register::record::{
    CertificateFacts, PublishedFile, Record, SealFacts, SignatureFacts, Status,
};
use crate::register::snapshot::{DetachedSignature, Snapshot};
use crate::seal::sealer::Sealer;
use crate::site::settings::PublishSettings;

/// An edition that is ready to be published.
pub(super) struct SealedEdition {
    pub(super) snapshot: Snapshot,
    pub(super) pdf: SealedPdf,
    pub(super) warnings: Vec<Warning>,
    pub(super) render: Duration,
    pub(super) seal: Duration,
    /// When sealing ended; what follows counts as publishing.
    pub(super) sealed_at: Instant,
}

/// A sealed PDF and where it will be.
pub(super) struct SealedPdf {
    /// Its path in the public store.
    pub(super) path: StorePath,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Sha256,
}

impl EditionDraft<'_> {
    /// Seals the PDF and describes it.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub(super) fn seal(
        self,
        sealer: &Sealer,
        publish: &PublishSettings,
    ) -> Result<SealedEdition> {
        let EditionDraft { edition, page, pdf, mut warnings, render } = self;
        let begun = Instant::now();
        let sealed = sealer.seal(&pdf, edition.now)?;
        let sealed_at = Instant::now();
        warnings.extend(sealed.warnings);

        let filename = publish.filename.as_str();
        let pdf = SealedPdf {
            path: StorePath::parse(&paths::pdf(&edition.ids.download, filename))?,
            sha256: sealed.sha256,
            bytes: sealed.bytes,
        };
        let signer = sealed.signature.as_ref().and(sealer.pgp());
        let path = StorePath::parse(&paths::signature(&edition.ids.verify, filename))?;
        let signature =
            signer.map(|signer| SignatureFacts { path, key: signer.key().fingerprint() });
        let signer = sealer.identity().certificate();
        let certificate = CertificateFacts {
            pdf: Some(PublishedFile {
                url: publish.download_url(&edition.ids.download),
                path: pdf.path.clone(),
                bytes: pdf.bytes.len(),
                sha256: pdf.sha256.clone(),
                earlier: Vec::new(),
            }),
            signature,
            seal: Some(SealFacts {
                level: sealed.level.as_str().to_owned(),
                signer: signer.name(),
                certificate: signer.fingerprint(),
                timestamp_ends: sealed.timestamp_ends,
                key_revoked: None,
            }),
            ..page.certificate
        };
        let request = edition.request;
        let record = Record {
            schema: Record::SCHEMA,
            id: edition.ids.verify.clone(),
            status: if request.is_specimen() { Status::Specimen } else { Status::Valid },
            edition: edition.number,
            issued_at: edition.now,
            requested_at: edition.requested_at,
            facts: Some(edition.facts.fingerprint.clone()),
            appearance: edition.facts.appearance.clone(),
            expires: None,
            language: page.language,
            organization: page.organization,
            layout: page.layout,
            theme: page.theme,
            engine: Record::ENGINE.to_owned(),
            certificate: Some(certificate),
            successor: None,
            predecessor: edition.predecessor.as_ref().map(|before| before.mark.clone()),
            history: Vec::new(),
        };
        let signature = sealed.signature.zip(sealer.pgp()).map(|(armor, signer)| {
            DetachedSignature { armor, key: signer.key().to_armor() }
        });
        Ok(SealedEdition {
            snapshot: edition.snapshot(record, signature),
            pdf,
            warnings,
            render,
            seal: sealed_at - begun,
            sealed_at,
        })
    }
}

impl EditionRequest<'_> {
    /// The private side of the edition.
    fn snapshot(self, record: Record, signature: Option<DetachedSignature>) -> Snapshot {
        Snapshot {
            predecessor: self.predecessor,
            facts: self.facts.printed.clone(),
            message: self.message.cloned(),
            instead_of: self.instead_of.cloned(),
            ..Snapshot::new(self.award, self.request, record, signature)
        }
    }
}

#[cfg(test)]
impl SealedEdition {
    /// An edition whose page was made before, for tests of what follows.
    pub(super) fn of_parts(
        edition: EditionRequest<'_>,
        mut record: Record,
        signature: Option<DetachedSignature>,
        bytes: Vec<u8>,
    ) -> Self {
        let sha256 = Sha256::of(&bytes);
        let certificate = record.certificate.as_mut().expect("it was just made");
        let pdf = certificate.pdf.as_mut().expect("it was just made");
        pdf.sha256.clone_from(&sha256);
        let path = pdf.path.clone();
        Self {
            snapshot: edition.snapshot(record, signature),
            pdf: SealedPdf { path, bytes, sha256 },
            warnings: Vec::new(),
            render: Duration::ZERO,
            seal: Duration::ZERO,
            sealed_at: Instant::now(),
        }
    }
}
