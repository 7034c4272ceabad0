//! Reads the entries of a stream.

use super::reply::Fields;
use crate::agent::queue::delivery::{Correlation, Task};
use crate::agent::queue::event::{EventRules, read_event};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::site::request::limits::MAX_MESSAGE;

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
    match (fields.get("type"), fields.get("request")) {
        (Some(kind), _) => {
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
