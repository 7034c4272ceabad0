//! Requests: which recipient gets a certificate of which course, and how it differs from the
//! course's defaults.

mod json;
pub(crate) mod json_object;
pub(crate) mod limits;
mod unique_json;

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning, finding};
use crate::base::lang::Tag;
use crate::base::timestamp::Timestamp;
use crate::site::course::{Course, GradeMark};
use crate::site::gender::Gender;
use crate::site::name::Name;

/// A request for one certificate.
///
/// Its name is cleaned and can be printed. Whether the site has the course, the language and the
/// layout is checked when the certificate is rendered. What a request does not set is the course's.
///
/// ```
/// use testamur::site::Request;
///
/// let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", "  Guido   van Rossum ")?
///     .with_language("es".parse()?)
///     .with_grade("Distinction");
/// assert_eq!(request.name().as_str(), "Guido van Rossum");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    course: String,
    name: Name,
    recipient: Option<String>,
    specimen: bool,
    requested_at: Option<Timestamp>,
    acceptance: Option<Acceptance>,
    message: Option<String>,
    language: Option<Tag>,
    second_language: Option<Tag>,
    issued: Option<Date>,
    grade: Option<String>,
    grade_is_fraction: bool,
    designation: Option<String>,
    gender: Option<Gender>,
    layout: Option<String>,
    template: Option<String>,
    paper: Option<String>,
    extra: IndexMap<String, Value>,
    attachments: Vec<Attachment>,
    warnings: Vec<Warning>,
}

/// When an agent accepted a request, by the clock of its queue. It orders requests without a time
/// of their own and has no other effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acceptance {
    pub(crate) at: Timestamp,
    /// Whether the request failed before, was kept, and is done again now. Then other requests
    /// overtook it, even if the clocks of two machines say otherwise.
    pub(crate) was_kept: bool,
}

impl Request {
    /// Creates a request for the course with the id `course`, in a recipient's name. The name is
    /// [cleaned](Name::clean); its changes are [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// [`ErrorKind::Name`]: the name cannot be printed.
    pub fn new(course: impl Into<String>, name: &str) -> Result<Self> {
        let (name, warnings) = Name::clean(name)?;
        Ok(Self {
            course: course.into(),
            name,
            recipient: None,
            specimen: false,
            requested_at: None,
            acceptance: None,
            message: None,
            language: None,
            second_language: None,
            issued: None,
            grade: None,
            grade_is_fraction: false,
            designation: None,
            gender: None,
            layout: None,
            template: None,
            paper: None,
            extra: IndexMap::new(),
            attachments: Vec::new(),
            warnings,
        })
    }

    /// Sets the recipient's username, or any other id of the caller's. Requests with the same id
    /// are for the same recipient, even under different names. Without an id the name identifies
    /// the recipient.
    pub fn with_username(mut self, id: impl Into<String>) -> Self {
        self.recipient = Some(id.into());
        self
    }

    /// Sets when the request was made. It then does not change an edition that was requested later.
    pub fn with_requested_at(mut self, requested_at: impl Into<Timestamp>) -> Self {
        self.requested_at = Some(requested_at.into());
        self
    }

    /// Sets the id of the message that asks for the certificate. A message that is delivered again
    /// after it was done changes nothing, whatever happened to the certificate since. The agent
    /// sets it.
    pub fn with_message_id(mut self, id: impl Into<String>) -> Self {
        self.message = Some(id.into());
        self
    }

    /// Sets when an agent accepted the request.
    pub(crate) fn with_acceptance(mut self, acceptance: Option<Acceptance>) -> Self {
        self.acceptance = acceptance;
        self
    }

    /// Sets whether the certificate is a specimen, for trying out all steps. It has the mark of a
    /// draft, its page says that it certifies nothing, and no other certificate of the recipient
    /// changes.
    pub fn with_specimen(mut self, specimen: bool) -> Self {
        self.specimen = specimen;
        self
    }

    /// Sets another name, and its warnings in place of the first name's.
    pub(crate) fn with_name(self, name: &str) -> Result<Self> {
        let (name, warnings) = Name::clean(name)?;
        Ok(Self { name, warnings, ..self })
    }

    /// Sets the language of the certificate; the course's unless set.
    pub fn with_language(mut self, language: Tag) -> Self {
        self.language = Some(language);
        self
    }

    /// Sets the second language, on a layout for two languages; the course's unless set.
    pub fn with_second_language(mut self, language: Tag) -> Self {
        self.second_language = Some(language);
        self
    }

    /// Sets the date of issue; unless set the course's, which is the current day for a rolling
    /// course.
    pub fn with_issued(mut self, issued: Date) -> Self {
        self.issued = Some(issued);
        self
    }

    /// Sets the grade: a text, or a number on the scale that the course declares. It decides which
    /// outcome of the course is shown, and whether there is a certificate.
    pub fn with_grade(mut self, grade: impl Into<String>) -> Self {
        self.grade = Some(grade.into());
        self.grade_is_fraction = false;
        self
    }

    /// Sets the grade as a share of 1, such as `0.93`, whatever the scale of the course. It is
    /// converted into that scale.
    pub fn with_grade_fraction(mut self, grade: impl Into<String>) -> Self {
        self.grade = Some(grade.into());
        self.grade_is_fraction = true;
        self
    }

