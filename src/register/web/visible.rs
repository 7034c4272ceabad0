//! The part of the facts that the templates of a page see.
//!
//! Takes [`PageFacts`]; gives [`VisibleFacts`], in which every text is free of control characters
//! and every link is checked. The decision made here: a template sees only what its page may show.
//! For a superseded or an erased certificate that is the status and the link to the successor, so
//! that no template can show the name of an erased recipient.

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::facts::{
    PageDate, PageFacts, PageKey, PageSeal, PageSignatory, PageStatus, PageTheme,
};
use super::link;
use super::words::{self, CertificatePart, VisibleSentence, text};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::lang::Tag;
use crate::site::name::inert;

/// The width and the height of A4 across, in millimetres.
const A4: (f64, f64) = (297.0, 210.0);

/// The facts that templates see.
#[derive(Debug, Serialize)]
pub(super) struct VisibleFacts {
    id: String,
    pub(super) status: PageStatus,
    pub(super) issuer: String,
    engine: String,
    layout: String,
    #[serde(skip)]
    pub(super) verify_url: String,
    #[serde(skip)]
    pub(super) theme: PageTheme,
    /// `None` if the page shows only the status.
    pub(super) certificate: Option<VisibleCertificate>,
    key: Option<PageKey>,
    seal: Option<PageSeal>,
    digest: Option<String>,
    record_url: Option<String>,
    /// Shell commands that verify the signature.
    commands: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(super) struct VisibleCertificate {
    pub(super) title: String,
    name: String,
    designation: Option<String>,
    pub(super) course: String,
    /// The course's id, and the number in it: `CURL101` of `course-v1:ExampleX+CURL101+2026`.
    course_id: String,
    course_number: String,
    pub(super) organization: String,
    organization_short: String,
    outcome: Option<String>,
    grade: Option<String>,
    pub(super) issued: PageDate,
    signatories: Vec<PageSignatory>,
    /// What is printed, in each of its languages.
    parts: Vec<CertificatePart>,
    /// The sentences about the authenticity.
    authenticity: Vec<VisibleSentence>,
    edition: u32,
    pub(super) pdf: Option<VisiblePdf>,
    signature: Option<VisibleSignature>,
    linkedin: Option<String>,
    /// Whether a visitor can check a PDF on the page.
    pub(super) check: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct VisiblePdf {
    pub(super) url: Option<String>,
    file: String,
    sha256: String,
    size: u64,
    kilobytes: u64,
    /// The size of a page, in millimetres.
    width: f64,
    height: f64,
}

#[derive(Debug, Serialize)]
struct VisibleSignature {
    url: String,
    armor: String,
}

impl PageFacts {
    /// What the templates may show of these facts.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: an id, a digest, a date or a link that is none.
    /// [`ErrorKind::UnknownLanguage`]: the language is not known.
    pub(super) fn visible(&self) -> Result<VisibleFacts> {
        let status = match &self.status {
            PageStatus::Superseded { current_url } => {
                PageStatus::Superseded { current_url: link::checked(current_url)? }
            }
            PageStatus::Revoked { on, reason } => {
                let lines = reason.trim().lines().map(inert).collect::<Vec<_>>();
                PageStatus::Revoked { on: text(on), reason: lines.join("\n") }
            }
            plain => plain.clone(),
        };
        let mut visible = VisibleFacts {
            id: digits("id", &self.id)?,
            issuer: text(&self.issuer),
            engine: text(&self.engine),
            layout: text(self.layout.as_deref().unwrap_or_default()),
            verify_url: link::checked(&self.verify_url)?,
            theme: self.theme,
            status,
            certificate: None,
            key: None,
            seal: None,
            digest: None,
            record_url: None,
            commands: None,
        };
        // A certificate that was revoked before it was issued has no name.
        let is_hidden =
            matches!(self.status, PageStatus::Superseded { .. } | PageStatus::Erased);
        if is_hidden || self.name.is_empty() {
            return Ok(visible);
        }
        let certificate = self.certificate()?;
        visible.key = match &self.key {
            Some(key) => Some(PageKey {
                url: key.url.as_deref().map(link::checked).transpose()?,
                armor: armor(&key.armor),
                fingerprint: digits("fingerprint", &key.fingerprint)?,
            }),
            None => None,
        };
        visible.seal = self.seal.as_ref().map(|seal| PageSeal {
            level: text(&seal.level),
            fingerprint: text(&seal.fingerprint),
        });
        visible.digest = certificate.pdf.as_ref().map(|pdf| pdf.sha256.clone());
        visible.record_url = self.record_url.as_deref().map(link::checked).transpose()?;
        if let (Some(pdf), Some(signature), Some(key)) =
            (&certificate.pdf, &self.signature, &self.key)
        {
            let key =
                link::file_name(key.url.as_deref().unwrap_or_default(), "openpgp.asc");
            let [key, signature, pdf] = [&key, &text(&signature.file), &pdf.file]
                .map(|file| link::shell_word(file));
            visible.commands = Some(vec![
                format!("gpg --import {key}"),
                format!("gpg --verify {signature} {pdf}"),
            ]);
        }
        visible.certificate = Some(certificate);
        Ok(visible)
    }

    fn certificate(&self) -> Result<VisibleCertificate> {
        let tag = Tag::parse(&self.language)?;
        let course_id = self.course_id.as_deref().unwrap_or_default();
        let valid = self.status == PageStatus::Valid;
        let issued = Date::parse(&self.issued.date)?;
        let linkedin = (self.linkedin && valid && link::is_absolute(&self.verify_url))
            .then(|| {
                let (course, organization) =
                    (text(&self.course), text(&self.organization));
                let url = &self.verify_url;
                link::linkedin(&course, &organization, issued, url, &self.id)
            });
        let pdf = match &self.pdf {
            Some(pdf) => Some(VisiblePdf {
                url: pdf.url.as_deref().map(link::checked).transpose()?,
                file: text(&pdf.file),
                sha256: digits("sha256", &pdf.sha256)?,
                size: pdf.size,
                kilobytes: pdf.size.div_ceil(1000),
                width: self.paper.map_or(A4.0, |paper| paper.width),
                height: self.paper.map_or(A4.1, |paper| paper.height),
            }),
            None => None,
        };
        let signature = match &self.signature {
            Some(signature) => Some(VisibleSignature {
                url: link::checked(&signature.file)?,
                armor: armor(&signature.armor),
            }),
            None => None,
        };
        let (parts, authenticity) =
            words::arrange(&self.sentences, self.table.as_ref(), &tag)?;
        Ok(VisibleCertificate {
            title: text(&self.title),
            name: text(&self.name),
            designation: optional(&self.designation),
            course: text(&self.course),
            course_id: text(course_id),
            course_number: text(course_number(course_id)),
            organization: text(&self.organization),
            organization_short: text(
                self.organization_short.as_deref().unwrap_or_default(),
            ),
            outcome: optional(&self.outcome),
            grade: optional(&self.grade),
            issued: PageDate { text: text(&self.issued.text), date: issued.to_string() },
            signatories: self
                .signatories
                .iter()
                .map(|person| PageSignatory {
                    name: text(&person.name),
                    title: optional(&person.title),
                })
                .collect(),
            parts,
            authenticity,
            edition: self.edition,
            check: pdf.is_some()
                && matches!(self.status, PageStatus::Valid | PageStatus::Specimen),
            pdf,
            signature,
            linkedin,
        })
    }
}

impl VisibleFacts {
    /// The variables of the templates.
    pub(super) fn values(&self) -> Vec<(&'static str, Value)> {
        fn value(of: &impl Serialize) -> Value {
            Value::from(Serde(of))
        }
        vec![
            ("id", value(&self.id)),
            ("status", value(&self.status)),
            ("issuer", value(&self.issuer)),
            ("engine", value(&self.engine)),
            ("layout", value(&self.layout)),
            ("certificate", value(&self.certificate)),
            ("key", value(&self.key)),
            ("seal", value(&self.seal)),
            ("digest", value(&self.digest)),
            ("record_url", value(&self.record_url)),
            ("commands", value(&self.commands)),
        ]
    }
}

/// The number in a course's id of Open edX, in either style; else the id.
fn course_number(id: &str) -> &str {
    let parts: Vec<&str> = match id.strip_prefix("course-v1:") {
        Some(rest) => rest.split('+').collect(),
        None => id.split('/').collect(),
    };
    match parts[..] {
        [_, number, _] => number,
        _ => id,
    }
}

fn optional(value: &Option<String>) -> Option<String> {
    value.as_deref().map(text).filter(|text| !text.trim().is_empty())
}

/// The printable ASCII of an armor, and its line feeds (RFC 9580, 6.2).
fn armor(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~' | '\n')).collect()
}

/// The hexadecimal digits of an id, a digest or a fingerprint.
fn digits(key: &str, text: &str) -> Result<String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_owned());
    }
    Err(Error::new(
        ErrorKind::InvalidValue,
        format!("`{key}: {}` is no hexadecimal number", text.escape_debug()),
    ))
}
