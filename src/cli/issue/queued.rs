//! `issue --queue`: puts the rows of a recipients file on the agents' queue, and collects the
//! results.
//!
//! The decision made here: a run has no state on this machine. The server has the rows that were
//! put and their results, so the same command continues a run that ended early.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde_json::Value;

use super::report::{ended, write_report};
use crate::agent::{QueuedBatch, Unfinished, open_batch, open_queue};
use crate::cli::args::{Issue, SiteArguments};
use crate::cli::batch::StopSignal;
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::recipients::RecipientList;
use crate::cli::{console, context};
use crate::press::Press;
use crate::register::IssueOptions;
use crate::register::batch::{IssueJob, Report, ReportRow, row_place};
use crate::site::AgentSettings;
use crate::{Error, Warning};

/// The most rows on the queue that are not done.
const MAX_WAITING: usize = 10_000;
/// How long a read waits for results, before the run looks whether it is stopped.
const READ_WAIT: Duration = Duration::from_millis(500);
/// How long to wait between attempts to reach a server that is unreachable.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often the count is printed where there is no bar.
const PRINT_INTERVAL: Duration = Duration::from_secs(10);
/// After this time without a result the run checks whether any agent works.
const QUIET: Duration = Duration::from_secs(10);

pub(super) fn run(
    site: &SiteArguments,
    issue: &Issue,
    press: &Press,
    jobs: &[IssueJob],
    recipients: RecipientList,
    options: &IssueOptions,
    stop: &StopSignal,
) -> Result<CommandOutcome, Failure> {
    let settings = context::agent_settings(press.settings(), &[])?;
    let folder = context::folder(site);
    check_queue(&settings, folder, stop)?;
    let RecipientList { kept, left_out, .. } = recipients;
    let mut report = Report::new(jobs.len()).with_left_out(left_out);
    let mut rows = Vec::new();
    let mut requests = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        match request_of(job, options) {
            Ok(request) => {
                rows.push(index);
                requests.push(request);
            }
            Err(error) => {
                let row = ReportRow::new(job, Err(error));
                print(issue.json.then(|| row.without_json(job)), &row);
                report.set(index, row);
            }
        }
    }
    let mut run = QueuedRun {
        batch: open_batch(&settings, folder, requests)?.with_mark(&mark(press, jobs)?),
        stop,
        jobs,
        rows,
        done: jobs.len(),
        counts: BTreeMap::new(),
        bar: console::progress_bar(jobs.len()),
        printed_at: Instant::now(),
        report,
        warnings: console::RunWarnings::default(),
        is_json: issue.json,
    };
    run.done -= run.rows.len();
    let worked = run.work();
    run.bar.finish_and_clear();
    let QueuedRun { batch, report, done, warnings, .. } = run;
    warnings.print();
    console::print_message(&report.summary());
    if let Some(file) = &issue.report {
        write_report(file, &report, jobs, &kept)?;
    }
    worked?;
    if done == jobs.len() {
        batch.end()?;
    }
    ended(done, jobs, &report)
}

/// Checks that the agents' queue can be used. One that is unreachable is waited for later.
fn check_queue(
    settings: &AgentSettings,
    folder: &Path,
    stop: &StopSignal,
) -> Result<(), Failure> {
    match open_queue(settings, folder, "issue")?.check() {
        Err(error) if error.is_retryable() && !stop.is_set() => Ok(()),
        checked => Ok(checked?),
    }
}

/// What the certificates of some rows are made from, besides their requests: a run after it changed is
/// another one.
fn mark(press: &Press, jobs: &[IssueJob]) -> Result<Vec<u8>, Failure> {
    let site = press.site();
    let mut mark = Vec::new();
    for name in site.course_files() {
        mark.extend(site.read(name)?.unwrap_or_default().iter());
    }
    let mut layouts = BTreeSet::new();
    for job in jobs {
        let Ok(request) = job.request() else { continue };
        let course = press.courses().get(request.course()).ok();
        layouts.extend(course.map(|course| course.layout.clone()));
        layouts.extend(request.layout().map(str::to_owned));
    }
    for layout in &layouts {
        // One that cannot be read fails with its rows.
        let layout = press.layout(layout).ok();
        mark.extend(layout.iter().flat_map(|it| it.sources.sha256.as_bytes()));
    }
    Ok(mark)
}

