//! The report of a run: the result of each row, in the order of the recipients file.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::job::IssueJob;
use super::row::{failure_message, row_json, row_place};
use super::spreadsheet::escape_formula;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::register::issue::{
    CertificateUrls, IssueOutcome, IssueService, OutcomeFields, Receipt,
};
use crate::register::record::{PublishedFile, Status};
use crate::site::award::Award;
#[cfg(all(feature = "cli", feature = "redis"))]
use crate::site::settings::CertificateUrl;

/// The result of one row.
#[derive(Debug)]
pub(crate) enum ReportRow {
    Issued(Box<IssuedCertificate>),
    /// There is no certificate.
    Without {
        fields: Box<OutcomeFields>,
        /// The same for the user.
        message: String,
    },
}

/// The part of a receipt that reports and bundles need. A receipt is larger, and a run may have a
/// hundred thousand.
#[derive(Debug)]
pub(crate) struct IssuedCertificate {
    pub(crate) name: String,
    outcome: IssueOutcome,
    urls: CertificateUrls,
    edition: u32,
    issued: String,
    pub(crate) pdf: Option<PublishedFile>,
    pub(crate) is_valid: bool,
    /// What is wrong with it, for the user.
    message: Option<String>,
}

impl ReportRow {
    pub(crate) fn new(job: &IssueJob, result: Result<Receipt>) -> Self {
        match result {
            Err(error) => Self::Without {
                fields: Box::new(OutcomeFields::from(&error)),
                message: failure_message(&error, &job.row),
            },
            Ok(receipt) => {
                let certificate = receipt.record.certificate.as_ref();
                Self::Issued(Box::new(IssuedCertificate {
                    name: printed_name(job, &receipt).to_owned(),
                    outcome: receipt.outcome,
                    edition: receipt.record.edition,
                    issued: certificate.map(|c| c.issued.to_string()).unwrap_or_default(),
                    pdf: certificate.and_then(|it| it.pdf.clone()),
                    is_valid: matches!(
                        receipt.record.status,
                        Status::Valid | Status::Specimen
                    ),
                    urls: receipt.urls,
                    message: None,
                }))
            }
        }
    }
}

impl ReportRow {
    /// Names the certificate that stands although the grade of the row does not pass.
    pub(crate) fn with_standing(mut self, job: &IssueJob, issuer: &IssueService) -> Self {
        if let Self::Without { fields, .. } = &mut self
            && fields.outcome == OutcomeFields::NOT_PASSED
            && let Ok(request) = job.request()
            && let Ok(Some(record)) = issuer.standing_record(&Award::of(request))
        {
            fields.revoked_id = Some(record.id.as_str().to_owned());
        }
        self
    }
}

#[cfg(feature = "cli")]
impl ReportRow {
    /// What `--json` prints for a row without a certificate.
    pub(crate) fn without_json(&self, job: &IssueJob) -> Value {
        let mut object = match self {
            Self::Without { fields, .. } => row_json(fields, &job.course, &job.row),
            Self::Issued(issued) => issued.json(job),
        };
        object["username"] = job.username().into();
        object
    }
}

#[cfg(all(feature = "cli", feature = "redis"))]
impl ReportRow {
    /// The result of a row by the answer of an agent, in the form of its JSON. `None` if it is no
    /// answer to a request for a certificate.
    pub(crate) fn answered(job: &IssueJob, answer: &Value) -> Option<Self> {
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        let outcome = answer["outcome"].as_str()?;
        let of_certificate =
            IssueOutcome::ALL.into_iter().find(|it| it.as_str() == outcome);
        if let Some(outcome) = of_certificate {
            let urls = CertificateUrls {
                verify_id: text("verify_id")?.parse().ok()?,
                download_id: text("download_id")?.parse().ok()?,
                verify_url: CertificateUrl::parse(&text("verify_url")?).ok()?,
                download_url: CertificateUrl::parse(&text("download_url")?).ok()?,
            };
            return Some(Self::Issued(Box::new(IssuedCertificate {
                name: job.request().ok()?.name().as_str().to_owned(),
                outcome,
                edition: answer["edition"].as_u64()?.try_into().ok()?,
                issued: text("issued").unwrap_or_default(),
                pdf: None,
                is_valid: true,
                urls,
                message: None,
            })));
        }
        let fields = if outcome == OutcomeFields::NOT_PASSED {
            OutcomeFields::not_passed(&text("why")?)
        } else {
            let failed = OutcomeFields::new(OutcomeFields::FAILED);
            let (message, help) = (Some(text("message")?), text("help"));
            OutcomeFields {
                error: text("error").map(Into::into),
                message,
                help,
                place: text("place"),
                ..failed
            }
        };
        let said = fields.why.as_ref().or(fields.message.as_ref());
        let mut message = said.cloned().unwrap_or_default();
        let row = row_place(&job.row);
        if let Some(place) = fields.place.as_ref().or(row.as_ref()) {
            message = format!("{place}: {message}");
        }
        if let Some(help) = &fields.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        if let (Some(_), Some(row)) = (&fields.place, &row) {
            message.push_str(&format!("\n(for {row})"));
        }
        Some(Self::Without { fields: Box::new(fields), message })
    }

