//! Requests in JSON, in the form of this program: over HTTP and on streams.
//!
//! ```json
//! { "course": "…", "name": "Guido van Rossum", "username": "guido", "replace": false,
//!   "reissue": false, "reference": "42" }
//! { "action": "revoke", "course": "…", "username": "guido", "reason": "…" }
//! { "action": "revoke", "id": "0123456789abcdef0123456789abcdef", "reason": "…" }
//! ```
//!
//! A request to issue has the keys of [`Request::from_json`] besides these.

use super::delivery::{Correlation, Revocation, Target, Task};
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::timestamp::Timestamp;
use crate::register::issue::IssueOptions;
use crate::site::award::{Award, Recipient};
use crate::site::request::Request;
use crate::site::request::json_object::{JsonObject, not_an_id};
use crate::site::request::limits::{MAX_REASON, check_length};

/// The keys of a request to issue besides those of [`Request`].
const ISSUE_KEYS: [&str; 5] = ["action", "cautious", "reference", "reissue", "replace"];
/// The keys of a request to revoke.
const REVOKE_KEYS: [&str; 8] =
    ["action", "requested_at", "course", "id", "name", "reason", "reference", "username"];
/// The reason of a revocation whose sender gives none.
const NO_REASON: &str = "revoked at the request of the issuing platform";

impl Task {
    /// Reads a request in JSON, and what the answer repeats of it.
    ///
    /// # Errors
    /// In the second value: [`ErrorKind::Syntax`], [`ErrorKind::TooLarge`],
    /// [`ErrorKind::UnknownKey`], [`ErrorKind::MissingField`], [`ErrorKind::InvalidValue`], and
    /// those of [`Request::new`](crate::site::Request::new).
    pub fn from_json(text: &[u8]) -> (Correlation, Result<Task>) {
        let object = match JsonObject::parse("the request", text) {
            Ok(object) => object,
            Err(error) => {
                let readable = JsonObject::parse_lossy(text);
                let correlation = readable.map_or_else(Correlation::default, |object| {
                    Correlation::of(&object, "course", "username", "reference")
                });
                return (correlation, Err(error));
            }
        };
        let correlation = Correlation::of(&object, "course", "username", "reference");
        (correlation, task(&object))
    }
}

fn task(object: &JsonObject) -> Result<Task> {
    // The answer repeats the reference, so it has to be a text.
    object.text("reference")?;
    match object.text("action")?.unwrap_or("issue") {
        "issue" => issue(object),
        "revoke" => revoke(object).map(Task::Revoke),
        action => {
            let message = format!("unknown action `{}`", action.escape_debug());
            Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(did_you_mean(action, ["issue", "revoke"])))
        }
    }
}

fn issue(object: &JsonObject) -> Result<Task> {
    object.check_keys(&[&Request::KEYS[..], &ISSUE_KEYS].concat())?;
    let request = Request::read(object)?;
    let options = IssueOptions::default()
        .with_replace(object.flag("replace")?)
        .with_reissue(object.flag("reissue")?)
        .with_cautious(object.flag("cautious")?);
    let request = Box::new(request);
    Ok(Task::Issue { request, options, replaces: None })
}

fn revoke(object: &JsonObject) -> Result<Revocation> {
    object.check_keys(&REVOKE_KEYS)?;
    let id = object.id("id")?;
    let recipient = object.id("username")?;
    let name = object.text("name")?;
    let target = match (id, recipient, name) {
        (Some(id), None, None) if object.id("course")?.is_none() => {
            let id = CertificateId::parse(id)
                .map_err(|cause| not_an_id("id", id).with_source(cause))?;
            Target::Certificate(id)
        }
        (Some(_), ..) => {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                "`id` and a recipient or a course: the id alone says which certificate",
            ));
        }
        (None, recipient, name) => {
            let course = object.required("course", object.id("course")?)?.to_owned();
            let recipient = match recipient {
                Some(recipient) => Recipient::Id(recipient.to_owned()),
                None => {
                    let name = object.required("username", name)?;
                    let request = Request::new(course.as_str(), name)?;
                    Recipient::Name(request.name().as_str().to_owned())
                }
            };
            Target::Award(Award { course, recipient })
        }
    };
    let reason = object.text("reason")?.unwrap_or(NO_REASON);
    check_length("reason", reason, MAX_REASON)?;
    Ok(Revocation {
        target,
        reason: reason.to_owned(),
        requested_at: object.text("requested_at")?.map(Timestamp::parse).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_of_any_bytes_is_a_task_or_an_error() {
        let messages: [&[u8]; 3] = [
            br#"{"course":"c","name":"Ada","username":"a","grade":0.9,"extra":{"a":[1]}}"#,
            br#"{"action":"revoke","course":"c","username":"a","reason":"why"}"#,
            br#"{"action":"revoke","id":"0123456789abcdef0123456789abcdef"}"#,
        ];
        for message in messages {
            assert!(Task::from_json(message).1.is_ok());
            for at in 0..message.len() {
                for byte in [0, b'"', b'\\', b'{', b'}', b'7', 0xff] {
                    let mut message = message.to_vec();
                    message[at] = byte;
                    let (correlation, task) = Task::from_json(&message);
                    assert!(correlation.course.is_none_or(|course| course.len() <= 255));
                    drop(task);
                }
                assert!(Task::from_json(&message[..at]).1.is_err());
            }
        }
    }

    #[test]
    fn revocation_by_id_names_no_course() {
        let id = "0123456789abcdef0123456789abcdef";
        for more in [r#""course":"c""#, r#""username":"a""#, r#""name":"Ada""#] {
            let text = format!(r#"{{"action":"revoke","id":"{id}",{more}}}"#);
            let error = Task::from_json(text.as_bytes()).1.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
        }
    }

    #[test]
    fn revocations_name_one_certificate() {
        let read = |text: &str| match Task::from_json(text.as_bytes()).1 {
            Ok(Task::Revoke(revocation)) => Ok(revocation),
            Ok(task) => panic!("{task:?}"),
            Err(error) => Err(error.to_string()),
        };
        let id = "0123456789abcdef0123456789abcdef";
        let revocation = read(&format!(r#"{{"action":"revoke","id":"{id}"}}"#)).unwrap();
        assert_eq!(revocation.reason, "revoked at the request of the issuing platform");
        let by_name = r#"{"action":"revoke","course":"c","name":" Ada  Example ","reason":"fraud"}"#;
        let revocation = read(by_name).unwrap();
        let award = Award::of(&Request::new("c", "Ada Example").unwrap());
        assert_eq!(revocation.target, Target::Award(award));
        assert_eq!(revocation.reason, "fraud");
        for (text, words) in [
            (r#"{"action":"revoke"}"#, "`course` is missing"),
            (r#"{"action":"revoke","course":"c"}"#, "`username` is missing"),
            (r#"{"action":"revoke","id":"0123"}"#, "is no id of a certificate"),
            (r#"{"action":"revoke","id":"0123","username":"a"}"#, "the id alone"),
            (
                r#"{"action":"revoke","course":"c","username":"a","grade":"1"}"#,
                "unknown key `grade`",
            ),
            (
                r#"{"action":"revoke","course":"c","username":"a","reference":42}"#,
                "`reference` is no text",
            ),
            (
                r#"{"action":"revoke","course":"c","username":"a","requested_at":"now"}"#,
                "is not a time",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
