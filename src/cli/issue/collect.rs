//! All PDFs of a run in one file: an archive, or one PDF for a printer.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use crate::register::{IssueService, PdfMerger};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::args::Issue;
use super::super::output::plain;
use super::super::{Failure, output, report};
use super::ledger::{Issued, Ledger, is_json};

/// Finds out before anything is made whether the files that are asked for can be.
pub(super) fn check(issue: &Issue) -> Result<(), Failure> {
    let ends = |file: &Path, ending: &str| {
        file.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    for (file, ending, argument) in
        [(&issue.zip, "zip", "--zip"), (&issue.print, "pdf", "--print")]
    {
        if let Some(file) = file.as_ref().filter(|file| !ends(file, ending)) {
            let message = format!(
                "`{}` does not end in .{ending}\nhelp: {argument} FILE.{ending}",
                file.display()
            );
            return Err(Failure::usage(message));
        }
    }
    match issue.report.as_ref().filter(|file| !(ends(file, "csv") || is_json(file))) {
        None => Ok(()),
        Some(file) => Err(Failure::usage(format!(
            "`{}` is neither .csv nor .json\nhelp: --report FILE.csv or FILE.json",
            file.display()
        ))),
    }
}

/// Writes what the arguments ask for.
pub(super) fn all(
    issue: &Issue,
    issuer: &IssueService,
    ledger: &Ledger,
) -> Result<(), Failure> {
    if let Some(file) = &issue.zip {
        output::write_with(file, |out| archive(out, issuer, ledger))?;
        report::line(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &issue.print {
        output::write_with(file, |out| bind(out, issuer, ledger))?;
        report::line(&format!("wrote {}", file.display()));
    }
    Ok(())
}

/// An archive of the PDFs, each named after its person and stored as it is.
fn archive(
    out: &mut File,
    issuer: &IssueService,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("failed to write the archive ({error})"))
    };
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut taken = HashSet::new();
    for issued in ledger.issued() {
        let Some(pdf) = read(issuer, issued)? else { continue };
        let name = entry_name(&mut taken, issued);
        zip.start_file(name, options).map_err(|error| failed(&error))?;
        zip.write_all(&pdf).map_err(|error| failed(&error))?;
    }
    let mut out = zip.finish().map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))
}

fn bind(
    out: &mut (impl Write + Seek),
    issuer: &IssueService,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let mut binder = PdfMerger::new(BufWriter::new(out))?;
    for issued in ledger.issued() {
        if let Some(pdf) = read(issuer, issued)? {
            binder.add(&pdf)?;
        }
    }
    Ok(binder.finish()?)
}

fn read(issuer: &IssueService, issued: &Issued) -> Result<Option<Vec<u8>>, Failure> {
    match &issued.pdf {
        None => Ok(None),
        Some(path) => Ok(issuer.register().file(path)?),
    }
}

fn entry_name(taken: &mut HashSet<String>, issued: &Issued) -> String {
    let stem = plain(&issued.name, 120);
    let mut name = format!("{stem}.pdf");
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{stem}-{number}.pdf");
        number += 1;
    }
    name
}
