//! Reads the entries of a stream.

use std::collections::HashSet;

use super::reply::Fields;
use crate::agent::queue::delivery::{Correlation, Delivery, Target, Task};
use crate::agent::queue::event::{EventRules, read_event};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::timestamp::Timestamp;
use crate::site::award::{Award, Recipient};
use crate::site::request::Acceptance;
use crate::site::request::json_object::JsonObject;
use crate::site::request::limits::{MAX_ID, MAX_MESSAGE};

/// The field in which a kept entry says when its request first came. The entry whose id
/// told that time is gone.
pub(super) const ACCEPTED_AT: &str = "accepted_at";

/// The field of a result that holds the recipient's name, if the request has no other id
/// of the recipient. Erasing the recipient has to find the entry: the message of a
/// failure may contain the name.
pub(super) const RESULT_NAME: &str = "name";

/// Returns the name of the recipient if the request has no other id of the recipient.
pub(super) fn name_without_id(delivery: &Delivery) -> Option<String> {
    if delivery.correlation().recipient.is_some() {
        return None;
    }
    match delivery.task() {
        Ok(Task::Issue { request, .. }) => Some(request.name().as_str().to_owned()),
        Ok(Task::Revoke(revocation)) => match &revocation.target {
            Target::Award(Award { recipient: Recipient::Name(name), .. }) => {
                Some(name.clone())
            }
            _ => None,
        },
        Ok(Task::Ignore(_)) => None,
        Err(_) => lossy_name(delivery.receipt::<Fields>()?),
    }
}

/// Returns the recipient's name in an entry that is not a valid request.
pub(super) fn lossy_name(fields: &Fields) -> Option<String> {
    let object = fields.get("request").and_then(JsonObject::parse_lossy)?;
    let name = object.text("name").ok().flatten()?;
    Some(name.trim().to_owned())
}

/// Returns when the request of an entry was accepted: at the time in the entry's id,
/// which the server sets, or at the earlier time that a kept entry holds.
pub(super) fn acceptance(id: &str, fields: &Fields) -> Option<Acceptance> {
    let (milliseconds, number) = id.split_once('-').unwrap_or((id, "0"));
    let number: u64 = number.parse().unwrap_or_default();
    let added_at = Timestamp::from_unix_milliseconds(milliseconds.parse().ok()?)?;
    let added_at = added_at.plus_order(number.min(999));
    let first = fields.get(ACCEPTED_AT).and_then(|it| std::str::from_utf8(it).ok());
    let first = first.and_then(|it| Timestamp::parse(it).ok());
    Some(Acceptance {
        at: first.map_or(added_at, |first| first.min(added_at)),
        was_kept: first.is_some(),
    })
}

/// Whether a field is [`ACCEPTED_AT`], which is no part of the request.
pub(super) fn is_acceptance(name: &[u8]) -> bool {
    name == ACCEPTED_AT.as_bytes()
}

/// Reads what an entry asks for: an event if it has a `type`, or a request in JSON.
pub(super) fn read_entry(
    fields: &Fields,
    rules: &EventRules,
) -> (Correlation, Result<Task>) {
    let unusable = |error| (Correlation::default(), Err(error));
    let size: usize = fields.0.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_MESSAGE {
        let message = format!("the entry has {size} bytes");
        return unusable(
            Error::new(ErrorKind::TooLarge, message)
                .with_help(format!("at most {MAX_MESSAGE} are read")),
        );
    }
    let mut names = HashSet::new();
    let twice = fields.0.iter().find(|(name, _)| !names.insert(name.as_slice()));
    if let Some((name, _)) = twice {
        let name = String::from_utf8_lossy(&name[..name.len().min(MAX_ID)]);
        let message = format!("the field `{}` occurs twice", name.escape_debug());
        return unusable(
            Error::new(ErrorKind::Syntax, message)
                .with_help("give each field one value: which one is meant is not known"),
        );
    }
    match (fields.get("type"), fields.get("request")) {
        (Some(_), Some(_)) => {
            let message = "the entry has both a `request` and the `type` of an event";
            unusable(
                Error::new(ErrorKind::InvalidValue, message)
                    .with_help("add an entry for each of the two"),
            )
        }
        (Some(kind), None) => {
            let kind = String::from_utf8_lossy(kind);
            read_event(&kind, |field| fields.get(field), rules)
        }
        (None, Some(request)) => Task::from_json(request),
        (None, None) => {
            let first = fields.0.first().map(|(name, _)| name.as_slice());
            let first = String::from_utf8_lossy(first.unwrap_or_default());
            let message = "the entry has neither a `request` nor the `type` of an event";
            unusable(
                Error::new(ErrorKind::MissingField, message)
                    .with_help(did_you_mean(&first, ["request", "type"])),
            )
        }
    }
}
