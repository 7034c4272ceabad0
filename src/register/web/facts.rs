//! What a page is told, and what of it may be shown.
//!
//! The decision made here: a template sees only what its page may show. A page of a superseded or an
//! erased certificate is given status and pointer, so that no template can let an old name slip.

use serde::{Deserialize, Serialize};

use minijinja::value::{Serde, Value};

use super::link;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::course::Colour;
use crate::site::name::inert;

/// The facts of one certificate's pages. Texts arrive as they are printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PageFacts {
    /// The certificate's number: its verify id.
    pub id: String,
    /// Whether it holds.
    pub status: PageStatus,
    /// The certificate's language, as a tag.
    pub language: String,
    /// The document's title.
    pub title: String,
    /// The recipient's name.
    pub name: String,
    /// A title or rank behind the name.
    #[serde(default)]
    pub designation: Option<String>,
    /// The course's title.
    pub course: String,
    /// The organization that awards.
    pub organization: String,
    /// What was achieved, as printed.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The grade, as printed.
    #[serde(default)]
    pub grade: Option<String>,
    /// The day of issue.
    pub issued: PageDate,
    /// Who signs.
    #[serde(default)]
    pub signatories: Vec<PageSignatory>,
    /// All sentences in the order of reading.
    #[serde(default)]
    pub sentences: Vec<PageSentence>,
    /// The edition, from one.
    pub edition: u32,
    /// Where the page is: an address, or a path on a site that has none.
    pub verify_url: String,
    /// The PDF.
    #[serde(default)]
    pub pdf: Option<PagePdf>,
    /// The OpenPGP signature beside it.
    #[serde(default)]
    pub signature: Option<PageSignature>,
    /// The key that checks the signature.
    #[serde(default)]
    pub key: Option<PageKey>,
    /// The seal inside the PDF.
    #[serde(default)]
    pub seal: Option<PageSeal>,
    /// Who publishes the page.
    pub issuer: String,
    /// The program and version that made it.
    pub engine: String,
    /// The certificate's colours.
    pub theme: PageTheme,
    /// Where `certificate.json` is.
    #[serde(default)]
    pub record_url: Option<String>,
    /// Whether the page has a link that adds the certificate to a LinkedIn profile.
    #[serde(default)]
    pub linkedin: bool,
}

/// Whether a certificate holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum PageStatus {
    /// It does.
    Valid,
    /// It is an example, and certifies nothing.
    Specimen,
    /// A later edition holds instead.
    Superseded {
        /// That edition's page.
        current_url: String,
    },
    /// It was taken back.
    Revoked {
        /// The day, as text.
        on: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// Everything personal was removed.
    Erased,
}

impl PageStatus {
    /// The status as a word: `valid`, `specimen`, `superseded`, `revoked` or `erased`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Specimen => "specimen",
            Self::Superseded { .. } => "superseded",
            Self::Revoked { .. } => "revoked",
            Self::Erased => "erased",
        }
    }
}

/// A day, twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageDate {
    /// In the words of the certificate's language.
    pub text: String,
    /// As `2026-05-14`.
    pub date: String,
}

/// Someone who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSignatory {
    /// The name.
    pub name: String,
    /// The title or office.
    #[serde(default)]
    pub title: Option<String>,
}

/// A printed sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSentence {
    /// Its role, such as `statement`.
    pub role: String,
    /// Its text.
    pub text: String,
}

/// The PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagePdf {
    /// Where it can be had; none when it has been removed.
    #[serde(default)]
    pub url: Option<String>,
    /// Its name.
    pub file: String,
    /// Its SHA-256: 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The detached signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSignature {
    /// Its name; it stands beside the page.
    pub file: String,
    /// Its text.
    pub armor: String,
}

/// The OpenPGP key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageKey {
    /// Where it can be had.
    #[serde(default)]
    pub url: Option<String>,
    /// Its text.
    pub armor: String,
    /// The whole fingerprint: 40 hexadecimal digits.
    pub fingerprint: String,
}

/// The seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSeal {
    /// Its level, such as `B-LT`.
    pub level: String,
    /// The SHA-256 of the signer's certificate in hexadecimal digits.
    pub fingerprint: String,
}

/// A certificate's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageTheme {
    /// The one colour.
    pub accent: Colour,
    /// The paper's tone.
    pub paper: Colour,
    /// The text's colour.
    pub ink: Colour,
}

/// What templates see: every text without controls, every link checked.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    pub(super) status: PageStatus,
    issuer: String,
    engine: String,
    #[serde(skip)]
    pub(super) verify_url: String,
    #[serde(skip)]
    pub(super) theme: PageTheme,
    /// None when the page shows a status only.
    pub(super) certificate: Option<ShownCertificate>,
    key: Option<PageKey>,
    seal: Option<PageSeal>,
    digest: Option<String>,
    record_url: Option<String>,
    /// Lines that check the signature in a shell.
    commands: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownCertificate {
    language: String,
    direction: &'static str,
    cased: bool,
    pub(super) title: String,
    name: String,
    designation: Option<String>,
    course: String,
    organization: String,
    outcome: Option<String>,
    grade: Option<String>,
    issued: PageDate,
    signatories: Vec<PageSignatory>,
    sentences: Vec<ShownSentence>,
    edition: u32,
    pdf: Option<ShownPdf>,
    signature: Option<ShownSignature>,
    linkedin: Option<String>,
    /// Whether a file can be checked on the page.
    pub(super) check: bool,
}

