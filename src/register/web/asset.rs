//! The files that many pages share: style and script.
//!
//! The decision made here: an asset is named after its content. So a page always loads the style
//! and the script that it was made with, browsers may cache them for ever, and a later version
//! never changes an earlier page.

use ring::digest::{SHA256, digest};

use crate::base::hex;

/// The folder of the assets in the public store.
const FOLDER: &str = "assets";
/// The path from a page to the root of the public store.
const ROOT: &str = "../../";

/// A file that pages load: it is published before the first page that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageAsset {
    /// Its path in the public store, with the SHA-256 of its text in it.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl PageAsset {
    /// The asset of a text, `ending` being that of its file name.
    pub(super) fn new(text: String, ending: &str) -> Self {
        let digest = hex::lower(digest(&SHA256, text.as_bytes()).as_ref());
        Self { path: format!("{FOLDER}/{digest}.{ending}"), text }
    }

    /// The link from a page of a certificate.
    pub(super) fn link(&self) -> String {
        format!("{ROOT}{}", self.path)
    }
}
