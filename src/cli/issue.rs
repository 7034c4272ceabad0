//! `testamur issue`: certificates that stay, one or a hundred thousand.

mod collect;
mod ledger;

use std::collections::HashMap;
use std::sync::Arc;

use crate::press::{Draft, DraftOptions, Press};
use crate::register::{IssueOptions, IssueOutcome, IssueService, Receipt};
use crate::site::{Award, Request};
use crate::{Date, Error};
use serde_json::json;

pub(crate) use self::ledger::inert;
use self::ledger::{Entry, Ledger};
use super::args::{Issue, People, SiteArguments};
use super::crew::{self, Stop};
use super::people::{Person, people};
use super::render::courses;
use super::{Failure, Outcome, place, report, seal};

pub(crate) fn run(site: &SiteArguments, issue: &Issue) -> Result<Outcome, Failure> {
    collect::check(issue)?;
    let named = People { name: issue.name.clone(), file: issue.file.clone() };
    let people = people(&named)?;
    let press = Arc::new(Press::new(place::site(site)?)?);
    press.warnings().iter().for_each(report::warning);
    let today = place::today(&press)?;
    let jobs = jobs(&press, issue, &people)?;
    let options = IssueOptions::default()
        .with_replace(issue.replace)
        .with_reissue(issue.reissue)
        .with_cautious(issue.file.is_some());
    let stop = Stop::on_signal()?;
    if issue.dry_run {
        return rehearse(&press, issue, &jobs, today, &stop);
    }

    let issuer = issuer(site, issue, &press)?;
    let mut ledger = Ledger::new(jobs.len());
    let work = |job: &Job<'_>| job.issue(&issuer, today, &options);
    let done = crew::work(&jobs, crew::WAITING, &stop, work, |index, result| {
        let job = &jobs[index];
        say(job, &result, issue.json, jobs.len() == 1);
        ledger.keep(index, Entry::new(job, result));
    });
    if jobs.len() > 1 {
        report::line(&ledger.summary());
    }
    if let Some(file) = &issue.report {
        ledger.write(file, &jobs)?;
    }
    collect::all(issue, &issuer, &ledger)?;
    if done < jobs.len() {
        return Err(Failure::new(format!(
            "stopped: {} of {} are not done\nhelp: run the same again, and it goes on from \
             here",
            jobs.len() - done,
            jobs.len()
        )));
    }
    Ok(if ledger.failed() == 0 { Outcome::Done } else { Outcome::SomeFailed })
}

/// An issuer by arguments and settings. A site without keys gets its first.
fn issuer(
    site: &SiteArguments,
    issue: &Issue,
    press: &Arc<Press>,
) -> Result<IssueService, Failure> {
    let now = place::now()?;
    let settings = seal::settings(press.settings().seal.clone(), &issue.stamps);
    place::first_keys(site, &issue.keys, press, now)?;
    let keys = place::keys(site, &issue.keys, &settings, now)?;
    let secret = place::id_secret(site, &issue.keys)?;
    let register =
        place::register(site, press.site(), press.settings(), issue.output.as_deref())?;
    register.check()?;
    if press.settings().publish.url.is_none() {
        report::line(
            "warning: links lead nowhere: they begin with https://example.org\nhelp: set \
             `publish.url` in testamur.yaml to the address at which the folder is served",
        );
    }
    Ok(IssueService::new(press.clone(), &keys, secret, register)?)
}

/// One certificate to issue.
pub(super) struct Job<'a> {
    person: &'a Person,
    course: String,
    /// The request, or why there is none, in words for whoever wrote the row.
    request: Result<Request, String>,
}