#[derive(Debug, Serialize)]
struct ShownSentence {
    role: String,
    text: String,
    /// Too long for the largest letters.
    long: bool,
}

#[derive(Debug, Serialize)]
struct ShownPdf {
    url: Option<String>,
    file: String,
    sha256: String,
    size: u64,
    kilobytes: u64,
}

#[derive(Debug, Serialize)]
struct ShownSignature {
    url: String,
    armor: String,
}

impl PageFacts {
    /// What the page may show of them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`], [`ErrorKind::UnknownLanguage`].
    pub(super) fn shown(&self) -> Result<Shown> {
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
        let mut shown = Shown {
            id: digits("id", &self.id)?,
            issuer: text(&self.issuer),
            engine: text(&self.engine),
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
        // One that was revoked before it was made has no name.
        let gone =
            matches!(self.status, PageStatus::Superseded { .. } | PageStatus::Erased);
        if gone || self.name.is_empty() {
            return Ok(shown);
        }
        let certificate = self.certificate()?;
        shown.key = match &self.key {
            Some(key) => Some(PageKey {
                url: key.url.as_deref().map(link::checked).transpose()?,
                armor: armor(&key.armor),
                fingerprint: digits("fingerprint", &key.fingerprint)?,
            }),
            None => None,
        };
        shown.seal = self.seal.as_ref().map(|seal| PageSeal {
            level: text(&seal.level),
            fingerprint: text(&seal.fingerprint),
        });
        shown.digest = certificate.pdf.as_ref().map(|pdf| pdf.sha256.clone());
        shown.record_url = self.record_url.as_deref().map(link::checked).transpose()?;
        if let (Some(pdf), Some(signature), Some(key)) =
            (&certificate.pdf, &self.signature, &self.key)
        {
            let key = link::file(key.url.as_deref().unwrap_or_default(), "openpgp.asc");
            let [key, signature, pdf] =
                [&key, &text(&signature.file), &pdf.file].map(|file| link::word(file));
            shown.commands = Some(vec![
                format!("gpg --import {key}"),
                format!("gpg --verify {signature} {pdf}"),
            ]);
        }
        shown.certificate = Some(certificate);
        Ok(shown)
    }

    fn certificate(&self) -> Result<ShownCertificate> {
        let tag = crate::base::lang::Tag::parse(&self.language)?;
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
            Some(pdf) => Some(ShownPdf {
                url: pdf.url.as_deref().map(link::checked).transpose()?,
                file: text(&pdf.file),
                sha256: digits("sha256", &pdf.sha256)?,
                size: pdf.size,
                kilobytes: pdf.size.div_ceil(1000),
            }),
            None => None,
        };
        let signature = match &self.signature {
            Some(signature) => Some(ShownSignature {
                url: link::checked(&signature.file)?,
                armor: armor(&signature.armor),
            }),
            None => None,
        };
        let sentence = |sentence: &PageSentence| ShownSentence {
            role: sentence.role.chars().filter(|c| is_word(*c)).collect(),
            text: text(&sentence.text),
            long: sentence.text.chars().count() > 36,
        };
        let sentences: Vec<_> = self.sentences.iter().map(sentence).collect();
        let heading = sentences.first().map_or("", |first| first.text.as_str());
        Ok(ShownCertificate {
            language: tag.to_string(),
            direction: tag.direction().as_str(),
            cased: super::is_cased(heading),
            title: text(&self.title),
            name: text(&self.name),
            designation: optional(&self.designation),
            course: text(&self.course),
            organization: text(&self.organization),
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
            sentences,
            edition: self.edition,
            check: pdf.is_some()
                && matches!(self.status, PageStatus::Valid | PageStatus::Specimen),
            pdf,
            signature,
            linkedin,
        })
    }
}

impl Shown {
    /// The variables of a template.
    pub(super) fn values(&self) -> Vec<(&'static str, Value)> {
        fn value(of: &impl Serialize) -> Value {
            Value::from(Serde(of))
        }
        vec![
            ("id", value(&self.id)),
            ("status", value(&self.status)),
            ("issuer", value(&self.issuer)),
            ("engine", value(&self.engine)),
            ("certificate", value(&self.certificate)),
            ("key", value(&self.key)),
            ("seal", value(&self.seal)),
            ("digest", value(&self.digest)),
            ("record_url", value(&self.record_url)),
            ("commands", value(&self.commands)),
        ]
    }
}

fn text(text: &str) -> String {
    inert(text).into_owned()
}

fn optional(value: &Option<String>) -> Option<String> {
    value.as_deref().map(text).filter(|text| !text.trim().is_empty())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Armoured text is plain ASCII in lines.
fn armor(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~' | '\n')).collect()
}

fn digits(key: &str, text: &str) -> Result<String> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text.to_owned()),
        false => Err(Error::new(
            ErrorKind::InvalidValue,
            format!("`{key}: {}` is no hexadecimal number", text.escape_debug()),
        )),
    }
}
