//! The public events of Open edX about certificates, as its event bus carries them.
//!
//! An entry of the bus is a flat set of fields, of which `type`, `id`, `time` and `event_data`
//! matter here. An event has no language and no layout: those come from the course.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::avro::AvroReader;
use super::delivery::{Correlation, Revocation, Target, Task};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::issue::IssueOptions;
use crate::site::award::{Award, Recipient};
use crate::site::request::Request;
use crate::site::request::limits::{MAX_ID, truncated};

/// The prefix of the types of these events.
const TYPE_PREFIX: &str = "org.openedx.learning.certificate.";
/// The reason that is shown on the page of a certificate that an event revoked.
const REASON: &str = "revoked by the learning platform";

/// The mode of enrolment that earns no certificate on Open edX; all others do
/// (`CourseMode.is_eligible_for_certificate`).
const AUDIT: &str = "audit";
/// The most modes whose first event is logged.
const MAX_LOGGED_MODES: usize = 100;

/// Which enrolments lead to a certificate.
#[derive(Debug)]
pub(crate) struct EventRules {
    /// The modes of enrolment that earn a certificate; all but `audit` if it is empty.
    modes: Vec<String>,
    /// The statuses by which a certificate is earned.
    statuses: Vec<String>,
    /// The modes without a certificate that were logged.
    logged: Mutex<HashSet<String>>,
}

impl EventRules {
    pub(crate) fn new(modes: Vec<String>, statuses: Vec<String>) -> Self {
        Self { modes, statuses, logged: Mutex::default() }
    }

    fn has_mode(&self, mode: &str) -> bool {
        if self.modes.is_empty() {
            return mode != AUDIT;
        }
        self.modes.iter().any(|known| known == mode)
    }

    /// Logs a mode that earns no certificate when its first event comes.
    fn log_mode(&self, mode: &str) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.len() < MAX_LOGGED_MODES && logged.insert(mode.to_owned()) {
            tracing::info!(
                mode,
                "events of this enrolment mode are ignored: it earns no certificate by \
                 `redis.modes`"
            );
        }
    }
}

/// The fields of an event's record `CertificateData` that are used here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CertificateData<'a> {
    username: &'a str,
    full_name: &'a str,
    course: &'a str,
    mode: &'a str,
    grade: &'a str,
    name: &'a str,
    status: &'a str,
}

impl<'a> CertificateData<'a> {
    /// Reads the record as openedx-events writes it.
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = AvroReader::new(bytes);
        reader.long("user.id")?;
        reader.boolean("user.is_active")?;
        let username = reader.string("user.pii.username")?;
        reader.string("user.pii.email")?;
        let full_name = reader.string("user.pii.name")?;
        let course = reader.string("course.course_key")?;
        reader.string("course.display_name")?;
        reader.optional_string("course.start")?;
        reader.optional_string("course.end")?;
        let mode = reader.string("mode")?;
        let grade = reader.string("grade")?;
        reader.string("download_url")?;
        let name = reader.string("name")?;
        let status = reader.string("current_status")?;
        reader.string("previous_status")?;
        Ok(Self { username, full_name, course, mode, grade, name, status })
    }
}

/// Reads an event: `kind` is its type, `field` finds the other fields.
pub(crate) fn read_event<'a>(
    kind: &str,
    field: impl Fn(&str) -> Option<&'a [u8]>,
    rules: &EventRules,
) -> (Correlation, Result<Task>) {
    let text = |key| field(key).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let mut correlation = Correlation {
        action: Some(truncated(kind, MAX_ID)),
        reference: text("id").map(|id| truncated(id, MAX_ID)),
        ..Correlation::default()
    };
    let action = match kind.strip_prefix(TYPE_PREFIX) {
        Some(action) => action,
        None => {
            let why =
                format!("`{}` is no event about a certificate", truncated(kind, 100));
            return (correlation, Ok(Task::Ignore(why)));
        }
    };
    let data = field("event_data").ok_or_else(|| missing("event_data"));
    let data = match data.and_then(CertificateData::read) {
        Ok(data) => data,
        Err(error) => return (correlation, Err(error)),
    };
    correlation.course = Some(truncated(data.course, MAX_ID));
    correlation.recipient = Some(truncated(data.username, MAX_ID));
    let requested_at =
        text("time").ok_or_else(|| missing("time")).and_then(Timestamp::parse);
    let task = requested_at.and_then(|at| task(action, &data, at, rules));
    (correlation, task)
}

