//! `testamur issue`: issues one certificate, or one for each row of a recipients file.

#[cfg(feature = "redis")]
mod queued;
mod report;

use std::path::Path;
use std::sync::Arc;

use crate::Date;
use crate::press::{Draft, DraftOptions, Press};
use crate::register::{
    IssueBatch, IssueOptions, IssueOutcome, IssueService, Receipt, typed_id,
};
use crate::site::name;
use crate::site::tables::RecipientRow;
use crate::site::{KeyPublication, Keys, PublicKeys};
use serde_json::json;

use self::report::{ended, has_ending, write_report};
use super::args::{Issue, SealingArguments, SiteArguments};
use super::batch::{self, StopSignal};
use super::exit::{CommandOutcome, Failure};
use super::job_failure::JobFailure;
use super::recipients::{self, ReadingContext, RecipientSource};
use super::selection::check_address;
use super::{clock, console, context, output};
use crate::register::batch::{
    IssueJob, IssuedPdfs, Report, ReportRow, make_jobs, printed_name, receipt_json,
    row_place,
};

pub(crate) fn run(
    site: &SiteArguments,
    issue: &Issue,
) -> Result<CommandOutcome, Failure> {
    check_files(issue)?;
    let instead_of = issue.instead_of.as_deref().map(typed_id).transpose()?;
    let source = RecipientSource::open(issue.name.as_deref(), &issue.table)?;
    let press = Arc::new(Press::new(context::open_site(site)?)?);
    press.warnings().iter().for_each(console::print_warning);
    refuse_foreign_course(&press, issue)?;
    let today = context::today(&press)?;
    let reading = ReadingContext {
        press: &press,
        course: issue.course.as_deref(),
        table: &issue.table,
        keep: &issue.keep,
        request: &issue.request,
        today,
    };
    let mut recipients = reading.read(source)?;
    let rows = std::mem::take(&mut recipients.rows);
    let course = the_course(&press, issue, &rows)?;
    let defaults = recipients::defaults(&course, &issue.request);
    let jobs = make_jobs(rows, &defaults, issue.specimen);
    let options = IssueOptions::default()
        .with_replace(issue.replace)
        .with_reissue(issue.reissue)
        .with_cautious(issue.table.file.is_some());
    let stop = StopSignal::listen(|| {
        console::print_message(
            "stopping: certificates that have begun are finished first",
        );
    })?;
    context::check_address(&press, issue.specimen)?;
    if issue.dry_run {
        recipients.print_summary();
        let planner = open_planner(site, issue, &press)?;
        return dry_run(planner.as_ref(), &press, issue, &jobs, today, &options, &stop);
    }

    #[cfg(feature = "redis")]
    if issue.queue {
        return queued::run(site, issue, &press, &jobs, recipients, &options, &stop);
    }
    let output = issue.output.as_deref();
    let (issuer, keys) = open_issuer(site, output, &issue.sealing, &press)?;
    let left_out = std::mem::take(&mut recipients.left_out);
    if let Some(address) = &issue.instead_of {
        check_address(issuer.register(), address)?;
    }
    if let Some(id) = &instead_of {
        // One that is not known is told before anything is made.
        issuer.register().edition(id)?;
    }
    let mut report = Report::new(jobs.len()).with_left_out(left_out);
    let mut warnings = console::RunWarnings::default();
    let together = IssueBatch::new(&issuer, options);
    let together = if jobs.len() > 1 { together.with_close_look() } else { together };
    let done = batch::run_together(
        &jobs,
        batch::WAITING_PER_CORE,
        &stop,
        |index, job| {
            let request = job.request();
            let request = request.and_then(|it| Ok((it, clock::checked_now()?)));
            match (request, &instead_of) {
                (Err(error), _) => vec![(index, Err(error))],
                (Ok((request, now)), None) => {
                    together.issue(index, request.clone(), today, now)
                }
                (Ok((request, now)), Some(id)) => {
                    let issued =
                        issuer.issue_instead_of(id, request, today, now, &options);
                    vec![(index, issued)]
                }
            }
        },
        || together.finish(),
        |index, result| {
            let job = &jobs[index];
            if let Ok(receipt) = &result {
                let row = job.row.place.as_ref();
                warnings.add(&receipt.warnings, &receipt.record.language, row);
            }
            if let Ok(receipt) = &result {
                report_receipt(job, receipt, issue.json, jobs.len() == 1);
            }
            let row = ReportRow::new(job, result).with_standing(job, &issuer);
            if let ReportRow::Without { message, .. } = &row {
                if issue.json {
                    console::print_json(&row.without_json(job));
                }
                console::print_message(message);
            }
            report.set(index, row);
        },
    );
    warnings.print();
    if jobs.len() > 1 {
        console::print_message(&report.summary());
    }
    // The report names what the archive lacks, and is written even if the archive fails.
    let mut pdfs = IssuedPdfs::new(&issuer);
    let bundled = write_bundles(issue, &mut pdfs, &keys, &report);
    let lost = pdfs.lost;
    for message in report.note_lost_pdfs(&lost, &jobs) {
        console::print_message(&message);
    }
    if let Some(file) = &issue.report {
        write_report(file, &report, &jobs, &recipients.kept)?;
    }
    bundled?;
    ended(done, &jobs, &report)
}

