//! All PDFs of a run in one file: a ZIP archive, or one PDF for a printer.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::register::{IssueService, PdfMerger};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::report::{IssuedCertificate, Report};
use crate::cli::exit::Failure;
use crate::cli::{console, output};

/// Writes a ZIP archive, in which each PDF is named after its recipient. Nothing is compressed: a
/// PDF is compressed inside.
pub(super) fn write_zip(
    file: &Path,
    issuer: &IssueService,
    report: &Report,
) -> Result<(), Failure> {
    output::write_private_with(file, |out| zip_pdfs(out, issuer, report))?;
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
    report: &Report,
) -> Result<(), Failure> {
    let failed = |error: &dyn Display| {
        Failure::new(format!("failed to write the archive ({error})"))
    };
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut taken = HashSet::new();
    for issued in report.issued() {
        let Some(pdf) = read_pdf(issuer, issued)? else { continue };
        let stem = output::file_stem(&issued.name, 120);
        let name = output::unused_name(&mut taken, &stem, "pdf");
        zip.start_file(name, options).map_err(|error| failed(&error))?;
        zip.write_all(&pdf).map_err(|error| failed(&error))?;
    }
    let mut out = zip.finish().map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))
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
