//! The messages of old learning management systems, and the replies that they take.
//!
//! Their database loses a reply that does not fit its columns, without an error: a URL
//! has at most 128 bytes, a reason 512, and a character at most three bytes in UTF-8.

use serde_json::json;

use crate::agent::queue::answer::Answer;
use crate::agent::queue::delivery::{Correlation, Delivery, Revocation, Target, Task};
use crate::base::date::Date;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::register::issue::IssueOptions;
use crate::site::award::{Award, Recipient};
use crate::site::request::Request;
use crate::site::request::json_object::{JsonObject, not_an_id};
use crate::site::request::limits::truncated;
use crate::site::settings::PublishSettings;

/// The most bytes of an error's reason.
const MAX_REASON: usize = 512;
/// The keys of a message that are read here, or that no site needs. All others become
/// free fields.
const KNOWN: [&str; 12] = [
    "action",
    "course_id",
    "course_name",
    "delete_download_uuid",
    "delete_verify_uuid",
    "designation",
    "example_certificate",
    "grade",
    "issued_date",
    "name",
    "template_pdf",
    "username",
];
/// The reason that is shown on the page of a certificate that such a message revoked.
const REASON: &str = "deleted by the learning management system";

/// Reads the body of a submission, as the learning management system wrote it. Unknown
/// keys become free fields of the request.
pub(crate) fn read_message(body: &[u8]) -> (Correlation, Result<Task>) {
    let object = match JsonObject::parse("the request", body) {
        Ok(object) => object,
        Err(error) => {
            let readable = JsonObject::parse_lossy(body);
            let correlation = readable.map_or_else(Correlation::default, |object| {
                Correlation::of(&object, "course_id", "username", "")
            });
            return (correlation, Err(error));
        }
    };
    let correlation = Correlation::of(&object, "course_id", "username", "");
    (correlation, task(&object))
}

fn task(object: &JsonObject) -> Result<Task> {
    let action = object.required("action", object.text("action")?)?;
    match action {
        "create" => issue(object, None),
        "regen" => {
            // The id of an old certificate may be any text, and then names none of this
            // program's.
            let old = object.text("delete_verify_uuid")?;
            issue(object, Some(old.and_then(|id| CertificateId::parse(id).ok())))
        }
        "remove" | "delete" => revoke(object).map(Task::Revoke),
        _ => {
            let message =
                format!("unknown action `{}`", truncated(action, 100).escape_debug());
            let known = ["create", "delete", "regen", "remove"];
            Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(did_you_mean(action, known)))
        }
    }
}

/// Reads a request to create a certificate. `regenerated` is set for `regen`, and holds the verify
/// id of the certificate to replace, if that is an id. The message's course name is ignored, because
/// `courses.yaml` has the title; its template counts where the course lists `templates`.
fn issue(
    object: &JsonObject,
    regenerated: Option<Option<CertificateId>>,
) -> Result<Task> {
    let recipient = object.required("username", object.id("username")?)?;
    let course = object.required("course_id", object.id("course_id")?)?;
    let name = object.required("name", object.text("name")?)?;
    let mut request = Request::new(course, name)?
        .with_username(recipient)
        .with_specimen(object.flag("example_certificate")?);
    if let Some(grade) = object.number_or_text("grade")? {
        request = request.with_grade(grade);
    }
    if let Some(designation) = object.text("designation")? {
        request = request.with_designation(designation);
    }
    if let Some(date) = issued_date(object)? {
        request = request.with_issued(date);
    }
    if let Some(template) = object.text("template_pdf")? {
        request = request.with_template(template);
    }
    for (key, value) in object.entries() {
        // Forks add fields of their own, which a sentence may print as `extra`.
        if !KNOWN.contains(&key) && !value.is_null() {
            request = request.with_extra(key, value.clone());
        }
    }
    request.check_limits()?;
    Ok(Task::Issue {
        request: Box::new(request),
        options: IssueOptions::default().with_replace(regenerated.is_some()),
        replaces: regenerated.flatten(),
    })
}

/// The date of issue: a day, perhaps with a time after it, or a date in three parts
/// (`json_date`). `ROLLING` is the day of issue.
fn issued_date(object: &JsonObject) -> Result<Option<Date>> {
    match object.text("issued_date")? {
        Some("ROLLING" | "") => Ok(None),
        Some(text) => {
            // The old program read the day at the beginning and ignored the rest.
            let has_time =
                text.get(10..).is_some_and(|rest| rest.starts_with(['T', ' ']));
            match text.get(..10).filter(|_| has_time) {
                Some(day) => Date::parse(day).map(Some),
                None => object.date("issued_date"),
            }
        }
        None => {
            let part = |key: &str| {
                let value = object.get("json_date")?.get(key)?;
                let text = value.as_str().map(str::to_owned);
                text.unwrap_or_else(|| value.to_string()).parse::<u16>().ok()
            };
            let parts = part("year").zip(part("month")).zip(part("day"));
            // A date in words stays in `extra`, where a sentence can print it.
            let Some(((year, month), day)) = parts else { return Ok(None) };
            let written = format!("{year:04}-{month:02}-{day:02}");
            Date::parse(&written).map(Some).map_err(|error| {
                let message = format!("`json_date`: {}", error.message());
                Error::new(error.kind(), message)
                    .with_help("give a day that exists, or leave `json_date` out")
            })
        }
    }
}

