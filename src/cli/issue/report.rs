//! The report of a run, and how the run ends.

use std::io::Write as _;
use std::path::Path;

use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::{console, output};
use crate::register::batch::{IssueJob, Report};

/// Writes the report as JSON if the file ends in `.json`, else as CSV.
pub(super) fn write_report(
    file: &Path,
    report: &Report,
    jobs: &[IssueJob],
    kept: &[String],
) -> Result<(), Failure> {
    let is_json = has_ending(file, "json");
    let bytes = if is_json { report.json(jobs, kept) } else { report.csv(jobs, kept)? };
    output::write_private_with(file, |out| {
        let failed =
            |error| Failure::new(format!("failed to write the report ({error})"));
        out.write_all(&bytes).map_err(failed)
    })?;
    console::print_message(&format!("wrote {}", file.display()));
    Ok(())
}

/// The outcome of a run of which this many jobs are done.
pub(super) fn ended(
    done: usize,
    jobs: &[IssueJob],
    report: &Report,
) -> Result<CommandOutcome, Failure> {
    if done < jobs.len() {
        return Err(Failure::new(format!(
            "stopped: {} of {} certificates are not done\nhelp: run the same command again to \
             continue",
            jobs.len() - done,
            jobs.len()
        )));
    }
    Ok(CommandOutcome::of(report.failed() == 0))
}

pub(super) fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}
