//! All PDFs of a run in one file: a ZIP archive, or one PDF for a printer.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::register::{FolderFile, IssueService, PdfMerger, Record};
use crate::site::PublicKeys;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::report::{IssuedCertificate, Report};
use crate::cli::exit::Failure;
use crate::cli::{console, output};

/// Writes a ZIP archive, in which each PDF is named after its recipient. Nothing is compressed: a
/// PDF is compressed inside. On a site that is not published it has what a reader needs to check
/// them as well.
pub(super) fn write_zip(
    file: &Path,
    issuer: &IssueService,
    keys: &PublicKeys,
    report: &Report,
) -> Result<(), Failure> {
    output::write_private_with(file, |out| zip_pdfs(out, issuer, keys, report))?;
    console::print_message(&format!("wrote {}", file.display()));
    Ok(())
}

/// Writes one PDF with the pages of all, in the order of the recipients file.
pub(super) fn write_merged_pdf(
    file: &Path,
    issuer: &IssueService,
    report: &Report,
) -> Result<(), Failure> {
    output::write_private_with(file, |out| merge_pdfs(out, issuer, report))?;
    console::print_message(&format!("wrote {}", file.display()));
    Ok(())
}

fn zip_pdfs(
    out: &mut File,
    issuer: &IssueService,
    keys: &PublicKeys,
    report: &Report,
) -> Result<(), Failure> {
    let failed = |error: &dyn Display| {
        Failure::new(format!("failed to write the archive ({error})"))
    };
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, bytes: &[u8]| -> Result<(), Failure> {
        zip.start_file(name, options).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))
    };
    let mut taken = HashSet::new();
    let mut checked = CheckedFolder::default();
    for issued in report.issued() {
        let Some(pdf) = read_pdf(issuer, issued)? else { continue };
        let stem = output::file_stem(&issued.name, 120);
        let name = output::unused_name(&mut taken, &stem, "pdf");
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
    let mut out = zip.finish().map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))
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
    ) -> Result<Option<Vec<u8>>, Failure> {
        let register = issuer.register();
        let Some(record) = register.record(&issued.id)? else { return Ok(None) };
        let Some(certificate) = &record.certificate else { return Ok(None) };
        self.files.push(FolderFile::new(name, &certificate.pdf.sha256));
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
    ) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
        let Some(record) = self.first else { return Ok(Vec::new()) };
        // A key of another CA comes with the chain to it.
        let root = keys.root.as_ref().or(keys.certificate.last());
        let (pem, fingerprint) = root
            .map(|root| (root.pem.clone(), root.fingerprint.clone()))
            .unwrap_or_default();
        let key = &keys.openpgp_fingerprint;
        let page =
            issuer.register().folder_page(&record, self.files, &fingerprint, key)?;
        Ok(vec![
            ("root.pem", pem.into_bytes()),
            ("openpgp.asc", keys.openpgp_armor.clone().into_bytes()),
            ("index.html", page.into_bytes()),
        ])
    }
}

fn merge_pdfs(
    out: &mut File,
    issuer: &IssueService,
    report: &Report,
) -> Result<(), Failure> {
    let mut merger = PdfMerger::new(BufWriter::new(out))?;
    for issued in report.issued() {
        if let Some(pdf) = read_pdf(issuer, issued)? {
            merger.add(&pdf)?;
        }
    }
    Ok(merger.finish()?)
}

/// The PDF from the public store, or `None` if the record names none or the store has none.
fn read_pdf(
    issuer: &IssueService,
    issued: &IssuedCertificate,
) -> Result<Option<Vec<u8>>, Failure> {
    match &issued.pdf_path {
        None => Ok(None),
        Some(path) => Ok(issuer.register().file(path)?),
    }
}
