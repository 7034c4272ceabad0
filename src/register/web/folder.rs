//! The page of a folder of certificates that are not published: how to check its files.
//!
//! The decision made here: the page is copied together with the files, so all of it is in one file.
//! Its content security policy allows its style by the digest, and no script.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::facts::PageTheme;
use super::link::shell_word;
use super::palette::Palette;
use super::words::{is_cased, text};
use super::{FOLDER_PAGE, PageTemplates, complete};
use crate::base::digits::Sha256;
use crate::base::error::Result;
use crate::base::lang::Tag;

/// The facts of a folder of certificates.
#[derive(Debug, Clone)]
pub(crate) struct FolderFacts {
    /// The organization that issued them.
    pub(crate) issuer: String,
    /// The program that made them, with its version.
    pub(crate) engine: String,
    /// The page's colours.
    pub(crate) theme: PageTheme,
    /// The certificates.
    pub(crate) files: Vec<FolderFile>,
    /// The SHA-256 of the X.509 certificate that seals: 64 hexadecimal digits.
    pub(crate) seal: String,
    /// The SHA-256 of the root certificate, which is the file `root.pem`: 64 hexadecimal digits.
    pub(crate) root: String,
    /// The fingerprint of the OpenPGP key, which is the file `openpgp.asc`: 40 hexadecimal digits.
    pub(crate) key: String,
}

/// A PDF in a folder of certificates; its signature is beside it, with `.sig` at its end.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FolderFile {
    /// Its file name.
    pub name: String,
    /// Its SHA-256.
    pub sha256: Sha256,
}

impl FolderFile {
    /// A PDF of that name.
    pub fn new(name: impl Into<String>, sha256: Sha256) -> Self {
        Self { name: name.into(), sha256 }
    }
}

impl PageTemplates {
    /// Makes the page of a folder, in `language` and its `texts`, as [`render`](Self::render) does.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`](crate::ErrorKind::MissingField): a text is missing.
    /// [`ErrorKind::Layout`](crate::ErrorKind::Layout): the template uses an unknown variable, or
    /// takes too long.
    pub(crate) fn render_folder<'a>(
        &self,
        facts: &FolderFacts,
        language: &Tag,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<String> {
        let texts = complete(texts, language)?;
        let style = format!("{}{}", Palette::css(&facts.theme), self.style);
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
        );
        let files = facts.files.iter();
        let files: Vec<FolderFile> = files
            .map(|file| FolderFile::new(text(&file.name), file.sha256.clone()))
            .collect();
        let first = files.first().map(|file| file.name.as_str()).unwrap_or_default();
        let (first, signature) = (shell_word(first), shell_word(&format!("{first}.sig")));
        let gpg = [
            "gpg --import openpgp.asc".to_owned(),
            format!("gpg --verify {signature} {first}"),
        ];
        let verify = format!(
            "testamur verify --offline --trust root.pem --keyring openpgp.asc {first}"
        );
        let values = [
            ("language", Value::from(language.as_str())),
            ("direction", Value::from(language.direction().as_str())),
            ("cased", Value::from(is_cased(texts["check"]))),
            ("policy", Value::from(policy)),
            ("style", Value::from_safe_string(style)),
            ("text", Value::from(Serde(&texts))),
            ("issuer", Value::from(text(&facts.issuer))),
            ("engine", Value::from(text(&facts.engine))),
            ("files", Value::from(Serde(&files))),
            ("seal", Value::from(text(&facts.seal))),
            ("root", Value::from(text(&facts.root))),
            ("key", Value::from(text(&facts.key))),
            ("gpg", Value::from(gpg.to_vec())),
            ("verify", Value::from(verify)),
        ];
        let values = Value::from(std::collections::BTreeMap::from(values));
        self.render_template(FOLDER_PAGE, &values)
    }
}
