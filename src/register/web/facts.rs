//! The facts that the pages of a certificate are made of, as a caller gives them.
//!
//! Texts arrive as they are printed. The file `visible` decides which of them a template may see.

use serde::{Deserialize, Serialize};

use crate::register::record::{PaperFacts, PrintedTable};
use crate::site::course::Colour;

/// The facts of one certificate's pages. Texts are as they are printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PageFacts {
    /// The verify id: 32 hexadecimal digits in lower case.
    pub id: String,
    /// The status of the certificate.
    pub status: PageStatus,
    /// The certificate's language: a BCP 47 language tag.
    pub language: String,
    /// The document's title.
    pub title: String,
    /// The recipient's name.
    pub name: String,
    /// The recipient's degree or rank.
    #[serde(default)]
    pub designation: Option<String>,
    /// The course's title.
    pub course: String,
    /// The course's id.
    #[serde(default)]
    pub course_id: Option<String>,
    /// The organization's short name.
    #[serde(default)]
    pub organization_short: Option<String>,
    /// The name of the layout.
    #[serde(default)]
    pub layout: Option<String>,
    /// The organization that awards.
    pub organization: String,
    /// The sentence about the outcome.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The grade.
    #[serde(default)]
    pub grade: Option<String>,
    /// The day of issue.
    pub issued: PageDate,
    /// The signatories, in order.
    #[serde(default)]
    pub signatories: Vec<PageSignatory>,
    /// All printed sentences, in the order of reading.
    #[serde(default)]
    pub sentences: Vec<PageSentence>,
    /// The table that is printed after the sentences in the certificate's language.
    #[serde(default)]
    pub table: Option<PrintedTable>,
    /// The size of the PDF's pages; A4 across unless known.
    #[serde(default)]
    pub paper: Option<PaperFacts>,
    /// The number of the edition, counted from 1.
    pub edition: u32,
    /// The address of the page, or its path on a site without an address.
    pub verify_url: String,
    /// The PDF.
    #[serde(default)]
    pub pdf: Option<PagePdf>,
    /// The detached OpenPGP signature of the PDF.
    #[serde(default)]
    pub signature: Option<PageSignature>,
    /// The OpenPGP key that verifies the signature.
    #[serde(default)]
    pub key: Option<PageKey>,
    /// The seal inside the PDF.
    #[serde(default)]
    pub seal: Option<PageSeal>,
    /// The organization that publishes the page.
    pub issuer: String,
    /// The program that made the certificate, with its version.
    pub engine: String,
    /// The certificate's colours.
    pub theme: PageTheme,
    /// The link to `certificate.json`.
    #[serde(default)]
    pub record_url: Option<String>,
    /// Whether the page has a link that adds the certificate to a LinkedIn profile.
    #[serde(default)]
    pub linkedin: bool,
}

/// The status of a certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum PageStatus {
    /// The certificate is valid.
    Valid,
    /// The certificate is an example, which certifies nothing.
    Specimen,
    /// A later edition took its place.
    Superseded {
        /// The address of that edition's verify page.
        current_url: String,
    },
    /// The issuer ended its validity.
    Revoked {
        /// The day, in words of the certificate's language.
        on: String,
        /// The reason, possibly of several lines; empty if there is none.
        #[serde(default)]
        reason: String,
    },
    /// Everything personal was removed.
    Erased,
}

impl PageStatus {
    /// The status in one word: `valid`, `specimen`, `superseded`, `revoked` or `erased`.
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

/// A day, in words and in digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageDate {
    /// The day in words of the certificate's language.
    pub text: String,
    /// The day as `2026-05-14`.
    pub date: String,
}

/// A person who signs by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSignatory {
    /// The name.
    pub name: String,
    /// The office.
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
    /// Its language, if it is the second one of a bilingual page: a BCP 47 language tag.
    #[serde(default)]
    pub language: Option<String>,
}

/// The PDF of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagePdf {
    /// The link to it, or `None` if it was removed.
    #[serde(default)]
    pub url: Option<String>,
    /// Its file name.
    pub file: String,
    /// Its SHA-256: 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The detached OpenPGP signature of a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSignature {
    /// Its file name, in the folder of the page.
    pub file: String,
    /// Its ASCII armor.
    pub armor: String,
}

/// An OpenPGP public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageKey {
    /// The link to it.
    #[serde(default)]
    pub url: Option<String>,
    /// Its ASCII armor.
    pub armor: String,
    /// Its fingerprint: 40 hexadecimal digits.
    pub fingerprint: String,
}

/// The seal inside a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSeal {
    /// Its PAdES level, such as `B-LT`.
    pub level: String,
    /// The SHA-256 of the sealer's X.509 certificate: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// A certificate's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageTheme {
    /// The colour of ornaments.
    pub accent: Colour,
    /// The colour of the paper.
    pub paper: Colour,
    /// The colour of the text.
    pub ink: Colour,
}
