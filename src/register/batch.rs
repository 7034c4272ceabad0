//! Batches: the certificates of a recipients file, from its rows to the archive.
//!
//! - **Takes**: a press, a recipients file, an issue service.
//! - **Gives**: the [jobs](IssueJob), their results as a [`Report`], and the PDFs as an archive or as one file
//!   for a printer.
//!
//! The program and the studio share it, so that a run that was begun in one can be continued in the
//! other. The decision made here: a run has no state of its own. The register knows what is issued,
//! and the same rows give the same certificates.

mod bundle;
mod file_names;
mod job;
mod reading;
mod report;
mod row;
mod spreadsheet;
mod workers;

pub(crate) use self::bundle::IssuedPdfs;
#[cfg(feature = "cli")]
pub(crate) use self::file_names::{file_stem, unused_name};
pub(crate) use self::job::{IssueJob, make_jobs};
pub(crate) use self::reading::TableReading;
pub(crate) use self::report::{LeftOutRow, Report, ReportRow};
#[cfg(feature = "cli")]
pub(crate) use self::report::{printed_name, receipt_json};
#[cfg(feature = "cli")]
pub(crate) use self::row::row_json;
pub(crate) use self::row::{failure_message, row_place};
#[cfg(feature = "cli")]
pub(crate) use self::spreadsheet::escape_formula;
pub(crate) use self::workers::{WAITING_PER_CORE, run_jobs};
