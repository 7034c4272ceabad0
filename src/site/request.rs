//! What is asked for: who gets a certificate of which course.

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::base::timestamp::Timestamp;
use crate::site::name::Name;

/// One certificate to be made. A request that exists has a usable name; whether the course, the
/// language and the layout exist is for the press to say.
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
    language: Option<Tag>,
    second_language: Option<Tag>,
    issued: Option<Date>,
    grade: Option<String>,
    designation: Option<String>,
    layout: Option<String>,
    paper: Option<String>,
    extra: IndexMap<String, Value>,
    attachments: Vec<Attachment>,
    warnings: Vec<Warning>,
}

impl Request {
    /// A request for a course's certificate in a person's name. The name is cleaned; what was done
    /// to it is among the [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// [`ErrorKind::Name`] when nothing is left of the name, or it is too long to be one.
    pub fn new(course: impl Into<String>, name: &str) -> Result<Self> {
        let (name, warnings) = Name::clean(name)?;
        Ok(Self {
            course: course.into(),
            name,
            recipient: None,
            specimen: false,
            requested_at: None,
            language: None,
            second_language: None,
            issued: None,
            grade: None,
            designation: None,
            layout: None,
            paper: None,
            extra: IndexMap::new(),
            attachments: Vec::new(),
            warnings,
        })
    }

    /// Who it is, by a username or any other id of the caller's: two requests of one id are for
    /// the same recipient, whatever the names. Otherwise the name says who it is.
    pub fn with_username(mut self, id: impl Into<String>) -> Self {
        self.recipient = Some(id.into());
        self
    }

    /// When the request was made, if its sender says so: it changes nothing that was issued
    /// later.
    pub fn with_requested_at(mut self, requested_at: impl Into<Timestamp>) -> Self {
        self.requested_at = Some(requested_at.into());
        self
    }

    /// Whether it is an example, by which somebody tries the way: what is issued carries the mark of
    /// a draft, its page says that it certifies nothing, and no certificate of the recipient is touched.
    pub fn with_specimen(mut self, specimen: bool) -> Self {
        self.specimen = specimen;
        self
    }

    /// The same for another person.
    pub(crate) fn with_name(self, name: &str) -> Result<Self> {
        let (name, warnings) = Name::clean(name)?;
        Ok(Self { name, warnings, ..self })
    }

    /// The language of the certificate; the course's own otherwise.
    pub fn with_language(mut self, language: Tag) -> Self {
        self.language = Some(language);
        self
    }

    /// The language beside it, on a layout that has room for two; the course's own otherwise.
    pub fn with_second_language(mut self, language: Tag) -> Self {
        self.second_language = Some(language);
        self
    }

    /// The date of issue; the course's own otherwise, and today for a rolling course.
    pub fn with_issued(mut self, issued: Date) -> Self {
        self.issued = Some(issued);
        self
    }

    /// The grade, as text or as a number such as `0.93`.
    pub fn with_grade(mut self, grade: impl Into<String>) -> Self {
        self.grade = Some(grade.into());
        self
    }

    /// A title that a person bears, such as `MD`.
    pub fn with_designation(mut self, designation: impl Into<String>) -> Self {
        self.designation = Some(designation.into());
        self
    }

    /// Another layout than the course's.
    pub fn with_layout(mut self, layout: impl Into<String>) -> Self {
        self.layout = Some(layout.into());
        self
    }

    /// Another paper than the course's, one of those that the layout is drawn for.
    pub fn with_paper(mut self, paper: impl Into<String>) -> Self {
        self.paper = Some(paper.into().to_lowercase());
        self
    }

    /// A field under `extra`, over the course's of the same name.
    pub fn with_extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// A file that travels inside the PDF (PDF/A-3).
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// The course's id.
    pub fn course(&self) -> &str {
        &self.course
    }

    /// The cleaned name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The recipient's id, if the caller has one.
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_deref()
    }

    /// Whether it is an example.
    pub fn is_specimen(&self) -> bool {
        self.specimen
    }

    /// When the request was made, if that is known.
    pub fn requested_at(&self) -> Option<Timestamp> {
        self.requested_at
    }

    /// The language that was asked for.
    pub fn language(&self) -> Option<&Tag> {
        self.language.as_ref()
    }

    /// The second language that was asked for.
    pub fn second_language(&self) -> Option<&Tag> {
        self.second_language.as_ref()
    }

    /// The date that was asked for.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// The grade.
    pub fn grade(&self) -> Option<&str> {
        self.grade.as_deref()
    }

    /// The designation.
    pub fn designation(&self) -> Option<&str> {
        self.designation.as_deref()
    }

    /// The layout that was asked for.
    pub fn layout(&self) -> Option<&str> {
        self.layout.as_deref()
    }

    /// The paper that was asked for.
    pub fn paper(&self) -> Option<&str> {
        self.paper.as_deref()
    }

    /// The fields under `extra`.
    pub fn extra(&self) -> &IndexMap<String, Value> {
        &self.extra
    }

    /// The files that travel inside the PDF.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// What was done to the name.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// A file inside the PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) description: String,
    pub(crate) bytes: Vec<u8>,
}

impl Attachment {
    /// A file by its name, media type (such as `application/json`) and a description for readers.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] when the name is empty or a path, or the description is empty: PDF/A-3
    /// asks for both.
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
            .with_help("PDF/A-3 asks for both"));
        }
        Ok(attachment)
    }
}