/// The course of the rows that name none.
fn the_course(
    press: &Press,
    issue: &Issue,
    rows: &[RecipientRow],
) -> Result<String, Failure> {
    let courses = recipients::select_courses(press, issue.course.as_deref(), rows)?;
    let [course] = courses.as_slice() else {
        return Err(Failure::usage(
            "the site has several courses\nhelp: name one with --course, or in a column \
             `course` of the recipients file",
        ));
    };
    Ok(course.clone())
}

/// Writes the files of all PDFs that the arguments ask for.
fn write_bundles(
    issue: &Issue,
    pdfs: &mut IssuedPdfs<'_>,
    keys: &PublicKeys,
    report: &Report,
) -> Result<(), Failure> {
    if let Some(file) = &issue.zip {
        output::write_private_with(file, |out| Ok(pdfs.zip(out, keys, report)?))?;
        console::print_message(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &issue.print {
        output::write_private_with(file, |out| Ok(pdfs.merge(out, report)?))?;
        console::print_message(&format!("wrote {}", file.display()));
    }
    Ok(())
}

/// Refuses a course of the user's own if the command runs on the demo site, because it was started
/// outside of the user's site.
fn refuse_foreign_course(press: &Press, issue: &Issue) -> Result<(), Failure> {
    match &issue.course {
        Some(course)
            if press.site().is_demo() && press.courses().get(course).is_err() =>
        {
            Err(Failure::new(format!(
                "there is no course `{course}`: this folder is no site, because it has no \
                 testamur.yaml, and {} has other courses\nhelp: run the command in the folder of \
                 the site, or name it: --site DIR",
                press.site().name()
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses, before any work is done, output files that are the recipients file or have a wrong
/// extension.
fn check_files(issue: &Issue) -> Result<(), Failure> {
    for (file, argument) in
        [(&issue.report, "--report"), (&issue.zip, "--zip"), (&issue.print, "--print")]
    {
        if let Some(file) = file.as_ref().filter(|_| issue.dry_run) {
            return Err(Failure::usage(format!(
                "`{}` would not be written: --dry-run issues nothing\nhelp: leave out {argument}, \
                 or take --json for what would be issued",
                file.display()
            )));
        }
    }
    if let Some(input) = &issue.table.file {
        for (file, argument) in [
            (&issue.zip, "--zip"),
            (&issue.print, "--print"),
            (&issue.report, "--report"),
        ] {
            file.iter().try_for_each(|file| output::keep_input(argument, file, input))?;
        }
    }
    for (file, ending, argument) in
        [(&issue.zip, "zip", "--zip"), (&issue.print, "pdf", "--print")]
    {
        if let Some(file) = file.as_ref().filter(|file| !has_ending(file, ending)) {
            return Err(Failure::usage(format!(
                "`{}` does not end in .{ending}\nhelp: {argument} FILE.{ending}",
                file.display()
            )));
        }
    }
    if let Some(file) = &issue.report
        && !has_ending(file, "csv")
        && !has_ending(file, "json")
    {
        return Err(Failure::usage(format!(
            "`{}` is neither .csv nor .json\nhelp: --report FILE.csv or FILE.json",
            file.display()
        )));
    }
    if !issue.dry_run {
        [&issue.zip, &issue.print, &issue.report]
            .into_iter()
            .flatten()
            .try_for_each(|file| output::check_writable(file))?;
    }
    Ok(())
}

/// Opens the issue service by arguments and settings, and returns it with the public parts of its
/// keys.
pub(crate) fn open_issuer(
    site: &SiteArguments,
    output: Option<&Path>,
    sealing: &SealingArguments,
    press: &Arc<Press>,
) -> Result<(IssueService, PublicKeys), Failure> {
    let now = clock::now()?;
    let settings = press.settings();
    let on_index_failure = context::print_index_failure;
    let stores = context::open_stores(
        site,
        settings,
        output,
        Some(&sealing.keys),
        on_index_failure,
    )?;
    context::create_demo_secret(site, &sealing.keys, press, &stores, now)?;
    let publication = KeyPublication::of(settings);
    let public = &*stores.public;
    let keys = context::open_keys(site, settings, &publication, sealing, public, now)?;
    let secret = context::open_id_secret(site, &sealing.keys)?;
    stores.check()?;
    let issuer = IssueService::builder(press.clone())
        .with_keys(&keys)
        .with_id_secret(secret)
        .with_stores(stores.public, stores.private)
        .build()?;
    Ok((issuer, keys.public()))
}

/// The issue service for planning a run, which writes nothing. `None` for the built-in demo if it
/// has issued nothing yet.
fn open_planner(
    site: &SiteArguments,
    issue: &Issue,
    press: &Arc<Press>,
) -> Result<Option<IssueService>, Failure> {
    let (settings, sealing) = (press.settings(), &issue.sealing);
    let has_secret = Keys::has_id_secret(&context::key_folder(site, &sealing.keys));
    if press.site().is_demo() && !has_secret {
        return Ok(None);
    }
    let output = issue.output.as_deref();
    let stores = context::open_stores(
        site,
        settings,
        output,
        Some(&sealing.keys),
        context::print_index_failure,
    )?;
    let publication = KeyPublication::of(settings);
    let public = &*stores.public;
    let now = clock::now()?;
    let keys = context::open_keys_as_they_are(
        site,
        settings,
        &publication,
        sealing,
        public,
        now,
    )?;
    let secret = context::open_id_secret(site, &sealing.keys)?;
    let planner = IssueService::builder(press.clone())
        .with_keys(&keys)
        .with_id_secret(secret)
        .with_stores(stores.public, stores.private)
        .build_to_plan()?;
    Ok(Some(planner))
}

/// Asks the register as a run does, lays out and proofs every certificate that it would issue, and
/// prints them. Nothing is stored.
fn dry_run(
    planner: Option<&IssueService>,
    press: &Press,
    issue: &Issue,
    jobs: &[IssueJob],
    today: Date,
    options: &IssueOptions,
    stop: &StopSignal,
) -> Result<CommandOutcome, Failure> {
    let draft_options = DraftOptions::default().with_specimen(issue.specimen);
    let draft = |job: &IssueJob| -> Result<Option<Draft>, JobFailure> {
        let request = job.request().map_err(JobFailure::Library)?;
        let plan = planner.map(|planner| planner.plan(request, options));
        if plan.transpose().map_err(JobFailure::Library)?.is_some_and(|it| it.exists) {
            return Ok(None);
        }
        let draft = press.draft_with(request, today, &draft_options);
        draft.map(Some).map_err(JobFailure::Library)
    };
    let (mut failed, mut not_passed, mut kept) = (0, 0, 0);
    let mut warnings = console::RunWarnings::default();
    let per_core = batch::COMPUTING_PER_CORE;
    let done = batch::run(jobs, per_core, stop, draft, |index, result| {
        let job = &jobs[index];
        match &result {
            Ok(None) => {
                kept += 1;
                if issue.json {
                    console::print_json(&json!({
                        "outcome": "unchanged",
                        "course": job.course,
                        "name": job.row.name,
                        "row": row_place(&job.row),
                    }));
                }
            }
            Ok(Some(draft)) => {
                let row = job.row.place.as_ref();
                warnings.add(&draft.warnings, draft.language.as_str(), row);
                if issue.json {
                    console::print_json(&json!({
                        "outcome": "would-issue",
                        "course": job.course,
                        "name": name::printed(&job.row.name),
                        "row": row_place(&job.row),
                        "issued": draft.issued.to_string(),
                    }));
                }
            }
            Err(failure) => {
                if failure.is_not_passed() {
                    not_passed += 1;
                } else {
                    failed += 1;
                }
                if issue.json {
                    console::print_json(&failure.json(&job.course, &job.row));
                }
                console::print_message(&failure.message(&job.row));
            }
        }
    });
    warnings.print();
    let unchanged = if kept > 0 { format!(", {kept} unchanged") } else { String::new() };
    console::print_message(&format!(
        "{} would be issued{unchanged}, {not_passed} not passed, {failed} failed; nothing was \
         published",
        done - failed - not_passed - kept
    ));
    Ok(CommandOutcome::of(failed == 0 && done == jobs.len()))
}

/// Reports the certificate of a job: as JSON if asked for, or in words if the job is the only one.
fn report_receipt(job: &IssueJob, receipt: &Receipt, json: bool, single: bool) {
    if json {
        console::print_json(&receipt_json(job, receipt));
    } else if single {
        console::print_message(&format!(
            "{}: {}\n  PDF   {}\n  page  {}",
            outcome_text(receipt.outcome),
            printed_name(job, receipt),
            receipt.urls.download_url,
            receipt.urls.verify_url
        ));
    }
}

fn outcome_text(outcome: IssueOutcome) -> &'static str {
    match outcome {
        IssueOutcome::Unchanged => "unchanged",
        IssueOutcome::Superseding => "issued, superseding the edition before",
        IssueOutcome::Reissued => "issued again, after the edition before was revoked",
        IssueOutcome::Stale => "not issued, because a newer edition is current",
        _ => "issued",
    }
}
