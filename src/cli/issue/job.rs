//! The jobs of `testamur issue`: one certificate each.

use std::collections::HashMap;

use crate::press::Press;
use crate::site::{Award, Request};
use crate::{Error, ErrorKind, Timestamp};

use crate::cli::args::{Issue, RequestArguments};
use crate::cli::clock;
use crate::cli::exit::Failure;
use crate::cli::job_failure::JobFailure;
use crate::cli::recipients::{self, RecipientRow};

/// One certificate to issue.
pub(super) struct IssueJob<'a> {
    pub(super) row: &'a RecipientRow,
    pub(super) course: String,
    /// The request, unless the row is wrong.
    request: Option<Request>,
    /// The places of the rows of the same recipient, if there are two.
    repeated: Option<(String, String)>,
    arguments: &'a RequestArguments,
}

impl IssueJob<'_> {
    pub(super) fn request(&self) -> Result<&Request, JobFailure> {
        if let Some((first, second)) = &self.repeated {
            let message = format!("the same recipient at {first} and {second}");
            return Err(JobFailure::Library(
                Error::new(ErrorKind::Duplicate, message).with_help(
                    "remove one of the rows, or tell two recipients with the same name apart \
                     in a column `username`",
                ),
            ));
        }
        match &self.request {
            Some(request) => Ok(request),
            // An error cannot be copied: it is made again.
            None => Err(match self.row.request(&self.course, self.arguments) {
                Err(error) => JobFailure::Library(error),
                Ok(_) => JobFailure::Program(Failure::new("the row changed")),
            }),
        }
    }

    /// The request, and the time at which it is issued.
    pub(super) fn request_now(&self) -> Result<(&Request, Timestamp), JobFailure> {
        Ok((self.request()?, clock::now().map_err(JobFailure::Program)?))
    }
}

/// One job for each row. Rows for the same award contradict each other, and both are refused.
pub(super) fn make_jobs<'a>(
    press: &Press,
    issue: &'a Issue,
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
            request: row
                .request(course, &issue.request)
                .map(|request| request.with_specimen(issue.specimen))
                .ok(),
            repeated: None,
            arguments: &issue.request,
        })
        .collect();

    let mut seen: HashMap<Award, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let Some(request) = &job.request else { continue };
        if let Some(first) = seen.insert(Award::of(request), index) {
            repeated.push((first, index));
        }
    }
    for (first, second) in repeated {
        let place = |index: usize| rows[index].place.clone().unwrap_or_default();
        let places = (place(first), place(second));
        jobs[first].repeated = Some(places.clone());
        jobs[second].repeated = Some(places);
    }
    Ok(jobs)
}