    /// What `--json` prints for a row by the answer of an agent: the same as for a local run.
    pub(crate) fn answered_json(&self, job: &IssueJob, answer: &Value) -> Value {
        let Self::Issued(issued) = self else { return self.without_json(job) };
        let page = PageFields {
            name: &issued.name,
            edition: issued.edition,
            language: answer["language"].clone(),
            layout: answer["layout"].clone(),
            issued: answer["issued"].clone(),
            sha256: answer["sha256"].clone(),
            warnings: answer["warnings"].clone(),
        };
        certificate_json(job, issued.outcome, &issued.urls, page)
    }

    /// The outcome in one word.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Without { fields, .. } => fields.outcome,
            Self::Issued(issued) => issued.outcome.as_str(),
        }
    }
}

/// Why the PDF of a valid certificate cannot be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LostPdf {
    /// The public store has none.
    Missing,
    /// What the public store has is not what was issued.
    Changed,
}

/// The outcome of a row that was not done because the run was stopped.
const NOT_DONE: &str = "not-done";

/// The outcome of a row that is known to be of no recipient.
const LEFT_OUT: &str = "left-out";

/// The results of all rows.
#[derive(Debug)]
pub(crate) struct Report {
    /// Those of the jobs; `None` for one that is not done.
    rows: Vec<Option<ReportRow>>,
    /// The rows of the file that are of no recipient, in order.
    left_out: Vec<LeftOutRow>,
}

/// A row of a recipients file that is of no recipient.
#[derive(Debug, Clone)]
pub(crate) struct LeftOutRow {
    pub(crate) place: Place,
    pub(crate) name: String,
}