/// Decides what an event of this action asks for.
fn task(
    action: &str,
    data: &CertificateData<'_>,
    requested_at: Timestamp,
    rules: &EventRules,
) -> Result<Task> {
    for (key, text) in
        [("course.course_key", data.course), ("user.pii.username", data.username)]
    {
        if text.is_empty() || text.len() > MAX_ID || text.chars().any(char::is_control) {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}` cannot be used"),
            )
            .with_help(format!(
                "it has 1 to {MAX_ID} bytes, and no control characters"
            )));
        }
    }
    match action {
        "created.v1" | "changed.v1" => {}
        "revoked.v1" => {
            let recipient = Recipient::Id(data.username.to_owned());
            let award = Award { course: data.course.to_owned(), recipient };
            return Ok(Task::Revoke(Revocation {
                target: Target::Award(award),
                reason: REASON.to_owned(),
                requested_at: Some(requested_at),
            }));
        }
        _ => {
            let why = format!(
                "events of the type `{}` ask for nothing",
                truncated(action, 100)
            );
            return Ok(Task::Ignore(why));
        }
    }
    let ignored = |what: &str, value: &str| {
        let value = truncated(value, 100);
        Ok(Task::Ignore(format!("the {what} `{value}` earns no certificate")))
    };
    if !rules.statuses.iter().any(|known| known == data.status) {
        return ignored("status", data.status);
    }
    if !rules.has_mode(data.mode) {
        rules.log_mode(&truncated(data.mode, 100));
        return ignored("mode", data.mode);
    }
    let name =
        [data.name, data.full_name].into_iter().find(|name| !name.trim().is_empty());
    let mut request = Request::new(data.course, name.unwrap_or_default())?
        .with_username(data.username)
        .with_requested_at(requested_at);
    if !data.grade.is_empty() {
        // The platform writes a fraction from 0 to 1, in whatever form the course prints
        // grades.
        request = request.with_grade_fraction(data.grade);
    }
    request.check_limits()?;
    let request = Box::new(request);
    let options = IssueOptions::default();
    Ok(Task::Issue { request, options, replaces: None })
}

fn missing(field: &str) -> Error {
    Error::new(ErrorKind::MissingField, format!("the event has no field `{field}`"))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    /// Written by the real producer.
    const SAMPLE: &str = "DgEKZ3VpZG8aZ0BleGFtcGxlLm9yZyBHdWlkbyB2YW4gUm9zc3VtRGNvdXJzZS12MTpFeGFtcGxlWCtDVVJMMTAxKzIwMjZfVDEuSW50cm9kdWN0aW9uIHRvIEN1cmxpbmcAABB2ZXJpZmllZAgwLjkzACBHdWlkbyB2YW4gUm9zc3VtGGRvd25sb2FkYWJsZQA=";

    fn sample() -> Vec<u8> {
        BASE64_STANDARD.decode(SAMPLE).unwrap()
    }

    fn rules() -> EventRules {
        EventRules::new(vec!["verified".to_owned()], vec!["downloadable".to_owned()])
    }

    fn read(kind: &str, data: &[u8], time: &str) -> (Correlation, Result<Task>) {
        let kind = format!("{TYPE_PREFIX}{kind}");
        let field = |key: &str| match key {
            "event_data" => Some(data),
            "time" => Some(time.as_bytes()),
            "id" => Some(&b"5f3c"[..]),
            _ => None,
        };
        read_event(&kind, field, &rules())
    }

    const TIME: &str = "2026-05-14T11:30:00.123456+02:00";

    #[test]
    fn event_of_the_real_producer_is_read() {
        let data = sample();
        let (correlation, task) = read("created.v1", &data, TIME);
        assert_eq!(correlation.recipient.as_deref(), Some("guido"));
        assert_eq!(
            correlation.course.as_deref(),
            Some("course-v1:ExampleX+CURL101+2026_T1")
        );
        assert_eq!(correlation.reference.as_deref(), Some("5f3c"));
        let Ok(Task::Issue { request, options, .. }) = task else { panic!() };
        assert_eq!(request.course(), "course-v1:ExampleX+CURL101+2026_T1");
        assert_eq!(request.name().as_str(), "Guido van Rossum");
        assert_eq!(request.recipient(), Some("guido"));
        assert_eq!(request.grade(), Some("0.93"));
        assert!(request.is_grade_fraction());
        assert_eq!(
            request.requested_at().unwrap().to_string(),
            "2026-05-14T09:30:00.123456Z"
        );
        assert_eq!(options, IssueOptions::default());

        let (_, task) = read("revoked.v1", &data, TIME);
        let Ok(Task::Revoke(revocation)) = task else { panic!() };
        let Target::Award(award) = revocation.target else { panic!() };
        assert_eq!(award, Award::of(&request));
        assert_eq!(revocation.requested_at, request.requested_at());
    }

    #[test]
    fn fields_of_a_newer_writer_are_ignored() {
        let data = [sample(), vec![2, b'x', 0xff]].concat();
        assert!(matches!(read("changed.v1", &data, TIME).1, Ok(Task::Issue { .. })));
    }

    #[test]
    fn events_that_earn_no_certificate_are_ignored() {
        let data = sample();
        for (kind, data) in [
            ("created.v1", replace(&data, b"downloadable", b"notpassing..")),
            ("changed.v1", replace(&data, b"verified", b"audit...")),
            ("created.v2", data.clone()),
        ] {
            assert!(matches!(read(kind, &data, TIME).1, Ok(Task::Ignore(_))), "{kind}");
        }
        let field = |_: &str| None;
        let (_, other) =
            read_event("org.openedx.learning.course.enrollment.v1", field, &rules());
        assert!(matches!(other, Ok(Task::Ignore(_))));
    }

    #[test]
    fn unless_modes_are_set_all_but_audit_earn_a_certificate() {
        let downloadable = || vec!["downloadable".to_owned()];
        let all = EventRules::new(Vec::new(), downloadable());
        for mode in ["honor", "unpaid-executive-education", "of-our-own"] {
            assert!(all.has_mode(mode), "{mode}");
        }
        assert!(!all.has_mode("audit"));
        let own = EventRules::new(vec!["audit".to_owned()], downloadable());
        assert!(own.has_mode("audit") && !own.has_mode("verified"), "the setting wins");
        for _ in 0..3 {
            own.log_mode("verified");
        }
        assert_eq!(own.logged.lock().unwrap().len(), 1);
    }

    #[test]
    fn unreadable_events_are_refused() {
        let data = sample();
        for length in 0..data.len() {
            let (_, task) = read("created.v1", &data[..length], TIME);
            assert!(task.is_err(), "cut to {length}");
        }
        let error = read("created.v1", &data, "yesterday").1.unwrap_err();
        assert!(error.to_string().contains("`yesterday` is not a time"), "{error}");
        let control = replace(&data, b"guido", b"gu\0do");
        let (_, task) = read("revoked.v1", &control, TIME);
        assert!(task.unwrap_err().to_string().contains("username"));
    }

    fn replace(data: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut data = data.to_vec();
        for at in 0..=data.len() - from.len() {
            if &data[at..at + from.len()] == from {
                data[at..at + from.len()].copy_from_slice(to);
            }
        }
        data
    }
}
