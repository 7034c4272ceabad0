//! What came of each row, in the order of the file.

use std::path::Path;

use crate::register::{IssueOutcome, Receipt};
use serde_json::{Value, json};

use super::super::{Failure, output, report};
use super::{Fault, Job};

/// One row's end.
pub(super) enum Entry {
    Issued(Box<Issued>),
    Failed(String),
}

/// What is kept of a receipt.
pub(super) struct Issued {
    pub(super) name: String,
    pub(super) course: String,
    outcome: IssueOutcome,
    id: String,
    edition: u32,
    issued: String,
    verify_url: String,
    download_url: String,
    /// The PDF's path in the store, and its name there.
    pub(super) pdf: Option<String>,
}

impl Entry {
    pub(super) fn new(job: &Job<'_>, result: Result<Receipt, Fault>) -> Self {
        match result {
            Err(fault) => Entry::Failed(job.complaint(&fault)),
            Ok(receipt) => {
                let certificate = receipt.record.certificate.as_ref();
                Entry::Issued(Box::new(Issued {
                    name: job.person.name.clone(),
                    course: job.course.clone(),
                    outcome: receipt.outcome,
                    edition: receipt.record.edition,
                    issued: certificate.map(|c| c.issued.to_string()).unwrap_or_default(),
                    pdf: certificate.map(|c| c.pdf.path.clone()),
                    id: receipt.record.id,
                    verify_url: receipt.urls.verify_url,
                    download_url: receipt.urls.download_url,
                }))
            }
        }
    }
}

/// Every row's end.
pub(super) struct Ledger(Vec<Option<Entry>>);

impl Ledger {
    pub(super) fn new(rows: usize) -> Self {
        Self((0..rows).map(|_| None).collect())
    }

    pub(super) fn keep(&mut self, index: usize, entry: Entry) {
        self.0[index] = Some(entry);
    }

    pub(super) fn failed(&self) -> usize {
        self.0.iter().filter(|entry| matches!(entry, Some(Entry::Failed(_)))).count()
    }

    /// What was issued, in the order of the file.
    pub(super) fn issued(&self) -> impl Iterator<Item = &Issued> {
        self.0.iter().filter_map(|entry| match entry {
            Some(Entry::Issued(issued)) => Some(&**issued),
            _ => None,
        })
    }

    /// How many of each kind there are.
    pub(super) fn summary(&self) -> String {
        let count = |outcome| self.issued().filter(|i| i.outcome == outcome).count();
        let mut text = format!("{} issued", count(IssueOutcome::Issued));
        for (outcome, words) in [
            (IssueOutcome::Superseding, "issued in place of earlier ones"),
            (IssueOutcome::Unchanged, "issued before"),
            (IssueOutcome::Stale, "kept because they are newer"),
        ] {
            let number = count(outcome);
            if number > 0 {
                text.push_str(&format!(", {number} {words}"));
            }
        }
        text.push_str(&format!(", {} failed", self.failed()));
        text
    }

    /// Writes all rows into a file of the kind that its ending names.
    pub(super) fn write(&self, file: &Path, jobs: &[Job<'_>]) -> Result<(), Failure> {
        let bytes = match is_json(file) {
            true => self.json(jobs),
            false => self.csv(jobs)?,
        };
        output::write(Some(file), &bytes)?;
        report::line(&format!("wrote {}", file.display()));
        Ok(())
    }

    fn json(&self, jobs: &[Job<'_>]) -> Vec<u8> {
        let rows: Vec<Value> = self
            .0
            .iter()
            .zip(jobs)
            .map(|(entry, job)| match entry {
                None => json!({ "status": "not_done", "name": job.person.name,
                    "course": job.course, "row": job.person.place }),
                Some(Entry::Failed(message)) => json!({ "status": "failed",
                    "name": job.person.name, "course": job.course, "row": job.person.place,
                    "error": message }),
                Some(Entry::Issued(issued)) => issued.json(job),
            })
            .collect();
        let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        text.push('\n');
        text.into_bytes()
    }

    fn csv(&self, jobs: &[Job<'_>]) -> Result<Vec<u8>, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("failed to write the report ({error})"))
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = [
            "row",
            "name",
            "course",
            "status",
            "id",
            "edition",
            "issued",
            "download_url",
            "verify_url",
            "error",
        ];
        writer.write_record(header).map_err(|error| failed(&error))?;
        for (entry, job) in self.0.iter().zip(jobs) {
            let row = job.person.place.as_deref().unwrap_or_default();
            let name = inert(&job.person.name);
            let record = match entry {
                None => [row, &name, &job.course, "not_done", "", "", "", "", "", ""],
                Some(Entry::Failed(message)) => {
                    [row, &name, &job.course, "failed", "", "", "", "", "", message]
                }
                Some(Entry::Issued(issued)) => [
                    row,
                    &name,
                    &job.course,
                    issued.outcome.as_str(),
                    &issued.id,
                    &issued.edition.to_string(),
                    &issued.issued,
                    &issued.download_url,
                    &issued.verify_url,
                    "",
                ],
            };
            writer.write_record(record).map_err(|error| failed(&error))?;
        }
        writer.into_inner().map_err(|error| failed(&error))
    }
}

impl Issued {
    fn json(&self, job: &Job<'_>) -> Value {
        json!({
            "status": self.outcome.as_str(),
            "name": self.name,
            "course": self.course,
            "row": job.person.place,
            "id": self.id,
            "edition": self.edition,
            "issued": self.issued,
            "download_url": self.download_url,
            "verify_url": self.verify_url,
        })
    }
}

/// A receipt as `--json` prints it.
pub(super) fn receipt_json(job: &Job<'_>, receipt: &Receipt) -> Value {
    let certificate = receipt.record.certificate.as_ref();
    json!({
        "status": receipt.outcome.as_str(),
        "course": job.course,
        "name": job.person.name,
        "row": job.person.place,
        "id": receipt.record.id,
        "edition": receipt.record.edition,
        "language": receipt.record.language,
        "layout": receipt.record.layout.name,
        "issued": certificate.map(|c| c.issued.to_string()),
        "sha256": certificate.map(|c| c.pdf.sha256.as_str()),
        "download_url": receipt.urls.download_url,
        "verify_url": receipt.urls.verify_url,
        "warnings": receipt.warnings.iter().map(report::warning_json).collect::<Vec<_>>(),
    })
}

/// A fault as `--json` prints it.
pub(super) fn fault_json(job: &Job<'_>, fault: &Fault) -> Value {
    let error = match fault {
        Fault::Issue(error) => report::error_json(error),
        Fault::Row(message) => json!({ "kind": "row", "message": message }),
        Fault::Program(failure) => json!({ "kind": "io", "message": failure.message }),
    };
    json!({
        "status": "failed",
        "course": job.course,
        "name": job.person.name,
        "row": job.person.place,
        "error": error,
    })
}

/// A text that no spreadsheet takes for a formula.
pub(crate) fn inert(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

pub(super) fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}