impl Report {
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows: (0..rows).map(|_| None).collect(), left_out: Vec::new() }
    }

    /// Adds the rows of the file that are of no recipient.
    pub(crate) fn with_left_out(mut self, rows: Vec<LeftOutRow>) -> Self {
        self.left_out = rows;
        self
    }

    /// The jobs by index, and before each the rows of the file above it that are of no recipient.
    fn in_order<'a>(
        &'a self,
        jobs: &'a [IssueJob],
    ) -> impl Iterator<Item = std::result::Result<usize, &'a LeftOutRow>> {
        let mut others = self.left_out.iter().peekable();
        let mut next = 0;
        std::iter::from_fn(move || {
            let line = jobs.get(next).and_then(|job| job.row.place.as_ref()?.line);
            let is_above = |other: &&LeftOutRow| match (next < jobs.len(), line) {
                (false, _) => true,
                (true, line) => other.place.line < line,
            };
            if let Some(other) = others.next_if(is_above) {
                return Some(Err(other));
            }
            next += 1;
            (next <= jobs.len()).then(|| Ok(next - 1))
        })
    }

    pub(crate) fn set(&mut self, index: usize, row: ReportRow) {
        self.rows[index] = Some(row);
    }

    /// Whether a row has a result.
    #[cfg(all(feature = "cli", feature = "redis"))]
    pub(crate) fn is_set(&self, index: usize) -> bool {
        self.rows[index].is_some()
    }

    /// How many rows failed, or lack their PDF.
    pub(crate) fn failed(&self) -> usize {
        let is_failed = |row: &&Option<ReportRow>| match row {
            Some(ReportRow::Without { fields, .. }) => {
                fields.outcome == OutcomeFields::FAILED
            }
            Some(ReportRow::Issued(issued)) => issued.message.is_some(),
            None => false,
        };
        self.rows.iter().filter(is_failed).count()
    }

    /// Notes that these certificates have no PDF that can be handed out, and returns a message for
    /// each.
    pub(crate) fn note_lost_pdfs(
        &mut self,
        lost: &BTreeMap<CertificateId, LostPdf>,
        jobs: &[IssueJob],
    ) -> Vec<String> {
        let mut messages = Vec::new();
        for (row, job) in self.rows.iter_mut().zip(jobs) {
            let Some(ReportRow::Issued(issued)) = row else { continue };
            let Some(lost) = lost.get(issued.id()) else { continue };
            let place = row_place(&job.row).map(|place| format!("{place}: "));
            let message = format!(
                "{}the PDF of `{}` is {}, and is left out\nhelp: put a copy back: testamur \
                 restore --from DIR; or make the next edition: --replace",
                place.unwrap_or_default(),
                issued.name,
                match lost {
                    LostPdf::Missing => "lost",
                    LostPdf::Changed => "not the one that was issued",
                }
            );
            messages.push(message.clone());
            issued.message = Some(message);
        }
        messages
    }

    /// The certificates that have a receipt, in the order of the recipients file.
    pub(crate) fn issued(&self) -> impl Iterator<Item = &IssuedCertificate> {
        self.rows.iter().filter_map(|row| match row {
            Some(ReportRow::Issued(issued)) => Some(&**issued),
            _ => None,
        })
    }

    /// How many certificates there are of each outcome, in words.
    pub(crate) fn summary(&self) -> String {
        let count = |outcome| self.issued().filter(|i| i.outcome == outcome).count();
        let mut text = format!("{} issued", count(IssueOutcome::Issued));
        for (outcome, words) in [
            (IssueOutcome::Superseding, "superseding an earlier edition"),
            (IssueOutcome::Reissued, "reissued after a revocation"),
            (IssueOutcome::Unchanged, "unchanged"),
            (IssueOutcome::Stale, "stale (a newer edition is current)"),
        ] {
            let number = count(outcome);
            if number > 0 {
                text.push_str(&format!(", {number} {words}"));
            }
        }
        let not_passed = self.rows.iter().filter(|row| match row {
            Some(ReportRow::Without { fields, .. }) => {
                fields.outcome == OutcomeFields::NOT_PASSED
            }
            _ => false,
        });
        match not_passed.count() {
            0 => {}
            number => text.push_str(&format!(", {number} not passed")),
        }
        text.push_str(&format!(", {} failed", self.failed()));
        if !self.left_out.is_empty() {
            text.push_str(&format!(", {} left out", self.left_out.len()));
        }
        text
    }

    /// The report as JSON.
    pub(crate) fn json(&self, jobs: &[IssueJob], kept: &[String]) -> Vec<u8> {
        let of_job = |index: usize| {
            let job = &jobs[index];
            let mut object = match &self.rows[index] {
                None => json!({ "outcome": NOT_DONE, "name": job.row.name,
                    "course": job.course, "row": row_place(&job.row) }),
                Some(ReportRow::Without { fields, .. }) => {
                    row_json(fields, &job.course, &job.row)
                }
                Some(ReportRow::Issued(issued)) => issued.json(job),
            };
            object["username"] = job.username().into();
            if !kept.is_empty() {
                let cells = job.row.kept.iter().cloned().map(Value::from);
                object["kept"] = Value::Object(kept.iter().cloned().zip(cells).collect());
            }
            object
        };
        let rows =
            self.in_order(jobs).map(|row| row.map_or_else(LeftOutRow::json, of_job));
        let rows: Vec<Value> = rows.collect();
        let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        text.push('\n');
        text.into_bytes()
    }

    /// The report as CSV.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: it cannot be written.
    pub(crate) fn csv(&self, jobs: &[IssueJob], kept: &[String]) -> Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = [
            "row",
            "name",
            "course",
            "outcome",
            "verify_id",
            "edition",
            "issued",
            "download_url",
            "verify_url",
            "message",
            "username",
        ];
        let headers = header.into_iter().map(str::to_owned);
        let headers = headers.chain(kept.iter().map(|header| escape_formula(header)));
        writer.write_record(headers).map_err(unwritable)?;
        for row in self.in_order(jobs) {
            let index = match row {
                Ok(index) => index,
                Err(other) => {
                    let mut cells = vec![String::new(); 11 + kept.len()];
                    cells[0] = other.place.to_string();
                    cells[1] = escape_formula(&other.name);
                    cells[3] = LEFT_OUT.to_owned();
                    cells[9] = LeftOutRow::WHY.to_owned();
                    writer.write_record(cells).map_err(unwritable)?;
                    continue;
                }
            };
            let (row, job) = (&self.rows[index], &jobs[index]);
            let place = row_place(&job.row).unwrap_or_default();
            let place = place.as_str();
            let name = match row {
                Some(ReportRow::Issued(issued)) => issued.name.as_str(),
                _ => job.row.name.as_str(),
            };
            let record = match row {
                None => [place, name, &job.course, NOT_DONE, "", "", "", "", "", ""],
                Some(ReportRow::Without { fields, message }) => {
                    let outcome = fields.outcome;
                    // The certificate that stands although the grade does not pass.
                    let id = fields.revoked_id.as_deref().unwrap_or_default();
                    [place, name, &job.course, outcome, id, "", "", "", "", message]
                }
                Some(ReportRow::Issued(issued)) => [
                    place,
                    name,
                    &job.course,
                    issued.outcome.as_str(),
                    issued.id(),
                    &issued.edition.to_string(),
                    &issued.issued,
                    &issued.urls.download_url,
                    &issued.urls.verify_url,
                    issued.message.as_deref().unwrap_or_default(),
                ],
            };
            // A text of a row may look like a formula, so it is escaped.
            let username = job.username().unwrap_or_default();
            let cells = record.into_iter().chain([username]).map(escape_formula);
            let cells = cells.chain(job.row.kept.iter().map(|cell| escape_formula(cell)));
            writer.write_record(cells).map_err(unwritable)?;
        }
        writer.into_inner().map_err(unwritable)
    }
}