/// The jobs, each row of the file one. Two rows for the same recipient would be one certificate: both
/// are refused.
fn jobs<'a>(
    press: &Press,
    issue: &Issue,
    people: &'a [Person],
) -> Result<Vec<Job<'a>>, Failure> {
    let courses = courses(press, issue.course.as_deref(), people)?;
    let [course] = courses.as_slice() else {
        return Err(Failure::usage(
            "the site has several courses\nhelp: name one with --course, or in a column \
             `course` of the file",
        ));
    };
    let mut jobs: Vec<Job<'_>> = people
        .iter()
        .map(|person| Job {
            person,
            course: person.course().unwrap_or(course).to_owned(),
            request: match &person.fault {
                Some(fault) => Err(fault.clone()),
                None => person
                    .request(course, &issue.facts)
                    .map(|request| request.with_specimen(issue.specimen))
                    .map_err(|error| format!("{error:#}")),
            },
        })
        .collect();

    let mut seen: HashMap<Award, usize> = HashMap::new();
    let mut doubled = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let Ok(request) = &job.request else { continue };
        if let Some(first) = seen.insert(Award::of(request), index) {
            doubled.push((first, index));
        }
    }
    for (first, second) in doubled {
        let place = |index: usize| people[index].place.clone().unwrap_or_default();
        let message = format!(
            "the same recipient at {} and {}\nhelp: remove one, or tell two people of one name \
             apart in a column `username`",
            place(first),
            place(second)
        );
        jobs[first].request = Err(message.clone());
        jobs[second].request = Err(message);
    }
    Ok(jobs)
}

/// Why a certificate was not issued.
enum Fault {
    /// The row is at fault.
    Row(String),
    /// The library says why.
    Issue(Error),
    Program(Failure),
}

impl Job<'_> {
    fn request(&self) -> Result<&Request, Fault> {
        self.request.as_ref().map_err(|fault| Fault::Row(fault.clone()))
    }

    fn issue(
        &self,
        issuer: &IssueService,
        today: Date,
        options: &IssueOptions,
    ) -> Result<Receipt, Fault> {
        let request = self.request()?;
        let now = place::now().map_err(Fault::Program)?;
        issuer.issue(request, today, now, options).map_err(Fault::Issue)
    }

    /// A fault in words, at the row that it is about.
    fn complaint(&self, fault: &Fault) -> String {
        match (fault, &self.person.place) {
            (Fault::Row(message), Some(place)) => format!("{place}: {message}"),
            (Fault::Row(message), None) => message.clone(),
            (Fault::Issue(error), _) => self.person.complaint(error),
            (Fault::Program(failure), _) => failure.message.clone(),
        }
    }
}

/// Makes and proof-reads everything, and says what issuing would do no more than that.
fn rehearse(
    press: &Press,
    issue: &Issue,
    jobs: &[Job<'_>],
    today: Date,
    stop: &Stop,
) -> Result<Outcome, Failure> {
    let options = DraftOptions::default().with_specimen(false);
    let draft = |job: &Job<'_>| -> Result<Draft, Fault> {
        press.draft_with(job.request()?, today, &options).map_err(Fault::Issue)
    };
    let mut failed = 0;
    let done = crew::work(jobs, 1, stop, draft, |index, result| {
        let job = &jobs[index];
        match &result {
            Ok(draft) => {
                draft.warnings.iter().for_each(report::warning);
                if issue.json {
                    report::object(&json!({
                        "status": "would_issue",
                        "course": job.course,
                        "name": job.person.name,
                        "row": job.person.place,
                        "issued": draft.issued.to_string(),
                    }));
                }
            }
            Err(fault) => {
                failed += 1;
                report::line(&job.complaint(fault));
            }
        }
    });
    report::line(&format!(
        "{} would be issued, {failed} failed; nothing was published",
        done - failed
    ));
    Ok(if failed == 0 && done == jobs.len() {
        Outcome::Done
    } else {
        Outcome::SomeFailed
    })
}

fn say(job: &Job<'_>, result: &Result<Receipt, Fault>, json: bool, single: bool) {
    match result {
        Ok(receipt) => {
            receipt.warnings.iter().for_each(report::warning);
            if json {
                report::object(&ledger::receipt_json(job, receipt));
            } else if single {
                report::line(&format!(
                    "{}: {}\n  PDF   {}\n  page  {}",
                    done(receipt.outcome),
                    job.person.name,
                    receipt.urls.download_url,
                    receipt.urls.verify_url
                ));
            }
        }
        Err(fault) => {
            if json {
                report::object(&ledger::fault_json(job, fault));
            }
            report::line(&job.complaint(fault));
        }
    }
}

fn done(outcome: IssueOutcome) -> &'static str {
    match outcome {
        IssueOutcome::Unchanged => "issued before",
        IssueOutcome::Superseding => "issued, in place of an earlier one",
        IssueOutcome::Stale => "kept the current one, which is newer",
        _ => "issued",
    }
}
