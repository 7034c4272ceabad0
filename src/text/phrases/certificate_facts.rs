//! What a certificate says, before any language.

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::site::course::{Course, GradeMark, Text};
use crate::site::gender::Gender;
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
    /// The language of the request, in which its grades are written.
    pub language: &'a Tag,
    /// The grade on the scale of the course.
    pub grade: &'a GradeMark,
    /// What follows the name: a degree, a rank.
    pub designation: Option<&'a str>,
    /// The gender in which the recipient is spoken of.
    pub gender: Option<Gender>,
    /// The free fields of the course, overlaid by those of the request.
    pub extra: &'a IndexMap<String, Value>,
    /// The address at which the certificate can be verified, or `None` if it is not published: then
    /// there is no sentence about its authenticity.
    pub verify_url: Option<&'a str>,
}
