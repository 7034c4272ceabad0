//! The jobs of `testamur issue`: one certificate each.

use std::collections::HashMap;

use crate::Date;
use crate::press::Press;
use crate::register::{IssueOptions, IssueService, Receipt};
use crate::site::{Award, Request};

use crate::cli::args::Issue;
use crate::cli::clock;
use crate::cli::exit::Failure;
use crate::cli::job_failure::JobFailure;
use crate::cli::recipients::{self, RecipientRow};

/// One certificate to issue.
pub(super) struct IssueJob<'a> {
    pub(super) row: &'a RecipientRow,
    pub(super) course: String,
    /// The request, or what is wrong with the row.
    request: Result<Request, String>,
}

impl IssueJob<'_> {
    pub(super) fn request(&self) -> Result<&Request, JobFailure> {
        self.request.as_ref().map_err(|message| JobFailure::Row(message.clone()))
    }

    pub(super) fn issue(
        &self,
        issuer: &IssueService,
        today: Date,
        options: &IssueOptions,
        instead_of: Option<&str>,
    ) -> Result<Receipt, JobFailure> {
        let request = self.request()?;
        let now = clock::now().map_err(JobFailure::Program)?;
        let issued = match instead_of {
            None => issuer.issue(request, today, now, options),
            Some(id) => issuer.issue_instead_of(id, request, today, now, options),
        };
        issued.map_err(JobFailure::Library)
    }
}

/// One job for each row. Rows for the same award contradict each other, and both are refused.
pub(super) fn make_jobs<'a>(
    press: &Press,
    issue: &Issue,
    rows: &'a [RecipientRow],
) -> Result<Vec<IssueJob<'a>>, Failure> {
    let courses = recipients::select_courses(press, issue.course.as_deref(), rows)?;
    let [course] = courses.as_slice() else {
        return Err(Failure::usage(
            "the site has several courses\nhelp: name one with --course, or in a column \
             `course` of the recipients file",
        ));
    };
    let mut jobs: Vec<IssueJob<'_>> = rows
        .iter()
        .map(|row| IssueJob {
            row,
            course: row.course().unwrap_or(course).to_owned(),
            request: match &row.unreadable {
                Some(message) => Err(message.clone()),
                None => row
                    .request(course, &issue.request)
                    .map(|request| request.with_specimen(issue.specimen))
                    .map_err(|error| format!("{error:#}")),
            },
        })
        .collect();

    let mut seen: HashMap<Award, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let Ok(request) = &job.request else { continue };
        if let Some(first) = seen.insert(Award::of(request), index) {
            repeated.push((first, index));
        }
    }
    for (first, second) in repeated {
        let place = |index: usize| rows[index].place.clone().unwrap_or_default();
        let message = format!(
            "the same recipient at {} and {}\nhelp: remove one of the rows, or tell two \
             recipients with the same name apart in a column `username`",
            place(first),
            place(second)
        );
        jobs[first].request = Err(message.clone());
        jobs[second].request = Err(message);
    }
    Ok(jobs)
}