fn revoke(object: &JsonObject) -> Result<Revocation> {
    let verify = object.text("delete_verify_uuid")?;
    let target = match verify {
        Some(id) => {
            let not_an_id = |_| not_an_id("delete_verify_uuid", id);
            Target::Certificate(CertificateId::parse(id).map_err(not_an_id)?)
        }
        None => match (object.id("course_id")?, object.id("username")?) {
            (Some(course), Some(recipient)) => Target::Award(Award {
                course: course.to_owned(),
                recipient: Recipient::Id(recipient.to_owned()),
            }),
            _ => {
                let message = "`delete_verify_uuid` is missing";
                return Err(Error::new(ErrorKind::MissingField, message));
            }
        },
    };
    Ok(Revocation { target, reason: REASON.to_owned(), requested_at: None })
}

/// Returns the reply for an answer, and whether it is a success.
pub(super) fn reply(delivery: &Delivery, answer: &Answer) -> (String, bool) {
    let Correlation { action, course, recipient, .. } = delivery.correlation();
    let failed = |kind: ErrorKind, message: &str| {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let reason =
            format!("({} {}) {kind}: {message}", known(recipient), known(course));
        let error =
            format!("There was an error processing the certificate request: {message}");
        let body = json!({
            "error": fit(&error),
            "username": recipient,
            "course_id": course,
            "error_reason": fit(&reason),
        });
        (body.to_string(), false)
    };
    match answer {
        Answer::Issued { urls, .. }
            if urls.download_url.len() > PublishSettings::MAX_XQUEUE_URL_LEN =>
        {
            let message = format!(
                "the certificate's address has {} bytes, of which {} can be stored",
                urls.download_url.len(),
                PublishSettings::MAX_XQUEUE_URL_LEN
            );
            failed(ErrorKind::TooLarge, &message)
        }
        Answer::Issued { urls, .. } => {
            let body = json!({
                "action": action,
                "download_uuid": urls.download_id,
                "verify_uuid": urls.verify_id,
                "username": recipient,
                "course_id": course,
                "url": urls.download_url,
            });
            (body.to_string(), true)
        }
        Answer::Revoked { verify_id } => {
            let body = json!({
                "action": action,
                "verify_uuid": verify_id,
                "username": recipient,
                "course_id": course,
            });
            (body.to_string(), true)
        }
        // The learning management system knows no other reply without a certificate.
        Answer::NotPassed { why } => failed(ErrorKind::NotPassed, why),
        Answer::Ignored { why } => failed(ErrorKind::InvalidValue, why),
        Answer::Failed { kind, message, place: None, .. } => failed(*kind, message),
        Answer::Failed { kind, message, place: Some(place), .. } => {
            failed(*kind, &format!("{place}: {message}"))
        }
    }
}

/// Makes a text fit a column of the learning management system.
fn fit(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{10000}'.. | '\0' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    truncated(&text.chars().map(narrow).collect::<String>(), MAX_REASON)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(more: &Value) -> Result<Request> {
        let mut body = json!({
            "action": "create", "username": "ada", "course_id": "a/b/c", "name": "Ada Example",
            "course_name": "Knots", "grade": "Pass",
        });
        let fields = more.as_object().expect("it is an object").clone();
        body.as_object_mut().expect("it is an object").extend(fields);
        match read_message(body.to_string().as_bytes()).1? {
            Task::Issue { request, .. } => Ok(*request),
            task => panic!("{task:?}"),
        }
    }

    #[test]
    fn fields_of_forks_become_fields_of_the_request() {
        let request = read(&json!({
            "template_pdf": "certificate-template-a-b-verified.pdf", "designation": "MD",
            "score": 0.93, "pdf_info": { "{name}": [[1, 2], [3, 4]] }, "teacher": null,
        }))
        .unwrap();
        assert_eq!(request.template(), Some("certificate-template-a-b-verified.pdf"));
        assert_eq!(request.designation(), Some("MD"));
        let keys: Vec<&str> = request.extra().keys().map(String::as_str).collect();
        assert_eq!(keys, ["score", "pdf_info"]);
    }

    #[test]
    fn date_of_issue_has_the_forms_of_the_forks() {
        for (more, expected) in [
            (json!({ "issued_date": "2014-03-02" }), Some("2014-03-02")),
            (json!({ "issued_date": "2014-03-02T10:00:00Z" }), Some("2014-03-02")),
            (json!({ "issued_date": "2014-03-02 10:00" }), Some("2014-03-02")),
            (json!({ "issued_date": "ROLLING" }), None),
            (json!({ "issued_date": null }), None),
            (
                json!({ "json_date": { "year": 2014, "month": "3", "day": 2 } }),
                Some("2014-03-02"),
            ),
            (json!({ "json_date": { "year": 2014, "month": "mars", "day": 2 } }), None),
        ] {
            let issued = read(&more).unwrap().issued().map(|date| date.to_string());
            assert_eq!(issued.as_deref(), expected, "{more}");
        }
        for text in ["March 2nd, 2014", "2014-02-30", "2014-03-02x"] {
            assert!(read(&json!({ "issued_date": text })).is_err(), "{text}");
        }
        for (year, month) in [(2026, 13), (12026, 5), (0, 5)] {
            let date = json!({ "year": year, "month": month, "day": 14 });
            assert!(read(&json!({ "json_date": date })).is_err(), "{date}");
        }
    }
}