/// The request of a row as an agent reads it, with what a local run would be allowed to do.
fn request_of(job: &IssueJob, options: &IssueOptions) -> Result<Vec<u8>, Error> {
    let failed = |cause: serde_json::Error| {
        let message = format!("the row cannot be put on a queue ({cause})");
        Error::new(crate::ErrorKind::InvalidValue, message)
    };
    let mut request = serde_json::to_value(job.request()?).map_err(failed)?;
    request["reference"] = row_place(&job.row).into();
    for (key, flag) in [
        ("replace", options.replace),
        ("reissue", options.reissue),
        ("cautious", options.cautious),
    ] {
        request[key] = flag.into();
    }
    Ok(request.to_string().into_bytes())
}

/// A run, with its state so far.
struct QueuedRun<'a> {
    batch: QueuedBatch,
    stop: &'a StopSignal,
    jobs: &'a [IssueJob],
    /// The jobs of the rows that are put, by their index.
    rows: Vec<usize>,
    /// How many jobs have a result, those among them that are no request.
    done: usize,
    counts: BTreeMap<&'static str, usize>,
    bar: ProgressBar,
    printed_at: Instant,
    report: Report,
    warnings: console::RunWarnings,
    is_json: bool,
}

impl QueuedRun<'_> {
    /// Puts rows and takes results until all are done or the user stops the run.
    fn work(&mut self) -> Result<(), Failure> {
        self.attempt(|run| run.batch.begin())?;
        let before = self.batch.put_count();
        if before > 0 {
            let begun_at = self.attempt(|run| run.batch.begun_at())?;
            let since = begun_at.map(|at| format!(" since {at}")).unwrap_or_default();
            console::print_message(&format!(
                "continuing: {before} of {} rows are on the queue already{since}; what is told of \
                 them is as it was when they were done: `testamur find` tells what holds now",
                self.rows.len()
            ));
        }
        let mut changed_at = Instant::now();
        let mut has_told = false;
        while self.done < self.jobs.len() && !self.stop.is_set() {
            let has_more = self.batch.put_count() < self.rows.len();
            let waiting = self.batch.put_count().saturating_sub(self.rows_done());
            let puts = has_more && waiting < MAX_WAITING;
            if puts {
                self.attempt(|run| run.batch.put_next())?;
            }
            let wait = if puts { Duration::ZERO } else { READ_WAIT };
            if self.take_results(wait)? || puts {
                changed_at = Instant::now();
            }
            self.print_count();
            if changed_at.elapsed() > QUIET {
                let unfinished = self.attempt(|run| run.batch.unfinished())?;
                self.look(unfinished, &mut has_told)?;
                changed_at = Instant::now();
            }
        }
        Ok(())
    }

    /// How many of the rows that are put have a result.
    fn rows_done(&self) -> usize {
        self.done - (self.jobs.len() - self.rows.len())
    }

    /// Takes the results that came, and returns whether there were any.
    fn take_results(&mut self, wait: Duration) -> Result<bool, Failure> {
        let results = self.attempt(|run| run.batch.read_results(wait))?;
        let any = !results.is_empty();
        for result in results {
            let index = self.rows[result.row];
            let job = &self.jobs[index];
            if self.report.is_set(index) {
                continue;
            }
            match ReportRow::answered(job, &result.answer) {
                Some(row) => {
                    self.note_warnings(index, &result.answer);
                    let object = row.answered_json(job, &result.answer);
                    self.set(index, row, object);
                }
                None => {
                    let error = Error::new(
                        crate::ErrorKind::Queue,
                        "the answer of the agent cannot be understood",
                    );
                    self.fail(index, error.with_help("run the agents in this version"));
                }
            }
        }
        Ok(any)
    }

    /// Notes the warnings of a certificate, which are printed at the end.
    fn note_warnings(&mut self, index: usize, answer: &Value) {
        let warnings: Option<Vec<Warning>> =
            serde_json::from_value(answer["warnings"].clone()).ok();
        let language = answer["language"].as_str().unwrap_or_default();
        let row = self.jobs[index].row.place.as_ref();
        self.warnings.add(&warnings.unwrap_or_default(), language, row);
    }

    /// Sets the result of a row that has no answer.
    fn fail(&mut self, index: usize, error: Error) {
        let job = &self.jobs[index];
        let row = ReportRow::new(job, Err(error));
        let object = row.without_json(job);
        self.set(index, row, object);
    }

    fn set(&mut self, index: usize, row: ReportRow, object: Value) {
        let object = self.is_json.then_some(object);
        self.bar.suspend(|| print(object, &row));
        *self.counts.entry(row.outcome()).or_default() += 1;
        self.report.set(index, row);
        self.done += 1;
        self.bar.set_position(self.done as u64);
    }

    /// Reports why no results come: no agent works, or the requests are gone from the stream.
    fn look(
        &mut self,
        unfinished: Unfinished,
        has_told: &mut bool,
    ) -> Result<(), Failure> {
        let is_put = self.batch.put_count() == self.rows.len();
        match (unfinished.is_waiting, unfinished.held) {
            // A result is written before its request is no longer held.
            (false, 0) if is_put && !self.take_results(Duration::ZERO)? => {
                for index in self.rows.clone() {
                    if !self.report.is_set(index) {
                        let error = Error::new(
                            crate::ErrorKind::Queue,
                            "its request is not on the stream any more, and has no result",
                        );
                        let error = error.with_help(
                            "run the same command again, with a stream that is not trimmed \
                             before its requests are done, and agents of this version",
                        );
                        self.fail(index, error);
                    }
                }
            }
            (true, 0) if !*has_told => {
                *has_told = true;
                self.bar.suspend(|| {
                    console::print_message(
                        "no agent takes the requests, which stay on the queue: start one with \
                         `testamur agent`",
                    );
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// Shows how many rows are on the queue, and their outcomes.
    fn print_count(&mut self) {
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        let put = self.batch.put_count();
        let put = [format!("{put} put")];
        let text = put.into_iter().chain(counts).collect::<Vec<_>>().join(", ");
        if std::io::stderr().is_terminal() {
            self.bar.set_message(text);
        } else if self.printed_at.elapsed() > PRINT_INTERVAL {
            self.printed_at = Instant::now();
            let all = self.jobs.len();
            console::print_message(&format!("{} of {all} done: {text}", self.done));
        }
    }

    /// Calls `ask` until the server can be reached; the user may stop that.
    fn attempt<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> crate::Result<T>,
    ) -> Result<T, Failure> {
        let mut has_told = false;
        loop {
            match ask(self) {
                Err(error) if error.is_retryable() && !self.stop.is_set() => {
                    if !has_told {
                        has_told = true;
                        self.bar.suspend(|| {
                            console::print_message(&format!(
                                "the queue is unreachable, and is waited for: {error:#}"
                            ));
                        });
                    }
                    thread::sleep(RETRY_INTERVAL);
                }
                result => return Ok(result?),
            }
        }
    }
}

/// Prints the result of a row: as JSON if there is some, and in words why it has no certificate.
fn print(object: Option<Value>, row: &ReportRow) {
    if let Some(object) = object {
        console::print_json(&object);
    }
    if let ReportRow::Without { message, .. } = row {
        console::print_message(message);
    }
}
