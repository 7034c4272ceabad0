//! What a certificate says, before any language.

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::date::Date;
use crate::site::course::{Course, Text};
use crate::site::name::Name;

/// The facts of one certificate: what a request and its course give its sentences.
#[derive(Debug, Clone, Copy)]
pub struct CertificateFacts<'a> {
    /// The recipient's name.
    pub name: &'a Name,
    /// The course.
    pub course: &'a Course,
    /// The date of issue.
    pub issued: Date,
    /// Whether that is only the day on which the certificate is issued, and no fact of it.
    pub is_rolling: bool,
    /// The text that is printed instead of the date of issue, such as `Spring 2026`.
    pub issued_text: Option<&'a Text>,
    /// The grade: a text, or a number that sentences print through `percent` and `number`.
    pub grade: Option<&'a str>,
    /// What follows the name: a degree, a rank.
    pub designation: Option<&'a str>,
    /// The free fields of the course, overlaid by those of the request.
    pub extra: &'a IndexMap<String, Value>,
    /// The address at which the certificate can be verified.
    pub verify_url: &'a str,
}