impl LeftOutRow {
    const WHY: &str = "the row is of no recipient";

    fn json(&self) -> Value {
        json!({ "outcome": LEFT_OUT, "name": self.name, "row": self.place.to_string(),
            "why": Self::WHY })
    }
}

impl IssuedCertificate {
    /// The verify id.
    pub(crate) fn id(&self) -> &CertificateId {
        &self.urls.verify_id
    }

    fn json(&self, job: &IssueJob) -> Value {
        let mut outcome = OutcomeFields::certificate(self.outcome, &self.urls);
        outcome.message.clone_from(&self.message);
        let mut object = row_json(&outcome, &job.course, &job.row);
        object["name"] = self.name.as_str().into();
        object["edition"] = self.edition.into();
        object["issued"] = self.issued.as_str().into();
        object
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::caused(ErrorKind::Io, "failed to write the report", error)
}

/// The name on the certificate, which is not the one that was typed if nothing was issued.
pub(crate) fn printed_name<'a>(job: &'a IssueJob, receipt: &'a Receipt) -> &'a str {
    let certificate = receipt.record.certificate.as_ref();
    certificate.map_or(&job.row.name, |certificate| &certificate.name)
}

/// What `--json` prints for a receipt.
pub(crate) fn receipt_json(job: &IssueJob, receipt: &Receipt) -> Value {
    let certificate = receipt.record.certificate.as_ref();
    let sha256 = certificate.and_then(|it| it.pdf_sha256());
    let page = PageFields {
        name: printed_name(job, receipt),
        edition: receipt.record.edition,
        language: receipt.record.language.as_str().into(),
        layout: receipt.record.layout.name.as_str().into(),
        issued: certificate.map(|c| c.issued.to_string()).into(),
        sha256: sha256.map(|it| it.as_str()).into(),
        warnings: json!(receipt.warnings),
    };
    certificate_json(job, receipt.outcome, &receipt.urls, page)
}

/// What `--json` prints about a certificate's page.
struct PageFields<'a> {
    name: &'a str,
    edition: u32,
    language: Value,
    layout: Value,
    issued: Value,
    sha256: Value,
    warnings: Value,
}

fn certificate_json(
    job: &IssueJob,
    outcome: IssueOutcome,
    urls: &CertificateUrls,
    page: PageFields<'_>,
) -> Value {
    let outcome = OutcomeFields::certificate(outcome, urls);
    let mut object = row_json(&outcome, &job.course, &job.row);
    object["name"] = page.name.into();
    object["username"] = job.username().into();
    object["edition"] = page.edition.into();
    object["language"] = page.language;
    object["layout"] = page.layout;
    object["issued"] = page.issued;
    object["sha256"] = page.sha256;
    object["warnings"] = page.warnings;
    object
}
