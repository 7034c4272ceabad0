//! A query of the register, and its SQL.

use rusqlite::types::Value;

use super::fold::{SEPARATOR, fold, parts};
use super::rows;
use crate::base::date::Date;
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::register::record::Status;
use crate::register::typed_id::typed_id;

/// Which editions are wanted. All conditions hold together; without any, all editions are.
///
/// ```
/// use testamur::register::{EditionQuery, Status};
///
/// let query = EditionQuery::default().with_text("lovelace").with_status(Status::Valid);
/// # let _ = query;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EditionQuery {
    /// What a user looks for: parts of the name or the username, in any order; the id as it is
    /// typed, or an address that has it; the SHA-256 of the PDF.
    pub text: Option<String>,
    /// The recipient of the awards: the username, or the whole name.
    pub recipient: Option<String>,
    /// The course's id.
    pub course: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// The first day, in UTC, on which the edition may have been issued.
    pub since: Option<Date>,
}

impl EditionQuery {
    /// Only editions that a user finds by this text.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Only editions of this recipient's awards.
    pub fn with_recipient(mut self, recipient: impl Into<String>) -> Self {
        self.recipient = Some(recipient.into());
        self
    }

    /// Only editions of this course.
    pub fn with_course(mut self, course: impl Into<String>) -> Self {
        self.course = Some(course.into());
        self
    }

    /// Only editions that have this status.
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Only editions that were issued on this day, in UTC, or later.
    pub fn with_since(mut self, since: Date) -> Self {
        self.since = Some(since);
        self
    }

    /// The condition in SQL, and its values.
    pub(super) fn condition(&self) -> (String, Vec<Value>) {
        let mut conditions = vec!["TRUE".to_owned()];
        let mut values = Vec::new();
        let mut holds = |condition: &str, value: Value| {
            values.push(value);
            format!("{condition} ?{}", values.len())
        };
        if let Some(text) = &self.text {
            let mut any = Vec::new();
            if let Ok(id) = typed_id(text) {
                any.push(holds("id =", Value::Blob(rows::id(&id).to_vec())));
            }
            let digest = text.trim().to_ascii_lowercase();
            if let Some(digest) = hex::read_lower(digest.as_bytes())
                && digest.len() == 32
            {
                any.push(holds("sha256 =", Value::Blob(digest)));
            }
            let parts = parts(text).into_iter().map(|part| {
                // A row without a name has NULL here, which no part matches.
                holds("instr(folded,", Value::Text(part)) + ") > 0"
            });
            let parts: Vec<String> = parts.collect();
            if !parts.is_empty() {
                any.push(parts.join(" AND "));
            }
            conditions.push(if any.is_empty() {
                "FALSE".to_owned()
            } else {
                format!("({})", any.join(" OR "))
            });
        }
        if let Some(recipient) = &self.recipient {
            let exact = holds("recipient =", Value::Text(recipient.clone()));
            let name = format!("{}{SEPARATOR}", fold(recipient));
            let name = holds("instr(folded,", Value::Text(name));
            conditions.push(format!("({exact} OR {name}) = 1)"));
        }
        if let Some(course) = &self.course {
            conditions.push(holds("course =", Value::Text(course.clone())));
        }
        if let Some(status) = self.status {
            conditions.push(holds("status =", Value::Text(status.as_str().to_owned())));
        }
        if let Some(since) = self.since {
            let first = Timestamp::parse(&format!("{since}T00:00:00Z"));
            // A day before 1970 is before all certificates.
            let first = first.map_or(0, rows::seconds);
            conditions.push(holds("issued_at >=", Value::Integer(first)));
        }
        (conditions.join(" AND "), values)
    }
}
