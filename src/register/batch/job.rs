//! The jobs of a batch: one certificate each.

use std::collections::HashMap;

use super::row::row_place;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::award::Award;
use crate::site::request::Request;
use crate::site::tables::{RecipientRow, RequestDefaults};

/// One certificate to issue.
#[derive(Debug)]
pub(crate) struct IssueJob {
    pub(crate) row: RecipientRow,
    pub(crate) course: String,
    /// The request, or what is wrong with the row.
    request: Result<Request>,
}

impl IssueJob {
    pub(crate) fn request(&self) -> Result<&Request> {
        self.request.as_ref().map_err(Clone::clone)
    }

    /// The recipient's username, if the row or the defaults have one.
    pub(crate) fn username(&self) -> Option<&str> {
        self.request.as_ref().ok()?.recipient()
    }
}

/// One job for each row. Rows for the same award contradict each other, and both are refused.
pub(crate) fn make_jobs(
    rows: Vec<RecipientRow>,
    defaults: &RequestDefaults,
    is_specimen: bool,
) -> Vec<IssueJob> {
    let job = |row: RecipientRow| IssueJob {
        course: row.course.as_ref().unwrap_or(&defaults.course).clone(),
        request: row.request(defaults).map(|request| request.with_specimen(is_specimen)),
        row,
    };
    let mut jobs: Vec<IssueJob> = rows.into_iter().map(job).collect();
    let mut seen: HashMap<Award, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let Ok(request) = &job.request else { continue };
        if let Some(first) = seen.insert(Award::of(request), index) {
            repeated.push((first, index));
        }
    }
    for (first, second) in repeated {
        let place = |index: usize| row_place(&jobs[index].row).unwrap_or_default();
        let username = jobs[second].request.as_ref().ok().and_then(Request::recipient);
        let is_told = jobs[second].row.username.is_none();
        let fault = twice(&place(first), &place(second), username, is_told);
        jobs[first].request = Err(fault.clone());
        jobs[second].request = Err(fault);
    }
    jobs
}

fn twice(first: &str, second: &str, username: Option<&str>, is_told: bool) -> Error {
    let (who, help) = match username {
        Some(username) if is_told => (
            format!(", because each has the username `{}`", username.escape_debug()),
            "leave out --username, which is of one recipient, and give the usernames in a column \
             `username`",
        ),
        Some(username) => (
            format!(", whose username is `{}`", username.escape_debug()),
            "remove one of the rows, or correct the username of one",
        ),
        None => (
            String::new(),
            "remove one of the rows, or tell two recipients with the same name apart in a column \
             `username`",
        ),
    };
    let message = format!("the same recipient at {first} and {second}{who}");
    Error::new(ErrorKind::Duplicate, message).with_help(help)
}
