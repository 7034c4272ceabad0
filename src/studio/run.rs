//! A run: the certificates of a recipients file are tried or issued, with progress, and the run can
//! be stopped.
//!
//! The decision made here: a run has no state on the disk but how its file was read, which the
//! studio remembers. A stopped run is continued with the same file, in the studio or in the program,
//! because issued certificates are recognised and left as they are.

use std::io::{Seek as _, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::context::StudioContext;
use super::findings;
use super::host::{Issuing, StudioHost};
use super::people::Ready;
use crate::base::error::{Error, ErrorKind, Result, finding};
use crate::press::DraftOptions;
use crate::register::batch::{
    IssuedPdfs, Report, ReportRow, WAITING_PER_CORE, failure_message, run_jobs,
};
use crate::register::{CertificateId, CertificateUrl};
use crate::register::{IssueBatch, IssueOptions, OutcomeFields};

/// The last run of a studio, if there was one.
#[derive(Debug, Default)]
pub(super) struct Runs(Mutex<Option<Arc<Run>>>);

#[derive(Debug)]
struct Run {
    number: u64,
    is_trial: bool,
    ready: Ready,
    stop: AtomicBool,
    progress: Mutex<Progress>,
    /// What files are made of. It has a lock of its own, which is held while a large file is packed: who asks
    /// how far a run is does not wait for that.
    results: Mutex<Results>,
}

#[derive(Debug)]
struct Progress {
    rows: Vec<Option<RowEnd>>,
    is_finished: bool,
    /// Why it could not begin.
    error: Option<Error>,
    has_files: bool,
}

#[derive(Debug)]
struct Results {
    report: Report,
    issuing: Option<Issuing>,
}

/// The result of a row.
#[derive(Debug, Clone)]
struct RowEnd {
    outcome: &'static str,
    message: Option<String>,
    /// The errors of a row that failed, which the page says in its own language.
    findings: Option<Value>,
    verify_id: Option<CertificateId>,
    verify_url: Option<CertificateUrl>,
}

/// The outcome of a row that passed a trial.
const SOUND: &str = "sound";
/// How long a certificate waits to be published with others. It is short because the user watches
/// the progress.
const MAX_WAIT: Duration = Duration::from_millis(400);
/// The most rows in one answer.
const MAX_TOLD: usize = 2_000;

impl Runs {
    /// Begins a run, unless one is going on.
    ///
    /// # Errors
    /// One is going on; there are no rows that can be issued.
    pub(super) fn begin(
        &self,
        host: &Arc<dyn StudioHost>,
        ready: Ready,
        is_trial: bool,
        options: IssueOptions,
    ) -> Result<Value> {
        let mut last = self.lock();
        if last.as_ref().is_some_and(|run| !run.progress().is_finished) {
            let error = Error::new(ErrorKind::Exists, finding!("run_going_on"));
            return Err(error.with_help("stop it, or wait for its end"));
        }
        let number = last.as_ref().map_or(1, |run| run.number + 1);
        let rows = ready.jobs.len();
        let progress = Progress {
            rows: vec![None; rows],
            is_finished: false,
            error: None,
            has_files: false,
        };
        let report = Report::new(rows).with_left_out(ready.left_out.clone());
        let run = Arc::new(Run {
            number,
            is_trial,
            ready,
            stop: AtomicBool::new(false),
            progress: Mutex::new(progress),
            results: Mutex::new(Results { report, issuing: None }),
        });
        *last = Some(run.clone());
        drop(last);
        let worker = run.clone();
        let host = host.clone();
        let started =
            thread::Builder::new().name("testamur-run".into()).spawn(move || {
                // Whatever happens, the run has an end: the next one and the end of the studio wait for it.
                let ended = catch_unwind(AssertUnwindSafe(|| {
                    if worker.is_trial {
                        worker.try_all(&*host)
                    } else {
                        worker.issue(&*host, options)
                    }
                }));
                let ended = ended.unwrap_or_else(|_| {
                    Err(Error::new(ErrorKind::Panic, "an error in the program ended the run")
                        .with_help(
                            "begin it again with the same file: issued certificates stay as they are",
                        ))
                });
                let mut progress = worker.progress();
                progress.error = ended.err();
                progress.is_finished = true;
            });
        if let Err(error) = started {
            run.progress().is_finished = true;
            let message = format!("failed to start the run ({error})");
            return Err(Error::new(ErrorKind::Io, message));
        }
        Ok(run.told())
    }

    /// How far the last run is; `null` if there was none.
    pub(super) fn status(&self) -> Value {
        self.last().map_or(Value::Null, |run| run.told())
    }

    /// Asks the run to stop.
    pub(super) fn stop(&self) -> Value {
        self.ask_to_stop().map_or(Value::Null, |run| run.told())
    }

    /// Asks the run to stop, and returns whether certificates that were begun are not finished yet.
    pub(super) fn is_stopping(&self) -> bool {
        self.ask_to_stop().is_some_and(|run| !run.progress().is_finished)
    }

    /// A file of all that the last run issued: `zip`, `print.pdf`, `report.csv` or `report.json`.
    ///
    /// # Errors
    /// There is no such run; its PDFs cannot be read.
    pub(super) fn file(&self, context: &StudioContext, what: &str) -> Result<Answer> {
        let none = || {
            Error::new(
                ErrorKind::MissingFile,
                "there is no run whose files can be written",
            )
            .with_help("issue the certificates first")
        };
        let run =
            self.last().filter(|run| run.progress().is_finished).ok_or_else(none)?;
        let mut results = run.results();
        let Results { report, issuing } = &mut *results;
        let Issuing { service, keys } = issuing.as_ref().ok_or_else(none)?;
        let Ready { jobs, kept, .. } = &run.ready;
        Ok(match what {
            "report.csv" => {
                Answer::new("text/csv", report.csv(jobs, kept)?).download("report.csv")
            }
            "report.json" => {
                let bytes = report.json(jobs, kept);
                Answer::new("application/json", bytes).download("report.json")
            }
            _ => {
                let is_zip = what == "zip";
                // An unnamed file in the folder of the site: it is as private as the certificates,
                // and vanishes once it is sent.
                let failed = |error: std::io::Error| {
                    let message = format!("failed to write the file ({error})");
                    Error::new(ErrorKind::Io, message)
                };
                let mut file =
                    tempfile::tempfile_in(context.host.folder()).map_err(failed)?;
                let mut pdfs = IssuedPdfs::new(service);
                if is_zip {
                    pdfs.zip(&mut file, keys, report)?;
                } else {
                    pdfs.merge(&mut file, report)?;
                }
                report.note_lost_pdfs(&pdfs.lost, jobs);
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                if is_zip {
                    Answer::of_file("application/zip", file).download("certificates.zip")
                } else {
                    Answer::of_file("application/pdf", file).download("certificates.pdf")
                }
            }
        })
    }

    fn last(&self) -> Option<Arc<Run>> {
        self.lock().clone()
    }

    /// Asks the last run to stop, and returns it.
    fn ask_to_stop(&self) -> Option<Arc<Run>> {
        let run = self.last()?;
        run.stop.store(true, Ordering::Relaxed);
        Some(run)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn results(&self) -> MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Lays out and proofs every certificate. Nothing is stored.
    fn try_all(&self, host: &dyn StudioHost) -> Result<()> {
        let Ready { press, jobs, .. } = &self.ready;
        let (_, today) = host.clock(press.settings().timezone.as_deref())?;
        let draft = |index: usize, job: &crate::register::batch::IssueJob| {
            let drafted = job.request().and_then(|request| {
                let course = press.courses().get(request.course())?;
                request.mark(course, request.is_specimen())?;
                let options =
                    DraftOptions::default().with_specimen(request.is_specimen());
                press.draft_with(request, today, &options)
            });
            vec![(index, drafted)]
        };
        run_jobs(
            jobs,
            1,
            || self.is_stopped(),
            draft,
            Vec::new,
            |index, drafted| {
                let end = match &drafted {
                    Ok(draft) => RowEnd {
                        outcome: SOUND,
                        message: warnings(&draft.warnings),
                        findings: None,
                        verify_id: None,
                        verify_url: None,
                    },
                    Err(error) => RowEnd::failed(error, &jobs[index].row),
                };
                self.progress().rows[index] = Some(end);
            },
        );
        Ok(())
    }

    fn issue(&self, host: &dyn StudioHost, options: IssueOptions) -> Result<()> {
        let Ready { press, jobs, .. } = &self.ready;
        let zone = press.settings().timezone.as_deref();
        let (_, today) = host.clock(zone)?;
        let issuing = host.open_issuer(press)?;
        let batch = IssueBatch::new(&issuing.service, options).with_max_wait(MAX_WAIT);
        let issue = |index: usize, job: &crate::register::batch::IssueJob| {
            let ready = job.request().and_then(|it| Ok((it, host.clock(zone)?.0)));
            match ready {
                Ok((request, now)) => batch.issue(index, request.clone(), today, now),
                Err(error) => vec![(index, Err(error))],
            }
        };
        let is_stopped = || self.is_stopped();
        let finish = || batch.finish();
        run_jobs(jobs, WAITING_PER_CORE, is_stopped, issue, finish, |index, result| {
            let end = match &result {
                Ok(receipt) => RowEnd {
                    outcome: receipt.outcome.as_str(),
                    message: warnings(&receipt.warnings),
                    findings: None,
                    verify_id: Some(receipt.urls.verify_id.clone()),
                    verify_url: Some(receipt.urls.verify_url.clone()),
                },
                Err(error) => RowEnd::failed(error, &jobs[index].row),
            };
            let row = ReportRow::new(&jobs[index], result);
            let row = row.with_standing(&jobs[index], &issuing.service);
            self.results().report.set(index, row);
            self.progress().rows[index] = Some(end);
        });
        self.results().issuing = Some(issuing);
        self.progress().has_files = true;
        Ok(())
    }

    /// The state of the run for the page.
    fn told(&self) -> Value {
        let progress = self.progress();
        let mut counts = serde_json::Map::new();
        for end in progress.rows.iter().flatten() {
            let count = counts.get(end.outcome).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(end.outcome.to_owned(), (count + 1).into());
        }
        let rows = progress.rows.iter().take(MAX_TOLD);
        let rows = rows.map(|end| {
            end.as_ref().map(|end| {
                json!({
                    "outcome": end.outcome,
                    "message": end.message,
                    "findings": end.findings,
                    "verifyId": end.verify_id,
                    "verifyUrl": end.verify_url,
                })
            })
        });
        json!({
            "run": self.number,
            "isTrial": self.is_trial,
            "total": progress.rows.len(),
            "done": progress.rows.iter().flatten().count(),
            "counts": counts,
            "isFinished": progress.is_finished,
            "isStopped": self.is_stopped(),
            "hasFiles": progress.has_files,
            "findings": progress.error.as_ref().map(findings::of_error),
            "rows": rows.collect::<Vec<_>>(),
        })
    }
}

impl RowEnd {
    fn failed(error: &Error, row: &crate::site::tables::RecipientRow) -> Self {
        Self {
            outcome: OutcomeFields::from(error).outcome,
            message: Some(failure_message(error, row)),
            findings: Some(findings::of_error(error)),
            verify_id: None,
            verify_url: None,
        }
    }
}

fn warnings(warnings: &[crate::Warning]) -> Option<String> {
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::base::date::Date;
    use crate::base::timestamp::Timestamp;
    use crate::press::Press;
    use crate::register::Index;
    use crate::site::Site;
    use crate::studio::host::NewSite;

    /// A program with a fault in it.
    #[derive(Debug)]
    struct Faulty;

    impl StudioHost for Faulty {
        fn clock(&self, _: Option<&str>) -> Result<(Timestamp, Date)> {
            panic!("a fault")
        }

        fn folder(&self) -> &Path {
            Path::new(".")
        }

        fn open_site(&self) -> Result<Site> {
            Ok(Site::demo())
        }

        fn create_site(&self, _: &NewSite) -> Result<()> {
            Ok(())
        }

        fn open_issuer(&self, _: &Arc<Press>) -> Result<Issuing> {
            panic!("a fault")
        }

        fn open_index(&self, _: &Press) -> Result<Option<Index>> {
            Ok(None)
        }
    }

    #[test]
    fn run_that_panics_ends_and_another_may_begin() {
        let runs = Runs::default();
        let host: Arc<dyn StudioHost> = Arc::new(Faulty);
        let press = Arc::new(Press::new(Site::demo()).unwrap());
        let ready =
            Ready { press, jobs: Arc::default(), kept: Vec::new(), left_out: Vec::new() };
        for is_trial in [true, false] {
            runs.begin(&host, ready.clone(), is_trial, IssueOptions::default()).unwrap();
            let start = std::time::Instant::now();
            while runs.is_stopping() {
                assert!(start.elapsed() < Duration::from_secs(60));
                thread::sleep(Duration::from_millis(10));
            }
            let status = runs.status();
            assert_eq!(status["isFinished"], true, "{status}");
            assert!(
                status["findings"].to_string().contains("an error in the program"),
                "{status}"
            );
        }
    }
}
