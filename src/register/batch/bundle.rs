//! All PDFs of a run in one file: a ZIP archive, or one PDF for a printer.

use std::collections::{BTreeMap, HashSet};
use std::error::Error as StdError;
use std::io::{BufWriter, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::file_names::{file_stem, unused_name};
use super::report::{IssuedCertificate, LostPdf, Report};
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::register::issue::IssueService;
use crate::register::merge::PdfMerger;
use crate::register::published_pdf::FoundPdf;
use crate::register::record::Record;
use crate::register::web::FolderFile;
use crate::site::PublicKeys;

/// The PDFs of a run, read from the public store.
pub(crate) struct IssuedPdfs<'a> {
    issuer: &'a IssueService,
    /// The ids of the valid certificates read so far that have no PDF to hand out.
    pub(crate) lost: BTreeMap<CertificateId, LostPdf>,
}

impl<'a> IssuedPdfs<'a> {
    pub(crate) fn new(issuer: &'a IssueService) -> Self {
        Self { issuer, lost: BTreeMap::new() }
    }

    /// The PDF, or `None` if the certificate has ended, or its PDF is lost or was changed.
    fn read(&mut self, issued: &IssuedCertificate) -> Result<Option<Vec<u8>>> {
        let Some(pdf) = &issued.pdf else { return Ok(None) };
        let lost = match self.issuer.register().published_pdf(issued.id(), pdf)? {
            FoundPdf::Whole(bytes) => return Ok(Some(bytes)),
            FoundPdf::Other(_) => LostPdf::Changed,
            FoundPdf::Lost => LostPdf::Missing,
        };
        if issued.is_valid {
            self.lost.insert(issued.id().clone(), lost);
        }
        Ok(None)
    }

    /// Writes a ZIP archive, in which each PDF is named after its recipient. The archive is not
    /// compressed, because PDFs are compressed already. On a site that is not published it also has
    /// the files by which a reader checks the PDFs.
    pub(crate) fn zip(
        &mut self,
        out: impl Write + Seek,
        keys: &PublicKeys,
        report: &Report,
    ) -> Result<()> {
        let issuer = self.issuer;
        let mut zip = ZipWriter::new(BufWriter::new(out));
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut add = |name: &str, bytes: &[u8]| -> Result<()> {
            zip.start_file(name, options).map_err(unwritable)?;
            zip.write_all(bytes).map_err(unwritable)
        };
        let mut taken = HashSet::new();
        let mut checked = CheckedFolder::default();
        for issued in report.issued() {
            let Some(pdf) = self.read(issued)? else { continue };
            let stem = file_stem(&issued.name, 120);
            let name = unused_name(&mut taken, &stem, "pdf");
            add(&name, &pdf)?;
            if !issuer.register().publish().has_pages()
                && let Some(signature) = checked.add(issuer, issued, &name)?
            {
                add(&format!("{name}.sig"), &signature)?;
            }
        }
        for (name, bytes) in checked.finish(issuer, keys)? {
            add(name, &bytes)?;
        }
        let mut out = zip.finish().map_err(unwritable)?;
        out.flush().map_err(unwritable)
    }

    /// Writes one PDF with the pages of all, in the order of the recipients file.
    pub(crate) fn merge(&mut self, out: impl Write, report: &Report) -> Result<()> {
        let mut merger = PdfMerger::new(BufWriter::new(out))?.with_crop_marks();
        for issued in report.issued() {
            if let Some(pdf) = self.read(issued)? {
                merger.add(&pdf)?;
            }
        }
        merger.finish()
    }
}

/// The certificates of an archive that is handed on without a web server.
#[derive(Default)]
struct CheckedFolder {
    files: Vec<FolderFile>,
    /// The record of the first, by whose language the archive's page is written.
    first: Option<Record>,
}

impl CheckedFolder {
    /// Notes a certificate, and returns its detached signature.
    fn add(
        &mut self,
        issuer: &IssueService,
        issued: &IssuedCertificate,
        name: &str,
    ) -> Result<Option<Vec<u8>>> {
        let register = issuer.register();
        let Some(record) = register.record(issued.id())? else { return Ok(None) };
        let Some(certificate) = &record.certificate else { return Ok(None) };
        let Some(sha256) = certificate.pdf_sha256() else { return Ok(None) };
        self.files.push(FolderFile::new(name, sha256.clone()));
        let signature = match &certificate.signature {
            Some(signature) => register.file(&signature.path)?,
            None => None,
        };
        self.first.get_or_insert(record);
        Ok(signature)
    }

    /// The files that a reader checks the certificates with; none if there are no certificates.
    fn finish(
        self,
        issuer: &IssueService,
        keys: &PublicKeys,
    ) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let Some(record) = self.first else { return Ok(Vec::new()) };
        // A certificate from another CA comes with its chain.
        let root = keys.root.as_ref().or(keys.certificate.last());
        let pem = root.map(|root| root.pem.clone()).unwrap_or_default();
        let page = issuer.register().folder_page(
            &record,
            self.files,
            root.map(|root| &root.fingerprint),
            &keys.openpgp_fingerprint,
        )?;
        Ok(vec![
            ("root.pem", pem.into_bytes()),
            ("openpgp.asc", keys.openpgp_armor.clone().into_bytes()),
            ("index.html", page.into_bytes()),
        ])
    }
}

fn unwritable(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::caused(ErrorKind::Io, "failed to write the archive", error)
}