    /// Sets the recipient's designation, such as `MD`.
    pub fn with_designation(mut self, designation: impl Into<String>) -> Self {
        self.designation = Some(designation.into());
        self
    }

    /// Sets the gender in which sentences speak of the recipient, where a language asks for one.
    pub fn with_gender(mut self, gender: Gender) -> Self {
        self.gender = Some(gender);
        self
    }

    /// Sets the name of the layout; the course's unless set.
    pub fn with_layout(mut self, layout: impl Into<String>) -> Self {
        self.layout = Some(layout.into());
        self
    }

    /// Sets the name of a template PDF, which messages for edx-certificates have. A course that
    /// lists templates gives the layout for it. It is ignored if the course has no such list or the
    /// request names a layout.
    pub fn with_template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Sets the paper, one of those that the layout has; the course's unless set. Case does not
    /// matter.
    pub fn with_paper(mut self, paper: impl Into<String>) -> Self {
        self.paper = Some(paper.into().to_lowercase());
        self
    }

    /// Sets a free field, in place of the course's of the same name.
    pub fn with_extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// Adds a file that is embedded in the PDF (PDF/A-3).
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Returns the course's id.
    pub fn course(&self) -> &str {
        &self.course
    }

    /// Returns the cleaned name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Returns the recipient's username or other id, if it is set.
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_deref()
    }

    /// Whether the certificate is a specimen.
    pub fn is_specimen(&self) -> bool {
        self.specimen
    }

    /// Returns when the request was made, if that is known.
    pub fn requested_at(&self) -> Option<Timestamp> {
        self.requested_at
    }

    /// Returns when an agent accepted the request, if one did.
    pub(crate) fn acceptance(&self) -> Option<Acceptance> {
        self.acceptance
    }

    /// Returns the id of the message that asks for the certificate, if it is set.
    pub fn message_id(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the language, if it is set.
    pub fn language(&self) -> Option<&Tag> {
        self.language.as_ref()
    }

    /// Returns the second language, if it is set.
    pub fn second_language(&self) -> Option<&Tag> {
        self.second_language.as_ref()
    }

    /// Returns the date of issue, if it is set.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Returns the grade.
    pub fn grade(&self) -> Option<&str> {
        self.grade.as_deref()
    }

    /// Whether the grade is a share of 1, whatever the scale of the course.
    pub fn is_grade_fraction(&self) -> bool {
        self.grade_is_fraction
    }

    /// Returns what the grade is on the scale of its course.
    ///
    /// # Errors
    /// [`ErrorKind::NotPassed`]: it does not pass. [`ErrorKind::InvalidValue`]: it cannot be
    /// understood, or is outside of the scale. [`ErrorKind::MissingField`]: the course has a pass
    /// mark, the request no grade, and `is_draft` is false.
    pub(crate) fn mark(&self, course: &Course, is_draft: bool) -> Result<GradeMark> {
        let language = self.language.as_ref().unwrap_or(&course.language);
        let mark = match self.grade.as_deref() {
            None => GradeMark::None,
            Some(grade) if self.grade_is_fraction => {
                course.mark_of_fraction(grade, language)?
            }
            Some(grade) => course.mark(grade, language)?,
        };
        if mark == GradeMark::None && course.needs_grade() && !is_draft {
            let message = finding!("grade_missing", course.id);
            return Err(Error::new(ErrorKind::MissingField, message).with_help(
                "give the grade, or leave `pass` out of `grades` in the course",
            ));
        }
        Ok(mark)
    }

    /// Returns the designation.
    pub fn designation(&self) -> Option<&str> {
        self.designation.as_deref()
    }

    /// Returns the gender in which sentences speak of the recipient, if it is set.
    pub fn gender(&self) -> Option<Gender> {
        self.gender
    }

    /// Returns the name of the layout, if it is set.
    pub fn layout(&self) -> Option<&str> {
        self.layout.as_deref()
    }

    /// Returns the name of the template PDF, if it is set.
    pub fn template(&self) -> Option<&str> {
        self.template.as_deref()
    }

    /// Returns the name of the paper in lower case, if it is set.
    pub fn paper(&self) -> Option<&str> {
        self.paper.as_deref()
    }

    /// Returns the free fields, in the order in which they were set.
    pub fn extra(&self) -> &IndexMap<String, Value> {
        &self.extra
    }

    /// Returns the embedded files.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Returns the changes that were made to the name.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// A file that is embedded in a PDF (PDF/A-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) description: String,
    pub(crate) bytes: Vec<u8>,
}

impl Attachment {
    /// Creates an attachment from a file name, a media type such as `application/json`, a
    /// description for readers, and its content.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the name is empty or a path, or the description or the media
    /// type is empty. PDF/A-3 requires them.
    pub fn new(
        name: impl Into<String>,
        media_type: impl Into<String>,
        description: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<Self> {
        let attachment = Self {
            name: name.into(),
            media_type: media_type.into(),
            description: description.into(),
            bytes: bytes.into(),
        };
        let name = &attachment.name;
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name == ".." {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{name}` is no name for an attachment"),
            )
            .with_help("give a plain file name without folders"));
        }
        if attachment.description.trim().is_empty() || attachment.media_type.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                format!("the attachment `{name}` has no description or media type"),
            )
            .with_help("PDF/A-3 requires both"));
        }
        Ok(attachment)
    }
}
